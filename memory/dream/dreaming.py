"""A whole dream without a model, from memories and evidence to a plan; it changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from memory.dream.consolidate import consolidate
from memory.dream.drift import drifts
from memory.dream.gather import gather
from memory.dream.orient import Evidence, Memory, orient
from memory.dream.prune import Plan, Quarantined, prune
from memory.dream.quarantine import Secrets, reason

Phase: TypeAlias = Literal["orient", "gather", "consolidate", "prune"]

PHASES: tuple[Phase, ...] = ("orient", "gather", "consolidate", "prune")


def dream(
    memories: Sequence[Memory],
    evidence: Evidence,
    *,
    new: frozenset[str] | None = None,
    secrets: Secrets | None = None,
    phase: Callable[[Phase], None] = lambda _: None,
) -> Plan:
    """Plan a dream.

    Args:
        memories: the live ones, each id once.
        evidence: what is known of the world.
        new: those made or changed since the last dream; None looks at all.
        secrets: a recogniser of secrets besides the one for sentences.
        phase: is told of each phase as it begins.

    Example:
        >>> plan = dream(memories_from(document), evidence_from(world))
        >>> plan.as_json()["merged"]
    """
    phase("orient")
    quarantined = []
    clean = []
    for memory in memories:
        why = reason(memory, secrets) if new is None or memory.id in new else None
        if why is None:
            clean.append(memory)
        else:
            quarantined.append(Quarantined(memory.id, why))
    snapshot = orient(clean, new)
    phase("gather")
    pairs = gather(snapshot)
    by_id = {memory.id: memory for memory in clean}
    phase("consolidate")
    looked_at = len(clean) if new is None else len(new)
    decisions = consolidate(pairs, by_id, snapshot.readings, looked_at)
    read = [memory for memory in clean if memory.id in snapshot.readings]
    found = drifts(read, snapshot.readings, evidence)
    phase("prune")
    return prune(memories, decisions, found, quarantined)
