"""The numbered log of events: one place publishes, every connection receives the same lines.

Everything here is synchronous and belongs to the engine's loop thread. An event is numbered,
applied to the state and serialised once; connections get the bytes. A ring of recent lines lets a
front end that lost its connection go on after the last number it saw.

Text of streaming blocks is gathered for a moment: the first piece goes out at once, what follows
within `FLUSH_SECONDS` goes out together. Any other event sends what was gathered first, so order
is kept. No timer runs while nothing streams.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Callable
from typing import Protocol

from pydantic_core import PydanticSerializationError

from agent.protocol.agents import AgentSummary
from agent.protocol.events import BlockDelta, Event, Notice
from agent.protocol.server_lines import MAX_LINE_BYTES, EventLine
from agent.protocol.snapshot import EngineInfo, Snapshot
from agent.protocol.state import apply

RING_EVENTS = 20_000
"""Events kept for front ends that come back."""

RING_BYTES = 16 * 1024 * 1024
"""Upper bound of the same ring in serialised bytes, so that large blocks don't pile up."""

FLUSH_SECONDS = 0.015
"""How long text of streaming blocks is gathered: about one frame at 60 Hz."""


class Receiver(Protocol):
    """What the hub hands each line to; must not block and must not raise."""

    def receive(self, line: bytes) -> None:
        """Take one serialised `EventLine`, newline included."""


class Hub:
    """Events in, numbered lines out, and the state they add up to."""

    def __init__(
        self,
        engine: EngineInfo | None = None,
        *,
        ring_events: int = RING_EVENTS,
        ring_bytes: int = RING_BYTES,
        flush_seconds: float = FLUSH_SECONDS,
    ) -> None:
        if engine is None:
            engine = EngineInfo(
                version="", pid=0, epoch=uuid.uuid4().hex, started_at=0.0, tmux_socket=""
            )
        self._snapshot = Snapshot(seq=0, engine=engine)
        self._ring: deque[bytes] = deque()
        self._ring_size = 0
        self._ring_events = ring_events
        self._ring_bytes = ring_bytes
        self._receivers: list[Receiver] = []
        self._listeners: list[Callable[[Event], None]] = []
        self._flush_seconds = flush_seconds
        self._gathered: dict[tuple[str, int], list[str]] = {}
        self._flush_timer: asyncio.TimerHandle | None = None

    @property
    def epoch(self) -> str:
        """Identity of this numbering."""
        return self._snapshot.engine.epoch

    @property
    def seq(self) -> int:
        """Number of the last event, 0 before the first."""
        return self._snapshot.seq

    def publish(self, event: Event) -> int:
        """Number an event, apply it and hand it to everyone; returns the last number given out.

        A `BlockDelta` may be gathered with others and numbered a moment later.
        """
        if isinstance(event, BlockDelta):
            self._gather(event)
        else:
            self.flush()
            self._emit(event)
        return self.seq

    def snapshot(self) -> Snapshot:
        """The state as of `seq`, with everything gathered so far sent first."""
        self.flush()
        return self._snapshot

    def agent(self, agent_id: str) -> AgentSummary | None:
        """The agent of that id as last published."""
        return next((agent for agent in self._snapshot.agents if agent.id == agent_id), None)

    def since(self, seq: int) -> list[EventLine] | None:
        """The events after `seq`; None when they are no longer (or not yet) known."""
        lines = self.lines_since(seq)
        if lines is None:
            return None
        return [EventLine.model_validate_json(line) for line in lines]

    def lines_since(self, seq: int) -> list[bytes] | None:
        """Like `since`, as serialised lines."""
        self.flush()
        missed = self.seq - seq
        if missed < 0 or missed > len(self._ring):
            return None
        return [self._ring[index] for index in range(len(self._ring) - missed, len(self._ring))]

    def subscribe(self, receiver: Receiver) -> Callable[[], None]:
        """Hand every later line to `receiver`, until the returned function is called."""
        self.flush()
        self._receivers.append(receiver)

        def unsubscribe() -> None:
            if receiver in self._receivers:
                self._receivers.remove(receiver)

        return unsubscribe

    def listen(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call `callback` with every later event, for the engine's own parts.

        It is called after the event was applied and handed out; it may publish.
        """
        self._listeners.append(callback)

        def unlisten() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return unlisten

    def flush(self) -> None:
        """Send the gathered text of streaming blocks now."""
        gathered, self._gathered = self._gathered, {}
        for (agent_id, block_id), texts in gathered.items():
            self._emit(BlockDelta(agent_id=agent_id, block_id=block_id, text="".join(texts)))

    def _gather(self, event: BlockDelta) -> None:
        if self._flush_timer is not None:
            self._gathered.setdefault((event.agent_id, event.block_id), []).append(event.text)
            return
        self._emit(event)
        if self._flush_seconds > 0:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                return
            self._flush_timer = loop.call_later(self._flush_seconds, self._flush_due)

    def _flush_due(self) -> None:
        self._flush_timer = None
        if self._gathered:
            self.flush()
            loop = asyncio.get_running_loop()
            self._flush_timer = loop.call_later(self._flush_seconds, self._flush_due)

    def _emit(self, event: Event) -> None:
        seq = self._snapshot.seq + 1
        try:
            line = _line(seq, event)
        except PydanticSerializationError:
            # A name on the disk that is not UTF-8, say: shown with marks rather than not at all.
            event = type(event).model_validate(well_formed(event.model_dump()))
            line = _line(seq, event)
        self._snapshot = apply(self._snapshot, seq, event)
        if len(line) > MAX_LINE_BYTES:
            # Front ends would have to give up on it, again after each reconnection.
            text = f"Something too large to show was left out ({event.type})."
            line = _line(seq, Notice(level="warning", text=text))
        self._ring.append(line)
        self._ring_size += len(line)
        while len(self._ring) > self._ring_events or self._ring_size > self._ring_bytes:
            self._ring_size -= len(self._ring.popleft())
        for receiver in tuple(self._receivers):
            receiver.receive(line)
        for listener in tuple(self._listeners):
            listener(event)


def well_formed(value: object) -> object:
    """The same value with every text in it fit for UTF-8: what is not, becomes a question mark."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {well_formed(key): well_formed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(well_formed, value))
    return value


def _line(seq: int, event: Event) -> bytes:
    return EventLine(seq=seq, event=event).model_dump_json().encode() + b"\n"
