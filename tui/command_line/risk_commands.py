"""`tungsten risk`: what the gate would say, without an engine."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from agent import paths
from tungsten.screen.printable import visible

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
risk = typer.Typer(help="Ask the risk gate what it would say.", rich_markup_mode=None)


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
    from agent.gates.rule_history import told

    try:
        print(asyncio.run(told(paths.find(), listed, rule, last=last, as_json=as_json)))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _need_jsonl(jsonl: bool) -> None:
    if not jsonl:
        raise typer.BadParameter("say --jsonl: one JSON object a line on standard input")
