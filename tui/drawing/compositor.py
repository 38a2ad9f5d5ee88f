"""Draws what a change touches, and nothing beside it or under a dialog."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from rich.segment import Segment
from textual._compositor import ChopsUpdate, Compositor, CompositorMap
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.drawing.light_strip import LightStrip

Chops = list[dict[int, Strip | None]]
"""For each row, what is painted from each of its cuts to the next."""


class AreaCompositor(Compositor):
    """A compositor for a screen whose areas change one by one, many times a second.

    Textual 8.2 (`Compositor._get_renders`) asks whether a change touches what a widget is clipped
    to, which for all that lies directly on a screen is the whole screen: each picture of a pane
    would draw every other area, too, and the dialog that covers a part of it. It also cuts up whole
    rows, also what is hidden or has not changed.
    """

    @property
    def full_map(self) -> CompositorMap:
        """Where everything is.

        After a part was scrolled, Textual 8.2 arranges all anew when asked for this, and compares
        the next layout with it: what moved or went away in between would stay on the screen.
        """
        earlier = self._full_map
        found = super().full_map
        if found is not earlier:
            moved = found.items() ^ earlier.items()
            places = (place.clip.intersection(place.region) for _, place in moved)
            self._dirty_regions.update(filter(None, places))
        return found

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
        if self.root is None:
            return []
        visible = self.visible_widgets
        for widget in reversed(self.root.children):
            if (
                widget in visible
                and widget.layer != "default"
                and widget.styles.background.a == 1
                and widget.styles.opacity == 1
            ):
                region, clip = visible[widget]
                return [(widget, region.intersection(clip))]
        return []

    def render_partial_update(self) -> ChopsUpdate | None:
        """Draw what has changed."""
        changed = self._dirty_regions.copy()
        self._dirty_regions.clear()
        if not changed:
            return None
        spans = list(self._regions_to_spans(changed))
        ends = [cuts[1:] for cuts in self.cuts]
        return ChopsUpdate(self._changed_chops(spans), spans, ends)

    def _changed_chops(self, spans: Sequence[tuple[int, int, int]]) -> Chops:
        """Have the widgets draw what lies in spans (row, first column, end), the foremost first."""
        cuts = self.cuts
        chops: Chops = [dict.fromkeys(line[:-1]) for line in cuts]
        missing: dict[int, dict[int, int]] = {}
        for y, first, end in spans:
            line = cuts[y]
            missing.setdefault(y, {}).update(
                (x, following) for x, following in pairwise(line) if x < end and following > first
            )
        for widget, (region, clip) in self.visible_widgets.items():
            if not missing:
                break
            seen = region.intersection(clip)
            rows = [
                y
                for y in range(max(seen.y, spans[0][0]), min(seen.bottom, spans[-1][0] + 1))
                if y in missing and any(seen.x <= x < seen.right for x in missing[y])
            ]
            if not rows:
                continue
            shown = Region(seen.x, rows[0], seen.width, rows[-1] - rows[0] + 1)
            strips = widget.render_lines(shown.translate(-region.offset))
            for y, strip in zip(shown.line_range, strips, strict=False):
                if y in missing:
                    _fill(chops[y], missing[y], strip, seen.x)
                    if not missing[y]:
                        del missing[y]
        return chops


def _fill(chops: dict[int, Strip | None], missing: dict[int, int], strip: Strip, left: int) -> None:
    """Cut what is missing of a row out of a strip that begins at column `left`."""
    length = strip.cell_length
    wanted = [(x, end) for x, end in missing.items() if left <= x and end <= left + length]
    if wanted == [(left, left + length)]:
        chops[left] = strip
        del missing[left]
        return
    edges = sorted({edge - left for piece in wanted for edge in piece} - {0})
    start = 0
    for edge, segments in zip(edges, Segment.divide(strip, edges), strict=False):
        if missing.get(left + start) == left + edge:
            chops[left + start] = LightStrip(segments, edge - start)
            del missing[left + start]
        start = edge


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
