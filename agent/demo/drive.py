"""The role that drives an interactive program by keystrokes and reads its screen: a Python REPL."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.demo.talk import Say, Talk, Used
from agent.demo.verify import NOTES

PROMPT = ">>>"

STEPS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "I open a Python prompt, key by key.",
        ("python3 -q", "Enter"),
        PROMPT,
    ),
    (
        "A sum first. I type a wrong digit, take it back, and correct it.",
        ("2 ** 6", "BSpace", "10", "Enter"),
        "1024",
    ),
    (
        "Now the calendar.",
        ("import calendar", "Enter"),
        "import calendar",
    ),
    (
        "Is 2028 a leap year?",
        ("calendar.isleap(2028)", "Enter"),
        "True",
    ),
    (
        "Then February must be long. I let Python draw it.",
        ("print(calendar.month(2028, 2))", "Enter"),
        "February 2028",
    ),
)
"""What to say, the keys to type, and what must be on the screen then."""

LEAVE = ("exit()", "Enter")

CLEAR = "C-u"
"""Empties the line being edited, in bash and in Python."""

MAX_TRIES = 3

_AFTER = {
    "power": re.compile(r">>> 2 \*\* 10\s*\n\s*(\d+)"),
    "leap": re.compile(r">>> calendar\.isleap\(2028\)\s*\n\s*(True|False)"),
}


def next_move(talk: Talk) -> Say:
    """Decide from what really is on the screen."""
    last = talk.last
    if last is None:
        return _type(*STEPS[0][:2])
    if last.unknown and last.name != "file_write":
        return Say("I was interrupted. What is on the screen?", "terminal_read", {})
    if talk.last_of("file_write") is last and (last.unknown or not last.is_error):
        return Say(f"**Done.** I wrote what the screen showed to `{NOTES}`, and left Python.")
    if last.stopped or last.is_error:
        return Say(f"That did not happen ({last.reason}), so I stop here without notes.")
    typed = [_keys(used) for used in talk.used if used.name == "terminal_type"]
    if not typed:
        return _type(*STEPS[0][:2])
    if typed[-1] == LEAVE:
        return _after_leaving(talk, last)
    number = next(number for number, step in enumerate(STEPS) if step[1] == typed[-1])
    return _after_step(number, last, tries=typed.count(typed[-1]))


def _after_step(number: int, last: Used, *, tries: int) -> Say:
    words, keys, expected = STEPS[number]
    arrived = expected in last.result and _at_python(last)
    # Read after an interruption: the keys may all have arrived, or some, or none.
    if last.name == "terminal_read" and not arrived and tries < MAX_TRIES:
        return _type(f"Not all of that arrived. Again: {words}", (CLEAR, *keys))
    if expected not in last.result:
        if last.name != "terminal_type" or "not found" in last.result:
            return Say(f"The screen never showed `{expected}`, so I stop here without notes.")
        return Say(
            "Not there yet, I wait for it.", "terminal_wait", {"text": expected, "timeout": 20}
        )
    if number + 1 < len(STEPS):
        return _type(*STEPS[number + 1][:2])
    return _type("I have seen what I wanted. I leave Python.", LEAVE)


def _after_leaving(talk: Talk, last: Used) -> Say:
    if last.name == "terminal_read" and ">>>" in _last_line(last):
        return _type("I am still in Python. Again.", (CLEAR, *LEAVE))
    if last.name != "terminal_wait":
        return Say("Back to the shell?", "terminal_wait", {"prompt": True, "timeout": 20})
    if ": not within" in last.result:
        return Say("Python does not end. I stop here without notes.")
    notes = _notes("\n".join(used.result for used in talk.used))
    return Say(
        "I write down what I saw.",
        "file_write",
        {"path": NOTES, "content": notes, "why": "keep what the screen showed"},
    )


def _keys(used: Used) -> tuple[str, ...]:
    keys = tuple(used.input["keys"])
    return keys[1:] if keys[0] == CLEAR else keys


def _at_python(used: Used) -> bool:
    return _last_line(used).strip() == PROMPT


def _last_line(used: Used) -> str:
    lines = [line for line in used.result.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _notes(seen: str) -> str:
    """Put what was read from the screen into words; what was not seen is not claimed."""
    power, leap = _AFTER["power"].search(seen), _AFTER["leap"].search(seen)
    month = seen.rpartition("February 2028")[2].partition(PROMPT)[0]
    days = [int(number) for number in re.findall(r"\b\d{1,2}\b", month)]
    lines = ["# Seen in a Python prompt", ""]
    if power:
        lines.append(f"- 2 ** 10 = {power.group(1)}")
    if leap:
        lines.append(f"- 2028 is a leap year: {leap.group(1)}")
    if days:
        lines.append(f"- February 2028 has {max(days)} days")
    return "\n".join(lines) + "\n"


def _type(text: str, keys: Sequence[str]) -> Say:
    return Say(text, "terminal_type", {"keys": list(keys), "why": "try Python by hand"})
