"""A whole dream without a model, from memories and evidence to a plan; it changes nothing.

`consider` and `prune` are its two halves: between them a model may be asked about what the first
one leaves open (`memory.dream.judging`).
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias

from memory.dream.consolidate import Decisions, consolidate
from memory.dream.drift import Drift, drifts
from memory.dream.gather import Pair, gather
from memory.dream.orient import Evidence, Memory, enter, orient
from memory.dream.prune import Plan, Quarantined, prune
from memory.dream.quarantine import Secrets, reason

Phase: TypeAlias = Literal["orient", "gather", "consolidate", "prune"]

PHASES: tuple[Phase, ...] = ("orient", "gather", "consolidate", "prune")

STEP = 500
"""Memories or pairs between two calls of `progress`, some hundredths of a second."""


@dataclass(frozen=True, slots=True)
class Considered:
    """A dream before its last phase."""

    memories: Sequence[Memory]
    decisions: Decisions
    drifts: Sequence[Drift]
    quarantined: Sequence[Quarantined]

    def plan(self) -> Plan:
        """The last phase: one plan in which each memory has one status."""
        return prune(self.memories, self.decisions, self.drifts, self.quarantined)


def dream(
    memories: Sequence[Memory],
    evidence: Evidence,
    *,
    new: frozenset[str] | None = None,
    secrets: Secrets | None = None,
    progress: Callable[[Phase, float], None] = lambda _phase, _share: None,
) -> Plan:
    """Plan a dream; see `consider` for what it is given.

    Example:
        >>> plan = dream(memories_from(document), evidence_from(world))
        >>> plan.as_json()["merged"]
    """
    considered = consider(memories, evidence, new=new, secrets=secrets, progress=progress)
    progress("prune", 1.0)
    return considered.plan()


def consider(
    memories: Sequence[Memory],
    evidence: Evidence,
    *,
    new: frozenset[str] | None = None,
    secrets: Secrets | None = None,
    progress: Callable[[Phase, float], None] = lambda _phase, _share: None,
) -> Considered:
    """Orient, gather and consolidate.

    Args:
        memories: the live ones, each id once.
        evidence: what is known of the world.
        new: those made or changed since the last dream; None looks at all.
        secrets: the recogniser of secrets; without one, none is found.
        progress: is told of each phase as it begins and now and then while it lasts, and of the
            share of the whole that is done. What it raises ends the dream.
    """
    with _rare_collections():
        return _considered(memories, evidence, new, secrets, progress)


COLLECT_AFTER = 50_000
"""Objects between two runs of the collector in a dream, which makes millions, none in a cycle: as
often as usual, it would take a tenth of the time."""


@contextmanager
def _rare_collections() -> Iterator[None]:
    usual = gc.get_threshold()
    if not 0 < usual[0] < COLLECT_AFTER:
        # Another dream runs here, or the collector is off or set so by somebody else.
        yield
        return
    gc.set_threshold(COLLECT_AFTER, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _considered(
    memories: Sequence[Memory],
    evidence: Evidence,
    new: frozenset[str] | None,
    secrets: Secrets | None,
    progress: Callable[[Phase, float], None],
) -> Considered:
    quarantined = []
    clean = []
    for number, memory in enumerate(memories):
        if number % STEP == 0:
            progress("orient", 0.0)
        why = reason(memory, secrets) if new is None or memory.id in new else None
        if why is None:
            clean.append(memory)
        else:
            quarantined.append(Quarantined(memory.id, why))
    rooms = orient(clean, new)
    decisions = Decisions()
    found: list[Drift] = []
    for number, members in enumerate(rooms):
        # One room at a time, so that memory is needed for the largest alone.
        done = number / len(rooms)
        progress("gather", done)
        room = enter(members, new)
        pairs = []
        for pair in gather(room):
            pairs.append(pair)
            if len(pairs) % STEP == 0:
                progress("gather", done)
        progress("consolidate", done)
        decisions.extend(consolidate(_told(pairs, done, progress), room))
        found += drifts(room.members, room.readings, evidence)
    return Considered(memories, decisions, found, quarantined)


def _told(
    pairs: Sequence[Pair], done: float, progress: Callable[[Phase, float], None]
) -> Iterator[Pair]:
    for number, pair in enumerate(pairs, 1):
        yield pair
        if number % STEP == 0:
            progress("consolidate", done)
