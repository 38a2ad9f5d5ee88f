"""A person records an agent's terminal, and looks at it again when it is long gone."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import Arrive
from tests.journeys.scripted_model import ScriptedModel, run

pytestmark = pytest.mark.journey

SECRET = "sk-ant-api03-" + "a1B2c3D4" * 6


def test_recorded_on_request_and_played_in_a_small_terminal(
    arrive: Arrive, model: ScriptedModel
) -> None:
    model.script("begin", run("echo here-$((40 + 2))"), "It is open.")
    model.script("go on", run("for i in 1 2 3; do echo step-$i; sleep 0.3; done"), "It is done.")
    person = arrive(columns=80, rows=24, **model.variables)
    person.settings('mode = "standard"\n')
    person.start()
    person.wait("Say what to do")
    person.do("begin")
    person.wait("It is open")
    person.do("/record")
    person.wait("is recorded from now on")
    person.do("go on")
    person.wait("It is done")
    person.do("/record")
    person.wait("is no longer recorded")
    # The terminal goes, and the agent with it.
    person.do("/archive")
    person.wait(r"y archive it")
    person.press("y")
    person.wait("No agents yet")
    person.press("pane.recordings")
    person.wait(r"project · %\d+ .* ago")
    person.press("Enter")
    person.wait(r"(?s)Recording  project.*here-42.*▶")
    # It plays to its end by itself.
    person.wait(r"(?s)step-1.*step-2.*step-3.*‖")
    person.press("recording.begin")
    person.wait_gone("step-1")
    person.press("recording.step")
    person.press("recording.end")
    person.wait("step-3")
    person.resize(120, 40)
    person.wait(r"step-3(?s:.*)Space play")
    person.press("Escape")
    person.wait_gone("Space play")
    person.wait("No agents yet")
    names = person.private_tmux("list-sessions", "-F", "#{session_name}")
    assert "replay" not in names


def test_all_are_recorded_and_hold_no_secret(arrive: Arrive, model: ScriptedModel) -> None:
    model.script("begin", run(f"echo the key is {SECRET}"), "I saw it.")
    person = arrive(**model.variables)
    person.settings('mode = "standard"\n\n[recording]\nmode = "on"\n')
    person.start()
    person.wait("Say what to do")
    person.do("begin")
    person.wait("I saw it")
    person.wait("● recording")
    # While it is still recorded it can be played, without the secret.
    person.press("pane.recordings")
    person.wait("● recording +")
    person.press("Enter")
    person.wait(r"(?s)still recording.*the key is ‹secret masked›.*‖")
    assert SECRET[:20] not in person.screen()
    person.press("Escape")
    person.wait_gone("Space play")
    person.do("/stop")
    person.wait("y stop it")
    person.press("y")
    kept = person.home / "data" / "recordings"
    person.when(lambda: [*kept.glob("*/*.cast")] and not [*kept.glob("*/*.raw")], "the masking")
    [path] = kept.glob("*/*.cast")
    assert SECRET not in path.read_text()
    # Any player takes it; ours on the command line as well.
    replayed = person.python("tungsten", "replay", str(path), "--at-once")
    assert "the key is" in replayed
    assert SECRET not in replayed
