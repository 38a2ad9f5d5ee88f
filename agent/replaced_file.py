"""Replacing a file whole: whoever reads it meanwhile finds the old bytes or the new ones."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


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
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".new")
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
