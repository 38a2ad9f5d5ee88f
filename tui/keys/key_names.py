"""How keys are written: by Textual in the code, by tmux, and for people to read.

Importable without Textual.
"""

from __future__ import annotations

import unicodedata

CHARACTERS = {
    "at": "@",
    "backslash": "\\",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "circumflex_accent": "^",
    "underscore": "_",
    "slash": "/",
    "minus": "-",
    "plus": "+",
    "question_mark": "?",
    "full_stop": ".",
    "comma": ",",
    "semicolon": ";",
    "colon": ":",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "equals_sign": "=",
    "exclamation_mark": "!",
    "quotation_mark": '"',
    "apostrophe": "'",
    "number_sign": "#",
    "dollar_sign": "$",
    "percent_sign": "%",
    "ampersand": "&",
    "asterisk": "*",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "vertical_line": "|",
    "tilde": "~",
    "grave_accent": "`",
}
CHARACTERS |= {
    unicodedata.name(sign).lower().replace("-", "_").replace(" ", "_"): sign
    for sign in (*filter(str.isprintable, map(chr, range(0xA1, 0x100))), "€")
    if not sign.isalnum()
}
"""Textual's names of the signs that a key may write: ASCII's, and others that keyboards have."""

_SHOWN = {
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "tab": "Tab",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "insert": "Ins",
    "delete": "Del",
    "backspace": "Backspace",
}
_TMUX = {
    "escape": "Escape",
    "enter": "Enter",
    "space": "Space",
    "tab": "Tab",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    "pageup": "PPage",
    "pagedown": "NPage",
    "home": "Home",
    "end": "End",
    "backspace": "BSpace",
    "delete": "DC",
    "insert": "IC",
}
_PREFIXES = {"ctrl": "C-", "alt": "M-", "shift": "S-"}


def label(key: str) -> str:
    """Write a key as people read it: `^G` (Ctrl+G), `Alt+1`, `F1`, `Enter`."""
    modifiers, name = _parts(key)
    shown = _SHOWN.get(name) or CHARACTERS.get(name, name)
    if _is_function_key(name):
        shown = name.upper()
    if modifiers == ["ctrl"] and len(shown) == 1 and shown.isascii():
        return f"^{shown.upper()}"
    prefix = "".join(f"{modifier.capitalize()}+" for modifier in modifiers)
    return f"{prefix}{shown}"


def tmux_name(key: str) -> str:
    """Write a key as tmux names it (key names of tmux(1)): `C-g`, `M-1`, `F1`, `BTab`, `PPage`."""
    if key == "shift+tab":
        return "BTab"
    modifiers, name = _parts(key)
    prefix = "".join(_PREFIXES[modifier] for modifier in modifiers)
    shown = _TMUX.get(name) or CHARACTERS.get(name, name)
    return f"{prefix}{name.upper() if _is_function_key(name) else shown}"


def is_character(key: str) -> bool:
    """Say whether a key, in Textual's words, writes something."""
    return key == "space" or len(key) == 1 or key in CHARACTERS


def _parts(key: str) -> tuple[list[str], str]:
    """Split off modifiers; a letter with Shift is its capital, and Ctrl with `@` is with Space."""
    *modifiers, name = key.split("+")
    if "shift" in modifiers and len(name) == 1 and name.isalpha():
        modifiers.remove("shift")
        name = name.upper()
    return modifiers, "space" if modifiers == ["ctrl"] and name == "@" else name


def _is_function_key(name: str) -> bool:
    return name[:1] == "f" and name[1:].isdecimal()
