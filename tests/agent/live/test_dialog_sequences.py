"""Dialogs that appear, change, are answered on both sides and go, in any order.

Whatever the order: each byte comes upon the dialog that it was meant for, one for each decision,
and the inbox holds one item exactly where a dialog stands that nobody has answered.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.gates.gate import GateAlreadyClosed
from tests.agent.live.asker import asks, hosted
from tests.agent.live.conftest import House

STEPS = (
    *("high", "high", "low", "longer", "same", "gone"),
    *("approve", "approve", "deny", "in the pane", "too late", "unseen"),
)


class Sequence:
    """What was done to one agent, and what must have come of it."""

    def __init__(self, house, asker):
        self.house, self.asker = house, asker
        self.number = 0
        self.shown = ""
        """Name of the dialog that stands there unanswered; empty without one."""
        self.command = ""
        self.expected = []
        self.last = None

    async def take(self, step):
        match step:
            case "high" | "low" | "longer":
                self.number += 1
                word = {"high": "rm -rf /", "low": "ls -a ", "longer": "rm -rf /opt/"}[step]
                self.command = f"{word}{self.number}"
                self.shown = f"{step} {self.number}"
                await self.asker.ask(self.shown, asks(self.command))
                if step == "low":
                    self.pressed("1")
            case "same" if self.shown:
                # Drawn anew, a second later: the same dialog.
                await self.asker.ask(self.shown, asks(self.command, clock=self.number + 5))
            case "gone":
                self.shown = ""
                await self.asker.works()
            case "approve" | "deny" if self.shown:
                gate = await self.standing()
                await self.house.decide(gate, step)
                self.pressed("1" if step == "approve" else "3")
                self.last = gate
            case "in the pane" if self.shown:
                self.last = await self.standing()
                await self.asker.pane.send_keys("3")
                self.pressed("3")
            case "too late" if self.last is not None:
                with pytest.raises(GateAlreadyClosed):
                    await self.house.decide(self.last)
            case "unseen" if self.shown:
                await self.change_unseen()
        await self.settled()

    async def change_unseen(self):
        """Let it be approved in the moment in which another dialog takes its place."""
        gate = await self.standing()
        self.asker.unseen()
        self.number += 1
        self.command, self.shown = f"rm -rf /srv/{self.number}", f"unseen {self.number}"
        before = len(self.asker.notices())
        await self.asker.ask(self.shown, asks(self.command))
        await self.asker.shows(f"{self.command} *$")
        await self.house.decide(gate)
        await self.house.until(lambda: len(self.asker.notices()) > before, "the notice")
        assert "nothing was pressed" in self.asker.notices()[-1]
        del self.asker.agent.dialogs.looked
        await self.asker.ask(self.shown, asks(self.command, clock=2))
        self.last = gate

    def pressed(self, key):
        self.expected.append((key.encode().hex(), self.shown))
        self.shown = ""

    async def standing(self):
        """The one item in the inbox."""
        return await self.house.until(
            lambda: next((g for g in self.gates if g.text == self.command), None), self.command
        )

    @property
    def gates(self):
        return self.house.hub.snapshot().gates

    async def settled(self):
        await self.asker.dialogs.until(lambda: len(self.asker.dialogs.got) >= len(self.expected))
        wanted = [self.command] if self.shown else []
        await self.house.until(lambda: [gate.text for gate in self.gates] == wanted, wanted)
        assert self.asker.dialogs.got == self.expected


async def play(steps):
    directory = Path(tempfile.mkdtemp(prefix="tg-"))
    house = House(directory)
    try:
        asker = await hosted(await house.open(), directory)
        sequence = Sequence(house, asker)
        for step in steps:
            await sequence.take(step)
        await asker.dialogs.close()
    finally:
        await house.demolish()
        shutil.rmtree(directory, ignore_errors=True)


UNHURRIED = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=2, derandomize=True, database=None, suppress_health_check=UNHURRIED)
@given(st.lists(st.sampled_from(STEPS), min_size=8, max_size=12))
def test_dialogs_come_and_go_in_any_order(steps):
    asyncio.run(play(steps))


@pytest.mark.soak
@pytest.mark.timeout(3600)
@settings(max_examples=60, database=None, suppress_health_check=UNHURRIED)
@given(st.lists(st.sampled_from(STEPS), min_size=10, max_size=40))
def test_dialogs_come_and_go_in_any_order_for_long(steps):
    asyncio.run(play(steps))
