"""A dream over labelled memories: 227 of them, one half of which the rules were not made with."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from memory.dream.dreaming import dream
from memory.dream.orient import evidence_from, memories_from

_spec = importlib.util.spec_from_file_location(
    "dream_scoring", Path(__file__).parent / "dream_scoring.py"
)
assert _spec is not None
assert _spec.loader is not None
scoring = importlib.util.module_from_spec(_spec)
sys.modules["dream_scoring"] = scoring
_spec.loader.exec_module(scoring)

BOTH = pytest.mark.parametrize("name", ["labelled", "held_out"])


def test_the_sets_are_large_enough() -> None:
    counts = [len(scoring.documents(name)[0]["memories"]) for name in ("labelled", "held_out")]
    assert sum(counts) >= 200
    assert min(counts) >= 100


@BOTH
def test_no_survivor_is_lost_or_altered_and_no_detail_goes(name: str) -> None:
    score = scoring.scored(name)
    assert (score.lost, score.altered, score.thinned) == ([], [], [])


@BOTH
def test_merges(name: str) -> None:
    merge = scoring.scored(name).merge
    assert merge.precision >= 0.98, merge.done - merge.right
    assert merge.recall >= 0.75, merge.wanted - merge.right


@BOTH
def test_supersessions(name: str) -> None:
    score = scoring.scored(name)
    assert score.reversed == []
    assert score.supersede.precision >= 0.97, score.supersede.done - score.supersede.right
    assert score.supersede.recall >= 0.75, score.supersede.wanted - score.supersede.right


@BOTH
def test_what_is_left_open_is_proposed(name: str) -> None:
    score = scoring.scored(name)
    assert score.found >= 0.99
    assert score.proposed <= 1.3


@BOTH
def test_drift(name: str) -> None:
    drift = scoring.scored(name).drift
    assert drift.precision >= 0.97, drift.done - drift.right
    assert drift.recall >= 0.90, drift.wanted - drift.right


@BOTH
def test_quarantine(name: str) -> None:
    quarantine = scoring.scored(name).quarantine
    assert quarantine.precision >= 0.95, quarantine.done - quarantine.right
    assert quarantine.recall >= 0.90, quarantine.wanted - quarantine.right


@BOTH
def test_the_order_of_the_memories_decides_nothing(name: str) -> None:
    memories, evidence, _ = scoring.documents(name)
    forwards = memories_from(memories)
    world = evidence_from(evidence)
    plan = dream(forwards, world).as_json()
    other = dream(forwards[::-1], world).as_json()
    for part in ("merged", "superseded", "flagged", "quarantined"):
        ordered = [sorted(json.dumps(row) for row in each[part]) for each in (plan, other)]
        assert ordered[0] == ordered[1], part
