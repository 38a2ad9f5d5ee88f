"""Alt with a digit, as every terminal but one sends it."""

from __future__ import annotations

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS


def let_alt_digits_be_keys() -> None:
    """Make Escape followed by a digit the key `alt+digit`.

    Textual 8.2 (`textual/_ansi_sequences.py`) reads these as the characters a Mac keyboard types
    with Option, since WezTerm on macOS sends them so; in tmux and everywhere else they are Alt with
    the digit. Who types such a character gets it: its own UTF-8 is not touched.
    """
    if isinstance(ANSI_SEQUENCES_KEYS, dict):
        for digit in "0123456789":
            ANSI_SEQUENCES_KEYS.pop(f"\x1b{digit}", None)
