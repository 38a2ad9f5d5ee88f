"""Typing is safe: no key that was meant for something else decides a gate."""

from __future__ import annotations

import time

import pytest

from agent.model.local_server.responder import ResponderMessage
from tests.journeys.conftest import Arrive
from tests.journeys.person import Person
from tests.journeys.scripted_model import ScriptedModel, run

pytestmark = pytest.mark.journey

HIGH = "git push --force origin main"
LINE = "Add a dad, map a lad and nap; AdAdA! "
"""Every letter in it is a key of the dialog, or next to one."""


def pending(person: Person) -> list[str]:
    return [name for name, agent in person.agents().items() if agent["state"] == "waiting"]


def test_a_gate_that_appears_while_typing(arrive: Arrive, model: ScriptedModel) -> None:
    model.script("push", ResponderMessage([run(HIGH)], think=0.7), "I was told no.")
    person = arrive(**model.variables)
    person.settings('mode = "standard"\n')
    person.start()
    person.wait("Say what to do")
    person.do("push")
    typed = ""
    # At a typist's pace, from before the gate until well after it.
    after = 0
    while after < 25:
        letter = LINE[len(typed) % len(LINE)]
        person.type(letter)
        typed += letter
        after += 1 if after or person.sees("HIGH  project wants") else 0
        time.sleep(0.04)
        assert len(typed) < 400
    assert pending(person) == ["project"]
    person.wait(r"\bA approve")
    person.press("Escape")
    person.wait_gone("HIGH  project wants")
    # Wrapped by the prompt, but whole.
    rows = [row.split("│", 1)[-1] for row in person.screen().splitlines()]
    first = next(number for number, row in enumerate(rows) if row.startswith(" › "))
    shown = "".join(row.strip(" ›") for row in rows[first : first + 6]).replace(" ", "")
    assert shown.startswith(typed.replace(" ", "")), (shown, typed)
    assert pending(person) == ["project"]
    # From the inbox it is decided by the same key, once the keyboard is quiet.
    person.press("gate.inbox")
    person.wait("what waits for you")
    person.press("Enter")
    person.deny()
    person.wait("I was told no")


def test_a_second_press_does_not_reach_the_next_gate(arrive: Arrive, model: ScriptedModel) -> None:
    model.script("first", run("echo 1 >> decided; " + HIGH), "The first went on.")
    model.script("second", run("echo 2 >> decided; " + HIGH), "The second went on.")
    person = arrive(**model.variables)
    person.settings('mode = "standard"\n')
    person.start()
    person.wait("Say what to do")
    person.do("first")
    person.wait("HIGH  project wants")
    person.wait(r"\bA approve")
    person.press("Escape")
    person.wait_gone("HIGH  project wants")
    person.press("agent.new")
    person.wait("First task")
    person.press("Down")
    person.type("second")
    person.press("C-s")
    person.wait("HIGH  project-2 wants")
    person.wait(r"\bA approve")
    person.press("Escape")
    person.wait_gone("HIGH  project-2 wants")
    # The inbox brings both back, the one that has waited longest first.
    person.press("gate.inbox")
    person.wait("(?s)what waits for you.*HIGH +project .*HIGH +project-2")
    person.press("Enter")
    person.wait(r"(?s)HIGH  project wants.*1 of 2.*\bA approve")
    # Enter never approves, and neither does the key for what is not HIGH.
    for key in ("Enter", "a"):
        person.press(key)
        # One that decided would have by then, and the keyboard has been quiet again.
        time.sleep(1.5)
        person.wait(r"(?s)HIGH  project wants.*\bA approve")
    assert pending(person) == ["project", "project-2"]
    # What is followed by another key is writing, the last one of them too.
    person.press("A", "A", "A")
    person.wait("› AAA")
    time.sleep(1.5)
    assert pending(person) == ["project", "project-2"]
    person.press("C-c")
    person.wait_gone("› AAA")
    person.wait(r"(?s)HIGH  project wants.*\bA approve")
    person.press("A")
    person.wait(r"(?s)HIGH  project-2 wants.*\bA approve")
    person.when(lambda: pending(person) == ["project-2"], "the first to go on")
    assert (person.project / "decided").read_text() == "1\n"
    # The next gate wants silence before it takes a key.
    time.sleep(1)
    person.deny()
    person.wait_gone("HIGH  project-2 wants")
    person.wait("│  The second went on")
    assert pending(person) == []
    assert (person.project / "decided").read_text() == "1\n"
