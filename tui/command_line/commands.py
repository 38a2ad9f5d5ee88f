"""The subcommands of `tungsten`. Each imports what it needs when it runs."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from agent import paths
from tui.command_line.dream_commands import dream
from tui.command_line.engine_commands import attach, kill_engine, list_agents, stop, watch
from tui.command_line.hook_commands import hook
from tui.command_line.hosted_commands import explain, profiles
from tui.command_line.memory_commands import memory
from tui.command_line.risk_commands import risk
from tui.command_line.rule_commands import rules, trust
from tui.command_line.session_commands import sessions
from tui.command_line.work_commands import Profile, demo, mcp_server, play, run, use_profile
from tui.command_line.worktree_commands import worktrees
from tungsten.screen.printable import clean
from tungsten.version import __version__

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143
"""128 + SIGINT and 128 + SIGTERM, as shells report them."""

app = typer.Typer(
    name="tungsten",
    help="Mission control for terminal agents. Without a command, the app opens.",
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(risk, name="risk")
cache = typer.Typer(help="Look after the model's prompt cache.", rich_markup_mode=None)
app.add_typer(cache, name="cache")
app.add_typer(memory, name="memory")
app.add_typer(dream, name="dream")
app.add_typer(rules, name="rules", short_help="List the rules that concern this directory.")
app.add_typer(hook, name="hook", short_help="Have agents you already run ask Tungsten's gate.")
app.add_typer(sessions, name="sessions")
app.add_typer(worktrees, name="worktrees", short_help="List the git worktrees of this repository.")
app.command("trust", short_help="List the directories that you trust, or trust one.")(trust)
app.command("explain", short_help="Say how an agent's state is known, from which evidence.")(
    explain
)
app.command("profiles", short_help="List and check the profiles of other makers' agents.")(profiles)
app.command("run")(run)
app.command("play", short_help="Play a playbook: terminal work without a model.")(play)
app.command("mcp", short_help="Offer the terminal tools to another agent over MCP.")(mcp_server)
app.command("demo", short_help="Watch three scripted agents do real work, offline.")(demo)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _problem(error: OSError) -> str:
    """What an error says; of our own directories also what to do."""
    from agent.engine.start import directory_problem

    places = paths.find()
    own = (places.config, places.data, places.runtime)
    named = Path(error.filename) if isinstance(error.filename, str) else None
    if named is not None and any(named == each or named in each.parents for each in own):
        return directory_problem(error)
    return str(error)


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
        print(f"tungsten: {clean(_problem(error))}", file=sys.stderr)
        return EXIT_FAILED
    except Exception as error:
        usage = getattr(error, "format_message", None)
        if usage is None:
            raise
        if type(error).__name__ == "NoArgsIsHelpError":
            # What it says is the whole help.
            print(clean(usage()), file=sys.stderr)
            return EXIT_USAGE
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


@app.command(short_help="Check what Tungsten needs, and say what to do.")
def doctor(as_json: Json = False) -> None:
    """Check tmux, terminal, key, paths and permissions, and say what to do."""
    from agent.doctor.examine import examine

    checks = asyncio.run(examine(paths.find()))
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


@app.command(short_help="List every key and /command of the app.")
def keys(
    as_json: Json = False,
    check: Annotated[
        bool, typer.Option(help="Only say which keys of config.toml can't be had, and why.")
    ] = False,
) -> None:
    """List every key and /command of the app; with --json keys are named as tmux names them.

    Exit status with --check: 0 all keys of config.toml are in force, 1 some are not.
    """
    from tui import preferences
    from tui.keys import actions, keys_listing
    from tui.keys.key_map import resolve

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
    from agent.settings.config import ConfigError, load_file

    try:
        load_file(paths.find())
    except ConfigError as error:
        return str(error)
    return ""


@app.command(short_help="Tell what was used: tokens and money.")
def stats(as_json: Json = False) -> None:
    """Tell what was used: tokens and money by session, agent, day and model."""
    from agent.usage import usage_report

    found = asyncio.run(usage_report.read(paths.find()))
    if as_json:
        print(json.dumps(usage_report.as_json(found), indent=1))
        return
    from tui.drawing.usage_table import listing

    print(clean(listing(found)))


app.command("ls", short_help="List the agents of the running engine.")(list_agents)
app.command("watch", short_help="Tell what all agents do, one plain line an event.")(watch)
app.command("attach")(attach)
app.command("stop")(stop)
app.command("kill-engine")(kill_engine)


@cache.command("doctor")
def cache_doctor(
    session: Annotated[str, typer.Argument(help="Name or id of the session.")],
    as_json: Json = False,
) -> None:
    """Name the first byte at which two requests of a session differ, and what put it there.

    Exit status: 0 every request begins with the one before, 1 one does not.
    """
    from agent.context import cache_doctor as examination

    found = asyncio.run(examination.diagnose(paths.find(), session))
    print(examination.told(found, as_json=as_json))
    raise typer.Exit(0 if found.healthy else EXIT_FAILED)
