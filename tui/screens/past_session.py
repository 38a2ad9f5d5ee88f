"""A session's conversation, to look at: one that is not on the list, or a place in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.conversation.transcript import Transcript
from tui.drawing.text import one_line
from tui.gate.host import send
from tui.keys import actions
from tui.screens.card import closing
from tui.screens.closed_once import ClosedOnce
from tui.widgets.conversation import Conversation, Empty
from tui.widgets.key_row import KeyRow

if TYPE_CHECKING:
    from tui.screens.fork import Forked

PAGE = 200
"""Blocks read at once."""

SEEKING = 2_000
"""As long as a place in it is looked for."""

OFFERED = (
    "block.fold",
    "conversation.previous_prompt conversation.next_prompt",
    "conversation.search",
    "block.copy",
    "block.fork",
    "block.open",
    "block.fold_all",
)
"""Keys that are named, those that are looked for most at first."""

LABELS = {"conversation.previous_prompt": "prompts", "block.fork": "fork"}


class PastSessionScreen(ModalScreen["Forked | None"], ClosedOnce["Forked | None"]):
    """Shows what was said; nothing can be said to it, and the list of agents stays as it is.

    Goes away with what came of it when it was forked.

    Args:
        session_id: whose conversation.
        name: what the session was called.
        directory: where it worked.
        why: why it is only looked at; empty: its directory is gone.
        block: the block that is chosen first; None for the end of it.
        can_fork: whether it can be forked.
    """

    KEYS = actions.CONVERSATION
    """The context that help begins with here."""
    DEFAULT_CSS = """
    PastSessionScreen {
        background: $background;
        Static { height: 1; padding: 0 1; color: $text-muted; }
        Conversation { height: 1fr; }
    }
    """
    AUTO_FOCUS = "Conversation"
    BINDINGS: ClassVar[list[BindingType]] = [closing("close", "escape,i,q")]

    def __init__(
        self,
        session_id: str,
        name: str,
        directory: str,
        *,
        why: str = "",
        block: int | None = None,
        can_fork: bool = True,
    ) -> None:
        super().__init__()
        self._can_fork = can_fork
        self._session_id = session_id
        self._directory = directory
        self._name_shown = name
        self._block = block
        self._title = Content.assemble(
            (one_line(name), "bold $foreground"),
            f": to look at only, {why or f'{one_line(directory)} is gone'}",
        )
        self._transcript = Transcript()

    def compose(self) -> ComposeResult:
        """Lay out a title, the conversation and its keys."""
        yield Static(self._title)
        yield Conversation(id="past")
        yield KeyRow(actions.CONVERSATION, offered=OFFERED, closes="escape", id="past-keys")

    def on_mount(self) -> None:
        """Read the end of it, or what is around the place that is looked for."""
        self._tell_keys()
        self._read(None)

    @on(Conversation.FoldingChanged)
    def _tell_keys(self) -> None:
        view = self.query_one(Conversation)
        idle = () if view.has_blocks else tuple(" ".join(OFFERED).split())
        if not self._can_fork:
            idle = (*idle, "block.fork")
        self.query_one(KeyRow).tell(idle=idle, labels={**LABELS, **view.fold_labels})

    @on(Conversation.SearchWanted)
    def _find(self, event: Conversation.SearchWanted) -> None:
        self._look_through("find", event)

    @on(Conversation.MatchWanted)
    def _to_match(self, event: Conversation.MatchWanted) -> None:
        self._look_through("to_match", event)

    @on(Conversation.PromptWanted)
    def _to_prompt(self, event: Conversation.PromptWanted) -> None:
        self._look_through("to_prompt", event)

    def _look_through(self, name: str, event: Message) -> None:
        from tui.conversation import reading_back

        event.stop()
        view = self.query_one(Conversation)
        work = getattr(reading_back, name)(view, event, self._session_id)
        self.run_worker(work, exit_on_error=False)

    @on(Conversation.OpenWanted)
    def _open(self, event: Conversation.OpenWanted) -> None:
        from tui.conversation.opening import offer

        event.stop()
        work = offer(self.app, event.entry, self._directory)
        self.run_worker(work, group="opening", exclusive=True, exit_on_error=False)

    @on(Conversation.PicturesWanted)
    def _show_pictures(self, event: Conversation.PicturesWanted) -> None:
        event.stop()
        work = self.query_one(Conversation).show_pictures(event.entry, self._directory)
        self.run_worker(work, group="opening", exit_on_error=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave keys that close this to a search or a marked range while there is one."""
        return action != "close" or not self.query_one(Conversation).takes_keys

    def on_block_view_top_reached(self, event: Conversation.TopReached) -> None:
        """Read what came before."""
        event.stop()
        first = self._transcript.first_id
        if first is not None and first > 1 and not self._transcript.loading:
            self._read(first)

    @work(exit_on_error=False)
    async def _read(self, before: int | None) -> None:
        from agent.protocol.commands.prompts import ReadTranscript
        from agent.protocol.conversation import Block

        transcript, sought = self._transcript, self._block
        transcript.loading = True
        problem = ""
        while True:
            limit = PAGE if sought is None else SEEKING
            command = ReadTranscript(agent_id=self._session_id, before=before, limit=limit)
            result, problem = await send(self, command)
            if not self.is_open:
                return
            blocks = [Block.model_validate(block) for block in result.get("blocks", ())]
            transcript.load(blocks)
            before = transcript.first_id
            if sought is None or not blocks or before is None or before <= sought:
                break
        transcript.loading = False
        if sought is not None:
            self._block = None
            transcript.chosen = sought
            transcript.top = (max(0, transcript.find(sought) - 1), 0)
            transcript.follow = False
        elif transcript.entries and transcript.chosen is None:
            # The last one that is seen, as where the conversation gets the keyboard elsewhere.
            transcript.chosen = transcript.entries[-1].id
        said = problem or "Nothing was said in it."
        self.query_one(Conversation).show(
            transcript, empty=Empty("No conversation", (said,), problem=bool(problem))
        )
        self._tell_keys()

    async def action_fork_here(self) -> None:
        """Fork it at the turn of the chosen block."""
        from tui.screens.fork import ForkScreen

        chosen = self.query_one(Conversation).chosen
        screen = ForkScreen(self._session_id, self._name_shown, chosen.id if chosen else None)
        await self.app.push_screen(screen, self._forked)

    def _forked(self, forked: Forked | None) -> None:
        if forked is not None:
            self.dismiss(forked)

    def action_close(self) -> None:
        """Leave."""
        self.dismiss(None)
