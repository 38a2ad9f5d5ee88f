from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tungsten.errors import OutcomeUnknown, TerminalError
from tungsten.pane import ForText, Pane
from tungsten.recordings import recording
from tungsten.screen.view import LiveView
from tungsten.terminal import Terminal
from tungsten.tmux.connection import Connection

ACCIDENTS = [
    "server killed",
    "server ended",
    "pane killed",
    "socket removed",
    "client killed",
    "clients killed",
    "disk full",
]

HARMLESS = {"client killed", "clients killed", "disk full"}
"""Those after which everything goes on, but for a call whose reply was lost."""

CRASHES = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS}
PR_SET_CHILD_SUBREAPER = 36


class Ends:
    """How processes ended whose parents had ended before: tmux servers, and what ran in them."""

    def __init__(self) -> None:
        self.crashes = 0
        self.at_the_end = 0

    def forget(self) -> None:
        """Count apart those that crashed when they had been told to end."""
        before = self.crashes
        self.at_the_end += self.count()
        self.crashes = before

    def count(self) -> int:
        """Count the tmux servers that have crashed since the last time."""
        crashes = 0
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.NoSuchProcess, ChildProcessError):
                if child.status() != psutil.STATUS_ZOMBIE or child.name() != "tmux: server":
                    continue
                _, status = os.waitpid(child.pid, os.WNOHANG)
                crashes += os.WIFSIGNALED(status) and os.WTERMSIG(status) in CRASHES
        self.crashes += crashes
        return crashes


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Makes this process the one that learns how a tmux server ended."""
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "prctl"):
        pytest.skip("needs Linux")
    library.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = {child.pid for child in psutil.Process().children()}
    yield Ends()
    library.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
    for child in psutil.Process().children():
        if child.pid not in before:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child.pid, os.WNOHANG)


@pytest.fixture(scope="session")
def small_disk() -> Iterator[Path | None]:
    """A directory that holds little; None where none can be made."""
    directory = Path(f"/tmp/tg-{os.getpid()}-disk")
    directory.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(directory)]
    done = subprocess.run(mount, capture_output=True, check=False)
    try:
        yield directory if done.returncode == 0 else None
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", "-l", str(directory)], check=True)
        directory.rmdir()


async def repeat(step: Callable[[], Awaitable[object]]) -> int:
    """Go on until something clear is said; anything but a TerminalError fails the test.

    Gives how many calls had an unknown outcome.
    """
    unknown = 0

    async def on() -> None:
        nonlocal unknown
        while True:
            try:
                await step()
            except OutcomeUnknown:
                unknown += 1
            await asyncio.sleep(0)

    with pytest.raises(TerminalError) as said:
        await on()
    assert "\n" not in str(said.value)
    return unknown


class Scene:
    """A terminal and a view with much going on, to which something happens."""

    def __init__(self, terminal: Terminal, pane: Pane, view: LiveView) -> None:
        self.terminal = terminal
        self.pane = pane
        self.view = view

    @classmethod
    async def open(cls, socket: Path, environment: dict[str, str]) -> Scene:
        terminal = await Terminal.open(socket, environment=environment)
        try:
            pane = await terminal.new_pane(name="x", cwd=Path("/"))
            view = await LiveView.open(socket)
        except BaseException:
            await terminal.close()
            raise
        view.show(pane.id, lambda frame: None)
        return cls(terminal, pane, view)

    def begin(self, rng: random.Random) -> list[asyncio.Task[int]]:
        pane = self.pane
        return [
            asyncio.create_task(repeat(lambda: pane.run("seq 100; echo hi", timeout=20))),
            asyncio.create_task(repeat(lambda: pane.capture(history=50))),
            asyncio.create_task(repeat(lambda: pane.wait(ForText("never"), 0.05))),
            asyncio.create_task(
                repeat(lambda: pane.resize(rng.randint(9, 200), rng.randint(2, 60)))
            ),
            asyncio.create_task(repeat(pane.foreground)),
        ]

    def connections(self) -> list[Connection]:
        """All that have a tmux client of their own by now."""
        found = [self.terminal.client, self.view.client]
        channels = [self.terminal._channel]
        for watching in (self.terminal._watching, self.view._watching):
            if watching is not None and watching.done() and not watching.cancelled():
                channels.append(watching.result()._channel)
        return found + [channel.client for channel in channels if channel is not None]

    async def suffer(self, kind: str, rng: random.Random) -> None:
        pid = self.terminal._server_pid
        if kind == "pane killed":
            await self.pane.kill()
        elif kind == "client killed":
            end(rng.choice(self.connections()))
        elif kind == "clients killed":
            for connection in self.connections():
                end(connection)
        elif kind == "disk full":
            await self.fill_disk()
        else:
            if kind == "socket removed":
                self.terminal.socket.unlink()
            # It may have crashed just before.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM if kind == "server ended" else signal.SIGKILL)

    async def fill_disk(self) -> None:
        directory = self.terminal.socket.parent
        recorded = await recording.start(self.terminal.client, self.pane.id, directory / "cast")
        with contextlib.suppress(OSError), (directory / "full").open("wb") as file:
            while True:
                file.write(bytes(1 << 16))
        try:
            for call in (
                lambda: self.terminal.new_pane(name="more", cwd=Path("/")),
                lambda: recording.start(self.terminal.client, "%9", directory / "other"),
                lambda: self.pane.run("echo asked", timeout=20, before_each=allow),
                recorded.stop,
            ):
                with contextlib.suppress(TerminalError):
                    await asyncio.wait_for(call(), 30)
        finally:
            for name in ("full", "cast"):
                (directory / name).unlink()

    async def close(self) -> None:
        await asyncio.wait_for(self.view.close(), 10)
        await asyncio.wait_for(self.terminal.kill_server(), 10)


async def allow(piece: str) -> bool:
    return True


def end(connection: Connection) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(connection.name.removeprefix("client-")), signal.SIGKILL)


async def accident(
    kind: str, socket: Path, environment: dict[str, str], rng: random.Random, ends: Ends
) -> int:
    """Let something happen in the midst of work; gives how many outcomes were unknown.

    Raises:
        TerminalError: the server crashed by itself before; nothing else may be the reason.
    """
    scene = await Scene.open(socket, environment)
    work = scene.begin(rng)
    try:
        await asyncio.sleep(rng.random() * 0.5)
        await scene.suffer(kind, rng)
        if kind in HARMLESS:
            await asyncio.sleep(rng.random() * 0.3)
            other = await scene.terminal.new_pane(name="after", cwd=Path("/"))
            assert (await other.run("echo after", timeout=20)).output == "after\n"
            await scene.pane.kill()
        unknown = sum(await asyncio.wait_for(asyncio.gather(*work), 30))
        if kind in HARMLESS or kind == "pane killed":
            await scene.terminal.panes()
        return unknown
    finally:
        # All of them end, whatever happened to the server.
        await scene.close()
        await asyncio.wait_for(asyncio.gather(*work), 30)


async def told_from_a_crash(
    kind: str, socket: Path, environment: dict[str, str], rng: random.Random, ends: Ends
) -> int:
    """The same, where a crash of tmux itself counts and is no failure of ours."""
    try:
        return await accident(kind, socket, environment, rng, ends)
    except TerminalError:
        if not ends.count():
            raise
        return 0


def place(kind: str, runtime: Path, small_disk: Path | None) -> Path:
    if kind != "disk full":
        return runtime / "tmux.sock"
    if small_disk is None:
        pytest.skip("no small file system can be made here")
    return small_disk / "tmux.sock"


@pytest.mark.parametrize("kind", ACCIDENTS)
async def test_every_call_ends_after_an_accident(
    runtime: Path, environment: dict[str, str], small_disk: Path | None, ends: Ends, kind: str
) -> None:
    socket = place(kind, runtime, small_disk)
    await told_from_a_crash(kind, socket, environment, random.Random(kind), ends)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_five_hundred_accidents(
    runtime: Path,
    environment: dict[str, str],
    small_disk: Path | None,
    ends: Ends,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rng = random.Random(1)
    kinds = [kind for kind in ACCIDENTS if kind != "disk full" or small_disk is not None]
    happened: Counter[str] = Counter()
    unknown = 0
    for _ in range(500):
        kind = rng.choice(kinds)
        socket = place(kind, runtime, small_disk)
        unknown += await told_from_a_crash(kind, socket, environment, rng, ends)
        ends.forget()
        happened[kind] += 1
    with capsys.disabled():
        said = ", ".join(f"{count} {kind}" for kind, count in sorted(happened.items()))
        rest = f"{unknown} unknown outcomes, tmux itself crashed {ends.crashes} times"
        rest += f", and {ends.at_the_end} times when told to end"
        print(f"\n500 accidents: {said}; {rest}")  # noqa: T201
    # More than now and then would be something that we do to it.
    assert ends.crashes <= 5
