"""A diff on a screen of its own, with the numbers of lines before and after."""

from __future__ import annotations

from tui.screens.viewer import Viewer
from tui.widgets.code import diff_size
from tui.widgets.diff_rows import rows


class DiffScreen(Viewer):
    """Shows a change of a file.

    Args:
        diff: As unified diff.
        title: What was changed.
        path: The changed file, absolute, where it is still there; else empty.
        named: Whether files are named in the text; the title names the only one otherwise.
    """

    def __init__(self, diff: str, title: str, path: str = "", *, named: bool = False) -> None:
        super().__init__(path, title)
        self._diff = diff
        self._named = named

    def begin(self) -> None:
        """Show it, at its first change."""
        added, removed = diff_size(self._diff)
        self.tell(f"+{added} -{removed}")
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        lines = rows(self._diff, named=self._named)
        first = (place for place, row in enumerate(lines) if row.look in {"added", "removed"})
        self.rows.note = [("The diff is empty.", "muted")]
        self.rows.begin(lines, place=next(first, 0))

    def action_hunk(self, step: int) -> None:
        """Go to the next stretch of changed lines (1), or the one before (-1)."""
        lines, here = self.rows.lines, self.rows.place
        changed = [row.look in {"added", "removed"} for row in lines]
        begins = [n for n, now in enumerate(changed) if now and not (n and changed[n - 1])]
        if step > 0:
            found = next((place for place in begins if place > here), None)
        else:
            found = next((place for place in reversed(begins) if place < here), None)
        if found is None:
            self.say("This is the last change." if step > 0 else "This is the first change.")
        else:
            self.say("")
            self.rows.action_go(found)

    @property
    def line(self) -> int:
        """The line of the changed file at which the chosen row is."""
        here = self.rows.place
        numbers = [row.numbers[1] for row in self.rows.lines[here:] if row.numbers[1]]
        before = [row.numbers[1] for row in self.rows.lines[:here] if row.numbers[1]]
        return numbers[0] if numbers else before[-1] if before else 0

    async def action_open(self) -> None:
        """Open the changed file at this line."""
        if not self._path:
            self.say("The file is gone, or is not below the agent's directory.", problem=True)
            return
        from tui.screens.file_view import FileScreen

        await self.app.push_screen(FileScreen(self._path, self.line))
