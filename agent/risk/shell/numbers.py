"""Which commands print a number and nothing else, whatever they read.

bash takes the text of a variable in arithmetic as an expression of its own, and runs what stands in
an index there. So only what is surely a number may be counted with.
"""

from __future__ import annotations

import posixpath
import re

from agent.risk.arguments import split
from agent.risk.shell.syntax import UNKNOWN

_DATE = re.compile(r"\+(?:%[-_]?[sYmdHMSjuNwyV]|[\d])+")
_STAT = re.compile(r"%[sYXZauhibgW]")
_DIGITS = re.compile(r"\^?(?:\[0-9\]|\\d|\[\[:digit:\]\])(?:\\?\+|\*|\{[\d,]+\})?\$?")
_ONLY_DIGITS = re.compile(r"\[?(?:0-9|\[?:digit:\]?)\]?(?:\\n)?")
_KEEPS_DIGITS = re.compile(r"s([/|#,])(?:\[\^0-9\]\*?|\[\^\[:digit:\]\]\*?)\1\1g")
_GIT_TIME = re.compile(r"--(?:format|pretty)=(?:format:)?%[ac]t")
_SUMS = re.compile(r"[^\"]*\b(\w+)\s*\+=[^\"]*\bEND\s*\{\s*print\s+\1(?:\s*\+\s*0)?\s*;?\s*\}\s*")
_COUNTS = re.compile(r"[^\"]*\bEND\s*\{\s*print\s+NR\s*;?\s*\}\s*")
_FIRST = re.compile(r"[^\"{}]*\{\s*print\s+\$1\s*;?\s*\}\s*")
_MIDDLE = re.compile(
    r"[^\"{}]*\{\s*print\s+(?:int\()?\$[2-6]\s*(?:[+*/]\s*\d+\s*)?\)?\s*;?\s*\}\s*"
)


def number(stages: list[list[str]]) -> bool:
    """The last command of a pipeline prints numbers alone."""
    argv = stages[-1]
    if not argv or any(UNKNOWN in word for word in argv[:1]):
        return False
    name = posixpath.basename(argv[0])
    options, operands = split(argv)
    short = "".join(o[1:] for o in options if not o.startswith("--"))
    if name == "wc":
        return not operands
    if name in ("grep", "egrep", "fgrep", "zgrep"):
        if "c" in short or "--count" in options:
            return len(operands) <= 2 and not set(short) & set("rRHZe")
        return "o" in short and len(operands) == 1 and bool(_DIGITS.fullmatch(operands[0]))
    if name == "pgrep":
        return "c" in short
    if name == "date":
        return bool(_DATE.fullmatch(argv[-1]))
    if name == "stat":
        return any(_STAT.fullmatch(word) for word in argv[1:]) or "-f%z" in argv[1:]
    if name in ("nproc", "seq", "shuf") or (
        name == "tput" and operands[:1] in (["cols"], ["lines"])
    ):
        return name != "shuf" or "-i" in argv
    if name == "id":
        return bool(set(short) & set("ug")) and "n" not in short
    if name == "tr":
        return short in ("dc", "cd") and bool(_ONLY_DIGITS.fullmatch(argv[-1]))
    if name == "sed":
        return len(operands) == 1 and bool(_KEEPS_DIGITS.fullmatch(operands[0]))
    if name == "git":
        if "rev-list" in operands:
            return "--count" in options
        return any(_GIT_TIME.fullmatch(option) for option in options)
    if name == "jq":
        return bool(operands) and operands[0].rpartition("|")[2].strip() == "length"
    if name in ("awk", "gawk", "mawk"):
        script = operands[0] if operands and len(operands[0]) <= _MAX_SCRIPT else ""
        if _SUMS.fullmatch(script) or _COUNTS.fullmatch(script):
            return True
        return _field(stages, script)
    if name == "cut":
        first = stages[-2][:1] if len(stages) > 1 else []
        return first in (["wc"], ["du"]) and ("-f1" in argv or argv[-2:] == ["-f", "1"])
    if name in ("tail", "head", "sort", "uniq", "tr") and len(stages) > 1 and not operands:
        return number(stages[:-1])
    return False


def _field(stages: list[list[str]], script: str) -> bool:
    source = next((stage[0] for stage in stages[:-1] if stage), "")
    if source in ("wc", "du"):
        return bool(_FIRST.fullmatch(script))
    return source in ("df", "free") and bool(_MIDDLE.fullmatch(script))


_MAX_SCRIPT = 200
"""Characters of an awk script that is looked at."""

_SUBSTITUTED = re.compile(r"\$\([^()]*\)|\$\{[^{}]*\}|\$\w+|'[^']*'|\b0[xX][0-9a-fA-F]+|\d+#\w+")
_NAME = re.compile(r"[A-Za-z_]\w*")
_ELEMENT = re.compile(r"\b[A-Za-z_]\w*\[\w+\]")
_NUMBERS = re.compile(r"[\d\s+*/%()<>=!&|^~?:,.-]*")


def names(text: str) -> list[str]:
    """Variables that an arithmetic expression names without a `$`."""
    return _NAME.findall(_SUBSTITUTED.sub(" ", text))


def doubtful(value: str) -> bool:
    """A value may be text that is no number: it is not known, or a pattern of file names."""
    value = _ELEMENT.sub("1", value)
    return UNKNOWN in value or (
        ("*" in value or "?" in value or "[" in value)
        and not (_NUMBERS.fullmatch(value) and any(c.isdigit() for c in value))
    )
