"""Recordings of agents' panes: made where wanted, masked when they end, the oldest removed.

While a pane is recorded, its file (`.raw`) holds what it printed as it came. Once that has ended, a
copy without secrets takes its place (`.cast`). A process of its own makes it: that takes a second
for 10 MB, and the engine must not stand still for it. All files are readable by their owner only.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tungsten
from agent.errors import AgentError
from tungsten.errors import RecordingUnreadable, TerminalError
from tungsten.recordings import asciicast, recording

if TYPE_CHECKING:
    from agent.settings.settings import Recording
    from tungsten.terminal import Terminal

RAW = ".raw"
MASKED = ".cast"

_ROOT = str(Path(tungsten.__file__).resolve().parent.parent)
_MASK = "import sys; sys.path.insert(0, sys.argv[1]); "
_MASK += "from tungsten.recordings.masked_recording import main; sys.exit(main(*sys.argv[2:]))"

log = logging.getLogger("agent.recordings")


class NotRecorded(AgentError):
    """A pane cannot be recorded; says why."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording on the disk.

    Attributes:
        path: its file.
        agent_id: whose pane it shows.
        title: the agent's name then, and the pane.
        started_at: seconds since the epoch.
        seconds: how long it is by now.
        size: bytes.
        running: whether the pane is still being recorded.
    """

    path: Path
    agent_id: str
    title: str
    started_at: float
    seconds: float
    size: int
    running: bool

    @property
    def masked(self) -> bool:
        """Whether there are no secrets in it any more."""
        return self.path.suffix == MASKED


def listed(directory: Path) -> list[Kept]:
    """Give all recordings below a directory, the newest first; reads the ends of all files."""
    found = []
    for path in _files(directory):
        with contextlib.suppress(OSError, RecordingUnreadable):
            header = asciicast.read(path).header
            found.append(
                Kept(
                    path=path,
                    agent_id=path.parent.name,
                    title=header.title,
                    started_at=float(header.timestamp or 0),
                    seconds=asciicast.length(path),
                    size=path.stat().st_size,
                    running=path.suffix == RAW and recording.running(path),
                )
            )
    return sorted(found, key=lambda kept: (kept.started_at, kept.path.name), reverse=True)


def prune(directory: Path, limit: int) -> None:
    """Remove recordings that have ended, the oldest first, until all have `limit` bytes or less."""
    sizes = {}
    for path in _files(directory):
        with contextlib.suppress(OSError):
            sizes[path] = path.stat().st_size
    total = sum(sizes.values())
    for path in sorted(sizes, key=lambda path: path.name):
        if total <= limit:
            return
        if path.suffix == RAW:
            continue
        path.unlink(missing_ok=True)
        total -= sizes[path]
        with contextlib.suppress(OSError):
            # Only when nothing is left in it.
            path.parent.rmdir()


def _files(directory: Path) -> list[Path]:
    found = (path for path in directory.glob("*/*") if path.suffix in (RAW, MASKED))
    # Who opens a FIFO waits for its other end.
    return [path for path in found if os.path.isfile(path)]  # noqa: PTH113 - never raises


class PaneRecorder:
    """Records panes of an engine's agents.

    Args:
        directory: where the files go, a directory for each agent.
        settings: how much room they may take.
        terminal: the server of the panes.
    """

    def __init__(
        self, directory: Path, settings: Recording, terminal: Callable[[], Awaitable[Terminal]]
    ) -> None:
        self.directory = directory
        self._settings = settings
        self._terminal = terminal
        self._running: dict[str, Path] = {}
        self._masking = asyncio.Lock()
        self._tasks: set[asyncio.Future[object]] = set()

    def __contains__(self, pane_id: str) -> bool:
        return pane_id in self._running

    def running(self, pane_id: str) -> Path | None:
        """Give the file that a pane is being recorded into; None when it is not, or no longer."""
        path = self._running.get(pane_id)
        return path if path is not None and recording.running(path) else None

    async def start(self, agent_id: str, name: str, pane_id: str) -> Path:
        """Record a pane from its screen as it is now; gives the file.

        Raises:
            NotRecorded: it cannot be; says why.
        """
        known = self._running.get(pane_id)
        if known is not None and recording.running(known):
            return known
        directory = self.directory / agent_id
        path = directory / f"{time.time_ns() // 1_000_000}-{pane_id[1:]}{RAW}"
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            await asyncio.to_thread(prune, self.directory, self._settings.megabytes * 1_000_000)
            client = (await self._terminal()).client
            if known is not None:
                # It has reached its size, or its recorder was killed; tmux may not know yet.
                await recording.stop(client, pane_id, known)
                if self._running.pop(pane_id, None) is not None:
                    self._spawn(self._mask(known))
            limit = self._settings.pane_megabytes * 1_000_000
            await recording.start(client, pane_id, path, title=f"{name} · {pane_id}", limit=limit)
        except (OSError, TerminalError) as error:
            raise NotRecorded(f"Pane {pane_id} is not recorded: {error}") from error
        self._running[pane_id] = path
        return path

    async def finish(self, pane_id: str) -> str:
        """End the recording of a pane, if there is one; returns when it is masked.

        Gives what the person would not expect of it; empty where all is well.
        """
        path = self._running.pop(pane_id, None)
        if path is None:
            return ""
        before = not recording.running(path)
        with contextlib.suppress(TerminalError):
            client = (await self._terminal()).client
            await recording.stop(client, pane_id, path)
        if failed := await self._mask(path):
            return (
                f"what was cannot be played before it is masked, as the next engine does: {failed}"
            )
        return "that had ended before, at its size or as the disk was full" if before else ""

    def ended(self, pane_id: str) -> None:
        """Note that a pane has ended, or its program: so has its recording."""
        if pane_id in self._running:
            self._spawn(self.finish(pane_id))

    async def of(self, agent_id: str) -> list[Path]:
        """Give the recordings of one agent that have ended, the first one first, once masked."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        return sorted((self.directory / agent_id).glob(f"*{MASKED}"))

    async def recover(self) -> None:
        """Take over what an earlier engine left: go on with what runs, mask what has ended."""
        left = [path for path in _files(self.directory) if path.suffix == RAW]
        if any(recording.running(path) for path in left):
            with contextlib.suppress(TerminalError):
                found = await recording.recordings((await self._terminal()).client)
                self._running |= {pane: path for pane, path in found.items() if path in left}
        for path in left:
            # What runs in no pane that is found, of a server that does not answer, is left alone.
            if path not in self._running.values() and not recording.running(path):
                self._spawn(self._mask(path))

    async def close(self) -> None:
        """Let go; recordings go on, what is not masked yet is by the next engine."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _spawn(self, work: Awaitable[object]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _mask(self, path: Path) -> str:
        """Mask what has ended; gives why that failed, empty where it did not."""
        masked = path.with_suffix(MASKED)
        argv = [sys.executable, "-I", "-c", _MASK, _ROOT, str(path), str(masked)]
        async with self._masking:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                cwd="/",
            )
            try:
                _, said = await process.communicate()
            except asyncio.CancelledError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
                raise
        failed = ""
        if process.returncode != 0:
            failed = said.decode(errors="replace").strip() or "its masking was ended"
            log.warning("%s stays as it is: %s", path, failed)
        await asyncio.to_thread(prune, self.directory, self._settings.megabytes * 1_000_000)
        return failed
