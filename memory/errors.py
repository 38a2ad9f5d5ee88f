"""What can go wrong in storage: one error per decision a caller can take, each one clear line."""

from __future__ import annotations

from pathlib import Path


class StorageError(Exception):
    """Base of all errors of this room; `str()` says what is wrong and the way out."""


class DatabaseLocked(StorageError):
    """Another process held the write lock longer than the busy timeout; trying again is safe."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is locked by another process: wait for it or stop it, then try again"
        )


class DatabaseTooNew(StorageError):
    """A newer version of the program has migrated the file; nothing was changed."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"{path} was written by a newer Tungsten (schema {found}, this one knows {known}): "
            "upgrade Tungsten, or set TUNGSTEN_HOME to another directory"
        )
        self.found = found
        self.known = known


class DatabaseUnreadable(StorageError):
    """The file is damaged, or no database of this program; it is left as it is."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be read ({reason}): move it away to start afresh, "
            "or put a backup in its place; nothing was deleted"
        )


class DatabaseUnfinished(StorageError):
    """The file was begun and holds nothing yet: making it was cut short, as by a full disk."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} was begun but never finished, perhaps because the disk was full: free some "
            "disk space, then start Tungsten again, which finishes it; nothing was lost"
        )


class DatabaseReadOnly(StorageError):
    """The file or its directory may not be written."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} cannot be written: check the permissions of the file and of its directory"
        )


class DiskFull(StorageError):
    """No space was left; the write was undone as a whole."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"no space left for {path}: free some disk space, then try again; nothing was lost"
        )


class FileGone(StorageError):
    """What was opened lies no longer at its path: what is written there now, nobody ever finds."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} was deleted or replaced while it was in use: nothing more is done; "
            "put the directory back if you can, then start Tungsten again"
        )


class DatabaseClosed(StorageError):
    """The database was used after `close`."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is closed already: open it again first")


class ChainBroken(StorageError):
    """A log differs from what was written: a row was changed, removed or put in."""

    def __init__(self, log: str, seq: int, reason: str) -> None:
        super().__init__(
            f"{log} was changed from outside at row {seq} ({reason}): "
            "restore a backup, or start a new session"
        )
        self.log = log
        self.seq = seq


class NotFound(StorageError):
    """There is no such session, row, entry or attachment."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} does not exist: it may have been removed, list what there is")


class AlreadyRecorded(StorageError):
    """Something that happens once was recorded before."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is already recorded: it happens once, use a new id")


class InvalidRecord(StorageError):
    """A value cannot be stored as it is."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"cannot store this: {reason}")


class ChangedMeanwhile(StorageError):
    """Somebody else was faster: what was looked at is no longer what is there."""

    def __init__(self) -> None:
        super().__init__(
            "it was changed meanwhile: look at it again, then edit; nothing was changed"
        )


class QueryRefused(StorageError):
    """A question is more than SQLite answers; the file is as it should be."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the store cannot be asked this ({reason}): ask with fewer words")
