"""Random keys, pastes, clicks and sizes at the real app in a terminal, watched from outside."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import time
from pathlib import Path

import pytest

from agent.engine.client import EngineClient
from agent.paths import Paths
from agent.protocol.commands.agents import CreateAgent
from tests.journeys.conftest import Arrive
from tests.journeys.fuzz_rooms import ALL, ENTER, ESCAPE, F12, PASTES, ROOMS, SAFE, mouse, paste
from tests.journeys.fuzz_watch import Outside
from tests.journeys.person import PATIENCE, Person
from tests.journeys.raw_terminal import few_programs
from tests.journeys.scripted_model import ScriptedModel, run
from tui.gate.held import WRITING_SECONDS
from tui.gate.quiet import QUIET_SECONDS

pytestmark = pytest.mark.journey
LOG = logging.getLogger(__name__)

PROGRAMS = ("tmux", "bash", "sh", "cat", "env", "git", "stty", "sleep", "echo", "true")
WORK = [
    run("git push --force origin main") if number % 2 else run(f"touch made-{number}")
    for number in range(60)
]
SIZES = ((120, 40), (80, 24), (200, 50), (44, 14), (30, 8))
SILENCE = max(QUIET_SECONDS, WRITING_SECONDS) + 0.2
WANTS = r"\b(HIGH|MEDIUM)\s.* wants?\b"
"""What the head of a gate says."""
MEANT = {key: key.encode() for key in "aAdwme"} | {"enter": ENTER}
"""What would decide, were it not written so fast."""
MOST = 0.7
"""Least share of rooms that must have opened."""


@pytest.fixture
def person(
    arrive: Arrive, model: ScriptedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Person:
    """A person whose agents ask for one thing after another, on a machine with few programs."""
    model.script("", *WORK)
    person = arrive(
        **model.variables,
        PATH=few_programs(tmp_path / "bin", PROGRAMS),
        EDITOR="true",
        VISUAL="true",
        TMUX_TMPDIR=str(tmp_path),
        # What is typed at random as the address of a model is asked nobody for.
        HTTP_PROXY="http://127.0.0.1:9",
        HTTPS_PROXY="http://127.0.0.1:9",
        NO_PROXY="127.0.0.1,localhost",
    )
    person.settings('mode = "careful"\n')
    monkeypatch.chdir(person.project)

    async def begin() -> None:
        paths = Paths(person.home, person.home / "data", person.home / "run")
        client = await EngineClient.connect(paths, client="test")
        for number in range(3):
            directory = str(person.project)
            await client.send(
                CreateAgent(name=f"agent {number}", directory=directory, prompt="work")
            )
        await client.send(CreateAgent(name="cat", directory=directory, command="exec cat"))
        await client.close()

    # The engine is started from here.
    for name, value in person.variables.items():
        monkeypatch.setenv(name, value)
    asyncio.run(begin())
    return person


class AtRandom:
    """Presses keys; from time to time one alone, that decides something."""

    def __init__(self, outside: Outside, dice: random.Random) -> None:
        self.outside = outside
        self.dice = dice
        self.keys = 0
        self.visited = self.entered = self.tried = self.resizes = 0
        self._marks = iter(range(0x4E10, 0x9F00, 6))

    def visit(self, room: str, keys: int) -> None:
        """Go into a room, with something written in the prompt or nothing; press keys there."""
        outside, dice = self.outside, self.dice
        kept = self.write_a_mark()
        careful = dice.random() < 0.5
        if not careful:
            outside.send("ctrl+c", b"\x03")
            outside.terminal.drain(0.1)
        enter, shown = ROOMS[room]
        self.entered += self.enter(enter, shown)
        self.visited += 1
        pressed = 0
        while pressed < keys:
            chance = dice.random()
            if chance < 0.03:
                outside.terminal.resize(*dice.choice(SIZES))
                self.resizes += 1
            elif chance < 0.08:
                outside.send("paste", paste(dice.choice(PASTES)))
            elif chance < 0.2:
                data, row = mouse(dice, *outside.terminal.size, drags=not careful)
                outside.send("click", data, outside.terminal.row(row))
            elif chance < 0.26:
                if self.meet_gate() and dice.random() < 0.8:
                    self.decide()
                else:
                    self.burst(MEANT)
            else:
                pressed += self.burst(SAFE if careful else ALL)
            pressed += 1
            outside.terminal.drain(0.01)
            if careful and dice.random() < 0.1:
                self.see_kept(kept, room)
        self.keys += pressed
        outside.lives()
        outside.check_decisions()
        if careful:
            self.see_kept(kept, room)

    def see_kept(self, mark: str, room: str) -> None:
        """See that what was written is not lost."""
        outside = self.outside
        kept = outside.until_kept(mark, 10)
        outside.lives()
        assert kept, (
            f"{mark!r} was lost in {room}: {outside.drafts()}\n{outside.last()}\n"
            f"{outside.terminal.text}"
        )

    def enter(self, way: bytes, shown: str) -> bool:
        """Go in as a person does, by a key or by a name in the palette; says whether it opened.

        Some need an agent of a certain kind to be looked at.
        """
        outside = self.outside
        key, sought = way[:1], way[1:] if way[:1] == b"\x10" else b""
        outside.send("way in", key if sought else way)
        if sought:
            if not outside.terminal.until_shown("Find"):
                return False
            outside.send("words", sought)
            outside.terminal.drain(0.2)
            outside.send("enter", ENTER)
        return outside.terminal.until_shown(shown)

    def burst(self, keys: dict[str, bytes]) -> int:
        """Keys at once, as of someone who writes fast."""
        names = self.dice.choices(list(keys), k=self.dice.randrange(1, 9))
        for name in names:
            self.outside.send(name, keys[name])
        return len(names)

    def meet_gate(self) -> bool:
        """Open a gate: turns that Escape interrupted ask for nothing, and others were put off.

        Says whether one stands there.
        """
        self.refill()
        end = time.monotonic() + 3
        while not self.outside.snapshot().gates and time.monotonic() < end:
            self.outside.terminal.drain(0.1)
        self.outside.terminal.resize(120, 40)
        for key in ("escape", "f12", "escape", "ctrl+g", "enter"):
            self.outside.send(key, SAFE[key])
            self.outside.terminal.drain(0.2)
        return self.outside.terminal.until_shown(WANTS, 1)

    def decide(self) -> None:
        """Do what decides at the gate that stands there, or seems to; most often rightly."""
        outside, dice = self.outside, self.dice
        found = re.search(WANTS, outside.terminal.text)
        high = found is not None and found[1] == "HIGH"
        self.tried += 1
        way = dice.choice(("approve", "approve", "deny", "wrong", "why", "edit", "always"))
        match way:
            case "approve":
                self.alone("A" if high else "a")
            case "deny":
                self.alone("d")
            case "wrong":
                self.alone("a" if high else "A")
            case "always":
                self.alone("w")
                self.alone("w")
            case _:
                self.alone("m" if way == "why" else "e")
                self.burst({letter: letter.encode() for letter in "nof"})
                outside.terminal.drain(SILENCE)
                outside.send("enter", ENTER)
                outside.terminal.drain(SILENCE)
        outside.check_decisions()

    def alone(self, name: str) -> None:
        """One key between two silences."""
        terminal = self.outside.terminal
        terminal.drain(SILENCE)
        self.outside.send(name, name.encode())
        terminal.drain(SILENCE)

    def home(self) -> None:
        """Go back to the prompt: F12 for the keyboard in a pane, Escape for everything else."""
        outside = self.outside
        outside.terminal.resize(120, 40)
        for _ in range(8):
            outside.send("f12", F12)
            outside.send("escape", ESCAPE)
            # A lone Escape is one only after a while: what follows at once makes it Alt.
            outside.terminal.drain(0.12)
            outside.lives()

    def write_a_mark(self) -> str:
        """Write something that nobody else writes, and see that it is kept: so the app is alive."""
        outside = self.outside
        first = next(self._marks)
        mark = "".join(chr(first + number) for number in range(6))
        self.home()
        for key in (b"", b"\x1bOS", b"\x1bOS\x1bOR"):
            # Alone a terminal has no prompt; what shows it takes it away where it is shown.
            outside.send("layout", key)
            outside.send("mark", mark.encode())
            if outside.until_kept(mark, 4):
                return mark
            self.home()
        # A busy machine may still be at what was typed before.
        if outside.until_kept(mark, PATIENCE):
            return mark
        raise AssertionError(f"no prompt took {mark!r}:\n{outside.terminal.text}\n{outside.last()}")

    def deny_one(self) -> None:
        """Decide once as a person does, so that it is known that a key alone can."""
        outside = self.outside
        self.home()
        self.refill()
        end = time.monotonic() + PATIENCE
        while not outside.snapshot().gates:
            assert time.monotonic() < end, f"nobody asks: {outside.snapshot().agents}"
            outside.terminal.drain(0.1)
        outside.check_decisions()
        before = outside.decided.get("denied", 0)
        while outside.decided.get("denied", 0) == before:
            assert time.monotonic() < end, f"nothing was denied:\n{outside.terminal.text}"
            self.home()
            outside.send("ctrl+g", SAFE["ctrl+g"])
            outside.terminal.drain(0.5)
            outside.send("enter", ENTER)
            outside.terminal.drain(0.5)
            self.alone("d")
            outside.check_decisions()

    def refill(self) -> None:
        """Have agents that stopped asking go on."""
        snapshot = self.outside.snapshot()
        waiting = {gate.agent_id for gate in snapshot.gates}
        idle = [
            agent
            for agent in snapshot.agents
            if agent.kind == "model" and agent.state in {"idle", "done"} and agent.id not in waiting
        ]
        # The demo's model, which random keys may have chosen, does what it is told so.
        self.outside.keep_busy(idle[:3], "run: git push --force origin main")


def at_random(person: Person, rooms: list[str], dice: random.Random, keys: int) -> AtRandom:
    """Visit rooms one after another; at the end the app is closed as a person closes it."""
    outside = Outside(person)
    someone = AtRandom(outside, dice)
    try:
        for room in rooms:
            someone.refill()
            someone.visit(room, keys)
        assert someone.entered >= someone.visited * MOST
        someone.deny_one()
        starts = outside.starts
        outside.send("ctrl+q", b"\x11")
        end = time.monotonic() + PATIENCE
        while outside.starts == starts:
            assert time.monotonic() < end, f"it did not close:\n{outside.terminal.text}"
            outside.terminal.drain(0.1)
            outside.lives()
    finally:
        LOG.info(
            "%d keys, %d resizes in %d of %d rooms, %d starts; %d tries to decide, decided: %s",
            *(someone.keys, someone.resizes, someone.entered, someone.visited, outside.starts),
            *(someone.tried, outside.decided),
        )
        outside.terminal.close()
    return someone


def test_random_bytes(person: Person) -> None:
    at_random(person, ["gate", "palette", "grid", "keyboard in the pane"], random.Random(3), 25)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(300, 320))
def test_random_bytes_for_long(person: Person, seed: int) -> None:
    dice = random.Random(seed)
    rooms = dice.sample(list(ROOMS), len(ROOMS))
    # Together 100,000 keys.
    at_random(person, rooms, dice, 5_000 // len(rooms))
