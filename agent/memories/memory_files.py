"""Memories as Markdown: one file each, its facts as front matter, its text below.

A file carries the version it was written from. One that still reads as it was written changes
nothing when it comes back, however old it is; one that was edited changes the memory, and its text
is the person's from then on. Where the memory changed meanwhile, nothing is overwritten.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import yaml

from agent.context.turn_text import one_line
from agent.errors import AgentError
from agent.files.regular_file import open_regular
from agent.memories.memory_report import moment
from agent.memories.remembering import CONFIDENCE
from memory.database import Database
from memory.errors import NotFound, StorageError
from memory.memories import MAX_CHARACTERS
from memory.versions import Memory, MemoryType, Scope, Source, Status

EXPORTED: tuple[Status, ...] = ("active", "quarantined", "forgotten", "pruned")
"""What is exported: not what was superseded or merged, which lives on in others, nor redacted."""

MAX_BYTES = 64 * 1024
"""Longest file that is read: a memory is one fact."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FRONT = re.compile(r"---\r?\n(?P<facts>.*?)\r?\n---(?:\r?\n|\Z)(?P<text>.*)", re.DOTALL)
_TIMES = ("created_at", "valid_from", "valid_to")
_EDITABLE = ("text", "type", "scope", "project", "verify", "pinned", "valid_from", "valid_to")


MAX_DEPTH = 4
"""Nested lists and mappings that are read before a file is given up; a memory has none."""

FIRST, LAST = datetime.min + timedelta(days=1), datetime.max - timedelta(days=1)
"""Times (UTC) that a file may say: those that can be shown in every time zone."""


class BadFile(AgentError):
    """A file is no memory; the text says why."""


@dataclass(slots=True)
class Imported:
    """What an import did, by memory id; `refused` has one line for each file left out."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Exported:
    """What an export wrote; `refused` has one line for each file that it left as it was."""

    files: list[Path] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


async def export(database: Database, directory: Path) -> Exported:
    """Write each memory to a file of its own below `directory`, which is made if need be.

    A file of that name that is anything but a memory as it was exported, such as one that was
    edited since, is left as it is.

    Raises:
        OSError: a file cannot be written.
        StorageError: the database cannot be read.
    """
    files: dict[Path, list[tuple[Memory, int]]] = {}
    for memory in await database.memories.list(statuses=EXPORTED):
        if _ID.fullmatch(memory.id) is None:
            raise BadFile(f"memory {memory.id!r} cannot be a file: its id is no file name")
        history = await database.memories.history(memory.id)
        files[directory / f"{memory.id}.md"] = [
            (one.memory, one.version) for one in history if one.memory is not None
        ]
    return await asyncio.to_thread(_write, directory, files)


async def bring_in(database: Database, directory: Path) -> Imported:
    """Take in the Markdown files of a directory; a file left out is no change.

    Links are not followed: what a directory brings is what lies in it.

    Raises:
        OSError: the directory cannot be read.
        StorageError: the database cannot be used.
    """
    done = Imported()
    for path in await asyncio.to_thread(_markdown, directory):
        try:
            wanted, version = await asyncio.to_thread(_read, path)
            await _take(database, path, wanted, version, done)
        except (AgentError, StorageError, OSError) as error:
            name = " ".join(path.name.encode(errors="replace").decode().split())
            done.refused.append(f"{name}: {one_line(error)}")
    return done


def rendered(memory: Memory, version: int) -> str:
    """A memory at a version as the content of its file."""
    facts: dict[str, Any] = {
        "id": memory.id,
        "version": version,
        "type": memory.type,
        "scope": memory.scope,
        "project": memory.project,
        "source": memory.source,
        "status": memory.status,
        "confidence": memory.confidence,
        "pinned": memory.pinned,
        "quote": memory.quote,
        "verify": memory.verify,
    }
    facts |= {name: _iso(getattr(memory, name)) for name in _TIMES}
    kept = {name: value for name, value in facts.items() if value not in (None, "")}
    text = yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=1_000)
    return f"---\n{text}---\n\n{memory.text}\n"


def parsed(content: str, name: str) -> tuple[Memory, int]:
    """Read a file's content: the memory in it, and the version it says it was, 0 for none.

    Args:
        content: the file.
        name: what the memory is called when it does not say so itself.

    Raises:
        BadFile: it cannot be read as a memory.
    """
    found = _FRONT.fullmatch(content)
    facts = {} if found is None else _facts(found["facts"])
    text = content if found is None else found["text"]
    if unknown := sorted(facts.keys() - _READ.keys()):
        raise BadFile(f"its front matter has an unknown name: {_short(unknown[0])}")
    values = {key: _READ[key](key, value) for key, value in facts.items()}
    version = values.pop("version", 0)
    values.setdefault("id", name)
    values.setdefault("source", "user_stated")
    values.setdefault("confidence", CONFIDENCE[values["source"]])
    values.setdefault("scope", "user" if values.get("project") is None else "project")
    if _ID.fullmatch(values["id"]) is None:
        raise BadFile("its id has other characters than letters, digits and . _ -")
    return Memory(text=text.strip(), **values), version


def _facts(text: str) -> dict[str, str]:
    """The names and values of a front matter, all as they are written.

    Raises:
        BadFile: it is anything but one flat list of them.
    """
    depth, flat = 0, True
    try:
        # By its events first, which nest and repeat nothing: an alias may stand for gigabytes.
        for event in yaml.parse(text, Loader=yaml.BaseLoader):
            if isinstance(event, yaml.AliasEvent):
                raise BadFile("its front matter has an alias (*name): write the value itself")
            if isinstance(event, yaml.CollectionStartEvent):
                flat &= depth == 0 and isinstance(event, yaml.MappingStartEvent)
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                raise BadFile(f"its front matter is nested deeper than {MAX_DEPTH}")
        if not flat:
            raise BadFile("its front matter is no list of names and values")
        facts = yaml.load(text, Loader=yaml.BaseLoader) or {}  # noqa: S506 - it makes text alone
    except BadFile:
        raise
    except Exception as error:
        # Whatever the parser makes of a stranger's text, the other files are still to be read.
        raise BadFile(f"its front matter is no YAML ({_short(one_line(error))})") from error
    if not isinstance(facts, dict):
        raise BadFile("its front matter is no list of names and values")
    return facts


def _write(directory: Path, files: Mapping[Path, Sequence[tuple[Memory, int]]]) -> Exported:
    """Write the last version of each memory to its file, unless that says what no version does."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    done = Exported()
    for path, versions in files.items():
        there = _content(path)
        if there is not None and not _known(there, path.stem, versions):
            done.refused.append(
                f"{path.name}: it was edited, or is no export: import it or move it away first"
            )
            continue
        # Beside it first: an end in between must not leave half of it.
        descriptor, beside = tempfile.mkstemp(dir=directory, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(rendered(*versions[-1]).encode())
            Path(beside).replace(path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
        done.files.append(path)
    return done


def _known(content: bytes, name: str, versions: Sequence[tuple[Memory, int]]) -> bool:
    """Whether all that can be edited in a file is as it was in some version."""
    if content in [rendered(*version).encode() for version in versions]:
        return True
    try:
        there = parsed(content.decode(), name)[0]
        known = [parsed(rendered(*version), name)[0] for version in versions]
    except (BadFile, UnicodeDecodeError):
        return False
    return any(
        all(getattr(there, item) == getattr(one, item) for item in _EDITABLE) for one in known
    )


def _content(path: Path) -> bytes | None:
    """What a file holds, at most a little more than a memory may; None where there is none."""
    try:
        # What lies at that name may be a link to somewhere else.
        descriptor = open_regular(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MAX_BYTES + 1)


def _read(path: Path) -> tuple[Memory, int]:
    try:
        content = _content(path) or b""
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise BadFile("it is a link, and links are not followed") from error
        raise
    if len(content) > MAX_BYTES:
        raise BadFile(f"it has more than {MAX_BYTES} bytes: a memory is one fact")
    try:
        return parsed(content.decode(), path.stem)
    except UnicodeDecodeError as error:
        raise BadFile("it is not UTF-8") from error


async def _take(
    database: Database, path: Path, wanted: Memory, version: int, done: Imported
) -> None:
    try:
        history = await database.memories.history(wanted.id)
    except NotFound:
        added = await database.memories.add(wanted, by="import", reason="imported")
        (done.added if added.id == wanted.id else done.unchanged).append(added.id)
        return
    if version == 0:
        raise BadFile(f"there is a memory {wanted.id} already: give the file another name")
    base = next((one.memory for one in history if one.version == version), None)
    if base is None:
        raise BadFile(f"version {version} of {wanted.id} is not known here")
    origin = (await asyncio.to_thread(parsed, rendered(base, version), path.stem))[0]
    if origin == wanted:
        done.unchanged.append(wanted.id)
        return
    if history[-1].version != version:
        raise BadFile(
            f"{wanted.id} changed since it was exported (version {history[-1].version}, not "
            f"{version}): export it again, then edit that"
        )
    edits = {
        name: getattr(wanted, name)
        for name in _EDITABLE
        if getattr(wanted, name) != getattr(origin, name)
    }
    if not edits or replace(origin, **edits) != wanted:
        raise BadFile(f"only {', '.join(_EDITABLE)} can be edited in a file")
    if "text" in edits:
        edits["confidence"] = CONFIDENCE["user_stated"]
    await database.memories.change(
        wanted.id, by="import", reason="edited in a file", version=version, **edits
    )
    done.changed.append(wanted.id)


def _markdown(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if path.suffix == ".md")


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else moment(seconds)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"


def _text(name: str, value: str) -> str:
    if len(value) > MAX_CHARACTERS:
        raise BadFile(f"{name} has more than {MAX_CHARACTERS} characters")
    return value


def _place(name: str, value: str) -> str:
    if not value.startswith("/") or "\0" in value or ".." in Path(value).parts:
        raise BadFile(f"{name} is the path of a directory from / on, not {_short(value)!r}")
    return _text(name, value)


def _chosen(*choices: str) -> Callable[[str, str], str]:
    def read(name: str, value: str) -> str:
        if value not in choices:
            raise BadFile(f"{name} is one of {', '.join(choices)}, not {_short(value)!r}")
        return value

    return read


def _version(name: str, value: str) -> int:
    if re.fullmatch(r"[0-9]{1,15}", value) is None:
        raise BadFile(f"{name} cannot be {_short(value)!r}: it is a whole number")
    return int(value)


def _share(name: str, value: str) -> float:
    try:
        found = float(value)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise BadFile(f"{name} cannot be {_short(value)!r}: it is a number from 0 to 1")
    return found


def _yes(name: str, value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise BadFile(f"{name} cannot be {_short(value)!r}: it is true or false")
    return value.lower() == "true"


def _seconds(name: str, value: str) -> float:
    try:
        found = datetime.fromisoformat(value)
        utc = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadFile(
            f"{name} is a time such as 2026-01-31T12:00:00Z, not {_short(value)!r}"
        ) from error
    if not FIRST <= utc.replace(tzinfo=None) <= LAST:
        raise BadFile(f"{name} is a time within the years 1 to 9999, not {_short(value)!r}")
    return utc.timestamp()


_READ: dict[str, Callable[[str, str], Any]] = {
    "id": _text,
    "version": _version,
    "type": _chosen(*get_args(MemoryType)),
    "scope": _chosen(*get_args(Scope)),
    "project": _place,
    "source": _chosen(*get_args(Source)),
    "status": _chosen(*EXPORTED),
    "confidence": _share,
    "pinned": _yes,
    "quote": _text,
    "verify": _text,
    **dict.fromkeys(_TIMES, _seconds),
}
"""What a file may say, which is what an export writes, and how each is read."""
