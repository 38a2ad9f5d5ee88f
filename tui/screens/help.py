"""Help: every key and command, from the registry of actions, and what the signs mean."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from tui import actions
from tui.screens.card import CardScreen, card_foot
from tui.text import Piece, wrap
from tui.theme import STATE_GLYPHS, STATE_WORDS, Paint
from tui.widgets.scrolled import Scrolled

KEYS_WIDTH = 14
SLASH_WIDTH = 13

MODES = (
    ("plan", "LOW runs; all else is refused, with its reason"),
    ("careful", "LOW runs; MEDIUM and HIGH wait for you. New agents start so in a directory "
     "that you don't trust yet"),
    ("standard", "LOW and MEDIUM run; HIGH waits for you"),
)  # fmt: skip


class HelpText(Scrolled):
    """The list, scrolled by keys."""

    def text(self, width: int) -> list[list[Piece]]:
        """Write all of it."""
        return listing(width, self.paint)


class HelpScreen(CardScreen[None]):
    """All keys by where they work."""

    AUTO_FOCUS = "#keys"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f1,q", "close", show=False)]
    DEFAULT_CSS = """
    HelpScreen {
        #card { height: 100%; }
        #keys { height: 1fr; }
        #card-line { display: none; }
        #card-keys { margin-top: 0; }
    }
    """

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with Vertical(id="card", classes="-wide") as card:
            card.border_title = "Keys and commands"
            yield HelpText(id="keys")
            yield from card_foot()

    def on_mount(self) -> None:
        """Say how to get about."""
        self.tell_keys(("↑↓ PgUp PgDn", "scroll"), ("Esc", "close"))

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)


def listing(width: int, paint: Paint) -> list[list[Piece]]:
    """Write all keys as styled lines of at most `width` cells."""
    lines: list[list[Piece]] = []
    for context, title in actions.CONTEXTS.items():
        rows = _rows(context)
        if not rows:
            continue
        lines += [[], [(title, paint.strong)]] if lines else [[(title, paint.strong)]]
        slashes = any(slash for _, slash, _ in rows)
        for keys, slash, text in rows:
            lines += _row(keys, slash if slashes else None, text, width, paint)
    lines += [[], [("What runs without you", paint.strong)]]
    for name, text in MODES:
        lines += _row(name, None, text, width, paint)
    lines += [[], [("Signs", paint.strong)]]
    for state, glyph in STATE_GLYPHS.items():
        lines += _row(glyph, None, STATE_WORDS[state], width, paint)
    return lines


def _rows(context: str) -> list[tuple[str, str, str]]:
    rows: list[tuple[str, str, str]] = []
    for action in actions.of(context):
        if action.id.startswith("agent.") and action.id[6:].isdigit():
            if action.id == "agent.1":
                rows.append(("Alt+1 … Alt+9", "", "Look at agent 1 to 9"))
            continue
        keys = " ".join(actions.label(key) for key in action.keys[:2])
        rows.append((keys, f"/{action.slash}" if action.slash else "", action.description))
    return rows


def _row(keys: str, slash: str | None, text: str, width: int, paint: Paint) -> list[list[Piece]]:
    head: list[Piece] = [(f"  {keys:<{KEYS_WIDTH}}", paint.working)]
    indent = KEYS_WIDTH + 2
    if slash is not None:
        head.append((f"{slash:<{SLASH_WIDTH}}", paint.muted))
        indent += SLASH_WIDTH
    first, *rest = wrap([(text, paint.text)], width - indent)
    return [[*head, *first], *([(" " * indent, paint.blank), *line] for line in rest)]
