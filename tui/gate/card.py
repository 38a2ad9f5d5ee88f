"""How a gate looks: its text, what must be known of it, the keys, and the room all that takes.

What the keys do, and when they may, is `tui.gate.dialog`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from tui.drawing.arrangement import SMALLEST
from tui.gate.entry import CommandArea, Entry
from tui.gate.exact_view import ExactView
from tui.gate.facts import facts
from tui.gate.host import host
from tui.gate.keyboard import KeyboardApp
from tui.gate.keys_offered import is_high, key_line, keys_of_offer, keys_offered
from tui.gate.queue import place_of
from tui.gate.room import WIDEST, WIDEST_SIDES, Place, is_tiny, place_beside, share, width_on
from tui.gate.sides import LEAST_WIDTH, has_two_sides
from tui.gate.words import action_words, duration
from tui.keys import actions

if TYPE_CHECKING:
    from agent.protocol.gates import Gate
    from tui.gate.rule_offer import RuleOffer

TOO_SMALL = (
    f"Too small to see what would happen: nothing is approved below {SMALLEST.width}×"
    f"{SMALLEST.height}. Enlarge the window, or press d to deny."
)

_ENTER = {
    "message": "deny with this message",
    "rule": "see what this rule would do",
    "command": "have it judged; nothing runs yet",
}
"""What Enter does, by what is being written."""


class GateCard(Widget, can_focus=False):
    """Shows one gate.

    Args:
        clock: Seconds since the epoch, for how long a gate has been waiting.
    """

    armed: reactive[bool] = reactive(False)
    """Whether the keys of the dialog work now."""
    peeking: reactive[bool] = reactive(False)
    """Folded to the bottom, to let the pane be seen."""

    class TakesKeys(Message):
        """The keys of the dialog work now, or no longer."""

        def __init__(self, armed: bool) -> None:
            super().__init__()
            self.armed = armed

    def __init__(self, clock: Callable[[], float], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._clock = clock
        self._gate: Gate | None = None
        self._count = ""
        self._writing: Literal["", "message", "rule", "command"] = ""
        self._offer: RuleOffer | None = None
        self._ruleless = ""
        """Id of a gate for which there is no rule."""
        self._why_ruleless = ""
        self._judging = ""
        """Id of a gate whose command the person changed, until the engine asks about that."""
        self._hint = ""
        self._calm = False
        """Whether the hint is no warning."""
        self._facts_rows = 0
        self._facts = Content("")
        self._placed_for: Size | None = None
        self._placed_in: Place | None = None

    def compose(self) -> ComposeResult:
        """Lay out head, text, facts, message and keys."""
        with Horizontal(id="gate-head"):
            yield Static(id="gate-risk")
            yield Static(id="gate-title", markup=False)
            yield Static(id="gate-count", markup=False)
        yield ExactView(id="gate-text")
        yield CommandArea(id="gate-command")
        yield Static(id="gate-more", markup=False)
        yield Static(id="gate-facts")
        yield Entry(id="gate-message")
        yield Static(id="gate-keys")

    @property
    def gate(self) -> Gate | None:
        """The gate shown, if the dialog is open."""
        return self._gate

    def pending(self) -> list[Gate]:
        """All gates that still need a decision, longest waiting first."""
        raise NotImplementedError

    @property
    def message(self) -> Entry:
        """Where the person writes one line: to the agent, or a rule."""
        return self.query_one("#gate-message", Entry)

    @property
    def command(self) -> CommandArea:
        """Where the person changes a command."""
        return self.query_one("#gate-command", CommandArea)

    @property
    def _pane_has_keyboard(self) -> bool:
        app = self.app
        return isinstance(app, KeyboardApp) and app.keyboard_holder is not None

    @property
    def _too_small(self) -> bool:
        """Whether there is too little room for a person to see what they would approve."""
        return any(
            size.width < SMALLEST.width or size.height < SMALLEST.height
            for size in (self.app.size, self.screen.size)
        )

    # What it says -------------------------------------------------------------------------------

    def watch_armed(self) -> None:
        """Show whether the keys work."""
        self._wear(self.armed, "-armed")
        if self.is_mounted:
            self.post_message(self.TakesKeys(self.armed))
            self._tell_keys()

    def watch_peeking(self) -> None:
        """Fold to the bottom, or come back."""
        if not self.peeking and self.is_mounted:
            host(self).pane_seen()
        if self._gate is not None:
            self._tell_keys()
            self._place()

    @on(ExactView.Moved)
    def _tell_more(self) -> None:
        view = self.query_one("#gate-text", ExactView)
        view.show_mark()
        above, below, marked = view.rows_above, view.rows_below, view.marked_below
        more = [f"▲ {above:,} line{'s' if above > 1 else ''} above"] if above else []
        if below:
            rows = f"{below:,} more line{'s' if below > 1 else ''} below"
            more.append(f"▼ {rows}, {marked} of them marked" if marked else f"▼ {rows}")
        elif marked:
            more.append(f"▼ {marked} marked on later pages")
        if view.place:
            more.append(f"{view.place} · PgUp PgDn Home End")
        if self._writing == "command":
            more = [f"{actions.shown('prompt.newline')} starts a new line"]
            marked = 0
        line = self.query_one("#gate-more", Static)
        line.update(" · ".join(more))
        line.set_class(bool(marked), "-marked")

    def _wear(self, on: bool, name: str, *parts: Widget) -> None:
        """Take or leave a class that only the dialog itself and some of its parts look at.

        Textual would look up the styles of all that is in the dialog, a fifth of a decision's time.
        """
        if self.has_class(name) != on:
            self.set_class(on, name, update=False)
            self.app.stylesheet.update_nodes((self, *parts), animate=True)

    def _say(self, hint: str, *, calm: bool = False) -> None:
        self._hint, self._calm = hint, calm
        self._tell_keys()

    def _write(self) -> None:
        """Write everything about the gate anew."""
        gate = self._gate
        assert gate is not None
        self._wear(is_high(gate), "-high", self.query_one("#gate-risk"))
        self.query_one("#gate-text", ExactView).show(
            gate.text,
            ((span.start, span.end) for span in gate.spans),
            gate.diff,
            shell=gate.action == "run_command",
        )
        risk = self.query_one("#gate-risk", Static)
        risk.update(Content(f" {gate.risk.value} "))
        who = "You want" if gate.actor == "person" else f"{gate.agent_name} wants"
        if gate.original and gate.actor == "agent":
            who = f"You want {gate.agent_name}"
        self.query_one("#gate-title", Static).update(f"{who} to {action_words(gate.action)}")
        self._tell_count()
        self._tell_facts()
        self._tell_keys()

    def _tell_count(self) -> None:
        if self._gate is None:
            return
        said = f"waiting {duration(self._clock() - self._gate.opened_at)}"
        pending = self.pending()
        if len(pending) > 1:
            at = place_of(self._gate, pending)
            said = f"{at + 1} of {len(pending)} · {said}"
        if said != self._count:
            wider = len(said) != len(self._count)
            self._count = said
            self.query_one("#gate-count", Static).update(said, layout=wider)

    def _tell_facts(self) -> None:
        if self._gate is None:
            return
        lines = facts(self._gate, self._inner, str(Path.home()), self._offer)
        self._facts = Content("\n").join(lines)
        self.query_one("#gate-facts", Static).update(self._facts)
        self._facts_rows = len(lines)

    def _tell_keys(self) -> None:
        if self._gate is None:
            return
        line = self.query_one("#gate-keys", Static)
        blocked = "" if self._writing else self._blocked()
        calm = self._calm and blocked == self._hint
        line.set_class(bool(blocked) and not calm, "-hint")
        # Below the keys: whoever pressed a wrong one wants to see the right one.
        beside = self._hint if not blocked and not self._writing else ""
        self.border_subtitle = Content(f" {beside} ") if beside else None
        self._wear(self._calm, "-calm")
        if blocked:
            line.update(Content(blocked))
        elif self._writing:
            line.update(key_line([("Enter", _ENTER[self._writing], ""), ("Esc", "back", "")]))
        else:
            line.update(self._keys_offered())

    def _blocked(self) -> str:
        """What keeps the keys from working, if anything does."""
        if self._judging:
            return "Judging what you wrote …"
        if self._pane_has_keyboard:
            key = actions.shown("pane.return")
            return f"You type in the pane: {key} takes the keyboard back, then decide"
        if not self.armed:
            return self._hint or "Pause typing to decide"
        if self._too_small:
            size = f"{SMALLEST.width}×{SMALLEST.height}"
            long = f"d denies. To approve, make the window at least {size}"
            return long if len(long) <= self._inner else f"d denies. Window below {size}"
        return ""

    @property
    def _inner(self) -> int:
        """Cells of a row inside the dialog."""
        return self._width(self._where()) - 6

    def _width(self, place: Place) -> int:
        widest = WIDEST_SIDES if self._two_columns(place) else WIDEST
        return width_on(place.area.width, widest=widest)

    def _two_columns(self, place: Place) -> bool:
        """Whether there is a diff, and room for both of its sides."""
        diff = self._gate.diff if self._gate is not None else ""
        return place.area.width >= LEAST_WIDTH and bool(diff) and has_two_sides(diff)

    def _where(self) -> Place:
        """Where it may be: not over a pane in which the person types."""
        screen = self.screen.size
        app = self.app
        pane = app.keyboard_holder if isinstance(app, KeyboardApp) else None
        if pane is None or pane.screen is not self.screen:
            return Place(screen.region, folded=self.peeking)
        return place_beside(screen, pane.region, pane.cursor_row, SMALLEST.width)

    def _keys_offered(self) -> Content:
        assert self._gate is not None
        if self._offer is not None:
            return keys_of_offer(self._offer, self._inner)
        return keys_offered(
            self._gate,
            self._inner,
            others=len(self.pending()) > 1,
            peeking=self.peeking,
            ruled=self._ruleless != self._gate.id,
            unfolded=self.query_one("#gate-text", ExactView).unfolded,
        )

    # Where it is --------------------------------------------------------------------------------

    def _screen_laid_out(self, _screen: object) -> None:
        if self._gate is not None and self.screen.size != self._placed_for:
            self._size_changed()
            self._place()

    def _size_changed(self) -> None:
        """Told when the gate stands on a screen of another size."""
        raise NotImplementedError

    def keyboard_moved(self) -> None:
        """Go out of the way of a pane that was given the keyboard, or come back."""
        self._tell_keys()
        self._place()

    def _follow_cursor(self) -> None:
        """Go to the other end when what is typed has come to lie below the dialog."""
        if self._where() != self._placed_in:
            self._place()

    def _place(self) -> None:
        """Take as much room as the gate needs, in the middle of where it may be."""
        if self._gate is None:
            return
        self._placed_for = self.screen.size
        place = self._placed_in = self._where()
        self.set_class(place.folded, "-peek")
        self._tell_facts()
        inner = self._inner
        keys = 1 if self._writing else len(self._keys_offered().wrap(inner))
        tiny = is_tiny(place.area.size)
        self.set_class(tiny, "-tiny")
        view = self.query_one("#gate-text", ExactView)
        view.append_notes(self._facts.plain if tiny else "")
        view.show_diff_in(self._two_columns(place))
        room = share(
            place,
            width=self._width(place),
            text=self.command.rows + 1 if self._writing == "command" else view.rows_needed(inner),
            facts=self._facts_rows,
            keys=keys,
            entry=1 if self._writing in {"message", "rule"} else 0,
        )
        view.styles.height = self.command.styles.height = room.text
        self.query_one("#gate-facts").styles.height = room.facts
        self.query_one("#gate-keys").styles.height = keys
        self.styles.width = room.width
        self.styles.height = room.height
        self.styles.offset = (room.x, room.y)
        self.call_after_refresh(self._tell_more)
