"""What a block names, opened: its diff, and files that are there."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from tui.conversation.named_files import Named, existing
from tui.drawing.text import one_line, size

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen

    from tui.conversation.transcript import Entry

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp"})
"""Endings of files that are shown as pictures."""

NOTHING = "This block has no diff, and names no file that is there: o opens what a block names"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that can be opened: a diff, or a file at a line."""

    title: str
    path: str = ""
    line: int = 0
    diff: str = ""

    def screen(self) -> Screen[Any]:
        """The screen that shows it."""
        if self.diff:
            from tui.screens.diff_view import DiffScreen

            return DiffScreen(self.diff, self.title, self.path)
        if _is_picture(self.path):
            from tui.screens.picture_view import PictureScreen

            return PictureScreen(self.path)
        from tui.screens.file_view import FileScreen

        return FileScreen(self.path, self.line)


async def offer(app: App[Any], entry: Entry, directory: str) -> None:
    """Open the one thing that a block names; of several, let the person choose."""
    targets = await asyncio.to_thread(targets_of, entry, directory)
    if not targets:
        app.notify(NOTHING, severity="warning")
    elif len(targets) == 1:
        await app.push_screen(targets[0].screen())
    else:
        from tui.screens.open_one import OpenOneScreen

        async def chosen(target: Target | None) -> None:
            if target is not None:
                await app.push_screen(target.screen())

        await app.push_screen(OpenOneScreen(targets), chosen)


def targets_of(entry: Entry, directory: str) -> list[Target]:
    """List what a block names, its diff first. Reads the disk: for a thread."""
    tool = entry.tool
    texts = [entry.text] if tool is None else [tool.title, tool.input_json, tool.result]
    found: list[Target] = []
    changed = ""
    if tool is not None and tool.diff:
        files = existing(tool.title, directory) or existing(tool.diff, directory)
        changed = files[0].path if files else ""
        found.append(Target(one_line(tool.title) or "diff", changed, diff=tool.diff))
    named = dict.fromkeys(each for text in texts for each in existing(text, directory))
    found += [
        Target(_title(each, directory), each.path, each.line)
        for each in named
        # The diff leads on to its file.
        if each != (changed, 0)
    ]
    return found


def _title(named: Named, directory: str) -> str:
    path = one_line(named.path.removeprefix(f"{directory.rstrip('/')}/"))
    if named.line:
        return f"{path}:{named.line}"
    with contextlib.suppress(OSError):
        # How large a picture is tells it from others where it cannot be shown.
        if _is_picture(path):
            return f"{path} ({size(Path(named.path).stat().st_size)})"
    return path


def _is_picture(path: str) -> bool:
    return PurePath(path).suffix.lower() in PICTURES
