"""The first minute: the first screen, and each way that leads on from it."""

from __future__ import annotations

import json
import stat

import pytest

from tests.journeys.person import Person
from tests.journeys.scripted_model import KEY, MODEL, ScriptedModel

pytestmark = pytest.mark.journey

FIRST_SCREEN = "How shall they think"


def test_looking_around_and_choosing_the_demo_model(person: Person) -> None:
    person.start()
    screen = person.wait(FIRST_SCREEN)
    for choice in ("Built-in demo model", "API key", "Local endpoint"):
        assert choice in screen
    person.press("Escape")
    person.wait_gone(FIRST_SCREEN)
    person.wait("No model yet")
    person.press("app.help")
    person.wait("Show every key")
    person.press("Escape")
    person.wait("No model yet")
    person.do("/model")
    person.wait(FIRST_SCREEN)
    person.press("Enter")
    # One choice, and three agents are at work in real terminals.
    person.wait(r"fix .*demo")
    person.wait("person\\$ python3 -m unittest|FAIL: test_seconds", timeout=60)
    assert {agent["demo"] for agent in person.agents().values()} == {True}
    assert set(person.agents()) == {"fix", "drive", "push"}


def test_an_endpoint_that_is_not_there_a_wrong_key_and_a_right_one(
    person: Person, model: ScriptedModel
) -> None:
    model.script("hello", "Hello, person.")
    person.start()
    person.wait(FIRST_SCREEN)
    # What is pressed before anybody could have read it is taken for typing, and chooses nothing.
    person.settle()
    person.press("3")
    person.wait("Base URL")
    person.type("http://127.0.0.1:9")
    person.press("Tab")
    person.type("some-model")
    # On to the key, which this one does not want; then it is tried.
    person.press("Enter", "Enter")
    screen = person.wait("Nothing listens at 127.0.0.1:9")
    assert "Traceback" not in screen
    assert not (person.home / "credentials.json").exists()
    # What was typed is still there to be mended; Esc goes back and looks around.
    assert "some-model" in screen
    person.press("Escape")
    person.wait("Built-in demo model")
    person.press("Escape")
    person.wait("No model yet")
    # Again, with one that is there.
    person.do("/model")
    person.wait(FIRST_SCREEN)
    person.settle()
    person.press("3")
    person.wait("Base URL")
    person.type(model.url)
    person.press("Tab")
    person.type(MODEL)
    person.press("Tab")
    person.type("wrong-key")
    person.press("Enter")
    screen = person.wait("does not accept the key")
    assert "wrong-key" not in screen
    person.press("C-u")
    person.type(KEY)
    person.press("Enter")
    person.wait_gone(FIRST_SCREEN)
    kept = person.home / "credentials.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text())["api_key"] == KEY
    person.do("hello")
    person.wait("Hello, person")
    assert KEY not in (person.home / "data" / "engine.log").read_text()
