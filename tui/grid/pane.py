"""A live terminal in a tile: the part around its cursor; its program sees no other size."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events

from tui.terminal.pane_view import FPS_UNWATCHED, FPS_WATCHED, PaneView


class TilePane(PaneView, can_focus=False):
    """Shows one terminal as it is; its program sees no other size.

    Keys go to the grid, except while the person has given this terminal the keyboard.

    Args:
        pane_id: tmux's name of the pane.
        told: called when what its head says of it has changed.
    """

    REMEMBERED_ROWS: ClassVar[int] = 128
    """Few: there are many tiles, and each shows a few rows."""

    def __init__(self, pane_id: str, told: Callable[[], None]) -> None:
        super().__init__(fps=FPS_UNWATCHED, follow_size=False)
        self._told = told
        self.show(pane_id)

    @property
    def takes_keys(self) -> bool:
        """Whether the keyboard is here, or is on its way here."""
        return self.has_keyboard or self._ahead is not None

    def choose(self, chosen: bool) -> None:
        """Draw it as smoothly as any terminal that is watched, or less so."""
        fps = FPS_WATCHED if chosen else FPS_UNWATCHED
        if fps != self._fps:
            self._fps = fps
            self._follow_fps()

    def tell_seen(self, seen: bool) -> None:
        """Begin to receive frames, or end that."""
        self.post_message(events.Show() if seen else events.Hide())

    def take_keyboard(self) -> bool:
        """Give the keyboard to the pane's program; only then does the pane take the focus."""
        self.can_focus = True
        taken = super().take_keyboard()
        self.can_focus = taken
        return taken

    def return_keyboard(self) -> None:
        """Take the keyboard back."""
        super().return_keyboard()
        self.can_focus = False

    def on_click(self, event: events.Click) -> None:
        """Leave clicks to the grid."""
        event.prevent_default()

    def first_column(self, width: int) -> int:
        """Follow the cursor to the right while the person types; else show the left edge."""
        frame = self._frame
        if frame is None or not (self.has_keyboard and frame.cursor_visible) or width < 2:
            return 0
        # In steps of half the width, so that what is drawn moves seldom.
        step = width // 2
        return max(0, (frame.cursor_x // step - 1) * step)

    def _tell_parent(self) -> None:
        self._told()
