"""The person's own editor on a draft: the app steps aside until it ends."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import SuspendNotSupported

from tui.terminal.attach import ending_on_signals
from tungsten.orphans import bound

if TYPE_CHECKING:
    from textual.app import App

USUAL = ("editor", "nano", "vi")
"""Tried in this order where neither VISUAL nor EDITOR is set; `editor` is Debian's choice."""


class EditorFailed(Exception):
    """No editor could be had; the text is one line for the person."""


@dataclass(frozen=True, slots=True)
class Edited:
    """What an editor left: the text, and what went wrong, empty where nothing did."""

    text: str
    problem: str = ""


def command(environment: Mapping[str, str]) -> list[str]:
    """The editor that the person chose, as a command without its file.

    Raises:
        EditorFailed: there is none, or it cannot be read; says what to do.
    """
    for name in ("VISUAL", "EDITOR"):
        chosen = environment.get(name, "").strip()
        if not chosen:
            continue
        try:
            words = shlex.split(chosen)
        except ValueError:
            raise EditorFailed(f"{name} cannot be read as a command: {chosen}") from None
        if shutil.which(words[0]) is None:
            raise EditorFailed(f"{name} names {words[0]}, which was not found: set it, then again")
        return words
    found = next(filter(shutil.which, USUAL), None)
    if found is None:
        raise EditorFailed("No editor was found: set EDITOR to the one you use, then again")
    return [found]


def edit(app: App[Any], text: str, directory: Path) -> Edited:
    """Suspend the app and have a draft edited in a file of its own, which only its owner can read.

    Blocks: the app must neither draw nor read keys meanwhile. Agents work on in the engine.

    Args:
        app: the app.
        text: the draft.
        directory: where the file lies while it is edited.

    Raises:
        EditorFailed: nothing was edited; says what to do.
    """
    words = command(os.environ)
    ends = text.endswith("\n")
    path: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=directory, prefix=".prompt-", suffix=".md")
        path = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogatepass") as file:
            # Editors end the last line; it is taken off again.
            file.write(text if ends or not text else f"{text}\n")
        with app.suspend():
            status = _run([*words, str(path)])
        edited = path.read_text("utf-8", "replace")
    except SuspendNotSupported:
        raise EditorFailed("an editor needs a terminal: it can't be opened here") from None
    except OSError as error:
        raise EditorFailed(
            f"{words[0]}: {error.strerror or error}; the prompt is as it was"
        ) from None
    finally:
        if path is not None:
            path.unlink(missing_ok=True)
    if not ends:
        edited = edited.removesuffix("\n")
    if status == 0:
        return Edited(edited)
    how = f"ended with exit status {status}" if status > 0 else "was ended by a signal"
    return Edited(edited, f"{Path(words[0]).name} {how}")


def _run(words: list[str]) -> int:
    """Hand the terminal to a program until it ends; return its exit status."""
    before = signal.getsignal(signal.SIGINT)
    # ^C is for the editor alone; a handler, unlike SIG_IGN, is not inherited.
    signal.signal(signal.SIGINT, lambda *_: None)
    try:
        client = subprocess.Popen(bound(words))
        with ending_on_signals(client):
            return client.wait()
    finally:
        signal.signal(signal.SIGINT, before)
