"""`python -m tungsten`: terminals by hand, without the app and without a model.

Nothing here asks anybody: it is for people. An agent that runs it asks for the highest risk.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from tungsten.errors import ServerGone, TerminalError
from tungsten.printable import clean, one_line
from tungsten.version import __version__

if TYPE_CHECKING:
    from tungsten.adopt import OwnServer
    from tungsten.outcome import PaneInfo

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_TIMEOUT = 124
"""As timeout(1) says it."""
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="tungsten",
    help="Terminals by hand: the panes of Tungsten's tmux server, or of your own (--own). "
    "Without the app, without a model, and nobody is asked: for people.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PaneName = Annotated[str, typer.Argument(help="A pane's id, such as %3, or its session's name.")]


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """The server that a command line is about."""

    socket: Path
    theirs: bool


def main(arguments: list[str]) -> int:
    """Run one command line and return its exit status; every failure is one line on stderr."""
    try:
        status = app(
            args=arguments or ["--help"], prog_name="python -m tungsten", standalone_mode=False
        )
    except (typer.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away; Python would complain again while it shuts down.
        sys.stdout = None
        return EXIT_FAILED
    except TerminalError as error:
        typer.echo(f"tungsten: {clean(str(error))}", err=True)
        return EXIT_FAILED
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        typer.echo(clean(f"tungsten: {where}{error.strerror or error}"), err=True)
        return EXIT_FAILED
    except Exception as error:
        usage = getattr(error, "format_message", None)
        if usage is None:
            raise
        where = getattr(getattr(error, "ctx", None), "command_path", "python -m tungsten")
        typer.echo(clean(f"tungsten: {usage()} (see {where} --help)"), err=True)
        return EXIT_USAGE
    return status if isinstance(status, int) else 0


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


@app.callback(invoke_without_command=True)
def choose(
    context: typer.Context,
    own: Annotated[bool, typer.Option("--own", help="Your own tmux server.")] = False,
    socket: Annotated[
        Path | None, typer.Option("--socket", "-S", help="The tmux server at this socket.")
    ] = None,
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version.")] = False,
) -> None:
    """Choose the tmux server: Tungsten's by default."""
    if version:
        typer.echo(f"tungsten {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        raise typer.BadParameter("name a command")
    from tungsten.adopt import default_socket

    if own and socket is not None:
        raise typer.BadParameter("give --own or --socket, not both")
    place = socket or (default_socket() if own else app_socket())
    context.obj = Place(place.absolute(), theirs=own or socket is not None)


@app.command("list")
def list_panes(context: typer.Context, as_json: Json = False) -> None:
    """List panes: id, session, size, program, directory."""
    panes = _run(_panes(context.obj))
    if as_json:
        _print_json([dataclasses.asdict(pane) for pane in panes])
        return
    rows = [("PANE", "SESSION", "SIZE", "PROGRAM", "DIRECTORY")]
    for pane in panes:
        program = "(ended)" if pane.dead else pane.current_command
        size = f"{pane.width}×{pane.height}"
        session, path = one_line(pane.session), one_line(pane.current_path)
        rows.append((pane.id, session, size, one_line(program), path))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


@app.command()
def run(
    context: typer.Context,
    command: Annotated[str, typer.Argument(help="A command line for bash.")],
    directory: Annotated[Path, typer.Option("--directory", "-C", help="Where it runs.")] = Path(),
    timeout: Annotated[float | None, typer.Option(help="Seconds to wait for its end.")] = None,
    width: Annotated[int, typer.Option(min=1, max=10000, help="Columns.")] = 120,
    height: Annotated[int, typer.Option(min=1, max=10000, help="Lines.")] = 40,
    record: Annotated[Path | None, typer.Option(help="Record it as asciicast v2.")] = None,
    as_json: Json = False,
) -> None:
    """Run a command line in a new terminal, print its output, leave with its exit status.

    The terminal's tmux server is a private one that ends with the command; with --socket it is
    started or found there, and the pane stays.
    """
    place: Place = context.obj
    kept = place.socket if place.theirs else None
    recorded = None if record is None else record.absolute()
    size = (width, height)
    result = _run(_run_command(kept, command, directory.absolute(), timeout, size, recorded))
    if as_json:
        _print_json(result)
    else:
        sys.stdout.write(result["output"])
        sys.stdout.flush()
    if result["ended"] == "timeout":
        typer.echo(f"tungsten: the command did not end in {timeout:g} seconds", err=True)
        raise typer.Exit(EXIT_TIMEOUT)
    status = result["exit_status"]
    raise typer.Exit(EXIT_FAILED if status is None else status)


@app.command()
def send(
    context: typer.Context,
    pane: PaneName,
    text: Annotated[str, typer.Argument(help="Typed as it is; a newline is Enter.")] = "",
    key: Annotated[
        list[str] | None, typer.Option("--key", "-k", help="Then press this key: C-c, Up, F1 …")
    ] = None,
    enter: Annotated[bool, typer.Option("--enter", "-e", help="Then press Enter.")] = False,
    paste: Annotated[bool, typer.Option(help="Paste the text instead of typing it.")] = False,
) -> None:
    """Type, paste or press keys into a pane."""
    names = [*(key or []), *(["Enter"] if enter else [])]
    if not text and not names:
        raise typer.BadParameter("say what to send: a text, --key or --enter")
    _run(_send(context.obj, pane, text, names, paste=paste))


@app.command()
def capture(
    context: typer.Context,
    pane: PaneName,
    history: Annotated[int, typer.Option(min=0, help="Lines of scrollback above.")] = 0,
    styled: Annotated[bool, typer.Option(help="Keep colours, as escape sequences.")] = False,
    mask: Annotated[bool, typer.Option(help="Hide secrets.")] = False,
    as_json: Json = False,
) -> None:
    """Print what a pane shows."""
    shown = _run(_capture(context.obj, pane, history))
    from tungsten.masking import mask as hide

    text = "\n".join(shown.lines) + "\x1b[0m" if styled else shown.text
    if mask:
        text = hide(text)
    if as_json:
        fields = dataclasses.asdict(shown)
        del fields["lines"]
        _print_json({"text": text, **fields})
    else:
        typer.echo(text if styled else clean(text))


@app.command()
def record(
    context: typer.Context,
    pane: PaneName,
    file: Annotated[Path, typer.Argument(help="The recording, asciicast v2; a new file.")],
    title: Annotated[str, typer.Option(help="What it shows.")] = "",
    detach: Annotated[bool, typer.Option(help="Leave it recording in the background.")] = False,
    stop: Annotated[bool, typer.Option(help="End a recording left in the background.")] = False,
    as_json: Json = False,
) -> None:
    """Record a pane until Ctrl-C, or until it is closed."""
    file = file.absolute()
    _run(_record(context.obj, pane, file, title, detach=detach, stop=stop))
    if as_json:
        _print_json({"file": str(file), "recording": detach and not stop})
    elif not detach:
        typer.echo(f"recorded into {file}")


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A recording, asciicast v2.")],
    speed: Annotated[float, typer.Option(min=0.01, help="2 is twice as fast.")] = 1.0,
    idle: Annotated[float | None, typer.Option(min=0, help="Longest pause, seconds.")] = None,
    at_once: Annotated[bool, typer.Option(help="Without pauses.")] = False,
) -> None:
    """Play a recording here."""
    from tungsten.replay import AT_ONCE

    _run(_replay(file, AT_ONCE if at_once else speed, idle))


@app.command()
def export(
    source: Annotated[Path, typer.Argument(help="A recording, asciicast v2.")],
    target: Annotated[Path, typer.Argument(help="The copy; a new file.")],
) -> None:
    """Copy a recording without the secrets in it, and without what was typed."""
    from tungsten import masked_recording

    masked_recording.export(source, target)


@app.command()
def screenshot(
    context: typer.Context,
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="PANE FILE", help="A pane's id or its session's name, and the picture, PNG."
        ),
    ],
    display: Annotated[bool, typer.Option(help="Picture the real display: FILE alone.")] = False,
    monitor: Annotated[int, typer.Option(min=0, help="Of the display; 0 is all.")] = 0,
    as_json: Json = False,
) -> None:
    """Picture a pane, drawn from its cells, or the real display."""
    if len(names) != (1 if display else 2):
        usage = "screenshot --display FILE" if display else "screenshot PANE FILE"
        raise typer.BadParameter(f"say what to picture, and the file: {usage}")
    file = Path(names[-1])
    if display:
        from tungsten import display as displays

        data = displays.png(monitor=monitor)
    else:
        from tungsten import picture

        data = picture.png(_run(_capture(context.obj, names[0], 0)))
    file.write_bytes(data)
    # Bytes 16 to 23 of a PNG are its width and height.
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    if as_json:
        _print_json({"file": str(file), "width": width, "height": height})
    else:
        typer.echo(f"{file} ({width}×{height})")


@app.command()
def attach(
    context: typer.Context,
    pane: PaneName,
    read_only: Annotated[bool, typer.Option("--read-only", "-r", help="Only look.")] = False,
    resize: Annotated[
        bool, typer.Option(help="Let this terminal's size count beside those of others.")
    ] = False,
) -> None:
    """Open a pane here with tmux itself; prefix d leaves it."""
    place: Place = context.obj
    info = _run(_pane(place, pane))
    flags = [] if resize else ["-f", "ignore-size"]
    if read_only:
        flags.append("-r")
    argv = ["tmux", "-u", "-S", str(place.socket), "attach-session", *flags, "-t", info.id]
    # Inside another tmux, tmux would refuse to nest.
    environment = {name: value for name, value in os.environ.items() if name != "TMUX"}
    _become(argv, environment)


def _become(argv: list[str], environment: dict[str, str]) -> NoReturn:
    sys.stdout.flush()
    os.execvpe(argv[0], argv, environment)  # noqa: S606


@asynccontextmanager
async def _server(place: Place) -> AsyncIterator[OwnServer]:
    from tungsten.adopt import OwnServer

    try:
        server = await OwnServer.connect(place.socket)
    except ServerGone as error:
        raise TerminalError(
            f"No tmux server answers at {place.socket}. "
            "Start Tungsten, or choose another server with --own or --socket."
        ) from error
    try:
        yield server
    finally:
        await server.close()


async def _panes(place: Place) -> list[PaneInfo]:
    async with _server(place) as server:
        return await _listed(server)


async def _listed(server: OwnServer) -> list[PaneInfo]:
    from tungsten.view import HOME_SESSION
    from tungsten.watch import SESSION_PREFIX

    return [
        pane
        for pane in await server.panes()
        if pane.session != HOME_SESSION and not pane.session.startswith(SESSION_PREFIX)
    ]


async def _find(server: OwnServer, name: str) -> PaneInfo:
    for pane in await _listed(server):
        if name in (pane.id, pane.session):
            return pane
    raise TerminalError(f"There is no pane or session {name}: the command list shows all")


async def _pane(place: Place, name: str) -> PaneInfo:
    async with _server(place) as server:
        return await _find(server, name)


async def _capture(place: Place, name: str, history: int) -> Any:
    async with _server(place) as server:
        return await server.capture((await _find(server, name)).id, history=history)


async def _send(place: Place, name: str, text: str, names: list[str], *, paste: bool) -> None:
    async with _server(place) as server:
        pane_id = (await _find(server, name)).id
        # Who names a pane on their own command line has allowed it.
        await server.allow(pane_id)
        if text:
            await (server.paste if paste else server.send_text)(pane_id, text)
        if names:
            await server.send_keys(pane_id, *names)


async def _run_command(
    kept: Path | None,
    command: str,
    directory: Path,
    timeout: float | None,  # noqa: ASYNC109
    size: tuple[int, int],
    record: Path | None,
) -> dict[str, Any]:
    from tungsten import recording
    from tungsten.pane import ForPrompt
    from tungsten.terminal import Terminal

    with tempfile.TemporaryDirectory(prefix="tungsten-") as runtime:
        terminal = await Terminal.open(kept or Path(runtime) / "tmux.sock")
        try:
            pane = await terminal.new_pane(name="run", cwd=directory, width=size[0], height=size[1])
            await pane.wait(ForPrompt(), 60)
            if record is not None:
                await recording.start(terminal.client, pane.id, record, title=command)
            result = await pane.run(command, timeout=timeout)
            if record is not None:
                await recording.stop(terminal.client, pane.id, record)
        finally:
            await (terminal.kill_server() if kept is None else terminal.close())
    return {
        "exit_status": result.exit_status,
        "output": result.output,
        "ended": result.ended,
        "seconds": round(result.seconds, 6),
        "truncated": result.truncated,
        "pane": None if kept is None else pane.id,
    }


async def _record(
    place: Place, name: str, file: Path, title: str, *, detach: bool, stop: bool
) -> None:
    from tungsten import recording

    async with _server(place) as server:
        pane_id = (await _find(server, name)).id
        client = await server.connected()
        if stop:
            await recording.stop(client, pane_id, file)
            return
        recorded = await recording.start(client, pane_id, file, title=title)
        if detach:
            return
        typer.echo(f"recording {pane_id}; Ctrl-C ends it", err=True)
        gone, asked = asyncio.Event(), asyncio.Event()
        silence = server.watch(pane_id, lambda shown: gone.set() if shown is None else None, fps=1)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, asked.set)
        waiting = [asyncio.create_task(event.wait()) for event in (gone, asked)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        silence()
        with suppress(TerminalError):
            await recorded.stop()


async def _replay(file: Path, speed: float, idle: float | None) -> None:
    from tungsten.replay import Printed, play

    printed = Printed()
    async for event in play(file, speed=speed, idle_limit=idle):
        if event.code == "o":
            sys.stdout.write(printed.feed(event.data))
            sys.stdout.flush()
    # The recorded program may have left its colours on and the cursor off.
    sys.stdout.write("\x1b[0m\x1b[?25h\n")


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value))
