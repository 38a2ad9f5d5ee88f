"""A picture, drawn in cells where the terminal has colours, and named where it has not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult

from agent import picture_file
from agent.picture_file import NoPicture, opened
from agent.regular_file import read_regular
from tui import actions
from tui.screens.viewer import Viewer
from tui.text import size
from tui.widgets.key_row import KeyRow
from tui.widgets.lines import OneRow
from tui.widgets.picture import Picture
from tui.widgets.said import Said

if TYPE_CHECKING:
    from PIL.Image import Image

MOST = 30_000_000
"""Bytes of a file that are read as a picture."""

FORMATS = (*picture_file.FORMATS, "BMP")
"""What is shown, by Pillow's names: `tui.opening.PICTURES`."""

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
            image, kind, pixels, length = await asyncio.to_thread(_image, Path(self._path))
        except (OSError, NoPicture) as error:
            self.say(f"No picture: {getattr(error, 'strerror', None) or error}", problem=True)
            return
        self.tell(f"{kind} {pixels[0]}×{pixels[1]}", size(length))
        if self.app.no_color:
            self.say("Without colours a picture can't be shown: y copies its path")
        else:
            self.query_one(Picture).show(image)

    def action_edit(self) -> None:
        """Do nothing: a picture is no text."""


def _image(path: Path) -> tuple[Image, str, tuple[int, int], int]:
    content = read_regular(path, MOST)
    with opened(content, FORMATS) as image:
        kind, pixels = image.format or "picture", image.size
        # Scaled down before it is decoded where its format can do that.
        image.draft("RGB", (LARGEST, LARGEST))
        image.thumbnail((LARGEST, LARGEST))
        return image.convert("RGBA"), kind, pixels, len(content)
