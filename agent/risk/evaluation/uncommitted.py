"""Whether a file holds work that is nowhere else, as far as the repository's index tells."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

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


MAX_COMPARED = 4_000
"""Files that are compared with the index; of more it is not known what would be lost."""


class Entry(NamedTuple):
    """What the index notes of a file: its path below the top, and the hash of its content."""

    path: str
    name: bytes


def changed_below(
    top: str, wanted: Callable[[str], bool], committed: Callable[[str], bytes | None] | None = None
) -> list[Entry] | None:
    """Files of a repository whose content is another than the index has.

    Args:
        top: the working tree's top directory.
        wanted: whether the file of that path below the top matters.
        committed: the hash of what the last commit has at a path, where the index is replaced too.

    Returns:
        None when it cannot be known; nothing where there is no repository.
    """
    try:
        with _index(Path(top)).open("rb") as index:
            data = index.read(MAX_INDEX + 1)
            written = os.fstat(index.fileno()).st_mtime_ns
    except (OSError, ValueError):
        return []
    if len(data) > MAX_INDEX or data[:4] != b"DIRC" or data[4:8] not in _VERSIONS:
        return None
    found = []
    compared = 0
    for start, end in _entries(data):
        path = os.fsdecode(data[start + _HEAD + _more(data, start) : end])
        flags = int.from_bytes(data[start + 60 : start + 62], "big")
        if flags & _STAGE or not wanted(path):
            continue
        compared += 1
        if compared > MAX_COMPARED:
            return None
        name = data[start + 40 : start + 60]
        if committed is not None and committed(path) != name:
            found.append(Entry(path, name))
            continue
        try:
            status = os.lstat(f"{top}/{path}")
        except (OSError, ValueError):
            continue
        seconds, nanoseconds = divmod(status.st_mtime_ns, 1_000_000_000)
        same = data[start + 8 : start + 16] + data[start + 36 : start + 40] == b"".join(
            (each & 0xFFFFFFFF).to_bytes(4, "big")
            for each in (seconds, nanoseconds, status.st_size)
        )
        # Of a file as new as the index its times do not tell (git's "racy" entries).
        same = same and status.st_mtime_ns < written
        if stat.S_ISREG(status.st_mode) and not same and not _holds(f"{top}/{path}", name):
            found.append(Entry(path, name))
    return found


_STAGE = 0x3000
"""Bits of an entry's flags that are set while a merge has left the file in conflict."""
_EXTENDED = 0x40


def _more(data: bytes, start: int) -> int:
    """Further bytes before an entry's path, where its flags say so."""
    return 2 if data[start + 60] & _EXTENDED else 0


def _entries(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each entry of an index starts, and where its path ends."""
    at = 12
    for _ in range(int.from_bytes(data[8:12], "big")):
        end = data.find(b"\0", at + _HEAD + _more(data, at)) if at + _HEAD < len(data) else -1
        if end < 0:
            return
        yield at, end
        # From one to eight NUL bytes fill an entry up to a multiple of eight.
        at += (end - at) // 8 * 8 + 8


def _holds(path: str, name: bytes) -> bool:
    """A file has the content that git calls by that name, byte for byte."""
    try:
        if Path(path).stat().st_size > MAX_INDEX:
            return False
        content = Path(path).read_bytes()
    except OSError:
        return False
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content)).digest() == name  # noqa: S324
