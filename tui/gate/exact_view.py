"""A scrolling view of exact text: a command with its dangerous parts marked, a diff, a tree."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.gate.exact import Page, Row, lay_out, lay_out_diff, lay_out_tree, pages

if TYPE_CHECKING:
    from textual.events import MouseScrollDown, MouseScrollUp

WHEEL = 3
"""Rows a turn of the wheel scrolls."""
FAR = 1_000_000
"""More rows than a page has: to the very beginning, or the very end."""


class ExactView(ScrollView, can_focus=False):
    """Shows text whole, and a very long one page by page: only the page in view is laid out.

    It begins where the first dangerous part is in view, and stays there in a window of another
    size until the person scrolls.
    """

    DEFAULT_CSS = """
    ExactView {
        height: 1fr;
        overflow-x: hidden;
        background: $surface;
        scrollbar-size-vertical: 1;
        scrollbar-background: $surface;
        scrollbar-color: $foreground 30%;
        & > .exact--text { color: $foreground; text-style: bold; }
        & > .exact--program { color: $text-primary; text-style: bold; }
        & > .exact--string { color: $text-success; }
        & > .exact--variable { color: $text-accent; }
        & > .exact--operator { color: $text-secondary; text-style: bold; }
        & > .exact--comment { color: $text-muted; text-style: italic; }
        & > .exact--marked {
            color: $text-error;
            background: $error-muted;
            text-style: bold underline;
        }
        & > .exact--stand_in { color: $text-warning; background: $warning-muted; }
        & > .exact--added { color: $text-success; }
        & > .exact--added_part {
            color: $text-success;
            background: $success-muted;
            text-style: bold underline;
        }
        & > .exact--removed { color: $text-error; }
        & > .exact--removed_part {
            color: $text-error;
            background: $error-muted;
            text-style: bold underline;
        }
        & > .exact--kept { color: $foreground; }
        & > .exact--high { color: $text-error; text-style: bold; }
        & > .exact--medium { color: $text-warning; }
        & > .exact--hunk { color: $text-muted; }
        & > .exact--continued { color: $foreground 70%; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "exact--text",
        "exact--program",
        "exact--string",
        "exact--variable",
        "exact--operator",
        "exact--comment",
        "exact--marked",
        "exact--stand_in",
        "exact--added",
        "exact--added_part",
        "exact--removed",
        "exact--removed_part",
        "exact--kept",
        "exact--high",
        "exact--medium",
        "exact--hunk",
        "exact--continued",
    }

    class Moved(Message):
        """Another part of the text is in view now."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._text = ""
        self._shell = False
        self._spans: tuple[tuple[int, int], ...] = ()
        self._diff = ""
        self._two_columns = False
        self._tree = ""
        self._to_tree = False
        """Whether the beginning of the tree still has to be brought into view."""
        self._tree_at = 0
        """The row in which the tree begins, on a page that holds more."""
        self._notes = ""
        self._pages = [Page(0, 0)]
        self._page = 0
        self._to_mark = False
        """Whether the first dangerous part still has to be brought into view."""
        self._scrolled = False
        """Whether the person has looked elsewhere."""
        self._rows: list[Row] = []
        self._marked_rows: tuple[int, ...] = ()
        self._laid_out_for = 0

    def show(
        self,
        text: str,
        spans: Iterable[tuple[int, int]] = (),
        diff: str = "",
        *,
        shell: bool = False,
    ) -> None:
        """Show another text, with its first marked part in view; that of a shell with colours."""
        self._text = text
        self._shell = shell
        self._spans = tuple(sorted(spans))
        self._diff = diff
        self._tree = ""
        self._scrolled = False
        self._pages = pages(text, diff)
        self._begin()
        first = self._spans[0][0] if self._spans else 0
        on_first = (
            number
            for number, page in enumerate(self._pages)
            if page.of == "text" and page.start <= first < page.end
        )
        self._turn_to(next(on_first, 0))

    def unfold(self, tree: str) -> None:
        """Show a tree of commands below the text, from its beginning; empty takes it away."""
        self._tree = tree
        self._scrolled = False
        self._pages = pages(self._text, self._diff, tree)
        self._begin()
        first = next((at for at, page in enumerate(self._pages) if page.of == "tree"), 0)
        self._turn_to(first)

    def _begin(self) -> None:
        self._to_tree = bool(self._tree)
        self._to_mark = bool(self._spans) and not self._tree

    @property
    def unfolded(self) -> bool:
        """Whether a tree is shown."""
        return bool(self._tree)

    def show_diff_in(self, two_columns: bool) -> None:
        """Show a diff in two columns, or in one."""
        if two_columns != self._two_columns:
            self._two_columns = two_columns
            self._laid_out_for = 0
            self._lay_out(self.scrollable_content_region.width)

    def _turn_to(self, page: int) -> None:
        self._page = page
        self._laid_out_for = 0
        self.scroll_home(animate=False)
        self._lay_out(self.scrollable_content_region.width)

    def move(self, rows: int) -> None:
        """Scroll by rows, negative ones upwards, and on to another page at the end of this one."""
        self._scrolled = True
        far = abs(rows) >= FAR
        if rows > 0 and (far or self.rows_below == 0) and self._page < len(self._pages) - 1:
            self._turn_to(len(self._pages) - 1 if far else self._page + 1)
            if not far:
                return
        elif rows < 0 and (far or self.rows_above == 0) and self._page > 0:
            self._turn_to(0 if far else self._page - 1)
            rows = rows if far else FAR
        self.scroll_relative(y=rows, animate=False, force=True)

    def show_mark(self) -> None:
        """Bring the first marked part into view, once the size of the view is known."""
        height = self.scrollable_content_region.height
        if height <= 0:
            return
        if self._to_tree:
            self._to_tree = False
            if len(self._pages) == 1:
                # With the last row of the command above it.
                self.scroll_to(y=max(0, self._tree_at - 2), animate=False, force=True)
        if not self._to_mark:
            return
        self._to_mark = False
        first = next(
            (n for n, row in enumerate(self._rows) if any(part.kind == "marked" for part in row)), 0
        )
        beginning = first - height // 3 if first >= height else 0
        self.scroll_to(y=beginning, animate=False, force=True)

    @property
    def place(self) -> str:
        """Which page is shown, empty while there is just one."""
        count = len(self._pages)
        return f"page {self._page + 1} of {count}" if count > 1 else ""

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
    def rows_above(self) -> int:
        """Rows of this page that lie above the view."""
        return self.scroll_offset.y

    @property
    def rows_below(self) -> int:
        """Rows of this page that lie below the view."""
        height = self.scrollable_content_region.height
        return max(0, len(self._rows) - self.scroll_offset.y - height)

    @property
    def marked_below(self) -> int:
        """Rows with a dangerous part below the view; parts on later pages count as one row each."""
        bottom = self.scroll_offset.y + self.scrollable_content_region.height
        page = self._pages[self._page]
        later = 0 if page.of != "text" else sum(1 for start, _ in self._spans if start >= page.end)
        return later + sum(1 for row in self._marked_rows if row >= bottom)

    def on_resize(self) -> None:
        """Break the lines anew for another width."""
        self._lay_out(self.scrollable_content_region.width)
        if not self._scrolled:
            self._begin()
        self.post_message(self.Moved())

    def on_scroll_to(self) -> None:
        """Take note that the person drags the scrollbar."""
        self._scrolled = True

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Say that another part is in view."""
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Moved())

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Scroll, and turn the page at its end."""
        event.stop()
        event.prevent_default()
        self.move(WHEEL)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Scroll, and turn the page at its beginning."""
        event.stop()
        event.prevent_default()
        self.move(-WHEEL)

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
        page = self._pages[self._page]
        if page.of == "diff":
            self._rows = self._diff_rows(page.start, page.end, width)
        elif page.of == "tree":
            self._rows = lay_out_tree(self._tree[page.start : page.end], width)
        else:
            text = self._text[page.start : page.end]
            last = page.end == len(self._text)
            spans = ((start - page.start, end - page.start) for start, end in self._spans)
            shown = text if last else text.removesuffix("\n")
            self._rows = lay_out(shown, spans, width, shell=self._shell)
            if self._diff and len(self._pages) == 1:
                self._rows += [(), *self._diff_rows(0, len(self._diff), width)]
            if self._tree and len(self._pages) == 1:
                self._tree_at = len(self._rows) + 1
                self._rows += [(), *lay_out_tree(self._tree, width)]
        if self._notes and self._page == len(self._pages) - 1:
            self._rows += [(), *lay_out(self._notes, (), width)]
        self._marked_rows = tuple(
            index
            for index, row in enumerate(self._rows)
            if any(part.kind in {"marked", "stand_in"} for part in row)
        )
        self.virtual_size = Size(width, len(self._rows))
        self.refresh()

    def _diff_rows(self, start: int, end: int, width: int) -> list[Row]:
        part = self._diff[start:end]
        if not self._two_columns:
            return lay_out_diff(part, width)
        from tui.gate.sides import lay_out_sides

        return lay_out_sides(part, width, within=start > 0)
