"""A tour of five cards: what there is to see, and the keys that matter, as the registry has them.

It never stands in the way: what is typed goes into the prompt, a key that a card names does what it
always does, and either leaves the tour, as Esc does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, Vertical
from textual.events import Key, Paste
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import Static

from tui.keys import actions
from tui.screens.card import CardScreen, card_foot, closing

if TYPE_CHECKING:
    from tui.drawing.arrangement import Arrangement


@dataclass(frozen=True, slots=True)
class TourCard:
    """One card.

    Attributes:
        title: What it is about.
        text: A few sentences.
        keys: Ids of the actions that it names, in their order.
        areas: Areas of the cockpit that are lit while it is shown.
    """

    title: str
    text: str
    keys: tuple[str, ...]
    areas: tuple[str, ...]


CARDS = (
    TourCard(
        "What you see",
        "Each agent has a line with its state. The one you look at shows its conversation and, "
        "beside it or in its place, its terminal: a real one, live, in tmux. Below is the prompt, "
        "and the last row tells the keys of where you are.",
        (
            "agent.next",
            "view.conversation",
            "view.terminal",
            "view.grid",
            "focus.next",
            "app.usage",
        ),
        ("agents", "conversation_title", "conversation", "terminal", "prompt", "footer"),
    ),
    TourCard(
        "Start an agent",
        "Write into the prompt what to do, as you would say it to a colleague, and press Enter. "
        "Without an agent one starts in this directory; otherwise the one you look at is told. "
        "@ and a few letters name a file. Agents go on working when the app is closed.",
        ("prompt.send", "agent.new", "prompt.command", "prompt.shell", "app.setup", "app.demo"),
        ("prompt",),
    ),
    TourCard(
        "The gate",
        "What can do harm waits for you: a dialog shows the exact command, why it waits and what "
        "it would do. Enter never approves, HIGH has a key of its own, and nothing is decided "
        "while you type.",
        (
            "gate.approve",
            "gate.approve_high",
            "gate.deny",
            "gate.deny_message",
            "gate.edit",
            "gate.later",
        ),
        ("conversation_title", "conversation", "terminal"),
    ),
    TourCard(
        "The terminal, and the way back",
        "You can type into an agent’s terminal yourself: it waits until you give the keyboard "
        f"back, and is told what you did. {actions.shown('pane.return')} comes back from "
        "everywhere.",
        ("pane.take", "pane.return", "pane.attach", "pane.next", "pane.own", "turn.interrupt"),
        ("terminal",),
    ),
    TourCard(
        "Nothing gets lost",
        "Whatever waits for you is in the inbox, the longest first. The palette finds every "
        "action and agent by a few letters, help lists all keys, and old sessions are searched "
        "and taken up again.",
        ("gate.inbox", "agent.waiting", "app.palette", "app.help", "agent.sessions", "app.tour"),
        ("status", "footer"),
    ),
)


class Left(NamedTuple):
    """How the tour was left: at which card, from 0, and for which action, if for one."""

    card: int
    action: str = ""


class TourScreen(CardScreen[Left]):
    """Shows one card after the other; goes away with where it was left.

    Args:
        type_into: takes what is typed meanwhile.
        arrangement: where the areas of the cockpit are; None where there is none below.
        card: which card comes first, from 0.
    """

    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    TourScreen {
        #card-line { display: none; }
        #tour-keys {
            grid-size: 2;
            grid-columns: 9 1fr;
            grid-rows: auto;
            grid-gutter: 0 2;
            height: auto;
        }
        .tour-key { text-style: bold; text-align: right; }
        .tour-what { color: $foreground 80%; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        closing("close"),
        Binding("enter,right", "turn(1)", show=False),
        Binding("left", "turn(-1)", show=False),
    ]

    def __init__(
        self,
        type_into: Callable[[Key | Paste], None],
        arrangement: Callable[[], Arrangement] | None = None,
        card: int = 0,
    ) -> None:
        super().__init__()
        self._type_into = type_into
        self._areas = arrangement
        self._card_shown = card if 0 <= card < len(CARDS) else 0
        self._left = False

    def compose(self) -> ComposeResult:
        """Lay out text and keys."""
        with Vertical(id="card"):
            yield Static(id="tour-text", classes="card-text", markup=False)
            with Grid(id="tour-keys"):
                for _ in range(max(len(card.keys) for card in CARDS)):
                    yield Static(classes="tour-key", markup=False)
                    yield Static(classes="tour-what", markup=False)
            yield from card_foot()

    def on_mount(self) -> None:
        """Begin."""
        self._show()

    def _show(self) -> None:
        card = CARDS[self._card_shown]
        last = self._card_shown == len(CARDS) - 1
        place = f"{self._card_shown + 1} of {len(CARDS)}"
        self.query_one("#card", Vertical).border_title = f"{place} · {card.title}"
        self.query_one("#tour-text", Static).update(card.text)
        rows = zip(self.query(".tour-key"), self.query(".tour-what"), card.keys, strict=True)
        for key, what, name in rows:
            action = actions.by_id(name)
            label = actions.label(action.keys[0]) if action.keys else f"/{action.slash}"
            cast(Static, key).update(label)
            cast(Static, what).update(action.description)
        back = (("←", "back"),) if self._card_shown else ()
        self.tell_keys(("Enter", "done" if last else "next"), *back, ("Esc", "leave"))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Leave the areas that the card is about as bright as they are."""
        line = super().render_line(y)
        if self._areas is None or len(self._undimmed) != self.size.height:
            return line
        if self._card.y <= y < self._card.bottom:
            return line
        bright, width = self._undimmed[y], self.size.width
        if bright.cell_length != width or line.cell_length != width:
            return line
        for region in self._lit():
            if region.y <= y < region.bottom:
                right = min(region.right, width)
                parts = (line.crop(0, region.x), bright.crop(region.x, right))
                line = Strip.join([*parts, line.crop(right, width)])
        return line

    def _lit(self) -> list[Region]:
        assert self._areas is not None
        areas = self._areas()._asdict()
        found = (areas[name] for name in CARDS[self._card_shown].areas)
        return [region for region in found if region is not None]

    def on_key(self, event: Key) -> None:
        """Let what is typed arrive, and keys do what they do without a tour."""
        if event.is_printable:
            event.stop()
            event.prevent_default()
            self._type_into(event)
            self._leave()
            return
        for action in actions.of(actions.ANYWHERE):
            if event.key in action.keys and action.action and action.id != "turn.interrupt":
                event.stop()
                event.prevent_default()
                self.leave_for(action.id)
                return

    def on_paste(self, event: Paste) -> None:
        """Let what is pasted arrive."""
        event.stop()
        self._type_into(event)
        self._leave()

    def action_turn(self, step: int) -> None:
        """Show the next card, or the one before; behind the last there is none."""
        card = self._card_shown + step
        if card >= len(CARDS):
            self._card_shown = 0
            self._leave()
        elif card >= 0:
            self._card_shown = card
            self._show()

    def action_close(self) -> None:
        """Leave."""
        self._leave()

    def leave_for(self, action: str) -> bool:
        """Leave, and have an action done then; keys of the app itself come this way."""
        self._leave(action)
        return True

    def _leave(self, action: str = "") -> None:
        if not self._left:
            self._left = True
            self.dismiss(Left(self._card_shown, action))
