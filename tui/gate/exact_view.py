"""A scrolling view of exact text: a command with its dangerous parts marked, and a diff."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.gate.exact import Row, lay_out, lay_out_diff


class ExactView(ScrollView, can_focus=False):
    """Shows text whole; `above` and `below` tell what lies outside of the view."""

    DEFAULT_CSS = """
    ExactView {
        height: 1fr;
        background: $surface;
        scrollbar-size-vertical: 1;
        scrollbar-background: $surface;
        scrollbar-color: $foreground 30%;
        & > .exact--text { color: $foreground; text-style: bold; }
        & > .exact--marked {
            color: $text-error;
            background: $error-muted;
            text-style: bold underline;
        }
        & > .exact--stand_in { color: $text-warning; background: $warning-muted; }
        & > .exact--added { color: $text-success; }
        & > .exact--removed { color: $text-error; }
        & > .exact--hunk { color: $text-muted; }
        & > .exact--continued { color: $foreground 40%; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "exact--text",
        "exact--marked",
        "exact--stand_in",
        "exact--added",
        "exact--removed",
        "exact--hunk",
        "exact--continued",
    }

    class Moved(Message):
        """Another part of the text is in view now."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._text = ""
        self._spans: tuple[tuple[int, int], ...] = ()
        self._diff = ""
        self._notes = ""
        self._rows: list[Row] = []
        self._marked_rows: tuple[int, ...] = ()
        self._laid_out_for = 0

    def show(self, text: str, spans: Iterable[tuple[int, int]] = (), diff: str = "") -> None:
        """Show another text from its beginning."""
        self._text = text
        self._spans = tuple(spans)
        self._diff = diff
        self._laid_out_for = 0
        self.scroll_home(animate=False)
        self._lay_out(self.scrollable_content_region.width)

    def append_notes(self, notes: str) -> None:
        """Show notes below the text, for want of another place; empty takes them away."""
        if notes != self._notes:
            self._notes = notes
            self._laid_out_for = 0
            self._lay_out(self.scrollable_content_region.width)

    def rows_needed(self, width: int) -> int:
        """How many rows the text takes at a width in cells."""
        self._lay_out(width)
        return len(self._rows)

    @property
    def rows_below(self) -> int:
        """Rows that lie below the view."""
        height = self.scrollable_content_region.height
        return max(0, len(self._rows) - self.scroll_offset.y - height)

    @property
    def marked_below(self) -> int:
        """Rows with a dangerous part that lie below the view."""
        bottom = self.scroll_offset.y + self.scrollable_content_region.height
        return sum(1 for row in self._marked_rows if row >= bottom)

    def on_resize(self) -> None:
        """Break the lines anew for another width."""
        self._lay_out(self.scrollable_content_region.width)
        self.post_message(self.Moved())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Say that another part is in view."""
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Moved())

    def render_line(self, y: int) -> Strip:
        """Draw one row of the view."""
        width = self.scrollable_content_region.width
        base = self.rich_style
        index = self.scroll_offset.y + y
        if not 0 <= index < len(self._rows):
            return Strip.blank(width, base)
        segments = [
            Segment(part.text, base + self.get_component_rich_style(f"exact--{part.kind}"))
            for part in self._rows[index]
        ]
        return Strip(segments).adjust_cell_length(width, base)

    def _lay_out(self, width: int) -> None:
        if width <= 0 or width == self._laid_out_for:
            return
        self._laid_out_for = width
        self._rows = lay_out(self._text, self._spans, width)
        if self._diff:
            self._rows += [(), *lay_out_diff(self._diff, width)]
        if self._notes:
            self._rows += [(), *lay_out(self._notes, (), width)]
        self._marked_rows = tuple(
            index
            for index, row in enumerate(self._rows)
            if any(part.kind in {"marked", "stand_in"} for part in row)
        )
        self.virtual_size = Size(width, len(self._rows))
        self.refresh()
