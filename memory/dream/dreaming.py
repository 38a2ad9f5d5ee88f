"""A whole dream without a model, from memories and evidence to a plan; it changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from memory.dream.consolidate import Decisions, consolidate
from memory.dream.drift import Drift, drifts
from memory.dream.gather import gather
from memory.dream.orient import Evidence, Memory, enter, orient
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
    progress: Callable[[Phase, float], None] = lambda _phase, _share: None,
) -> Plan:
    """Plan a dream.

    Args:
        memories: the live ones, each id once.
        evidence: what is known of the world.
        new: those made or changed since the last dream; None looks at all.
        secrets: a recogniser of secrets besides the one for sentences.
        progress: is told of each phase as it begins, and of the share of the whole that is done.

    Example:
        >>> plan = dream(memories_from(document), evidence_from(world))
        >>> plan.as_json()["merged"]
    """
    progress("orient", 0.0)
    quarantined = []
    clean = []
    for memory in memories:
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
        progress("gather", number / len(rooms))
        room = enter(members, new)
        pairs = list(gather(room))
        progress("consolidate", number / len(rooms))
        decisions.extend(consolidate(pairs, room))
        found += drifts(room.members, room.readings, evidence)
    progress("prune", 1.0)
    return prune(memories, decisions, found, quarantined)
