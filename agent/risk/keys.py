# ruff: noqa: E501 - tables and patterns read better unbroken
"""What keys are: tmux's names, text, pastes, and the control characters hidden in text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.risk.arguments import wordlist
from agent.risk.assessment import Paste

NAMED = frozenset(
    wordlist("""Enter Tab BTab Escape Space BSpace Up Down Left Right Home End IC DC Insert Delete
    PPage NPage PageUp PageDown PgUp PgDn KPEnter KP0 KP1 KP2 KP3 KP4 KP5 KP6 KP7 KP8 KP9 KP. KP+ KP- KP* KP/ FocusIn FocusOut""")
) | frozenset(f"F{number}" for number in range(1, 13))
_MODIFIED = re.compile(r"^(?:[CMS]-)+(.+)$")
_SAME = {
    "C-m": "Enter", "C-M": "Enter", "C-j": "Enter", "C-J": "Enter", "KPEnter": "Enter",
    "C-[": "Escape", "C-i": "Tab", "C-I": "Tab", "C-?": "BSpace", "C-h": "BSpace",
    "C-H": "BSpace", "Insert": "IC", "Delete": "DC", "PageUp": "PPage", "PgUp": "PPage",
    "PageDown": "NPage", "PgDn": "NPage", "S-Enter": "Enter", "C-Enter": "Enter", "M-Enter": "Enter",
    "C-M-m": "Enter", "C-M-j": "Enter", "M-C-m": "Enter", "C-3": "Escape", "C-8": "BSpace", "M-C-h": "M-BSpace",
    "S-Left": "Left", "S-Right": "Right", "S-Up": "Up", "S-Down": "Down",
}  # fmt: skip
_SEQUENCES = {
    "[A": "Up", "[B": "Down", "[C": "Right", "[D": "Left", "[H": "Home", "[F": "End", "OA": "Up",
    "OB": "Down", "OC": "Right", "OD": "Left", "OH": "Home", "OF": "End", "[3~": "DC", "[2~": "IC",
    "[1~": "Home", "[4~": "End", "[5~": "PPage", "[6~": "NPage", "[Z": "BTab", "OM": "Enter",
    "[1;5D": "C-Left", "[1;5C": "C-Right", "[1;3D": "M-Left", "[1;3C": "M-Right",
}  # fmt: skip
_SEQUENCE = re.compile(r"\x1b(\[[0-9;]*[A-Za-z~]|O[A-Za-z])")


@dataclass(frozen=True, slots=True)
class Stroke:
    """One event.

    Attributes:
        kind: `text`, `key` or `paste`.
        text: what arrives, or the key's canonical name.
        index: the item it came from.
        given: the key's name as it was given; programs may tell `C-j` from `Enter`.
    """

    kind: str
    text: str
    index: int
    given: str = ""


def is_key(item: str) -> bool:
    """An item is exactly one of tmux's key names."""
    if item in NAMED:
        return True
    if len(item) == 2 and item[0] == "^" and (item[1].isalpha() or item[1] in "@[\\]_?"):
        return True
    if re.fullmatch(r"0x[0-9A-Fa-f]{1,6}", item):
        return True
    match = _MODIFIED.match(item)
    return match is not None and (len(match[1]) == 1 or match[1] in NAMED)


def canonical(name: str) -> str:
    """One spelling for keys that send the same."""
    if name.startswith("^") and len(name) == 2:
        name = "C-" + name[1].lower()
    match = _MODIFIED.match(name)
    if match and len(match[1]) == 1 and "C-" in name[: -len(match[1])]:
        modifiers = sorted(set(re.findall(r"[CMS]-", name[: -len(match[1])])))
        name = "".join(m for m in modifiers if m != "S-") + match[1].lower()
    return _SAME.get(name, name)


def strokes(keys: Sequence[str | Paste]) -> Iterator[Stroke]:
    """Flatten keys into events, control characters and escape sequences in text included."""
    if _PRIVATE in "".join(_sent(item) for item in keys if isinstance(item, str)):
        # As bad as a line that nobody can tell, submitted.
        yield Stroke("key", "Tab", 0)
        yield Stroke("key", "Enter", 0)
    for index, item in enumerate(keys):
        if isinstance(item, Paste):
            # What follows the mark of its end is no paste any more for the program.
            pasted, end, rest = item.text.partition("\x1b[201~")
            yield Stroke("paste", pasted, index)
            if end:
                yield from _text(rest, index)
        elif is_key(item):
            if item.startswith("0x"):
                yield from _text(chr(min(int(item, 16), 0x10FFFF)), index)
            elif item == "Space":
                yield Stroke("text", " ", index)
            elif item.startswith("KP") and len(item) == 3:
                yield Stroke("text", item[2], index)
            else:
                yield Stroke("key", canonical(item), index, item)
        else:
            yield from _text(item, index)


_PRIVATE = "\x1b[27;9;"
"""How the keys begin by which Tungsten makes a shell enter a line (`tungsten/shell/marks.py`)."""


def _sent(item: str) -> str:
    """The characters that a key sends, as far as they can be part of such keys."""
    if item.startswith("0x") and is_key(item):
        return chr(min(int(item, 16), 0x10FFFF))
    if item in ("Escape", "C-[", "^["):
        return "\x1b"
    if item.startswith("M-") and len(item) == 3:
        return "\x1b" + item[2]
    return item


def _text(text: str, index: int) -> Iterator[Stroke]:
    at = 0
    start = 0
    while at < len(text):
        c = text[at]
        if c >= " " and c != "\x7f":
            at += 1
            continue
        if at > start:
            yield Stroke("text", text[start:at], index)
        if c == "\x1b":
            if text.startswith("\x1b[200~", at):
                close = text.find("\x1b[201~", at)
                close = len(text) if close < 0 else close
                yield Stroke("paste", text[at + 6 : close], index)
                at = min(close + 6, len(text))
                start = at
                continue
            match = _SEQUENCE.match(text, at)
            if match:
                yield Stroke("key", _SEQUENCES.get(match[1], "unknown"), index)
                at = match.end()
            else:
                yield Stroke("key", "Escape", index)
                at += 1
        else:
            if c == "\r" and text[at + 1 : at + 2] == "\n":
                at += 1
            name = "BSpace" if c == "\x7f" else canonical("C-" + chr(ord(c) + 96).lower())
            yield Stroke("key", name, index)
            at += 1
        start = at
    if at > start:
        yield Stroke("text", text[start:at], index)
