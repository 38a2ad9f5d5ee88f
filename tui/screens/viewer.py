"""What the screens that show a file, a diff or a picture have in common: a title, lines, keys."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.drawing.text import fit_path, one_line
from tui.keys import actions
from tui.screens.closed_once import ClosedOnce
from tui.widgets.key_row import KeyRow
from tui.widgets.lines import OneRow
from tui.widgets.said import Said
from tui.widgets.text_rows import TextRows


class Viewer(ClosedOnce[None]):
    """Shows something to read; nothing is changed but in the person's own editor.

    Args:
        path: The file that it is about, absolute; empty where it is none.
        title: What stands above it.
    """

    KEYS = actions.FILE
    """The context that help begins with here."""
    IDLE: ClassVar[tuple[str, ...]] = ()
    """Actions that do nothing in one of a kind."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(action.keys), action.action, show=False)
        for action in actions.of(actions.FILE)
        if action.action
    ]
    AUTO_FOCUS = "#viewed"
    DEFAULT_CSS = """
    Viewer {
        & > OneRow { background: $surface; }
        & > TextRows { height: 1fr; }
    }
    """

    def __init__(self, path: str, title: str) -> None:
        super().__init__()
        self._path = path
        self._title = title

    def compose(self) -> ComposeResult:
        """Lay out title, lines, what is said, and keys."""
        yield OneRow(id="viewer-title")
        yield TextRows(id="viewed")
        yield Said(id="viewer-said")
        yield KeyRow(actions.FILE, id="viewer-keys")

    def on_mount(self) -> None:
        """Tell title and keys."""
        of_a_file = () if self._path else ("file.open", "file.edit", "file.copy")
        self.query_one(KeyRow).tell(idle=(*self.IDLE, *of_a_file))
        self.tell()
        self.begin()

    def begin(self) -> None:
        """Show what it is for; called once, when all is laid out."""
        raise NotImplementedError

    @property
    def rows(self) -> TextRows:
        """The lines."""
        return self.query_one(TextRows)

    def tell(self, *facts: str) -> None:
        """Show the title, with what else is to be said of the file at its right."""
        if not self.is_open:
            return
        title = self.query_one("#viewer-title", OneRow)
        told = " · ".join(facts)
        room = max(8, self.app.size.width - len(told) - 4)
        title.left = [(f" {fit_path(one_line(self._title), room)}", "strong")]
        title.right = [(f" {told} ", "muted")]
        title.redraw()

    def say(self, text: str, *, problem: bool = False) -> None:
        """Say what came of a key."""
        if not self.is_open:
            return
        self.query_one(Said).say(text, "bad" if problem else "muted")

    @property
    def line(self) -> int:
        """The line of the file that is chosen, from 1; 0 where it has none."""
        row = self.rows.chosen
        return row.numbers[-1] if row is not None else 0

    def action_edit(self) -> None:
        """Run the person's editor at the chosen line; what it changed is shown after."""
        if not self._path:
            return
        from tui.terminal.editor import EditorFailed, edit_file

        try:
            edit_file(self.app, self._path, self.line)
        except EditorFailed as error:
            self.say(str(error), problem=True)
        else:
            self.say("")
            self.edited()

    def edited(self) -> None:
        """Told when the editor has ended."""

    def action_hunk(self, step: int) -> None:
        """Go to another change; a file has none."""

    async def action_open(self) -> None:
        """Open the file; it is what a file's own screen shows."""

    async def action_copy(self) -> None:
        """Copy the path."""
        if self._path:
            from tui.surroundings.clipboard import copy

            self.say(f"copied{await copy(self.app, self._path)}: {self._path}")

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)
