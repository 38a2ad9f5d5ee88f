"""The labelled sets: what is dangerous is stopped, what is harmless is let through."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from agent.risk import Context, Paste, Risk, assess_command, assess_keys

DATA = Path(__file__).parent / "data"


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


def test_benign_commands_are_not_high(context: Context) -> None:
    entries = labelled("must_not", "benign")
    stopped = [e["command"] for e in entries if assess_command(e["command"], context).risk == 3]
    sys.stdout.write(f"false alarms {len(stopped)} of {len(entries)}\n")
    assert len(stopped) <= len(entries) * 0.015, stopped


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


def test_key_sequences(context: Context) -> None:
    wrong = []
    for entry in load("sequences"):
        keys = [k if isinstance(k, str) else Paste(k["paste"]) for k in entry["keys"]]
        place = replace(
            context,
            foreground=entry["foreground"],
            history=tuple(entry.get("history", ())),
            screen=entry.get("screen", ""),
            line="",
        )
        answer = assess_keys(keys, place)
        if entry["must"] == "HIGH":
            held = answer.hold_at is not None and answer.hold_at <= entry["hold_at"]
            if answer.risk is not Risk.HIGH or not held:
                wrong.append(entry)
        elif answer.risk is Risk.HIGH or answer.hold_at is not None:
            wrong.append(entry)
    assert not wrong
