"""The person's editor: the app steps aside, and comes back when the editor ends."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import SuspendNotSupported

from tui.terminal.attach import ending_on_signals
from tungsten.orphans import bound

if TYPE_CHECKING:
    from textual.app import App

USUAL = ("nano", "vim", "vi")
"""Tried in this order where neither VISUAL nor EDITOR says what to use."""

_COLON = frozenset({"hx", "helix", "zed", "subl"})
"""Editors that take `FILE:LINE`."""

_GOTO = frozenset({"code", "codium", "cursor"})
"""Editors that take `-g FILE:LINE`, and must be told to wait."""


class EditorFailed(Exception):
    """The editor could not be run; the text is one line for the person."""


def command(path: str, line: int, environment: Mapping[str, str]) -> list[str]:
    """Say how to open a file at a line, 0 for its beginning.

    Raises:
        EditorFailed: there is no editor, or its setting is no command.
    """
    wanted = environment.get("VISUAL") or environment.get("EDITOR") or ""
    try:
        words = shlex.split(wanted)
    except ValueError:
        raise EditorFailed(f"EDITOR is not a command: {wanted}") from None
    if not words:
        words = [next((name for name in USUAL if shutil.which(name)), "")]
    if shutil.which(words[0]) is None:
        name = words[0] or " or ".join(USUAL)
        raise EditorFailed(f"{name} was not found: set EDITOR to your editor, then start again")
    name = Path(words[0]).name
    if name in _GOTO:
        return [*words, "--wait", "-g", f"{path}:{line}" if line else path]
    if name in _COLON:
        return [*words, f"{path}:{line}" if line else path]
    # vi and its kin, emacs, nano, micro, kakoune, ed.
    return [*words, *([f"+{line}"] if line else []), path]


def edit(app: App[Any], path: str, line: int = 0) -> None:
    """Suspend the app and run the person's editor on a file, until it ends.

    Blocks: the app must neither draw nor read keys meanwhile. Agents work on in the engine.

    Args:
        app: Whose terminal it gets.
        path: An absolute path, so that it can be no option.
        line: Where to begin, from 1; 0 is the beginning.

    Raises:
        EditorFailed: it could not be run, or ended with an error.
    """
    argv = command(path, line, os.environ)
    try:
        with app.suspend():
            # Killed at once, the app must not leave an editor behind that takes the shell's keys.
            editor = subprocess.Popen(bound(argv))
            with ending_on_signals(editor):
                status = editor.wait()
    except SuspendNotSupported:
        raise EditorFailed("an editor needs a terminal: it can't be run here") from None
    except OSError as error:
        raise EditorFailed(f"{argv[0]} can't be run: {error.strerror}") from error
    if status != 0:
        raise EditorFailed(f"{Path(argv[0]).name} ended with status {status}")
