"""What dialogs have in common: a card in the middle, a line for what went wrong, keys below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.geometry import NULL_REGION, Region
from textual.renderables.tint import Tint
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import OptionList, Static

from tui.screens.closed_once import ClosedOnce

Result = TypeVar("Result")


_DIM = Style(dim=True)

LEAST_SIDE = 12
"""Cells beside the card below which nothing is drawn there: no word would be whole."""

DIMMED = 0.7
"""How much of what lies below a card is covered by the background colour."""

DELAY = 0.12
"""Seconds without a further change of window or theme after which a card looks below it again."""


LIST_KEYS: tuple[BindingType, ...] = tuple(
    Binding(key, f"in_list('{action}')", show=False, priority=True)
    for key, action in (
        ("up", "cursor_up"),
        ("down", "cursor_down"),
        ("pageup", "page_up"),
        ("pagedown", "page_down"),
    )
)
"""Keys of the list in a card whose field has the focus."""


def closing(action: str, keys: str = "escape") -> Binding:
    """Bind keys that close a card, or go back in it, ahead of the fields in it.

    Textual 8.2 looks up what another key means only after it has gone through field, screen and
    app. What is typed right behind Esc would meanwhile be written into the card that goes.
    """
    return Binding(keys, action, show=False, priority=True)


class CardScreen(ModalScreen[Result], ClosedOnce[Result]):
    """A card in the middle, over a dimmed still picture of the screen below.

    Still, and opaque for Textual, since a translucent screen over live panes costs a full repaint
    for each changed row.
    """

    CSS_PATH = Path(__file__).with_name("card.tcss")
    AUTO_FOCUS = "Input, OptionList, .card-focus"

    SHOWS_BELOW: ClassVar[bool] = True
    _undimmed: Sequence[Strip] = ()
    _below: Sequence[Strip] = ()
    _card: Region = NULL_REGION
    _dimmed = DIMMED
    _looking: Timer | None = None

    def on_mount(self) -> None:
        """Take the picture of what lies below."""
        self.screen_layout_refresh_signal.subscribe(self, self._card_moved, immediate=True)
        if self.SHOWS_BELOW:
            self.look_below(DIMMED)
            self.app.theme_changed_signal.subscribe(self, lambda _: self.look_soon())

    def on_unmount(self) -> None:
        """Be no longer told of themes: a signal keeps who is subscribed until it is sent."""
        self.app.theme_changed_signal.unsubscribe(self)

    def on_resize(self) -> None:
        """Follow the window: write rows for its width, and look below when that has followed."""
        self.follow_width()
        if self._below and (len(self._below), self._below[0].cell_length) != self.size[::-1]:
            self.look_soon()

    def follow_width(self) -> None:
        """Write anew what was cut to the width of the window; for cards that have such rows."""

    def look_soon(self) -> None:
        """Look below again when what changed below has been laid out."""
        if self._looking is not None:
            self._looking.stop()
        self._looking = self.set_timer(DELAY, self._look_again)

    def _look_again(self) -> None:
        self._looking = None
        self.look_below(self._dimmed)
        self.refresh()
        # A card upon this one shows it: its picture is of before.
        stack = self.app.screen_stack
        for above in stack[stack.index(self) + 1 :][:1] if self in stack else ():
            if isinstance(above, CardScreen):
                above.look_soon()

    def look_below(self, dimmed: float) -> None:
        """Take the picture of what lies below, covered that much by the background colour."""
        stack = self.app.screen_stack
        if self not in stack[1:]:
            # The first of all, or on its way out.
            return
        below = stack[stack.index(self) - 1]
        self._dimmed = dimmed
        color, theme = self.styles.background.with_alpha(dimmed), self.app.ansi_theme
        self._undimmed = strips = below._compositor.render_strips()  # noqa: SLF001
        self._below = [
            Strip(_own_dimmed(Tint.process_segments(strip, color, theme)), strip.cell_length)
            if dimmed
            else strip
            for strip in strips
        ]

    def render_line(self, y: int) -> Strip:
        """Draw what lies below, unless the window has another size by now."""
        width, height = self.size
        blank = super().render_line(y)
        # While the window changes its size, rows are asked for that it no longer has.
        if not y < len(self._below) == height or self._below[y].cell_length != width:
            return blank
        below, card = self._below[y], self._card
        if not card.y <= y < card.bottom:
            return self._under(y) if card.width > width - 2 * LEAST_SIDE else below
        left = card.x if card.x < LEAST_SIDE else 0
        right = card.right if width - card.right < LEAST_SIDE else width
        return Strip.join([blank.crop(0, left), below.crop(left, right), blank.crop(right, width)])

    def _under(self, y: int) -> Strip:
        """What a row shows above or below a card that fills the width: no edge of another card."""
        stack = self.app.screen_stack
        lower = stack[stack.index(self) - 1] if self in stack[1:] else None
        if not isinstance(lower, CardScreen) or len(lower._below) != len(self._below):  # noqa: SLF001
            return self._below[y]
        return lower._under(y)  # noqa: SLF001

    def _card_moved(self, _screen: object) -> None:
        """Draw the sides anew: other rows are beside the card now."""
        found = self.query("#card")
        region = found.first().region if found else NULL_REGION
        if region != self._card:
            self._card = region
            self.refresh()

    async def action_in_list(self, action: str) -> None:
        """Have the card's list carry out one of its actions, whatever has the focus."""
        await self.query_one(OptionList).run_action(action)

    def progress(self, text: str) -> None:
        """Say what is being waited for; empty says nothing."""
        self._tell(text, problem=False)

    def problem(self, text: str) -> None:
        """Say in one line what is wrong."""
        self._tell(text, problem=True)

    def _tell(self, text: str, *, problem: bool) -> None:
        if not self.is_open:
            # It was closed while something was done for it.
            if problem:
                self.app.notify(text, severity="error", timeout=30, markup=False)
            return
        line = self.query_one("#card-line", Static)
        line.update(Content(text))
        line.set_class(problem, "-problem")

    def tell_keys(self, *keys: tuple[str, str]) -> None:
        """Show the keys that do something now."""
        self.query_one("#card-keys", Static).update(keys_line(keys))


def keys_line(keys: Iterable[tuple[str, str]]) -> Content:
    """Write keys with their labels in one line."""
    return Content("   ").join(
        Content.assemble((key, "bold $foreground"), " ", (label, "$muted")) for key, label in keys
    )


def row(label: str, field: Widget) -> Horizontal:
    """A field with its label before it."""
    return Horizontal(Static(label, markup=False), field, classes="card-row")


def card_foot() -> Iterable[Widget]:
    """The two last rows of every card."""
    yield Static(id="card-line", markup=False)
    yield Static(id="card-keys", markup=False)


def _own_dimmed(segments: Iterable[Segment]) -> list[Segment]:
    """Have text dim that is drawn in the terminal's own colour, which nothing covers."""
    return [
        segment
        if segment.style is None or segment.style.color is not None
        else Segment(segment.text, segment.style + _DIM, segment.control)
        for segment in segments
    ]
