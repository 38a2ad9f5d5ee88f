"""What lasts: sessions, transcripts, the journal, usage and memories, in one SQLite file."""

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
from memory.memories import Memories, MemoryUsage
from memory.redaction import Redaction
from memory.sessions import SessionRecord, Sessions
from memory.transcript import Attachment, AttachmentReference, Row
from memory.usage import UsageTotals
from memory.versions import Memory, Version

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
    "Memories",
    "Memory",
    "MemoryUsage",
    "NotFound",
    "Redaction",
    "Row",
    "SessionRecord",
    "Sessions",
    "StorageError",
    "UsageTotals",
    "Version",
]
