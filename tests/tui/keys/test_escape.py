"""One Esc too many ends no turn, and no key loosens what runs without a person by mistake."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.events import Key

from agent.protocol.agents import AgentState, Mode
from agent.protocol.commands.agents import SetMode
from agent.protocol.commands.gates import TrustDirectory
from agent.protocol.commands.prompts import Interrupt, SendPrompt
from agent.protocol.events import GateOpened
from tests.stubs import scenes
from tests.tui.conftest import Cockpit, Open

CALM = scenes.BUSY.model_copy(update={"gates": ()})


def interrupts(cockpit: Cockpit) -> list[str]:
    return [one.agent_id for one in cockpit.engine.commands if isinstance(one, Interrupt)]


async def test_a_working_agent_is_interrupted_at_once(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.pilot.press("escape")
        assert (await cockpit.engine.received(Interrupt)).agent_id == "a1"


async def test_an_escape_right_after_one_that_closed_something_only_says_what_it_would_do(
    open_cockpit: Open,
) -> None:
    async with open_cockpit(CALM) as cockpit:
        app = cockpit.app
        for opens in ("f1", "ctrl+g", "slash"):
            await cockpit.pilot.press(opens)
            await cockpit.pilot.pause()
            await cockpit.until(lambda: app._overlaid)
            # A person who waited is not in doubt about what Esc is for.
            app.interrupt_asked = ("", float("-inf"))
            await cockpit.pilot.press("escape")
            await cockpit.until(lambda: not app._overlaid)
            app.escaped_overlay_at += 60
            await cockpit.pilot.press("escape")
            await cockpit.until(lambda: "Esc again interrupts mend the" in cockpit.screen_text)
            assert interrupts(cockpit) == []
            app.cockpit.prompt.clear()
        await cockpit.pilot.press("escape")
        assert (await cockpit.engine.received(Interrupt)).agent_id == "a1"


async def test_putting_a_gate_off_is_no_interrupting(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        app = cockpit.app
        cockpit.engine.publish(GateOpened(gate=scenes.GATE))
        await cockpit.until(lambda: app._overlaid)
        await cockpit.pilot.press("escape")
        assert app.gates is not None
        assert app.gates.gate is None
        app.escaped_overlay_at += 60
        await cockpit.pilot.press("escape")
        await cockpit.until(lambda: "Esc again interrupts" in cockpit.screen_text)
        assert interrupts(cockpit) == []


async def test_esc_is_named_for_what_it_does_now(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.until(lambda: "Esc interrupts" in cockpit.screen_text)
        assert "Esc interrupt " in cockpit.screen_text
        cockpit.engine.publish(GateOpened(gate=scenes.GATE))
        await cockpit.until(lambda: "Esc later" in cockpit.screen_text)
        await cockpit.until(lambda: "Esc interrupt" not in cockpit.screen_text)
        prompt = cockpit.app.cockpit.prompt
        await cockpit.until(lambda: prompt.has_class("-resting"))
        await cockpit.pilot.press("escape")
        await cockpit.until(lambda: "Esc interrupts" in cockpit.screen_text)
        await cockpit.until(lambda: not prompt.has_class("-resting"))


async def test_an_agent_at_a_gate_is_interrupted_by_a_second_escape_soon_after(
    open_cockpit: Open,
) -> None:
    async with open_cockpit(scenes.BUSY) as cockpit:
        app = cockpit.app
        await cockpit.pilot.press("alt+2")
        await cockpit.until(lambda: app._overlaid)
        await cockpit.pilot.press("escape")
        app.escaped_overlay_at -= 60
        await cockpit.pilot.press("escape")
        await cockpit.until(lambda: "is withdrawn" in cockpit.screen_text)
        # Long after, it is asked anew; a click in between is no second press.
        asked, at = app.interrupt_asked
        app.interrupt_asked = (asked, at - 60)
        await cockpit.pilot.press("escape")
        await cockpit.pilot.pause()
        assert interrupts(cockpit) == []
        asked, at = app.interrupt_asked
        app.interrupt_asked = (asked, at + 60)
        await cockpit.pilot.press("escape")
        assert (await cockpit.engine.received(Interrupt)).agent_id == "a2"


async def test_the_command_needs_no_second_time(open_cockpit: Open) -> None:
    async with open_cockpit(scenes.BUSY) as cockpit:
        await cockpit.pilot.press("alt+2")
        await cockpit.until(lambda: cockpit.app._overlaid)
        await cockpit.pilot.press("escape")
        await cockpit.type("/interrupt")
        await cockpit.pilot.press("enter")
        assert (await cockpit.engine.received(Interrupt)).agent_id == "a2"


# Modes ------------------------------------------------------------------------------------------


async def test_the_key_goes_to_a_looser_mode_at_its_second_press(open_cockpit: Open) -> None:
    plan = scenes.MENDER.model_copy(update={"mode": Mode.PLAN, "state": AgentState.IDLE})
    snapshot = CALM.model_copy(update={"agents": (plan,)})
    async with open_cockpit(snapshot) as cockpit:
        await cockpit.pilot.press("alt+m")
        await cockpit.until(lambda: "Alt+m again: mend the parser" in cockpit.screen_text)
        assert "asks before anything above LOW" in cockpit.screen_text
        wanted, at = cockpit.app.looser_asked
        cockpit.app.looser_asked = (wanted, at - 60)
        await cockpit.pilot.press("alt+m")
        await cockpit.pilot.pause()
        assert not any(isinstance(one, SetMode) for one in cockpit.engine.commands)
        wanted, at = cockpit.app.looser_asked
        cockpit.app.looser_asked = (wanted, at + 60)
        await cockpit.pilot.press("alt+m")
        assert (await cockpit.engine.received(SetMode)).mode is Mode.CAREFUL


async def test_a_stricter_mode_takes_one_press(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.pilot.press("alt+2", "alt+m")
        assert (await cockpit.engine.received(SetMode)).mode is Mode.PLAN


async def test_mode_without_a_name_changes_nothing_and_tells_the_names(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.type("/mode")
        await cockpit.pilot.press("escape", "enter")
        await cockpit.until(lambda: "Type /mode and one of" in cockpit.screen_text)
        assert "is in standard" in cockpit.screen_text
        assert cockpit.app.cockpit.prompt.text == ""
        assert not any(isinstance(one, SetMode) for one in cockpit.engine.commands)


async def test_trust_says_that_it_changes_the_agents_that_are_there(
    open_cockpit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.type("/trust")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "MEDIUM runs there without you" in cockpit.screen_text)
        await cockpit.pilot.press("enter", "n")
        await cockpit.until(lambda: cockpit.app.screen is cockpit.app.cockpit)
        assert not any(isinstance(one, TrustDirectory) for one in cockpit.engine.commands)
        monkeypatch.setattr("agent.files.git.repository_of", lambda directory: Path("/top"))
        await cockpit.type("/trust")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "MEDIUM runs there without you" in cockpit.screen_text)
        assert "/top, whose worktree it is, stays as it is" in cockpit.screen_text.replace(
            "\n", " "
        )
        await cockpit.pilot.press("y")
        assert (await cockpit.engine.received(TrustDirectory)).trusted
        await cockpit.until(lambda: "mend the parser and other agents there" in cockpit.screen_text)


async def test_trust_is_taken_back(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.type("/untrust")
        await cockpit.pilot.press("enter")
        assert not (await cockpit.engine.received(TrustDirectory)).trusted
        await cockpit.until(lambda: "is trusted no longer" in cockpit.screen_text)


# What is typed behind it ------------------------------------------------------------------------


def at_once(cockpit: Cockpit, *keys: str) -> None:
    """Press keys as fast as a busy app reads them, without a pause in which a screen could go."""
    for key in keys:
        named = {"escape": "\x1b", "enter": "\r"}.get(key)
        cockpit.app.post_message(Key(key, named or (key if len(key) == 1 else None)))


OPENING = ["ctrl+p", "f1", "ctrl+n", "ctrl+r", "ctrl+g", "f2", "alt+i", "alt+r", "alt+z", "alt+u"]


@pytest.mark.parametrize("opens", [*OPENING, "alt+o", "alt+slash", "alt+g"])
async def test_what_is_typed_right_behind_it_reaches_the_agent(
    open_cockpit: Open, opens: str
) -> None:
    async with open_cockpit(CALM) as cockpit:
        app = cockpit.app
        await cockpit.pilot.press(opens)
        await cockpit.until(lambda: app._overlaid)
        # Letters that mean something on those screens.
        at_once(cockpit, "escape", *"mxdqapn", "enter")
        assert (await cockpit.engine.received(SendPrompt)).text == "mxdqapn"
        assert app.screen is app.cockpit
        assert interrupts(cockpit) == []


async def test_screens_that_are_left_one_after_the_other_leave_nothing_of_what_follows(
    open_cockpit: Open,
) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.pilot.press("alt+i")
        await cockpit.until(lambda: cockpit.app.screen is not cockpit.app.cockpit)
        at_once(cockpit, "escape", "ctrl+g", "escape", "alt+r", "q", *"mxdqapn", "enter")
        assert (await cockpit.engine.received(SendPrompt)).text == "mxdqapn"
        assert cockpit.app.screen is cockpit.app.cockpit


async def test_a_letter_right_behind_it_makes_no_interrupting_of_going_back_to_the_prompt(
    open_cockpit: Open,
) -> None:
    async with open_cockpit(CALM) as cockpit:
        app = cockpit.app
        app.cockpit.set_focus(app.cockpit.conversation)
        await cockpit.pilot.pause()
        at_once(cockpit, "escape", *"word")
        await cockpit.until(lambda: app.cockpit.prompt.text == "word")
        assert interrupts(cockpit) == []


async def test_who_keeps_a_key_for_long_keeps_no_others(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        app = cockpit.app
        over = asyncio.Event()

        async def hangs() -> None:
            await over.wait()

        app.cockpit.set_focus(app.cockpit.conversation)
        await cockpit.pilot.pause()
        app.cockpit.conversation.call_later(hangs)
        at_once(cockpit, "k", "ctrl+p")
        # No pause of the pilot's: that waits for who hangs.
        opened = asyncio.Event()
        app.screen_change_signal.subscribe(app.cockpit, lambda _: opened.set(), immediate=True)
        await asyncio.wait_for(opened.wait(), 20)
        over.set()
        await cockpit.until(lambda: "Find" in cockpit.screen_text)


@pytest.mark.parametrize("key", ["ctrl+p", "ctrl+g", "f1", "alt+u"])
async def test_the_key_that_opened_a_card_closes_it(open_cockpit: Open, key: str) -> None:
    async with open_cockpit(CALM) as cockpit:
        app = cockpit.app
        await cockpit.pilot.press(key)
        await cockpit.until(lambda: app.screen is not app.cockpit)
        await cockpit.pilot.press(key)
        await cockpit.until(lambda: app.screen is app.cockpit)
