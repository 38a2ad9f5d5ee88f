"""`python -m tungsten`: terminals by hand, without the app and without a model.

Nothing here asks anybody: it is for people. An agent that runs it asks for the highest risk.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from tungsten import cli_files
from tungsten.cli_server import (
    Json,
    PaneName,
    Place,
    app_socket,
    captured,
    connected,
    find,
    finish,
    panes,
    print_json,
    private_terminal,
    until_interrupted,
)
from tungsten.errors import TerminalError
from tungsten.screen.printable import clean, one_line
from tungsten.version import __version__

if TYPE_CHECKING:
    from tungsten.outcome import PaneInfo
    from tungsten.screen.frame import Frame
    from tungsten.screen.history import Passage

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
    from tungsten.adopted.adopt import default_socket

    if own and socket is not None:
        raise typer.BadParameter("give --own or --socket, not both")
    place = socket or (default_socket() if own else app_socket())
    context.obj = Place(place.absolute(), theirs=own or socket is not None)


@app.command("list")
def list_panes(context: typer.Context, as_json: Json = False) -> None:
    """List panes: id, session, size, program, directory."""
    found = finish(_panes(context.obj))
    if as_json:
        print_json([dataclasses.asdict(pane) for pane in found])
        return
    rows = [("PANE", "SESSION", "SIZE", "PROGRAM", "DIRECTORY")]
    for pane in found:
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
    result = finish(_run_command(kept, command, directory.absolute(), timeout, size, recorded))
    if as_json:
        print_json(result)
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
    finish(_send(context.obj, pane, text, names, paste=paste))


@app.command()
def capture(
    context: typer.Context,
    pane: PaneName,
    history: Annotated[int, typer.Option(min=0, help="Lines of scrollback above.")] = 0,
    above: Annotated[
        int, typer.Option(min=0, help="Only those lines, the last so many above the screen.")
    ] = 0,
    styled: Annotated[bool, typer.Option(help="Keep colours, as escape sequences.")] = False,
    mask: Annotated[bool, typer.Option(help="Hide secrets.")] = False,
    as_json: Json = False,
) -> None:
    """Print what a pane shows, or with --above a part of what it showed before."""
    from tungsten.recordings.masking import mask as hide

    if above:
        if not history or styled:
            raise typer.BadParameter("--above needs --history, and has no colours")
        passage = finish(_passage(context.obj, pane, above, history))
        text = hide(passage.text) if mask else passage.text
        if as_json:
            print_json({"text": text, "above": passage.above, "size": passage.size})
        elif passage.lines:
            typer.echo(clean(text))
        return
    shown = finish(captured(context.obj, pane, history))
    text = "\n".join(shown.lines) + "\x1b[0m" if styled else shown.text
    if mask:
        text = hide(text)
    if as_json:
        fields = dataclasses.asdict(shown)
        del fields["lines"]
        print_json({"text": text, **fields})
    else:
        typer.echo(text if styled else clean(text))


@app.command()
def watch(
    context: typer.Context,
    pane: PaneName,
    fps: Annotated[float, typer.Option(min=0.1, max=30, help="Looks a second at most.")] = 10.0,
    as_json: Json = False,
) -> None:
    """Print each line of a pane that changes, as it changes, until Ctrl-C.

    As JSON, one object for each change: by how many lines the text scrolled, the lines that are
    new with their places, and what else is not as before.
    """
    finish(_watch(context.obj, pane, fps, as_json=as_json))


for command in (
    *(cli_files.record, cli_files.replay, cli_files.text),
    *(cli_files.export, cli_files.screenshot),
):
    app.command()(command)


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
    info = finish(_pane(place, pane))
    flags = [] if resize else ["-f", "ignore-size"]
    if read_only:
        flags.append("-r")
    argv = ["tmux", "-u", "-N", "-S", str(place.socket), "attach-session", *flags, "-t", info.id]
    # Inside another tmux, tmux would refuse to nest.
    environment = {name: value for name, value in os.environ.items() if name != "TMUX"}
    _become(argv, environment)


def _become(argv: list[str], environment: dict[str, str]) -> NoReturn:
    sys.stdout.flush()
    os.execvpe(argv[0], argv, environment)  # noqa: S606


async def _panes(place: Place) -> list[PaneInfo]:
    async with connected(place) as server:
        return await panes(server)


async def _pane(place: Place, name: str) -> PaneInfo:
    async with connected(place) as server:
        return await find(server, name)


async def _passage(place: Place, name: str, above: int, count: int) -> Passage:
    from tungsten.screen import history

    async with connected(place) as server:
        pane_id = (await find(server, name)).id
        return await history.read(await server.connected(), pane_id, above=above, count=count)


async def _watch(place: Place, name: str, fps: float, *, as_json: bool) -> None:
    from tungsten.screen.changes import between
    from tungsten.screen.frame import strip_styles

    gone = asyncio.Event()
    last: list[Frame] = []

    def show(shown: Frame | None) -> None:
        if shown is None:
            gone.set()
            return
        change = between(last[0] if last else None, shown)
        last[:] = [shown]
        if as_json:
            print_json(dataclasses.asdict(change))
        else:
            for line in change.rows.values():
                if text := clean(strip_styles(line)).rstrip():
                    typer.echo(text)
        sys.stdout.flush()

    async with connected(place) as server:
        silence = server.watch((await find(server, name)).id, show, fps=fps)
        await until_interrupted(gone)
        silence()


async def _send(place: Place, name: str, text: str, names: list[str], *, paste: bool) -> None:
    async with connected(place) as server:
        pane_id = (await find(server, name)).id
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
    from tungsten.pane import ForPrompt
    from tungsten.recordings import recording

    async with private_terminal(kept) as terminal:
        pane = await terminal.new_pane(name="run", cwd=directory, width=size[0], height=size[1])
        await pane.wait(ForPrompt(), 60)
        if record is not None:
            await recording.start(terminal.client, pane.id, record, title=command)
        result = await pane.run(command, timeout=timeout)
        if record is not None:
            await recording.stop(terminal.client, pane.id, record)
    return {
        "exit_status": result.exit_status,
        "output": result.output,
        "ended": result.ended,
        "seconds": round(result.seconds, 6),
        "truncated": result.truncated,
        "pane": None if kept is None else pane.id,
    }
