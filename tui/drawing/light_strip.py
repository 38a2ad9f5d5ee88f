"""A row of cells that takes little memory: hundreds of them are kept, most are painted once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.segment import Segment
from textual.cache import FIFOCache
from textual.strip import Strip

_SIZES = {
    "_divide_cache": 4,
    "_crop_cache": 16,
    "_style_cache": 16,
    "_filter_cache": 4,
    "_line_length_cache": 4,
    "_crop_extend_cache": 4,
    "_offsets_cache": 4,
}
"""What a strip of Textual 8.2 remembers, and how much of each."""


class LightStrip(Strip):
    """A strip without what it would remember about itself, until it is asked for that.

    The seven caches that Textual gives to each strip take more memory, and more time to make, than
    the text of a row.

    Args:
        segments: The text in its styles.
        cell_length: How many cells that takes; counted when it is asked for, if not given.
    """

    __slots__ = ()

    def __init__(self, segments: Iterable[Segment], cell_length: int | None = None) -> None:
        self._segments = list(segments)
        self._cell_length = cell_length
        self._render_cache = None
        self._link_ids = None
        self._cell_count = None

    def __getattr__(self, name: str) -> Any:
        """Make a cache at the first look at it."""
        if name not in _SIZES:
            raise AttributeError(name)
        made: FIFOCache[Any, Any] = FIFOCache(_SIZES[name])
        setattr(self, name, made)
        return made


def make_strips_light() -> None:
    """Have those that Textual makes itself be as light: a tenth of the time to the first frame."""
    made: Any = Strip
    made.__init__ = LightStrip.__init__
    made.__getattr__ = LightStrip.__getattr__
