"""Asks about each piece of a command line right before bash runs it.

bash's DEBUG trap (`__tungsten_refuses` in `shell/bash.sh`) sees every simple command, and the heads
of `for`, `case` and `((…))`, in functions, subshells, pipelines, `$(…)` and here-documents too, as
text that is not yet expanded. It asks through named pipes in a private directory and runs what is
answered with a `y`. It skips everything else: once one piece is refused all that follow are, and so
are they when this process or the directory is gone.

It is no wall. What another program does is beyond it (`sh -c`, scripts, make), so are redirections
of whole groups and the values of variables, and a line that wants to can take the trap away: pieces
that name it or its parts are refused, what is written in other ways is not recognised.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

Judge = Callable[[str], Awaitable[bool]]
"""Given a piece, says whether it may run."""

_OWN = re.compile(
    r"__tungsten|\bDEBUG\b|extdebug|functrace|PROMPT_COMMAND|(?-i:\bset\s(?:\S+\s+)*\+\w*T)", re.I
)
"""Pieces that would take the questions away."""

_LOOPING = 20
"""Refused pieces after which a line is interrupted: skipped, `while true` would never end."""

_READ = 1 << 16


class Pieces:
    """The questions about one line, from `__init__` to `close`.

    Attributes:
        directory: where the shell asks.
        refused: the first piece that was refused; None if there was none.
        error: what the judge raised.
    """

    def __init__(
        self, directory: Path, judge: Judge, interrupt: Callable[[], Awaitable[None]]
    ) -> None:
        self.directory = directory / f".{secrets.token_hex(8)}.pieces"
        self.refused: str | None = None
        self.error: Exception | None = None
        self._name = ""
        self._judge = judge
        self._interrupt = interrupt
        self._count = 0
        self._partial = b""
        self._pipes: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
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
        os.write(self._pipes["turn"], b"t")
        self._loop.add_reader(self._pipes["ask"], self._readable)

    def named(self, name: str) -> None:
        """Learn by which name the shell asks; questions by another one are refused."""
        self._name = name

    def close(self) -> None:
        """Answer nothing any more: what still runs of the line gets no further."""
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
        for question in questions:
            name, _, piece = question.decode("utf-8", "backslashreplace").partition(";")
            task = self._loop.create_task(self._answer(name, piece))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, name: str, piece: str) -> None:
        allowed = False
        if self.refused is None and secrets.compare_digest(name.encode(), self._name.encode()):
            try:
                allowed = not _OWN.search(piece) and await self._judge(piece)
            except Exception as error:  # noqa: BLE001
                # The caller's own: it goes to the caller, and the piece does not run.
                self.error = error
            if not allowed:
                self.refused = piece
        if "verdict" in self._pipes:
            os.write(self._pipes["verdict"], b"y" if allowed else b"n")
        if not allowed:
            self._count += 1
            if self._count % _LOOPING == 0:
                await self._interrupt()
