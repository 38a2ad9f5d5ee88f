"""Files that a person names in a prompt: `@tui/app.py`, `@"notes of today.md"`.

The text is sent as it stands, so that the agent reads the path in it. A path that could not be told
from the words around it is written as a JSON string.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_BEFORE = r"(?:^|(?<=[\s(\[{<'\"`,;:=]))@"
"""An `@` within a word, as in an address, names no file."""

_QUOTED = r'"(?:[^"\\\n]|\\.)*'
_BARE = r"[^\s\"'`()\[\]{}<>|\\,;]"

_MENTION = re.compile(rf"{_BEFORE}(?:({_QUOTED}\")|({_BARE}+))", re.MULTILINE)
_BEGUN = re.compile(rf"{_BEFORE}(?:({_QUOTED}\\?)|({_BARE}*))$")

LONGEST = 4096
"""Characters of a path that is being written: `PATH_MAX` of Linux."""

_ENDS = ".,:;!?"
"""What ends a sentence, and no path that is written without quotes."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A mention that is being written: where its `@` stands, and the path so far."""

    start: int
    path: str
    quoted: bool = False


def mention(path: str) -> str:
    """Write a path so that `paths_in` and an agent read it back."""
    bare = f"@{path}"
    if path.isprintable() and paths_in(bare) == [path]:
        return bare
    return f"@{json.dumps(path, ensure_ascii=not path.isprintable())}"


def paths_in(text: str) -> list[str]:
    """The paths that a text mentions, in order."""
    found = []
    for quoted, bare in _MENTION.findall(text):
        path = _unquoted(quoted) if quoted else bare.rstrip(_ENDS)
        if path:
            found.append(path)
    return found


def begun(before: str) -> Begun | None:
    """The mention that the cursor stands in, by what stands before it in its line."""
    found = _BEGUN.search(before, max(0, len(before) - LONGEST))
    if found is None:
        return None
    if found[1] is None:
        return Begun(found.start(), found[2])
    return Begun(found.start(), _unquoted(f'{found[1]}"'), quoted=True)


def _unquoted(quoted: str) -> str:
    try:
        return str(json.loads(quoted, strict=False))
    except ValueError:
        return quoted[1:-1]
