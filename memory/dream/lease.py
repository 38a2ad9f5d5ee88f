"""The lease of a dream: of several processes with one database, one dreams.

It is a lock of the operating system on a file beside the database, so it ends with the process
that holds it, however that ends, and no clock plays a part.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memory.errors import StorageError


class AlreadyDreaming(StorageError):
    """Another process dreams over the same memories."""

    def __init__(self) -> None:
        super().__init__("another Tungsten is dreaming over these memories: wait until it is done")


@contextmanager
def lease(database: Path) -> Iterator[None]:
    """Hold the lease of the memories in a database.

    Raises:
        AlreadyDreaming: another process, or another part of this one, holds it.
    """
    path = database.with_name(database.name + ".dream")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyDreaming from error
        yield
    finally:
        os.close(descriptor)
