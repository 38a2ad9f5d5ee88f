"""Recorded frames: what a pane showed, and what was true then.

A file holds the frames of one version of one agent, as text that a person can read:

    %% scene | state | kind | 80x24 | cursor 2,9 shown | title
    |the first line of the screen
    |...

Lines below the last one with text are left out; the size tells how many there were.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "agent" / "hosted" / "frames"
_HEAD = re.compile(
    r"%% (?P<scene>[^|]+) \| (?P<state>\w+) \| (?P<kind>[\w-]+) \| (?P<columns>\d+)x(?P<rows>\d+)"
    r" \| cursor (?P<x>\d+),(?P<y>\d+) (?P<shown>shown|hidden) \|(?: (?P<title>.*))?"
)


@dataclass(frozen=True)
class Recorded:
    """One frame.

    Attributes:
        scene: what was done, such as `permission/shell`.
        state: what was true, known from the keys and the wire: starting, working, waiting, idle,
            done, failed, or gone, when the agent has left and something else is in its pane.
        kind: what was waited for: permission, question, login or other; with waiting only.
        size: columns and rows.
        cursor: column and row, from 0.
    """

    scene: str
    state: str
    kind: str
    size: tuple[int, int]
    cursor: tuple[int, int]
    cursor_shown: bool
    title: str
    lines: tuple[str, ...]

    def written(self) -> str:
        columns, rows = self.size
        x, y = self.cursor
        shown = "shown" if self.cursor_shown else "hidden"
        head = f"%% {self.scene} | {self.state} | {self.kind or '-'} | {columns}x{rows}"
        lines = list(self.lines)
        while lines and not lines[-1].strip():
            lines.pop()
        body = "".join(f"|{line}\n" for line in lines)
        return f"{head} | cursor {x},{y} {shown} | {self.title}".rstrip() + f"\n{body}"


def write(path: Path, frames: Iterable[Recorded]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(frame.written() for frame in frames), encoding="utf-8")


def read(path: Path) -> Iterator[Recorded]:
    """The frames of a file.

    Raises:
        ValueError: a line is neither a frame's head nor one of its lines.
    """
    head: re.Match[str] | None = None
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.startswith("|"):
            lines.append(line[1:])
            continue
        if head is not None:
            yield _frame(head, lines)
        head, lines = _HEAD.fullmatch(line), []
        if line and head is None:
            raise ValueError(f"{path.name}: neither a frame's head nor its line: {line!r}")


def _frame(head: re.Match[str], lines: list[str]) -> Recorded:
    rows = int(head["rows"])
    return Recorded(
        scene=head["scene"],
        state=head["state"],
        kind="" if head["kind"] == "-" else head["kind"],
        size=(int(head["columns"]), rows),
        cursor=(int(head["x"]), int(head["y"])),
        cursor_shown=head["shown"] == "shown",
        title=head["title"] or "",
        lines=tuple(lines + [""] * (rows - len(lines))),
    )
