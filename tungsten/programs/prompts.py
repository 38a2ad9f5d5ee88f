"""The prompts of programs that carry no marks of ours: what they look like, how to feed them.

A prompt on the screen can be imitated by anything that prints, so it tells that a program seems to
be done, never what is safe; where a shell can carry marks (`shell/`), those decide.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tungsten.programs.foreground import REMOTE, SHELLS, Foreground

Place = Literal["first", "more"]
"""At which prompt a program stands: ready for something new, or for the rest of what it got."""


@dataclass(frozen=True, slots=True)
class Prompts:
    """How one kind of program prompts.

    Attributes:
        first: matches its prompt, up to the cursor.
        more: matches its prompt for the rest of an unfinished input.
        cancel: keys that give up an unfinished input; empty where nothing safe does.
        python: whether it reads Python's blocks, which end with an empty line.
        local: whether the system can tell that the program itself waits for input.
    """

    first: re.Pattern[str]
    more: re.Pattern[str] | None = None
    cancel: str = "C-c"
    python: bool = False
    local: bool = True

    def place(self, before_cursor: str) -> Place | None:
        """Say at which prompt the cursor is, None if at none."""
        if self.first.fullmatch(before_cursor):
            return "first"
        if self.more is not None and self.more.fullmatch(before_cursor):
            return "more"
        return None

    def tail(self, before_cursor: str) -> str:
        """Take the prompt without output that did not end its line before it."""
        found = re.search(f"(?:{self.first.pattern})\\Z", before_cursor)
        return before_cursor if found is None or self.place(before_cursor) else found[0]


_SHELL_MORE = re.compile(r"> |(?:[a-z]+ )*(?:[dbs]?quote|heredoc|cmd\w+|then|for|while)> ")
_SHELL = Prompts(re.compile(r"(?!> $).*[$#%>\u276f»] ?"), _SHELL_MORE)
_REMOTE = Prompts(_SHELL.first, _SHELL_MORE, local=False)

PROGRAMS: dict[str, Prompts] = {
    "python": Prompts(re.compile(r">>> |\(Pdb\) "), re.compile(r"\.\.\. "), python=True),
    "pypy": Prompts(re.compile(r">>>> "), re.compile(r"\.\.\.\. "), python=True),
    # Ctrl-C leaves an unfinished statement standing, and more of them end the program.
    "sqlite3": Prompts(re.compile(r"sqlite> "), re.compile(r" +(?:\.\.\.|['\"(;)x\[]+.*)> "), ""),
    "psql": Prompts(
        re.compile(r"(?:[^ ]*[=^][*!?]?[>#] )"), re.compile(r"[^ ]*[-'\"($*][*!?]?[>#] ")
    ),
    "node": Prompts(re.compile(r"> "), re.compile(r"(?:\.\.\.|\|) ")),
    "lua": Prompts(re.compile(r"> "), re.compile(r">> ")),
    "gdb": Prompts(re.compile(r"\(gdb\) "), re.compile(r" ?>")),
}
"""Programs by name, their version left out."""

_VERSION = re.compile(r"[-.]?\d[\d.]*$")


def of(foreground: Foreground, before_cursor: str) -> Prompts | None:
    """Choose how the program in the foreground prompts, None if it does not seem to.

    Args:
        foreground: who has the keyboard.
        before_cursor: the text on the cursor's line, up to it; a program that is not known is
            taken to show the same prompt each time.
    """
    base = foreground.name.lstrip("-")
    if base in REMOTE:
        return _REMOTE
    if base in SHELLS:
        return _SHELL
    found = known(foreground)
    if found is None and foreground.kind != "repl":
        return None
    if found is not None and found.place(found.tail(before_cursor)) is not None:
        return found
    if not before_cursor.strip() or (found is not None and found.first.match(before_cursor)):
        return None
    return Prompts(re.compile(re.escape(before_cursor)), found.more if found else None)


def known(foreground: Foreground) -> Prompts | None:
    """Give the prompts of the program in the foreground, if it is one of `PROGRAMS`."""
    base = foreground.name.lstrip("-")
    plain = base if base in PROGRAMS else _VERSION.sub("", base)
    if plain not in PROGRAMS and foreground.arguments:
        # Names of processes are cut, and wrappers keep their own.
        plain = _VERSION.sub("", Path(foreground.arguments[0]).name) or plain
    return PROGRAMS.get(plain)


def lines_of(text: str, prompts: Prompts) -> list[str]:
    """Split input into the lines to enter one by one; Python's blocks are closed."""
    if not prompts.python:
        return text.split("\n")
    try:
        tree = ast.parse(text)
        inside = _string_lines(text)
    except (SyntaxError, ValueError, tokenize.TokenError):
        return text.split("\n")
    source = text.split("\n")
    lines: list[str] = []
    last = 0
    for statement in tree.body:
        start = min(
            [statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))]
        )
        end = statement.end_lineno or statement.lineno
        if start <= last:
            # Several on one line: they were entered together.
            continue
        for number in range(start, end + 1):
            # An empty line would end the block, but not a string that goes over several.
            if source[number - 1].strip() or number in inside:
                lines.append(source[number - 1])
        last = end
        if isinstance(statement, _BLOCKS):
            lines.append("")
    return lines or [""]


_BLOCKS = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.For, ast.AsyncFor),
    *(ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match),
)


def _string_lines(text: str) -> set[int]:
    """Number the lines that begin inside a string."""
    found: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.end[0] > token.start[0] and token.type == tokenize.STRING:
            found.update(range(token.start[0] + 1, token.end[0] + 1))
    return found
