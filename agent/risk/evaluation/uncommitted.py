"""Whether a file holds work that is nowhere else, as far as the repository's index tells."""

from __future__ import annotations

import os
import stat
from pathlib import Path

MAX_INDEX = 16_777_216
"""Bytes of an index that are read; in a larger one nothing is looked up."""

_HEAD = 62
"""Bytes of an index entry before its path (gitformat-index): times, sizes, hash, flags."""


_VERSIONS = (b"\0\0\0\2", b"\0\0\0\3")
"""Versions in which paths stand in full; the fourth shortens them."""


def _index(project: Path) -> Path:
    """The index of a repository, or of one of its further working trees."""
    directory = project / ".git"
    if directory.is_file():
        directory = project / directory.read_text(errors="replace").partition(":")[2].strip()
    return directory / "index"


def uncommitted(path: str, project: str) -> bool:
    """A file with something in it, of which the repository has no copy.

    Args:
        path: absolute.
        project: root of the repository.

    Returns:
        False as well when there is no such file, no repository, or an index that cannot be read.
    """
    try:
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode) or not status.st_size:
            return False
        with _index(Path(project)).open("rb") as index:
            data = index.read(MAX_INDEX + 1)
    except (OSError, ValueError):
        return False
    if len(data) > MAX_INDEX or data[:4] != b"DIRC" or data[4:8] not in _VERSIONS:
        return False
    name = os.fsencode(os.path.relpath(path, project))
    at = data.find(name + b"\0")
    while at >= 0:
        start = at - _HEAD
        length = int.from_bytes(data[at - 2 : at], "big") & 0xFFF
        if start >= 12 and length == min(len(name), 0xFFF):
            # Both are kept modulo 2**32.
            noted = data[start + 8 : start + 12] + data[start + 36 : start + 40]
            found = (int(status.st_mtime), status.st_size)
            return noted != b"".join((each & 0xFFFFFFFF).to_bytes(4, "big") for each in found)
        at = data.find(name + b"\0", at + 1)
    return True
