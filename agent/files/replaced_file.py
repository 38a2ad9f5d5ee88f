"""Replacing a file whole: whoever reads it meanwhile finds the old bytes or the new ones."""

from __future__ import annotations

import contextlib
import glob
import os
import tempfile
from pathlib import Path

_OURS, _NEW = "tungsten-", ".new"
"""What the name of a file begins and ends with that is about to take another one's place."""


def replace(path: Path, data: bytes, mode: int) -> None:
    """Write a file beside its place, to the disk, and move it there; directories are made.

    Args:
        path: the file itself, not a link to it.
        data: all that it holds from now on.
        mode: its permissions.

    Raises:
        OSError: it was not written, and what was there still is.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    prefix = f".{path.name}.{_OURS}"
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=_NEW)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, mode)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    _settle(path.parent)


def sweep(path: Path) -> None:
    """Delete what replacing a file has left beside it where the program was killed meanwhile.

    Whoever calls this knows that nobody replaces the file now.
    """
    with contextlib.suppress(OSError):
        for left in path.parent.glob(f".{glob.escape(path.name)}.{_OURS}*{_NEW}"):
            left.unlink(missing_ok=True)


def _settle(directory: Path) -> None:
    """Have the disk know of a move by now, so that later ones cannot come before it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
