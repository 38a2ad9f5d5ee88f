"""Alt with a digit or Enter, as every terminal but one sends them."""

from __future__ import annotations

from enum import StrEnum

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS


class _AltEnter(StrEnum):
    """A key that Textual has no name for, in the form in which its table holds keys."""

    ALT_ENTER = "alt+enter"


def let_alt_be_keys() -> None:
    """Make Escape followed by a digit the key `alt+digit`, and by Enter `alt+enter`.

    Textual 8.2 (`textual/_ansi_sequences.py`) reads the digits as the characters a Mac keyboard
    types with Option, since WezTerm on macOS sends them so; in tmux and everywhere else they are
    Alt with the digit. Who types such a character gets it: its own UTF-8 is not touched.

    For Escape and Enter it has no entry, and its parser (`textual/_xterm_parser.py`) then gives
    Alt to letters and signs only: the plain Enter that remained would send the prompt.
    """
    if isinstance(ANSI_SEQUENCES_KEYS, dict):
        for digit in "0123456789":
            ANSI_SEQUENCES_KEYS.pop(f"\x1b{digit}", None)
        ANSI_SEQUENCES_KEYS["\x1b\r"] = (_AltEnter.ALT_ENTER,)
