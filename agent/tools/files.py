"""The file tools: paths, diffs, and reading and writing without surprises.

Paths are resolved (symbolic links included) before they are judged; what is read or written then
goes by `agent.tools.placing`, which follows no link.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import stat
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from agent.actions import ReadFile, WriteFile
from agent.errors import AgentError
from agent.files.line_diff import unified
from agent.files.shared_files import Seen
from agent.sessions.session import clean
from agent.steps.steps import Lines, Matches, Names, Plain, Step
from agent.tools.inputs import FileEdit, FileList, FileRead, FileSearch, FileWrite
from agent.tools.placing import place, reached
from agent.tools.search_program import MAX_MATCHES

Input = FileEdit | FileList | FileRead | FileSearch | FileWrite

MAX_EDIT_BYTES = 8 * 1024 * 1024
"""Largest file that is edited or replaced through the tools."""

MAX_LINE = 2000
"""Characters of one line that are shown; minified files have lines of megabytes."""

MAX_NAMES = 1000
SEARCH_SECONDS = 10.0
MASK = "‹secret masked›"


class FileRefused(AgentError):
    """A file tool cannot do what was asked; the text goes to the model."""


def resolve(path: str, directory: Path) -> Path:
    """Make a path absolute and free of symbolic links; `~` is the home directory.

    Raises:
        FileRefused: it cannot be a path.
    """
    try:
        given = Path(clean(path)).expanduser()
        return (directory / given).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise FileRefused(f"{path}: not a usable path ({error})") from error


def plan(tool: Input, directory: Path, seen: Seen | None = None) -> Step:
    """Say what a file tool use comes to; reads the file for an edit, changes nothing.

    Args:
        tool: what is wanted.
        directory: where relative paths begin.
        seen: what the agent knows of files, None where that does not matter.

    Raises:
        FileRefused: the edit does not fit, the file is no text, or it changed since it was read.
    """
    path = resolve(tool.path, directory)
    shown = _shown(path, directory)
    match tool:
        case FileRead():
            return Step(ReadFile(path), Lines(tool.offset, tool.limit), title=shown)
        case FileList():
            return Step(ReadFile(path), Names(), title=shown)
        case FileSearch():
            return Step(
                ReadFile(path), Matches(tool.pattern, tool.glob), title=f"{tool.pattern} in {shown}"
            )
        case FileWrite():
            before = _fresh(path, shown, seen) if path.exists() else None
            return _write(path, shown, before, clean(tool.content), tool.why)
        case FileEdit():
            if not path.exists():
                raise FileRefused(f"{shown} does not exist; create it with file_write")
            before = _fresh(path, shown, seen)
            return _write(path, shown, before, _edited(tool, shown, before), tool.why)


def _fresh(path: Path, shown: str, seen: Seen | None) -> str:
    """Read a file to be changed that must be the one that the agent knows, if it has read it."""
    text = read_whole(path)
    if seen is not None and seen.is_stale(path, sha256(text.encode("utf-8"))):
        raise FileRefused(f"{shown} changed since you read it; read it again, then change it")
    return text


def _edited(tool: FileEdit, shown: str, before: str) -> str:
    count = before.count(tool.old_text)
    if count == 0:
        raise FileRefused(f"{shown}: old_text is not in the file; read it again and copy exactly")
    if count > 1:
        raise FileRefused(f"{shown}: old_text is there {count} times; take more text around it")
    if tool.old_text == tool.new_text:
        raise FileRefused(f"{shown}: old_text and new_text are the same")
    return before.replace(tool.old_text, clean(tool.new_text), 1)


def _write(path: Path, shown: str, before: str | None, after: str, why: str) -> Step:
    if after.count(MASK) > (before or "").count(MASK):
        raise FileRefused(f"{shown}: {MASK} stands for a secret; change the file around it instead")
    diff = unified_diff(before or "", after, shown)
    digest = "" if before is None else sha256(before.encode("utf-8"))
    action = WriteFile(path, after, digest, diff)
    return Step(action, Plain(), title=shown, intent=" ".join(why.split()), diff=diff)


def unified_diff(before: str, after: str, name: str) -> str:
    """Unified diff with three lines of context, empty when nothing changes."""
    lines = unified(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{name}",
        f"b/{name}",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def sha256(content: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(content).hexdigest()


def read_whole(path: Path) -> str:
    """Read a text file to be changed, byte for byte.

    Raises:
        FileRefused: it is no regular UTF-8 text file of a sensible size.
        OSError: it cannot be read.
    """
    size = _regular(path, path.stat()).st_size
    if size > MAX_EDIT_BYTES:
        raise FileRefused(f"{path}: {size:,} bytes are too many for this tool; use the terminal")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileRefused(f"{path} is not UTF-8 text; use the terminal") from error
    if "\x00" in text:
        raise FileRefused(f"{path} is a binary file; use the terminal")
    return text


def _regular(path: Path, status: os.stat_result) -> os.stat_result:
    if stat.S_ISDIR(status.st_mode):
        raise FileRefused(f"{path} is a directory")
    if not stat.S_ISREG(status.st_mode):
        raise FileRefused(f"{path} is not a regular file")
    return status


def fingerprint(path: Path) -> str | None:
    """SHA-256 (hex) of a file that these tools could change; None of any other.

    Raises:
        FileChanged: the path leads elsewhere by now.
        OSError: it cannot be read.
    """
    with reached(path) as handle:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_EDIT_BYTES:
            return None
        with os.fdopen(handle, "rb", closefd=False) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def read_lines(path: Path, how: Lines) -> str:
    """Numbered lines of a text file; bytes that are no UTF-8 are replaced.

    Raises:
        FileRefused: it is no regular file.
        FileChanged: the path leads elsewhere by now.
        OSError: it cannot be read.
    """
    with reached(path) as handle:
        size = _regular(path, os.fstat(handle)).st_size
        if b"\x00" in os.pread(handle, 8192, 0):
            return f"{path} is a binary file of {size:,} bytes"
        return _numbered(path, handle, how, size)


def _numbered(path: Path, handle: int, how: Lines, size: int) -> str:
    with os.fdopen(handle, encoding="utf-8", errors="replace", newline="\n", closefd=False) as text:
        wanted = [
            f"{number}\t{_cut_line(line)}"
            for number, line in enumerate(
                islice(text, how.offset - 1, how.offset - 1 + how.limit), how.offset
            )
        ]
        more = bool(wanted) and text.readline() != ""
    if not wanted:
        return f"{path}: no line {how.offset}" if size else f"{path} is empty"
    if more:
        wanted.append(f"[more lines follow: file_read with offset {how.offset + len(wanted)}]")
    return "\n".join(wanted)


def _cut_line(line: str) -> str:
    line = line.rstrip("\n")
    if len(line) <= MAX_LINE:
        return line
    return f"{line[:MAX_LINE]}[{len(line) - MAX_LINE:,} more characters in this line]"


def list_names(path: Path) -> str:
    """Names in a directory, sorted: directories with a slash, files with their size in bytes."""
    with reached(path) as handle, os.scandir(handle) as found:
        entries = sorted(islice(found, 100_000), key=lambda entry: entry.name)
        lines = [_entry(entry, handle) for entry in entries[:MAX_NAMES]]
    if len(entries) > MAX_NAMES:
        lines.append(f"[{len(entries) - MAX_NAMES:,} more names; use the terminal]")
    return "\n".join(lines) or "(empty directory)"


def _entry(entry: os.DirEntry[str], directory: int) -> str:
    name = clean(entry.name)
    try:
        if entry.is_symlink():
            return f"{name} -> {clean(os.readlink(entry.name, dir_fd=directory))}"
        if entry.is_dir():
            return f"{name}/"
        return f"{name}\t{entry.stat().st_size}"
    except OSError:
        return f"{name}\t?"


async def search(path: Path, how: Matches, *, hidden: Callable[[str], bool] | None = None) -> str:
    """Search text files, in a process of its own: a bad expression must not hold the engine.

    Args:
        path: a file, or the directory below which to search.
        how: what to look for.
        hidden: says of a file that it must not be shown without a decision of its own.

    Raises:
        FileRefused: the expression is invalid, or took too long.
        FileChanged: the path leads elsewhere by now.
    """
    await asyncio.to_thread(_must_lead_there, path)
    request = json.dumps({"root": str(path), "pattern": how.pattern, "glob": how.glob})
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-S",
        str(Path(__file__).with_name("search_program.py")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=16 * 1024 * 1024,
    )
    try:
        async with asyncio.timeout(SEARCH_SECONDS):
            output, _ = await process.communicate(request.encode())
    except TimeoutError as error:
        raise FileRefused(
            f"the search took more than {SEARCH_SECONDS:g} s; narrow path, glob or pattern"
        ) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        answer = json.loads(output)
    except ValueError as error:
        raise FileRefused("the search ended without a result; narrow path or pattern") from error
    if "error" in answer:
        raise FileRefused(str(answer["error"]))
    found: list[tuple[str, str]] = answer["found"]
    shown = [line for file, line in found if hidden is None or not hidden(file)]
    if len(found) >= MAX_MATCHES:
        shown.append(f"[stopped at {MAX_MATCHES} matches; narrow the search]")
    if len(shown) < len(found):
        shown.append("[matches in files with credentials are not shown; read such a file to ask]")
    return clean("\n".join(shown)) or "no match"


def _must_lead_there(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError, PermissionError), reached(path):
        pass


def write(action: WriteFile) -> None:
    """Put `content` in place at once, by the judged path and no other.

    Raises:
        FileChanged: the path or the file is not the judged one any more; nothing was written.
        OSError: it cannot be written.
    """
    place(action.path, action.content.encode("utf-8"), action.before)


def _shown(path: Path, directory: Path) -> str:
    try:
        return str(path.relative_to(directory.resolve()))
    except ValueError:
        return str(path)
