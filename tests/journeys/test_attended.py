"""Inside tmux an approval counts only from a client that a person types at."""

from __future__ import annotations

import time

import pytest

from agent.model.local_server.responder import ResponderMessage
from tests.journeys.conftest import Arrive
from tests.journeys.person import Person
from tests.journeys.scripted_model import ScriptedModel, run

pytestmark = pytest.mark.journey

HIGH = "git push --force origin main"
REFUSED = "no tmux client typed this"


def arrived(arrive: Arrive, model: ScriptedModel, **variables: str) -> Person:
    """A person whose agent asks for a decision with each prompt."""
    for prompt in ("first", "second", "third"):
        model.script(f"{prompt} push", ResponderMessage([run(HIGH)]), f"The {prompt} is over.")
    person = arrive(**model.variables, **variables)
    person.settings('mode = "standard"\n')
    person.start()
    person.wait("Say what to do")
    return person


def ask(person: Person, prompt: str) -> None:
    """Have the agent wait for a decision, and type nothing for a while."""
    person.do(f"{prompt} push")
    person.wait(r"(?s)HIGH .*\bA approve")
    time.sleep(2.5)


def decided(person: Person) -> bool:
    return person.agents()["project"]["state"] != "waiting"


def test_what_a_program_types_approves_nothing(arrive: Arrive, model: ScriptedModel) -> None:
    person = arrived(arrive, model)
    ask(person, "first")
    person.tmux("send-keys", "A")
    person.wait(REFUSED)
    person.wait(r"(?s)HIGH .*\bA approve")
    assert not decided(person)
    # The person's own key does; nothing is in its way.
    person.approve()
    person.wait("│  The first is over")

    # A denial needs nobody.
    ask(person, "second")
    person.tmux("send-keys", "d")
    person.wait("│  The second is over")

    # Nor is anything approved where there is no client at all.
    ask(person, "third")
    assert not person.sees(REFUSED)
    person.tmux("detach-client", "-a")
    person.emulator("kill-server")
    # The app lost its focus with them, after which a gate wants silence anew.
    time.sleep(1.5)
    person.tmux("send-keys", "A")
    person.wait(REFUSED)
    assert not decided(person)


def test_a_program_may_be_let_approve(arrive: Arrive, model: ScriptedModel) -> None:
    person = arrived(arrive, model, TUNGSTEN_UNATTENDED_APPROVALS="1")
    ask(person, "first")
    person.wait("unattended approvals")
    person.tmux("send-keys", "A")
    person.wait("│  The first is over")
