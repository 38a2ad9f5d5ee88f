"""Random keys and sizes: no exception, no lost prompt, no decision without its key."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.worker import Worker

from agent.errors import CommandRefused
from agent.protocol.commands.agents import StopAgent
from agent.protocol.commands.gates import Decide
from agent.protocol.events import GateOpened
from agent.protocol.gates import RiskLevel
from tests.stubs import scenes
from tests.tui import fuzz_rooms
from tests.tui.conftest import Cockpit, Open
from tests.tui.fuzz_watch import QUIET, Watch
from tui.gate.quiet import QuietRule
from tui.keys import actions

LOG = logging.getLogger(__name__)
TALK = {"a1": list(scenes.CONVERSATION)}
LETTERS = [*"abcdefghijklnoprtuvwxz", "space", "enter", "backspace", "delete", "/", "!"]
KEYS = [
    key
    for action in actions.ACTIONS
    for key in action.keys
    # Keys that end the app, leave for another program, or answer what the test must not answer.
    if key not in {"ctrl+q", "ctrl+o", "ctrl+t", "y", "a", "A", "d", "D", "m", "enter"}
] + ["left", "right", "ctrl+left", "ctrl+right", "ctrl+w", "ctrl+u", "ctrl+z", "ctrl+a", "ctrl+e"]


@pytest.fixture(autouse=True)
def fast_fingers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Press the next key once all messages are handled, not once the machine has been idle."""

    async def turns(*_: float) -> None:
        for _turn in range(20):
            await asyncio.sleep(0)

    monkeypatch.setattr("textual.app.wait_for_idle", turns)
    monkeypatch.setattr("textual.pilot.wait_for_idle", turns)


async def press_at_random(open_cockpit: Open, seed: int, count: int) -> None:
    dice = random.Random(seed)
    resizes = 0
    async with open_cockpit(scenes.BUSY, transcripts=TALK) as cockpit:
        for _ in range(count):
            chance = dice.random()
            if chance < 0.06:
                size = (dice.randrange(10, 220), dice.randrange(4, 60))
                resizes += 1
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
    LOG.info("%d keys and %d resizes", count - resizes, resizes)


@pytest.mark.parametrize("seed", range(2))
async def test_random_keys(open_cockpit: Open, seed: int) -> None:
    await press_at_random(open_cockpit, seed, 120)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(100, 110))
async def test_many_random_keys(open_cockpit: Open, seed: int) -> None:
    await press_at_random(open_cockpit, seed, 2_000)


# Every screen, with decisions -------------------------------------------------------------------

LEAVES = {"ctrl+q", "ctrl+o", "alt+e", "alt+v"}
"""Keys that end the app, leave for another program, or ask the desktop's clipboard."""
ALL_KEYS = sorted({key for action in actions.ACTIONS for key in action.keys} - LEAVES)
WRITING = [
    *"abcdefghijklmnopqrstuvwxyzADFGNRZ0123.-",
    *("space", "space", "enter", "slash", "@", "exclamation_mark", "日", "é", "backspace"),
    *("left", "right", "home", "end", "ctrl+w", "ctrl+u", "ctrl+z", "ctrl+y", "ctrl+a", "ctrl+e"),
]
SIZES = ((120, 40), (80, 24), (200, 50), (40, 12), (13, 5))


@pytest.fixture
def gone_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[BaseException]]:
    """What work beside the app ended with; only the engine's own refusals are no failure."""
    monkeypatch.setitem(QuietRule.__init__.__kwdefaults__, "quiet", QUIET)
    monkeypatch.setattr("tui.gate.held.WRITING_SECONDS", QUIET)
    # Nobody's own tmux, and no editor.
    monkeypatch.setenv("TMUX_TMPDIR", str(tmp_path))
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setenv("EDITOR", "true")
    monkeypatch.setenv("VISUAL", "true")
    errors: list[BaseException] = []
    run = Worker._run

    async def watched(worker: Worker[object], app: object) -> None:
        await run(worker, app)  # type: ignore[arg-type]
        usual = (CommandRefused, asyncio.CancelledError)
        if worker.error is not None and not isinstance(worker.error, usual):
            errors.append(worker.error)

    monkeypatch.setattr(Worker, "_run", watched)
    yield errors
    assert errors == []


async def visit(watch: Watch, room: str, directory: Path, dice: random.Random, keys: int) -> None:
    """Go into a room, press keys at random, and leave it by Escape."""
    cockpit = watch.cockpit
    enter, context = fuzz_rooms.ROOMS[room]
    watch.pressed.append(f"<{room}>")
    await enter(cockpit, directory)
    watch.rooms[room] = watch.rooms.get(room, 0) + 1
    own = [key for action in actions.of(context) for key in action.keys if key not in LEAVES]
    for _ in range(keys):
        chance = dice.random()
        if chance < 0.03:
            size = dice.choice(SIZES) if dice.random() < 0.5 else (dice.randrange(10, 220), 30)
            watch.resizes += 1
            await cockpit.pilot.resize_terminal(*size)
        elif chance < 0.06 and len(cockpit.engine.snapshot.gates) < 4:
            risk = dice.choice([RiskLevel.HIGH, RiskLevel.MEDIUM])
            number = len(watch.pressed)
            cockpit.engine.publish(GateOpened(gate=fuzz_rooms.another_gate(number, risk)))
            await cockpit.pilot.pause()
        elif chance < 0.1:
            await cockpit.pilot.pause(QUIET * 1.5)
        elif chance < 0.24 and (deciding := watch.deciding()):
            # One key between two silences, as of somebody who means it.
            await cockpit.pilot.pause(QUIET * 1.5)
            await watch.press(dice.choice(deciding))
            await cockpit.pilot.pause(QUIET * 1.5)
        else:
            await watch.press(dice.choice(dice.choice((own, own, WRITING, WRITING, ALL_KEYS))))
        watch.check_decisions()
    await leave(watch)


async def leave(watch: Watch) -> None:
    """Go back to the cockpit: F12 for the keyboard in a pane, Escape for everything else."""
    cockpit = watch.cockpit
    app = cockpit.app
    for _ in range(24):
        if app.keyboard_holder is not None:
            await watch.press("f12")
        if app.screen is app.cockpit and not app.cockpit.choices.grid:
            break
        await watch.press("escape")
        await cockpit.pilot.pause(0.01)
    watch.check_decisions()
    stack = [type(screen).__name__ for screen in app.screen_stack]
    assert len(stack) == 1, f"{stack} can't be left; pressed: {watch.pressed[-40:]}"
    there = f"with the focus at {app.focused!r} in {app.size}"
    assert not app.cockpit.choices.grid, f"the grid can't be left {there}: {watch.pressed[-60:]}"


async def answers(cockpit: Cockpit) -> None:
    """See that the app still does as it is told."""
    app = cockpit.app
    await cockpit.pilot.resize_terminal(120, 40)
    if app.gates is not None:
        app.gates.put_off()
    if app.cockpit.arrangement.prompt is None:
        await cockpit.pilot.press("f4")
    app.cockpit.prompt.focus()
    app.cockpit.prompt.write_instead("still alive")
    await cockpit.until(lambda: "still alive" in cockpit.screen_text)


async def go_through(
    open_cockpit: Open, directory: Path, rooms: list[str], dice: random.Random, keys: int
) -> None:
    """Visit rooms one after another in one app."""
    database = await fuzz_rooms.remembered(directory / "memories.db")
    try:
        async with open_cockpit(
            fuzz_rooms.SCENE, transcripts=fuzz_rooms.TALK, directory=directory
        ) as cockpit:
            mind = fuzz_rooms.Mind(cockpit.engine, database)
            watch = Watch(cockpit)
            for room in rooms:
                await visit(watch, room, directory, dice, keys)
            await answers(cockpit)
            await mind.close()
            watch.check_decisions()
            LOG.info(
                "%d keys and %d resizes in %d rooms, decided: %s",
                *(len(watch.pressed) - len(watch.rooms), watch.resizes, len(watch.rooms)),
                dict(watch.decided),
            )
    finally:
        await database.close()


async def test_every_screen(
    open_cockpit: Open, tmp_path: Path, gone_wrong: list[BaseException]
) -> None:
    await go_through(open_cockpit, tmp_path, list(fuzz_rooms.ROOMS), random.Random(1), 4)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(200, 250))
async def test_every_screen_for_long(
    open_cockpit: Open, tmp_path: Path, gone_wrong: list[BaseException], seed: int
) -> None:
    dice = random.Random(seed)
    rooms = dice.sample(list(fuzz_rooms.ROOMS), len(fuzz_rooms.ROOMS))
    # With those above and what opens and leaves the rooms, 100,000 keys and resizes.
    await go_through(open_cockpit, tmp_path, rooms, dice, 2_000 // len(rooms))
