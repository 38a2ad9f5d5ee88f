"""What reverting a step or a turn would do, as a diff; `y` does it, nothing else does."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from agent.protocol.commands.isolation import PreviewRevert, Revert, RevertPreview
from tui.drawing.text import one_line
from tui.gate.host import send
from tui.keys import actions
from tui.screens.closed_once import ClosedOnce
from tui.widgets.code import diff_size
from tui.widgets.diff_rows import rows
from tui.widgets.key_row import KeyRow
from tui.widgets.lines import OneRow
from tui.widgets.said import Said
from tui.widgets.text_rows import TextRow, TextRows
from tungsten.screen.printable import counted

NONE = (0, 0)
"""Line numbers of what is no line of a file."""


class RevertScreen(ClosedOnce[str | None]):
    """Shows what goes back, what has changed since, and what stays; gives what was done.

    Args:
        agent_id: Whose steps.
        block: The block of the step.
        turn: Whether all steps of its turn are meant.
    """

    KEYS = actions.REVERT
    """The context that help begins with here."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(action.keys), action.action, show=False)
        for action in actions.of(actions.REVERT)
        if action.action
    ]
    AUTO_FOCUS = "#revert-rows"
    DEFAULT_CSS = """
    RevertScreen {
        & > OneRow { background: $surface; }
        & > TextRows { height: 1fr; }
    }
    """

    def __init__(self, agent_id: str, block: int, *, turn: bool) -> None:
        super().__init__()
        self._agent_id = agent_id
        self._block = block
        self._turn = turn
        self._over = False
        self._seen: RevertPreview | None = None
        self._busy = False

    def compose(self) -> ComposeResult:
        """Lay out title, lines, what is said, and keys."""
        yield OneRow(id="revert-title")
        yield TextRows(id="revert-rows")
        yield Said(id="revert-said")
        yield KeyRow(actions.REVERT, id="revert-keys")

    def on_mount(self) -> None:
        """Ask what it would do."""
        self._look()

    @property
    def _rows(self) -> TextRows:
        return self.query_one(TextRows)

    def _say(self, text: str, *, problem: bool = False) -> None:
        self.query_one(Said).say(text, "bad" if problem else "muted")

    @work(exclusive=True, exit_on_error=False)
    async def _look(self) -> None:
        command = PreviewRevert(agent_id=self._agent_id, block=self._block, turn=self._turn)
        result, problem = await send(self, command)
        if not self.is_open:
            return
        if problem:
            self._seen = None
            self._rows.note = [(one_line(problem), "muted")]
            self._rows.begin(())
            self._tell("revert the turn" if self._turn else "revert the step")
            return
        self._seen = RevertPreview.model_validate(result)
        self._show()

    def _show(self) -> None:
        seen = self._seen
        assert seen is not None
        lines = [TextRow(text, NONE, "muted") for text in seen.remarks]
        if seen.conflicts:
            word = "goes back as well" if self._over else "is left as it is (o takes it back, too)"
            lines.append(
                TextRow(f"{counted(len(seen.conflicts), 'file')} changed since {word}:", NONE)
            )
            lines += [
                TextRow(f"  {one_line(each.path)}: {each.why}", NONE, "muted")
                for each in seen.conflicts
            ]
        if seen.stays:
            lines.append(TextRow("cannot go back:", NONE))
            lines += [
                TextRow(f"  {one_line(each.path)}: {each.why}", NONE, "muted")
                for each in seen.stays
            ]
        if lines:
            lines.append(TextRow("", NONE))
        diff = seen.diff + (seen.conflicts_diff if self._over else "")
        self._rows.note = [("It is already as it was: there is nothing to put back.", "muted")]
        self._rows.begin([*lines, *(rows(diff) if diff else ())])
        added, removed = diff_size(diff)
        self._tell(seen.title, counted(self._count, "file"), f"+{added} -{removed}")

    @property
    def _count(self) -> int:
        seen = self._seen
        if seen is None:
            return 0
        return seen.count + (len(seen.conflicts) if self._over else 0)

    def _tell(self, name: str, *facts: str) -> None:
        title = self.query_one("#revert-title", OneRow)
        title.left = [(f" {one_line(name)}", "strong")]
        title.right = [(f" {' · '.join(facts)} ", "muted")]
        title.redraw()
        seen = self._seen
        idle = []
        if not self._count:
            idle.append("revert.do")
        if seen is None or not seen.conflicts:
            idle.append("revert.over")
        labels = {
            "revert.turn": "the step alone" if self._turn else "the whole turn",
            "revert.over": "leave what changed" if self._over else "changed since, too",
        }
        self.query_one(KeyRow).tell(idle=idle, labels=labels)

    def action_turn(self) -> None:
        """Look at the whole turn, or at the step alone."""
        if not self._busy:
            self._turn, self._over = not self._turn, False
            self._say("")
            self._look()

    def action_over(self) -> None:
        """Put back what has changed since as well, or leave it."""
        if not self._busy and self._seen is not None and self._seen.conflicts:
            self._over = not self._over
            self._show()

    @work(exit_on_error=False)
    async def action_revert(self) -> None:
        """Have just what is shown done."""
        seen = self._seen
        if self._busy or seen is None or not self._count:
            return
        self._busy = True
        command = Revert(
            agent_id=self._agent_id,
            block=self._block,
            turn=self._turn,
            token=seen.token,
            over=self._over,
        )
        result, problem = await send(self, command)
        if problem:
            self._busy = self._over = False
            self._say(problem, problem=True)
            self._look()
            return
        self.dismiss(str(result.get("said", "")))

    def action_leave(self) -> None:
        """Close, and leave everything as it is."""
        if not self._busy:
            self.dismiss(None)
