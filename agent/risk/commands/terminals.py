"""Rules for tmux and other terminals that can be told to type."""

from __future__ import annotations

import posixpath
import re

from agent.risk.arguments import after_options, value
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.carried import carried
from agent.risk.evaluation.names import known_programs


def remote_control(call: Call) -> None:
    """`kitty @`, `wezterm cli`: terminals that let themselves be typed into, or open a program."""
    if call.argv[1:2] in (["@"], ["cli"], ["msg"], ["+kitten"], ["kitten"]) or any(
        a.startswith("send-") for a in call.argv
    ):
        call.high("types into or controls a terminal")
    call.medium("opens a terminal")
    # What it runs stands behind `-e` or behind its options, whose values look no different.
    for at, word in enumerate(call.argv[1:16], 1):
        if posixpath.basename(word) in known_programs() or "/" in word:
            call.run(call.argv[at:])
    carried(call, anywhere=True)


def stty(call: Call) -> None:
    """`stty`: the pane's own terminal may be set, another one (`-F DEVICE`) only looked at."""
    arguments = call.argv[1:]
    others = value(call.argv, "-F", "--file", "-f")
    settings = set(arguments) - {"-a", "--all", "-g", "--save", "size", "speed", "-F", "-f"}
    settings -= set(others)
    if others and any(not a.startswith(("-F/", "--file=", "-f/")) for a in settings):
        call.high("types into or controls a terminal", f"changes the terminal {others[0]}")
    call.low()


def tmux(call: Call) -> None:
    """`tmux` beyond looking is self-approval."""
    rest = after_options(call.argv, ("-L", "-S", "-f", "-c"))
    looks = {
        "ls",
        "list-sessions",
        "lsp",
        "list-panes",
        "lsw",
        "list-windows",
        "lsc",
        "list-clients",
        "has",
        "has-session",
        "list-commands",
        "lscm",
        "list-keys",
        "lsk",
        "info",
        "display",
        "display-message",
        "show-messages",
        "show-options",
        "show",
        "-V",
    }
    options = [a for a in call.argv[1:] if a.startswith("-") and a not in rest]
    if rest and rest[0].startswith("display") and not any(re.match(r"-\w*p", a) for a in rest):
        looks -= {"display", "display-message"}
    if (
        rest
        and rest[0] in ("capture-pane", "capturep")
        and any(re.match(r"-\w*p", a) for a in rest)
    ):
        looks |= {"capture-pane", "capturep"}
    chained = any(a in (";", "\\;") or a.endswith(";") for a in rest)
    if (
        rest and rest[0] in looks and not chained and not value(call.argv, "-c", "-f")
    ) or call.argv[1:] == ["-V"]:
        if any(a == "-F" or "#(" in a for a in rest) and "#(" in " ".join(rest):
            call.high("has tmux run a command")
        call.low()
        return
    del options
    call.high("types into, controls or replaces the supervising terminal", "controls tmux")
