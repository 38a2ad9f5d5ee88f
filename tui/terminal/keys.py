"""Keys as Textual names them, written as tmux's send-keys takes them (tmux(1), KEY BINDINGS)."""

from __future__ import annotations

from dataclasses import dataclass

from tui.keys.key_names import CHARACTERS

_NAMES = {
    "enter": "Enter",
    "return": "Enter",
    "escape": "Escape",
    "tab": "Tab",
    "backspace": "BSpace",
    "delete": "DC",
    "insert": "IC",
    "home": "Home",
    "end": "End",
    "pageup": "PPage",
    "pagedown": "NPage",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    "space": "Space",
}
_MODIFIERS = {"ctrl": "C-", "alt": "M-", "meta": "M-", "shift": "S-"}
HIGHEST_FUNCTION_KEY = 12
"""tmux names F1 to F12; terminals send Shift+F1 for F13 and so on."""


@dataclass(frozen=True, slots=True)
class Literal:
    """Text to send as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class KeyName:
    """A key by tmux's name for it."""

    name: str


def translate(key: str, character: str | None) -> Literal | KeyName | None:
    """Translate one key event.

    Args:
        key: Textual's name, for instance `ctrl+left` or `a`.
        character: What the key writes, if it writes something.

    Returns:
        What to send, or None for a key that tmux has no word for (a modifier alone, media keys).
    """
    *modifiers, name = key.split("+") if key != "+" else ["+"]
    if not set(modifiers) <= _MODIFIERS.keys():
        return None
    held = {*modifiers} - {"shift"}
    if not held and character is not None and len(character) == 1 and character.isprintable():
        return Literal(character)
    if key == "backspace" and character == "\b":
        # Textual names both of them backspace; programs tell Ctrl+H from it.
        return KeyName("C-h")
    if name == "tab" and "shift" in modifiers:
        return KeyName(_prefix(modifiers, without="shift") + "BTab")
    if name[:1] == "f" and name[1:].isdigit():
        return _function_key(int(name[1:]), modifiers)
    if (named := _NAMES.get(name)) is not None:
        return KeyName(_prefix(modifiers) + named)
    written = name if len(name) == 1 else CHARACTERS.get(name)
    if written is None and character is not None and character.isprintable():
        written = character
    if written is None or len(written) != 1:
        return None
    if "ctrl" in modifiers and written == "@":
        written = "Space"
    if not modifiers:
        return Literal(written)
    return KeyName(_prefix(modifiers) + written)


def _function_key(number: int, modifiers: list[str]) -> KeyName | None:
    if number <= HIGHEST_FUNCTION_KEY:
        return KeyName(f"{_prefix(modifiers)}F{number}")
    if number <= 2 * HIGHEST_FUNCTION_KEY and "shift" not in modifiers:
        return KeyName(f"{_prefix([*modifiers, 'shift'])}F{number - HIGHEST_FUNCTION_KEY}")
    return None


def _prefix(modifiers: list[str], *, without: str = "") -> str:
    held = {_MODIFIERS[modifier] for modifier in modifiers if modifier != without}
    return "".join(prefix for prefix in ("C-", "M-", "S-") if prefix in held)
