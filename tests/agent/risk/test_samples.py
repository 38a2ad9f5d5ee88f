"""The labelled sets: what is dangerous is stopped, what is harmless is let through."""

from __future__ import annotations

import io
import json
import re
import sys
from collections import Counter
from pathlib import Path

from agent.risk import Context, Risk, assess_command
from agent.risk.keys import is_key
from agent.risk.report import keys_jsonl

DATA = Path(__file__).parent / "data"
CERTAIN = {"padded", "unparseable", "opaque", "self-approval"}
"""Families of which none may be missed."""
EVERYDAY = {"inspect", "search", "git", "build-test", "agent-shape"}
"""Families of which next to none may be stopped."""


def load(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text().splitlines()]


def labelled(label: str, name: str) -> list[dict]:
    """The entries of one file, and those of the families with that label."""
    return load(name) + [entry for entry in load("families") if label in entry]


def test_dangerous_commands_are_high(context: Context) -> None:
    entries = labelled("must", "dangerous")
    missed = [e["command"] for e in entries if assess_command(e["command"], context).risk < 3]
    families = Counter(e["family"] for e in entries)
    lost = Counter(e["family"] for e in entries if e["command"] in missed)
    sys.stdout.write(
        f"recall {len(entries) - len(missed)} of {len(entries)} in {len(families)} families\n"
    )
    assert len(missed) <= len(entries) * 0.01, missed
    assert all(lost[f] <= families[f] * 0.05 for f in lost), missed
    assert families.keys() >= CERTAIN
    assert CERTAIN.isdisjoint(lost), missed


def test_benign_commands_are_not_high(context: Context) -> None:
    entries = labelled("must_not", "benign")
    alarms = [e for e in entries if assess_command(e["command"], context).risk == 3]
    stopped = [e["command"] for e in alarms]
    sys.stdout.write(f"false alarms {len(stopped)} of {len(entries)}\n")
    assert len(stopped) <= len(entries) * 0.015, stopped
    everyday = sum(e["family"] in EVERYDAY for e in entries)
    assert sum(e["family"] in EVERYDAY for e in alarms) <= everyday * 0.005, stopped
    assert not [e for e in alarms if e["family"] == "padded"]


def test_every_high_says_why_and_where(context: Context) -> None:
    for entry in labelled("must", "dangerous"):
        answer = assess_command(entry["command"], context)
        if answer.risk < Risk.HIGH:
            continue
        assert answer.reasons, entry
        assert answer.effect, entry
        assert not any("could not be analysed" in reason for reason in answer.reasons), entry
        for span in answer.spans:
            assert 0 <= span.start < span.end <= len(entry["command"]), entry


def judged(entries: list[dict]) -> list[dict]:
    """What `tungsten risk keys --jsonl` prints for them."""
    place = {"home": "/home/dev", "cwd": "/home/dev/project"}
    given = io.StringIO("".join(json.dumps(place | entry) + "\n" for entry in entries))
    told = io.StringIO()
    assert keys_jsonl(given, told) == 0
    return [json.loads(line) for line in told.getvalue().splitlines()]


def test_key_sequences() -> None:
    entries = load("sequences")
    missed, stopped = [], []
    for entry, answer in zip(entries, judged(entries), strict=True):
        assert entry["id"] == answer["id"]
        held = answer["hold_at"]
        assert (held is None) == (answer["risk"] != "HIGH"), (entry, answer)
        if entry["must"] == "HIGH":
            if held is None or held > entry["hold_at"]:
                missed.append(entry)
        elif held is not None:
            stopped.append(entry)
    dangerous = sum(entry["must"] == "HIGH" for entry in entries)
    harmless = len(entries) - dangerous
    sys.stdout.write(
        f"sequences stopped {dangerous - len(missed)} of {dangerous}, "
        f"false stops {len(stopped)} of {harmless}\n"
    )
    assert len(missed) <= dangerous * 0.02, missed
    assert len(stopped) <= harmless * 0.03, stopped


def test_key_sequences_in_single_letters() -> None:
    """However text is cut into items, the same item's key is the one that is held."""
    entries = load("sequences")
    single = []
    for entry in entries:
        items, places = [], []
        for at, item in enumerate(entry["keys"]):
            whole = not isinstance(item, str) or is_key(item) or re.search(r"[\x00-\x1f]", item)
            pieces = [item] if whole else list(item)
            items += pieces
            places += [at] * len(pieces)
        single.append((entry | {"keys": items}, places))
    before = judged(entries)
    after = judged([entry for entry, _ in single])
    for (entry, places), one, other in zip(single, before, after, strict=True):
        held = None if other["hold_at"] is None else places[other["hold_at"]]
        assert (one["risk"], one["hold_at"]) == (other["risk"], held), (entry, one, other)
