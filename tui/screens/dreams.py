"""What dreams did to memories, as a diff that is accepted or taken back operation by operation.

Beside the dreams stands what one would do now. What the rules left open is decided here, pair by
pair. The engine holds all of it (`agent.dreams.dream_requests`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize

from agent.protocol.commands.engine import DreamNow
from agent.protocol.memory import (
    AcceptOperation,
    DreamOperation,
    ListDreams,
    PastDream,
    PlanDream,
    ReadDream,
    ReopenProposal,
    Request,
    SettleProposal,
    UndoDream,
    asking,
)
from tui.drawing import dream_diff
from tui.drawing.text import one_line, retried
from tui.gate.host import host, send
from tui.keys import actions
from tui.screens.closed_once import ClosedOnce
from tui.widgets.dream_list import NOW, Diff, Dreams, Operations
from tui.widgets.key_row import KeyRow
from tui.widgets.lazy_list import WINDOW, LazyList
from tui.widgets.lines import OneRow
from tui.widgets.said import Said

SHARE = 140
"""Columns from which list and diff stand side by side."""

NO_DREAM = (
    "No dream yet: one puts memories in order, and every change of it can be taken back here. "
    "p shows what one would do now, n begins one."
)
BEGUN = "AutoDream puts memories in order …"
NO_CHANGE = "This dream changed nothing and left nothing open."
NO_PLAN = "A dream would change nothing now."


class DreamsScreen(ClosedOnce[None]):
    """Shows one dream after the other; begins with the last one that there was.

    Args:
        clock: Seconds since the epoch.
    """

    KEYS = actions.DREAMS
    """The context that help begins with here."""
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(",".join(action.keys), action.action, show=False)
            for action in actions.of(actions.DREAMS)
            if action.action
        ),
        Binding("left", "turn(-1)", show=False),
        Binding("right", "turn(1)", show=False),
        Binding("pagedown", "scroll(1)", show=False, priority=True),
        Binding("pageup", "scroll(-1)", show=False, priority=True),
    ]
    AUTO_FOCUS = "#operations"
    DEFAULT_CSS = """
    DreamsScreen {
        #dreams-list { height: 1; }
        #dreams-about { margin-bottom: 1; }
        #dreams-both { layout: vertical; height: 1fr; }
        #operations { height: 1fr; background: $background; }
        #diff { height: 50%; min-height: 11; background: $background;
                border-top: solid $foreground 15%; }
        &.-wide #dreams-both { layout: horizontal; }
        &.-wide #operations { width: 1fr; height: 1fr; }
        &.-wide #diff { width: 1fr; height: 1fr; border-top: none;
                        border-left: solid $foreground 15%; }
    }
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._clock = clock
        self._dreams: list[PastDream] = []
        self._chosen: int | str = ""
        self._swapped = False
        self._busy = False
        self._failed = False
        self._dreaming = False
        self._anew = False
        """Whether what is held was changed since: with the next rows it is forgotten."""

    def compose(self) -> ComposeResult:
        """Lay out title, dreams, operations, diff, what is said, and keys."""
        yield OneRow(id="dreams-title")
        yield Dreams(id="dreams-list")
        yield Said(id="dreams-about")
        with Container(id="dreams-both"):
            rows = Operations(id="operations")
            rows.note = [("Reading …", "muted")]
            yield rows
            diff = Diff(id="diff")
            diff.clock = self._clock
            diff.can_focus = False
            yield diff
        yield Said(id="dreams-said")
        yield KeyRow(actions.DREAMS, id="dreams-keys")

    def on_mount(self) -> None:
        """Ask the engine."""
        self._tell_title()
        self._follow_width()
        self._show_chosen()
        self._load_dreams()

    def on_resize(self, event: Resize) -> None:
        """Put list and diff side by side where there is room."""
        self._follow_width()

    def _follow_width(self) -> None:
        self.set_class(self.size.width >= SHARE, "-wide")

    def agents_changed(self) -> None:
        """Read anew when the engine is back; called when the app has heard of a change."""
        if self._failed:
            self._load_dreams()

    def dream_changed(self) -> None:
        """Show a dream's phase while it runs, and what it did once it is done."""
        self._tell_title()
        before, self._dreaming = self._dreaming, host(self).state.dream.runs
        if before and not self._dreaming:
            if self.query_one("#dreams-said", Said).told == BEGUN:
                self._say("")
            self._load_dreams()

    @property
    def _rows(self) -> Operations:
        return self.query_one(Operations)

    # What there is ------------------------------------------------------------------------------

    @work(exclusive=True, group="dreams", exit_on_error=False)
    async def _load_dreams(self) -> None:
        """Read which dreams there were; of a new one show what it did."""
        latest = self._dreams[0].id if self._dreams else None
        result, problem = await send(self, asking(ListDreams()))
        if not self.is_open:
            return
        self._failed = bool(problem)
        if problem:
            self._cannot(problem)
            return
        self._dreams = [PastDream.model_validate(row) for row in result["dreams"]]
        new = self._dreams[0].id if self._dreams else None
        if not self._chosen or (new != latest and self._chosen in (latest, NOW)):
            self._chosen = new if new is not None else NOW
        shown = self.query_one(Dreams)
        shown.dreams, shown.chosen = self._dreams, self._chosen
        shown.redraw()
        self._tell_about()
        if self._chosen == NOW and not self._dreams:
            self._rows.note = [(NO_DREAM, "muted")]
            self._rows.put(0, 0, [])
        else:
            self._anew = True
            self._load(max(0, self._rows.place - WINDOW // 2))

    @on(LazyList.Wanted)
    def _wanted(self, event: LazyList.Wanted) -> None:
        event.stop()
        self._load(event.first)

    @work(exclusive=True, group="list", exit_on_error=False)
    async def _load(self, first: int) -> None:
        chosen = self._chosen
        rows = self._rows
        request: Request
        if isinstance(chosen, int):
            request = ReadDream(dream_id=chosen, first=first, count=WINDOW)
            nothing = NO_CHANGE
        else:
            # All at once: it would be made anew for each window.
            request, first, nothing = PlanDream(), 0, NO_PLAN
        result, problem = await send(self, asking(request))
        if not self.is_open or chosen != self._chosen:
            return
        if problem:
            self._cannot(problem)
            return
        found = [DreamOperation.model_validate(row) for row in result["operations"]]
        total = int(result["total"])
        if not isinstance(chosen, int) and total > len(found):
            self._say(f"The first {len(found):,} of {total:,} changes.")
            total = len(found)
        rows.note = [(nothing, "muted")]
        rows.put(total, first, found, anew=self._anew)
        self._anew = False
        self._show_chosen()

    def _cannot(self, problem: str) -> None:
        key = actions.shown("dreams.reload")
        self._failed = True
        self._rows.note = [(retried(one_line(problem), key), "bad")]
        self._rows.put(0, 0, [])
        self._show_chosen()

    @on(LazyList.Moved)
    def _moved(self) -> None:
        self._swapped = False
        self._show_chosen()

    def _show_chosen(self) -> None:
        chosen = self._rows.chosen
        diff = self.query_one(Diff)
        diff.show(chosen, swapped=self._swapped)
        diff.display = bool(self._rows.total)
        idle = {f"dreams.{name}" for name in ("accept", "undo", "swap", "decline", "undo_all")}
        if chosen is not None and isinstance(self._chosen, int):
            if chosen.proposal:
                if chosen.state == "open":
                    idle -= {"dreams.accept", "dreams.swap", "dreams.decline"}
                elif chosen.state in ("accepted", "declined"):
                    idle.discard("dreams.undo")
            elif chosen.state == "applied":
                idle -= {"dreams.accept", "dreams.undo"}
            elif chosen.state == "accepted":
                idle.discard("dreams.undo")
            dream = self._dream
            if dream is not None and dream.operations > dream.undone and dream.outcome == "done":
                idle.discard("dreams.undo_all")
        if not self._dreams:
            idle.add("dreams.turn")
        self.query_one(KeyRow).tell(idle=idle)

    @property
    def _dream(self) -> PastDream | None:
        return next((dream for dream in self._dreams if dream.id == self._chosen), None)

    def _tell_title(self) -> None:
        row = self.query_one("#dreams-title", OneRow)
        dream = host(self).state.dream
        row.left = [(" AutoDream", "strong")]
        if not dream.runs:
            row.right = [(f"{dream.mode} ", "muted")]
        else:
            row.right = [(f"dreaming: {dream.phase} {dream.progress:.0%} ", "working")]
        row.redraw()

    def _tell_about(self) -> None:
        about = self.query_one("#dreams-about", Said)
        dream = self._dream
        if dream is None:
            about.say("What a dream would do now; nothing is changed by looking.", "muted")
        else:
            parts = [_when(dream.ended_at or dream.started_at)]
            if dream.outcome != "done":
                parts.append(dream.outcome or "runs")
            parts.append(one_line(dream.summary))
            parts += [f"{dream.accepted} accepted"] if dream.accepted else []
            parts += [f"{dream.undone} taken back"] if dream.undone else []
            parts += [_left_open(dream.proposals)] if dream.proposals else []
            parts.append(one_line(dream.asked))
            about.say(" · ".join(part for part in parts if part))

    def _say(self, text: str, *, problem: bool = False) -> None:
        if self.is_open:
            self.query_one("#dreams-said", Said).say(text, "bad" if problem else "text")

    # Looking ------------------------------------------------------------------------------------

    def action_turn(self, step: int) -> None:
        """Look at another dream: to the left, newer ones, and what one would do now."""
        places: list[int | str] = [NOW, *(dream.id for dream in self._dreams)]
        if self._chosen in places:
            at = places.index(self._chosen) + step
            if 0 <= at < len(places):
                self._look(places[at])

    def action_plan(self) -> None:
        """Look at what a dream would do now."""
        self._look(NOW)

    def _look(self, chosen: int | str) -> None:
        self._chosen = chosen
        shown = self.query_one(Dreams)
        shown.chosen = chosen
        shown.redraw()
        self._say("")
        self._tell_about()
        rows = self._rows
        rows.forget()
        rows.note = [("Looking what a dream would do …" if chosen == NOW else "Reading …", "muted")]
        rows.put(0, 0, [])
        self._load(0)

    def action_scroll(self, pages: int) -> None:
        """Scroll the diff."""
        self.query_one(Diff).action_page(pages)

    def action_swap(self) -> None:
        """Of an open pair, have the other one stay."""
        chosen = self._rows.chosen
        if chosen is not None and chosen.state == "open":
            self._swapped = not self._swapped
            self._show_chosen()

    def action_reload(self) -> None:
        """Read it anew."""
        self._say("")
        self._load_dreams()

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss(None)

    # Deciding -----------------------------------------------------------------------------------

    def action_accept(self) -> None:
        """Accept the chosen operation, or settle the chosen pair as it is shown."""
        chosen, dream = self._rows.chosen, self._chosen
        if chosen is None or not isinstance(dream, int):
            return
        if not chosen.proposal:
            if chosen.state == "applied":
                self._decide(AcceptOperation(dream_id=dream, operation=chosen.number), "Accepted.")
        elif chosen.state == "open":
            staying = dream_diff.stays(chosen, swapped=self._swapped)
            if staying is not None:
                request = SettleProposal(dream_id=dream, number=chosen.number, stays=staying.id)
                self._decide(request, "Done as you say; u takes it back.")

    def action_decline(self) -> None:
        """Keep both of the chosen pair."""
        chosen, dream = self._rows.chosen, self._chosen
        if chosen is not None and isinstance(dream, int) and chosen.state == "open":
            request = SettleProposal(dream_id=dream, number=chosen.number)
            self._decide(request, "Both stay, in later dreams too; u takes it back.")

    def action_undo(self) -> None:
        """Take the chosen operation back, or what was decided about the chosen pair."""
        chosen, dream = self._rows.chosen, self._chosen
        if chosen is None or not isinstance(dream, int):
            return
        if chosen.proposal and chosen.state in ("accepted", "declined"):
            request = ReopenProposal(dream_id=dream, number=chosen.number)
            self._decide(request, "Taken back: it is yours to say again.")
        elif not chosen.proposal and chosen.state in ("applied", "accepted"):
            undo = UndoDream(dream_id=dream, operation=chosen.number)
            self._decide(undo, "Taken back: the memories are what they were before.")

    def action_undo_all(self) -> None:
        """Ask, then take the whole dream back."""
        dream = self._dream
        if dream is None or dream.operations <= dream.undone or dream.outcome != "done":
            return
        from tui.screens.confirm import ConfirmScreen

        async def undo() -> str:
            _, problem = await send(self, asking(UndoDream(dream_id=dream.id)))
            return problem

        def closed(done: bool | None) -> None:
            if done:
                self._say(f"Dream {dream.id} is taken back: memories are what they were before it.")
                self._rows.forget(place=self._rows.place)
                self._load_dreams()

        left = dream.operations - dream.undone
        self.app.push_screen(
            ConfirmScreen(
                f"Take dream {dream.id} back?",
                f"{left} change{'' if left == 1 else 's'} of it "
                f"{'is' if left == 1 else 'are'} undone, and the memories become what they were, "
                "to the byte. What you take back is not done again.",
                verb="take it back",
                during="Taking it back …",
                perform=undo,
            ),
            closed,
        )

    @work(exit_on_error=False)
    async def _decide(self, request: Request, done: str) -> None:
        if self._busy:
            return
        self._busy = True
        _, problem = await send(self, asking(request))
        self._busy = False
        self._say(problem or done, problem=bool(problem))
        if not problem and self.is_open:
            self._load_dreams()

    @work(exit_on_error=False)
    async def action_dream(self) -> None:
        """Begin a dream, whatever the gates say."""
        _, problem = await send(self, DreamNow())
        self._say(problem or BEGUN, problem=bool(problem))


def _left_open(pairs: int) -> str:
    return f"{pairs} pair{'' if pairs == 1 else 's'} left open"


def _when(at: float) -> str:
    then = datetime.fromtimestamp(at)
    return f"{then.day} {then:%b, %H:%M}"
