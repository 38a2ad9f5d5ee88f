"""Memories as Markdown: one file each, its facts as front matter, its text below.

A file carries the version it was written from. One that still reads as it was written changes
nothing when it comes back, however old it is; one that was edited changes the memory, and its text
is the person's from then on. Where the memory changed meanwhile, nothing is overwritten.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import yaml

from agent.errors import AgentError
from agent.memory_report import moment
from agent.regular_file import open_regular, read_regular
from agent.remembering import CONFIDENCE
from agent.turn_text import one_line
from memory.database import Database
from memory.errors import NotFound, StorageError
from memory.versions import Memory, MemoryType, Scope, Source, Status

EXPORTED: tuple[Status, ...] = ("active", "quarantined", "forgotten", "pruned")
"""What is exported: not what was superseded or merged, which lives on in others, nor redacted."""

MAX_BYTES = 64 * 1024
"""Longest file that is read: a memory is one fact."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FRONT = re.compile(r"---\r?\n(?P<facts>.*?)\r?\n---(?:\r?\n|\Z)(?P<text>.*)", re.DOTALL)
_CHOICES: dict[str, tuple[str, ...]] = {
    "type": get_args(MemoryType),
    "scope": get_args(Scope),
    "source": get_args(Source),
    "status": EXPORTED,
}
_TIMES = ("created_at", "valid_from", "valid_to")
_EDITABLE = ("text", "type", "scope", "project", "verify", "pinned", "valid_from", "valid_to")


class BadFile(AgentError):
    """A file is no memory; the text says why."""


@dataclass(slots=True)
class Imported:
    """What an import did, by memory id; `refused` has one line for each file left out."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


async def export(database: Database, directory: Path) -> list[Path]:
    """Write each memory to a file of its own below `directory`, which is made if need be.

    Raises:
        OSError: a file cannot be written.
        StorageError: the database cannot be read.
    """
    files = {}
    for memory in await database.memories.list(statuses=EXPORTED):
        if _ID.fullmatch(memory.id) is None:
            raise BadFile(f"memory {memory.id!r} cannot be a file: its id is no file name")
        history = await database.memories.history(memory.id)
        files[directory / f"{memory.id}.md"] = rendered(memory, history[-1].version)
    await asyncio.to_thread(_write, directory, files)
    return list(files)


async def bring_in(database: Database, directory: Path) -> Imported:
    """Take in the Markdown files of a directory; a file left out is no change.

    Raises:
        OSError: the directory cannot be read.
        StorageError: the database cannot be used.
    """
    done = Imported()
    for path in _markdown(directory):
        try:
            await _take(database, path, done)
        except (AgentError, StorageError, OSError) as error:
            done.refused.append(f"{path.name}: {one_line(error)}")
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
    facts: Any = {}
    text = content
    if found is not None:
        try:
            facts = yaml.safe_load(found["facts"]) or {}
        except (yaml.YAMLError, ValueError) as error:
            raise BadFile(f"its front matter is no YAML ({one_line(error)})") from error
        text = found["text"]
    if not isinstance(facts, dict):
        raise BadFile("its front matter is no list of names and values")
    known = {"version", *(item for item in Memory.__dataclass_fields__ if item != "text")}
    if unknown := sorted(set(map(str, facts)) - known):
        raise BadFile(f"its front matter has an unknown name: {unknown[0]}")
    values = {str(key): _value(str(key), value) for key, value in facts.items()}
    version = int(values.pop("version", 0))
    values.setdefault("id", name)
    values.setdefault("source", "user_stated")
    values.setdefault("confidence", CONFIDENCE[values["source"]])
    values.setdefault("scope", "user" if values.get("project") is None else "project")
    if _ID.fullmatch(values["id"]) is None:
        raise BadFile("its id has other characters than letters, digits and . _ -")
    return Memory(text=text.strip(), **values), version


def _write(directory: Path, files: Mapping[Path, str]) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path, content in files.items():
        # What lies at that name may be a link to somewhere else.
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with os.fdopen(open_regular(path, flags), "wb") as file:
            file.write(content.encode())


async def _take(database: Database, path: Path, done: Imported) -> None:
    content = read_regular(path, MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise BadFile(f"it has more than {MAX_BYTES} bytes: a memory is one fact")
    try:
        wanted, version = parsed(content.decode(), path.stem)
    except UnicodeDecodeError as error:
        raise BadFile("it is not UTF-8") from error
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
    if parsed(rendered(base, version), path.stem)[0] == wanted:
        done.unchanged.append(wanted.id)
        return
    if history[-1].version != version:
        raise BadFile(
            f"{wanted.id} changed since it was exported (version {history[-1].version}, not "
            f"{version}): export it again, then edit that"
        )
    origin = parsed(rendered(base, version), path.stem)[0]
    edits = {
        name: getattr(wanted, name)
        for name in _EDITABLE
        if getattr(wanted, name) != getattr(origin, name)
    }
    if not edits or replace(origin, **edits) != wanted:
        raise BadFile(f"only {', '.join(_EDITABLE)} can be edited in a file")
    if "text" in edits:
        edits["confidence"] = CONFIDENCE["user_stated"]
    await database.memories.change(wanted.id, by="import", reason="edited in a file", **edits)
    done.changed.append(wanted.id)


def _markdown(directory: Path) -> Iterable[Path]:
    return sorted(path for path in directory.iterdir() if path.suffix == ".md")


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else moment(seconds)


def _value(name: str, value: Any) -> Any:
    """Check one fact of the front matter.

    Raises:
        BadFile: it is not what this name takes.
    """
    if name in _TIMES or name == "last_confirmed_at":
        return _seconds(name, value)
    if name in _CHOICES and value not in _CHOICES[name]:
        raise BadFile(f"{name} is one of {', '.join(_CHOICES[name])}, not {value!r}")
    kinds: dict[str, type | tuple[type, ...]] = {
        "version": int,
        "message": int,
        "confirmations": int,
        "confidence": (int, float),
        "pinned": bool,
    }
    wanted = kinds.get(name, str)
    if not isinstance(value, wanted) or (wanted is not bool and isinstance(value, bool)):
        raise BadFile(f"{name} cannot be {value!r}")
    return value


def _seconds(name: str, value: Any) -> float:
    # YAML reads a time that is not quoted as one.
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise BadFile(f"{name} is a time such as 2026-01-31T12:00:00Z, not {value!r}") from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
