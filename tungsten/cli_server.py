"""The server that a command line of `python -m tungsten` is about, and its panes."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from tungsten.errors import ServerGone, TerminalError

if TYPE_CHECKING:
    from tungsten.adopted.adopt import OwnServer
    from tungsten.outcome import PaneInfo
    from tungsten.screen.frame import Frame
    from tungsten.terminal import Terminal

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PaneName = Annotated[str, typer.Argument(help="A pane's id, such as %3, or its session's name.")]


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """The server that a command line is about."""

    socket: Path
    theirs: bool


def app_socket() -> Path:
    """Say where the app's private tmux server listens; follows the app's own rules."""
    home = os.environ.get("TUNGSTEN_HOME")
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if home:
        directory = Path(home).expanduser().absolute() / "run"
    elif runtime and Path(runtime).is_dir():
        directory = Path(runtime) / "tungsten"
    else:
        data = os.environ.get("XDG_DATA_HOME", "")
        base = Path(data) if data.startswith("/") else Path.home() / ".local" / "share"
        directory = base / "tungsten" / "run"
    # The longest socket path that every system takes (unix(7)).
    if len(os.fsencode(directory / "engine.sock")) > 100:
        name = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
        directory = Path(tempfile.gettempdir()) / f"tungsten-{os.getuid()}-{name}"
    return directory / "tmux.sock"


@asynccontextmanager
async def connected(place: Place) -> AsyncIterator[OwnServer]:
    """Connect to the server at a place; raises TerminalError where none answers."""
    from tungsten.adopted.adopt import OwnServer

    try:
        server = await OwnServer.connect(place.socket)
    except ServerGone as error:
        way_out = (
            "start tmux there, or name the socket of another server with --socket."
            if place.theirs
            else "start Tungsten, or choose another server with --own or --socket."
        )
        raise TerminalError(f"No tmux server answers at {place.socket}: {way_out}") from error
    try:
        yield server
    finally:
        await server.close()


async def panes(server: OwnServer) -> list[PaneInfo]:
    """List the panes of a server, without those that Tungsten itself works with."""
    from tungsten.tmux.idle_session import HOME_SESSION
    from tungsten.tmux.watch import SESSION_PREFIX

    return [
        pane
        for pane in await server.panes()
        if pane.session != HOME_SESSION and not pane.session.startswith(SESSION_PREFIX)
    ]


async def find(server: OwnServer, name: str) -> PaneInfo:
    """Give the pane of that id, or the first of that session; raises TerminalError."""
    for pane in await panes(server):
        if name in (pane.id, pane.session):
            return pane
    raise TerminalError(f"There is no pane or session {name}: the command list shows all")


async def captured(place: Place, name: str, history: int = 0) -> Frame:
    """Picture a pane, with so many lines above its screen."""
    async with connected(place) as server:
        return await server.capture((await find(server, name)).id, history=history)


@asynccontextmanager
async def private_terminal(kept: Path | None = None) -> AsyncIterator[Terminal]:
    """Open a server for this command alone, which ends with it; or the one at `kept`."""
    from tungsten.terminal import Terminal

    with tempfile.TemporaryDirectory(prefix="tungsten-") as runtime:
        terminal = await Terminal.open(kept or Path(runtime) / "tmux.sock")
        try:
            yield terminal
        finally:
            await (terminal.kill_server() if kept is None else terminal.close())


async def until_interrupted(gone: asyncio.Event) -> None:
    """Wait for Ctrl-C, for being told to end, or for `gone`."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    waiting = [asyncio.create_task(event.wait()) for event in (gone, asked)]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Do the work of a command."""
    return asyncio.run(work)


def print_json(value: Any) -> None:
    """Print one JSON value on one line."""
    typer.echo(json.dumps(value))
