"""Full-screen programs that act at single keys: process lists, file managers, tmux in a pane.

Moving about and leaving is let through; every other key may end, delete or send something, and
nothing is asked before it does: it is HIGH.
"""

from __future__ import annotations

import re

from agent.risk.arguments import wordlist
from agent.risk.assessment import Assessment, Context, Risk
from agent.risk.foregrounds.model import Model
from agent.risk.keys import Stroke

_MOVES = frozenset(
    wordlist("""Up Down Left Right Home End PPage NPage C-f C-b C-u C-n C-p C-l C-g Tab BTab Escape
    C-Left C-Right FocusIn FocusOut""")
)
_NAVIGATION = "hjklgGnNqQ?/ "
SCREENS: dict[str, tuple[str, frozenset[str]]] = {
    **dict.fromkeys(
        wordlist("top htop btop atop glances ctop"),
        (
            "hjgGnNq?/ MPTNcHVtmeEIiuUovl<>0123456789zxyb",
            frozenset(["F1", "F2", "F3", "F4", "F5", "F6", "F10"]),
        ),
    ),
    "watch": ("q", frozenset()),
    **dict.fromkeys(wordlist("tail less-follow journalctl"), ("qjkgG", frozenset())),
    **dict.fromkeys(
        wordlist("ranger lf nnn vifm mc yazi broot ncdu tig lazygit gitui k9s lazydocker"),
        (_NAVIGATION + "123456789", frozenset(["F1", "F3", "F10"])),
    ),
    **dict.fromkeys(wordlist("tmux screen zellij byobu"), ("", frozenset())),
}
"""Programs, with the letters and the named keys that only look."""

_MULTIPLEXERS = frozenset(["tmux", "screen", "zellij", "byobu"])
_SEARCHES = frozenset("/")
_HTOP_ASKS = frozenset(["/", "\\", "F3", "F4"])
"""What opens htop's search and filter lines."""
_HTOP_STAYS = frozenset([*"gGPTMtH", "F5"])
"""Keys after which htop still shows its list, not one of its other screens."""


class Screen(Model):
    """One of `SCREENS`."""

    def __init__(self, context: Context, name: str) -> None:
        super().__init__(context)
        self.name = name
        self.letters, self.keys = SCREENS[name]
        self.searching = False
        self.listing = True
        """htop shows its list of processes, so what opens its search is sure to."""
        self.prefixed = False

    def feed(self, stroke: Stroke) -> Assessment | None:
        """Follow single keys."""
        if self.name in _MULTIPLEXERS:
            return self._inside(stroke)
        if self.name == "htop":
            return self._htop(stroke)
        if stroke.kind != "key":
            return self._text(stroke.text)
        name = stroke.text
        if name in ("C-c", "C-z") or (name == "F10" and name in self.keys):
            self.closed = True
        elif name in ("Escape", "Enter") and self.searching:
            self.searching = False
        elif self.searching and name in ("BSpace", "C-u", "C-w"):
            return None
        elif name not in _MOVES and name not in self.keys:
            return self._unknown(name)
        return None

    def _text(self, text: str) -> Assessment | None:
        if re.search(r"[\r\n]", text):
            return self._unknown("Enter")
        for letter in text:
            if self.searching:
                continue
            if letter not in self.letters:
                return self._unknown(letter)
            if letter in "qQ":
                self.closed = True
                return None
            self.searching = letter in _SEARCHES
        return None

    def _htop(self, stroke: Stroke) -> Assessment | None:
        """Its search and filter take text, and end at the first key that is none."""
        for key in [stroke.text] if stroke.kind == "key" else stroke.text:
            if self.searching:
                if key in ("BSpace", "F3") or (
                    len(key) == 1 and key.isascii() and key.isprintable()
                ):
                    continue
                self.searching = False
                if key in ("Enter", "Escape"):
                    continue
            if key in ("C-c", "C-z", "F10") or (key == "q" and self.listing):
                self.closed = True
                return None
            if key in _HTOP_ASKS and self.listing:
                self.searching = True
            elif key == "Escape":
                self.listing = True
            elif key in self.keys or key in self.letters:
                self.listing = self.listing and key in _HTOP_STAYS
            elif key not in _MOVES:
                return self._unknown("Enter" if key in "\r\n" else key)
        return None

    def _inside(self, stroke: Stroke) -> Assessment | None:
        """Another multiplexer: its panes are not ours, whatever runs there."""
        prefixed, self.prefixed = self.prefixed, False
        if prefixed and stroke.text == "d":
            self.closed = True
            return None
        if stroke.kind == "key" and stroke.text in ("C-b", "C-a", "C-o"):
            self.prefixed = True
            return None
        if prefixed or (stroke.kind == "key" and stroke.text not in _MOVES | {"BSpace", "C-c"}):
            return Assessment(
                Risk.HIGH, (f"controls {self.name}",), f"controls {self.name} by its keys"
            )
        if re.search(r"[\r\n]", stroke.text):
            return Assessment(Risk.HIGH, (f"types into {self.name}",), f"types into {self.name}")
        return Assessment(Risk.MEDIUM, (f"types into {self.name}",))

    def _unknown(self, key: str) -> Assessment:
        return Assessment(
            Risk.HIGH, (f"what {self.name} does at {key} cannot be known",), "cannot be known"
        )
