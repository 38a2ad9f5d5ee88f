"""The gate dialog: one action waits, a person sees all of it and decides with one key.

It lies over the cockpit on a layer of its own and never takes the focus: a half-typed prompt keeps
its cursor. While the keyboard is busy every key goes where it went before; once it has been quiet
(`tui.gate.quiet`) the dialog lights up and its keys work. Enter has no meaning here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.gate.exact_view import FAR, ExactView
from tui.gate.host import host
from tui.gate.keyboard import KeyboardApp
from tui.gate.quiet import QuietRule
from tui.gate.words import action_words, duration, short_path
from tui.text import clean
from tui.widgets.field import Field

if TYPE_CHECKING:
    from agent.protocol import Gate

LAYER = "gate"
WIDEST = 116
"""Cells. Long commands read better broken at this width than across a very wide screen."""
LONGEST_FACT = 2_000
"""Characters of a reason or an intent that are shown; what happens itself is never cut."""
SCROLL_KEYS = {
    "up": -1,
    "down": 1,
    "pageup": -8,
    "pagedown": 8,
    "home": -FAR,
    "end": FAR,
}


_HARMLESS = {"l": "look", "n": "next", "p": "previous"}


class GateDialog(Widget, can_focus=False):
    """Shows pending gates one at a time, the one that has waited longest first.

    Mount one on a screen of a `KeyboardApp`, and call `sync` after every change of the gates in
    the app's state. It opens by itself when a gate appears, and `open` opens it by hand.

    Args:
        clock: Seconds since the epoch, for how long a gate has been waiting.
        ticks: Seconds that never go backwards, on the scale of `Event.time`.
    """

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")

    armed: reactive[bool] = reactive(False)
    """Whether the keys of the dialog work now."""
    peeking: reactive[bool] = reactive(False)
    """Folded to the bottom, to let the pane be seen."""

    class Opened(Message):
        """The dialog came up."""

    class Closed(Message):
        """The dialog went away; gates that still wait stay pending."""

    class Decided(Message):
        """The person decided, and the engine has accepted it."""

        def __init__(self, gate: Gate, decision: str) -> None:
            self.gate = gate
            self.decision = decision
            super().__init__()

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._clock = clock
        self._quiet = QuietRule(ticks)
        self._gate: Gate | None = None
        self._count = ""
        self._later: frozenset[str] = frozenset()
        """Gates the person put off; they wait, but do not come up by themselves."""
        self._sent: frozenset[str] = frozenset()
        """Gates decided here that the engine has not closed yet."""
        self._typing_message = False
        self._focus_before: Widget | None = None
        self._arming: Timer | None = None
        self._give_back: Callable[[], None] | None = None
        self._hint = ""
        self._facts_rows = 0
        self._facts = Content("")
        self._placed_for: Size | None = None

    def compose(self) -> ComposeResult:
        """Lay out head, text, facts, message and keys."""
        with Horizontal(id="gate-head"):
            yield Static(id="gate-risk")
            yield Static(id="gate-title", markup=False)
            yield Static(id="gate-count", markup=False)
        yield ExactView(id="gate-text")
        yield Static(id="gate-more", markup=False)
        yield Static(id="gate-facts")
        yield Field(placeholder="why not, and what to do instead", id="gate-message")
        yield Static(id="gate-keys")

    def on_mount(self) -> None:
        """Take a place on the screen's topmost layer, hidden until a gate waits."""
        if not isinstance(self.app, KeyboardApp):
            raise TypeError("GateDialog needs a KeyboardApp: it must see keys before bindings do")
        layers = tuple(layer for layer in self.screen.layers if layer != LAYER)
        self.screen.styles.layers = (*layers, LAYER)  # type: ignore[assignment]
        self.styles.layer = LAYER
        self.display = False
        self._counting = self.set_interval(1, self._tell_count, pause=True)
        self.screen.screen_layout_refresh_signal.subscribe(self, self._screen_laid_out)
        self.app.app_resume_signal.subscribe(self, self._seen_again)
        self.watch(self.app, "app_focus", self._seen_again, init=False)

    def on_unmount(self) -> None:
        """Let go of the keyboard."""
        self._release_keys()

    # What waits ---------------------------------------------------------------------------------

    @property
    def gate(self) -> Gate | None:
        """The gate shown, if the dialog is open."""
        return self._gate

    def pending(self) -> list[Gate]:
        """All gates that still need a decision, longest waiting first."""
        gates = (gate for gate in host(self).state.gates if gate.id not in self._sent)
        return sorted(gates, key=lambda gate: (gate.opened_at, gate.id))

    def sync(self) -> None:
        """Follow the app's state: come up for a new gate, go away with the last one."""
        known = {gate.id for gate in host(self).state.gates}
        self._sent &= known
        self._later &= known
        pending = self.pending()
        if self._gate is None:
            fresh = [gate for gate in pending if gate.id not in self._later]
            if fresh:
                self._show(fresh[0])
            return
        current = next((gate for gate in pending if gate.id == self._gate.id), None)
        if current is None:
            self._closed_elsewhere(self._gate)
        elif current != self._gate:
            self._show(current)
        else:
            self._tell_count()

    def open(self, gate_id: str | None = None) -> None:
        """Show a gate: the one named, or the one that has waited longest."""
        pending = self.pending()
        self._later = frozenset()
        chosen = next((gate for gate in pending if gate.id == gate_id), None)
        if chosen is None and pending:
            chosen = pending[0]
        if chosen is not None:
            self._show(chosen)

    def put_off(self) -> None:
        """Close the dialog; all gates stay pending and are found in the inbox."""
        self._later = frozenset(gate.id for gate in self.pending())
        self._hide()

    def _seen_again(self, _what: object) -> None:
        """Want silence anew: the person was elsewhere and may still be typing for it."""
        if self._gate is not None:
            self._quiet.gate_shown()
            self.armed = False
            self._await_silence()

    # Decisions ----------------------------------------------------------------------------------

    def _decide(self, decision: str, message: str = "") -> None:
        gate = self._gate
        if gate is None or gate.id in self._sent:
            return
        self._sent |= {gate.id}
        self._advance(gate)
        self.run_worker(self._send(gate, decision, message), exit_on_error=False)

    async def _send(self, gate: Gate, decision: str, message: str) -> None:
        from agent.protocol import Decide

        accepted = False
        try:
            command = Decide.model_validate(
                {"gate_id": gate.id, "decision": decision, "message": message}
            )
            await host(self).engine_send(command)
            accepted = True
        finally:
            if not accepted:
                self._sent -= {gate.id}
                self.sync()
        self.post_message(self.Decided(gate, decision))

    def _closed_elsewhere(self, gate: Gate) -> None:
        if gate.id not in self._sent:
            self.notify(f"{gate.agent_name}: that was decided elsewhere", timeout=6)
            if self._typing_message and (text := self.query_one(Input).value.strip()):
                self.notify(f"Your message was not sent: {text}", severity="warning", timeout=30)
        self._advance(gate)

    def _advance(self, gate: Gate) -> None:
        """Go to the gate that waited longest after this one, or away."""
        pending = [other for other in self.pending() if other.id not in self._later]
        after = [other for other in pending if other.opened_at >= gate.opened_at]
        following = [*after, *pending]
        if following:
            self._show(following[0])
        else:
            self._hide()

    # Coming and going ---------------------------------------------------------------------------

    def _show(self, gate: Gate) -> None:
        was_open = self._gate is not None
        changed = self._gate is None or self._gate.id != gate.id
        self._gate = gate
        if changed:
            self._leave_message()
            self.peeking = False
            self._hint = ""
        # Any change of what stands there restarts the silence, also of the same gate.
        self._quiet.gate_shown()
        self._await_silence()
        high = gate.risk.value == "HIGH"
        self.set_class(high, "-high")
        self.query_one("#gate-text", ExactView).show(
            gate.text, ((span.start, span.end) for span in gate.spans), gate.diff
        )
        self._tell_all()
        self.display = True
        self._place()
        if not was_open:
            self._counting.resume()
            if isinstance(self.app, KeyboardApp):
                self._release_keys()
                self._give_back = self.app.take_keys(self._take_key)
            self.post_message(self.Opened())

    def _hide(self) -> None:
        self._leave_message()
        self._gate = None
        self.peeking = False
        self.display = False
        self.armed = False
        self._counting.pause()
        self._release_keys()
        self.post_message(self.Closed())

    def _release_keys(self) -> None:
        if self._give_back is not None:
            self._give_back()
            self._give_back = None

    def _await_silence(self) -> None:
        """Light up once the keyboard has been quiet; one timer, however many keys arrive."""
        if self._arming is None and self._gate is not None:
            self._arming = self.set_timer(max(0.01, self._quiet.remaining()), self._silence_over)

    def _silence_over(self) -> None:
        self._arming = None
        if self._gate is None:
            return
        if not self._quiet.ready:
            self._await_silence()
            return
        self._hint = ""
        self.armed = not self._pane_has_keyboard
        self._tell_keys()

    @property
    def _pane_has_keyboard(self) -> bool:
        app = self.app
        return isinstance(app, KeyboardApp) and app.keyboard_holder is not None

    # Keys ---------------------------------------------------------------------------------------

    def _take_key(self, event: events.Key | events.Paste) -> bool:
        """See every key first; True when it was meant for the dialog and went no further."""
        if self._gate is None:
            return False
        may_decide = self._quiet.key_pressed(event.time)
        here = self.app.screen is self.screen
        if here and self._typing_message:
            return self._take_message_key(event)
        if here and isinstance(event, events.Key) and not self._pane_has_keyboard:
            if event.key == "escape":
                self.put_off()
                return True
            if self.armed and self._take_own_key(event.key, may_decide):
                return True
        # Whoever has the focus goes on writing; the dialog waits for the next pause.
        self.armed = False
        self._await_silence()
        return False

    def _take_own_key(self, key: str, may_decide: bool) -> bool:
        assert self._gate is not None
        high = self._gate.risk.value == "HIGH"
        if self._hint:
            self._say("")
        if key in SCROLL_KEYS:
            self._scroll(SCROLL_KEYS[key])
        elif key == "l" or (key in {"n", "p"} and len(self.pending()) > 1):
            self._run(_HARMLESS[key])
        elif key not in {"A" if high else "a", "d", "m"}:
            if key in {"a", "A"}:
                self._say(f"{self._gate.risk.value} is approved with {'A' if high else 'a'}")
            return False
        elif not may_decide:
            self._say("Too quick after the last key. Pause, then press it again")
        elif key == "d":
            self._decide("deny")
        elif key == "m":
            self._begin_message()
        else:
            self._decide("approve")
        return True

    def _take_message_key(self, event: events.Key | events.Paste) -> bool:
        if isinstance(event, events.Key) and event.key == "escape":
            self._leave_message()
            self._tell_keys()
            self._place()
            return True
        return False

    def _run(self, verb: str) -> None:
        if verb == "look":
            self._look()
        else:
            self._step(1 if verb == "next" else -1)

    def action_gate(self, verb: str) -> None:
        """Answer a click on one of the keys; early clicks count as little as early keys."""
        if self._gate is None or not self._quiet.ready:
            return
        if verb in {"approve", "deny"}:
            self._decide(verb)
        elif verb == "message":
            self._begin_message()
        elif verb == "later":
            self.put_off()
        else:
            self._run(verb)

    def _step(self, by: int) -> None:
        pending = self.pending()
        if self._gate is None or len(pending) < 2:
            return
        at = next((i for i, gate in enumerate(pending) if gate.id == self._gate.id), 0)
        self._show(pending[(at + by) % len(pending)])

    def _look(self) -> None:
        if self._gate is None:
            return
        self.peeking = not self.peeking
        pane = self._gate.pane_id
        if not self.peeking or host(self).show_pane(self._gate.agent_id, pane):
            return
        if pane is not None:
            self._say(f"Pane {pane} is closed. l comes back to the gate")

    def _scroll(self, rows: int) -> None:
        self.query_one("#gate-text", ExactView).move(rows)

    def _begin_message(self) -> None:
        self._typing_message = True
        self.peeking = False
        self._focus_before = self.screen.focused
        self.add_class("-message")
        field = self.query_one(Input)
        field.value = ""
        field.focus()
        self._tell_keys()
        self._place()

    def _leave_message(self) -> None:
        if not self._typing_message:
            return
        self._typing_message = False
        self.remove_class("-message")
        field = self.query_one(Input)
        if self.screen.focused is field:
            before = self._focus_before
            self.screen.set_focus(before if before is not None and before.is_attached else None)
        self._focus_before = None
        field.value = ""

    @on(Input.Submitted, "#gate-message")
    def _message_written(self, event: Input.Submitted) -> None:
        event.stop()
        if self._typing_message:
            message = event.value.strip()
            self._decide("deny", message)

    # What it says -------------------------------------------------------------------------------

    def watch_armed(self) -> None:
        """Show whether the keys work."""
        self.set_class(self.armed, "-armed")
        if self.armed:
            self._hint = ""
        if self.is_mounted:
            self._tell_keys()

    def watch_peeking(self) -> None:
        """Fold to the bottom, or come back."""
        self.set_class(self.peeking, "-peek")
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
        line = self.query_one("#gate-more", Static)
        line.update(" · ".join(more))
        line.set_class(bool(marked), "-marked")

    def _say(self, hint: str) -> None:
        self._hint = hint
        self._tell_keys()

    def _tell_all(self) -> None:
        gate = self._gate
        assert gate is not None
        risk = self.query_one("#gate-risk", Static)
        risk.update(Content(f" {gate.risk.value} "))
        who = "You want" if gate.actor == "person" else f"{gate.agent_name} wants"
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
            at = next((i for i, gate in enumerate(pending) if gate.id == self._gate.id), 0)
            said = f"{at + 1} of {len(pending)} · {said}"
        if said != self._count:
            self._count = said
            self.query_one("#gate-count", Static).update(said)

    def _tell_facts(self) -> None:
        gate = self._gate
        if gate is None:
            return
        home = str(Path.home())
        rows: list[tuple[str, Content]] = []
        if gate.reasons:
            rows.append(("why", Content(_bounded("\n".join(gate.reasons)))))
        if gate.effect:
            rows.append(("effect", Content(_bounded(gate.effect))))
        place = short_path(gate.cwd, home)
        if gate.pane_id:
            running = f"pane {gate.pane_id}" + (f", {gate.foreground}" if gate.foreground else "")
            place = f"{place} · {running}" if place else running
        if place:
            rows.append(("where", Content(clean(place))))
        if gate.intent:
            rows.append(
                (
                    "it says",
                    Content.assemble((f"“{_bounded(gate.intent)}”", "italic $foreground 60%")),
                ),
            )
        label_width = 9
        width = max(20, self._widest() - 6 - label_width)
        lines: list[Content] = []
        for label, content in rows:
            for number, line in enumerate(content.wrap(width)):
                name = label if number == 0 else ""
                lines.append(
                    Content.assemble((name.ljust(label_width), "$text-accent"), line),
                )
        self._facts = Content("\n").join(lines)
        self.query_one("#gate-facts", Static).update(self._facts)
        self._facts_rows = len(lines)

    def _tell_keys(self) -> None:
        gate = self._gate
        if gate is None:
            return
        line = self.query_one("#gate-keys", Static)
        hint = "" if self._typing_message else self._hint_now()
        line.set_class(bool(hint), "-hint")
        if hint:
            line.update(Content(hint))
        elif self._typing_message:
            line.update(_keys([("Enter", "deny with this message", ""), ("Esc", "back", "")]))
        else:
            line.update(self._keys_offered())

    def _hint_now(self) -> str:
        """What keeps the keys from working, if anything does."""
        if self._pane_has_keyboard:
            return "The pane has the keyboard: take it back to decide"
        return self._hint or ("" if self.armed else "Pause typing to decide")

    def _keys_offered(self) -> Content:
        assert self._gate is not None
        width = self._widest()
        seen = "pane" if self._gate.pane_id is not None else "agent"
        say, look = "deny with a message", f"look at the {seen}"
        if width < 100:
            say, look = ("deny, say why", seen) if width >= 60 else ("why", seen)
        keys = [
            ("A" if self._gate.risk.value == "HIGH" else "a", "approve", "approve"),
            ("d", "deny", "deny"),
            ("m", say, "message"),
            ("l", "back to the gate" if self.peeking else look, "look"),
        ]
        if len(self.pending()) > 1:
            keys += [("n", "next", "next"), ("p", "previous", "previous")]
        keys.append(("Esc", "later", "later"))
        return _keys(keys, "  " if width < 100 else "   ")

    # Where it is --------------------------------------------------------------------------------

    def _screen_laid_out(self, _screen: object) -> None:
        if self._gate is not None and self.screen.size != self._placed_for:
            self._place()

    def _widest(self) -> int:
        width = self.screen.size.width
        return max(20, min(WIDEST, width - 4 if width > 84 else width))

    def _place(self) -> None:
        """Take as much room as the gate needs, in the middle of the screen."""
        if self._gate is None:
            return
        screen = self._placed_for = self.screen.size
        self._tell_facts()
        width = self._widest()
        inner = width - 6
        keys = 1 if self._typing_message else len(self._keys_offered().wrap(inner))
        tiny = screen.height < 16
        self.set_class(tiny, "-tiny")
        view = self.query_one("#gate-text", ExactView)
        view.append_notes(self._facts.plain if tiny else "")
        fixed = (3 if tiny else 6) + keys + ((1 if tiny else 2) if self._typing_message else 0)
        room = max(2, screen.height - (2 if screen.height > 26 else 0) - fixed)
        text = view.rows_needed(inner)
        facts = 0 if tiny else min(self._facts_rows, max(2, room - min(text, max(3, room // 2))))
        text = max(1, min(text, room - facts))
        view.styles.height = text
        self.query_one("#gate-facts").styles.height = facts
        self.query_one("#gate-keys").styles.height = keys
        height = fixed + facts + text
        y = (screen.height - height) // 2
        if self.peeking:
            view.styles.height = 1
            height = 4 + keys
            # Over the prompt and what is below it: the end of a pane is where things happen.
            y = screen.height - height
        self.styles.width = width
        self.styles.height = height
        self.styles.offset = (max(0, (screen.width - width) // 2), max(0, y))
        self.call_after_refresh(self._tell_more)


def _bounded(text: str) -> str:
    """Clean words about the action, and cut those that are far longer than the dialog."""
    return clean(text if len(text) <= LONGEST_FACT else f"{text[:LONGEST_FACT]}…")


def _keys(keys: list[tuple[str, str, str]], between: str = "   ") -> Content:
    parts: list[Content] = []
    for key, label, verb in keys:
        part = Content.assemble((key, "bold $text-accent"), " ", label)
        if verb:
            part = Content.from_markup(
                f"[@click=gate('{verb}')][bold $text-accent]$key[/] $label[/]", key=key, label=label
            )
        parts.append(part)
    return Content(between).join(parts)
