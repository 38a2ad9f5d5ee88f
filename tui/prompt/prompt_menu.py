"""The menu above the prompt: commands, what they take, and files, while they are written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agent.context.mentions import mention
from tui.drawing.text import one_line
from tui.prompt import file_names
from tui.prompt.completion import Choice, Completing, choices, file_row
from tui.widgets.row_list import Row, RowList

if TYPE_CHECKING:
    from tui.app import TungstenApp
    from tui.widgets.prompt import Prompt

ROWS = 8
"""Rows at most."""

Place = tuple[int, int]


class PromptMenu:
    """Follows what is written, and puts what was chosen in its place."""

    def __init__(self, app: TungstenApp, listing: RowList) -> None:
        self._app = app
        self._listing = listing
        self._names: dict[Path, list[str]] = {}
        """Names of files by directory, as far as they were read."""
        self._begun: Place | None = None
        """Line and column of the mention for which they were read last."""
        self._left: Place | None = None
        """That of the mention for which the person put the menu away."""
        self._word = ""
        """The word for which files are shown."""

    @property
    def _prompt(self) -> Prompt:
        return self._app.cockpit.prompt

    # Showing

    def follow(self) -> None:
        """Show what can be completed now, or nothing."""
        found = self._prompt.completing()
        place = self._place(found)
        if place != self._left:
            self._left = None
        if found is None or (place is not None and (place == self._left or self._prompt.pasted)):
            self._begun = place
            self._show(())
        elif place is None:
            self._show([choice.row for choice in choices(self._app, self._prompt.text)])
        else:
            if place != self._begun:
                self._begun = place
                self._app.run_worker(self._read(), group="file names", exit_on_error=False)
            self._app.run_worker(self._search(found), group="file names", exit_on_error=False)

    def close(self) -> None:
        """Put the menu away and leave the text as it is."""
        self._left = self._place(self._prompt.completing())
        self._show(())

    def _place(self, found: Completing | None) -> Place | None:
        if found is None or found.kind != "file":
            return None
        return self._prompt.cursor_location[0], found.start

    def _show(self, rows: Sequence[Row]) -> None:
        self._listing.show(tuple(rows))
        self._prompt.menu_open = bool(rows)
        self._app.cockpit.show_menu(min(len(rows), ROWS))

    # Files

    @property
    def _directory(self) -> Path:
        agent = self._app.focused_agent
        return Path(agent.directory) if agent is not None else self._app.directory

    async def _read(self) -> None:
        directory = self._directory
        self._names[directory] = await file_names.names_in(directory)
        self.follow()

    async def _search(self, found: Completing) -> None:
        names = await self._found(found.word)
        now = self._prompt.completing()
        if now is None or (now.kind, now.word) != ("file", found.word):
            return
        self._word = found.word
        # What is written in full needs no choosing, and Enter is to send it.
        self._show(() if names[:1] == [found.word] else list(map(file_row, names)))
        read = self._directory in self._names or file_names.leads_elsewhere(found.word)
        if not names and found.word and read:
            # No menu: its keys keep their meaning, and Enter sends what is written.
            self._listing.show((Row("", f" no file fits @{one_line(found.word)}"),))
            self._app.cockpit.show_menu(1)

    async def _found(self, word: str) -> list[str]:
        directory = self._directory
        if file_names.leads_elsewhere(word):
            names = await asyncio.to_thread(file_names.beside, directory, word)
        else:
            names = self._names.get(directory, [])
        return await asyncio.to_thread(file_names.ranked, names, word)

    # Choosing

    async def key(self, key: str, text: str, found: Completing, line: int) -> None:
        """Move in the menu, or take its choice.

        Args:
            key: one of those that `Prompt` gives to an open menu.
            text: what was written when it was pressed; behind Enter, a command is gone from there.
            found: what was completed then.
            line: the cursor's line then.
        """
        match key:
            case "up":
                self._listing.move(-1)
            case "down":
                self._listing.move(1)
            case "escape":
                self.close()
            case _ if found.kind == "file":
                await self._take_file(found, line)
            case "enter":
                self._show(())
                self._take(self._choice(text), text)
            case _:
                choice = self._choice(text)
                if choice is not None:
                    takes = "" if choice.text.endswith(" ") else " "
                    self._prompt.begin(choice.text + takes)

    def picked(self, row_id: str) -> None:
        """Take a row that was clicked."""
        prompt = self._prompt
        found = prompt.completing()
        if found is None:
            return
        if found.kind == "file":
            if row_id:
                self._put(found, prompt.cursor_location[0], row_id)
            return
        text = prompt.text
        chosen = [one for one in choices(self._app, text) if one.row.id == row_id]
        self._show(())
        prompt.taken()
        self._take(chosen[0] if chosen else None, text)

    def _choice(self, text: str) -> Choice | None:
        """What Enter means: the chosen row, if the menu stands for this text, else the first."""
        found = choices(self._app, text)
        if not found:
            return None
        if tuple(self._listing.rows) == tuple(one.row for one in found):
            return next(one for one in found if one.row.id == self._listing.chosen)
        return found[0]

    def _take(self, choice: Choice | None, text: str) -> None:
        """Run a command that the prompt has given up, or let it be written to its end."""
        if choice is not None and not choice.runs:
            self._prompt.begin(choice.text + self._prompt.text)
            return
        # Not awaited: who waits for the engine here keeps every key waiting.
        written = text if choice is None else choice.text
        submitted = self._prompt.Submitted(written, "after_turn", self._app.focused_id)
        self._prompt.post_message(submitted)

    async def _take_file(self, found: Completing, line: int) -> None:
        if self._word == found.word and self._listing.chosen is not None:
            self._put(found, line, self._listing.chosen)
            return
        names = await self._found(found.word)
        if names:
            self._put(found, line, names[0])

    def _put(self, found: Completing, line: int, name: str) -> None:
        """Write a file's mention; below a directory, writing goes on."""
        written = mention(name)
        if name.endswith("/"):
            self._prompt.complete(line, found, written, before_end=written.endswith('"'))
        else:
            self._prompt.complete(line, found, f"{written} ")
