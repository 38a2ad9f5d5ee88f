"""What can go wrong with a terminal: one tree, each error one clear line with the way out."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator, Sequence
from pathlib import Path


class TerminalError(Exception):
    """Base of everything this room raises."""


class TmuxMissing(TerminalError):
    """There is no tmux program."""

    def __init__(self, program: str = "tmux") -> None:
        super().__init__(
            f"The program {program!r} was not found. Install tmux 3.2 or newer "
            "with your system's package manager."
        )


class TmuxTooOld(TerminalError):
    """The tmux found lacks what Tungsten needs."""

    def __init__(self, version: str) -> None:
        super().__init__(f"tmux {version} is too old. Install tmux 3.2 or newer.")
        self.version = version


class ServerGone(TerminalError):
    """The tmux server ended, or cannot be reached."""

    def __init__(self, reason: str = "") -> None:
        detail = f" ({reason})" if reason else ""
        super().__init__(f"The tmux server is gone{detail}. The next terminal starts another.")
        self.reason = reason


class ReplyLost(ServerGone):
    """A connection ended after a command was sent and before its reply came.

    Of one connection alone; a `Connection`, which outlives it, says `OutcomeUnknown`.
    """


class OutcomeUnknown(TerminalError):
    """The connection broke before tmux answered; the server lives, and nothing was sent again.

    Attributes:
        command: the tmux command whose reply was lost.
    """

    def __init__(self, command: str) -> None:
        super().__init__(
            f"The connection to tmux broke before {command} was answered: the outcome is unknown, "
            "it may have happened or not. Look at the pane before you do it again."
        )
        self.command = command


class ServerSilent(TerminalError):
    """The tmux server is there and does not answer, as when it was stopped (SIGSTOP).

    What it was sent happens when it goes on, and is not sent again.
    """

    def __init__(self, socket: object) -> None:
        super().__init__(
            f"The tmux server at {socket} does not answer. What it was told may still happen; "
            "`tungsten doctor` says what to do."
        )


class ResourcesExhausted(TerminalError):
    """The system gives this process no more open files, processes or memory."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The system gives this program no more ({reason}). "
            "Close what is not needed, or raise the limit (ulimit -a)."
        )


_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN})


@contextlib.contextmanager
def taking_resources() -> Iterator[None]:
    """Say ResourcesExhausted where the system has no more; other errors pass through."""
    try:
        yield
    except OSError as error:
        if error.errno not in _EXHAUSTED:
            raise
        raise ResourcesExhausted(error.strerror or str(error)) from error


class CommandFailed(TerminalError):
    """tmux refused a command.

    Attributes:
        argv: the command's words.
        message: what tmux said.
    """

    def __init__(self, argv: Sequence[str], message: str) -> None:
        name = argv[0] if argv else "?"
        super().__init__(f"tmux {name} failed: {message or 'no reason given'}.")
        self.argv = tuple(argv)
        self.message = message


class PaneGone(TerminalError):
    """The pane does not exist any more."""

    def __init__(self, pane_id: str) -> None:
        super().__init__(f"Pane {pane_id} is gone. Open a new one.")
        self.pane_id = pane_id


class PaneDead(TerminalError):
    """The pane's program ended; the pane only shows its last screen."""

    def __init__(self, pane_id: str, exit_status: int | None = None) -> None:
        how = "" if exit_status is None else f" with status {exit_status}"
        super().__init__(f"The program in pane {pane_id} has ended{how}. Open a new pane.")
        self.pane_id = pane_id
        self.exit_status = exit_status


class NotAtPrompt(TerminalError):
    """A command line was to be run, but the pane is not at an empty shell prompt."""

    def __init__(self, pane_id: str, what: str) -> None:
        super().__init__(
            f"Pane {pane_id} is not at an empty shell prompt: {what}. "
            "Wait for it, interrupt it, or send keys instead."
        )
        self.pane_id = pane_id


class CannotAsk(TerminalError):
    """A caller wants to be asked about each piece of a line, and the shell cannot do that."""

    def __init__(self, pane_id: str, why: str) -> None:
        super().__init__(
            f"Pane {pane_id} cannot ask before each piece of the line: {why}. "
            "Nothing was run; run it without being asked, or in a new bash pane."
        )
        self.pane_id = pane_id


class TextNotTypable(TerminalError):
    """The text holds characters that cannot be typed as they are."""


class KeyUnknown(TerminalError):
    """What was to be pressed is not one key."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"“{key}” is not one key: name one character, or Enter, Escape, Tab, an arrow, C-x."
        )
        self.key = key


class DirectoryMissing(TerminalError):
    """A pane was to start in a directory that does not exist."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"The directory {path} does not exist. Choose another.")
        self.path = path


class DirectoryUnwritable(TerminalError):
    """What a pane needs beside the tmux socket could not be written there: a full disk, say."""

    def __init__(self, directory: Path, reason: str) -> None:
        super().__init__(
            f"Nothing can be written into {directory} ({reason}). Make room there, then try again."
        )
        self.directory = directory


@contextlib.contextmanager
def writing_into(directory: Path) -> Iterator[None]:
    """Say DirectoryUnwritable where the system says no, ResourcesExhausted where it has no more."""
    try:
        with taking_resources():
            yield
    except OSError as error:
        raise DirectoryUnwritable(directory, error.strerror or str(error)) from error


class SocketUnsafe(TerminalError):
    """The directory of the tmux socket could be entered by others."""

    def __init__(self, directory: Path, reason: str) -> None:
        super().__init__(f"The directory {directory} {reason}. Make it yours alone: chmod 700.")


class RecordingRefused(TerminalError):
    """A pane cannot be recorded, or not into that file."""


class RecordingUnreadable(TerminalError):
    """A file is no asciicast v2 recording, or a line of it is damaged."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(
            f"{path}, line {line}: {reason}. It must be an asciicast v2 recording; record it again."
        )
        self.path = path
        self.line = line


class DisplayMissing(TerminalError):
    """There is no display to picture."""

    def __init__(self, reason: str = "") -> None:
        detail = f" ({reason})" if reason else ""
        super().__init__(
            f"There is no display to picture here{detail}. Take the pane's own picture instead."
        )


class PaneNotAllowed(TerminalError):
    """A pane of the person's own tmux server was to be driven without being allowed."""

    def __init__(self, pane_id: str) -> None:
        super().__init__(
            f"Pane {pane_id} is in your own tmux server and was not allowed to be driven. "
            "Allow this pane first, or only watch it."
        )
        self.pane_id = pane_id


class PaneInCopyMode(TerminalError):
    """Somebody reads back in a pane of the person's own, where keys would move the view."""

    def __init__(self, pane_id: str) -> None:
        super().__init__(
            f"Pane {pane_id} is in copy mode: its person is reading back there. Nothing was typed; "
            "try again when they have left it."
        )
        self.pane_id = pane_id
