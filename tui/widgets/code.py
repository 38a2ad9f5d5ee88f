"""Colours for code and diffs; few of them, and only when Pygments knows the language."""

from __future__ import annotations

from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING

from rich.style import Style

from tui.drawing.text import Piece, clean
from tui.themes.theme import Paint

if TYPE_CHECKING:
    from pygments.lexer import Lexer

LONGEST = 20_000
"""Characters beyond which code is shown without colours: it would hold up the screen."""


def highlighted(
    source: str, language: str, paint: Paint, *, longest: int = LONGEST
) -> list[list[Piece]]:
    """Split code into lines of coloured pieces; a text above `longest` characters has none."""
    source = clean(source)
    lexer = _lexer(language.lower()) if language and len(source) <= longest else None
    if language.lower() == "diff":
        return diff_lines(source, paint)
    if lexer is None:
        return [[(line, paint.text)] for line in source.split("\n")]
    lines: list[list[Piece]] = [[]]
    for token, text in lexer.get_tokens(source):
        style = _style(str(token), paint)
        first, *others = text.split("\n")
        if first:
            lines[-1].append((first, style))
        for other in others:
            lines.append([(other, style)] if other else [])
    while len(lines) > 1 and not lines[-1]:
        lines.pop()
    return lines


def diff_lines(diff: str, paint: Paint) -> list[list[Piece]]:
    """Colour a unified diff; its file headers are left to whoever shows its title."""
    lines: list[list[Piece]] = []
    for line in clean(diff).rstrip("\n").split("\n"):
        if line.startswith(("--- ", "+++ ")):
            continue
        if line.startswith("@@"):
            lines.append([(line, paint.faint)])
        elif line.startswith("+"):
            lines.append([(line, paint.added)])
        elif line.startswith("-"):
            lines.append([(line, paint.removed)])
        else:
            lines.append([(line, paint.text)])
    return lines


def diff_size(diff: str) -> tuple[int, int]:
    """Count the lines a unified diff adds and removes."""
    added = removed = 0
    for line in diff.split("\n"):
        if line.startswith("+") and not line.startswith("+++ "):
            added += 1
        elif line.startswith("-") and not line.startswith("--- "):
            removed += 1
    return added, removed


def language_of(path: str) -> str:
    """Name the language that a file is written in, by its name; empty where Pygments has none."""
    from pygments.lexers import find_lexer_class_for_filename

    found = find_lexer_class_for_filename(PurePath(path).name)
    return found.aliases[0] if found is not None and found.aliases else ""


@lru_cache(maxsize=32)
def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _style(token: str, paint: Paint) -> Style:
    # Token types read `Token.Literal.String.Double`; their hierarchy is Pygments' own.
    for prefix, name in _STYLES:
        if token.startswith(prefix):
            style: Style = getattr(paint, name)
            return style
    return paint.text


_STYLES = (
    ("Token.Keyword", "keyword"),
    ("Token.Operator.Word", "keyword"),
    ("Token.Name.Builtin.Pseudo", "keyword"),
    ("Token.Literal.String", "string"),
    ("Token.Literal.Number", "number"),
    ("Token.Comment", "comment"),
    ("Token.Name.Function", "strong"),
    ("Token.Name.Class", "strong"),
)
