"""What a person at random sends to a terminal, and the ways into every screen, in bytes."""

from __future__ import annotations

import random

CSI = b"\x1b["
ESCAPE, ENTER, F12 = b"\x1b", b"\r", b"\x1b[24~"


def control(letter: str) -> bytes:
    """Ctrl and a letter."""
    return bytes([ord(letter) - 96])


_NAMED = {
    "enter": ENTER,
    "tab": b"\t",
    "shift+tab": CSI + b"Z",
    "escape": ESCAPE,
    "up": CSI + b"A",
    "down": CSI + b"B",
    "right": CSI + b"C",
    "left": CSI + b"D",
    "home": CSI + b"H",
    "end": CSI + b"F",
    "pageup": CSI + b"5~",
    "pagedown": CSI + b"6~",
    "shift+pageup": CSI + b"5;2~",
    "ctrl+up": CSI + b"1;5A",
    "ctrl+down": CSI + b"1;5B",
    "ctrl+right": CSI + b"1;5C",
    "ctrl+left": CSI + b"1;5D",
    "f1": b"\x1bOP",
    "f2": b"\x1bOQ",
    "f6": CSI + b"17~",
    "f7": CSI + b"18~",
    "f9": CSI + b"20~",
    "f12": F12,
    "shift+enter": CSI + b"13;2u",
} | {f"ctrl+{letter}": control(letter) for letter in "gjlnprt"}
_ALT = {f"alt+{key}": ESCAPE + key.encode() for key in "123456789wpghilomnsurz/"}
_LETTERS = {
    letter: letter.encode() for letter in "abcdefghijklmnoprstuvwxyzADFGNRUZ0123456789 .,日é"
}
_ERASING = (
    {name: bytes([number]) for name, number in (("backspace", 127), ("ctrl+h", 8))}
    | {f"ctrl+{letter}": control(letter) for letter in "acdefkuvwxyz"}
    | {"delete": CSI + b"3~", "shift+left": CSI + b"1;2D", "shift+home": CSI + b"1;2H"}
    | {"alt+backspace": b"\x1b\x7f", "alt+d": b"\x1bd", "alt+e": b"\x1be", "f8": CSI + b"19~"}
)
_ODD = {
    "focus out": CSI + b"O",
    "focus in": CSI + b"I",
    "unknown sequence": CSI + b"999;3z",
    "report of a cursor": CSI + b"12;40R",
    "report of attributes": CSI + b"?64;1;2c",
    "report of a colour": b"\x1b]11;rgb:1010/1313/1717\x1b\\",
    "half a character": b"\xe6\x97",
    "no character": b"\xff\xfe",
    "nul": b"\x00",
    "mouse far outside": CSI + b"<0;999;999M" + CSI + b"<0;999;999m",
}
PASTES = (
    "AdAd a d w m e D y\nA\na\nd\n",
    "日本 é \t words of a paste that is a little longer",
    "\x1b[Aa\x1b[201",
)

SAFE = _NAMED | _ALT | _LETTERS | _ODD
"""Keys none of which takes away what stands in the prompt."""
ALL = SAFE | _ERASING

ROOMS: dict[str, tuple[bytes, str]] = {
    "cockpit": (b"", r"›"),
    "inbox": (control("g"), r"waits for you|Nothing waits"),
    "gate": (control("g") + ENTER, r"wants|waits for you"),
    "grid": (b"\x1bg", r"(?m)^ Grid"),
    "help": (b"\x1bOP", r"Anywhere|In the "),
    "palette": (control("p"), r"Find"),
    "new agent": (control("n"), r"First task"),
    "sessions": (control("r"), r"(?i)sessions"),
    "sent prompts": (b"\x1b/", r"(?i)sent"),
    "usage": (b"\x1bu", r"(?i)agents.*sessions.*days"),
    "memories": (b"\x1br", r"(?i)memor"),
    "dreams": (b"\x1bz", r"(?i)dream"),
    "own panes": (b"\x1bo", r"(?i)own"),
    "worktrees": (b"\x1bi", r"(?i)worktree"),
    "deny many": (control("g") + b" D", r"(?i)deny"),
    "memory mode": (b"\x1brm", r"(?i)memory"),
    "dreams, planned": (b"\x1bzp", r"(?i)dream"),
    "past session": (control("r") + b"\x1bOQ", r"(?i)session"),
    "recordings": (CSI + b"18~", r"(?i)record"),
    "rename": (b"\x1bOQ", r"(?i)rename|name"),
    "stop": (CSI + b"19~", r"(?i)stop"),
    "keyboard in the pane": (control("t"), r"F12|takes no keys|terminal"),
    "conversation": (b"\t", r""),
} | {
    name: (control("p") + sought, shown)
    for name, sought, shown in (
        ("theme", b"how the app looks", r"(?i)high contrast"),
        ("effort", b"how much trouble", r"(?i)effort|trouble"),
        ("budget", b"what the agent may use", r"(?i)budget"),
        ("instructions", b"instruction files", r"is told of this"),
        ("fork", b"up to a turn", r"(?i)fork"),
        ("export", b"as markdown", r"(?i)markdown"),
        ("tour", b"five cards", r"(?i)tour|1 of 5|of 5"),
        ("model", b"choose the model", r"(?i)endpoint"),
        ("archive", b"off the list", r"(?i)archive|list"),
        ("revert", b"revert the last turn", r"(?i)revert|nothing"),
        ("adopt", b"runs in your own tmux", r"(?i)own|tmux"),
        ("remember", b"remember what you say", r"(?i)remember"),
    )
}
"""How each is entered from the cockpit, and what is to be seen there."""


def mouse(dice: random.Random, columns: int, rows: int, *, drags: bool) -> tuple[bytes, int]:
    """A click, a turn of the wheel, or a drag; with the row where it begins."""
    x, y = dice.randrange(1, columns + 1), dice.randrange(1, rows + 1)
    kind = dice.random()
    if kind < 0.3:
        return CSI + b"<%d;%d;%dM" % (dice.choice((64, 65)), x, y), y - 1
    if kind < 0.4:
        return CSI + b"<35;%d;%dM" % (x, y), y - 1
    button = dice.choice((0, 0, 0, 1, 2))
    press = CSI + b"<%d;%d;%dM" % (button, x, y)
    if drags and kind < 0.6:
        to = (dice.randrange(1, columns + 1), dice.randrange(1, rows + 1))
        moved = CSI + b"<%d;%d;%dM" % (button + 32, *to)
        return press + moved + CSI + b"<%d;%d;%dm" % (button, *to), y - 1
    return press + CSI + b"<%d;%d;%dm" % (button, x, y), y - 1


def paste(text: str) -> bytes:
    """A bracketed paste, as a terminal sends it: without an end of its own inside."""
    return b"\x1b[200~" + text.replace("\x1b[201", "").encode() + b"\x1b[201~"
