"""Text that is safe to print on a terminal, whatever a model, a program or a file put into it.

An escape sequence may write to the clipboard, set titles, clear the screen or answer in the name of
the person's keyboard; a bidirectional or an invisible character makes text look like another.
`clean` is for text that is read, `visible` for text that a person decides about.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

TAB = 4
"""Columns between tab stops in text that is not a terminal's own screen."""

SHOWN_TAB = "⇥   "

_ESCAPES = re.compile(
    # CSI, OSC and other string sequences, two-byte escapes (ECMA-48).
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]"
)
_CONTROLS = re.compile(
    # Controls, the soft hyphen, bidirectional marks, separators of lines, what has no width, and
    # tags. Joiners stay: emoji and whole scripts are written with them.
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Hangul fillers and the empty Braille pattern: they look like a space and are none."""

UNPRINTABLE = re.compile(
    "[^\n -~\u00a1-\u00ac\u00ae-\u02ff\u0370-\u04bf"
    "\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]"
)
"""Candidates for a stand-in: all but characters known to show as themselves."""


def clean(text: str) -> str:
    """Make text safe to draw: line feeds stay, escape sequences go, other controls become `·`."""
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    text = without_escapes(text)
    if "\r" in text:
        # What a carriage return overwrote on a real screen is not worth a line here.
        text = "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))
    text = _CONTROLS.sub("·", text)
    text = _SURROGATES.sub("\ufffd", text)
    if "\t" in text:
        text = text.expandtabs(TAB)
    return text


def without_escapes(text: str) -> str:
    """Take escape sequences off, whole."""
    return _ESCAPES.sub("", text) if "\x1b" in text else text


def one_line(text: str) -> str:
    """Clean text and fold it to one line."""
    return " ".join(clean(text).split())


def visible(text: str) -> str:
    """Show every character: line feeds stay, and what would not show as itself gets a stand-in."""
    return UNPRINTABLE.sub(lambda found: stand_in(found[0]) or found[0], text)


def visible_line(text: str) -> str:
    """Show every character in one line; line feeds and runs of spaces become a space."""
    return " ".join(visible(text).split())


@lru_cache(4096)
def stand_in(character: str) -> str | None:
    """Return what to show instead of a character, or None when it shows as itself."""
    if character == "\t":
        return SHOWN_TAB
    code = ord(character)
    if code < 0x20:
        return "^" + chr(code + 0x40)
    if code == 0x7F:
        return "^?"
    category = unicodedata.category(character)
    if category in _HIDDEN or (category == "Zs" and character != " "):
        return f"‹U+{code:04X}›"
    return f"‹U+{code:04X}›" if character in _BLANK_LETTERS else None


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun: `1 memory`, `2,000 memories`; `many` is `one` and an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
