"""Asks about each piece of a command line right before bash runs it.

bash's DEBUG trap (`__tungsten_refuses` in `shell/bash.sh`) sees every simple command, and the heads
of `for`, `case` and `((…))`, in functions, subshells, pipelines, `$(…)` and here-documents too, as
text that is not yet expanded. It asks through named pipes in a private directory and runs what is
answered with a `y`. It skips everything else: once one piece is refused all that follow are, and so
are they when this process or the directory is gone.

It is no wall. What another program does is beyond it (`sh -c`, scripts, make), so are redirections
of whole groups and the values of variables, and a line that wants to can take the trap away: pieces
that name it or its parts are refused, what is written in other ways is not recognised. While a
later part of a pipeline is asked about, the terminal is not the shell's and Ctrl-C does not reach
it; an answer does. Each piece takes longer, and `set -T` or `set -E` within a line end with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path

from tungsten.tmux import orphans

Judge = Callable[[str], Awaitable[bool]]
"""Given a piece, says whether it may run."""

_OWN = re.compile(
    r"__tungsten|\bDEBUG\b|extdebug|functrace|PROMPT_COMMAND|(?-i:\bset\s(?:\S+\s+)*\+\w*T)", re.I
)
"""Pieces that would take the questions away."""

_INTERRUPT = "\x03"
_LOOPING = "\x04"
"""What is said in place of a piece: Ctrl-C was heard, or what is skipped goes on for ever."""

_READ = 1 << 16


class Line:
    """The questions about one line, until `close`.

    Attributes:
        name: by which the shell asks, a secret.
        directory: where it asks.
        refused: the first piece that was refused; None if there was none.
        error: what the judge raised.
        interrupted: whether Ctrl-C was heard while something was being judged.
        answering: what is being judged.
    """

    def __init__(self, pieces: Pieces, judge: Judge) -> None:
        self.name = secrets.token_hex(16)
        self.directory = pieces.directory
        self.refused: str | None = None
        self.error: Exception | None = None
        self.interrupted = False
        self.answering: set[asyncio.Future[bool]] = set()
        self._pieces = pieces
        self._judge: Judge | None = judge

    async def allows(self, piece: str) -> bool:
        """Judge one piece; nothing is allowed once one was refused."""
        if self.refused is None and not self.interrupted:
            try:
                allowed = self._judge is not None and not _OWN.search(piece)
                if allowed and self._judge is not None and await self._judge(piece):
                    return True
            except Exception as error:  # noqa: BLE001
                # The caller's own: it goes to the caller, and the piece does not run.
                self.error = error
            if not self.interrupted:
                self.refused = piece
        return False

    def close(self) -> None:
        """Allow nothing any more: what still runs of the line gets no further."""
        self._judge = None
        self._pieces.forget(self)
        for answering in self.answering:
            answering.cancel()


class Pieces:
    """The pipes through which one pane's shell asks, until `close`.

    Attributes:
        directory: where they are.
    """

    def __init__(
        self, directory: Path, interrupt: Callable[[], Coroutine[None, None, None]]
    ) -> None:
        self.directory = directory / f".{os.getpid()}-{secrets.token_hex(8)}.pieces"
        self._interrupt = interrupt
        self._lines: dict[str, Line] = {}
        self._partial = b""
        self._pipes: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._unheard = contextlib.ExitStack()
        """Watches whether who was answered last dies before it hears the answer."""
        self._loop = asyncio.get_running_loop()
        self.directory.mkdir(mode=0o700)
        try:
            for pipe in ("ask", "verdict", "turn"):
                os.mkfifo(self.directory / pipe, 0o600)
                # For both directions, or the reader would see an end whenever nobody asks.
                flags = os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC
                self._pipes[pipe] = os.open(self.directory / pipe, flags)
        except OSError:
            self.close()
            raise
        self._loop.add_reader(self._pipes["ask"], self._readable)

    def begin(self, judge: Judge) -> Line:
        """Begin to answer for one line."""
        if not self._lines:
            self._unheard.close()
            # The turn and the answer of who was killed while asking are lost, or left over.
            for pipe in ("verdict", "turn"):
                with contextlib.suppress(BlockingIOError):
                    os.read(self._pipes[pipe], _READ)
            os.write(self._pipes["turn"], b"t")
        line = Line(self, judge)
        self._lines[line.name] = line
        return line

    def forget(self, line: Line) -> None:
        """Answer no for a line from now on."""
        self._lines.pop(line.name, None)

    def close(self) -> None:
        """Answer nothing any more; whoever waits for an answer sees the end."""
        self._unheard.close()
        for task in self._tasks:
            task.cancel()
        if "ask" in self._pipes:
            self._loop.remove_reader(self._pipes["ask"])
        for descriptor in self._pipes.values():
            os.close(descriptor)
        self._pipes.clear()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _readable(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._partial += os.read(self._pipes["ask"], _READ)
        *questions, self._partial = self._partial.split(b"\0")
        if questions:
            # Who asks has got the turn from the one before.
            self._unheard.close()
        for question in questions:
            name, _, rest = question.decode("utf-8", "backslashreplace").partition(";")
            pid, _, piece = rest.partition(";")
            line = self._lines.get(name)
            if piece == _INTERRUPT:
                if line is not None:
                    line.interrupted = True
                    line.close()
                continue
            if piece == _LOOPING:
                self._spawn(self._interrupt())
                continue
            number = int(pid) if pid.isdecimal() else 0
            self._spawn(self._ask(line, number, piece))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, line: Line | None, pid: int, piece: str) -> None:
        died = asyncio.Event()
        answering = asyncio.ensure_future(self._allows(line, piece))

        def end() -> None:
            died.set()
            answering.cancel()

        if line is not None:
            line.answering.add(answering)
        with _ended(pid, end):
            await asyncio.wait({answering})
        if line is not None:
            line.answering.discard(answering)
        if died.is_set():
            # Interrupted, with the turn: it goes to whoever waits for it, to hear a no.
            if line is not None:
                line.interrupted = True
                line.close()
            self._write("turn", b"t")
            return
        allowed = not answering.cancelled() and answering.result()
        self._write("verdict", b"y" if allowed else b"n")
        self._unheard.close()
        self._unheard.enter_context(_ended(pid, self._died_unheard))
        if pid and not orphans.lives(pid):
            self._died_unheard()

    def _died_unheard(self) -> None:
        """Take back the answer that nobody reads any more, and let the next one ask.

        Read or not tells whether the turn has ended with its process. One that was killed before it
        asked, or between reading and giving the turn on, leaves the others waiting until Ctrl-C.
        """
        if "verdict" in self._pipes:
            with contextlib.suppress(BlockingIOError):
                os.read(self._pipes["verdict"], 1)
                self._write("turn", b"t")

    async def _allows(self, line: Line | None, piece: str) -> bool:
        return line is not None and await line.allows(piece)

    def _write(self, pipe: str, answer: bytes) -> None:
        if pipe in self._pipes:
            os.write(self._pipes[pipe], answer)


@contextlib.contextmanager
def _ended(pid: int, call: Callable[[], object]) -> Iterator[None]:
    """Call something when a process ends meanwhile, where the system can tell."""
    loop = asyncio.get_running_loop()
    try:
        descriptor = os.pidfd_open(pid) if pid and hasattr(os, "pidfd_open") else None
    except (OSError, OverflowError):
        descriptor = None
    if descriptor is None:
        yield
        return

    def end() -> None:
        loop.remove_reader(descriptor)
        call()

    loop.add_reader(descriptor, end)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def forget_orphans(directory: Path) -> None:
    """Remove the pipes of processes that ended without doing so."""
    for left in directory.glob(".*.pieces"):
        pid = left.name[1:].partition("-")[0]
        if pid.isdecimal() and not orphans.lives(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
