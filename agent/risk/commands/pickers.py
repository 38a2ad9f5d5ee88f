"""Rules for pickers and file managers: options whose value they run for what is shown or picked."""

from __future__ import annotations

import re
import shlex

from agent.risk.arguments import value
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.carried import carried
from agent.risk.shell.syntax import UNKNOWN

COMMANDS: dict[str, tuple[str, ...]] = {
    "fzf": ("--preview", "--with-shell"),
    "sk": ("--preview", "-c", "--cmd", "--cmd-history"),
    "peco": ("--exec",),
    "percol": ("--exec",),
    "tv": ("--preview-command", "--source-command", "-p", "-s"),
    "television": ("--preview-command", "--source-command", "-p", "-s"),
}
"""Picker → options whose value is a command; their manuals."""
_BINDS = ("--bind", "--expect-command")
_SHELLS = {
    "lf": ("-command",), "ranger": ("--cmd",), "vifm": ("-c", "+c"), "broot": ("--cmd", "-c"),
    "xplr": ("-c", "--on-load"), "nnn": (), "joshuto": (), "yazi": (),
}  # fmt: skip
"""File manager → options with commands of its own, of which some run what the shell would."""

_GIVEN = frozenset(["peco", "percol"])
"""Pickers that give their command what was picked, though it names no place for it."""

PICKERS = frozenset([*COMMANDS, *_SHELLS])

_PLACE = re.compile(r"\{[\w+*,.;:-]*\}")
"""Where a line, a field of it or the query is put: `{}`, `{1}`, `{+}`, `{q}`, `{2..}`."""
_ACTION = re.compile(
    r"(?:execute(?:-silent|-multi)?|become|(?:change-)?preview|reload(?:-sync)?|transform(?:-[a-z-]+)?|bg-transform(?:-[a-z-]+)?)"
    r"(?:\((.*?)\)|\[(.*?)\]|\{(.*?)\}|:(.*)|([~!@#$%^&*;/|])(.*?)\5)(?=$|[+,])",
    re.S,
)
_OPTIONS = ("FZF_DEFAULT_OPTS", "SKIM_DEFAULT_OPTIONS")
"""Variables whose text is taken as further options."""
_SHELL = re.compile(r"(?:^|[;:&|]\s*):?\s*(?:shell\b\s*(?:-\w+\s+)*|\$+|%|&|!+)\s*(.+)", re.S)


def picker(call: Call) -> None:
    """`fzf --preview 'COMMAND {}'`, `ranger --cmd='shell COMMAND'`."""
    call.low()
    argv = list(call.argv)
    program = argv[0].rpartition("/")[2]
    for name in _OPTIONS:
        for text in call.evaluator.state.variables.get(name) or ():
            try:
                argv += shlex.split(text)
            except ValueError:
                call.opaque("which options a variable sets cannot be known")
    for text in value(argv, *COMMANDS.get(program, ())):
        # What is picked comes as an argument or from standard input, where it has no place.
        places = _PLACE.sub(UNKNOWN, text)
        call.shell(f"{text} {UNKNOWN}" if program in _GIVEN and places == text else places)
    for text in value(argv, *_BINDS):
        for match in _ACTION.finditer(text):
            inner = next((group for group in match.group(1, 2, 3, 4, 6) if group), "")
            call.shell(_PLACE.sub(UNKNOWN, inner))
    for text in value(argv, *_SHELLS.get(program, ())):
        shell = _SHELL.search(text)
        if shell is not None:
            call.shell(_PLACE.sub(UNKNOWN, shell[1]))
    carried(call, anywhere=False, words=False)
