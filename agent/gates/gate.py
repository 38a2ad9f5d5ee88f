"""Decisions that wait for a person: opened here, answered here, each good for one action only.

A decision is bound to what was judged (the action's digest) and to where it was judged (pane,
foreground process, directory). `agent.steps.perform` looks again just before the effect; when
anything differs, nothing happens and the gate is asked anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from agent.actions import Action, written
from agent.errors import AgentError, AgentUnknown
from agent.hub import Hub
from agent.protocol.commands.gates import Decide
from agent.protocol.events import GateChanged, GateClosed, GateOpened
from agent.protocol.gates import DecidedBy, Gate
from memory.database import Database

EDITED = "edited"
"""The journal's word for a gate that another one about an edited text took the place of."""


class GateAlreadyClosed(AgentError):
    """Someone else decided first, or the gate was withdrawn."""


class NobodyApproves(AgentError):
    """An approval was sent in the name of nobody."""


class DecisionSpent(AgentError):
    """A decision was used a second time; a fault in the program, so nothing happens."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What a decision is good for. Without a pane, `pane_id` and `foreground` are empty.

    `line` is what stood where keys were to go when they were judged: on the shell's line, or on the
    screen at the cursor of another program.
    """

    digest: str
    pane_id: str = ""
    pid: int = 0
    foreground: str = ""
    cwd: str = ""
    line: str = ""

    def difference(self, now: Binding) -> str:
        """Say in words what changed, empty when nothing did."""
        if self.digest != now.digest:
            return "the action itself changed"
        if self.pane_id != now.pane_id:
            return f"the pane is {now.pane_id or 'gone'} instead of {self.pane_id}"
        if (self.pid, self.foreground) != (now.pid, now.foreground):
            return f"{now.foreground or 'nothing'} runs in the pane instead of {self.foreground}"
        if self.cwd != now.cwd:
            return f"the directory is {now.cwd} instead of {self.cwd}"
        if self.line != now.line:
            return "something else stands where the keys would go"
        return ""


@dataclass(slots=True)
class Decision:
    """Leave to perform one action, or the refusal of it."""

    binding: Binding
    approved: bool
    by: DecidedBy
    message: str = ""
    gate_id: str = ""
    edited: str = ""
    """What the person wants asked about instead; such a decision approves nothing."""
    _spent: bool = field(default=False, repr=False)

    def spend(self, now: Binding) -> str:
        """Use the decision up; gives what changed since, empty when it holds.

        Raises:
            DecisionSpent: it was used before, or it never allowed anything.
        """
        if self._spent or not self.approved:
            raise DecisionSpent("A decision can be used once only: nothing was done.")
        self._spent = True
        return self.binding.difference(now)


@dataclass(slots=True)
class _Open:
    gate: Gate
    binding: Binding
    decided: asyncio.Future[Decision]


class Gates:
    """Every open gate of the engine."""

    def __init__(self, database: Database, hub: Hub, clock: Callable[[], float]) -> None:
        self._database = database
        self._hub = hub
        self._clock = clock
        self._open: dict[str, _Open] = {}
        self._closed: dict[str, str] = {}

    async def ask(
        self, gate: Gate, binding: Binding, *, tool_use_id: str, action: Action
    ) -> Decision:
        """Open a gate and wait for the person, however long it takes.

        When the waiting task is cancelled the gate stays open in the journal: `withdraw` it, or
        leave it for the next engine.
        """
        if gate.id not in self._open:
            await self._database.journal.gate_opened(
                gate.id,
                gate.agent_id,
                {
                    "gate_id": gate.id,
                    "tool_use_id": tool_use_id,
                    "gate": gate.model_dump(mode="json"),
                    "binding": asdict(binding),
                    "action": written(action),
                },
            )
        return await self._wait(gate, binding)

    async def ask_again(self, gate: Gate, binding: Binding) -> Decision:
        """Wait for a gate that an earlier engine opened and that is still open in the journal."""
        return await self._wait(gate, binding)

    async def _wait(self, gate: Gate, binding: Binding) -> Decision:
        if gate.id in self._closed:
            # It was withdrawn while it was being written down: as if it had been a moment later.
            raise asyncio.CancelledError
        waiting = _Open(gate, binding, asyncio.get_running_loop().create_future())
        self._open[gate.id] = waiting
        self._hub.publish(GateOpened(gate=gate))
        try:
            return await waiting.decided
        finally:
            if self._open.get(gate.id) is waiting and waiting.decided.cancelled():
                del self._open[gate.id]

    async def decide(
        self,
        command: Decide,
        *,
        first: Callable[[], Awaitable[None]] | None = None,
        rule: str = "",
    ) -> None:
        """Take the person's decision; the first one wins.

        Args:
            command: the decision. One with `edited` withdraws the gate, and another one about the
                edited text takes its place.
            first: done before the decision counts, and once nobody else can decide any more; when
                it raises, the gate goes on waiting.
            rule: what the person allowed for good with this decision, for the journal.

        Raises:
            GateAlreadyClosed: it was decided or withdrawn before.
            AgentUnknown: there never was such a gate here.
            NobodyApproves: an approval without a person.
        """
        if command.by == "nobody" and command.decision == "approve":
            raise NobodyApproves("Only a person can approve; nothing was decided.")
        waiting = self._open.pop(command.gate_id, None)
        if waiting is None:
            raise self._not_open(command.gate_id)
        edited = command.edited if command.decision == "approve" else ""
        approved = command.decision == "approve" and not edited
        outcome: Literal["approved", "denied", "withdrawn"]
        outcome = "withdrawn" if edited else "approved" if approved else "denied"
        closing = _closing(waiting, EDITED if edited else outcome, command.message)
        closing |= {"by": command.by} | ({"edited": edited} if edited else {})
        closing |= {"rule": rule} if rule else {}
        self._closed[command.gate_id] = outcome
        try:
            if first is not None:
                await first()
            await self._database.journal.gate_closed(command.gate_id, closing)
        except BaseException:
            # Nothing may be performed on the strength of a decision that was not written down.
            self._open[command.gate_id] = waiting
            del self._closed[command.gate_id]
            raise
        self._hub.publish(
            GateClosed(
                gate_id=command.gate_id,
                agent_id=waiting.gate.agent_id,
                outcome=outcome,
                text="you changed the command" if edited else command.message,
            )
        )
        if not waiting.decided.done():
            waiting.decided.set_result(
                Decision(
                    waiting.binding, approved, command.by, command.message, command.gate_id, edited
                )
            )

    def fix(self, gate_id: str, why: str) -> None:
        """Tell everybody that what an open gate asks about cannot be changed any more, and why."""
        waiting = self._open.get(gate_id)
        if waiting is not None:
            waiting.gate = waiting.gate.model_copy(update={"fixed": why})
            self._hub.publish(GateChanged(gate=waiting.gate))

    def gate(self, gate_id: str) -> Gate:
        """An open gate.

        Raises:
            GateAlreadyClosed, AgentUnknown: as `decide`.
        """
        waiting = self._open.get(gate_id)
        if waiting is None:
            raise self._not_open(gate_id)
        return waiting.gate

    def _not_open(self, gate_id: str) -> AgentError:
        outcome = self._closed.get(gate_id)
        if outcome is None:
            return AgentUnknown(f"There is no gate {gate_id} (any more): look at the inbox.")
        return GateAlreadyClosed(f"This gate was already {outcome}; your decision changes nothing.")

    async def withdraw(self, gate_id: str, text: str, agent_id: str = "") -> None:
        """Close a gate that is no longer needed, saying why; does nothing when it is closed."""
        waiting = self._open.pop(gate_id, None)
        if gate_id in self._closed:
            return
        self._closed[gate_id] = "withdrawn"
        try:
            await self._database.journal.gate_closed(
                gate_id,
                _closing(waiting, "withdrawn", text)
                if waiting
                else {"gate_id": gate_id, "outcome": "withdrawn", "message": text},
            )
        finally:
            # Nobody waits for it any more, also when that cannot be written: then the next engine
            # finds it open and closes it.
            self._hub.publish(
                GateClosed(
                    gate_id=gate_id,
                    agent_id=waiting.gate.agent_id if waiting else agent_id,
                    outcome="withdrawn",
                    text=text,
                )
            )
            if waiting and not waiting.decided.done():
                waiting.decided.cancel()


def _closing(waiting: _Open, outcome: str, message: str) -> dict[str, Any]:
    return {
        "gate_id": waiting.gate.id,
        "agent_id": waiting.gate.agent_id,
        "outcome": outcome,
        "message": message,
        "binding": asdict(waiting.binding),
    }
