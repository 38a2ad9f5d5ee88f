"""Agents at a scripted model: several at once, and one without a screen."""

from __future__ import annotations

import json

import pytest
from psutil import process_iter

from tests.journeys.conftest import Arrive
from tests.journeys.scripted_model import ScriptedModel, run, use

pytestmark = pytest.mark.journey

STANDARD = 'mode = "standard"\n'


def test_two_at_once(arrive: Arrive, model: ScriptedModel) -> None:
    # Each waits for what only the other one does, so neither ends unless both run together.
    model.script(
        "first task",
        run("echo 1 > one; until test -e two; do sleep 0.1; done; echo saw two"),
        "The first is **ready**.",
    )
    model.script(
        "second task",
        run("until test -e one; do sleep 0.1; done; echo saw one; echo 2 > two"),
        "The second is **ready**.",
    )
    person = arrive(**model.variables)
    person.settings(STANDARD)
    person.start()
    person.wait("Say what to do")
    person.do("first task")
    person.wait(r"1 working")
    person.press("agent.new")
    person.wait("First task")
    person.press("Down")
    person.type("second task")
    person.press("C-s")
    person.wait("│  The second is ready")
    person.press("agent.1")
    person.wait("│  The first is ready")
    person.wait("saw two")
    states = [agent["state"] for agent in person.agents().values()]
    assert states == ["done", "done"]
    assert model.told("saw one")
    assert model.told("saw two")
    person.quit()
    person.start("attach", "project-2")
    person.wait("│  The second is ready")


def test_what_a_person_asks_of_one_agent(arrive: Arrive, model: ScriptedModel) -> None:
    model.script("above", "Both lines are here.")
    model.script("first task", run("until test -e go; do sleep 0.1; done"), "First is ready.")
    model.script("second task", "Second is ready.")
    person = arrive(**model.variables)
    person.settings(STANDARD)
    person.start()
    person.wait("Say what to do")
    # Alt with Enter starts a line.
    person.type("above")
    person.press("M-Enter")
    person.type("below it")
    person.wait(r"above *\n.*below it")
    person.press("Enter")
    person.wait("Both lines are here")
    assert model.told("above\\nbelow it")

    # A prompt queues while the agent works.
    person.do("first task")
    person.wait("run until")
    person.do("second task")
    person.wait("(?i)queued")
    assert not model.told("second task")
    (person.project / "go").touch()
    screen = person.wait("│  Second is ready")
    conversation = screen[screen.index("› first task") :]
    assert conversation.index("First is ready") < conversation.index("› second task")

    # A command of the person passes the gate.
    person.do("!echo from-$((40 + 2))")
    person.wait("from-42")
    person.do("!git push --force origin main")
    person.wait("HIGH  You want to run a command")
    person.deny()
    person.wait_gone("You want to run a command")
    person.wait("(?i)denied")


def test_one_without_a_screen(arrive: Arrive, model: ScriptedModel) -> None:
    model.script("count", run("echo $((40 + 2))"), "It is 42.")
    model.script("push", run("git push --force origin main"), "I was not allowed to.")
    person = arrive(**model.variables)
    person.settings(STANDARD)
    done = person.command("run", "count", "--headless", "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert any(line.get("what") == "echo $((40 + 2))" for line in lines), lines
    denied = person.command("run", "push", "--headless", "--json")
    assert denied.returncode == 3, denied
    assert model.told("denied")
    assert person.command("run", "", "--headless").returncode == 2
    assert person.command("run", "count", "--headless", "-C", "/nowhere").returncode == 2


def test_the_life_of_an_agent(arrive: Arrive, model: ScriptedModel) -> None:
    model.script("work", run("sleep 1234.5"), "It was not to be.")
    model.script("and now", "I am back.")
    # A directory that is not trusted yet: what is not LOW asks.
    model.script("write", use("file_write", path="new.txt", content="new\n"), "It is written.")
    person = arrive(**model.variables)
    person.start()
    person.wait("Say what to do")
    person.do("write")
    person.wait("MEDIUM  project wants")
    person.approve(risk="MEDIUM")
    person.wait("│  It is written")
    assert (person.project / "new.txt").read_text() == "new\n"

    person.press("agent.rename")
    person.wait("Enter rename")
    person.press("C-u")
    person.type("worker")
    person.press("Enter")
    person.wait("✓ worker")

    def sleeps() -> bool:
        # An agent's environment names no home: look for the command line itself.
        return any(p.info["cmdline"] == ["sleep", "1234.5"] for p in process_iter(["cmdline"]))

    person.do("work")
    person.when(sleeps, "the command to run")
    person.press("turn.interrupt")
    person.wait("worker: interrupted")
    person.when(lambda: not sleeps(), "the command to end")
    person.do("work")
    person.when(sleeps, "the command to run again")
    person.press("agent.stop")
    person.wait("Stop worker")
    person.press("y")
    person.wait("worker has stopped")
    # It says so when it is true, not before.
    assert not sleeps()
    assert person.private_tmux("list-panes", "-a", "-F", "#{session_name}").count("worker") == 0

    person.do("/archive")
    person.wait("Archive worker")
    person.press("y")
    person.wait("none yet|no agents yet")
    person.press("agent.sessions")
    person.wait("worker +archived")
    person.press("Enter")
    person.wait("› write")
    person.do("and now")
    person.wait("│  I am back")


def test_a_model_that_cannot_be_reached(arrive: Arrive) -> None:
    person = arrive(
        ANTHROPIC_BASE_URL="http://127.0.0.1:9", ANTHROPIC_API_KEY="k", TUNGSTEN_MODEL="m"
    )
    person.start()
    person.wait("Say what to do")
    person.do("hello")
    screen = person.wait("│ .*Nothing listens at 127.0.0.1:9", timeout=60)
    assert "Traceback" not in screen
    person.wait("✗ project")
    # Without a screen, it fails in one line.
    done = person.command("run", "count", "--headless", "--json")
    assert done.returncode == 1
    assert "127.0.0.1:9" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
