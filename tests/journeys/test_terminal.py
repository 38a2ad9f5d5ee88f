"""The live terminal: seen, typed into, attached to and left again."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from agent.model.local_server.responder import ResponderMessage
from tests.journeys.conftest import Arrive
from tests.journeys.person import Person
from tests.journeys.scripted_model import ScriptedModel, run

pytestmark = pytest.mark.journey

BAR = "F12 returns to Tungsten"


@pytest.fixture
def person(arrive: Arrive, model: ScriptedModel) -> Person:
    """A person whose one agent has opened a terminal and ended its turn."""
    model.script("begin", run("echo here-$((40 + 2))"), "It is open.")
    model.script("look again", "I looked.")
    model.script("write", run("echo agents >> lines"), "It is written.")
    person = arrive(**model.variables)
    person.settings('mode = "standard"\n')
    person.start()
    person.wait("Say what to do")
    person.do("begin")
    person.wait("It is open")
    person.wait("│ *here-42")
    return person


def test_attaching_inside_tmux_and_coming_back(person: Person) -> None:
    person.type("half a thou")
    # Keys pass both servers, the person's tmux and the agents'.
    person.press("pane.attach")
    person.wait(BAR)
    person.type("echo by-hand-$((50 + 5))")
    person.press("Enter")
    person.wait("by-hand-55")
    assert person.private_tmux("list-clients", "-F", "#{client_control_mode}").count("0") == 1
    person.press("F12")
    person.wait("half a thou")
    person.wait("│ *by-hand-55")
    assert person.private_tmux("list-clients", "-F", "#{client_control_mode}").count("0") == 0
    assert person.attached
    # tmux's own way: the prefix twice reaches the inner server.
    person.press("pane.attach")
    person.wait(BAR)
    person.press("C-b", "C-b", "d")
    person.wait("half a thou")
    assert person.attached
    person.type("ght")
    person.wait("half a thought")
    # The app may die meanwhile.
    person.press("pane.attach")
    person.wait(BAR)
    person.kill_app()
    # Nobody else is left to take the keys of the person's shell.
    person.when(
        lambda: "0" not in person.private_tmux("list-clients", "-F", "#{client_control_mode}"),
        "the tmux client to end",
    )
    person.type("echo my-own-$((40 + 4))")
    person.press("Enter")
    person.wait("my-own-44")
    assert "my-own" not in person.private_tmux("capture-pane", "-p", "-t", "%1")


def test_giving_the_keyboard_to_the_pane_and_taking_it_back(
    person: Person, model: ScriptedModel
) -> None:
    person.type("half a thou")
    person.wait("half a thou")
    person.press("pane.take")
    person.wait("you type here")
    person.type("echo mine-$((70 + 7)) > typed; cat typed")
    person.press("Enter")
    person.wait("│ *mine-77")
    assert (person.project / "typed").read_text() == "mine-77\n"
    # Keys of the app are the pane's now; only the visible key comes back.
    person.type("sleep 60")
    person.press("Enter")
    person.press("C-c")
    person.wait(r"\^C")
    person.press("pane.return")
    person.wait_gone("you type here")
    person.type("ght")
    person.wait("half a thought")
    person.press("prompt.clear")
    person.wait_gone("half a thought")
    # What was typed there passed no gate, and the agent is told with its next turn.
    person.do("look again")
    person.wait("I looked")
    assert model.told("The person typed into pane")
    assert not model.told("mine-77")
    # The footer names the way back as long as the pane has the keyboard.
    person.press("pane.take")
    person.wait("F12 take the keyboard back")
    assert "quit" not in person.screen().rstrip().splitlines()[-1]
    person.press("pane.return")
    person.wait("quit")
    # Where there is no room for both, the conversation comes back as well.
    person.resize(80, 24)
    person.wait("It is open")
    person.wait_gone("│")
    person.press("pane.take")
    person.wait("you type here")
    assert "It is open" not in person.screen()
    person.press("pane.return")
    person.wait("It is open")
    assert "Terminal" not in person.screen()
    person.type("in the prompt")
    person.wait("› in the prompt")


def test_the_agent_waits_while_a_person_types_in_its_pane(
    person: Person, model: ScriptedModel
) -> None:
    taken = threading.Event()
    answer = model.respond

    async def answer_once_taken(request: dict[str, Any]) -> ResponderMessage:
        await asyncio.to_thread(taken.wait, 60)
        return await answer(request)

    model.respond = answer_once_taken  # type: ignore[method-assign]
    lines = person.project / "lines"
    for how in ("given back", "killed"):
        taken.clear()
        lines.unlink(missing_ok=True)
        person.do("write")
        person.press("pane.take")
        person.wait("you type here")
        person.wait("you type in the pane ─")
        taken.set()
        person.wait("waits: you have the keyboard")
        person.type("echo persons >> lines")
        person.press("Enter")
        person.when(lines.exists, "the person's line")
        if how == "killed":
            person.kill_app()
        else:
            person.press("pane.return")
        person.when(lambda: lines.read_text() == "persons\nagents\n", "the agent's line")
        if how == "given back":
            person.wait("│  It is written")
