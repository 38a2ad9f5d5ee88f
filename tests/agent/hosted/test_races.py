"""Screens that change between look and key: real tmux, a real program that tells every byte."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from agent.hosted import answering
from agent.hosted.answering import Answering, Seen
from agent.hosted.profile import Process, Profile
from agent.hosted.screen_rules import Offered
from agent.panes.panes import Panes
from agent.steps.steps import NotRun
from tests.stubs.dialogs import Dialogs
from tungsten.pane import Pane
from tungsten.terminal import Terminal

RACES = 1_000
SAMPLE = 30

PROFILE = Profile.model_validate(
    {
        "name": "asker",
        "title": "Asker",
        "start": "asker",
        "process": {"names": ["dialog_program"]},
        "rules": [
            {
                "name": "run-command",
                "state": "waiting",
                "kind": "permission",
                "region": {"begins": "^Bash command", "ends": r"^ *\d\. No"},
                "settles": 0.02,
                "asks": {
                    "heading": "^Bash",
                    "command": r"^  \$ (?P<text>.+)",
                    "beside": ["^Bash command"],
                },
                "answers": [
                    {"key": "1", "means": "allow_once", "pattern": r"1\. (?P<label>Yes)$"},
                    {"key": "2", "means": "deny", "pattern": r"2\. (?P<label>No)$"},
                ],
            }
        ],
    }
)


def settling(seconds: float) -> Profile:
    rule = PROFILE.rules[0].model_copy(update={"settles": seconds})
    return PROFILE.model_copy(update={"rules": (rule,)})


def asks(command: str, *, yes: str = "Yes", above: str = "") -> str:
    return f"{above}Bash command\n  $ {command}\n 1. {yes}\n 2. No\n"


def another(command: str, rng: random.Random) -> str:
    """Draw anything but the dialog that was looked at, some of it very much like it."""
    column = rng.randrange(len(command))
    return rng.choice(
        [
            "working on it\n",
            "",
            "$ ",
            asks(command + "x"),
            asks(f"{command[:column]}#{command[column + 1 :]}"),
            asks(command, yes="Yes, and never ask again"),
            asks(command) + "Bash command\n  $ rm -rf /\n 1. Yes\n 2. No\n",
            asks(command).replace(" 1. Yes", " 1. No").replace(" 2. No", " 2. Yes"),
        ]
    )


class Changing(Answering):
    """Changes the screen before one of the times that it turns to the pane."""

    def __init__(self, panes: Panes, change: Callable[[], Awaitable[None]]) -> None:
        super().__init__(panes, PROFILE)
        self.change = change
        self.at = -1
        self.turns = 0

    async def turn(self) -> None:
        if self.turns == self.at:
            await self.change()
        self.turns += 1


@pytest.fixture
async def terminal(short_dir: Path) -> AsyncIterator[Terminal]:
    terminal = await Terminal.open(short_dir / "tmux.sock")
    yield terminal
    await terminal.kill_server()


@pytest.fixture
async def dialogs(short_dir: Path) -> AsyncIterator[Dialogs]:
    made = Dialogs(short_dir / "told.sock")
    await made.listen()
    yield made
    await made.close()


async def nothing() -> None:
    """Take no notice."""


async def raced(
    terminal: Terminal, dialogs: Dialogs, monkeypatch: pytest.MonkeyPatch, races: int
) -> None:
    async def opened() -> Terminal:
        return terminal

    monkeypatch.setattr(answering, "CLEARS_SECONDS", 0.2)
    panes = Panes("asker", dialogs.socket.parent, opened, nothing)
    pane_id = await panes.open(command=dialogs.command)
    pane = terminal.pane(pane_id)
    await dialogs.connected()
    rng = random.Random(4)
    racing = Changing(panes, nothing)

    def interposed(name: str) -> None:
        genuine = getattr(Pane, name)

        async def turned(self: Pane, *args: Any, **options: Any) -> Any:
            await racing.turn()
            return await genuine(self, *args, **options)

        monkeypatch.setattr(Pane, name, turned)

    async def shows(text: str) -> None:
        wanted = "\n".join(line.rstrip() for line in text.split("\n")).rstrip("\n")
        while await Pane.text(pane) != wanted:
            pass

    for name in ("foreground", "capture", "press_if"):
        interposed(name)
    # The same on the screen of another program is no dialog.
    await dialogs.draw("asks", asks("ls"))
    await shows(asks("ls"))
    assert await racing.look(pane_id) is not None
    other = Process(names=("another",))
    stranger = Answering(panes, PROFILE.model_copy(update={"process": other}))
    assert await stranger.look(pane_id) is None
    points = set()
    for number in range(races):
        command = f"ls {number}"
        racing.at = -1
        dialogs.tell("asks", asks(command))
        await shows(asks(command))
        seen = await racing.look(pane_id)
        assert seen is not None
        assert seen.dialog.command == command
        allow = seen.dialog.answer("allow_once")
        assert allow is not None
        changed = another(command, rng)

        async def change(changed: str = changed) -> None:
            dialogs.tell("changed", changed)
            await shows(changed)

        racing.change, racing.turns, racing.at = change, 0, rng.randrange(3)
        points.add(racing.at)
        with pytest.raises(NotRun, match="nothing was pressed") as told:
            await racing.press(seen, allow)
        assert racing.turns > racing.at, told.value
    # What was sent would be there before this.
    racing.at = -1
    await pane.send_keys("z")
    await dialogs.until(lambda: bool(dialogs.got))
    assert dialogs.got == [("7a", "changed")]
    assert points == {0, 1, 2}


async def test_not_a_byte_reaches_a_screen_that_changed_between_look_and_key(
    terminal: Terminal, dialogs: Dialogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    await raced(terminal, dialogs, monkeypatch, SAMPLE)


async def test_a_key_waits_until_its_dialog_has_stood_for_a_while(
    terminal: Terminal, dialogs: Dialogs
) -> None:
    async def opened() -> Terminal:
        return terminal

    async def looked(answering: Answering, command: str) -> tuple[Seen, Offered]:
        while (seen := await answering.look(pane_id)) is None or seen.dialog.command != command:
            pass
        answering.saw(pane_id, seen.dialog)
        allow = seen.dialog.answer("allow_once")
        assert allow is not None
        return seen, allow

    panes = Panes("asker", dialogs.socket.parent, opened, nothing)
    pane_id = await panes.open(command=dialogs.command)
    await dialogs.connected()
    dialogs.tell("works", "working on it\n", only=True)
    loop = asyncio.get_running_loop()

    # What is decided at once is pressed once it has stood for so long, however often it is seen.
    await dialogs.draw("early", asks("ls"), {"1": "works"})
    began = loop.time()
    answering = Answering(panes, settling(0.3))
    pressing = asyncio.create_task(answering.press(*await looked(answering, "ls")))
    await looked(answering, "ls")
    await dialogs.until(lambda: bool(dialogs.got))
    assert loop.time() - began >= 0.3
    assert (await pressing).ok

    now = 0.0
    answering = Answering(panes, settling(10), clock=lambda: now)
    async with asyncio.timeout(8):
        # Where another takes its place meanwhile, nothing is pressed.
        await dialogs.draw("first", asks("ls 1"), {"1": "works"})
        pressing = asyncio.create_task(answering.press(*await looked(answering, "ls 1")))
        await dialogs.draw("second", asks("ls 2"), {"1": "works"})
        now = 9.0
        await looked(answering, "ls 2")
        with pytest.raises(NotRun, match="another dialog stands there now"):
            await pressing
        # Nor where it is gone for a moment that only a look between has seen.
        seen, allow = await looked(answering, "ls 2")
        answering.saw(pane_id, None)
        now = 19.0
        with pytest.raises(NotRun, match="only just come back"):
            await answering.press(seen, allow)
        # Who decides when it has stood for so long does not wait.
        now = 29.0
        assert (await answering.press(seen, allow)).ok
    assert dialogs.got == [("31", "early"), ("31", "second")]


@pytest.mark.soak
@pytest.mark.timeout(1200)
async def test_a_thousand_such_races(
    terminal: Terminal, dialogs: Dialogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    await raced(terminal, dialogs, monkeypatch, RACES)
