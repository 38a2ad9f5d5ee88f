"""The engine: the process in which agents live, and the commands that front ends give it.

`python -m agent.engine` runs it in the foreground; front ends start it on demand and detached
(`agent.engine.start`). It outlives every front end. Whatever ends it, a signal or `kill -9`, loses
nothing: sessions are on disk and panes belong to the tmux server, and the next engine restores
both.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import NoReturn

from pydantic import JsonValue

from agent.commands.dispatch import carry_out
from agent.engine.connections import Connections, one_line
from agent.engine.engine_parts import Parts
from agent.engine.peer import refuse_in_pane
from agent.engine.singleton import Claim, claim
from agent.engine.start import NO_ROOM, READY, no_room
from agent.errors import AgentError
from agent.files.regular_file import open_regular
from agent.hub import Hub
from agent.paths import Paths, find
from agent.protocol.client_lines import Command
from agent.protocol.commands.engine import Configure, Shutdown, StartDemo
from agent.protocol.events import Notice
from agent.protocol.snapshot import EngineInfo
from agent.settings import variables
from agent.settings.config import load as load_config
from memory.errors import FileGone, StorageError
from tungsten.errors import TerminalError
from tungsten.version import __version__

LOG_BYTES = 1024 * 1024
LOG_FILES = 3

IDLE_EXIT_SECONDS = 3600.0
"""After how long without agents and front ends the engine ends by itself."""

PREWARM_SECONDS = 1.0
"""How long an app must have been there before the model SDK is loaded ahead of its first use:
loading takes seconds of processor time, which the app's first frame must not share.
"""

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
                environment=variables.digests(os.environ),
            )
        )
        self.connections = Connections(self.hub, self.handle, claimed.paths.tmux_socket)
        self.connections.on_count = self._count_changed
        self._claim = claimed
        self._clock = clock
        self._idle_exit_seconds = idle_exit_seconds
        self._idle_timer: asyncio.TimerHandle | None = None
        self._prewarm_timer: asyncio.TimerHandle | None = None
        self._prewarming: asyncio.Task[None] | None = None
        self._stopping: asyncio.Future[str] | None = None
        self._parts: Parts | None = None
        self._restoring: asyncio.Task[None] | None = None
        self._ready = False
        """Whether the agents are back."""

    async def serve(self, ready: Callable[[], None] = lambda: None) -> None:
        """Restore everything, answer front ends until told to stop, and close cleanly.

        Args:
            ready: Called once front ends are answered.

        Raises:
            AgentError, StorageError, TerminalError: it cannot start; the text is one line with
                the way out.
        """
        loop = asyncio.get_running_loop()
        self._stopping = loop.create_future()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop, "it was told to end")
        config = load_config(self.paths)
        # Settings have taken what they need; the SDK would read the same variables for itself, and
        # what agents run must not inherit them.
        for name in list(os.environ):
            if name.startswith("ANTHROPIC_") or name in config.secret_variables:
                del os.environ[name]
        async with AsyncExitStack() as closing:
            parts = Parts(self.hub, self.paths, config, self._clock)
            await parts.open(closing)
            self._parts = parts
            parts.database.before_writes(self._require_in_place)
            self._restoring = asyncio.create_task(parts.restore(closing, self.connections.finish))
            closing.push_async_callback(self._end_restoring)
            self._restoring.add_done_callback(self._restored)
            if await parts.has_agents():
                # Without any, front ends need not wait for what only commands need.
                await self._restoring
            await self.connections.listen(self._claim.listener)
            ready()
            log.info("engine %s answers", __version__)
            self._count_changed(0)
            reason = "The engine failed."
            try:
                reason = await self._stopping
                log.info("engine stops: %s", reason)
            finally:
                self._cancel_timers()
                self.connections.close(reason)
                await self._end_restoring()

    def stop(self, reason: str) -> None:
        """End the engine soon; sessions and panes stay."""
        if self._stopping is not None and not self._stopping.done():
            self._stopping.set_result(reason)

    async def handle(self, command: Command) -> dict[str, JsonValue]:
        """Carry out one command of a front end.

        Raises:
            AgentError: it was not done; the text is one line for the person.
        """
        if isinstance(command, Shutdown):
            if self._parts is not None:
                self._parts.end_panes = command.panes
            self.stop("it was shut down")
            return {}
        assert self._parts is not None
        assert self._restoring is not None
        if isinstance(command, Configure | StartDemo):
            # A model is asked as soon as this is done.
            self._prewarm()
        await asyncio.shield(self._restoring)
        return await carry_out(command, self._parts)

    def _require_in_place(self) -> None:
        """Let nothing more happen once what is written, or this engine, could not be found again.

        Raises:
            FileGone: a file of ours was deleted or replaced; the engine ends.
        """
        assert self._parts is not None
        try:
            self._parts.database.require_in_place()
            self._claim.require_in_place()
        except FileGone as error:
            if self._stopping is not None and not self._stopping.done():
                self.hub.publish(Notice(level="error", text=str(error)))
                self.stop(str(error))
            raise

    def _restored(self, restoring: asyncio.Task[None]) -> None:
        # What has been loaded stays: it need never be looked through.
        gc.freeze()
        gc.enable()
        if not restoring.cancelled() and (error := restoring.exception()) is not None:
            log.error("the agents cannot be restored", exc_info=error)
            self.stop(f"The agents cannot be restored: {one_line(error)}")
        elif not restoring.cancelled() and self._parts is not None:
            self._ready = True
            services = self._parts.agents.services
            services.person_there = self.connections.person_there
            services.allowed_panes.deciders = self.connections.deciders
            self.connections.allowed_pids = lambda: services.allowed_panes.pids
            self.connections.answer_hook = self._parts.agents.answer_hook

    async def _end_restoring(self) -> None:
        if self._restoring is not None:
            self._restoring.cancel()
            await asyncio.wait([self._restoring])

    def _count_changed(self, connected: int) -> None:
        """Notice that front ends came or went."""
        loop = asyncio.get_running_loop()
        self._cancel_timers()
        if self._parts is not None:
            with contextlib.suppress(FileGone):
                self._require_in_place()
        if self._ready and self._parts is not None and not self.connections.person_there():
            self._parts.agents.nobody_there()
        if connected:
            self._prewarm_timer = loop.call_later(PREWARM_SECONDS, self._prewarm_for_person)
            if self._parts is not None:
                self._parts.say_notice()
        elif self._idle_exit_seconds > 0:
            self._idle_timer = loop.call_later(self._idle_exit_seconds, self._end_if_idle)

    def _cancel_timers(self) -> None:
        for timer in (self._idle_timer, self._prewarm_timer):
            if timer is not None:
                timer.cancel()
        self._idle_timer = self._prewarm_timer = None

    def _prewarm_for_person(self) -> None:
        """Load the model SDK where a person may soon ask a model; others may never need it."""
        assert self._parts is not None
        chosen = self._parts.models.setup.provider != "none"
        if chosen and self.connections.person_there():
            self._prewarm()

    def _prewarm(self) -> None:
        assert self._parts is not None
        if self._prewarming is None:
            self._prewarming = asyncio.create_task(self._parts.models.prewarm())

    def _end_if_idle(self) -> None:
        state = self.hub.snapshot()
        if state.agents or state.demo is not None:
            self._count_changed(0)
        else:
            self.stop("it had nothing to do")


def main(arguments: Sequence[str] | None = None) -> None:
    """Be the engine; leaves the process with status 0, or 1 when it could not start."""
    options = _options(arguments)
    paths = options.paths
    told = _Teller(options.ready)
    try:
        paths.create()
        _log_to(paths.log_file)
        # Engines are orphans beside the tmux server of the one before.
        refuse_in_pane(paths.tmux_socket, strays=False)
        for name in ("TMUX", "TMUX_PANE"):
            os.environ.pop(name, None)
        own = claim(paths)
        if own is None:
            told.tell(READY)
            return
    except AgentError as error:
        told.fail(one_line(error))
    except OSError as error:
        told.fail(no_room(error) if error.errno in NO_ROOM else one_line(error))
    problem = ""
    try:
        engine = Engine(own)
        asyncio.run(engine.serve(lambda: told.tell(READY)))
    except Exception as error:  # noqa: BLE001 - the front end that waits is told, whatever it is
        problem = start_problem(error, paths)
    finally:
        own.release()
    if problem:
        told.fail(problem)


def start_problem(error: Exception, paths: Paths) -> str:
    """Say in one line why the engine could not start, and log what is not a known error."""
    if isinstance(error, AgentError | StorageError | TerminalError):
        return one_line(error)
    log.error("the engine failed", exc_info=error)
    if isinstance(error, OSError):
        if error.errno in NO_ROOM:
            return no_room(error)
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


class _PrivateLog(RotatingFileHandler):
    """A rotating log whose every file is readable by its owner only."""

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        descriptor = open_regular(Path(self.baseFilename), flags)
        return TextIOWrapper(os.fdopen(descriptor, "ab"), encoding="utf-8", errors="replace")


def _log_to(path: Path) -> None:
    handler = _PrivateLog(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES - 1)
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("agent").setLevel(logging.INFO)
