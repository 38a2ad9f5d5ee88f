"""Rules for TeX's tools: the programs that options and settings name for each step."""

from __future__ import annotations

import re
from itertools import pairwise

from agent.risk.commands.script_code import code
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.unlisted import simple

_STEP = re.compile(
    r"--?((?:pdf|pdfxe|xe|lua|hi|dvilua|pdflua)?latex|(?:dvi|xdv|ps|hnt)2?(?:pdf(?:mx)?|ps)|makeindex|bibtex|biber)=(.+)",
    re.S,
)
"""`-pdflatex=COMMAND`; latexmk's manual, also with two dashes."""
_SET = re.compile(r"[$@]\w+\s*=\s*(?:([\"'])(.*?)(?<!\\)\1|q[qw]?\{([^{}]*)\})", re.S)
_FILLED = re.compile(r"%[A-Z]")


def latexmk(call: Call) -> None:
    """`latexmk`: commands for its steps, and perl that sets them."""
    for before, word in pairwise(call.argv):
        if before == "-e":
            settings(call, word)
        elif step := _STEP.fullmatch(word):
            call.hook(_FILLED.sub("made-file", step[2]))
    simple(call, "latexmk")


def settings(call: Call, text: str) -> None:
    """Judge settings of latexmk: perl, whose texts are commands."""
    code(call, text, "perl")
    for match in _SET.finditer(text):
        told = match[2] or match[3] or ""
        if "/" in told or " " in told.strip():
            call.hook(_FILLED.sub("made-file", told).lstrip("|"))
