"""kill -9 at bad moments: nothing is lost, and nothing happens twice."""

from __future__ import annotations

import signal

import pytest

from tests.journeys.conftest import Arrive
from tests.journeys.person import AT_THE_SHELL, Person
from tests.journeys.scripted_model import ScriptedModel, run

pytestmark = pytest.mark.journey

PUSH = "echo once >> count; git push --force origin main"


@pytest.fixture
def person(arrive: Arrive, model: ScriptedModel) -> Person:
    """A person with the app open and a model at hand."""
    person = arrive(**model.variables)
    person.settings('mode = "standard"\n')
    person.start()
    person.wait("Say what to do")
    return person


def draft_on_disk(person: Person, text: str) -> bool:
    kept = person.home / "data" / "interface.json"
    return kept.exists() and text in kept.read_text()


def test_the_app_dies_with_a_gate_pending(person: Person, model: ScriptedModel) -> None:
    model.script("push", run(PUSH), "It is pushed, or not.")
    person.do("push")
    person.wait(r"\bA approve")
    person.press("Escape")
    person.wait_gone("HIGH  project wants")
    person.type("half a thought")
    person.when(lambda: draft_on_disk(person, "half a thought"), "the draft to be kept")
    engine = person.engine().pid
    # What gives the terminal back is slower than the shell, which writes onto the app's screen.
    [guard] = person.processes("sh -c", "stty")
    guard.suspend()
    person.kill_app()
    person.wait(r"Killed\s+person\$")
    guard.resume()
    person.wait(AT_THE_SHELL)
    # The terminal is as it was: no mouse reports, and the screen of the shell.
    modes = "#{alternate_on}#{mouse_any_flag}#{cursor_flag}"
    person.when(lambda: person.tmux("display-message", "-p", modes) == "001\n", "the terminal")
    person.start()
    person.wait(r"(?s)HIGH  project wants.*count.*\bA approve")
    assert person.engine().pid == engine
    person.wait("› half a thought")
    assert not (person.project / "count").exists()
    person.press("A")
    person.wait("It is pushed, or not")
    person.wait("› half a thought")
    assert (person.project / "count").read_text() == "once\n"


def test_the_engine_dies_in_the_middle_of_a_turn(person: Person, model: ScriptedModel) -> None:
    model.script(
        "work",
        run("echo once >> count; sleep 3; echo finished"),
        run("wc -l < count"),
        "I looked before I went on.",
    )
    person.do("work")
    person.when(lambda: (person.project / "count").exists(), "the command to run")
    first = person.engine()
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    # The app starts another one, which takes the turn up where it can be taken up.
    person.wait("│  I looked before I went on", timeout=60)
    assert person.engine().pid != first.pid
    assert model.told("outcome unknown")
    assert (person.project / "count").read_text() == "once\n"
    person.wait("✓ project")
    model.script("and now", "Still here.")
    person.do("and now")
    person.wait("Still here")


def test_the_engine_dies_with_a_gate_pending(person: Person, model: ScriptedModel) -> None:
    model.script("push", run(PUSH), "It is pushed, or not.")
    person.do("push")
    person.wait(r"\bA approve")
    first = person.engine()
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    person.when(
        lambda: any(each.pid != first.pid for each in person.processes("agent.engine")),
        "another engine",
    )
    person.when(lambda: "waiting" in person.command("ls").stdout, "the gate to be back")
    person.approve()
    person.wait("It is pushed, or not")
    assert (person.project / "count").read_text() == "once\n"


def test_the_tmux_server_is_killed_and_the_app_closed_and_started_again(
    person: Person, model: ScriptedModel
) -> None:
    model.script("begin", run("echo before-$((40 + 2))"), "It is open.")
    model.script("again", run("echo after-$((50 + 5))"), "It is open again.")
    person.do("begin")
    person.wait("│ *before-42")
    person.wait("It is open")
    person.private_tmux("kill-server")
    person.wait("The tmux server has ended|Terminal closed|No terminal")
    person.do("again")
    person.wait("│  It is open again")
    person.wait("│ *after-55")
    assert model.told("after-55")

    # The app is closed, and the person comes back.
    model.script("wait", run("until test -e go; do sleep 0.1; done; echo went"), "It went.")
    person.do("wait")
    person.wait("run until")
    person.type("half a thought")
    person.wait("half a thought")
    person.press("view.terminal")
    person.wait_gone("run until")
    person.quit()
    assert "1 agent keeps working" in person.screen()
    engine = person.engine().pid
    person.start()
    # The same layout, the same draft, the same agent at work.
    person.wait("› half a thought")
    person.wait("│person\\$ until test")
    assert not person.sees("│  ● run until")
    assert person.engine().pid == engine
    person.press("view.terminal")
    person.wait("run until")
    person.wait("› wait")
    (person.project / "go").touch()
    person.wait("│  It went")
