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


def asked(arrive: Arrive, model: ScriptedModel, **variables: str) -> Person:
    """A person whose agent waits for a decision, and who has not typed for a while."""
    model.script("push", ResponderMessage([run(HIGH)]), "I was told no.", "Once more.")
    person = arrive(**model.variables, **variables)
    person.settings('mode = "standard"\n')
    person.start()
    person.wait("Say what to do")
    person.do("push")
    person.wait(r"(?s)HIGH .*\bA approve")
    time.sleep(2.5)
    return person


def decided(person: Person) -> bool:
    return person.agents()["project"]["state"] != "waiting"


def test_what_a_program_types_approves_nothing(arrive: Arrive, model: ScriptedModel) -> None:
    person = asked(arrive, model)
    person.tmux("send-keys", "A")
    person.wait(REFUSED)
    person.wait(r"(?s)HIGH .*\bA approve")
    assert not decided(person)
    # The person's own key does; nothing is in its way.
    person.approve()
    person.when(lambda: decided(person), "the decision")


def test_a_denial_needs_nobody(arrive: Arrive, model: ScriptedModel) -> None:
    person = asked(arrive, model)
    person.tmux("send-keys", "d")
    person.wait("I was told no")


def test_without_any_client_nothing_is_approved(arrive: Arrive, model: ScriptedModel) -> None:
    person = asked(arrive, model)
    person.tmux("detach-client", "-a")
    person.emulator("kill-server")
    # The app lost its focus with them, after which a gate wants silence anew.
    time.sleep(1.5)
    person.tmux("send-keys", "A")
    person.wait(REFUSED)
    assert not decided(person)


def test_a_program_may_be_let_approve(arrive: Arrive, model: ScriptedModel) -> None:
    person = asked(arrive, model, TUNGSTEN_UNATTENDED_APPROVALS="1")
    person.wait("unattended approvals")
    person.tmux("send-keys", "A")
    person.when(lambda: decided(person), "the decision")
