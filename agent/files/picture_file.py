"""A file of a picture, opened: in these formats alone, and only if it is not too large to decode.

Other formats that Pillow knows run programs (EPS runs Ghostscript), whatever a file is named.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from agent.context.turn_text import one_line
from agent.errors import AgentError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "GIF", "WebP")
"""What the Messages API takes, by Pillow's names."""

MOST_PIXELS = 64_000_000
"""Pixels of a picture that is decoded at all."""


class NoPicture(AgentError):
    """A file is no picture that can be shown."""


@contextmanager
def opened(content: bytes, formats: tuple[str, ...] = FORMATS) -> Iterator[Image]:
    """Open a picture, to be decoded within the context.

    Args:
        content: the file's.
        formats: what it may be, by Pillow's names; nothing that runs a program.

    Raises:
        NoPicture: it is none, is broken, or has too many pixels; says which.
    """
    # Imported late, as in `agent.panes.pictures`.
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content), formats=formats) as image:
            if image.width * image.height > MOST_PIXELS:
                raise NoPicture(f"{image.width}×{image.height} pixels are too many")
            yield image
    except UnidentifiedImageError:
        names = f"{', '.join(formats[:-1])} or {formats[-1]}"
        raise NoPicture(f"it is not a {names} picture") from None
    except (
        *(OSError, ValueError, SyntaxError, EOFError, LookupError, struct.error),
        Image.DecompressionBombError,
    ) as error:
        raise NoPicture(f"it cannot be read as a picture ({one_line(error)})") from None
