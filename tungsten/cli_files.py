"""The commands of `python -m tungsten` that write and read files: recordings and pictures."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from tungsten.cli_server import (
    Json,
    PaneName,
    Place,
    captured,
    connected,
    find,
    finish,
    print_json,
    private_terminal,
    until_interrupted,
)
from tungsten.errors import TerminalError
from tungsten.screen.printable import clean


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
    finish(_record(context.obj, pane, file, title, detach=detach, stop=stop))
    if as_json:
        print_json({"file": str(file), "recording": detach and not stop})
    elif not detach:
        typer.echo(f"recorded into {file}")


def replay(
    file: Annotated[Path, typer.Argument(help="A recording, asciicast v2.")],
    speed: Annotated[float, typer.Option(min=0.01, help="2 is twice as fast.")] = 1.0,
    idle: Annotated[float | None, typer.Option(min=0, help="Longest pause, seconds.")] = None,
    at_once: Annotated[bool, typer.Option(help="Without pauses.")] = False,
) -> None:
    """Play a recording here."""
    from tungsten.recordings.replay import AT_ONCE

    finish(_replay(file, AT_ONCE if at_once else speed, idle))


def export(
    source: Annotated[Path, typer.Argument(help="A recording, asciicast v2.")],
    target: Annotated[Path, typer.Argument(help="The copy; a new file.")],
) -> None:
    """Copy a recording without the secrets in it, and without what was typed."""
    from tungsten.recordings import masked_recording

    masked_recording.export(source, target)


def text(
    file: Annotated[Path, typer.Argument(help="A recording, asciicast v2; it may be growing.")],
    last: Annotated[int | None, typer.Option(min=0, help="Only so many lines at its end.")] = None,
    mask: Annotated[bool, typer.Option(help="Hide secrets.")] = False,
) -> None:
    """Print every line that a recorded pane has shown, also what tmux dropped long ago."""
    finish(_text(file.absolute(), last, mask=mask))


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
        from tungsten.screen import display as displays

        data = displays.png(monitor=monitor)
    else:
        from tungsten.screen import picture

        data = picture.png(finish(captured(context.obj, names[0])))
    file.write_bytes(data)
    # Bytes 16 to 23 of a PNG are its width and height.
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    if as_json:
        print_json({"file": str(file), "width": width, "height": height})
    else:
        typer.echo(f"{file} ({width}×{height})")


async def _record(
    place: Place, name: str, file: Path, title: str, *, detach: bool, stop: bool
) -> None:
    from tungsten.recordings import recording

    async with connected(place) as server:
        pane_id = (await find(server, name)).id
        client = await server.connected()
        if stop:
            await recording.stop(client, pane_id, file)
            return
        recorded = await recording.start(client, pane_id, file, title=title)
        if detach:
            return
        typer.echo(f"recording {pane_id}; Ctrl-C ends it", err=True)
        gone = asyncio.Event()
        silence = server.watch(pane_id, lambda shown: gone.set() if shown is None else None, fps=1)
        await until_interrupted(gone)
        silence()
        with suppress(TerminalError):
            await recorded.stop()


async def _replay(file: Path, speed: float, idle: float | None) -> None:
    from tungsten.recordings.replay import Printed, play

    printed = Printed()
    async for event in play(file, speed=speed, idle_limit=idle):
        if event.code == "o":
            sys.stdout.write(printed.feed(event.data))
            sys.stdout.flush()
    # The recorded program may have left its colours on and the cursor off.
    sys.stdout.write("\x1b[0m\x1b[?25h\n")


async def _text(file: Path, last: int | None, *, mask: bool) -> None:
    from tungsten.recordings.scrollback import ROWS, Scrollback

    async with (
        private_terminal() as terminal,
        Scrollback.opened(terminal, file, mask=mask) as scrollback,
    ):
        screen = (await scrollback.screen()).split("\n")
        size = scrollback.size
        rest = size if last is None else min(max(last - len(screen), 0), size)
        while rest:
            passage = scrollback.read(above=max(rest - ROWS, 0), count=min(rest, ROWS))
            rest -= len(passage.lines)
            typer.echo(clean(passage.text))
        shown = screen if last is None else screen[len(screen) - min(last, len(screen)) :]
        if shown:
            typer.echo(clean("\n".join(shown)))
