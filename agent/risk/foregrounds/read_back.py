"""A line that completion or the history brought there, read back off the screen."""

from __future__ import annotations

from agent.risk.keys import Stroke

_COMPLETING = frozenset(["Tab", "M-?", "M-*", "M-/"])
_RECALLING = frozenset(["Up", "Down", "C-p", "C-n", "C-r", "C-s", "M-<", "M-p", "M-n"])


class Shown:
    """A line on the screen that may be what completion or the history made of typed keys."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.typed = ""
        self.then = ""
        self.keys: list[str] = []
        self.fits = True

    def feed(self, stroke: Stroke) -> None:
        """Take what is typed: text, then keys that bring something onto the line, then text."""
        if stroke.kind != "key":
            if "C-r" not in self.keys and "C-s" not in self.keys:
                self.then += stroke.text if self.keys else ""
                self.typed += "" if self.keys else stroke.text
        elif stroke.text in _COMPLETING | _RECALLING and not self.then:
            self.keys.append(stroke.text)
        elif stroke.text not in ("Enter", "C-o"):
            self.fits = False

    def line(self) -> str | None:
        """The line, None when what stands there does not come from these keys."""
        if not self.fits or not self.keys:
            return None
        if _COMPLETING.issuperset(self.keys):
            if not self.typed.strip() or not self.text.startswith(self.typed.strip()):
                return None
        elif self.typed and "C-r" not in self.keys and "C-s" not in self.keys:
            return None
        return self.text if self.text.endswith(self.then.rstrip()) else self.text + self.then
