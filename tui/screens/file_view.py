"""A file to read, with its lines numbered."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work

from agent.files.regular_file import read_regular
from tui.drawing.text import size
from tui.screens.viewer import Viewer
from tui.widgets.text_rows import TextRow
from tungsten.screen.printable import counted

if TYPE_CHECKING:
    from tui.themes.theme import Paint

MOST = 4_000_000
"""Bytes of a file that are shown; an editor shows the rest."""

COLOURED = 200_000
"""Characters up to which a file is shown in colours."""

LOOKED_AT = 8_192
"""Bytes in which a NUL tells that a file is no text, as git has it."""


class FileScreen(Viewer):
    """Shows a file at a line.

    Args:
        path: Which file, absolute.
        line: Which line is chosen, from 1; 0 is the beginning.
    """

    IDLE: ClassVar[tuple[str, ...]] = ("file.next", "file.previous", "file.open")

    def __init__(self, path: str, line: int = 0) -> None:
        super().__init__(path, path)
        self._wanted = line
        self._text = ""

    def begin(self) -> None:
        """Read it, and draw it in other colours when the theme is another one."""
        self._read()
        self.app.theme_changed_signal.subscribe(self, lambda _: self._colour())

    def on_unmount(self) -> None:
        """Be no longer told of themes: a signal keeps who is subscribed until it is sent."""
        self.app.theme_changed_signal.unsubscribe(self)

    def edited(self) -> None:
        """Read it again."""
        self._wanted = self.line
        self._read()

    @work(exclusive=True, exit_on_error=False)
    async def _read(self) -> None:
        rows = self.rows
        try:
            content, length = await asyncio.to_thread(_content, Path(self._path))
        except OSError as error:
            rows.note = [(f"It cannot be read: {error.strerror or error}", "bad")]
            rows.begin(())
            return
        if b"\0" in content[:LOOKED_AT]:
            rows.note = [("This is no text. ", "text"), ("y copies its path.", "muted")]
            rows.begin(())
            self.tell("no text", size(length))
            return
        text = content.decode("utf-8", "replace")
        lines = await asyncio.to_thread(_plain, text)
        if not self.is_open:
            return
        rows.note = [("The file is empty.", "muted")]
        rows.begin(lines, place=max(0, self._wanted - 1))
        more = f"the first {size(len(content))} of {size(length)}"
        whole = len(content) >= length
        self.tell(counted(len(lines), "line"), size(length) if whole else more)
        if self._wanted > len(lines):
            self.say(f"There is no line {self._wanted} any more: this is the last one.")
        self._text = text
        self._colour()

    @work(exclusive=True, group="colour", exit_on_error=False)
    async def _colour(self) -> None:
        rows = self.rows
        if len(self._text) <= COLOURED:
            coloured = await asyncio.to_thread(_coloured, self._text, self._path, rows.paint)
            if len(coloured) == len(rows.lines):
                rows.lines = coloured
                rows.refill()


def _content(path: Path) -> tuple[bytes, int]:
    return read_regular(path, MOST), path.stat().st_size


def _plain(text: str) -> list[TextRow]:
    lines = text.removesuffix("\n").split("\n") if text else []
    return [TextRow(line, (number,)) for number, line in enumerate(lines, 1)]


def _coloured(text: str, path: str, paint: Paint) -> list[TextRow]:
    from tui.widgets.code import highlighted, language_of

    language = language_of(path)
    if not language:
        return []
    rows = highlighted(text.removesuffix("\n"), language, paint, longest=COLOURED)
    return [TextRow("", (number,), pieces=tuple(row)) for number, row in enumerate(rows, 1)]
