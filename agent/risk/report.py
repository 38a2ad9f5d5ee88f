"""What the command line prints: verdicts as JSON lines, and the tree a person reads."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from agent.risk.assessment import Assessment, Context, Paste, Risk
from agent.risk.classify import assess_command
from agent.risk.evaluate import evaluate
from agent.risk.examples import tried
from agent.risk.keystrokes import assess_keys
from agent.risk.rules import Rules, parse


def _context(record: Mapping[str, object]) -> Context:
    home = Path(_text(record, "home") or str(Path.home()))
    cwd = Path(_text(record, "cwd") or str(home / "project"))
    history = record.get("history")
    rules = Rules()
    if "rules" in record:
        rules = tried(parse(record["rules"]), home=home, project=cwd)
    return Context(
        cwd=cwd,
        home=home,
        project=cwd,
        foreground=_text(record, "foreground") or "bash",
        history=tuple(str(h) for h in history) if isinstance(history, list) else (),
        screen=_text(record, "screen"),
        rules=rules,
        read_back=True,
    )


def _text(record: Mapping[str, object], name: str) -> str:
    found = record.get(name, "")
    return found if isinstance(found, str) else ""


def _lines(stream: IO[str]) -> list[tuple[dict[str, object] | None, str]]:
    found: list[tuple[dict[str, object] | None, str]] = []
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            found.append((None, f"line {number} is not JSON"))
            continue
        if isinstance(record, dict):
            found.append((record, ""))
        else:
            found.append((None, f"line {number} is not an object"))
    return found


def _needs(answer: Assessment) -> Risk:
    """What a rule denies or asks about needs a person, so it is reported as HIGH."""
    return Risk.HIGH if answer.denied_by or answer.asked_by else answer.risk


def _say(stream: IO[str], answer: dict[str, object]) -> None:
    stream.write(json.dumps(answer) + "\n")


def check_jsonl(stream_in: IO[str], stream_out: IO[str]) -> int:
    """Judge `{"id", "command"[, "cwd", "home", "rules"]}` lines.

    Prints `{"id", "risk", "reasons", "micros"}` for each; a line that cannot be read is HIGH, and
    so is what a deny or ask rule matches.
    Without a home the current user's counts; without a cwd the root of a trusted project in it.

    Returns:
        How many lines could not be read.
    """
    bad = 0
    for record, problem in _lines(stream_in):
        if record is None or not isinstance(record.get("command"), str):
            bad += 1
            identity = record.get("id") if record else None
            reason = problem or "the line has no command"
            _say(stream_out, {"id": identity, "risk": "HIGH", "reasons": [reason], "micros": 0})
            continue
        started = time.perf_counter_ns()
        answer = assess_command(_text(record, "command"), _context(record))
        micros = (time.perf_counter_ns() - started) // 1000
        found: dict[str, object] = {
            "id": record.get("id"),
            "risk": _needs(answer).name,
            "reasons": list(answer.reasons),
            "micros": micros,
        }
        _say(stream_out, found)
    return bad


def keys_jsonl(stream_in: IO[str], stream_out: IO[str]) -> int:
    """Judge `{"id", "foreground", "keys"[, "history", "screen", "cwd", "home"]}` lines.

    Prints `{"id", "risk", "hold_at", "reasons"}` for each; a line that cannot be read is HIGH.
    The screen may be that before the keys or, where they complete or recall a line, that after.

    Returns:
        How many lines could not be read.
    """
    bad = 0
    for record, problem in _lines(stream_in):
        keys = _keys(record.get("keys")) if record else None
        if record is None or keys is None:
            bad += 1
            identity = record.get("id") if record else None
            reason = problem or "the line has no keys"
            _say(stream_out, {"id": identity, "risk": "HIGH", "hold_at": 0, "reasons": [reason]})
            continue
        answer = assess_keys(keys, _context(record))
        _say(
            stream_out,
            {
                "id": record.get("id"),
                "risk": _needs(answer).name,
                "hold_at": answer.hold_at,
                "reasons": list(answer.reasons),
            },
        )
    return bad


def _keys(data: object) -> list[str | Paste] | None:
    if not isinstance(data, list):
        return None
    keys: list[str | Paste] = []
    for item in data:
        if isinstance(item, str):
            keys.append(item)
        elif isinstance(item, dict) and isinstance(item.get("paste"), str):
            keys.append(Paste(item["paste"]))
        else:
            return None
    return keys


_JOINERS = frozenset({"&&", "||", "|", "|&"})
"""What says of a command more than that it comes next."""


def explain(command: str, context: Context) -> str:
    """The tree a person can read: the verdict, then every command found and its risk."""
    answer: Assessment = assess_command(command, context)
    effect = answer.effect or "it only looks"
    # A reason that says the effect, and why it matters, takes its place.
    effect = next((reason for reason in answer.reasons if reason.startswith(effect)), effect)
    try:
        tree = evaluate(command, context, tree=True).tree or []
    except Exception:  # noqa: BLE001 - the verdict already says that it failed
        tree = []
    # Of several commands each has its own reasons below it.
    several = len(tree) > 1
    said = {reason for one in tree for reason in one.why} if several else set()
    lines = [f"{answer.risk.name}: {effect}"]
    lines += [f"  why: {reason}" for reason in answer.reasons if reason not in {effect, *said}]
    if tree:
        lines.append("commands:")
    for one in tree[:400]:
        indent = "  " * (one.depth + 1)
        joiner = f"{one.joiner} " if one.joiner in _JOINERS else ""
        lines.append(f"{indent}{joiner}{one.text or '(nothing)'}  ← {one.risk.name}")
        if several:
            lines += [f"{indent}  why: {reason}" for reason in one.why]
    if len(tree) > 400:
        lines.append(f"  … and {len(tree) - 400} more")
    return "\n".join(lines)
