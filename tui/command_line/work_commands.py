"""Commands that have something done: by an agent, a playbook, another program, the demo."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from agent import paths
from tui.command_line.engine_connection import connected
from tungsten.screen.printable import clean

EXIT_USAGE = 2

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Profile = Annotated[
    str, typer.Option(help="A model by its name in config.toml, [profiles.NAME].", metavar="NAME")
]
Wall = Annotated[
    bool | None,
    typer.Option("--wall/--no-wall", help="Behind a wall or not; see docs/wall.md."),
]


def run(
    task: Annotated[str, typer.Argument(help="What the agent shall do.")],
    headless: Annotated[bool, typer.Option(help="Without a screen: HIGH is denied.")] = False,
    as_json: Json = False,
    directory: Annotated[
        Path, typer.Option("--directory", "-C", help="Where the agent works.")
    ] = Path(),
    model: Annotated[str, typer.Option(help="Model to use instead of the configured one.")] = "",
    mode: Annotated[
        str,
        typer.Option(
            help="plan, careful or standard. Default: standard with --headless; in the app careful "
            "where the directory is not trusted, else standard."
        ),
    ] = "",
    budget: Annotated[
        float | None, typer.Option(min=0, help="US dollars after which the agent stops.")
    ] = None,
    requests: Annotated[
        int | None, typer.Option(min=0, help="Requests to the model after which it stops.")
    ] = None,
    tokens: Annotated[int | None, typer.Option(min=0, help="Tokens after which it stops.")] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="Minutes after which it stops.")
    ] = None,
    wall: Wall = None,
    coordinate: Annotated[
        bool, typer.Option(help="Have the agent split the task among workers; see docs/workers.md.")
    ] = False,
    profile: Profile = "",
) -> None:
    """Give one agent one task.

    Headless exit status: 0 done, 1 failed, 2 usage, 3 something was denied, 4 budget spent.
    """
    from agent.protocol.agents import Mode
    from agent.protocol.commands.agents import CreateAgent
    from agent.protocol.usage import Budget

    use_profile(profile)
    if not task.strip():
        raise typer.BadParameter('say what to do: tungsten run "fix the failing test"')
    try:
        chosen = Mode(mode) if mode else None
    except ValueError:
        raise typer.BadParameter(f"mode is plan, careful or standard, not {mode}") from None
    if not directory.is_dir():
        raise typer.BadParameter(f"no such directory: {directory}")
    allowed = Budget(requests=requests, tokens=tokens, dollars=budget, minutes=minutes)
    if coordinate:
        task = f"/coordinate {task}"
    if not headless:
        from tui.cli import open_app

        if coordinate:
            _need_coordinator(task)
        create = CreateAgent(
            directory=str(directory.absolute()),
            model=model,
            prompt=task,
            mode=chosen,
            wall=wall,
            budget=allowed,
        )
        raise typer.Exit(open_app(lambda: create))
    from agent import headless as without_screen

    raise typer.Exit(
        asyncio.run(
            without_screen.run(
                paths.find(),
                task,
                directory=directory.absolute(),
                model=model,
                json=as_json,
                budget=allowed,
                mode=chosen,
                wall=wall,
            )
        )
    )


def play(
    file: Annotated[
        Path | None, typer.Argument(help="The playbook, YAML; see docs/playbooks.md.")
    ] = None,
    as_json: Json = False,
    directory: Annotated[
        Path, typer.Option("--directory", "-C", help="Where it is played.")
    ] = Path(),
    mode: Annotated[
        str,
        typer.Option(help="plan, careful or standard, which is the default."),
    ] = "standard",
    record: Annotated[
        Path | None, typer.Option(help="Record the panes into this file (asciicast v2).")
    ] = None,
    screenshots: Annotated[
        Path | None, typer.Option(help="Directory for the pictures of screenshot steps.")
    ] = None,
    keep: Annotated[bool, typer.Option(help="Leave the session and its panes open.")] = False,
    check: Annotated[bool, typer.Option(help="Only say whether the file is right.")] = False,
    export: Annotated[
        str, typer.Option(help="Instead, print what this session (name or id) did as a playbook.")
    ] = "",
    wall: Wall = None,
) -> None:
    """Play a playbook: terminal work without a model, through the gate.

    What needs a person is denied, unless an app is open in which one decides.
    Exit status: 0 done, 1 failed, 2 usage, 3 something was denied.
    """
    from agent.playbook import headless as player
    from agent.protocol.agents import Mode

    if export:
        print(asyncio.run(player.export(paths.find(), export)), end="")
        return
    if file is None:
        raise typer.BadParameter("name a file: tungsten play checks.yaml")
    if check:
        raise typer.Exit(player.check(file))
    try:
        chosen = Mode(mode)
    except ValueError:
        raise typer.BadParameter(f"mode is plan, careful or standard, not {mode}") from None
    wanted = player.Wanted(file, directory, chosen, as_json, record, screenshots, keep, wall)
    raise typer.Exit(asyncio.run(player.run(paths.find(), wanted)))


def mcp_server(
    directory: Annotated[
        Path, typer.Option("--directory", "-C", help="Where the panes start.")
    ] = Path(),
    name: Annotated[str, typer.Option(help="What to call the session in the app.")] = "",
    mode: Annotated[
        str,
        typer.Option(help="plan, careful or standard."),
    ] = "",
    patience: Annotated[
        float,
        typer.Option(min=0, max=600, help="Seconds until a call says that it is not done yet."),
    ] = 25.0,
    wall: Wall = None,
) -> None:
    """Offer the terminal tools to another agent over MCP (stdio), through the gate."""
    from agent.mcp.mcp_server import Bridge, serve
    from agent.protocol.agents import Mode

    try:
        chosen = Mode(mode) if mode else None
    except ValueError:
        raise typer.BadParameter(f"mode is plan, careful or standard, not {mode}") from None
    if not directory.is_dir():
        raise typer.BadParameter(f"no such directory: {directory}")
    asyncio.run(serve(Bridge(paths.find(), directory.absolute(), chosen, name, patience, wall)))


def demo(
    headless: Annotated[bool, typer.Option(help="Without a screen.")] = False,
    as_json: Json = False,
    pace: Annotated[float, typer.Option(min=0.0, help="1 to watch, 0 for full speed.")] = 1.0,
    keep: Annotated[
        Path | None, typer.Option(help="Leave the demo's repository in this directory.")
    ] = None,
    approve: Annotated[bool, typer.Option(help="Headless: approve the force push.")] = False,
    deny: Annotated[bool, typer.Option(help="Headless: deny it (the default).")] = False,
) -> None:
    """Watch three scripted agents do real work, and decide about one of them. Runs offline."""
    if approve and deny:
        raise typer.BadParameter("--approve and --deny exclude each other")
    if keep is not None and keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise typer.BadParameter(f"--keep needs an empty or new directory: {keep}")
    kept = str(keep.absolute()) if keep else ""
    if not headless:
        from agent.protocol.commands.engine import StartDemo
        from tui.cli import open_app

        raise typer.Exit(open_app(lambda: StartDemo(pace=pace, keep=kept)))
    from agent.demo import headless as without_screen

    raise typer.Exit(
        asyncio.run(
            without_screen.run(
                paths.find(),
                json=as_json,
                pace=pace,
                keep=kept,
                decision="approve" if approve else "deny" if deny else "nobody",
            )
        )
    )


def use_profile(name: str) -> None:
    """Have the engine that this starts use a profile; one that runs with another is told of."""
    if not name:
        return
    from agent.settings.config import load_file

    known = load_file(paths.find()).profiles
    if name not in known:
        listed = f"known are {', '.join(known)}" if known else "config.toml has none"
        print(f'tungsten: there is no profile "{clean(name)}": {clean(listed)}', file=sys.stderr)
        raise typer.Exit(EXIT_USAGE)
    os.environ["TUNGSTEN_PROFILE"] = name


def _need_coordinator(task: str) -> None:
    """Say so before the app opens where the model cannot do what it is opened for."""
    from agent.errors import AgentError
    from agent.headless import CANNOT_COORDINATE, cannot_coordinate

    async def asked() -> bool:
        async with connected(start=True) as client:
            snapshot = client.welcome.snapshot
            return snapshot is not None and cannot_coordinate(snapshot, task)

    # Without an engine the app says why there is none, and what to do.
    with contextlib.suppress(AgentError):
        if asyncio.run(asked()):
            print(f"tungsten: {CANNOT_COORDINATE}", file=sys.stderr)
            raise typer.Exit(EXIT_USAGE)
