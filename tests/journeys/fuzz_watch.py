"""Who watches the app from outside: what its journal, its files and its screen say of it.

It knows what was sent to the terminal and when, and nothing of what goes on inside: whether a
decision had its key, whether what was written is kept somewhere, and whether the app lives.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from agent.engine.client import EngineClient
from agent.paths import Paths
from agent.protocol.agents import AgentSummary
from agent.protocol.commands.agents import SetPaused
from agent.protocol.commands.prompts import SendPrompt
from agent.protocol.snapshot import Snapshot
from tests.journeys.person import Person
from tests.journeys.raw_terminal import RawTerminal
from tui.gate.held import WRITING_SECONDS
from tui.gate.quiet import QUIET_SECONDS

MAY_DECIDE = frozenset("aAdw")
"""Keys that decide alone."""

ROOMY = 24
"""Rows from which a gate shows what it asks about, whatever else it shows."""

CLOSE = 0.5
"""What a busy machine may leave of a silence, on the way from here to the app, as a share."""


@dataclass
class Sent:
    """One thing that was sent to the terminal: when (seconds since the epoch), what, and where."""

    at: float
    name: str
    row: str = ""
    """For the mouse: what the row below it showed."""
    screen: str = ""
    """For a key that may decide: what the terminal showed, as far as it was read by then."""
    used: bool = False


class Outside:
    """A person's terminal, all that was sent to it, and what came of that."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.paths = Paths(person.home, person.home / "data", person.home / "run")
        self.sent: list[Sent] = []
        self.decided: dict[str, int] = {}
        self.starts = 0
        self._gates: dict[str, tuple[float, dict[str, Any]]] = {}
        self._read_to = 0
        self.terminal = self.start()

    # The app -------------------------------------------------------------------------------------

    def start(self) -> RawTerminal:
        """Open the app."""
        self.starts += 1
        terminal = RawTerminal(self.person)
        assert terminal.until_shown("find", 60), terminal.text
        return terminal

    def send(self, name: str, data: bytes, row: str = "") -> None:
        """Send bytes, and remember that."""
        screen = self.terminal.text if name in MAY_DECIDE else ""
        self.sent.append(Sent(time.time(), name, row, screen))
        self.terminal.send(data)

    def last(self, count: int = 60) -> str:
        """What was sent last, for who reads a failure."""
        return " ".join(each.name for each in self.sent[-count:])

    def lives(self) -> None:
        """See that the app runs; where it was closed, as a person closes it, open it again."""
        self.terminal.read(0)
        status = self.terminal.exit_status()
        if status is not None:
            while self.terminal.read(0.05):
                pass
            end = bytes(self.terminal.output[-30_000:]).decode(errors="replace")
            end = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", end)
            assert status == 0, f"the app ended with {status}: {end}\n{self.last()}"
            assert "Traceback" not in end, end
            self.terminal.close()
            self.terminal = self.start()
        for log in (self.paths.data / "app.log", self.paths.log_file):
            text = log.read_text(errors="replace") if log.exists() else ""
            assert "Traceback" not in text, f"{text[-4000:]}\n{self.last()}"

    # Decisions -----------------------------------------------------------------------------------

    def check_decisions(self) -> None:
        """See that each decision in the journal has a key that was meant for it."""
        for at, kind, gate_id, data in self._journal():
            if kind == "gate_opened":
                self._gates[gate_id] = (at, data["gate"])
                continue
            outcome = data["outcome"]
            if outcome not in {"approved", "denied", "edited"}:
                continue
            opened, gate = self._gates[gate_id]
            risk = gate["risk"]
            verb = "always" if data.get("rule") else outcome
            self.decided[verb] = self.decided.get(verb, 0) + 1
            licence = self._licence(verb, gate, opened, at, bool(data.get("message")))
            assert licence is not None, (
                f"{verb} at {at:.2f} of a {risk} gate of {opened:.2f} had no key: {data}\n"
                + " ".join(f"{each.name}@{each.at:.2f}" for each in self.sent[-80:])
            )

    def _journal(self) -> list[tuple[float, str, str, dict[str, Any]]]:
        with closing(sqlite3.connect(f"file:{self.paths.database}?mode=ro", uri=True)) as database:
            rows = database.execute(
                "SELECT seq, at, kind, subject, data FROM journal WHERE seq > ? "
                "AND kind IN ('gate_opened', 'gate_closed') ORDER BY seq",
                (self._read_to,),
            ).fetchall()
        self._read_to = rows[-1][0] if rows else self._read_to
        return [(at, kind, gate_id, json.loads(data)) for _, at, kind, gate_id, data in rows]

    def _licence(
        self, verb: str, gate: dict[str, Any], opened: float, decided: float, message: bool
    ) -> Sent | None:
        """Find what was sent between the opening of a gate and its decision that may have made it.

        A key that decides alone stands between two silences, counts once, and was pressed while
        that very gate stood there, and had for a while. Enter ends what was begun by a key before
        it.
        """
        keys, begins, word = {
            "approved": ({"A" if gate["risk"] == "HIGH" else "a"}, set(), "approve"),
            "denied": (set() if message else {"d"}, {"m", "D"}, "deny"),
            "always": ({"w"}, set(), "allow"),
            "edited": (set(), {"e"}, "change"),
        }[verb]
        begun = False
        for number, each in enumerate(self.sent):
            if each.at < opened or each.at > decided:
                continue
            clicked = each.name == "click" and word in each.row
            begun = begun or each.name in begins or clicked
            if each.used:
                continue
            alone = (
                each.name in keys
                and each.at - opened >= QUIET_SECONDS * CLOSE
                and _shows(each.screen, gate)
                and self._stands_alone(number)
            )
            if alone or (clicked and keys) or (begins and begun and each.name == "enter"):
                # One Enter may deny many.
                each.used = each.name != "enter"
                return each
        return None

    def _stands_alone(self, number: int) -> bool:
        typed = [each.at for each in self.sent if each.name != "click"]
        at = self.sent[number].at
        before = max((one for one in typed if one < at), default=0.0)
        after = min((one for one in typed if one > at), default=time.time())
        quiet = at - before >= QUIET_SECONDS * CLOSE
        return quiet and after - at >= WRITING_SECONDS * CLOSE

    # What was written ----------------------------------------------------------------------------

    def drafts(self) -> list[str]:
        """All texts that the app keeps on the disk."""
        try:
            return list(strings(json.loads(self.paths.interface_state.read_text())))
        except FileNotFoundError:
            return []

    def keeps(self, text: str) -> bool:
        """Whether a text stands in a draft, or has reached the engine."""
        if any(within(text, kept) for kept in self.drafts()):
            return True
        with closing(sqlite3.connect(f"file:{self.paths.database}?mode=ro", uri=True)) as database:
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in tables.fetchall():
                for row in database.execute(f'SELECT * FROM "{table}"'):
                    if any(within(text, str(value)) for value in row if isinstance(value, str)):
                        return True
        return within(text, self.snapshot().model_dump_json())

    def until_kept(self, text: str, seconds: float) -> bool:
        """Give the app some time to keep it."""
        end = time.monotonic() + seconds
        while not self.keeps(text):
            if time.monotonic() > end:
                return False
            self.terminal.drain(0.1)
        return True

    # The engine ----------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """What the engine says there is."""

        async def ask() -> Snapshot:
            client = await EngineClient.connect(self.paths, start=False, client="test")
            await client.close()
            assert client.welcome.snapshot is not None
            return client.welcome.snapshot

        return asyncio.run(ask())

    def keep_busy(self, agents: list[AgentSummary], prompt: str) -> None:
        """Have agents that wait for nothing ask for something again."""

        async def tell() -> None:
            client = await EngineClient.connect(self.paths, start=False, client="test")
            await client.send(SetPaused(paused=False))
            for agent in agents:
                await client.send(SendPrompt(agent_id=agent.id, text=prompt))
            await client.close()

        asyncio.run(tell())


def _shows(screen: str, gate: dict[str, Any]) -> bool:
    """Whether a gate's dialog is on a screen, with its command; a tiny one has no room for it."""
    if screen.count("\n") + 1 < ROOMY:
        return True
    command = "".join(gate["text"].split())[:20]
    return re.search(r" wants? ", screen) is not None and command in re.sub(r"[\s│]", "", screen)


def within(text: str, longer: str) -> bool:
    """Whether all characters of a text stand in another one, in their order."""
    rest = iter(longer)
    return text[0] in longer and all(character in rest for character in text)


def strings(value: Any) -> Iterator[str]:
    """All texts in plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
