"""Files that a text names: a path, perhaps with a line, of something that is there.

Names are read off, and looked for on the disk; nothing is opened but by the person's key.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

MOST = 2_000
"""Names of one text that are looked for on the disk."""

LONGEST = 1_000
"""Characters of a name beyond which it is none."""

_SPACED = re.compile(r"([\"'`])([^\"'`\n]{1,1000})\1(?:, line (\d{1,7})|:(\d{1,7}))?")
"""A name in quotes, in which it may have spaces: `File "a b.py", line 3`."""

_PLAIN = re.compile(r"([^\s\"'`()<>\[\]{}|;:,*?=]+)(?::(\d{1,7})|\((\d{1,7})[,)])?")
_CAPITAL = re.compile(r"[A-Z][A-Za-z]+")
"""Names without a dot or slash that files have: `Makefile`, `LICENSE`; other words are words."""


class Named(NamedTuple):
    """A file as a text names it; `line` counts from 1 and is 0 where none is named."""

    path: str
    line: int = 0


def names(text: str) -> Iterator[Named]:
    """Read off what may be the name of a file, in order; each with its line once."""
    seen = set()
    for row in text.split("\n"):
        found = [
            (match.start(), Named(match[2], int(match[3] or match[4] or 0)))
            for match in _SPACED.finditer(row)
        ]
        found += [
            (match.start(), Named(match[1].rstrip("."), int(match[2] or match[3] or 0)))
            for match in _PLAIN.finditer(row)
        ]
        for _, named in sorted(found):
            path = named.path
            likely = "." in path or "/" in path or _CAPITAL.fullmatch(path)
            if likely and path.strip("./~") and len(path) <= LONGEST and named not in seen:
                seen.add(named)
                yield named


def existing(text: str, directory: str) -> list[Named]:
    """Find the regular files that a text names, by absolute paths.

    A relative name is looked for below `directory` only. Reads the disk: for a thread.
    """
    found: dict[Named, None] = {}
    for named in islice(names(text), MOST):
        for path in _places(named.path, directory):
            if _is_file(path):
                found[Named(path, named.line)] = None
                break
    # With a line it is the better of two names of one file.
    with_line = {named.path for named in found if named.line}
    return [named for named in found if named.line or named.path not in with_line]


def _places(name: str, directory: str) -> Iterator[str]:
    if name.startswith("~/"):
        name = str(Path.home() / name[2:])
    if name.startswith("/"):
        yield os.path.normpath(name)
        return
    # A diff of git calls its sides a/ and b/.
    for each in (name, name[2:] if name.startswith(("a/", "b/")) else ""):
        path = os.path.normpath(f"{directory}/{each}")
        if each and path.startswith(f"{directory.rstrip('/')}/"):
            yield path


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116
    except (OSError, ValueError):
        return False
