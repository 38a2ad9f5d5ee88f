"""A picture, drawn in cells where the terminal has colours, and named where it has not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult

from agent.files.picture_file import NoPicture
from tui.drawing.picture_reading import read
from tui.drawing.text import one_line, size
from tui.keys import actions
from tui.screens.viewer import Viewer
from tui.widgets.block_view import Empty
from tui.widgets.key_row import KeyRow
from tui.widgets.lines import OneRow
from tui.widgets.picture import Picture
from tui.widgets.said import Said

LARGEST = 2_000
"""Pixels a side that are kept: more than any terminal has cells for."""


class PictureScreen(Viewer):
    """Shows one picture.

    Args:
        path: Its file, absolute.
    """

    IDLE: ClassVar[tuple[str, ...]] = (
        "file.next",
        "file.previous",
        "file.open",
        "file.edit",
        "file.move",
    )
    AUTO_FOCUS = ""
    DEFAULT_CSS = "PictureScreen > Picture { height: 1fr; }"

    def __init__(self, path: str) -> None:
        super().__init__(path, path)

    def compose(self) -> ComposeResult:
        """Lay out title, picture, what is said, and keys."""
        yield OneRow(id="viewer-title")
        yield Picture(id="picture")
        yield Said(id="viewer-said")
        yield KeyRow(actions.FILE, id="viewer-keys")

    def begin(self) -> None:
        """Read it."""
        self._read()

    @work(exclusive=True, exit_on_error=False)
    async def _read(self) -> None:
        try:
            found = await asyncio.to_thread(read, Path(self._path), (LARGEST, LARGEST))
        except (OSError, NoPicture) as error:
            if self.is_open:
                self._say_why(error)
            return
        if not self.is_open:
            return
        width, height = found.pixels
        self.tell(f"{found.kind} {width}×{height}", size(found.length))
        if self.app.no_color:
            words = "Without colours a picture cannot be drawn in a terminal."
            self._show_empty(Empty(found.kind, (words,), (self._copies("to open it elsewhere"),)))
        else:
            self.query_one(Picture).show(found.image)

    def _say_why(self, error: OSError | NoPicture) -> None:
        if isinstance(error, FileNotFoundError):
            empty = Empty("The picture is gone", ("No file has this name any more.",), problem=True)
        elif isinstance(error, OSError):
            why = f"It cannot be read: {one_line(error.strerror or str(error))}."
            empty = Empty("No picture", (why,), (self._copies(),), problem=True)
        else:
            why = one_line(str(error))
            lines = (f"{why[:1].upper()}{why[1:]}.", "Another program may know what it is.")
            empty = Empty("No picture", lines, (self._copies("to look at it there"),), problem=True)
        self._show_empty(empty)

    def _copies(self, why: str = "") -> tuple[str, str]:
        return actions.shown("file.copy"), f"copy its path {why}".rstrip()

    def _show_empty(self, empty: Empty) -> None:
        leave = (actions.shown("file.close"), "close")
        self.query_one(Picture).show_empty(replace(empty, keys=(*empty.keys, leave)))

    def action_edit(self) -> None:
        """Do nothing: a picture is no text."""
