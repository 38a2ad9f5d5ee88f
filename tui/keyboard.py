"""Alt with a digit, Enter or a slash, as every terminal but one sends them."""

from __future__ import annotations

from enum import StrEnum

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS


class _Alt(StrEnum):
    """Keys that Textual has no names for, in the form in which its table holds keys."""

    ENTER = "alt+enter"
    SLASH = "alt+slash"


def let_alt_be_keys() -> None:
    """Make Escape followed by a digit the key `alt+digit`; so with Enter and the slash.

    Textual 8.2 (`textual/_ansi_sequences.py`) reads the digits as the characters a Mac keyboard
    types with Option, since WezTerm on macOS sends them so; in tmux and everywhere else they are
    Alt with the digit. Who types such a character gets it: its own UTF-8 is not touched.

    For Escape with Enter or a slash it has no entry, and its parser (`textual/_xterm_parser.py`)
    then gives Alt to keys with a name of one character only: the plain Enter that remained would
    send the prompt.
    """
    if isinstance(ANSI_SEQUENCES_KEYS, dict):
        for digit in "0123456789":
            ANSI_SEQUENCES_KEYS.pop(f"\x1b{digit}", None)
        ANSI_SEQUENCES_KEYS["\x1b\r"] = (_Alt.ENTER,)
        ANSI_SEQUENCES_KEYS["\x1b/"] = (_Alt.SLASH,)
