"""The `tungsten` command: opens the app, or hands over to `tui.command_line.commands`.

Only what `--version` and the app's first frame need is imported here; the subcommands and their
libraries load when one is named.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from tungsten.standard_streams import open_missing
from tungsten.version import __version__

if TYPE_CHECKING:
    from agent.protocol.client_lines import Command

SMALLEST = (20, 6)
"""Columns and rows below which not even the notice `terminal too small` can be read."""

HOOKED = ("claude", "codex", "opencode", "gemini", "aider")
"""Agents that start `tungsten hook NAME` themselves; the same as `agent.hook.adapters.ADAPTERS`."""

INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""


def main() -> None:
    """Run the command line of this process; leaves with its exit status."""
    open_missing()
    try:
        _main(sys.argv[1:])
    except KeyboardInterrupt:
        # While its libraries still load.
        sys.exit(INTERRUPTED)


def _main(arguments: list[str]) -> None:
    if arguments in (["--version"], ["-V"]):
        print(f"tungsten {__version__}")
        return
    if arguments[:1] == ["hook"] and arguments[1:2] and arguments[1] in HOOKED:
        # Started by an agent, which waits for it at every question.
        from agent.hook.client import main as be_hook

        sys.exit(be_hook(arguments[1:]))
    # Where the locale has no such character, a substitute is better than no answer.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if not arguments:
        sys.exit(open_app())
    from tui.command_line.commands import cli

    sys.exit(cli(arguments))


def open_app(first: Callable[[], Command] | None = None, *, focus: str = "") -> int:
    """Open the full-screen app and return its exit status.

    Args:
        first: makes a command to send as soon as the engine answers, for instance a new agent.
        focus: id of the agent to look at; the one of last time unless given.
    """
    problem = terminal_problem()
    if problem:
        print(f"tungsten: {problem}", file=sys.stderr)
        return 2
    from agent import paths
    from tui.no_plugins import without_parser, without_tls

    # Before there is a loop, and before the prompt is a text area.
    without_tls()
    without_parser()
    from tui import preferences

    places = paths.find()
    preferred = preferences.read(places)
    refused = preferences.put_keys_in_force(preferred, places.config_file)
    from tui.app import TungstenApp

    # Shells export them in some set-ups; Textual would believe them and miss every resize.
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    app = TungstenApp(places, first=first, preferences=preferred)
    app.refused_keys = refused
    if focus:
        app.focused_id = focus
    app.run()
    return app.return_code or 0


def terminal_problem() -> str:
    """Say in one line why the app cannot open here, or nothing."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return (
            'the app needs a terminal; without one use: tungsten run "task" --headless, '
            "or tungsten demo --headless"
        )
    if os.environ.get("TERM", "dumb") in {"dumb", ""}:
        return "this terminal cannot draw (TERM=dumb); set TERM, for instance TERM=xterm-256color"
    try:
        os.getcwd()  # noqa: PTH109 - `--version` does without pathlib
    except OSError:
        return "this directory does not exist any more; go to another one, then start again"
    columns, rows = os.get_terminal_size(sys.stdout.fileno())
    # A terminal that reports no size at all (0 × 0) is given one by Textual.
    if 0 < columns < SMALLEST[0] or 0 < rows < SMALLEST[1]:
        return f"this terminal is {columns}×{rows}; at least 60×16 is needed, 80×24 is comfortable"
    return ""


if __name__ == "__main__":
    main()
