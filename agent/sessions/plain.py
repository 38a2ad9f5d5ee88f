"""Markdown as one plain line, for lists that have room for no more.

Not a parser: markers are taken off where they can only be markers, so that names such as
`__init__` and `2 * 3 * 4` stay what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tungsten.screen.printable import without_escapes

MAX_LINE = 200
"""Characters of a line; lists cut it further to what fits."""

MAX_READ = 20_000
"""Characters looked at; whoever says nothing in so many has no line."""

_MAX_PARSED = 5 * MAX_LINE
"""Characters of one line looked at, so that unclosed markers cost little."""

_FENCE = re.compile(r"\s*(?:>\s*)*(`{3,}|~{3,})")
_RULE = re.compile(r"\s*(?:[-*_=]\s*){3,}$|[\s|:-]*-[\s|:-]*$")
_LEADING = re.compile(r"\s*(?:>\s?|#{1,6}\s+|[-*+]\s+(?:\[[ xX]\]\s+)?)")
_CODE = re.compile(r"(`+)(.+?)\1(?!`)")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)")
_STRONG = re.compile(r"(\*\*\*|\*\*|\*|~~)(?=\S)(.+?)(?<=\S)\1(?!\*)")
_UNDERSCORED = re.compile(r"(?<!\w)(___|__|_)(?=[^\s_])(.+?)(?<=[^\s_])\1(?![\w(]|\.\w)")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_HEADING_END = re.compile(r"(?<=\S)\s+#+\s*$")
_KEPT = re.compile("\x00(\\d+)\x00")


def plain_line(markdown: str) -> str:
    """Give the first line that says something, without markers; empty when there is none.

    Prose goes before code: a fenced block speaks only when nothing else does.
    """
    in_code = ""
    for fenced, line in _lines(without_escapes(markdown[:MAX_READ])):
        text = line if fenced else _plain(line)
        text = "".join(char for char in text if char.isprintable() or char.isspace())
        text = " ".join(text.split())[:MAX_LINE].rstrip()
        if text and not fenced:
            return text
        in_code = in_code or text
    return in_code


def _lines(markdown: str) -> Iterator[tuple[bool, str]]:
    fence = ""
    for whole in markdown.splitlines():
        line = whole[:_MAX_PARSED]
        found = _FENCE.match(line)
        if fence:
            if found and found[1].startswith(fence):
                fence = ""
            else:
                yield True, line
        elif found and "`" not in line[found.end() :]:
            fence = found[1]
        elif not _RULE.match(line):
            yield False, line


def _plain(line: str) -> str:
    line = line.replace("\0", "")
    while True:
        shorter = _LEADING.sub("", line, count=1) if _LEADING.match(line) else line
        if shorter == line:
            break
        line = shorter
    line = _HEADING_END.sub("", line)
    # What stands in code, or was escaped, is no marker however it looks.
    kept: list[str] = []

    def keep(text: str) -> str:
        kept.append(text)
        return f"\0{len(kept) - 1}\0"

    line = _CODE.sub(lambda code: keep(code[2].strip() or code[2]), line)
    line = _ESCAPED.sub(lambda escaped: keep(escaped[1]), line)
    line = _LINK.sub(r"\1", line)
    for marker in (_STRONG, _UNDERSCORED):
        for _ in range(3):
            line = marker.sub(r"\2", line)
    return _KEPT.sub(lambda place: kept[int(place[1])], line)
