"""The terminal side of the cockpit: a title row, and below it the live pane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.events import Hide, Show
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.drawing.text import Piece, between, one_line
from tui.themes.theme import paint

if TYPE_CHECKING:
    from agent.protocol.agents import PaneSummary
    from tui.terminal.pane_view import PaneView


class TerminalArea(Widget):
    """Frame of the pane view, which is mounted when there is an engine to show panes of."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._pane: PaneSummary | None = None
        self._position = ""
        self._hint = ""
        self._absence = ""
        self.view: PaneView | None = None

    async def open(self) -> None:
        """Mount the pane view; one that is there shows what has become known."""
        if self.view is not None:
            self.view.refresh()
            return
        from tui.terminal.pane_view import PaneView

        self.view = PaneView(id="pane")
        self.view.tell_absence(self._absence)
        await self.mount(self.view)

    def tell_seen(self, seen: bool) -> None:
        """Tell the pane view whether it can be seen, once the layout is done.

        Textual tells it too, except when a size was asked for between a change of the layout and
        its execution: the compositor then takes what is new for known.
        """
        if self.view is not None:
            self.view.post_message(Show() if seen else Hide())

    def show(
        self, pane: PaneSummary | None, position: str = "", hint: str = "", absence: str = ""
    ) -> None:
        """Show a pane.

        Args:
            pane: what is shown, if there is one.
            position: which of several it is.
            hint: a key that leads away.
            absence: when one opens, where there is none.
        """
        if (pane, position, hint) != (self._pane, self._position, self._hint):
            self._pane, self._position, self._hint = pane, position, hint
            self.refresh(Region(0, 0, self.size.width, 1))
        self._absence = absence
        if self.view is not None:
            self.view.tell_absence(absence)
            self.view.show(pane.pane_id if pane is not None else None)

    def refresh_title(self) -> None:
        """Draw the title anew; it shows whether the keyboard is here."""
        self.refresh(Region(0, 0, self.size.width, 1))

    @property
    def pane(self) -> PaneSummary | None:
        """The pane shown."""
        return self._pane

    def render_line(self, y: int) -> Strip:
        """Draw the title row; the pane view covers the others."""
        width = self.size.width
        styles = paint(self.app.theme_variables)
        if y:
            return Strip.blank(width, styles.blank)
        taken = self.view is not None and self.view.has_keyboard
        here = self.view is not None and self.screen.focused is self.view
        name = styles.attention if taken else styles.focus if here else styles.strong
        left: list[Piece] = [(" Terminal", name)]
        right: list[Piece] = []
        if self.border_subtitle:
            style = styles.attention if taken else styles.muted
            right = [(f" {self.border_subtitle} ", style)]
        elif self._pane is not None:
            title = one_line(self._pane.title)
            left.append((f"  {self._pane.pane_id} {title}", styles.muted))
            if self._pane.recording:
                right = [("● recording ", styles.bad)]
            if self._position:
                right.append((f"{self._position} ", styles.muted))
            if self._hint:
                right.append((f" {self._hint} ", styles.faint))
        return between(left, right, width, styles.blank)
