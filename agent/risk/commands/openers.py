"""Rules for programs that open files in other programs, as a desktop would."""

from __future__ import annotations

import re

from agent.risk.arguments import split, value
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown

_STARTED = re.compile(
    r"(?i).*\.(?:desktop|command|sh|bash|zsh|tool|terminal|app|jar|exe|bat|cmd|scpt|workflow"
    r"|appimage|run|py|pl|rb|lnk|url|webloc)/?"
)
"""Files that an opener runs, or has another program run."""


def opener(call: Call) -> None:
    """`xdg-open`, `open`, `gtk-launch`: a page or a document is shown, a program is started."""
    argv = call.argv
    operands = split(argv, ("-a", "-b"))[1]
    program = argv[0].rpartition("/")[2]
    if program in ("gtk-launch", "dex", "dex-autostart") or "--launch" in argv:
        call.high("starts a program by the name of its entry")
    for name in value(argv, "-a", "-b"):
        if re.search(r"(?i)term|iterm|script|automator|kitty|ghostty|warp|python|sh$", name):
            call.high("has a program run what it opens", f"opens it with {shown(name)}")
    for operand in operands:
        if "://" not in operand:
            call.reads(operand)
        if _STARTED.fullmatch(operand):
            call.high("has an ordinary program run a file", f"opens {shown(operand)}")
    call.medium("opens something in another program")
