"""A picture, drawn in cells where the terminal has colours, and named where it has not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult

from agent.files.picture_file import NoPicture
from tui.drawing.picture_reading import read
from tui.drawing.text import size
from tui.keys import actions
from tui.screens.viewer import Viewer
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
            self.say(f"No picture: {getattr(error, 'strerror', None) or error}", problem=True)
            return
        if not self.is_open:
            return
        width, height = found.pixels
        self.tell(f"{found.kind} {width}×{height}", size(found.length))
        if self.app.no_color:
            self.say("Without colours a picture can't be shown: y copies its path")
        else:
            self.query_one(Picture).show(found.image)

    def action_edit(self) -> None:
        """Do nothing: a picture is no text."""
