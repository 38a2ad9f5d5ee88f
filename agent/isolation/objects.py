"""What snapshots are made of: contents by their SHA-256, each stored once and never changed.

A directory of our own, not git's: nothing that a repository configures (hooks, filters, attributes,
alternates) is asked, and bytes are kept as they are. A content is checked whenever it is read.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from agent.errors import AgentError

CHUNK = 1 << 20
"""Bytes that are read at once."""

MANY = 256
"""New contents from which on everything is written to the disk at once, not one after the other."""


class ContentLost(AgentError):
    """A content that a snapshot names is not in the store, or is damaged."""


class NotStored(AgentError):
    """A content cannot be stored; the text says why."""


class Objects:
    """Contents below a directory, which is its owner's alone."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.added = 0
        """Bytes that were written since this began."""
        self._unsafe: list[Path] = []
        """Contents that a power failure may still take."""

    def put(self, content: bytes) -> str:
        """Store bytes and give their digest, in hex.

        Raises:
            NotStored: there is no room, or the store cannot be written.
        """
        digest = hashlib.sha256(content).hexdigest()
        if not self._has(digest, len(content)):
            with self._writing() as (file, done):
                _write(file, content)
                done(digest)
            self.added += len(content)
        return digest

    def put_file(self, file: int, going_on: Callable[[], None] = lambda: None) -> tuple[str, int]:
        """Store what an open file holds; gives its digest and size in bytes.

        Args:
            file: a descriptor that can be read from its beginning.
            going_on: called between pieces; what it raises ends this.

        Raises:
            NotStored: there is no room, or a side cannot be read or written.
        """
        content = os.read(file, CHUNK)
        if len(content) < CHUNK:
            while more := os.read(file, CHUNK):
                content += more
            return self.put(content), len(content)
        found = hashlib.sha256(content)
        size = len(content)
        while piece := os.read(file, CHUNK):
            going_on()
            found.update(piece)
            size += len(piece)
        if self._has(found.hexdigest(), size):
            return found.hexdigest(), size
        # Once more: it may have changed meanwhile, and what is stored is what is named.
        os.lseek(file, 0, os.SEEK_SET)
        found, size = hashlib.sha256(), 0
        with self._writing() as (new, done):
            while piece := os.read(file, CHUNK):
                going_on()
                found.update(piece)
                size += len(piece)
                _write(new, piece)
            done(found.hexdigest())
        self.added += size
        return found.hexdigest(), size

    def get(self, digest: str) -> bytes:
        """Give a content.

        Raises:
            ContentLost: it is not there, or is damaged.
        """
        try:
            content = self._path(digest).read_bytes()
        except OSError as error:
            raise ContentLost(f"a content of this snapshot is gone ({error.strerror})") from error
        if hashlib.sha256(content).hexdigest() != digest:
            raise ContentLost("a content of this snapshot is damaged")
        return content

    def copy_to(self, digest: str, file: int) -> None:
        """Write a content into an open file.

        Raises:
            ContentLost: it is not there, or is damaged; the file holds what could be read.
            OSError: it cannot be written.
        """
        try:
            source = os.open(self._path(digest), os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise ContentLost(f"a content of this snapshot is gone ({error.strerror})") from error
        try:
            found = hashlib.sha256()
            while piece := os.read(source, CHUNK):
                found.update(piece)
                _write(file, piece)
        finally:
            os.close(source)
        if found.hexdigest() != digest:
            raise ContentLost("a content of this snapshot is damaged")

    def keep_only(self, wanted: set[str]) -> int:
        """Delete every other content, and what was begun and never ended; gives bytes freed."""
        freed = 0
        for path in self._files():
            digest = path.parent.name + path.name
            if digest not in wanted:
                with contextlib.suppress(OSError):
                    size = path.stat().st_size
                    path.unlink()
                    freed += size
        return freed

    def flush(self) -> None:
        """Have what was stored reach the disk, so that no power failure takes it any more.

        A content that is gone meanwhile, or a disk that cannot, is passed over: what is read is
        checked.
        """
        written, self._unsafe = self._unsafe, []
        if len(written) > MANY:
            os.sync()
            return
        for path in (*written, *dict.fromkeys(path.parent for path in written)):
            with contextlib.suppress(OSError):
                file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    os.fsync(file)
                finally:
                    os.close(file)

    def size(self) -> int:
        """How many bytes all contents have."""
        total = 0
        for path in self._files():
            with contextlib.suppress(OSError):
                total += path.stat().st_size
        return total

    def _files(self) -> Iterator[Path]:
        with contextlib.suppress(FileNotFoundError):
            for below in sorted(self._root.iterdir()):
                with contextlib.suppress(OSError):
                    yield from below.iterdir()

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest[2:]

    def _has(self, digest: str, size: int) -> bool:
        """Whether a content is there, and not cut short by a power failure."""
        try:
            return self._path(digest).stat().st_size == size
        except OSError:
            return False

    @contextlib.contextmanager
    def _writing(self) -> Iterator[tuple[int, Callable[[str], None]]]:
        beginning = self._root / "new"
        new = beginning / secrets.token_hex(12)
        try:
            beginning.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise NotStored(f"it cannot be stored ({error.strerror})") from error

        def done(digest: str) -> None:
            path = self._path(digest)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            os.replace(new, path)
            self._unsafe.append(path)

        try:
            yield file, done
        except OSError as error:
            raise NotStored(f"it cannot be stored ({error.strerror})") from error
        finally:
            os.close(file)
            with contextlib.suppress(FileNotFoundError):
                new.unlink()


def _write(file: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(file, view) :]
