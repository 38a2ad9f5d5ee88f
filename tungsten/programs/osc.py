r"""Operating system commands (`ESC ] CODE ; TEXT ST`) found in what a program prints.

The output comes in pieces cut anywhere; the same commands come out however it is cut. ECMA-48
(5th edition, 8.3.89) ends one with `ESC \`, xterm also with BEL; CAN and SUB break it off.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

MAX_SEQUENCE = 4096
"""Bytes of a command from its ESC to its end; the Program Status Protocol allows as many. A longer
one is dropped whole."""

RESET = b"\x1bc"
"""RIS, a full reset of the terminal."""

_MARK = re.compile(rb"\x1b[\]c]")
_END = re.compile(rb"\x07|\x1b|\x18|\x1a")


@dataclass(frozen=True, slots=True)
class Osc:
    """One command: its number, and what follows it. A full reset is number -1."""

    code: int
    text: bytes


class OscScanner:
    """Finds the commands of some numbers.

    Args:
        codes: the numbers that matter.
    """

    def __init__(self, codes: Collection[int]) -> None:
        self._codes = frozenset(codes)
        self._held = b""
        self._skipping = False

    @property
    def within(self) -> bool:
        """Whether a command has begun and is not complete."""
        return bool(self._held) or self._skipping

    def feed(self, data: bytes) -> list[Osc]:
        """Take what was printed next; gives the commands that are complete, in their order."""
        if not self._held and not self._skipping and b"\x1b" not in data:
            return []
        data, self._held = self._held + data, b""
        found: list[Osc] = []
        at = 0
        if self._skipping:
            at = self._skip(data, 0)
        while at >= 0 and (mark := _MARK.search(data, at)) is not None:
            if mark[0] == RESET:
                found.append(Osc(-1, b""))
                at = mark.end()
                continue
            end = _END.search(data, mark.end())
            if end is None or (end[0] == b"\x1b" and end.end() == len(data)):
                if len(data) - mark.start() <= MAX_SEQUENCE:
                    self._held = data[mark.start() :]
                else:
                    self._skipping = True
                    self._held = b"\x1b" if data.endswith(b"\x1b") else b""
                return found
            ended = end[0] == b"\x07" or data[end.start() : end.end() + 1] == b"\x1b\\"
            # What breaks it off may begin the next.
            at = end.end() + (end[0] == b"\x1b" and ended) if ended else end.start()
            if end[0] in (b"\x18", b"\x1a"):
                at = end.end()
            if ended and at - mark.start() <= MAX_SEQUENCE:
                code, _, text = data[mark.end() : end.start()].partition(b";")
                if code.isdigit() and len(code) < 6 and int(code) in self._codes:
                    found.append(Osc(int(code), text))
        if at >= 0 and data.endswith(b"\x1b") and at < len(data):
            self._held = b"\x1b"
        return found

    def _skip(self, data: bytes, at: int) -> int:
        """Go on behind the end of a command that is too long; -1 where it is not there yet."""
        end = _END.search(data, at)
        if end is None or (end[0] == b"\x1b" and end.end() == len(data)):
            self._held = b"\x1b" if data.endswith(b"\x1b") else b""
            return -1
        self._skipping = False
        return end.end() if end[0] != b"\x1b" else end.start()


def plain(text: bytes, limit: int = 500) -> str:
    """Read what a program said as one line: no control characters, at most so many characters."""
    said = text.decode("utf-8", "replace")
    return " ".join("".join(c if c.isprintable() else " " for c in said).split())[:limit]
