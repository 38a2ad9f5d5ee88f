"""One picture of a pane: its styled lines and what tmux knows about it at the same instant."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tungsten.errors import CommandFailed, PaneGone
from tungsten.tmux.control_client import ControlClient

_ESCAPES = re.compile(
    r"\x1b\[[0-9;:?<=>!]*[ -/]*[@-~]|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b[()][0-9A-B]|\x1b.|[\x0e\x0f]"
)

_TRIES = 3

TITLE = "#{?#{==:#{pane_title},#{host}},,#{pane_title}}"
"""The format of a pane's title; empty where no program gave it one, for then tmux has it be the
name of the machine."""

FIELDS = " ".join(
    (
        "#{pane_id}",
        "#{pane_width}",
        "#{pane_height}",
        "#{cursor_x}",
        "#{cursor_y}",
        "#{cursor_flag}",
        "#{pane_in_mode}",
        "#{pane_dead}",
        "#{alternate_on}",
        "#{history_size}",
        TITLE,
    )
)
"""The format that `Frame` is read from; the title comes last since it may hold spaces."""


def strip_styles(text: str) -> str:
    """Remove escape sequences and shift characters, leaving what a person reads."""
    if "\x1b" not in text and "\x0e" not in text and "\x0f" not in text:
        # Most text: looking for what is not there takes the expression many times as long.
        return text
    return _ESCAPES.sub("", text)


@dataclass(frozen=True, slots=True)
class Frame:
    """A capture of one pane.

    Attributes:
        lines: history lines asked for, then `height` screen lines, each with SGR sequences.
            A style carries on from one line into the next.
        width: columns.
        height: lines of the screen itself.
        cursor_x: column of the cursor, from 0.
        cursor_y: line of the cursor on the screen, from 0.
        cursor_visible: whether the program shows the cursor.
        in_mode: whether a person is in copy mode there.
        dead: whether the program has ended.
        alternate: whether a full-screen program shows its own screen.
        history_size: lines that have scrolled off, kept by tmux.
        title: what the program calls its terminal.
    """

    lines: tuple[str, ...]
    width: int
    height: int
    cursor_x: int
    cursor_y: int
    cursor_visible: bool
    in_mode: bool
    dead: bool
    alternate: bool
    history_size: int
    title: str

    @property
    def text(self) -> str:
        """The plain text, lines joined by newlines, trailing blanks and blank lines removed."""
        plain = strip_styles("\n".join(self.lines))
        return "\n".join(line.rstrip() for line in plain.split("\n")).rstrip("\n")


async def capture(client: ControlClient, pane_id: str, *, history: int = 0) -> Frame:
    """Capture a pane's screen, with up to `history` lines above it.

    Raises:
        PaneGone: there is no such pane.
        ServerGone: the server ended.
    """
    return await _captured(client, pane_id, ("-e", "-N"), history)


async def capture_plain(client: ControlClient, pane_id: str) -> Frame:
    """Capture a pane's screen without styles and trailing blanks: a fifth of the bytes.

    Raises:
        PaneGone: there is no such pane.
        ServerGone: the server ended.
    """
    return await _captured(client, pane_id, (), 0)


async def _captured(
    client: ControlClient, pane_id: str, styles: tuple[str, ...], history: int
) -> Frame:
    argv = ["capture-pane", "-p", *styles, "-t", pane_id]
    if history > 0:
        argv += ["-S", str(-history)]
    for _ in range(_TRIES):
        lines, tail = await client.guarded(argv, FIELDS, pane_id)
        fields = tail.split(" ", 10)
        if isinstance(lines, CommandFailed) or len(fields) < 11 or fields[0] != pane_id:
            raise PaneGone(pane_id)
        shown = make(lines, fields)
        if len(lines) == shown.height + min(max(history, 0), shown.history_size):
            break
        # Another client resized the pane between the picture and what is said about it.
    return shown


async def capture_text(client: ControlClient, pane_id: str) -> str:
    """Give the plain text of a pane's screen, as `Frame.text` does, and nothing else.

    tmux writes neither styles nor trailing blanks then, which is a fifth of the bytes of a frame.

    Raises:
        PaneGone: there is no such pane.
        ServerGone: the server ended.
    """
    argv = ("capture-pane", "-p", "-t", pane_id)
    lines, tail = await client.guarded(argv, "#{pane_id}", pane_id)
    if isinstance(lines, CommandFailed) or tail != pane_id:
        raise PaneGone(pane_id)
    return "\n".join([line.rstrip() for line in lines]).rstrip("\n")


def make(lines: list[str], fields: list[str]) -> Frame:
    """Build a frame from captured lines and the expanded `FIELDS`."""
    _, width, height, x, y, visible, mode, dead, alternate, history, title = fields
    return Frame(
        lines=tuple(lines),
        width=int(width),
        height=int(height),
        cursor_x=int(x),
        cursor_y=int(y),
        cursor_visible=visible == "1",
        in_mode=mode not in ("", "0"),
        dead=dead == "1",
        alternate=alternate == "1",
        history_size=int(history),
        title=title,
    )
