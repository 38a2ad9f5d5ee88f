"""The engine: the process in which agents live, and the commands that front ends give it.

`python -m agent.engine` runs it in the foreground; front ends start it on demand and detached
(`agent.start`). It outlives every front end. Whatever ends it, a signal or `kill -9`, loses
nothing: sessions are on disk and panes belong to the tmux server, and the next engine restores
both.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pydantic import JsonValue

from agent.connections import Connections, one_line
from agent.errors import AgentError, CommandRefused
from agent.hub import Hub
from agent.paths import Paths, find
from agent.protocol import Command, EngineInfo, Shutdown
from agent.singleton import Claim, claim
from agent.start import READY
from tungsten.version import __version__

if TYPE_CHECKING:
    from memory.database import Database

LOG_BYTES = 1024 * 1024
LOG_FILES = 3

IDLE_EXIT_SECONDS = 3600.0
"""After how long without agents and front ends the engine ends by itself."""

log = logging.getLogger("agent.engine")


class Engine:
    """One engine: what it holds, and how it begins and ends."""

    def __init__(
        self,
        claimed: Claim,
        *,
        clock: Callable[[], float] = time.time,
        idle_exit_seconds: float = IDLE_EXIT_SECONDS,
    ) -> None:
        self.paths = claimed.paths
        self.hub = Hub(
            EngineInfo(
                version=__version__,
                pid=os.getpid(),
                epoch=uuid.uuid4().hex,
                started_at=clock(),
                tmux_socket=str(claimed.paths.tmux_socket),
                directory=str(claimed.paths.data),
            )
        )
        self.connections = Connections(self.hub, self.handle, claimed.paths.tmux_socket)
        self._claim = claimed
        self._clock = clock
        self._stopping: asyncio.Future[str] | None = None
        self._end_panes = False
        self._idle_exit_seconds = idle_exit_seconds
        self._idle_timer: asyncio.TimerHandle | None = None

    async def serve(self, ready: Callable[[], None] = lambda: None) -> None:
        """Restore everything, answer front ends until told to stop, and close cleanly.

        Args:
            ready: Called once front ends are answered.

        Raises:
            AgentError, StorageError: it cannot start; the text is one line with the way out.
        """
        from memory.database import Database

        loop = asyncio.get_running_loop()
        self._stopping = loop.create_future()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop, "The engine was told to end.")
        database = await Database.open(self.paths.database, clock=self._clock)
        try:
            await self._run(database, ready)
        finally:
            await database.close()

    async def _run(self, database: Database, ready: Callable[[], None]) -> None:
        assert self._stopping is not None
        self.connections.on_count = self._watch_idleness
        await self.connections.listen(self._claim.listener)
        ready()
        log.info("engine %s answers", __version__)
        self._watch_idleness(0)
        try:
            reason = await self._stopping
            log.info("engine stops: %s", reason)
        finally:
            await self.connections.close(reason)

    def stop(self, reason: str) -> None:
        """End the engine soon; sessions and panes stay."""
        if self._stopping is not None and not self._stopping.done():
            self._stopping.set_result(reason)

    async def handle(self, command: Command) -> dict[str, JsonValue]:
        """Carry out one command of a front end.

        Raises:
            AgentError: it was not done; the text is one line for the person.
        """
        match command:
            case Shutdown(panes=panes):
                self._end_panes = panes
                self.stop("The engine was shut down.")
                return {}
            case _:
                raise CommandRefused("The engine has no agents yet.")

    def _watch_idleness(self, connected: int) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        if not connected and not self.hub.snapshot().agents and self._idle_exit_seconds > 0:
            loop = asyncio.get_running_loop()
            reason = "The engine had nothing to do."
            self._idle_timer = loop.call_later(self._idle_exit_seconds, self.stop, reason)


def main(arguments: Sequence[str] | None = None) -> None:
    """Be the engine; leaves the process with status 0, or 1 when it could not start."""
    options = _options(arguments)
    paths = options.paths
    told = _Teller(options.ready)
    for name in ("TMUX", "TMUX_PANE"):
        os.environ.pop(name, None)
    try:
        paths.create()
        _log_to(paths.log_file)
        own = claim(paths)
        if own is None:
            told.tell(READY)
            return
    except (AgentError, OSError) as error:
        told.fail(one_line(error))
    try:
        engine = Engine(own)
        asyncio.run(engine.serve(lambda: told.tell(READY)))
    except Exception as error:  # noqa: BLE001 - the front end that waits is told, whatever it is
        told.fail(start_problem(error, paths))
    finally:
        own.release()


def start_problem(error: Exception, paths: Paths) -> str:
    """Say in one line why the engine could not start, and log what is not a known error."""
    from memory.errors import StorageError

    if isinstance(error, AgentError | StorageError):
        return one_line(error)
    log.error("the engine failed", exc_info=error)
    if isinstance(error, OSError):
        return f"The engine cannot start: {one_line(error)}."
    return f"The engine failed ({type(error).__name__}): see {paths.log_file}."


class _Options(argparse.Namespace):
    paths: Paths
    ready: int | None


def _options(arguments: Sequence[str] | None) -> _Options:
    parser = argparse.ArgumentParser(prog="agent.engine", description="The engine of Tungsten.")
    for name in ("config", "data", "runtime"):
        parser.add_argument(f"--{name}", type=Path, help=f"{name} directory")
    parser.add_argument("--ready", type=int, help="descriptor to write to once it answers")
    options = parser.parse_args(arguments, namespace=_Options())
    usual = find()
    options.paths = Paths(
        options.config or usual.config,
        options.data or usual.data,
        options.runtime or usual.runtime,
    )
    return options


class _Teller:
    """Tells whoever started the engine, once, how that went."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        if descriptor is not None:
            os.set_inheritable(descriptor, False)

    def tell(self, text: str) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        # Who started us may have gone away meanwhile.
        with contextlib.suppress(OSError):
            os.write(descriptor, text.encode())
        with contextlib.suppress(OSError):
            os.close(descriptor)

    def fail(self, text: str) -> NoReturn:
        waited_for = self._descriptor is not None
        self.tell(text)
        log.error("%s", text)
        if not waited_for:
            print(text, file=sys.stderr)  # noqa: T201
        sys.exit(1)


def _log_to(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.close(descriptor)
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES - 1)
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("agent").setLevel(logging.INFO)


if __name__ == "__main__":
    main()
