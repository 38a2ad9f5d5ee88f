"""A session as Markdown: what was said and done in it, without secrets, for people and tools."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue, ValidationError

from agent.errors import AgentError
from agent.protocol.conversation import Block, BlockKind, ToolCall
from tungsten.recordings.masking import mask
from tungsten.screen.printable import clean, one_line

if TYPE_CHECKING:
    from agent.protocol.commands.sessions import ExportSession
    from memory.database import Database
    from memory.sessions import SessionRecord
    from memory.transcript import Row

MODE = 0o600
"""Only the owner reads it: a conversation may hold what no mask knows."""


class NotExported(AgentError):
    """A session cannot be found, or its file not be written."""


async def carry_out(command: ExportSession, database: Database) -> dict[str, JsonValue]:
    """Write a session into a file."""
    text = await exported(database, await find(database, command.agent_id))
    path = Path(command.file)
    if not path.is_absolute():
        raise NotExported(f"Give the file whole, from / on, not {command.file!r}.")
    written = await asyncio.to_thread(write, path, text, overwrite=command.overwrite)
    return {"file": str(path), "exists": not written}


async def find(database: Database, named: str) -> SessionRecord:
    """The session of this id, of an id that begins so, or the newest of this name.

    Raises:
        NotExported: there is none, or several begin so.
    """
    records = (await database.sessions.list())[::-1]
    found = [each for each in records if each.id == named]
    found = found or [each for each in records if each.name == named][:1]
    found = found or [each for each in records if named and each.id.startswith(named)]
    if not found:
        raise NotExported(f"No session is called {named}: tungsten sessions lists them.")
    if len(found) > 1:
        raise NotExported(f"The ids of {len(found)} sessions begin with {named}: give more of it.")
    return found[0]


async def exported(database: Database, record: SessionRecord) -> str:
    """A session as Markdown, as far as it is stored; what was forgotten is left out."""
    rows = await database.sessions.rows(record.id)
    return await asyncio.to_thread(markdown, record, blocks_of(rows))


def blocks_of(rows: Iterable[Row]) -> list[Block]:
    """The blocks that rows hold, in their order as they were shown."""
    found: dict[int, Block] = {}
    for row in rows:
        if row.role != "event" or row.tombstoned:
            continue
        event = json.loads(row.payload)
        if isinstance(event, dict) and event.get("type") == "block":
            # What another version wrote may not fit; the rest is still worth reading.
            with contextlib.suppress(ValidationError):
                block = Block.model_validate(event["block"])
                found[block.id] = block
    return [found[number] for number in sorted(found)]


def markdown(record: SessionRecord, blocks: Sequence[Block]) -> str:
    """Write a session's blocks as Markdown."""
    name = one_line(record.name)
    facts = [
        ("Session", _code(record.id)),
        ("Directory", _code(one_line(record.directory))),
        ("Model", _code(one_line(record.model)) if record.model else ""),
        ("Begun", _when(record.created_at)),
        ("Forked from", _code(record.forked_from) if record.forked_from else ""),
    ]
    parts = [f"# {name}", "\n".join(f"- {what}: {value}" for what, value in facts if value)]
    speaker = ""
    for block in blocks:
        who = "You" if block.kind is BlockKind.USER else name
        if who != speaker or block.kind is BlockKind.USER:
            parts.append(f"## {who}\n\n*{_when(block.at)}*")
            speaker = who
        parts.append(_written(block))
    return mask(clean("\n\n".join(part for part in parts if part))) + "\n"


def _written(block: Block) -> str:
    text = block.text.strip()
    match block.kind:
        case BlockKind.TOOL:
            return _tool(block.tool) if block.tool is not None else ""
        case BlockKind.THINKING:
            if not text:
                return ""
            return f"<details>\n<summary>Thinking</summary>\n\n{_fenced(text)}\n\n</details>"
        case BlockKind.NOTICE:
            return _quoted(text)
        case BlockKind.ERROR:
            return _quoted(f"**Error:** {text}")
        case _:
            return _beneath(text)


_HEADING = re.compile(r"^( {0,3})(#{1,6})(?=[ \t]|$)")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)$")
_TAG = re.compile(r"<(?=/?(h[1-6]|details|summary)\b|!--)", re.IGNORECASE)


def _beneath(text: str) -> str:
    """Keep what somebody wrote below the heading that says who it was.

    Only the export's own headings are of the first two levels, so that none within a text looks
    like the beginning of another one's; what is open at its end is closed.
    """
    lines: list[str] = []
    fence, before = "", ""
    for line in text.splitlines():
        found = _FENCE.match(line)
        if fence:
            if found and found[1].startswith(fence) and not found[2].strip():
                fence = ""
            lines.append(line)
            continue
        if found and not ("`" in found[1] and "`" in found[2]):
            fence = found[1]
        elif before.strip() and _UNDERLINE.match(line):
            line = f"\\{line.lstrip()}"
        else:
            line = _HEADING.sub(lambda its: f"{its[1]}{('##' + its[2])[:6]}", line, count=1)
            line = _TAG.sub("&lt;", line)
        lines.append(line)
        before = line
    return "\n".join([*lines, *([fence] if fence else [])])


def _tool(tool: ToolCall) -> str:
    lines = tool.title.strip().splitlines()
    heading = f"**{tool.name}**" + (f" {_code(one_line(tool.title))}" if len(lines) == 1 else "")
    facts = [tool.decision or tool.status.value]
    if tool.exit_status is not None:
        facts.append(f"exit {tool.exit_status}")
    if tool.seconds is not None:
        facts.append(f"{tool.seconds:.1f} s")
    parts = [f"{heading} ({', '.join(map(one_line, facts))})"]
    if len(lines) > 1:
        parts.append(_fenced(tool.title))
    if tool.diff.strip():
        parts.append(_fenced(tool.diff, "diff"))
    elif tool.result.strip():
        parts.append(_fenced(tool.result))
    return "\n\n".join(parts)


def _fenced(text: str, language: str = "") -> str:
    """A code block that nothing in the text can end."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _code(text: str) -> str:
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    mark = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{mark}{space}{text}{space}{mark}"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _when(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M")


def file_name(name: str, session_id: str) -> str:
    """What a session's file is called where nobody says otherwise."""
    safe = re.sub(r"[^\w.-]+", "-", name).strip("-.")[:40] or "session"
    return f"{safe}-{session_id[:6]}.md"


def write(path: Path, text: str, *, overwrite: bool = False) -> bool:
    """Write a file whole or not at all; False, and nothing written, where there is one already.

    Raises:
        NotExported: it cannot be written.
    """
    if "\0" in str(path):
        raise NotExported("A file's name holds no NUL: choose another name.")
    claimed, name = False, ""
    try:
        if path.is_dir():
            raise NotExported(f"{path} is a directory: name a file in it.")
        if not overwrite:
            # Unlike a look before, this never takes the place of what is there.
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE))
            claimed = True
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
        claimed, name = False, ""
    except FileExistsError:
        return False
    except OSError as error:
        raise NotExported(
            f"{path} cannot be written ({error.strerror}): choose another place."
        ) from error
    finally:
        for left in (name, str(path) if claimed else ""):
            if left:
                with contextlib.suppress(OSError):
                    Path(left).unlink()
    return True
