"""A pane of the person's own tmux, watched from the app and let to an agent."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import Arrive
from tests.journeys.scripted_model import ScriptedModel, run, use

pytestmark = pytest.mark.journey


def test_an_agent_is_let_into_a_pane_and_out_again(arrive: Arrive, model: ScriptedModel) -> None:
    person = arrive(**model.variables)
    person.tmux("new-session", "-d", "-s", "mine", "-x", "80", "-y", "20", "bash --noprofile")
    pane = person.tmux("list-panes", "-t", "mine", "-F", "#{pane_id}").strip()
    name = f"own:{pane}"
    model.script("begin", run("true"), "It is open.")
    keys = ["echo by-th''e-agent", "Enter"]
    model.script("type", use("terminal_type", pane=name, keys=keys), "I typed it.")
    model.script("once more", use("terminal_read", pane=name), "It is not mine.")
    person.settings('mode = "standard"\n')
    person.start()
    person.wait("Say what to do")
    person.do("begin")
    person.wait("It is open")
    person.press("pane.own")
    # The app's own pane comes first, and is none to let anybody into.
    person.wait("(?s)Your own tmux panes.*mine.*could approve itself")
    person.press("Down")
    person.wait(r"person\$")
    person.tmux("send-keys", "-t", "mine", "echo wat''ched", "Enter")
    person.wait("(?m)^watched")
    person.press("a")
    person.wait("(?s)● project.*may read pane")
    person.press("Escape")
    person.wait("(?s)in your tmux.*Say what to do")
    person.do("type")
    person.approve()
    person.wait("I typed it")
    # A shell of the person's own does not tell when a line has run; that may be a moment later.
    person.when(
        lambda: "\nby-the-agent" in person.tmux("capture-pane", "-p", "-t", "mine"),
        "what the agent typed",
    )
    person.press("pane.own")
    person.wait("could approve itself")
    person.press("Down", "r")
    person.wait("yours alone again")
    person.press("Escape")
    person.wait("Say what to do")
    assert not person.sees("in your tmux")
    person.do("once more")
    person.wait("It is not mine")
    assert "is not one of your panes" in str(model.requests[-1])
