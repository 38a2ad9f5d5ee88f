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

from textual import events
from textual.message import Message
from textual.timer import Timer

from tui.gate.card import TOO_SMALL
from tui.gate.choices import GateChoices
from tui.gate.exact_view import ExactView
from tui.gate.held import WORDS, HeldKey
from tui.gate.host import host
from tui.gate.key_meanings import HARMLESS, SCROLL_KEYS, Shown
from tui.gate.keyboard import KeyboardApp
from tui.gate.keys_offered import can_edit
from tui.gate.queue import Queue, place_of
from tui.gate.quiet import QuietRule, RefusedKey
from tui.gate.words import short_path
from tui.keys import actions

if TYPE_CHECKING:
    from agent.protocol.gates import Gate

LAYER = "gate"
_APPROVING = frozenset({"approve", "edit", "always", "rule", "keep"})
"""What may let something happen, so that it must be readable."""

_MOVING = frozenset({"next", "previous", "scroll"})
"""What is pressed several times in a row: pressed twice, such a key begins no word."""

_ONLY_OPENING = frozenset({"edit", "rule"})
"""What may follow another key of the dialog soon: what is written there is judged anew."""

_FOLLOWED_BY_TEXT = _ONLY_OPENING | {"message"}
"""Behind these a person may begin to write at once, and means it for the gate."""


class GateDialog(GateChoices):
    """Shows pending gates one at a time, the one that has waited longest first.

    Mount one on a screen of a `KeyboardApp`, and call `sync` after every change of the gates in
    the app's state. It opens by itself when a gate appears, and `open` opens it by hand.

    Args:
        clock: Seconds since the epoch, for how long a gate has been waiting.
        ticks: Seconds that never go backwards, on the scale of `Event.time`.
    """

    DEFAULT_CSS = (Path(__file__).with_suffix(".tcss")).read_text(encoding="utf-8")

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
        super().__init__(clock, id=id)
        self._quiet = QuietRule(ticks)
        self._held = HeldKey(self, self._nothing_followed)
        self._refused = RefusedKey()
        self._queue = Queue()
        self._ticks = ticks
        self._pressed = 0.0
        """When the last key or click came."""
        self._arming: Timer | None = None
        self._give_back: Callable[[], None] | None = None

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

    def pending(self) -> list[Gate]:
        """All gates that still need a decision, longest waiting first."""
        return self._queue.pending(host(self).state.gates)

    def sync(self) -> None:
        """Follow the app's state: come up for a new gate, go away with the last one."""
        gates = host(self).state.gates
        decided_here = self._queue.sent
        self._queue.forget_closed(gates)
        changed = self._queue.replacement(gates, self._judging)
        if changed is not None:
            self._judging = ""
            self._show(changed)
            return
        if self._gate is None:
            fresh = self._queue.fresh(gates)
            if fresh is not None:
                self._show(fresh)
            return
        gate_id = self._gate.id
        current = next((gate for gate in self.pending() if gate.id == gate_id), None)
        if current is None and self._judging == gate_id:
            # What takes its place is on its way.
            return
        if current is None:
            self._gate_closed(self._gate, here=gate_id in decided_here)
        elif current != self._gate:
            self._show(current)
        else:
            self._tell_count()

    def open(self, gate_id: str | None = None) -> None:
        """Show a gate: the one named, or the one that has waited longest."""
        pending = self.pending()
        self._queue.later = frozenset()
        chosen = next((gate for gate in pending if gate.id == gate_id), None)
        if chosen is None and pending:
            chosen = pending[0]
        if chosen is not None:
            self._show(chosen)

    def put_off(self) -> None:
        """Close the dialog; all gates stay pending and are found in the inbox."""
        self._queue.later = frozenset(gate.id for gate in self.pending())
        self._hide()

    def decided_apart(self, gate_id: str, *, refused: bool = False) -> None:
        """Take note that the person decides a gate in the inbox, or that the engine refused it."""
        if refused:
            self._queue.sent -= {gate_id}
            self.sync()
        else:
            self._queue.sent |= {gate_id}

    def withdraw(self) -> None:
        """Go away until the app's state tells of gates again."""
        self._queue.forget_closed(())
        if self._gate is not None:
            self._tell_unsent()
            self._hide()

    def _seen_again(self, _what: object) -> None:
        """Want silence anew: the person was elsewhere and may still be typing for it."""
        if self._gate is not None:
            self.armed = False
            self._wait_anew()

    def _size_changed(self) -> None:
        self._give_up_held()
        self._seen_again(None)

    # Decisions ----------------------------------------------------------------------------------

    def _decide(self, decision: str, message: str = "", rule: str = "") -> None:
        gate = self._gate
        if gate is None or gate.id in self._queue.sent:
            return
        self._queue.sent |= {gate.id}
        self._advance(gate)
        self.run_worker(self._send(gate, decision, message, rule), exit_on_error=False)

    async def _send(self, gate: Gate, decision: str, message: str, rule: str) -> None:
        from agent.protocol.commands.gates import AlwaysAllow, Decide

        accepted = False
        try:
            if decision == "approve" and (problem := await self._nobody_there()):
                self.notify(problem, severity="error", timeout=30)
                return
            if rule:
                kept = await host(self).engine_send(AlwaysAllow(gate_id=gate.id, rule=rule))
                place = short_path(str(kept.get("file", "")), str(Path.home()))
                self.notify(
                    f"{rule} is always allowed in this project now: it stands in {place}, "
                    "and tungsten rules lists it.",
                    timeout=8,
                )
            else:
                values = {"gate_id": gate.id, "decision": decision, "message": message}
                await host(self).engine_send(Decide.model_validate(values))
            accepted = True
        finally:
            if not accepted:
                self._queue.sent -= {gate.id}
                self.sync()
        self.post_message(self.Decided(gate, decision))

    async def _nobody_there(self) -> str:
        return await host(self).approval_problem(self._ticks() - self._pressed)

    def _gate_closed(self, gate: Gate, *, here: bool) -> None:
        if not here:
            self.notify(f"{gate.agent_name}: that was decided elsewhere", timeout=6)
        self._tell_unsent()
        self._advance(gate)

    def _tell_unsent(self) -> None:
        if text := self._written():
            self.notify(f"What you wrote was not sent: {text}", severity="warning", timeout=30)

    def _advance(self, gate: Gate) -> None:
        """Go to the gate that waited longest after this one, or away."""
        following = self._queue.following(host(self).state.gates, gate)
        if following is not None:
            self._show(following)
        else:
            self._hide()

    # Coming and going ---------------------------------------------------------------------------

    def _show(self, gate: Gate) -> None:
        was_open = self._gate is not None
        changed = self._gate is None or self._gate.id != gate.id
        self._gate = gate
        if changed:
            self._leave_writing()
            self._offer = None
            self.peeking = False
            self._hint = ""
        elif self._writing == "command" and not can_edit(gate):
            self.notify(f"{gate.agent_name}: {gate.fixed}", severity="warning", timeout=30)
            self._tell_unsent()
            self._leave_writing()
        # Any change of what stands there restarts the silence, also of the same gate.
        self._wait_anew()
        self._write()
        self.display = True
        self._place()
        if not was_open:
            self._counting.resume()
            if isinstance(self.app, KeyboardApp):
                self._release_keys()
                self._give_back = self.app.take_keys(self._take_key)
            self.post_message(self.Opened())

    def _hide(self) -> None:
        self._leave_writing()
        self._give_up_held()
        self._offer = None
        self._judging = ""
        self._gate = None
        self._refused.forget()
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
        if not self._refused.told:
            self._hint = ""
        self.armed = not self._pane_has_keyboard and not self._judging
        self._tell_keys()

    # Keys ---------------------------------------------------------------------------------------

    def _take_key(self, event: events.Key | events.Paste) -> bool:
        """See every key first; True when it was meant for the dialog and went no further."""
        if self._gate is None:
            return False
        self._pressed = event.time
        if self.app.size != self._placed_for:
            self._size_changed()
        may_decide = self._quiet.key_pressed(event.time)
        if self._held:
            return self._followed_by(event)
        here = self.app.screen is self.screen
        if here and self._writing:
            return isinstance(event, events.Key) and event.key == "escape" and self._step_back()
        if here and isinstance(event, events.Key) and not self._pane_has_keyboard:
            if event.key == "escape":
                if not self._step_back():
                    self.put_off()
                return True
            if event.key == "enter" and host(self).has_draft and self._keeps_enter(may_decide):
                return True
            beside_draft = event.is_printable and host(self).has_draft
            meaning = self._shown.meaning(event.key) if self.armed and event.is_printable else ""
            opens = meaning in _ONLY_OPENING and not beside_draft
            if meaning and (may_decide or opens):
                self._held.hold(event)
                self._say(f"{WORDS[meaning]} …", calm=True)
                return True
            if self.armed and not beside_draft and self._take_own_key(event.key, may_decide):
                return True
        if self._pane_has_keyboard:
            self._follow_cursor()
        # Whoever has the focus goes on writing; the dialog waits for the next pause.
        self.armed = False
        self._await_silence()
        return False

    def _keeps_enter(self, after_silence: bool) -> bool:
        told = self._refused.told
        if not self._refused.keeps_enter(after_silence):
            if told:
                self._say("")
            return False
        self._say("Not sent: what you typed stands in the prompt. Pause, then Enter sends it")
        self._await_silence()
        return True

    # A key that may be writing ------------------------------------------------------------------

    def _followed_by(self, event: events.Key | events.Paste) -> bool:
        """Say what the held key was, now that another one is here; nothing is decided."""
        held = self._held.let_go()
        key = event.key if isinstance(event, events.Key) else ""
        if key == "escape":
            self._say("Nothing was decided")
            return True
        if held is not None:
            meaning = "" if host(self).has_draft else self._shown.meaning(held.key)
            if key == held.key and meaning in _MOVING:
                self._take_own_key(key, may_decide=False)
                return self._take_own_key(key, may_decide=False)
            if meaning in _FOLLOWED_BY_TEXT:
                self._refused.refuse()
            self._let_through(held)
        self._hint = "You are writing: the keys went to the prompt. Pause to decide"
        if key == "enter":
            self._hint = "Nothing was decided, and nothing sent: pause, then press one key"
        self._calm = True
        self.armed = False
        self._await_silence()
        return key == "enter"

    def _nothing_followed(self, event: events.Key) -> None:
        self._say("")
        if self._gate is None or self.app.screen is not self.screen or self._pane_has_keyboard:
            self._let_through(event)
        else:
            self._take_own_key(event.key, may_decide=True)

    def _give_up_held(self) -> None:
        """Let a held key be writing: what it would have decided is no more as it was."""
        held = self._held.let_go()
        if held is not None:
            self._let_through(held)

    def _let_through(self, event: events.Key) -> None:
        if isinstance(self.app, KeyboardApp):
            self.app.let_through(event)

    # Keys of the dialog --------------------------------------------------------------------------

    def _take_own_key(self, key: str, may_decide: bool) -> bool:
        if self._hint:
            self._say("")
        meaning = self._shown.meaning(key)
        if meaning == "scroll":
            self._scroll(SCROLL_KEYS[key])
        elif meaning == "wrong" or (key == "enter" and not host(self).has_draft):
            # A key that was meant for the gate goes no further, so that it stands in no prompt.
            self._refused.refuse()
            self._say(self._shown.what_instead(key))
        elif meaning in HARMLESS.values():
            self._run(meaning)
        elif meaning and not may_decide:
            self._refused.refuse()
            self._say("Too quick after the last key. Pause, then press it again")
        elif meaning:
            self._refused.forget()
            self._run(meaning)
        else:
            return False
        return True

    @property
    def _shown(self) -> Shown:
        assert self._gate is not None
        return Shown(
            self._gate,
            self._offer,
            self._why_ruleless if self._ruleless == self._gate.id else None,
            several=len(self.pending()) > 1,
            peeking=self.peeking,
        )

    def _run(self, verb: str) -> None:
        if verb in _APPROVING and self._too_small:
            self.notify(TOO_SMALL, severity="warning", timeout=10)
            return
        match verb:
            case "approve" | "deny":
                self._decide(verb)
            case "message" | "rule":
                self._begin(verb)
            case "edit":
                self._begin_edit()
            case "always":
                self._look_for_rule()
            case "keep":
                self._keep_rule()
            case "later":
                self.put_off()
            case "look":
                self._look()
            case "tree":
                self._turn_tree()
            case _:
                self._step(1 if verb == "next" else -1)

    def action_gate(self, verb: str) -> None:
        """Answer a click on one of the keys; early clicks count as little as early keys."""
        if self._gate is not None and self._quiet.ready and not self._judging:
            self._pressed = self._ticks()
            self._run(verb)

    def _step(self, by: int) -> None:
        pending = self.pending()
        if self._gate is None or len(pending) < 2:
            return
        self._show(pending[(place_of(self._gate, pending) + by) % len(pending)])

    def _look(self) -> None:
        if self._gate is None:
            return
        self.peeking = not self.peeking
        pane = self._gate.pane_id
        if not self.peeking or host(self).show_pane(self._gate.agent_id, pane):
            return
        back = actions.shown("gate.look")
        if pane is not None and pane.startswith("own"):
            its = pane.partition(":")[2]
            self._say(f"Pane {its} is in your own tmux: look there. {back} comes back to the gate")
        elif pane is not None:
            self._say(f"Pane {pane} is closed. {back} comes back to the gate")

    def _scroll(self, rows: int) -> None:
        self.query_one("#gate-text", ExactView).move(rows)

    def _wait_anew(self) -> None:
        self._give_up_held()
        self._quiet.gate_shown()
        self._await_silence()
