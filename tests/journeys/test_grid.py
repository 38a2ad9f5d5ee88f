"""All terminals at once: into one of them, back again, and typed into where they are."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import Arrive
from tests.journeys.person import Person
from tests.journeys.scripted_model import ScriptedModel, run

pytestmark = pytest.mark.journey

GRID = r"^ Grid  2 all"


def test_from_the_grid_into_an_agent_and_back(arrive: Arrive, model: ScriptedModel) -> None:
    model.script("first task", run("echo first-$((40 + 2))"), "The first is ready.")
    model.script("second task", run("echo second-$((40 + 3))"), "The second is ready.")
    person = arrive(**model.variables)
    person.settings('mode = "standard"\n')
    person.start()
    person.wait("Say what to do")
    person.do("first task")
    person.wait("The first is ready")
    person.press("agent.new")
    person.wait("First task")
    person.press("Down")
    person.type("second task")
    person.press("C-s")
    person.wait("The second is ready")
    person.type("half a thou")
    person.wait("half a thou")
    sizes = _sizes(person)
    person.press("view.grid")
    person.wait(GRID)
    person.wait(r"(?s)first-42.*second-43|second-43.*first-42")
    person.wait("▎2")
    # Another size, and back: the same two are there, and their programs have not noticed.
    person.resize(80, 24)
    person.wait("✓ 2 idle/done")
    person.resize(120, 40)
    person.wait("✓ 2 idle or done")
    assert _sizes(person) == sizes
    person.press("Left")
    person.wait("▎1")
    person.press("Enter")
    person.wait("The first is ready")
    person.wait_gone(GRID)
    person.press("view.grid")
    person.wait("▎1")
    # Keys that were the grid's are the program's until F12.
    person.press("t")
    person.wait("you type here")
    person.type("echo mine-$((70 + 7))q")
    person.press("Enter")
    person.wait("mine-77q")
    person.press("pane.return")
    person.wait_gone("you type here")
    assert person.sees(GRID)
    person.press("Escape")
    person.wait_gone(GRID)
    person.wait("The first is ready")
    person.press("agent.2")
    person.wait("half a thou")
    person.type("ght")
    person.wait("half a thought")
    person.quit()


def _sizes(person: Person) -> set[str]:
    form = "#{pane_id} #{pane_width}x#{pane_height}"
    return set(person.private_tmux("list-panes", "-a", "-F", form).splitlines())
