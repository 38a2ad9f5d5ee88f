"""Scores a dream's plan against labels: pairs merged, losers superseded, flags, quarantine."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memory.dream.dreaming import dream
from memory.dream.orient import evidence_from, memories_from
from tungsten.recordings.masking import holds_secret

SETS = Path(__file__).parent / "dream_sets"


@dataclass(frozen=True)
class Rate:
    """What was done and right, of what was done, of what was wanted."""

    right: frozenset[Any]
    done: frozenset[Any]
    wanted: frozenset[Any]

    @property
    def precision(self) -> float:
        return len(self.right) / len(self.done) if self.done else 1.0

    @property
    def recall(self) -> float:
        return len(self.right) / len(self.wanted) if self.wanted else 1.0


@dataclass(frozen=True)
class Score:
    merge: Rate
    supersede: Rate
    drift: Rate
    quarantine: Rate
    reversed: list[tuple[str, str]]
    lost: list[str]
    altered: list[str]
    thinned: list[str]
    """Clusters of which a detail is in no text that stays."""
    found: float
    """Share of the true pairs that were done or proposed."""
    proposed: float
    """Pairs proposed for each memory."""


def documents(name: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Memories, evidence and labels of a set."""
    read = [
        json.loads((SETS / name / f"{part}.json").read_text(encoding="utf-8"))
        for part in ("memories", "evidence", "labels")
    ]
    return read[0], read[1], read[2]


def scored(name: str) -> Score:
    """Dream over a labelled set and score what came of it."""
    memories, evidence, labels = documents(name)
    result = dream(memories_from(memories), evidence_from(evidence), secrets=holds_secret).as_json()
    return score(memories, labels, result)


def score(memories: dict[str, Any], labels: dict[str, Any], result: dict[str, Any]) -> Score:
    text = {row["id"]: row["text"] for row in memories["memories"]}
    kept = result["kept"]
    into = {gone: merge["into"] for merge in result["merged"] for gone in merge["from"]}
    loser_of = {row["loser"]: row["winner"] for row in result["superseded"]}
    quarantined = frozenset(row["id"] for row in result["quarantined"])
    removed = set(into) | set(loser_of) | quarantined
    assert set(text) == set(kept) | removed
    assert not set(kept) & removed

    clusters = [frozenset(cluster["members"]) for cluster in labels["clusters"]]
    wanted_pairs = _pairs(clusters)
    groups: dict[str, set[str]] = {}
    for gone, stays in into.items():
        groups.setdefault(stays, {stays}).add(gone)
    merged = _pairs(groups.values())

    wins = {row["winner"]: set(row["losers"]) for row in labels["contradictions"]}
    wanted_losers = {(lost, won) for won, losers in wins.items() for lost in losers}
    same = {member: cluster for cluster in clusters for member in cluster}
    superseded = set()
    for lost, named in loser_of.items():
        winner = named
        while winner in loser_of:
            winner = loser_of[winner]
        alike = same.get(winner, frozenset({winner}))
        superseded.add((lost, next((w for w in alike if (lost, w) in wanted_losers), winner)))
    flagged = frozenset((row["id"], row["kind"]) for row in result["flagged"])
    drifting = frozenset((into.get(row["id"], row["id"]), row["kind"]) for row in labels["drift"])
    neutral = {lost for lost, _ in wanted_losers}
    flagged = frozenset(flag for flag in flagged if flag[0] not in neutral)
    hostile = frozenset(row["id"] for row in labels["quarantine"])

    proposed = {frozenset(row["ids"]) for row in result["proposed"]}
    true = {frozenset(pair) for pair in wanted_pairs | wanted_losers}
    decided = {frozenset(pair) for pair in (merged & wanted_pairs) | (superseded & wanted_losers)}
    thinned = [
        cluster["id"] for cluster in labels["clusters"] if not _tells(cluster, kept, into, loser_of)
    ]
    return Score(
        merge=Rate(frozenset(merged & wanted_pairs), frozenset(merged), frozenset(wanted_pairs)),
        supersede=Rate(
            frozenset(superseded & wanted_losers), frozenset(superseded), frozenset(wanted_losers)
        ),
        drift=Rate(flagged & drifting, flagged, drifting),
        quarantine=Rate(quarantined & hostile, quarantined, hostile),
        reversed=[(lost, won) for lost, won in superseded if won in wins.get(lost, ())],
        lost=[member for member in labels["verbatim"] if member not in kept],
        altered=[m for m in labels["verbatim"] if m in kept and kept[m] != text[m]],
        thinned=thinned,
        found=len(true & (proposed | decided)) / len(true),
        proposed=len(proposed) / len(text),
    )


def _pairs(groups: Iterable[Iterable[str]]) -> set[tuple[str, str]]:
    return {pair for group in groups for pair in itertools.combinations(sorted(group), 2)}


def _tells(
    cluster: dict[str, Any], kept: dict[str, str], into: dict[str, str], loser_of: dict[str, str]
) -> bool:
    if all(member in loser_of for member in cluster["members"]):
        return True
    living = {into.get(member, member) for member in cluster["members"]}
    body = "\n".join(kept.get(member, "") for member in living).lower()
    return all(detail.lower() in body for detail in cluster["must_contain"])
