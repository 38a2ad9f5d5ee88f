"""Draws what a change touches, and nothing beside it or under a dialog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class AreaCompositor(Compositor):
    """A compositor for a screen whose areas change one by one, many times a second.

    Textual 8.2 (`Compositor._get_renders`) asks whether a change touches what a widget is clipped
    to, which for all that lies directly on a screen is the whole screen: each picture of a pane
    would draw every other area, too, and the dialog that covers a part of it.
    """

    _changed: tuple[Region, ...] | None = None
    """What is being drawn; None means all of it."""

    def update_widgets(self, widgets: set[Widget]) -> None:
        """Note what is to be drawn, without what an opaque widget of a higher layer covers."""
        covers = self._covers()
        if not covers:
            super().update_widgets(widgets)
            return
        earlier, self._dirty_regions = self._dirty_regions, set()
        for widget in widgets:
            self._dirty_regions = set()
            super().update_widgets({widget})
            regions = list(self._dirty_regions)
            for cover, area in covers:
                if cover not in widget.ancestors_with_self:
                    regions = [piece for region in regions for piece in _without(region, area)]
            earlier.update(regions)
        self._dirty_regions = earlier

    def _covers(self) -> list[tuple[Widget, Region]]:
        """Find what lies over the areas: opaque children of the screen, on layers of their own."""
        return [
            (widget, region.intersection(clip))
            for widget, (region, clip) in self.visible_widgets.items()
            if widget.parent is self.root
            and widget.layer != "default"
            and widget.styles.background.a == 1
            and widget.styles.opacity == 1
        ][:1]

    def render_partial_update(self) -> ChopsUpdate | None:
        """Draw what has changed."""
        self._changed = tuple(self._dirty_regions)
        try:
            return super().render_partial_update()
        finally:
            self._changed = None

    def _get_renders(
        self, crop: Region | None = None
    ) -> Iterable[tuple[Region, Region, list[Strip]]]:
        changed = self._changed if self._changed is not None else (crop,) if crop else None
        for widget, (region, clip) in self.visible_widgets.items():
            seen = region.intersection(clip)
            if seen and (changed is None or any(area.overlaps(seen) for area in changed)):
                yield region, clip, widget.render_lines(seen.translate(-region.offset))


def _without(region: Region, hole: Region) -> Iterator[Region]:
    """Cut a hole out of a region; what is left comes in up to four pieces."""
    hole = region.intersection(hole)
    if not hole:
        yield region
        return
    pieces = (
        Region.from_corners(region.x, region.y, region.right, hole.y),
        Region.from_corners(region.x, hole.y, hole.x, hole.bottom),
        Region.from_corners(hole.right, hole.y, region.right, hole.bottom),
        Region.from_corners(region.x, hole.bottom, region.right, region.bottom),
    )
    yield from filter(None, pieces)
