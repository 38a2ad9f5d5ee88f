"""The subcommands of `tungsten`. Each imports what it needs when it runs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Coroutine, Set
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from agent import paths
from tui.dream_commands import dream
from tui.hook_commands import hook
from tui.hosted_commands import explain, profiles
from tui.memory_commands import memory
from tui.rule_commands import rules, trust
from tui.session_commands import sessions
from tui.worktree_commands import worktrees
from tungsten.printable import clean, visible
from tungsten.version import __version__

if TYPE_CHECKING:
    from agent.client import EngineClient
    from agent.protocol.agents import AgentSummary
    from agent.protocol.client_lines import Command
    from agent.protocol.snapshot import Snapshot

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143
"""128 + SIGINT and 128 + SIGTERM, as shells report them."""

ANSWER_SECONDS = 2.0
"""How long an engine that is to be ended may take to say what it has in hand."""

app = typer.Typer(
    name="tungsten",
    help="Mission control for terminal agents. Without a command, the app opens.",
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
risk = typer.Typer(help="Ask the risk gate what it would say.", rich_markup_mode=None)
app.add_typer(risk, name="risk")
cache = typer.Typer(help="Look after the model's prompt cache.", rich_markup_mode=None)
app.add_typer(cache, name="cache")
app.add_typer(memory, name="memory")
app.add_typer(dream, name="dream")
app.add_typer(rules, name="rules")
app.add_typer(hook, name="hook")
app.add_typer(sessions, name="sessions")
app.add_typer(worktrees, name="worktrees")
app.command("trust")(trust)
app.command("explain")(explain)
app.command("profiles")(profiles)

T = TypeVar("T")
Profile = Annotated[
    str, typer.Option(help="A model by its name in config.toml, [profiles.NAME].", metavar="NAME")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Wall = Annotated[
    bool | None,
    typer.Option("--wall/--no-wall", help="Behind a wall or not; see docs/wall.md."),
]


def cli(arguments: list[str]) -> int:
    """Run one command line and return its exit status; every failure is one line on stderr."""
    from agent.errors import AgentError

    try:
        status = app(args=arguments, prog_name="tungsten", standalone_mode=False)
    except typer.Abort:
        return EXIT_INTERRUPTED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except asyncio.CancelledError:
        return EXIT_TERMINATED
    except BrokenPipeError:
        # The reader of our output went away; Python would complain again while it shuts down.
        sys.stdout = None
        return EXIT_FAILED
    except AgentError as error:
        print(f"tungsten: {clean(str(error))}", file=sys.stderr)
        return EXIT_FAILED
    except OSError as error:
        print(f"tungsten: {clean(str(error))}", file=sys.stderr)
        return EXIT_FAILED
    except Exception as error:
        usage = getattr(error, "format_message", None)
        if usage is None:
            raise
        where = getattr(getattr(error, "ctx", None), "command_path", "tungsten")
        # Typer 0.29 says of a wrong choice: "Invalid value for …: Value error, … is not one of …".
        said = clean(usage()).replace(": Value error, ", ": ", 1).rstrip(".")
        print(f"tungsten: {said} (see {where} --help)", file=sys.stderr)
        return EXIT_USAGE
    return status if isinstance(status, int) else 0


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version.")] = False,
    profile: Profile = "",
) -> None:
    """Open the app when no command is named."""
    use_profile(profile)
    if version:
        print(f"tungsten {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        from tui.cli import open_app

        raise typer.Exit(open_app())


@app.command()
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
        _run(
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


@app.command()
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
        print(_run(player.export(paths.find(), export)), end="")
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
    raise typer.Exit(_run(player.run(paths.find(), wanted)))


@app.command("mcp")
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
    from agent.mcp_server import Bridge, serve
    from agent.protocol.agents import Mode

    try:
        chosen = Mode(mode) if mode else None
    except ValueError:
        raise typer.BadParameter(f"mode is plan, careful or standard, not {mode}") from None
    if not directory.is_dir():
        raise typer.BadParameter(f"no such directory: {directory}")
    _run(serve(Bridge(paths.find(), directory.absolute(), chosen, name, patience, wall)))


@app.command()
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
        _run(
            without_screen.run(
                paths.find(),
                json=as_json,
                pace=pace,
                keep=kept,
                decision="approve" if approve else "deny" if deny else "nobody",
            )
        )
    )


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check tmux, terminal, key, paths and permissions, and say what to do."""
    from agent import doctor as examination

    checks = _run(examination.examine(paths.find()))
    if as_json:
        rows = [
            {"name": c.name, "status": c.status, "text": c.text, "remedy": c.remedy} for c in checks
        ]
        print(json.dumps({"checks": rows}, indent=1))
    else:
        signs = {"ok": "✓", "warning": "!", "problem": "✗"}
        for check in checks:
            print(clean(f"{signs[check.status]} {check.name}: {check.text}"))
            if check.remedy:
                print(clean(f"    → {check.remedy}"))
    raise typer.Exit(EXIT_FAILED if any(c.status == "problem" for c in checks) else 0)


@app.command()
def keys(
    as_json: Json = False,
    check: Annotated[
        bool, typer.Option(help="Only say which keys of config.toml can't be had, and why.")
    ] = False,
) -> None:
    """List every key and /command of the app; with --json keys are named as tmux names them.

    Exit status with --check: 0 all keys of config.toml are in force, 1 some are not.
    """
    from tui import actions, keys_listing, preferences
    from tui.key_map import resolve

    config = paths.find().config_file
    preferred = preferences.read(paths.find())
    found = resolve(preferred.keys, preferred.preset)
    if check:
        for line in preferences.refused(found, preferred, config):
            print(clean(line))
        # A preset that there is not, or keys that stand below another heading.
        problem = _config_problem()
        if problem:
            print(clean(problem))
        if found.refusals or problem:
            raise typer.Exit(EXIT_FAILED)
        print(f"no conflicts: {len(preferred.keys)} of your own keys are in force")
        return
    actions.use(found.keys)
    if as_json:
        print(json.dumps(actions.as_json(), indent=1))
        return
    for line in keys_listing.lines():
        print(line)


def _config_problem() -> str:
    from agent.config import ConfigError, load_file

    try:
        load_file(paths.find())
    except ConfigError as error:
        return str(error)
    return ""


@app.command()
def stats(as_json: Json = False) -> None:
    """Tell what was used: tokens and money by session, agent, day and model."""
    from agent import usage_report

    found = _run(usage_report.read(paths.find()))
    if as_json:
        print(json.dumps(usage_report.as_json(found), indent=1))
        return
    from tui.usage_table import listing

    print(clean(listing(found)))


@app.command("ls")
def list_agents(as_json: Json = False) -> None:
    """List the agents of the running engine, workers below their coordinator."""
    from tui.agents_listing import listing

    async def rows() -> tuple[AgentSummary, ...]:
        async with _connected(start=False) as client:
            snapshot = client.welcome.snapshot
            return snapshot.agents if snapshot else ()

    agents = _run(rows())
    if as_json:
        print(json.dumps([a.model_dump(mode="json") for a in agents], indent=1))
        return
    if not agents:
        print("no agents; start one with: tungsten run 'task'")
    # Whole where a program reads it; a terminal would only wrap it.
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in listing(agents, width):
        print(line)


@app.command()
def watch(as_json: Json = False) -> None:
    """Tell what all agents do, one plain line an event, and what waits for you; starts no engine.

    For screen readers, pipes and logs. Ends with the engine, or at Ctrl-C.
    """
    from agent.headless import stopped_by_signals
    from tui import preferences
    from tui.watching import watch as follow

    places = paths.find()
    preferences.put_keys_in_force(preferences.read(places), places.config_file)

    async def watched() -> None:
        from agent.client import EngineClient as Client

        with stopped_by_signals():
            client = await Client.connect(places, start=False, client="watch")
            await follow(client, sys.stdout, time.time, json=as_json)

    _run(watched())


@app.command()
def attach(
    name: Annotated[str, typer.Argument(help="Name or id of the agent to look at.")] = "",
) -> None:
    """Open the app on the engine that runs; starts none."""
    from tui.cli import open_app

    async def chosen() -> str:
        async with _connected(start=False) as client:
            return _agent_called(client, name).id if name else ""

    raise typer.Exit(open_app(focus=_run(chosen())))


@app.command()
def stop(name: Annotated[str, typer.Argument(help="Name or id of the agent.")]) -> None:
    """Stop an agent; returns when its processes are gone."""
    from agent.protocol.commands.agents import StopAgent

    async def stopped() -> None:
        async with _connected(start=False) as client:
            command: Command = StopAgent(agent_id=_agent_called(client, name).id)
            await client.send(command)

    _run(stopped())
    print(clean(f"{name}: stopped; its processes are gone"))


@app.command("kill-engine")
def kill_engine(
    panes: Annotated[bool, typer.Option(help="End the agents' panes as well.")] = False,
) -> None:
    """Stop the engine. Sessions stay on disk, and the panes live on unless told otherwise."""
    from agent.start import kill

    async def killed() -> str:
        held = await _held_by_engine()
        return f"{await kill(paths.find(), panes=panes)}{held}"

    print(clean(_run(killed())))


async def _held_by_engine() -> str:
    """Say what the engine has in hand; empty when it does not answer at once, or has nothing."""
    from agent.client import EngineClient
    from agent.demo import record
    from agent.errors import AgentError

    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            client = await EngineClient.connect(paths.find(), start=False, client="command")
    except (AgentError, TimeoutError):
        return ""
    snapshot = client.welcome.snapshot
    await client.close()
    if snapshot is None:
        return ""
    recorded = record.read(paths.find().data / record.STATE_FILE) or {}
    return held(snapshot, record.taken_over(recorded))


def held(snapshot: Snapshot, taken_over: Set[str]) -> str:
    """Say what an engine has in hand, empty for nothing.

    Args:
        snapshot: its state.
        taken_over: ids of the demo's agents that the person has spoken to: the others end with it.
    """
    agents = sum(
        not agent.archived and (not agent.demo or agent.id in taken_over)
        for agent in snapshot.agents
    )
    parts = [f"{agents} agent{'' if agents == 1 else 's'}"] if agents else []
    for waiting, word in ((len(snapshot.gates), "gate"), (len(snapshot.questions), "question")):
        if waiting:
            parts.append(f"{waiting} {word}{'' if waiting == 1 else 's'} waiting")
    if not parts:
        return ""
    they = "it is" if len(parts) == 1 and parts[0].startswith("1 ") else "they are"
    return f" {', '.join(parts)}: {they} there again with the next engine."


@risk.command("check")
def risk_check(
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
) -> None:
    """Classify commands from standard input; prints id, risk, reasons and microseconds."""
    from agent.risk import report

    _need_jsonl(jsonl)
    report.check_jsonl(sys.stdin, sys.stdout)


@risk.command("keys")
def risk_keys(
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
) -> None:
    """Classify keystroke sequences from standard input; prints id, risk, hold_at and reasons."""
    from agent.risk import report

    _need_jsonl(jsonl)
    report.keys_jsonl(sys.stdin, sys.stdout)


@risk.command("explain")
def risk_explain(command: Annotated[str, typer.Argument(help="A shell command.")]) -> None:
    """Print what the gate reads in a command, and why."""
    if not command.strip():
        raise typer.BadParameter("there is nothing to judge: the command is empty")
    from agent.risk import Context, report
    from memory.directories import git_top_level

    cwd, home, places = Path.cwd(), Path.home(), paths.find()
    top = git_top_level(cwd) or cwd
    context = Context(
        cwd=cwd,
        home=home,
        project=None if top in (home, Path("/")) else top,
        own=(places.config, places.data, places.runtime),
    )
    print(visible(report.explain(command, context)))


@risk.command("replay")
def risk_replay(
    rule: Annotated[str, typer.Option("--rule", help="A rule, for instance 'Bash(npm run:*)'.")],
    listed: Annotated[
        Literal["allow", "ask", "deny"], typer.Option("--list", help="The list it would stand in.")
    ] = "allow",
    last: Annotated[
        int | None, typer.Option(min=1, help="Only so many actions, the newest.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell what a rule would have decided about the actions of the past."""
    from agent.rule_history import told

    try:
        print(_run(told(paths.find(), listed, rule, last=last, as_json=as_json)))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@cache.command("doctor")
def cache_doctor(
    session: Annotated[str, typer.Argument(help="Name or id of the session.")],
    as_json: Json = False,
) -> None:
    """Name the first byte at which two requests of a session differ, and what put it there.

    Exit status: 0 every request begins with the one before, 1 one does not.
    """
    from agent import cache_doctor as examination

    found = _run(examination.diagnose(paths.find(), session))
    print(examination.told(found, as_json=as_json))
    raise typer.Exit(0 if found.healthy else EXIT_FAILED)


def use_profile(name: str) -> None:
    """Have the engine that this starts use a profile; one that runs with another is told of."""
    if not name:
        return
    from agent.config import load_file

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
        async with _connected(start=True) as client:
            snapshot = client.welcome.snapshot
            return snapshot is not None and cannot_coordinate(snapshot, task)

    # Without an engine the app says why there is none, and what to do.
    with contextlib.suppress(AgentError):
        if _run(asked()):
            print(f"tungsten: {CANNOT_COORDINATE}", file=sys.stderr)
            raise typer.Exit(EXIT_USAGE)


def _need_jsonl(jsonl: bool) -> None:
    if not jsonl:
        raise typer.BadParameter("say --jsonl: one JSON object a line on standard input")


@contextlib.asynccontextmanager
async def _connected(*, start: bool) -> Any:
    from agent.client import EngineClient as Client

    client: EngineClient = await Client.connect(paths.find(), start=start, client="command line")
    try:
        yield client
    finally:
        await client.close()


def _agent_called(client: EngineClient, name: str) -> AgentSummary:
    """The agent of this name or id.

    Raises:
        AgentError: there is none, or more than one.
    """
    from agent.errors import AgentError

    snapshot = client.welcome.snapshot
    agents = snapshot.agents if snapshot else ()
    found = [agent for agent in agents if name in (agent.id, agent.name)]
    if not found:
        raise AgentError(f"no agent is called {name}; see: tungsten ls")
    if len(found) > 1:
        raise AgentError(f"{len(found)} agents are called {name}; use an id: tungsten ls")
    return found[0]


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)
