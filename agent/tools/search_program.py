"""Searches text files; a program of its own, started by `agent.tools.files.search`.

No symbolic link is followed: each file is opened below the directories that lead to it, one by one,
so what is searched is what was judged.

Reads one JSON object (`root`, `pattern`, `glob`) from standard input and writes one: `found`, or
`error` with one line. Knows nothing of the rest, so that it starts in a few milliseconds.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MAX_MATCHES = 200
MAX_FILE_BYTES = 2_000_000
MAX_LINE = 300
_DIRECTORY = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
SKIPPED = {".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv"}


def files(root: Path) -> Iterator[Path]:
    """Paths below `root`: what git knows or does not ignore, else all but hidden ones."""
    if root.is_file():
        yield root
        return
    try:
        found = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "-c", "-o", "--exclude-standard"],
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        for directory, names, leaves in os.walk(root):
            names[:] = sorted(n for n in names if n not in SKIPPED and not n.startswith("."))
            yield from (Path(directory, leaf) for leaf in sorted(leaves))
        return
    known = set(found.stdout.decode(errors="surrogateescape").split("\0"))
    yield from (root / name for name in sorted(known) if name)


def search(root: Path, pattern: str, glob: str) -> list[tuple[str, str]]:
    """Give the file and `path:line: text` for each match, at most `MAX_MATCHES`."""
    expression = re.compile(pattern)
    found: list[tuple[str, str]] = []
    for path in files(root):
        name = str(path.relative_to(root)) if path != root else path.name
        if glob and not any(fnmatch.fnmatch(each, glob) for each in (path.name, name)):
            continue
        for number, line in enumerate(lines(path), 1):
            if expression.search(line):
                found.append((str(path), f"{name}:{number}: {line.strip()[:MAX_LINE]}"))
                if len(found) == MAX_MATCHES:
                    return found
    return found


def lines(path: Path) -> list[str]:
    """The lines of a text file, none of anything else."""
    directory = os.open(path.anchor, _DIRECTORY)
    try:
        for name in path.parts[1:-1]:
            below = os.open(name, _DIRECTORY, dir_fd=directory)
            os.close(directory)
            directory = below
        handle = os.open(path.name, _FILE, dir_fd=directory)
    except OSError:
        return []
    finally:
        os.close(directory)
    try:
        status = os.fstat(handle)
        # git names repositories within the searched one, which are directories.
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE_BYTES:
            return []
        with os.fdopen(handle, "rb", closefd=False) as file:
            content = file.read()
    except OSError:
        return []
    finally:
        os.close(handle)
    return [] if b"\0" in content[:8192] else content.decode(errors="replace").split("\n")


def main() -> None:
    """Answer one request."""
    request = json.load(sys.stdin)
    root = Path(request["root"])
    if not root.exists():
        answer: dict[str, object] = {"error": f"{root} does not exist"}
    else:
        try:
            answer = {"found": search(root, request["pattern"], request["glob"])}
        except re.error as error:
            answer = {"error": f"the pattern is not a valid regular expression: {error}"}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
