"""A working tree, read byte for byte: what is there, which of it is kept, and what changed.

A tree is stored as git stores one: each directory as a list of what it holds, by digests, so that
what did not change is stored once. Unlike git's trees these hold every mode bit and empty
directories, and take files as they lie there, whatever attributes or filters are configured.

Left alone, and never changed by a revert: `.git`, other repositories in it (submodules, clones,
linked work trees), other file systems, sockets, pipes and devices, and what git ignores under the
name of a directory that a build or an installer makes again (`MADE_AGAIN`).
"""

from __future__ import annotations

import contextlib
import os
import select
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from agent.errors import AgentError
from agent.isolation.git_program import QUIET, environment
from agent.isolation.objects import ContentLost, Objects

MADE_AGAIN = frozenset(
    b"""
    node_modules bower_components .venv venv __pycache__ .tox .nox .eggs .mypy_cache .ruff_cache
    .pytest_cache .hypothesis .cache target build dist .gradle .next .nuxt .turbo .parcel-cache
    .svelte-kit .angular .terraform .dart_tool .stack-work dist-newstyle zig-cache .zig-cache
    elm-stuff DerivedData cmake-build-debug cmake-build-release
    """.split()
)
"""Names of directories that are left alone where git ignores them and tracks nothing in them."""

SETTLED_NS = 2_000_000_000
"""A file that changed so shortly before it was read may change again without its times telling.

Times of FAT have steps of two seconds; other file systems have finer ones.
"""

ANSWER_SECONDS = 0.1
"""How often it is asked whether there is still time, while git does not answer."""

ENDS_SECONDS = 1.0
"""How long git may take to end."""

DEEPEST = 200
"""Levels of directories that are read; what is deeper is left alone."""

Kind: TypeAlias = Literal["f", "l", "d", "r", "m", "s", "x"]
"""A file, a link, a directory; another repository or file system; made again by a build; a socket,
pipe or device; what could not be kept (too large, not readable)."""

KEPT: frozenset[Kind] = frozenset({"f", "l", "d"})


class TreeNotKept(AgentError):
    """A tree cannot be kept as a whole; the text says why."""


class Entry(NamedTuple):
    """One name of a directory: kind, the twelve mode bits, size in bytes, SHA-256 of its content.

    The content of a link is its text. In a change a directory has neither size nor digest.
    """

    kind: Kind
    mode: int
    size: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one path, relative to the top; None where there was or is nothing."""

    path: bytes
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a tree may be, and how long reading it may take.

    Attributes:
        files: most names.
        largest: most bytes of one file; a larger one is noted and not kept.
        new_bytes: most bytes that one snapshot may add to the store.
        seconds: longest time; what was read by then need not be read again.
    """

    files: int = 100_000
    largest: int = 256 << 20
    new_bytes: int = 2 << 30
    seconds: float = 10.0


class _Known(NamedTuple):
    inode: int
    size: int
    modified: int
    changed: int
    digest: str


@dataclass(slots=True)
class Cache:
    """Digests of files that have settled, by path; spares reading what did not change."""

    known: dict[bytes, _Known] = field(default_factory=dict)


@dataclass(slots=True)
class Scan:
    """A tree as it was read; `root` names its directory in the store."""

    root: str
    names: int
    read: int
    """Files whose content was read, as the cache did not know them."""
    not_kept: list[bytes]


class _Reader:
    def __init__(
        self,
        top: bytes,
        objects: Objects,
        cache: Cache,
        limits: Limits,
        alone: frozenset[bytes],
        ended: Callable[[], bool],
    ) -> None:
        self._top = top
        self._objects = objects
        self._cache = cache
        self._limits = limits
        self._alone = alone
        self._ended = ended
        self._ignored = _Ignored(top, self.going_on)
        self._device = os.lstat(top).st_dev
        self._deadline = time.monotonic() + limits.seconds
        self._most = objects.added + limits.new_bytes
        self.names = self.read = 0
        self.not_kept: list[bytes] = []
        self.known: dict[bytes, _Known] = {}

    def close(self) -> None:
        self._ignored.close()

    def going_on(self) -> None:
        if self._ended():
            raise TreeNotKept("it was interrupted")
        if time.monotonic() > self._deadline:
            raise TreeNotKept(f"it took more than {self._limits.seconds:g} s to read")
        if self._objects.added > self._most:
            raise TreeNotKept(f"it holds more than {self._limits.new_bytes >> 20} MB that is new")

    def directory(self, path: bytes, depth: int) -> str:
        """Store a directory with all that it holds; gives its digest, none for a repository."""
        self.going_on()
        full = os.path.join(self._top, path) if path else self._top
        lines = []
        with os.scandir(full) as found:
            names = sorted(entry.name for entry in found)
        if path and b".git" in names:
            return ""
        for name in names:
            if name == b".git":
                continue
            self.names += 1
            if self.names > self._limits.files:
                raise TreeNotKept(f"it holds more than {self._limits.files:,} files")
            below = os.path.join(path, name)
            with contextlib.suppress(FileNotFoundError):
                entry = self._entry(below, os.path.join(full, name), depth)
                if entry.kind not in KEPT and entry.kind not in ("m", "r"):
                    self.not_kept.append(below)
                lines.append(_written(name, entry))
        return self._objects.put(b"".join(lines))

    def _entry(self, path: bytes, full: bytes, depth: int) -> Entry:
        status = os.lstat(full)
        mode = stat.S_IMODE(status.st_mode)
        if stat.S_ISDIR(status.st_mode):
            return self._below(path, full, status, depth)
        if stat.S_ISLNK(status.st_mode):
            text = os.readlink(full)
            return Entry("l", 0, len(text), self._objects.put(text))
        if not stat.S_ISREG(status.st_mode):
            return Entry("s", mode)
        return self._file(path, full, status)

    def _below(self, path: bytes, full: bytes, status: os.stat_result, depth: int) -> Entry:
        mode = stat.S_IMODE(status.st_mode)
        if status.st_dev != self._device or full in self._alone:
            return Entry("r", 0)
        if os.path.basename(path) in MADE_AGAIN and self._ignored.holds(path):
            return Entry("m", 0)
        if depth >= DEEPEST:
            return Entry("x", mode)
        try:
            digest = self.directory(path, depth + 1)
        except PermissionError:
            return Entry("x", mode)
        return Entry("d", mode, 0, digest) if digest else Entry("r", 0)

    def _file(self, path: bytes, full: bytes, status: os.stat_result) -> Entry:
        now = _Known(status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, "")
        mode = stat.S_IMODE(status.st_mode)
        known = self._cache.known.get(path)
        if known is not None and known[:4] == now[:4]:
            self.known[path] = known
            return Entry("f", mode, known.size, known.digest)
        if status.st_size > self._limits.largest:
            # What it holds is not known, but that it changed is.
            return Entry("x", mode, status.st_size, f"{status.st_mtime_ns:x}")
        self.going_on()
        self.read += 1
        begun = time.time_ns()
        try:
            file = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise
        except OSError:
            return Entry("x", mode, status.st_size, f"{status.st_mtime_ns:x}")
        try:
            opened = os.fstat(file)
            if not stat.S_ISREG(opened.st_mode):
                raise FileNotFoundError(full)
            digest, size = self._objects.put_file(file, self.going_on)
            mode = stat.S_IMODE(opened.st_mode)
        finally:
            os.close(file)
        after = os.lstat(full)
        settled = begun - SETTLED_NS > max(after.st_mtime_ns, after.st_ctime_ns)
        same = (after.st_ino, after.st_size, after.st_mtime_ns, after.st_ctime_ns) == now[:4]
        if settled and same and size == status.st_size:
            self.known[path] = now._replace(digest=digest)
        return Entry("f", mode, size, digest)


class _Ignored:
    """Which directories git ignores, asked of one git that is started when first needed."""

    def __init__(self, top: bytes, going_on: Callable[[], None]) -> None:
        self._top = top
        self._going_on = going_on
        self._git: subprocess.Popen[bytes] | None = None

    def holds(self, path: bytes) -> bool:
        """Whether git ignores a directory and tracks nothing in it; False where git cannot say."""
        try:
            if self._git is None:
                words = ("check-ignore", "--stdin", "-z", "--verbose", "--non-matching")
                self._git = subprocess.Popen(
                    (*QUIET, "-C", os.fsdecode(self._top), *words),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=environment() | {"GIT_FLUSH": "1"},
                    bufsize=0,
                )
            assert self._git.stdin is not None
            assert self._git.stdout is not None
            self._git.stdin.write(path + b"\0")
            self._git.stdin.flush()
            # git-check-ignore(1): source, line, pattern, path; a pattern with ! takes back.
            fields = self._fields(self._git.stdout.fileno(), 4)
        except OSError:
            return False
        return bool(fields[0]) and not fields[2].startswith(b"!") and fields[3] == path

    def _fields(self, output: int, count: int) -> list[bytes]:
        """Read so many fields that end with NUL.

        git may never answer: what it reads its patterns from may be a pipe, for example.

        Raises:
            TreeNotKept: the time is over.
            OSError: git has ended.
        """
        found = b""
        while found.count(b"\0") < count:
            self._going_on()
            if select.select([output], [], [], ANSWER_SECONDS)[0]:
                piece = os.read(output, 65536)
                if not piece:
                    raise BrokenPipeError
                found += piece
        return found.split(b"\0")[:count]

    def close(self) -> None:
        if self._git is None:
            return
        try:
            self._git.communicate(timeout=ENDS_SECONDS)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            # Closes its pipes, and waits for it.
            with self._git:
                self._git.kill()


def read_tree(
    top: bytes,
    objects: Objects,
    cache: Cache,
    limits: Limits | None = None,
    alone: frozenset[bytes] = frozenset(),
    ended: Callable[[], bool] = lambda: False,
) -> Scan:
    """Keep a tree as it is now. Reads every name, and what has changed since the cache was filled.

    Args:
        top: its top directory, absolute.
        objects: where its contents are kept.
        cache: what is known of it; brought up to date, also when this fails.
        limits: how large it may be.
        alone: directories, absolute, that are left alone besides.
        ended: asked again and again; True ends this.

    Raises:
        TreeNotKept: it is larger than the limits, or its top cannot be read.
        NotStored: a content cannot be stored.
        OSError: a name in it cannot be read.
    """
    reader = None
    try:
        reader = _Reader(top, objects, cache, limits or Limits(), alone, ended)
        root = reader.directory(b"", 0)
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        if reader is not None and error.filename != top:
            raise
        raise TreeNotKept(f"its top cannot be read ({error.strerror})") from error
    except TreeNotKept:
        cache.known.update(reader.known if reader is not None else {})
        raise
    finally:
        if reader is not None:
            reader.close()
    cache.known = reader.known
    return Scan(root, reader.names, reader.read, reader.not_kept)


# Stored directories ---------------------------------------------------------------------------


def _written(name: bytes, entry: Entry) -> bytes:
    head = f"{entry.kind} {entry.mode:04o} {entry.size} {entry.digest}"
    return head.encode() + b"\0" + name + b"\0"


def listing(objects: Objects, root: str) -> dict[bytes, Entry]:
    """What a stored directory holds, by name.

    Raises:
        ContentLost: it is not in the store.
    """
    parts = objects.get(root).split(b"\0")
    found = {}
    for head, name in zip(parts[:-1:2], parts[1::2], strict=True):
        try:
            kind, mode, size, digest = head.decode("ascii").split(" ")
            found[name] = Entry(kind, int(mode, 8), int(size), digest)  # type: ignore[arg-type]
        except ValueError as error:
            raise ContentLost("a directory of this snapshot is damaged") from error
    return found


def entry_at(objects: Objects, root: str, path: bytes) -> Entry | None:
    """What a stored tree has at a path, a directory without its digest; None where nothing is."""
    *way, name = path.split(b"/")
    for part in way:
        below = listing(objects, root).get(part)
        if below is None or below.kind != "d":
            return None
        root = below.digest
    return _plain(listing(objects, root).get(name))


def flat(objects: Objects, root: str) -> dict[bytes, Entry]:
    """Everything in a stored tree by its path, directories without their digests.

    Raises:
        ContentLost: a directory of it is not in the store.
    """
    found: dict[bytes, Entry] = {}
    left = [(b"", root)]
    while left:
        path, digest = left.pop()
        for name, entry in listing(objects, digest).items():
            below = os.path.join(path, name)
            found[below] = entry._replace(size=0, digest="") if entry.kind == "d" else entry
            if entry.kind == "d":
                left.append((below, entry.digest))
    return found


def digests(objects: Objects, root: str, seen: set[str]) -> None:
    """Add to `seen` all that a stored tree is made of; what is damaged is passed over."""
    if root in seen:
        return
    seen.add(root)
    with contextlib.suppress(ContentLost):
        for entry in listing(objects, root).values():
            if entry.kind == "d":
                digests(objects, entry.digest, seen)
            elif entry.kind in KEPT:
                seen.add(entry.digest)


def changes(objects: Objects, before: str, after: str) -> list[Change]:
    """What differs between two stored trees, sorted by path.

    A directory is named where it came, went, or has other mode bits; what it holds is too.
    Below what was left alone on either side nothing is told.

    Raises:
        ContentLost: a directory of theirs is not in the store.
    """
    return list(_changes(objects, before, after, b""))


def _changes(objects: Objects, before: str, after: str, path: bytes) -> Iterator[Change]:
    if before == after:
        return
    old = listing(objects, before) if before else {}
    new = listing(objects, after) if after else {}
    for name in sorted(old.keys() | new.keys()):
        one, other = old.get(name), new.get(name)
        if one == other:
            continue
        below = os.path.join(path, name)
        if _plain(one) != _plain(other):
            yield Change(below, _plain(one), _plain(other))
        sides = [side for side in (one, other) if side is not None]
        if any(side.kind not in KEPT for side in sides):
            continue
        first = one.digest if one is not None and one.kind == "d" else ""
        second = other.digest if other is not None and other.kind == "d" else ""
        yield from _changes(objects, first, second, below)


def _plain(entry: Entry | None) -> Entry | None:
    return entry._replace(size=0, digest="") if entry is not None and entry.kind == "d" else entry
