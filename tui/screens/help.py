"""Help: every key and command, from the registry of actions, and what the signs mean."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui import actions
from tui.screens.card import CardScreen, card_foot
from tui.theme import STATE_GLYPHS, STATE_WORDS

KEYS_WIDTH = 15
SLASH_WIDTH = 14

MODES = (
    ("plan", "only LOW runs; all else is refused with its reason"),
    ("careful", "LOW runs; MEDIUM and HIGH wait for you (new in a directory you don't trust yet)"),
    ("standard", "LOW and MEDIUM run; HIGH waits for you"),
)


class HelpScreen(CardScreen[None]):
    """All keys by where they work; scrolls with the arrow keys."""

    AUTO_FOCUS = "#keys"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q,ctrl+p", "close", show=False),
        Binding("j", "app.simulate_key('down')", show=False),
        Binding("k", "app.simulate_key('up')", show=False),
        Binding("space", "app.simulate_key('pagedown')", show=False),
    ]
    DEFAULT_CSS = """
    HelpScreen {
        #keys {
            height: auto;
            max-height: 100h;
            scrollbar-size-vertical: 1;
            scrollbar-background: $surface;
            scrollbar-color: $foreground 30%;
        }
        #card { max-height: 100%; height: 100%; }
        #keys { height: 1fr; }
    }
    """

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with Vertical(id="card", classes="-wide") as card:
            card.border_title = "Keys and commands"
            with VerticalScroll(id="keys"):
                yield Static(listing())
            yield from card_foot()

    def on_mount(self) -> None:
        """Say how to get about."""
        self.tell_keys(("↑↓", "scroll"), ("Esc", "close"))

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)


def listing() -> Content:
    """Write all keys as styled text."""
    parts: list[Content] = []
    for context, title in actions.CONTEXTS.items():
        rows = _rows(context)
        if rows:
            parts += [Content.styled(title, "bold"), *rows, Content("")]
    parts.append(Content.styled("What runs without you", "bold"))
    parts += [_row(name, "", text) for name, text in MODES]
    parts += [Content(""), Content.styled("Signs", "bold")]
    parts += [_row(glyph, "", STATE_WORDS[state]) for state, glyph in STATE_GLYPHS.items()]
    return Content("\n").join(parts)


def _rows(context: str) -> list[Content]:
    rows: list[Content] = []
    for action in actions.of(context):
        if action.id.startswith("agent.") and action.id[6:].isdigit():
            if action.id == "agent.1":
                rows.append(_row("M-1 … M-9", "", "Look at agent 1 to 9"))
            continue
        keys = " ".join(actions.label(key) for key in action.keys[:2])
        rows.append(_row(keys, f"/{action.slash}" if action.slash else "", action.description))
    return rows


def _row(keys: str, slash: str, text: str) -> Content:
    # The slash column is empty in whole sections; one gap serves both.
    return Content.assemble(
        "  ",
        (f"{keys:<{KEYS_WIDTH}}", "$text-primary"),
        (f"{slash:<{SLASH_WIDTH}}", "$text-muted"),
        text,
    )
