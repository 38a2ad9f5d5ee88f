"""Random keys and sizes: no exception, no lost prompt, no decision without its key."""

from __future__ import annotations

import random

import pytest

from agent.protocol.commands.agents import StopAgent
from agent.protocol.commands.gates import Decide
from tests.stubs import scenes
from tests.tui.conftest import Open
from tui import actions

TALK = {"a1": list(scenes.CONVERSATION)}
LETTERS = [*"abcdefghijklnoprtuvwxz", "space", "enter", "backspace", "delete", "/", "!"]
KEYS = [
    key
    for action in actions.ACTIONS
    for key in action.keys
    # Keys that end the app, leave for another program, or answer what the test must not answer.
    if key not in {"ctrl+q", "ctrl+o", "ctrl+t", "y", "a", "A", "d", "D", "m", "enter"}
] + ["left", "right", "ctrl+left", "ctrl+right", "ctrl+w", "ctrl+u", "ctrl+z", "ctrl+a", "ctrl+e"]


async def press_at_random(open_cockpit: Open, seed: int, count: int) -> None:
    dice = random.Random(seed)
    async with open_cockpit(scenes.BUSY, transcripts=TALK) as cockpit:
        for _ in range(count):
            chance = dice.random()
            if chance < 0.06:
                size = (dice.randrange(10, 220), dice.randrange(4, 60))
                await cockpit.pilot.resize_terminal(*size)
            elif chance < 0.5:
                await cockpit.pilot.press(dice.choice(LETTERS))
            else:
                await cockpit.pilot.press(dice.choice(KEYS))
        while len(cockpit.app.screen_stack) > 1:
            await cockpit.app.pop_screen()
        await cockpit.pilot.resize_terminal(120, 40)
        await cockpit.pilot.pause(0.1)
        # A changed command is no decision yet: it is judged, and asked about, anew.
        assert not [
            one
            for one in cockpit.engine.commands
            if isinstance(one, StopAgent) or (isinstance(one, Decide) and not one.edited)
        ]
        prompt = cockpit.app.cockpit.prompt
        prompt.focus()
        prompt.put_draft("still alive")
        await cockpit.until(lambda: "still alive" in cockpit.screen_text)


@pytest.mark.parametrize("seed", range(2))
async def test_random_keys(open_cockpit: Open, seed: int) -> None:
    await press_at_random(open_cockpit, seed, 120)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(100, 110))
async def test_many_random_keys(open_cockpit: Open, seed: int) -> None:
    await press_at_random(open_cockpit, seed, 2_000)
