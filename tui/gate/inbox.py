"""The inbox: everything that waits for the person, agents that are blocked longest first."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.drawing.text import column, fit, one_line
from tui.gate.host import host
from tui.gate.words import duration, next_duration_change, short_path
from tui.keys import actions
from tui.screens.card import CardScreen, card_foot

if TYPE_CHECKING:
    from textual.events import Key
    from textual.timer import Timer

    from agent.protocol.gates import Gate, Question


MOST = 1_000
"""Characters of a line's text that are looked at; the dialog shows all of them."""

NAME = 17
"""Cells of an agent's name, with the blank behind it."""

EDGE = "▎"
"""Marks the chosen line, as in every list."""

DECIDING = frozenset(
    key
    for verb in ("approve", "approve_high", "deny", "deny_message")
    for key in actions.by_id(f"gate.{verb}").keys
)
"""Keys that decide in the gate dialog, and that a person may press here as well."""


def _keys(action_id: str) -> list[str]:
    """The keys of an action but those that the list or the app have themselves."""
    others = {"up", "down", *actions.by_id("gate.inbox").keys}
    return [key for key in actions.by_id(action_id).keys if key not in others]


class Waiting(OptionList):
    """The lines; the first and the last one are ends."""

    def action_cursor_down(self) -> None:
        """Choose the next line."""
        if self.highlighted is None or self.highlighted < self.option_count - 1:
            super().action_cursor_down()

    def action_cursor_up(self) -> None:
        """Choose the line before."""
        if self.highlighted != 0:
            super().action_cursor_up()


class Inbox(CardScreen["str | None"]):
    """Lists gates and questions. Enter opens what is chosen; nothing is approved here.

    Several gates can be selected and denied together, after one more look at them. Goes away with
    the id of the gate to open, or None; by itself when nothing of what it showed waits any more.
    Questions are answered on top of it.
    Call `sync` when the app's state has changed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key, action, show=False, priority=action == "close")
            for action_id, action in (
                ("inbox.close", "close"),
                ("inbox.next", "move(1)"),
                ("inbox.previous", "move(-1)"),
                ("inbox.select", "select"),
                ("inbox.select_agent", "select_agent"),
                ("inbox.deny", "deny"),
            )
            for key in _keys(action_id)
        ),
    ]

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._clock = clock
        self._ticking: Timer | None = None
        self._selected: frozenset[str] = frozenset()
        self._said = ""
        """What became of gates that were denied together."""
        self._had_some = False
        self._denying = False
        """Whether gates are being denied together: what became of them is yet to be said."""

    def compose(self) -> ComposeResult:
        """Lay out the list and what the chosen line is about."""
        with Vertical(id="card", classes="-wide") as card:
            card.border_title = "Inbox: what waits for you"
            yield Waiting(id="waiting")
            yield Static(id="nothing", classes="card-hint", markup=False)
            yield Static(id="about", classes="card-hint card-gap", markup=False)
            yield from card_foot()

    def on_mount(self) -> None:
        """Fill the list; times go on."""
        self.sync()

    def on_screen_resume(self) -> None:
        """A question may have been answered on top."""
        self.sync()

    def waiting(self) -> list[Gate | Question]:
        """All gates and questions, those of the agent that is blocked longest first.

        What the person wants to do themselves blocks no agent; it stands by its own age.
        """
        state = host(self).state
        both: list[Gate | Question] = [*state.gates, *state.questions]
        blocked: dict[str, float] = {}
        for one in both:
            if _blocks(one):
                blocked[one.agent_id] = min(_since(one), blocked.get(one.agent_id, _since(one)))

        def rank(one: Gate | Question) -> tuple[float, str, float, str]:
            since = blocked[one.agent_id] if _blocks(one) else _since(one)
            return since, one.agent_id, _since(one), one.id

        return sorted(both, key=rank)

    def sync(self) -> None:
        """Show what waits now; the chosen line stays chosen."""
        listing = self.query_one(OptionList)
        chosen = listing.highlighted
        chosen_id = (
            listing.get_option_at_index(chosen).id
            if chosen is not None and chosen < listing.option_count
            else None
        )
        waiting = self.waiting()
        self._had_some = self._had_some or bool(waiting)
        if not waiting and self._had_some and self.is_current and not self._denying:
            # An empty list would only swallow keys.
            self._leave()
            return
        self._selected &= {one.id for one in waiting}
        width = self._width
        ids = [one.id for one in waiting]
        if ids == [option.id for option in listing.options]:
            for one in waiting:
                listing.replace_option_prompt(one.id, self._row(one, width, one.id == chosen_id))
        else:
            listing.clear_options()
            chosen_id = chosen_id if chosen_id in ids else next(iter(ids), None)
            listing.add_options(
                Option(self._row(one, width, one.id == chosen_id), id=one.id) for one in waiting
            )
            if chosen_id is not None:
                listing.highlighted = ids.index(chosen_id)
        listing.display = bool(ids)
        nothing = self.query_one("#nothing", Static)
        nothing.display = not ids
        nothing.update(self._nothing())
        self._tell_about()
        self._tell_what_keys_do()
        self._tick(waiting)

    def _nothing(self) -> str:
        in_terminals = [
            one_line(agent.name)
            for agent in host(self).state.agents
            if agent.hosted is not None and agent.hosted.kind and not agent.archived
        ]
        if not in_terminals:
            return "Nothing waits for you. Agents whose next step is risky will appear here."
        names = fit(", ".join(in_terminals), 200)
        verb = "waits in its terminal" if len(in_terminals) == 1 else "wait in their terminals"
        keys = actions.shown("pane.take")
        return f"Nothing to decide here. {names} {verb}: look at it, {keys} types there."

    def follow_width(self) -> None:
        """Write the rows for the width of the window."""
        if self.query_one(OptionList).option_count:
            self.sync()

    def _tell_what_keys_do(self) -> None:
        keys = [("Enter", "open")] if self.waiting() else []
        if host(self).state.gates:
            keys += [
                (actions.shown("inbox.select"), "select"),
                (actions.shown("inbox.select_agent"), "all of this agent"),
            ]
        if self._selected:
            keys.append((actions.shown("inbox.deny"), f"deny {len(self._selected)}"))
        self.tell_keys(*keys, ("Esc", "close"))

    def _tick(self, waiting: list[Gate | Question]) -> None:
        """Write the times anew just when one of them reads differently."""
        if self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
        if waiting:
            now = self._clock()
            delay = min(next_duration_change(now - _since(one)) for one in waiting)
            self._ticking = self.set_timer(max(0.05, delay), self.sync)

    def on_key(self, event: Key) -> None:
        """Say what to do instead, for keys that decide elsewhere; other keys take that away."""
        if event.key not in DECIDING:
            self.progress("")
            return
        event.stop()
        if self._chosen() is None:
            self.progress("Nothing waits for you, so there is nothing to decide.")
        else:
            deny = actions.shown("inbox.deny")
            self.problem(f"Enter opens the chosen line first; {deny} denies what is selected.")

    @property
    def _width(self) -> int:
        return 102 if self.app.size.width >= 112 else max(30, self.app.size.width - 10)

    @on(OptionList.OptionHighlighted)
    def _mark_chosen(self) -> None:
        listing, chosen = self.query_one(OptionList), self._chosen()
        known = {option.id for option in listing.options}
        for one in self.waiting():
            if one.id in known:
                listing.replace_option_prompt(one.id, self._row(one, self._width, one == chosen))
        self._tell_about()

    def _tell_about(self) -> None:
        one = self._chosen()
        about = ""
        if one is not None and _is_question(one):
            about = one_line(one.text[:MOST])
        elif one is not None:
            place = short_path(one.cwd, str(Path.home()))  # type: ignore[union-attr]
            reasons = "; ".join(one.reasons)[:MOST]  # type: ignore[union-attr]
            about = "\n".join(part for part in (one_line(reasons), one_line(place)) if part)
        self.query_one("#about", Static).update(about)

    def _chosen(self) -> Gate | Question | None:
        listing = self.query_one(OptionList)
        if listing.highlighted is None or listing.highlighted >= listing.option_count:
            return None
        wanted = listing.get_option_at_index(listing.highlighted).id
        return next((one for one in self.waiting() if one.id == wanted), None)

    def _row(self, one: Gate | Question, width: int, chosen: bool) -> Content:
        waited = duration(self._clock() - _since(one)).rjust(9)
        name = f"{column(one_line(one.agent_name), NAME - 1)} "
        if _is_question(one):
            label, style = "asks", "$text-primary"
        else:
            label = one.risk.value  # type: ignore[union-attr]
            style = "bold $text-error" if label == "HIGH" else "bold $text-warning"
        left = f"{'●' if one.id in self._selected else ' '} {label}".ljust(10)
        edge = EDGE if chosen else " "
        width -= 1
        room = max(8, width - len(left) - NAME - len(waited))
        text = column(one_line(one.text[:MOST]), room - 2)
        return Content.assemble(
            (edge, "$primary"),
            (left, style),
            (name, "bold"),
            f"{text}  ",
            (waited, "$muted"),
        )

    def action_move(self, by: int) -> None:
        """Choose the next line, or the one before."""
        listing = self.query_one(OptionList)
        if by > 0:
            listing.action_cursor_down()
        else:
            listing.action_cursor_up()

    def action_select(self) -> None:
        """Select the chosen gate, or no longer."""
        one = self._chosen()
        if one is None:
            return
        if _is_question(one):
            self.problem("A question is answered, not denied: Enter opens it.")
            return
        self._selected ^= {one.id}
        self.sync()
        self.action_move(1)

    def action_select_agent(self) -> None:
        """Select all gates of the chosen line's agent, or none of them any more."""
        one = self._chosen()
        if one is None:
            return
        ids = {gate.id for gate in host(self).state.gates if gate.agent_id == one.agent_id}
        self._selected = self._selected - ids if ids <= self._selected else self._selected | ids
        self.sync()

    def action_deny(self) -> None:
        """Deny the selected gates together, once their list was seen again."""
        gates = [gate for gate in host(self).state.gates if gate.id in self._selected]
        if not gates:
            one, all_ = actions.shown("inbox.select"), actions.shown("inbox.select_agent")
            self.problem(f"Nothing is selected: {one} selects a gate, {all_} all of its agent.")
            return
        from tui.gate.deny_many import DenyManyScreen

        def answered(said: str | None) -> None:
            self._denying = False
            if said is None:
                self.sync()
            else:
                self._selected = frozenset()
                self._said = said
                self.sync()
                self.progress(said)

        self._denying = True
        self.app.push_screen(DenyManyScreen(gates), answered)

    def _leave(self) -> None:
        if self._said:
            self.app.notify(self._said)
        self.dismiss(None)

    def action_close(self) -> None:
        """Leave; everything goes on waiting."""
        self.dismiss(None)

    @on(OptionList.OptionSelected)
    def _opened(self, event: OptionList.OptionSelected) -> None:
        one = next((one for one in self.waiting() if one.id == event.option_id), None)
        if one is None:
            return
        if _is_question(one):
            from tui.screens.question import QuestionScreen

            self.app.push_screen(QuestionScreen(one))  # type: ignore[arg-type]
        else:
            self.dismiss(one.id)


def _is_question(one: Gate | Question) -> bool:
    return hasattr(one, "asked_at")


def _blocks(one: Gate | Question) -> bool:
    return _is_question(one) or one.actor == "agent"  # type: ignore[union-attr]


def _since(one: Gate | Question) -> float:
    return one.asked_at if hasattr(one, "asked_at") else one.opened_at
