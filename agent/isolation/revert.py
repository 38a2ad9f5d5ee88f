"""Putting paths of a tree back as they were, without overwriting what came since.

What is to happen is written down before anything does (`Journal`), so that a revert that was cut
short, by a kill or a power failure, is carried on with and ends whole. Each path is looked at
again right before it is changed; where it is not what it was when the person saw the change, it is
left and named. Every path is reached from the top, directory by directory, through no link.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.errors import AgentError
from agent.isolation.objects import CHUNK, ContentLost, Objects
from agent.isolation.tree import KEPT, Entry

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

OURS = b".tungsten-revert-"
"""How the names of files begin that are written beside those whose place they take."""

ROOM = 16 << 20
"""Bytes that stay free on the disk."""


class RevertRefused(AgentError):
    """Nothing was changed; the text says why."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One path, what it is now, and what it is to be; None: nothing."""

    path: bytes
    now: Entry | None
    wanted: Entry | None


@dataclass(frozen=True, slots=True)
class Left:
    """A path that was not put back, and why."""

    path: bytes
    why: str


@dataclass(frozen=True, slots=True)
class Journal:
    """What a revert is about to do: enough to carry on with it after it was cut short.

    Attributes:
        id: of the revert.
        top: the tree's top directory.
        operations: all of it.
        opened: directories that have to be made writable for it, with the modes that they had.
    """

    id: str
    top: bytes
    operations: tuple[Operation, ...]
    opened: tuple[tuple[bytes, int], ...] = ()

    def write(self, path: Path) -> None:
        """Write it so that it lasts before anything is changed.

        Raises:
            RevertRefused: it cannot be written.
        """
        text = json.dumps(
            {
                "id": self.id,
                "top": os.fsdecode(self.top),
                "operations": [
                    [os.fsdecode(each.path), each.now, each.wanted] for each in self.operations
                ],
                "opened": [[os.fsdecode(name), mode] for name, mode in self.opened],
            }
        )
        new = path.with_name(f"{path.name}.new")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, path)
            directory = os.open(path.parent, _DIRECTORY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            raise RevertRefused(f"its journal cannot be written ({error.strerror})") from error

    @classmethod
    def read(cls, path: Path) -> Journal:
        """Read what `write` wrote.

        Raises:
            ValueError: it is no such journal.
            OSError: it cannot be read.
        """
        try:
            value = json.loads(path.read_text())
            operations = tuple(
                Operation(os.fsencode(name), _entry(now), _entry(wanted))
                for name, now, wanted in value["operations"]
            )
            opened = tuple((os.fsencode(name), int(mode)) for name, mode in value["opened"])
            return cls(str(value["id"]), os.fsencode(value["top"]), operations, opened)
        except (KeyError, TypeError) as error:
            raise ValueError(str(error)) from error


def _entry(value: list[object] | None) -> Entry | None:
    return None if value is None else Entry(*value)  # type: ignore[arg-type]


def revert(
    top: bytes, id_: str, operations: Sequence[Operation], objects: Objects, journal: Path
) -> list[Left]:
    """Put paths back; gives those that were left, each with the reason.

    Args:
        top: the tree's top directory.
        id_: of the revert.
        operations: what to do; nothing else is touched.
        objects: where the wanted contents are.
        journal: where it is written down until it is done.

    Raises:
        RevertRefused: nothing was changed.
    """
    for each in operations:
        for side in (each.now, each.wanted):
            if side is not None and side.kind not in KEPT:
                raise RevertRefused(f"{shown(each.path)} was not kept")
    needed = sum(each.wanted.size for each in operations if each.wanted and each.wanted != each.now)
    try:
        space = os.statvfs(top)
        if space.f_bavail * space.f_frsize < needed + ROOM:
            raise RevertRefused(f"the disk has no room for {needed >> 20} MB: free some")
        opened = tuple(_to_open(top, operations))
    except OSError as error:
        raise RevertRefused(f"{os.fsdecode(top)}: {error.strerror}") from error
    plan = Journal(id_, top, tuple(operations), opened)
    plan.write(journal)
    left = _carry_out(plan, objects, again=False)
    journal.unlink(missing_ok=True)
    return left


def carry_on(journal: Path, objects: Objects) -> tuple[Journal, list[Left]]:
    """Carry on with a revert that was cut short; gives it, and what was left.

    Raises:
        ValueError: the journal is not one, and is left.
        OSError: it, or the tree's top, cannot be read.
    """
    plan = Journal.read(journal)
    os.close(os.open(plan.top, _DIRECTORY))
    left = _carry_out(plan, objects, again=True)
    journal.unlink(missing_ok=True)
    return plan, left


def shown(path: bytes) -> str:
    """A path as a person reads it in one line."""
    text = path.decode("utf-8", "backslashreplace")
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text)


def _to_open(top: bytes, operations: Sequence[Operation]) -> Iterator[tuple[bytes, int]]:
    """Directories that are changed in and that their owner may not change as they are."""
    for parent in sorted({os.path.dirname(each.path) for each in operations}):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            status = os.lstat(os.path.join(top, parent) if parent else top)
            mode = stat.S_IMODE(status.st_mode)
            if stat.S_ISDIR(status.st_mode) and mode & 0o700 != 0o700:
                yield parent, mode


def _carry_out(plan: Journal, objects: Objects, *, again: bool) -> list[Left]:
    work = _Work(plan, objects, again=again)
    try:
        work.open_directories()
        if again:
            work.clean_up()
        for each in sorted(plan.operations, key=lambda each: each.path, reverse=True):
            work.take_away(each)
        for each in sorted(plan.operations, key=lambda each: each.path):
            work.put(each)
        work.close_directories()
        return work.left
    finally:
        os.close(work.top)


class _Work:
    def __init__(self, plan: Journal, objects: Objects, *, again: bool) -> None:
        self._plan = plan
        self._objects = objects
        self._again = again
        """Whether part of it may be done: then a path may be between what it was and is to be."""
        self._left: dict[bytes, str] = {}
        self._gone: set[bytes] = set()
        self._modes: dict[bytes, int] = {}
        """Directories whose modes are to be set in the end."""
        self.top = os.open(plan.top, _DIRECTORY)

    @property
    def left(self) -> list[Left]:
        return [Left(path, why) for path, why in sorted(self._left.items())]

    @contextlib.contextmanager
    def _parent(self, path: bytes) -> Iterator[tuple[int, bytes]]:
        *way, name = path.split(b"/")
        here = os.dup(self.top)
        try:
            for part in way:
                below = os.open(part, _DIRECTORY, dir_fd=here)
                os.close(here)
                here = below
            yield here, name
        finally:
            os.close(here)

    def open_directories(self) -> None:
        for path, mode in self._plan.opened:
            self._modes[path] = mode
            with contextlib.suppress(OSError):
                if path:
                    with self._parent(path) as (parent, name):
                        _change_mode(parent, name, mode | 0o700, stat.S_ISDIR)
                else:
                    os.chmod(self.top, mode | 0o700)

    def close_directories(self) -> None:
        for path, mode in sorted(self._modes.items(), reverse=True):
            try:
                if path:
                    with self._parent(path) as (parent, name):
                        _change_mode(parent, name, mode, stat.S_ISDIR)
                else:
                    os.chmod(self.top, mode)
            except FileNotFoundError:
                continue
            except OSError as error:
                self._leave(path, f"its mode cannot be set ({error.strerror})")

    def clean_up(self) -> None:
        """Delete what was begun to be written and did not come to its place."""
        begins = OURS + self._plan.id.encode()
        for path in sorted({os.path.dirname(each.path) for each in self._plan.operations}):
            with contextlib.suppress(OSError), self._parent(os.path.join(path, b"x")) as (here, _):
                for name in os.listdir(here):
                    encoded = os.fsencode(name)
                    if encoded.startswith(begins):
                        os.unlink(encoded, dir_fd=here)

    def take_away(self, each: Operation) -> None:
        """Delete what stands where nothing, or something of another kind, is to be."""
        now, wanted = each.now, each.wanted
        if now is None or (wanted is not None and "d" not in (now.kind, wanted.kind)):
            return
        if wanted is not None and wanted.kind == now.kind:
            return
        try:
            with self._parent(each.path) as (parent, name):
                found = _look(parent, name)
                if found is None or (self._again and _alike(found, wanted)):
                    self._gone.add(each.path)
                    return
                if not self._is_expected(each, found):
                    self._leave(each.path, "it has changed meanwhile")
                elif found.kind == "d":
                    os.rmdir(name, dir_fd=parent)
                    self._gone.add(each.path)
                else:
                    os.unlink(name, dir_fd=parent)
                    self._gone.add(each.path)
        except FileNotFoundError:
            self._gone.add(each.path)
        except OSError as error:
            if self._again and error.errno == errno.ENOTDIR:
                # What it was in is a file again already.
                self._gone.add(each.path)
                return
            filled = error.errno in (errno.ENOTEMPTY, errno.EEXIST)
            why = "it holds what came later, or was not kept" if filled else _said(error)
            self._leave(each.path, why)

    def put(self, each: Operation) -> None:
        """Put back what stood at a path."""
        wanted = each.wanted
        if wanted is None or each.path in self._left:
            return
        try:
            with self._parent(each.path) as (parent, name):
                found = _look(parent, name)
                if _alike(found, wanted):
                    if wanted.kind == "d" and found is not None:
                        self._directory_mode(each, found, wanted)
                    return
                if each.path in self._gone or (self._again and found is None):
                    expected = found is None
                else:
                    expected = self._is_expected(each, found)
                if not expected:
                    self._leave(each.path, "it has changed meanwhile")
                elif wanted.kind == "d":
                    os.mkdir(name, 0o700, dir_fd=parent)
                    self._modes[each.path] = wanted.mode
                elif (
                    found is not None and found.kind == wanted.kind == "f"
                ) and found.digest == wanted.digest:
                    _change_mode(parent, name, wanted.mode, stat.S_ISREG)
                else:
                    self._write(parent, name, wanted, over=found is not None)
        except ContentLost as error:
            self._leave(each.path, str(error))
        except FileNotFoundError:
            self._leave(each.path, "its directory is gone")
        except OSError as error:
            self._leave(each.path, _said(error))

    def _directory_mode(self, each: Operation, found: Entry, wanted: Entry) -> None:
        if found.mode == wanted.mode and each.path not in self._modes:
            return
        opened = dict(self._plan.opened).get(each.path)
        between = {mode for mode in (opened, wanted.mode) if mode is not None}
        between |= {mode | 0o700 for mode in between} | ({0o700} if self._again else set())
        if found == each.now or found.mode in between:
            self._modes[each.path] = wanted.mode
        else:
            self._leave(each.path, "its mode has changed meanwhile")

    def _is_expected(self, each: Operation, found: Entry | None) -> bool:
        if found is None or each.now is None:
            return found is each.now
        if found.kind == "d" == each.now.kind:
            return True
        return found == each.now

    def _write(self, parent: int, name: bytes, wanted: Entry, *, over: bool) -> None:
        new = OURS + self._plan.id.encode() + b"-" + os.urandom(4).hex().encode()
        try:
            if wanted.kind == "l":
                os.symlink(self._objects.get(wanted.digest), new, dir_fd=parent)
            else:
                file = os.open(new, _NEW, 0o600, dir_fd=parent)
                try:
                    self._objects.copy_to(wanted.digest, file)
                    os.fchmod(file, wanted.mode)
                    os.fsync(file)
                finally:
                    os.close(file)
            if over:
                os.replace(new, name, src_dir_fd=parent, dst_dir_fd=parent)
            else:
                _into_place(new, name, parent)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(new, dir_fd=parent)

    def _leave(self, path: bytes, why: str) -> None:
        self._left.setdefault(path, why)


def _into_place(new: bytes, name: bytes, directory: int) -> None:
    """Give a file its name where there is none of that name yet."""
    try:
        os.link(new, name, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
    except FileExistsError as error:
        raise OSError(errno.EEXIST, "something stands there since") from error
    except OSError:
        # A file system without hard links.
        os.replace(new, name, src_dir_fd=directory, dst_dir_fd=directory)


def _change_mode(directory: int, name: bytes, mode: int, is_kind: Callable[[int], bool]) -> None:
    """Change the mode of what stands at a name, if it is of a kind, and never through a link.

    What was looked at is what is changed, also where something else takes its name meanwhile.
    """
    if not hasattr(os, "O_PATH"):
        if is_kind(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode):
            os.chmod(name, mode, dir_fd=directory, follow_symlinks=False)
        return
    # Needs no right to read it; its own chmod is that of /proc (open(2), O_PATH).
    file = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
    try:
        if is_kind(os.fstat(file).st_mode):
            os.chmod(f"/proc/self/fd/{file}", mode)
    finally:
        os.close(file)


def _look(directory: int, name: bytes) -> Entry | None:
    """What stands at a name now; a directory without its digest."""
    try:
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return None
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISDIR(status.st_mode):
        return Entry("d", mode)
    if stat.S_ISLNK(status.st_mode):
        text = os.readlink(name, dir_fd=directory)
        return Entry("l", 0, len(text), hashlib.sha256(text).hexdigest())
    if not stat.S_ISREG(status.st_mode):
        return Entry("s", mode)
    try:
        file = os.open(name, _FILE, dir_fd=directory)
    except PermissionError:
        return Entry("x", mode)
    try:
        found, size = hashlib.sha256(), 0
        while piece := os.read(file, CHUNK):
            found.update(piece)
            size += len(piece)
    finally:
        os.close(file)
    return Entry("f", mode, size, found.hexdigest())


def _alike(found: Entry | None, wanted: Entry | None) -> bool:
    """Whether a path is what it is to be, but for a directory's mode."""
    if found is not None and wanted is not None and found.kind == "d" == wanted.kind:
        return True
    return found == wanted


def _said(error: OSError) -> str:
    return f"it cannot be changed ({error.strerror})"
