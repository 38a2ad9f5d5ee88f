"""Small terminals, tiny ones, and one that changes its size all the time."""

from __future__ import annotations

import itertools

import pytest

from tests.journeys.conftest import Arrive
from tests.journeys.person import AT_THE_SHELL
from tests.journeys.scripted_model import ScriptedModel, run

pytestmark = pytest.mark.journey

HIGH = "git push --force origin main"


def test_the_whole_job_in_80_by_24(arrive: Arrive, model: ScriptedModel) -> None:
    model.script("push", run("echo ready"), run(HIGH), "I was told no.")
    person = arrive(80, 24, **model.variables)
    person.settings('mode = "standard"\n')
    person.start()
    person.wait("Say what to do")
    person.do("push")
    screen = person.wait(r"(?s)HIGH  project wants.*\bA approve")
    for fact in (HIGH, "why", "the remote: origin", "where", "d deny"):
        assert fact in screen
    person.press("d")
    person.wait("I was told no")
    person.press("view.terminal")
    person.wait("(?m)^ready")
    person.press("view.terminal")
    person.wait("I was told no")
    for screen, text in (("app.help", "Show every key"), ("agent.new", "First task")):
        person.press(screen)
        person.wait(text)
        person.press("Escape")
        person.wait("I was told no")
    person.do("/remember The settlement job starts at 02:30.")
    person.wait("Remembered for this project")
    person.press("app.memories")
    person.wait("(?s)Active 1 .*job starts at 02:30.*you said so")
    person.press("m")
    person.wait("agents recall nothing and save nothing")
    person.press("Up", "Enter")
    person.wait("memory: manual")
    kept = (person.home / "config.toml").read_text()
    assert kept == 'mode = "standard"\n\n[dream]\nmode = "manual"\n'
    person.press("f")
    person.wait("(?s)Active 0 .*Gone 1 .*Forgotten")
    person.press("d")
    person.wait("No dream yet")
    person.press("Escape")
    person.wait("Gone 1")
    person.press("Escape")
    person.wait("I was told no")


def test_a_storm_of_sizes(arrive: Arrive, model: ScriptedModel) -> None:
    model.script(
        "work",
        run(
            "for i in $(seq 40); do echo line $i; sleep 0.05; done; "
            "until test -e go; do sleep 0.1; done"
        ),
        "The storm is over.",
    )
    # Exported by some people's shells: true when the app starts, and wrong from then on.
    person = arrive(COLUMNS="120", LINES="40", **model.variables)
    person.settings('mode = "standard"\n')
    person.start()
    person.wait("Say what to do")
    person.do("work")
    person.wait("│ *line 1")
    person.type("half a thought")
    person.wait("› half a thought")
    sizes = [(60, 16), (200, 50), (80, 24), (99, 30), (100, 40), (20, 5), (150, 20), (61, 45)]
    for columns, rows in itertools.islice(itertools.cycle(sizes), 48):
        person.resize(columns, rows)
    person.resize(120, 40)
    person.wait("› half a thought")
    (person.project / "go").touch()
    person.wait("│  The storm is over")
    person.wait("│ *line 40")
    person.wait("› work")
    assert "half a thought" in person.screen()


def test_a_tiny_terminal(arrive: Arrive, model: ScriptedModel) -> None:
    model.script("hello", "Hello, person.")
    person = arrive(40, 10, **model.variables)
    person.start()
    person.wait("60.*16")
    person.resize(80, 24)
    person.wait("Say what to do")
    person.do("hello")
    person.wait("Hello, person")
    person.quit()
    person.resize(18, 5)
    person.press("C-l")
    person.start("--version")
    person.wait(AT_THE_SHELL)
    person.start()
    person.wait("(?s)at.*least.*60")
