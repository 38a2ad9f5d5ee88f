"""Pictures that a block of a conversation names, drawn below it in a few rows while it is unfolded.

They are drawn in cells (`tui.widgets.picture`), which every terminal with colours shows, tmux and
ssh between or not; nothing is asked of the terminal for it.
"""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from agent.files.picture_file import NoPicture
from tui.conversation.named_files import existing, names
from tui.conversation.opening import PICTURES
from tui.drawing.picture_reading import read as read_picture
from tui.drawing.text import Piece, fit, fit_path, one_line, size
from tui.widgets.picture import cells

if TYPE_CHECKING:
    from PIL.Image import Image
    from rich.style import Style

    from tui.conversation.transcript import Entry
    from tui.themes.theme import Paint

COLUMNS, ROWS = 64, 12
"""Most cells that a picture takes; `o` shows it as large as the terminal allows."""

_MENTION = re.compile(r"(?<!\S)@")

MOST = 4
"""Pictures of one block that are drawn."""


class Inline(NamedTuple):
    """One picture: its path as it is named, what is said of it, and how it looks."""

    path: str
    said: str
    image: Image | None


def names_pictures(entry: Entry) -> bool:
    """Whether a block names what by its ending may be a picture; the disk is not looked at."""
    return any(PurePath(each.path).suffix.lower() in PICTURES for each in names(_text(entry)))


def read(entry: Entry, directory: str, *, colors: bool) -> tuple[Inline, ...]:
    """Read the pictures that a block names; blocks.

    Args:
        entry: The block.
        directory: Where relative names are looked for.
        colors: Whether there are any; without them pictures are only named.
    """
    found = (
        each.path
        for each in existing(_text(entry), directory)
        if PurePath(each.path).suffix.lower() in PICTURES
    )
    return tuple(_read(path, directory, colors=colors) for path in islice(found, MOST))


def lines(
    pictures: tuple[Inline, ...], width: int, paint: Paint, ground: Style
) -> list[list[Piece]]:
    """Draw pictures below each other, each under its name, in at most `width` cells.

    Args:
        pictures: What was read.
        width: Cells there is room for.
        paint: Styles of the theme.
        ground: The style of the block around them, for its background.
    """
    back = ground.background_style
    drawn: list[list[Piece]] = []
    for path, what, image in pictures:
        name = fit_path(one_line(path), max(8, width // 2))
        said = fit(what, max(1, width - cell_len(name) - 4))
        faint = paint.faint + back
        drawn.append([("▧ ", faint), (name, paint.muted + back), (f"  {said}", faint)])
        if image is not None:
            most = max(1, min(COLUMNS, width))
            share = min(1.0, most / image.width, 2 * ROWS / image.height)
            columns = max(1, min(most, round(image.width * share)))
            drawn += [
                [(text, style or ground) for text, style, _ in strip]
                for strip in cells(image, columns, ROWS, ground)
            ]
    return drawn


def _text(entry: Entry) -> str:
    tool = entry.tool
    # A prompt mentions a file behind an @, which is no part of its name.
    return _MENTION.sub("", entry.text) if tool is None else f"{tool.title}\n{tool.result}"


def _read(path: str, directory: str, *, colors: bool) -> Inline:
    shown = path.removeprefix(f"{directory.rstrip('/')}/")
    try:
        found = read_picture(Path(path), (COLUMNS, 2 * ROWS))
    except (OSError, NoPicture) as error:
        return Inline(shown, str(getattr(error, "strerror", None) or error), None)
    width, height = found.pixels
    said = f"{found.kind} {width}×{height}, {size(found.length)}"
    return Inline(shown, said, found.image if colors else None)
