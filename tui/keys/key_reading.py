"""Keys as a person writes them into the settings: in tmux's words or in Textual's.

What no terminal sends, or sends for another key as well, is refused with the reason. Which bytes
common terminals send: xterm's `ctlseqs`; what becomes of them: `textual/_xterm_parser.py`, 8.2.
"""

from __future__ import annotations

import re

from tui.keys.key_names import CHARACTERS, label

SIGNS = {sign: name for name, sign in CHARACTERS.items()}

_NAMES = {
    "enter": "enter",
    "return": "enter",
    "cr": "enter",
    "escape": "escape",
    "esc": "escape",
    "tab": "tab",
    "btab": "shift+tab",
    "space": "space",
    "bspace": "backspace",
    "backspace": "backspace",
    "up": "up",
    "down": "down",
    "left": "left",
    "right": "right",
    "home": "home",
    "end": "end",
    "ppage": "pageup",
    "pageup": "pageup",
    "pgup": "pageup",
    "npage": "pagedown",
    "pagedown": "pagedown",
    "pgdn": "pagedown",
    "dc": "delete",
    "delete": "delete",
    "del": "delete",
    "ic": "insert",
    "insert": "insert",
    "ins": "insert",
}
"""Names by tmux(1) and by Textual, in small letters."""

_WORDS = re.compile(r"(ctrl|control|alt|meta|option|shift|super|hyper|cmd|win)[+-](?=.)", re.I)
_LETTERS = re.compile(r"([CMS])-(?=.)", re.I)
_MODIFIERS = {
    "control": "ctrl",
    "c": "ctrl",
    "meta": "alt",
    "option": "alt",
    "m": "alt",
    "s": "shift",
}
_KEPT = frozenset({"super", "hyper", "cmd", "win"})

MOVING = frozenset(
    {"up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete"}
)
"""Keys whose sequences carry modifiers."""

HIGHEST_FUNCTION_KEY = 12

_SAME = {
    "i": "Tab",
    "m": "Enter",
    "left_square_bracket": "Esc",
    "h": "Backspace in many terminals",
}
"""What Ctrl with a key is, by ASCII."""

_WITH_CTRL = frozenset(
    {"backslash", "right_square_bracket", "circumflex_accent", "underscore", "@"}
)


class KeyRefusedError(ValueError):
    """A key that is none, or that a terminal can't tell from another; the text says which."""


def read_key(written: str) -> str:
    """Read the name of a key and return Textual's.

    Raises:
        KeyRefusedError: there is no such key, or no terminal delivers it.
    """
    modifiers, name = _parsed(written.strip())
    shown = label("+".join((*sorted(modifiers), name)))
    if kept := modifiers & _KEPT:
        raise KeyRefusedError(f"terminals keep {next(iter(kept)).capitalize()} for themselves")
    if name in MOVING or _number(name):
        return _moving(modifiers, name, shown)
    if name in {"enter", "escape", "tab", "space", "backspace"}:
        return _named(modifiers, name, shown)
    if "ctrl" in modifiers:
        return _with_ctrl(modifiers, name, shown)
    if "alt" in modifiers:
        return _with_alt(modifiers, name, shown)
    if "shift" in modifiers:
        if not (name.isalpha() and len(name) == len(name.upper()) == 1):
            raise KeyRefusedError("with Shift a key writes another sign: name that sign")
        return name.upper()
    return name


def _parsed(written: str) -> tuple[set[str], str]:
    modifiers: set[str] = set()
    rest = written
    if len(rest) == 2 and rest[0] == "^":
        modifiers, rest = {"ctrl"}, rest[1]
    while len(rest) > 1 and (found := _WORDS.match(rest) or _LETTERS.match(rest)):
        word = found[1].lower()
        modifiers.add(_MODIFIERS.get(word, word))
        rest = rest[found.end() :]
    if len(rest) == 1:
        if not rest.isprintable():
            raise KeyRefusedError("a key is named by a word, such as Enter")
        if rest not in SIGNS and rest != " " and not rest.isalnum():
            raise KeyRefusedError("it is no sign of a usual keyboard: take a letter or F1 to F12")
        return modifiers, "space" if rest == " " else SIGNS.get(rest, rest)
    lower = rest.lower()
    if lower in _NAMES:
        *more, name = _NAMES[lower].split("+")
        return modifiers | set(more), name
    if lower in CHARACTERS:
        return modifiers, lower
    if re.fullmatch(r"f[1-9][0-9]?", lower):
        return modifiers, lower
    raise KeyRefusedError("there is no such key: write it as in C-n, M-x, F5, PPage, ctrl+n, alt+x")


def _number(name: str) -> int:
    return int(name[1:]) if re.fullmatch(r"f[0-9]+", name) else 0


def _moving(modifiers: set[str], name: str, shown: str) -> str:
    if _number(name) > HIGHEST_FUNCTION_KEY:
        raise KeyRefusedError(f"terminals know F1 to F{HIGHEST_FUNCTION_KEY}")
    if len(modifiers) > 1:
        raise KeyRefusedError(f"many terminals do not send {shown}: one of Ctrl, Alt, Shift")
    return "+".join((*modifiers, name))


def _named(modifiers: set[str], name: str, shown: str) -> str:
    if not modifiers:
        return name
    if (modifiers, name) == ({"shift"}, "tab"):
        return "shift+tab"
    if (modifiers, name) == ({"alt"}, "enter"):
        return "alt+enter"
    if (modifiers, name) == ({"ctrl"}, "space"):
        return "ctrl+@"
    if (modifiers, name) == ({"shift"}, "enter"):
        return "shift+enter"
    raise KeyRefusedError(f"most terminals send for {shown} what another key sends")


def _with_ctrl(modifiers: set[str], name: str, shown: str) -> str:
    if modifiers != {"ctrl"}:
        with_what = "Alt" if "alt" in modifiers else "Shift"
        raise KeyRefusedError(f"terminals send Ctrl+{with_what} with a letter as Ctrl with it")
    name = name.lower()
    if name in _SAME:
        raise KeyRefusedError(f"{label(f'ctrl+{name}')} is {_SAME[name]}")
    if name == "at":
        name = "@"
    if name in _WITH_CTRL or (len(name) == 1 and name.isascii() and name.isalpha()):
        return f"ctrl+{name}"
    raise KeyRefusedError(f"terminals have no {shown}: with Ctrl they send letters and @ \\ ] ^ _")


def _with_alt(modifiers: set[str], name: str, shown: str) -> str:
    if (modifiers, name) == ({"alt"}, "slash"):
        # A key of the app's own; the others stand elsewhere on many keyboards, behind a third key.
        return "alt+slash"
    if not (len(name) == 1 and name.isascii() and name.isalnum()):
        raise KeyRefusedError(
            "with Alt, letters, digits and / are on every keyboard, other signs are not"
        )
    if "shift" in modifiers or name.isupper():
        if name.upper() == "O" or name.isdecimal():
            raise KeyRefusedError(f"what {shown} sends begins the sequences of other keys")
        return f"alt+shift+{name.lower()}"
    return f"alt+{name}"
