"""Reaching a file by its judged path, without ever following a symbolic link.

A path that was resolved and judged is walked again from the root, one directory at a time, each
opened below the one before and none of them through a link; the file is read, or compared and
replaced, in the directory that was reached so. What is planted on the way meanwhile makes that
fail, or is left behind in a directory that is no longer at that path; it never leads elsewhere.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from agent.errors import AgentError

_DIRECTORY = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)
"""With O_PATH (Linux) a directory need not be readable to be gone through."""

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class FileChanged(AgentError):
    """A file is not what it was when the action was judged; nothing was done."""


def place(path: Path, content: bytes, before: str) -> None:
    """Create or replace a file at once: a reader sees the old bytes or the new, never a part.

    The mode of an existing file is kept. Directories on the way are made.

    Args:
        path: absolute, without links, as it was judged.
        content: the new bytes.
        before: SHA-256 (hex) of the bytes that are there, empty when there is no file.

    Raises:
        FileChanged: the path leads elsewhere now, or the file is not the judged one any more.
        OSError: it cannot be written.
    """
    with _directory(path.parent, make=True) as directory:
        mode = _judged(path, directory, before)
        new = f".{path.name[:40]}.{secrets.token_hex(6)}.new"
        handle = os.open(new, _NEW, 0o600, dir_fd=directory)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            os.replace(new, path.name, src_dir_fd=directory, dst_dir_fd=directory)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(new, dir_fd=directory)
            raise


@contextlib.contextmanager
def reached(path: Path) -> Iterator[int]:
    """Open a file or a directory for reading; gives its descriptor.

    Args:
        path: absolute, without links, as it was judged.

    Raises:
        FileChanged: the path leads elsewhere now.
        OSError: it cannot be read.
    """
    with _directory(path.parent, make=False) as directory:
        try:
            handle = os.open(path.name or path.anchor, _FILE, dir_fd=directory)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise FileChanged(f"{path} leads elsewhere now") from error
            error.filename = str(path)
            raise
    try:
        yield handle
    finally:
        os.close(handle)


@contextlib.contextmanager
def _directory(path: Path, *, make: bool) -> Iterator[int]:
    """Open a directory by its absolute path, making what is missing of it if wanted."""
    current = os.open(path.anchor, _DIRECTORY)
    try:
        for name in path.parts[1:]:
            below = (_below if make else _open_below)(path, current, name)
            os.close(current)
            current = below
        yield current
    finally:
        os.close(current)


def _below(path: Path, directory: int, name: str) -> int:
    with contextlib.suppress(FileNotFoundError):
        return _open_below(path, directory, name)
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, dir_fd=directory)
    return _open_below(path, directory, name)


def _open_below(path: Path, directory: int, name: str) -> int:
    try:
        return os.open(name, _DIRECTORY, dir_fd=directory)
    except OSError as error:
        # A link is one error or the other, by system and flags.
        if error.errno in (errno.ELOOP, errno.ENOTDIR) and _is_link(directory, name):
            raise FileChanged(f"{path} leads elsewhere now") from error
        error.filename = str(path)
        raise


def _is_link(directory: int, name: str) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        # Gone again: it was no directory a moment ago, and is no plain file now.
        return True


def _judged(path: Path, directory: int, before: str) -> int:
    """Give the mode for the new file, once the old one is seen to be the judged one."""
    try:
        handle = os.open(path.name, _FILE, dir_fd=directory)
    except FileNotFoundError:
        if before:
            raise FileChanged(f"{path} changed in the meantime") from None
        return 0o666 & ~_umask()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise FileChanged(f"{path} leads elsewhere now") from error
        error.filename = str(path)
        raise
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or not before:
            raise FileChanged(f"{path} changed in the meantime")
        if hashlib.file_digest(file, "sha256").hexdigest() != before:
            raise FileChanged(f"{path} changed in the meantime")
        return stat.S_IMODE(status.st_mode)


def _umask() -> int:
    """Read the umask; the only portable way sets it for an instant."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
