"""What agents remember: a list of any length, what is known of the chosen memory, and its keys.

The engine holds the memories (`agent.memories.memory_requests`); only the rows around the visible
ones are here. What changes a memory is sent and shown once it is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize
from textual.widgets import Input

from agent.protocol.memory import (
    AddMemory,
    BringBackMemory,
    EditMemory,
    ExportMemories,
    ForgetMemory,
    ImportMemories,
    Known,
    ListMemories,
    PinMemory,
    ReadMemory,
    RedactMemory,
    Remembered,
    Request,
    SearchMemories,
    SetMemoryMode,
    View,
    asking,
)
from tui.drawing.text import one_line, retried
from tui.gate.host import host, send
from tui.keys import actions
from tui.screens.closed_once import ClosedOnce
from tui.widgets.field import Field
from tui.widgets.key_row import KeyRow
from tui.widgets.lazy_list import WINDOW, LazyList
from tui.widgets.lines import OneRow
from tui.widgets.memory_list import VIEWS, Detail, Rows, Tabs
from tui.widgets.said import Said

NONE_YET = "Nothing is remembered yet. Agents save what they learn; {key} remembers what you say."
NONE_NOW = "Nothing is remembered now: what was is under Gone. {key} remembers what you say."
NOTHING: dict[View, str] = {
    "active": NONE_YET,
    "held": "Nothing is held back. What a tool or a page said and reads like an order waits here, "
    "and no agent is told it until you accept it.",
    "gone": "Nothing is gone. What is forgotten, merged or superseded stays here and can be "
    "brought back.",
    "all": NONE_YET,
}

SHARE = 140
"""Columns from which list and detail stand side by side."""


class Sought(Field):
    """The words or the question that the list is narrowed to."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "screen.into_list", show=False)]


class MemoriesScreen(ClosedOnce["str | None"]):
    """Lists memories; goes away with the id of an agent to look at, or None.

    Args:
        directory: What a new memory is about, unless it holds everywhere; files go beside it.
        clock: Seconds since the epoch.
    """

    KEYS = actions.MEMORIES
    """The context that help begins with here."""
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(",".join(action.keys), action.action, show=False)
            for action in actions.of(actions.MEMORIES)
            if action.action
        ),
        Binding("right,tab", "turn(1)", show=False),
        Binding("left,shift+tab", "turn(-1)", show=False),
    ]
    AUTO_FOCUS = "#memories"
    DEFAULT_CSS = """
    MemoriesScreen {
        #memories-tabs { height: 1; margin-bottom: 1; }
        #memories-field { display: none; border: none; height: 1; margin: 0 1 1 1; padding: 0 1;
                          background: $panel; &:focus { border: none; } }
        #memories-field.-open { display: block; }
        #memories-both { layout: vertical; width: 100%; height: 1fr; }
        #memories { height: 1fr; background: $background; }
        #memories-detail { height: 40%; min-height: 9; max-height: 16; background: $background;
                           border-top: solid $foreground 15%; }
        &.-wide #memories-both { layout: horizontal; }
        &.-wide #memories { width: 3fr; height: 1fr; }
        &.-wide #memories-detail { width: 2fr; height: 1fr; max-height: 100%; border-top: none;
                                   border-left: solid $foreground 15%; }
    }
    """

    def __init__(self, directory: str, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._directory = directory
        self._clock = clock
        self._view: View = "active"
        self._asks = False
        """Whether what stands in the field is asked of the index, or narrows the list."""
        self._busy = False
        self._failed = False
        self._anew = False
        """Whether what is held was changed since: with the next rows it is forgotten."""
        self._dreaming = False

    def compose(self) -> ComposeResult:
        """Lay out title, views, field, list, detail, what is said, and keys."""
        yield OneRow(id="memories-title")
        yield Tabs(id="memories-tabs")
        yield Sought(id="memories-field", select_on_focus=False)
        with Container(id="memories-both"):
            rows = Rows(id="memories")
            detail = Detail(id="memories-detail")
            rows.clock = detail.clock = self._clock
            rows.note = [("Reading …", "muted")]
            yield rows
            yield detail
        yield Said(id="memories-said")
        yield KeyRow(actions.MEMORIES, id="memories-keys")

    def on_mount(self) -> None:
        """Ask the engine."""
        self._tell_title()
        self._follow_width()
        self._show_chosen()
        self._load(0)

    def on_resize(self, event: Resize) -> None:
        """Put list and detail side by side where there is room."""
        self._follow_width()

    def _follow_width(self) -> None:
        self.set_class(self.size.width >= SHARE, "-wide")

    def agents_changed(self) -> None:
        """Read anew when the engine is back; called when the app has heard of a change."""
        self._tell_title()
        if self._failed:
            self._load(self._rows.place)

    def dream_changed(self) -> None:
        """Follow the mode, and what a dream has done once it is done."""
        self._tell_title()
        before, self._dreaming = self._dreaming, host(self).state.dream.runs
        if before and not self._dreaming:
            self._again()

    @property
    def _rows(self) -> Rows:
        return self.query_one(Rows)

    @property
    def _field(self) -> Input:
        return self.query_one("#memories-field", Input)

    # What there is ------------------------------------------------------------------------------

    @on(LazyList.Wanted)
    def _wanted(self, event: LazyList.Wanted) -> None:
        event.stop()
        self._load(event.first)

    def _again(self, *, place: int | None = None) -> None:
        """Read the list anew and stay at the same place of it, or look at another list."""
        self._anew = True
        if place is None:
            place = self._rows.place
        else:
            self._rows.forget(place=place)
        self._load(max(0, place - WINDOW // 2))

    @work(exclusive=True, group="list", exit_on_error=False)
    async def _load(self, first: int) -> None:
        words = self._field.value.strip()
        asks = self._asks and bool(words)
        command: Request
        if asks:
            command = SearchMemories(query=words)
        else:
            # What is filtered by is not a question: it may be in any of the words.
            narrow = () if self._asks else tuple(words.split())
            command = ListMemories(view=self._view, words=narrow, first=first, count=WINDOW)
        result, problem = await send(self, asking(command))
        if not self.is_open:
            return
        rows = self._rows
        self._failed = bool(problem)
        if problem:
            again = actions.shown("memories.reload")
            rows.note = [(retried(one_line(problem), again), "bad")]
            rows.put(0, 0, [])
            self._show_chosen()
            return
        found = [Remembered.model_validate(row) for row in result["rows"]]
        rows.statuses = not asks and self._view in ("gone", "all")
        tabs = self.query_one(Tabs)
        tabs.asks = asks
        if not asks:
            tabs.counts = {str(key): int(value) for key, value in result["counts"].items()}
        tabs.redraw()
        before, key, after = self._nothing(words, asks).partition("{key}")
        rows.note = [(before, "muted")]
        if key:
            rows.note += [(actions.shown("memories.new"), "focus"), (after, "muted")]
        total, first = (len(found), 0) if asks else (int(result["total"]), first)
        rows.put(total, first, found, anew=self._anew)
        self._anew = False
        self._show_chosen()

    def _nothing(self, words: str, asks: bool) -> str:
        if asks:
            return "Nothing is remembered about that."
        if words:
            return "No memory here has all of these words."
        gone = self.query_one(Tabs).found("gone")
        return NONE_NOW if self._view == "active" and gone else NOTHING[self._view]

    @on(LazyList.Moved)
    def _show_chosen(self) -> None:
        chosen = self._rows.chosen
        detail = self.query_one(Detail)
        detail.show(chosen)
        detail.display = self._rows.total > 0
        self._tell_keys()

    def on_descendant_focus(self) -> None:
        """Say what can be pressed where the focus is now."""
        self._tell_keys()

    def _tell_keys(self) -> None:
        keys = self.query_one(KeyRow)
        if self._field.has_focus:
            written = {"memories.open": "to the list", "memories.close": "no words"}
            others = {action.id for action in actions.of(actions.MEMORIES)} - written.keys()
            keys.tell(idle=others, labels=written)
            return
        chosen = self._rows.chosen
        idle = {f"memories.{name}" for name in ("open", "edit", "pin", "bring_back", "forget")}
        idle.add("memories.session")
        labels = {}
        if chosen is not None:
            idle.discard("memories.open")
            if chosen.session_id is not None:
                idle.discard("memories.session")
            if chosen.status != "redacted":
                idle -= {"memories.edit", "memories.pin"}
                if chosen.status != "active":
                    idle.discard("memories.bring_back")
                if chosen.status in ("active", "quarantined"):
                    idle.discard("memories.forget")
            if chosen.status == "quarantined":
                labels["memories.bring_back"] = "accept"
            if chosen.pinned:
                labels["memories.pin"] = "unpin"
        keys.tell(idle=idle, labels=labels)

    def _tell_title(self) -> None:
        row = self.query_one("#memories-title", OneRow)
        mode = host(self).state.dream.mode
        key = actions.shown("memories.mode")
        row.left = [(" Memories", "strong")]
        told = "recall only" if mode == "recall" else mode
        row.right = [("memory: ", "muted"), (told, "text"), (f"   {key} changes it ", "muted")]
        row.redraw()

    def _say(self, text: str, *, problem: bool = False) -> None:
        if self.is_open:
            self.query_one(Said).say(text, "bad" if problem else "text")

    # Looking ------------------------------------------------------------------------------------

    def action_turn(self, step: int) -> None:
        """Look at another view."""
        views = list(VIEWS)
        self._view = views[(views.index(self._view) + step) % len(views)]
        tabs = self.query_one(Tabs)
        tabs.view = self._view
        tabs.redraw()
        self._say("")
        if self._asks:
            self._close_field()
        self._again(place=0)

    def action_filter(self) -> None:
        """Write words that a memory must have."""
        self._open_field(asks=False)

    def action_ask(self) -> None:
        """Write a question."""
        self._open_field(asks=True)

    def _open_field(self, *, asks: bool) -> None:
        self._say("")
        field = self._field
        if asks != self._asks:
            with field.prevent(Input.Changed):
                field.value = ""
            self._asks = asks
            self._again(place=0)
        field.placeholder = "ask as an agent does" if asks else "words that stand in it"
        field.add_class("-open")
        self.set_focus(field)

    @on(Input.Changed, "#memories-field")
    def _written(self) -> None:
        self._again(place=0)

    @on(Input.Submitted, "#memories-field")
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if not self._field.value.strip():
            self._close_field()
        self.set_focus(self._rows)

    def _close_field(self) -> None:
        field = self._field
        had = bool(field.value)
        with field.prevent(Input.Changed):
            field.value = ""
        field.remove_class("-open")
        self._asks = False
        self.set_focus(self._rows)
        if had:
            self._again(place=0)

    def action_into_list(self) -> None:
        """Go from the field into what was found."""
        self.set_focus(self._rows)

    def action_reload(self) -> None:
        """Read the list anew."""
        self._say("")
        self._again()

    def action_leave(self) -> None:
        """Close the field if it is open, else go back to the cockpit."""
        if self._field.has_class("-open"):
            self._close_field()
        else:
            self.dismiss(None)

    @on(LazyList.Picked)
    def action_open(self) -> None:
        """Show all about the chosen memory."""
        chosen = self._rows.chosen
        if chosen is None:
            return
        from tui.screens.memory import MemoryScreen

        def closed(changed: bool | None) -> None:
            if changed:
                self._again()

        self.app.push_screen(MemoryScreen(chosen, clock=self._clock), closed)

    def action_session(self) -> None:
        """Look at the session that the chosen memory comes from."""
        chosen = self._rows.chosen
        if chosen is not None:
            self._open_session(chosen)

    @work(exclusive=True, group="session", exit_on_error=False)
    async def _open_session(self, chosen: Remembered) -> None:
        result, problem = await send(self, asking(ReadMemory(memory_id=chosen.id)))
        if problem:
            self._say(problem, problem=True)
            return
        origin = Known.model_validate(result).origin
        if origin is None:
            gone = "The session it comes from is not here any more."
            self._say(gone if chosen.session_id else "It comes from no session: you said it.")
        elif any(agent.id == origin.id for agent in host(self).state.agents if not agent.archived):
            self.dismiss(origin.id)
        else:
            from tui.screens.past_session import PastSessionScreen

            why = f"archived; {actions.shown('agent.sessions')} resumes it"
            await self.app.push_screen(
                PastSessionScreen(origin.id, origin.name, origin.directory, why=why)
            )

    # Changing -----------------------------------------------------------------------------------

    @work(exit_on_error=False)
    async def _change(self, request: Request, done: str) -> None:
        """Have the chosen memory changed; show it as it is then, and say so."""
        if self._busy:
            return
        self._busy = True
        result, problem = await send(self, asking(request))
        self._busy = False
        if not self.is_open:
            return
        self._say(problem or done, problem=bool(problem))
        if not problem:
            now = Remembered.model_validate(result["memory"])
            chosen = self._rows.chosen
            if chosen is not None and chosen.id == now.id and chosen.status == now.status:
                self._rows.change(now)
            else:
                self._again()

    def action_pin(self) -> None:
        """Pin the chosen memory, or no longer."""
        chosen = self._rows.chosen
        if chosen is not None and chosen.status != "redacted":
            done = "No longer pinned." if chosen.pinned else "Pinned: it counts more than others."
            self._change(PinMemory(memory_id=chosen.id, on=not chosen.pinned), done)

    def action_forget(self) -> None:
        """Have agents told it no more."""
        chosen = self._rows.chosen
        if chosen is not None and chosen.status in ("active", "quarantined"):
            done = "Forgotten: agents are told it no more. It is under Gone; b brings it back."
            self._change(ForgetMemory(memory_id=chosen.id), done)

    def action_bring_back(self) -> None:
        """Accept what is held back, bring back what is gone."""
        chosen = self._rows.chosen
        if chosen is None or chosen.status in ("active", "redacted"):
            return
        held_back = chosen.status == "quarantined"
        done = "Accepted: agents are told it." if held_back else "Brought back: agents are told it."
        self._change(BringBackMemory(memory_id=chosen.id), done)

    def action_edit(self) -> None:
        """Change the text of the chosen memory."""
        chosen = self._rows.chosen
        if chosen is None or chosen.status == "redacted":
            return
        from tui.screens.memory_text import MemoryTextScreen

        async def keep(text: str, _everywhere: bool) -> str:
            request = EditMemory(memory_id=chosen.id, version=chosen.version, text=text)
            _, problem = await send(self, asking(request))
            return problem

        def closed(changed: bool | None) -> None:
            if changed:
                self._say("Changed: it is what you say now. The text before is in its history.")
                self._again()

        self.app.push_screen(MemoryTextScreen(keep, text=chosen.text), closed)

    def action_new(self) -> None:
        """Remember something that the person says."""
        from tui.screens.memory_text import MemoryTextScreen

        async def keep(text: str, everywhere: bool) -> str:
            request = AddMemory(text=text, directory="" if everywhere else self._directory)
            _, problem = await send(self, asking(request))
            return problem

        def closed(added: bool | None) -> None:
            if added:
                self._say("Remembered.")
                self._again(place=0)

        self.app.push_screen(MemoryTextScreen(keep, project=self._directory), closed)

    def action_redact(self) -> None:
        """Ask, then remove the text of the chosen memory for good."""
        chosen = self._rows.chosen
        if chosen is None or chosen.status == "redacted":
            return
        from tui.screens.confirm import ConfirmScreen

        told = ""

        async def redact() -> str:
            nonlocal told
            result, problem = await send(self, asking(RedactMemory(memory_id=chosen.id)))
            if not problem:
                told = (
                    f"Removed from {_number(result['memories'], 'memory', 'memories')}, "
                    f"{_number(result['rows'], 'row')} of transcripts and "
                    f"{_number(result['entries'], 'entry', 'entries')} of the journal."
                )
            return problem

        def closed(done: bool | None) -> None:
            if done:
                self._say(told)
                self._again()

        self.app.push_screen(
            ConfirmScreen(
                "Remove this text for good?",
                f"“{_short(chosen.text)}”\n\nIt goes out of every version of this memory, of other "
                "memories and transcripts that hold it, of the journal and of the search index. "
                "It cannot be brought back. Recordings, files and what was sent to a model are "
                "out of reach.",
                verb="remove it for good",
                during="Removing …",
                perform=redact,
            ),
            closed,
        )

    def action_mode(self) -> None:
        """Choose how much is remembered."""
        from tui.screens.memory_mode import MemoryModeScreen

        async def keep(mode: Any) -> str:
            _, problem = await send(self, asking(SetMemoryMode(mode=mode)))
            return problem

        def closed(mode: str | None) -> None:
            if mode:
                self._say(f"Memory is {mode} from now on; it stands in config.toml.")
            self._tell_title()

        self.app.push_screen(MemoryModeScreen(host(self).state.dream.mode, keep), closed)

    def action_dreams(self) -> None:
        """Show what dreams did."""
        from tui.screens.dreams import DreamsScreen

        self.app.push_screen(DreamsScreen(clock=self._clock), lambda _: self._again())

    def action_export(self) -> None:
        """Ask where to, and write all to Markdown files."""

        async def write(directory: Path) -> tuple[str, str]:
            result, problem = await send(self, asking(ExportMemories(directory=str(directory))))
            files = _number(result.get("files", 0), "file")
            told = f"{files} in {directory}: edit them, then i takes them in."
            refused = result.get("refused") or []
            if isinstance(refused, list) and refused:
                told += f" {len(refused)} left as they were, since they were edited."
            return told, problem

        self._ask_place(
            "Export",
            "Each memory becomes a Markdown file of its own; edited files are kept.",
            "write them",
            write,
        )

    def action_import(self) -> None:
        """Ask where from, and take in Markdown files."""

        async def read(directory: Path) -> tuple[str, str]:
            result, problem = await send(self, asking(ImportMemories(directory=str(directory))))
            if problem:
                return "", problem
            told = ", ".join(f"{result[name]} {name}" for name in ("added", "changed", "unchanged"))
            if refused := result["refused"]:
                told += f"; {len(refused)} left out: {refused[0]}"
            return told, ""

        self._ask_place(
            "Import",
            "What you edited becomes what you say; files that nobody edited change nothing. "
            "No file is changed, and deleting one deletes nothing.",
            "take them in",
            read,
        )

    def _ask_place(self, title: str, text: str, verb: str, perform: Any) -> None:
        from tui.screens.place import PlaceScreen

        def closed(told: str | None) -> None:
            if told:
                self._say(told)
                self._again()

        base = Path(self._directory)
        self.app.push_screen(PlaceScreen(title, text, verb, base, "memories", perform), closed)


def _short(text: str, most: int = 400) -> str:
    told = one_line(text)
    return told if len(told) <= most else told[:most] + "…"


def _number(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
