"""The person's own editor on a draft or a file: the app steps aside until it ends."""

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

from agent.files.regular_file import read_regular
from tui.terminal.attach import ending_on_signals
from tungsten.tmux.orphans import bound

if TYPE_CHECKING:
    from textual.app import App

USUAL = ("editor", "nano", "vi")
"""Tried in this order where neither VISUAL nor EDITOR is set; `editor` is Debian's choice."""

LONGEST = 1_000_000
"""Bytes of a draft that are taken back; with a few times as many, each key would take seconds."""

_COLON = frozenset({"hx", "helix", "zed", "subl"})
"""Editors that take `FILE:LINE`."""

_GOTO = frozenset({"code", "codium", "cursor"})
"""Editors that take `--goto FILE:LINE`, and come back at once unless they are told to wait."""


class EditorFailed(Exception):
    """No editor could be had; the text is one line for the person."""


@dataclass(frozen=True, slots=True)
class Edited:
    """What an editor left.

    Attributes:
        text: The draft as it is now.
        problem: What went wrong, empty where nothing did.
    """

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


def edit(app: App[Any], text: str, directory: Path, prefix: str = ".prompt-") -> Edited:
    """Suspend the app and have a draft edited in a file of its own, which only its owner can read.

    Blocks: the app must neither draw nor read keys meanwhile. Agents work on in the engine.

    Args:
        app: the app.
        text: the draft.
        directory: where the file lies while it is edited.
        prefix: how its name begins.

    Raises:
        EditorFailed: nothing was edited; says what to do.
    """
    words = command(os.environ)
    ends = text.endswith("\n")
    path: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=directory, prefix=prefix, suffix=".md")
        path = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogatepass") as file:
            # Editors end the last line; it is taken off again.
            file.write(text if ends or not text else f"{text}\n")
        with app.suspend():
            status = _run([*words, str(path)])
        edited, unfit = _text_of(read_regular(path, LONGEST + 1))
        if unfit:
            kept = path.rename(directory / f"edited-{path.name.removeprefix(prefix)}")
            raise EditorFailed(
                f"{Path(words[0]).name} left {unfit}: the prompt is as it was; "
                f"what was left is {kept}"
            )
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
    return Edited(edited, f"{Path(words[0]).name} {_how(status)}")


def _text_of(left: bytes) -> tuple[str, str]:
    """Read what an editor left, and say what keeps it from being a draft; empty if nothing does."""
    if len(left) > LONGEST:
        return "", f"more than {LONGEST // 1_000_000} MB"
    try:
        text = left.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return "", "what is no UTF-8 text"
    return text, "what is no text" if "\0" in text else ""


def at_line(words: list[str], path: str, line: int) -> list[str]:
    """Complete an editor's command with a file, and the line to begin at; 0 is its beginning."""
    name = Path(words[0]).name
    place = f"{path}:{line}" if line else path
    if name in _GOTO:
        return [*words, "--wait", "--goto", place]
    if name in _COLON:
        return [*words, place]
    # vi and its kin, emacs, nano, micro, kakoune, ed.
    return [*words, f"+{line}", path] if line else [*words, path]


def edit_file(app: App[Any], path: str, line: int = 0) -> None:
    """Suspend the app and run the person's editor on a file, until it ends.

    Blocks: the app must neither draw nor read keys meanwhile. Agents work on in the engine.

    Args:
        app: the app.
        path: absolute, so that it can be no option.
        line: where to begin, from 1; 0 is the beginning.

    Raises:
        EditorFailed: it could not be run, or ended with an error; says what to do.
    """
    words = at_line(command(os.environ), path, line)
    try:
        with app.suspend():
            status = _run(words)
    except SuspendNotSupported:
        raise EditorFailed("an editor needs a terminal: it can't be opened here") from None
    except OSError as error:
        raise EditorFailed(f"{words[0]}: {error.strerror or error}") from None
    if status:
        raise EditorFailed(f"{Path(words[0]).name} {_how(status)}")


def _how(status: int) -> str:
    return f"ended with exit status {status}" if status > 0 else "was ended by a signal"


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
