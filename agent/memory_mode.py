"""How much memory the person wants, changed while the engine runs and kept in their settings."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from agent.config import ConfigError, read_table
from agent.errors import AgentError

if TYPE_CHECKING:
    from agent.engine_parts import Parts
    from agent.protocol.memory import Mode

_TABLE = re.compile(r"^[ \t]*\[[ \t]*dream[ \t]*\][^\n]*(?:\n|\Z)", re.MULTILINE)
_NEXT = re.compile(r"^[ \t]*\[", re.MULTILINE)
_MODE = re.compile(r"""^([ \t]*mode[ \t]*=[ \t]*)(?:"[^"\n]*"|'[^'\n]*')""", re.MULTILINE)
_DOTTED = re.compile(
    r"""^([ \t]*dream[ \t]*\.[ \t]*mode[ \t]*=[ \t]*)(?:"[^"\n]*"|'[^'\n]*')""", re.MULTILINE
)


class ModeNotKept(AgentError):
    """The settings cannot be changed by themselves."""


async def change(parts: Parts, mode: Mode) -> Path:
    """Keep a mode in the settings, then have everything follow it; returns the file.

    Raises:
        ModeNotKept: the file cannot be read or written; nothing was changed then.
    """
    # One after the other: what is followed is what the file says.
    async with parts.dream.changing:
        file = await asyncio.to_thread(keep, parts.paths.config_file, mode)
        parts.agents.change_memory_mode(mode)
        await parts.remembering.change_mode(mode)
        await parts.dream.change_mode(mode)
    return file


def keep(file: Path, mode: Mode) -> Path:
    """Write `[dream] mode` into a settings file and leave every other byte of it as it is.

    Raises:
        ModeNotKept: it cannot be read or written, or is written in a way that is not understood.
    """
    try:
        text, values = read_table(file)
        changed = edited(text, mode)
        wanted = {**values, "dream": {**values.get("dream", {}), "mode": mode}}
        if tomllib.loads(changed) != wanted:
            raise ModeNotKept(f'{file} is left as it is: set mode = "{mode}" below [dream] there')
        _replace(file.resolve(), changed)
    except (ConfigError, OSError, tomllib.TOMLDecodeError) as error:
        raise ModeNotKept(f"the mode is not changed: {error}") from error
    return file


def edited(text: str, mode: Mode) -> str:
    """The text of a settings file with another mode; that it says what it should is not checked."""
    if _DOTTED.search(text):
        return _DOTTED.sub(rf'\g<1>"{mode}"', text, count=1)
    table = _TABLE.search(text)
    if table is None:
        gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
        return f'{text}{gap}[dream]\nmode = "{mode}"\n'
    after = _NEXT.search(text, table.end())
    end = after.start() if after is not None else len(text)
    body = text[table.end() : end]
    if _MODE.search(body):
        body = _MODE.sub(rf'\g<1>"{mode}"', body, count=1)
    else:
        start = "" if table.group().endswith("\n") else "\n"
        body = f'{start}mode = "{mode}"\n{body}'
    return text[: table.end()] + body + text[end:]


def _replace(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o600
    descriptor, beside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".new")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            os.fchmod(descriptor, mode)
            stream.write(text)
            stream.flush()
            os.fsync(descriptor)
        Path(beside).replace(file)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
