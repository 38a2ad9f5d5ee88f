"""Prune: give every memory the status that was decided for it. Nothing is ever deleted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from memory.dream.consolidate import Decisions, Merge, Proposal, Supersession
from memory.dream.drift import Drift
from memory.dream.orient import Memory
from memory.dream.quarantine import Reason

Status: TypeAlias = Literal["live", "merged", "superseded", "quarantined"]


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A memory that is set aside, and why."""

    id: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Plan:
    """What a dream would do: `kept` is every live memory's text afterwards."""

    kept: dict[str, str]
    merges: tuple[Merge, ...]
    supersessions: tuple[Supersession, ...]
    drifts: tuple[Drift, ...]
    quarantined: tuple[Quarantined, ...]
    proposals: tuple[Proposal, ...]

    def as_json(self) -> dict[str, Any]:
        """The plan as an object of the exchange format."""
        return {
            "kept": self.kept,
            "merged": [{"into": m.into, "from": list(m.gone), "why": m.why} for m in self.merges],
            "superseded": [
                {"loser": s.loser, "winner": s.winner, "rule": s.rule, "why": s.why}
                for s in self.supersessions
            ],
            "flagged": [
                {"id": d.id, "kind": d.kind, "evidence": list(d.evidence)} for d in self.drifts
            ],
            "quarantined": [{"id": q.id, "reason": q.reason} for q in self.quarantined],
            "deleted": [],
            "proposed": [
                {"kind": p.kind, "ids": list(p.ids), "why": p.why, "likeness": p.likeness}
                for p in self.proposals
            ],
        }


def prune(
    memories: Iterable[Memory],
    decisions: Decisions,
    drifts: Sequence[Drift],
    quarantined: Sequence[Quarantined],
) -> Plan:
    """Put the decisions together as one plan in which each memory has one status."""
    gone = {q.id for q in quarantined}
    gone |= {member for merge in decisions.merges for member in merge.gone}
    gone |= {supersession.loser for supersession in decisions.supersessions}
    texts = {merge.into: merge.text for merge in decisions.merges}
    kept = {m.id: texts.get(m.id, m.text) for m in memories if m.id not in gone}
    into = {member: merge.into for merge in decisions.merges for member in merge.gone}
    flags: dict[str, Drift] = {}
    for drift in drifts:
        stays = into.get(drift.id, drift.id)
        if stays in kept and stays not in flags:
            flags[stays] = Drift(stays, drift.kind, drift.evidence)
    return Plan(
        kept,
        tuple(decisions.merges),
        tuple(decisions.supersessions),
        tuple(flags.values()),
        tuple(quarantined),
        tuple(decisions.proposals),
    )
