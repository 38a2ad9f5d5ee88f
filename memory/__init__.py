"""What lasts: sessions, transcripts, the journal and usage, in one SQLite file."""

from memory.database import Database
from memory.errors import (
    AlreadyRecorded,
    ChainBroken,
    DatabaseClosed,
    DatabaseLocked,
    DatabaseReadOnly,
    DatabaseTooNew,
    DatabaseUnfinished,
    DatabaseUnreadable,
    DiskFull,
    FileGone,
    InvalidRecord,
    NotFound,
    StorageError,
)
from memory.journal import Entry, Journal
from memory.sessions import SessionRecord, Sessions
from memory.transcript import Attachment, AttachmentReference, Row
from memory.usage import UsageTotals

__all__ = [
    "AlreadyRecorded",
    "Attachment",
    "AttachmentReference",
    "ChainBroken",
    "Database",
    "DatabaseClosed",
    "DatabaseLocked",
    "DatabaseReadOnly",
    "DatabaseTooNew",
    "DatabaseUnfinished",
    "DatabaseUnreadable",
    "DiskFull",
    "Entry",
    "FileGone",
    "InvalidRecord",
    "Journal",
    "NotFound",
    "Row",
    "SessionRecord",
    "Sessions",
    "StorageError",
    "UsageTotals",
]
