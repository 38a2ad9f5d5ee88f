"""What a shell makes of `!!`, `!$`, `!word` and `^old^new` before it reads a line."""

from __future__ import annotations

import re
from collections.abc import Sequence


def expand_history(text: str, history: Sequence[str | None]) -> str | None:
    """What `!!`, `!$`, `!word`, `^old^new` turn a line into; None when that cannot be known."""
    if text.startswith("^"):
        pieces = text[1:].split("^")
        last = history[-1] if history else None
        if last is None or len(pieces) < 2 or not pieces[0]:
            return None
        return last.replace(pieces[0], pieces[1], 1) + "".join(pieces[2:])
    if "!" not in text:
        return text
    out: list[str] = []
    at = 0
    quoted = False
    while at < len(text):
        c = text[at]
        if c == "\\" and at + 1 < len(text):
            out.append(text[at : at + 2])
            at += 2
            continue
        if c == "'" and not quoted:
            close = text.find("'", at + 1)
            close = len(text) - 1 if close < 0 else close
            out.append(text[at : close + 1])
            at = close + 1
            continue
        if c == '"':
            quoted = not quoted
        if (
            c != "!"
            or at + 1 >= len(text)
            or text[at + 1] in " \t\n=("
            or (quoted and text[at + 1] == '"')
        ):
            out.append(c)
            at += 1
            continue
        match = _EVENT.match(text, at)
        if match is None:
            out.append(c)
            at += 1
            continue
        found = _event(match, history)
        if found is None:
            return None
        out.append(found)
        at = match.end()
    return "".join(out)


_EVENT = re.compile(
    r"!(?:(!)|(\$|\*|\^|:[\d$*^-]+)|-(\d+)|(\d+)|\?([^?\n]+)\??|([^\s;&|()<>:'\"!=$*^?\d-][^\s;&|()<>:'\"!]*))((?::[^\s;&|]+)?)"
)


def _event(match: re.Match[str], history: Sequence[str | None]) -> str | None:
    again, word, back, _number, within, start, modifier = match.groups()
    if not history:
        return None
    event: str | None = None
    if again or word:
        event = history[-1]
    elif back:
        event = history[-int(back[:6])] if 0 < int(back[:6]) <= len(history) else None
    elif start:
        event = next(
            (line for line in reversed(history) if line is None or line.startswith(start)), None
        )
    elif within:
        event = next((line for line in reversed(history) if line is None or within in line), None)
    if event is None:
        return None
    words = event.split()
    designator = word or ""
    if modifier:
        designator = modifier[1:]
    if designator in ("", ":0-"):
        return event
    designator = designator.lstrip(":")
    if designator == "$":
        return words[-1] if words else ""
    if designator == "*":
        return " ".join(words[1:])
    if designator == "^":
        return words[1] if len(words) > 1 else ""
    if designator.isdigit():
        return words[int(designator)] if int(designator) < len(words) else None
    return None
