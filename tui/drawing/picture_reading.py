"""Pictures read from files, scaled down while they are decoded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from agent.files import picture_file
from agent.files.picture_file import opened
from agent.files.regular_file import read_regular

if TYPE_CHECKING:
    from PIL.Image import Image

MOST = 30_000_000
"""Bytes of a file that are read as a picture."""

FORMATS = (*picture_file.FORMATS, "BMP")
"""What is shown, by Pillow's names: `tui.conversation.opening.PICTURES`."""


class Read(NamedTuple):
    """A picture: as it is shown, its format, its own width and height in pixels, and its bytes."""

    image: Image
    kind: str
    pixels: tuple[int, int]
    length: int


def read(path: Path, largest: tuple[int, int]) -> Read:
    """Read a picture, and keep at most so many pixels of it; blocks.

    Raises:
        NoPicture: it is none that can be shown.
        OSError: the file cannot be read.
    """
    content = read_regular(path, MOST)
    with opened(content, FORMATS) as image:
        kind, pixels = image.format or "picture", image.size
        # Scaled down before it is decoded where its format can do that.
        image.draft("RGB", largest)
        image.thumbnail(largest)
        return Read(image.convert("RGBA"), kind, pixels, len(content))
