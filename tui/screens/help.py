"""Help: every key and command, from the registry of actions, and what the signs mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from tui.drawing.text import Piece, wrap
from tui.keys.keys_listing import KEYS_WIDTH, SLASH_WIDTH, Row, sections
from tui.screens.card import CardScreen, card_foot, closing
from tui.themes.theme import STATE_GLYPHS, STATE_WORDS, Paint
from tui.widgets.field import Field
from tui.widgets.scrolled import Scrolled

MODES = (
    ("plan", "LOW runs; all else is refused, with its reason"),
    ("careful", "LOW runs; MEDIUM and HIGH wait for you. New agents start so in a directory "
     "that you don't trust yet"),
    ("standard", "LOW and MEDIUM run; HIGH waits for you"),
)  # fmt: skip


class HelpText(Scrolled, can_focus=False):
    """The list, as far as it holds what is sought; the field above it keeps the keyboard."""

    def __init__(self, first: str, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._first = first
        self._sought = ""

    def seek(self, sought: str) -> None:
        """Show what holds these words, from its beginning."""
        self._sought, self._from = sought, 0
        self.redraw()

    def text(self, width: int) -> list[list[Piece]]:
        """Write all of it."""
        found = listing(width, self.paint, self._sought, self._first)
        return found or [[("Nothing here is called that.", self.paint.muted)]]


class HelpScreen(CardScreen["str | None"]):
    """All keys by where they work; typing leaves those that hold what was typed.

    Goes away with the id of an action that is to be done then, or None.

    Args:
        first: The context whose keys stand before all others, one of `actions.CONTEXTS`.
        over_cockpit: Whether it lies over the cockpit, where what the palette offers can be done.
    """

    AUTO_FOCUS = "#sought"
    BINDINGS: ClassVar[list[BindingType]] = [
        closing("back"),
        *(
            Binding(key, f"scroll('{method}', {amount})", show=False, priority=True)
            for key, method, amount in (
                ("down", "move", 1),
                ("up", "move", -1),
                ("pagedown", "page", 1),
                ("pageup", "page", -1),
                ("home", "move", -100_000),
                ("end", "move", 100_000),
            )
        ),
    ]
    DEFAULT_CSS = """
    HelpScreen {
        #card { height: 100%; padding: 0 3 1 3; }
        #keys { height: 1fr; margin-top: 1; }
        #card-line { display: none; }
        #card-keys { margin-top: 0; }
    }
    """

    def __init__(self, first: str = "", *, over_cockpit: bool = False) -> None:
        super().__init__()
        self._first = first
        self._over_cockpit = over_cockpit

    def compose(self) -> ComposeResult:
        """Lay out the field and the list."""
        with Vertical(id="card", classes="-wide") as card:
            card.border_title = "Keys and commands"
            yield Field(placeholder="type a key, a command or a word", id="sought")
            yield HelpText(self._first, id="keys")
            yield from card_foot()

    def on_mount(self) -> None:
        """Say how to get about."""
        self._tell_help_keys()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.query_one(HelpText).seek(event.value)
        self._tell_help_keys()

    def _tell_help_keys(self) -> None:
        escape = "clear" if self.query_one(Field).value else "close"
        does = (("Enter", "do it"),) if self._only_action else ()
        self.tell_keys(*does, ("↑↓ PgUp PgDn", "scroll"), ("Esc", escape))

    @property
    def _only_action(self) -> str:
        """Id of the one action that is left, if it can be done when this has closed."""
        sought = self.query_one(Field).value
        if not self._over_cockpit or not sought.strip():
            return ""
        found = [row for title, rows in _groups("") for row in rows if row.holds(title, sought)]
        return found[0].runs if len(found) == 1 else ""

    @on(Input.Submitted)
    def _entered(self) -> None:
        if action := self._only_action:
            self.dismiss(action)

    def leave_for(self, action: str) -> bool:
        """Leave, and have an action done then; keys of the app itself come this way."""
        if self._over_cockpit:
            self.dismiss(action)
        return self._over_cockpit

    def action_scroll(self, method: str, amount: int) -> None:
        """Scroll the list."""
        text = self.query_one(HelpText)
        (text.action_move if method == "move" else text.action_page)(amount)

    def action_back(self) -> None:
        """Empty the field; when it is empty, go back."""
        field = self.query_one(Field)
        if field.value:
            field.value = ""
        else:
            self.dismiss(None)


def listing(width: int, paint: Paint, sought: str = "", first: str = "") -> list[list[Piece]]:
    """Write all keys as styled lines of at most `width` cells.

    Args:
        width: Cells of a line.
        paint: The styles.
        sought: Words that each row must hold, itself or in its heading; empty: every row.
        first: The context to begin with, one of `actions.CONTEXTS`.
    """
    lines: list[list[Piece]] = []
    for title, rows in _groups(first):
        found = [row for row in rows if row.holds(title, sought)]
        if not found:
            continue
        lines += [[], [(title, paint.strong)]] if lines else [[(title, paint.strong)]]
        slashes = any(row.slash for row in rows)
        for row in found:
            lines += _written(row, width, paint, slashes=slashes)
    return lines


def _groups(first: str) -> Iterator[tuple[str, list[Row]]]:
    yield from sections(first)
    yield "What runs without you", [Row(name, text) for name, text in MODES]
    yield "Signs", [Row(glyph, STATE_WORDS[state]) for state, glyph in STATE_GLYPHS.items()]


def _written(row: Row, width: int, paint: Paint, *, slashes: bool) -> list[list[Piece]]:
    keys = f"{row.keys} " if len(row.keys) >= KEYS_WIDTH else f"{row.keys:<{KEYS_WIDTH}}"
    head: list[Piece] = [(f"  {keys}", paint.working)]
    indent = KEYS_WIDTH + 2
    if slashes:
        head.append((f"{row.slash:<{SLASH_WIDTH}}", paint.muted))
        indent += SLASH_WIDTH
    first, *rest = wrap([(row.text, paint.text)], width - indent - max(0, len(keys) - KEYS_WIDTH))
    return [[*head, *first], *([(" " * indent, paint.blank), *line] for line in rest)]
