"""How a pane looks: its rows, its cursor, what was there before, and words when there is none.

Where frames come from, and where a person's keys go, is `tui.terminal.pane_view`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui.gate.host import host
from tui.keys import actions
from tui.keys.key_names import is_character
from tui.terminal.passthrough import RETURN_LABEL
from tui.terminal.strips import CACHED_ROWS, Painter

if TYPE_CHECKING:
    from rich.style import Style

    from agent.protocol.agents import PaneSummary
    from tungsten.screen.frame import Frame


class PaneScreen(Widget):
    """Draws the newest frame of a pane; only rows that changed are drawn again.

    It has no border of its own: it sets `border_subtitle` and the class `-keyboard` on its parent.
    """

    DEFAULT_CSS = """
    PaneScreen {
        width: 1fr;
        height: 1fr;
        background: $background;
        color: $foreground;
        & > .pane--cursor { color: $background; background: $foreground; }
        & > .pane--cursor-idle { color: $foreground; background: $foreground 35%; }
        & > .pane--note { color: $text-muted; }
        & > .pane--title { color: $foreground; text-style: bold; }
        & > .pane--status { color: $text; background: $panel; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "pane--cursor",
        "pane--cursor-idle",
        "pane--note",
        "pane--title",
        "pane--status",
    }
    ALLOW_SELECT = False
    REMEMBERED_ROWS: ClassVar[int] = CACHED_ROWS
    """Most drawn rows to keep for the next frames."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_back(1)", "Scroll up", show=False),
        Binding("down", "scroll_back(-1)", "Scroll down", show=False),
        Binding("pageup", "page_back(1)", "Page up", show=False),
        Binding("pagedown", "page_back(-1)", "Page down", show=False),
        Binding("home", "scroll_back(1000000)", "Oldest line", show=False),
        Binding("end", "scroll_back(-1000000)", "Back to now", show=False),
        *(
            Binding(key, f"scroll_back({lines})", show=False)
            for action, lines in (("pane.scroll_up", 1), ("pane.scroll_down", -1))
            for key in actions.by_id(action).keys
            if is_character(key)
        ),
    ]
    has_keyboard: reactive[bool] = reactive(False)
    """Whether the person's keys go to the pane's program."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._pane_id: str | None = None
        self._frame: Frame | None = None
        self._late_frame: Frame | None = None
        """The newest frame while another screen covers this one; drawn when it is seen again."""
        self._problem = ""
        self._problem_title = ""
        self._absence = ""
        """When a terminal opens, where none is shown."""
        self._painter = Painter()
        self._rows: tuple[Strip, ...] = ()
        self._known_style: Style | None = None
        self._cursor_styles: dict[str, Style] = {}
        self._history: tuple[Strip, ...] | None = None
        self._back = 0

    @property
    def pane_id(self) -> str | None:
        """The pane shown, as tmux names it."""
        return self._pane_id

    @property
    def cursor_row(self) -> int:
        """The row of the screen in which its cursor stands, its last one before there is any."""
        if self._frame is None:
            return self.region.bottom - 1
        return self.region.y + self._frame.cursor_y

    def tell_absence(self, text: str) -> None:
        """Say so where there is no terminal."""
        if text != self._absence:
            self._absence = text
            self._redraw()

    def _pane(self) -> PaneSummary | None:
        """What the engine says about the pane."""
        panes = (pane for agent in host(self).state.agents for pane in agent.panes)
        return next((pane for pane in panes if pane.pane_id == self._pane_id), None)

    # Frames --------------------------------------------------------------------------------------

    def _draw(self, frame: Frame) -> None:
        was = self._frame
        self._frame = frame
        self._late_frame = None
        if self._back:
            return
        before = self._rows
        self._rows = self._paint(frame)
        if was is None or len(before) != len(self._rows) or was.dead != frame.dead:
            self._redraw()
            return
        regions = _changed(before, self._rows, self.size.width)
        if regions:
            self.refresh(*regions)

    @property
    def _base_style(self) -> Style:
        """What is drawn where a program sets no style; Textual works it out anew at each look."""
        if self._known_style is None:
            self._known_style = self.rich_style
        return self._known_style

    def _paint(self, frame: Frame) -> tuple[Strip, ...]:
        width, height = self.size
        return self._painter.paint(
            frame,
            width,
            height,
            self._base_style,
            self._cursor_style(),
            first_column=self.first_column(width),
        )

    def first_column(self, width: int) -> int:
        """The column of the pane that is drawn at the left edge of a view of this width."""
        return 0

    def _cursor_style(self) -> Style:
        name = "pane--cursor" if self.has_keyboard else "pane--cursor-idle"
        if name not in self._cursor_styles:
            self._cursor_styles[name] = self.get_component_rich_style(name)
        return self._cursor_styles[name]

    def _redraw(self) -> None:
        if not self.is_attached:
            return
        frame = self._late_frame or self._frame
        if frame is not None:
            self._frame = frame
            self._late_frame = None
            self._rows = self._paint(frame)
        self._tell_parent()
        self.refresh()

    def notify_style_update(self) -> None:
        """Forget drawn rows when the theme changes."""
        super().notify_style_update()
        self._known_style = None
        self._cursor_styles = {}
        self._painter = Painter(
            self.get_line_filters(), self.background_colors[1], remembered=self.REMEMBERED_ROWS
        )
        self._history = None
        self._back = 0
        self.call_after_refresh(self._redraw)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Hand out the rows as they are; rows that did not change are the same objects."""
        if self.parent is None:
            # Taken away, which the arrangement that is drawn does not know yet: Textual 8.2
            # (`Widget._message_loop_exit`) has let go of its styles and its screen by now.
            return [Strip.blank(crop.width)] * crop.height
        if self._late_frame is not None and self.app.screen is self.screen:
            self._draw(self._late_frame)
        rows = self._visible_rows()
        width = self.size.width
        blank = self._painter.blank(width, self._base_style)
        lines = [rows[y] if y < len(rows) else blank for y in crop.line_range]
        if any(line.cell_length != width for line in lines):
            # Drawn before a resize that is told of later: they must not reach beside the pane.
            lines = [line.adjust_cell_length(width, self.rich_style) for line in lines]
        if crop.x == 0 and crop.width >= width:
            return lines
        return [line.crop(crop.x, crop.right) for line in lines]

    def _visible_rows(self) -> tuple[Strip, ...]:
        if self._problem:
            return self._note(self._problem_title, self._problem)
        if self._pane_id is None and host(self).state.seq < 0:
            # Nobody knows yet what there is.
            return ()
        if self._pane_id is None:
            return self._note("No terminal", self._absence)
        if self._frame is None:
            return self._note("", "Opening the terminal …")
        if self._back and self._history is not None:
            everything = (*self._history, *self._rows)
            end = len(everything) - self._back
            return everything[max(0, end - self.size.height) : end]
        if self._frame.dead and (above := self.size.height - 1) > 0:
            return (*self._rows[-above:], self._ending())
        return self._rows

    def _ending(self) -> Strip:
        pane = self._pane()
        status = pane.exit_status if pane is not None else None
        how = f" with exit status {status}" if status is not None else ""
        text = f" The program has ended{how}. Its screen stays."
        if len(text) > self.size.width:
            text = f" Ended{how}"
        style = self.get_component_rich_style("pane--status")
        return self._painter.line(text, self.size.width, style)

    def _note(self, title: str, text: str) -> tuple[Strip, ...]:
        width, height = self.size
        style = self.get_component_rich_style("pane--note")
        lines = [(title, self.get_component_rich_style("pane--title"))] if title else []
        lines += [(line, style) for line in _folded(text, max(10, width - 4))]
        above = max(0, (height - len(lines)) // 2)
        blank = self._painter.blank(width, self.rich_style)
        drawn = [self._painter.centred(line, width, how) for line, how in lines]
        return (*[blank] * above, *drawn)

    # Scrollback ----------------------------------------------------------------------------------

    @property
    def lines_back(self) -> int:
        """How many lines above the live screen the view is; 0 is live."""
        return self._back

    def action_page_back(self, pages: int) -> None:
        """Scroll by almost a screen: 1 is up, -1 is down."""
        self.action_scroll_back(pages * max(1, self.size.height - 2))

    def action_scroll_back(self, lines: int) -> None:
        """Scroll up by so many lines, or down when negative."""
        if self._frame is None:
            return
        if self._history is None:
            if lines > 0:
                self._fetch_history(lines)
            return
        self._go_back_to(self._back + lines)

    def _fetch_history(self, then_back: int) -> object:
        """Read the history, then go back so many lines."""
        raise NotImplementedError

    def to_now(self) -> None:
        """Leave the scrollback."""
        if self._back:
            self._go_back_to(0)

    def _go_back_to(self, back: int) -> None:
        history = self._history or ()
        self._back = max(0, min(back, len(history)))
        if self._back == 0:
            self._history = None
        self._redraw()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll into the history."""
        event.stop()
        self.action_scroll_back(3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll towards now."""
        event.stop()
        self.action_scroll_back(-3)

    def watch_has_keyboard(self) -> None:
        """Show whose the keys are."""
        self._painter.forget()
        self._redraw()

    def _tell_parent(self) -> None:
        parent = self.parent
        if not isinstance(parent, Widget):
            return
        parent.set_class(self.has_keyboard, "-keyboard")
        said = ""
        if self.has_keyboard:
            said = f"you type here · {RETURN_LABEL} takes the keyboard back"
        if self._back:
            key = "typing" if self.has_keyboard else "End"
            said = f"{self._back} lines back · {key} returns to now"
        if parent.border_subtitle != said:
            parent.border_subtitle = said


def _changed(before: tuple[Strip, ...], after: tuple[Strip, ...], width: int) -> list[Region]:
    """Find the rows that differ, as few regions."""
    regions: list[Region] = []
    start: int | None = None
    for y, (old, new) in enumerate(zip(before, after, strict=True)):
        if old is not new:
            start = y if start is None else start
        elif start is not None:
            regions.append(Region(0, start, width, y - start))
            start = None
    if start is not None:
        regions.append(Region(0, start, width, len(after) - start))
    return regions


def _folded(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width) or [""]
