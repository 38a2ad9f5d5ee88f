"""Alt with a character, Enter or Space, as every terminal but one sends them."""

from __future__ import annotations

from typing import NamedTuple

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.keys import _character_to_key

_BEGINNINGS = frozenset("[OP]_^")
"""What stands behind Escape in sequences that go on: CSI, SS3, DCS, OSC, APC and PM (ECMA-48)."""

_OTHERWISE = frozenset("bf")
"""Letters whose Alt Textual takes for Ctrl with an arrow, as terminals on a Mac send that."""

_CHARACTERS = [
    character
    for character in map(chr, (*range(0x20, 0x7F), *range(0xA1, 0x180)))
    if character.isprintable() and character not in _BEGINNINGS | _OTHERWISE
]
"""ASCII and the letters of European keyboards."""


class _Alt(NamedTuple):
    """A key in the form in which Textual's table holds keys."""

    value: str


def let_alt_be_keys() -> None:
    """Make Escape followed by a character a key with Alt, as soon as both are there.

    Textual 8.2 (`textual/_ansi_sequences.py`) reads the digits as the characters a Mac keyboard
    types with Option, since WezTerm on macOS sends them so; in tmux and everywhere else they are
    Alt with the digit. Who types such a character gets it: its own UTF-8 is not touched.

    For most others it has no entry. Its parser (`textual/_xterm_parser.py`) then waits for more,
    and where more comes at once, as over a slow line, both are written instead: `^8` for Alt+8. It
    also gives Alt to keys with a name of one character only: the plain Enter that remained would
    send the prompt.
    """
    if isinstance(ANSI_SEQUENCES_KEYS, dict):
        for character in _CHARACTERS:
            ANSI_SEQUENCES_KEYS[f"\x1b{character}"] = (_Alt(f"alt+{_name(character)}"),)
        ANSI_SEQUENCES_KEYS["\x1b\r"] = (_Alt("alt+enter"),)


def _name(character: str) -> str:
    if not character.isalnum():
        return _character_to_key(character)
    return f"shift+{character.lower()}" if character.isupper() else character
