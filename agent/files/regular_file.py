"""Opening what must be a file: a pipe of that name would hold who opens it for good."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

KIND = "it is not a regular file"


def open_regular(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open a regular file and give its descriptor; one that is made is its owner's alone.

    Raises:
        OSError: it cannot be opened, or it is a pipe, a device, a socket or a directory.
    """
    try:
        descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        # A pipe that nobody reads, a socket; a directory that is to be written.
        if error.errno in (errno.ENXIO, errno.EISDIR):
            raise OSError(error.errno, KIND, str(path)) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, KIND, str(path))
    return descriptor


def read_regular(path: Path, most: int) -> bytes:
    """Read at most `most` bytes from the beginning of a regular file.

    Raises:
        OSError: as `open_regular`.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        return file.read(most)
