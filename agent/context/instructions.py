"""Project instructions: AGENTS.md and CLAUDE.md, as they are on disk right now.

They come from the person's own configuration directory and from each directory between the top of
the git work tree and the agent's directory, outermost first, so that the nearest has the last
word. A line that is `@path` and nothing else brings in another document.

What a repository says is sent to a model without anyone being asked, so a repository may only
bring in documents of its own: a path that leaves it, also through a link, is noted and not read.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agent.files.regular_file import read_regular

NAMES = ("AGENTS.md", "CLAUDE.md")
"""Files read in each directory, in this order."""

MAX_FILE_BYTES = 64 * 1024
"""Longest part of one file that is read; some 16,000 tokens."""

MAX_TOTAL_BYTES = 192 * 1024
"""Longest text of all files together."""

MAX_DEPTH = 5
"""How many files deep imports may nest."""

MAX_FILES = 40
"""How many files are read in all."""

MAX_PASSED = 1_000
"""Directories and links on the way to one file; the system itself follows 40 links."""

IMPORTABLE = frozenset({".md", ".mdc", ".markdown", ".rst", ".txt"})
"""What may be imported: documents, not files that hold settings or keys."""

BYTES_PER_TOKEN = 4
"""Rough size of a token of English text and code; good to about a quarter."""

_IMPORT = re.compile(r"\s*@(?P<path>(?:\\ |\S)+)\s*")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")


@dataclass(frozen=True, slots=True)
class InstructionText:
    """One file in force: its text with imports in place, and an estimate of its tokens."""

    path: Path
    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Instructions:
    """All files in force; `text` is what an agent is told, empty when there are none.

    `notes` has one line for each file that was left out or cut. `read` are all files that were
    read, imports too, and every directory and link on the way to them; `has_other_names` says that
    one of them is a hard link, which may be written by another name.
    """

    files: tuple[InstructionText, ...] = ()
    text: str = ""
    sha256: str = hashlib.sha256(b"").hexdigest()
    notes: tuple[str, ...] = ()
    read: frozenset[Path] = field(default=frozenset(), compare=False)
    has_other_names: bool = field(default=False, compare=False)

    @property
    def tokens(self) -> int:
        """Estimated tokens of `text`."""
        return estimate_tokens(self.text)


def read(directory: Path, home: Path, *, config: Path | None = None) -> Instructions:
    """Read the instructions in force for an agent in `directory`; never fails.

    Args:
        directory: the agent's working directory.
        home: the person's home, for `@~/…` in their own files.
        config: where the person's own files lie; `home/.config/tungsten` unless given.
    """
    own = config if config is not None else home / ".config" / "tungsten"
    reading = _Reading(home)
    found = [reading.top(path, None) for path in _candidates(own)]
    top = _top_level(directory)
    for below in _way_down(top, directory):
        found += [reading.top(path, top) for path in _candidates(below)]
    files: list[InstructionText] = []
    seen: set[str] = set()
    for item in found:
        # The same words in AGENTS.md and CLAUDE.md count once.
        if item is not None and item.text not in seen:
            seen.add(item.text)
            files.append(item)
    text = "\n\n".join(
        f"Instructions from {_utf8(str(item.path))}:\n\n{item.text}" for item in files
    )
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Instructions(
        tuple(files),
        text,
        digest,
        tuple(reading.notes),
        frozenset(reading.passed),
        reading.has_other_names,
    )


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has."""
    return -(-len(text.encode()) // BYTES_PER_TOKEN)


def _candidates(directory: Path) -> Iterator[Path]:
    for name in NAMES:
        yield directory / name


def _top_level(directory: Path) -> Path:
    """The top of the git work tree around `directory`, or `directory` itself."""
    for candidate in (directory, *directory.parents):
        try:
            if (candidate / ".git").exists():
                return candidate
        except OSError:
            break
    return directory


def _way_down(top: Path, directory: Path) -> list[Path]:
    between = [parent for parent in directory.parents if parent.is_relative_to(top)]
    return [*reversed(between), directory]


class _LeftOut(Exception):
    """A file is not read; the text is the reason."""


@dataclass(slots=True)
class _Reading:
    """One reading: what was read, how much, and what was left out."""

    home: Path
    notes: list[str] = field(default_factory=list)
    passed: set[Path] = field(default_factory=set)
    has_other_names: bool = False
    _seen: set[Path] = field(default_factory=set)
    _bytes: int = 0

    def top(self, path: Path, root: Path | None) -> InstructionText | None:
        """Read a file that is looked for by name; None when there is none or it is empty."""
        if not os.path.lexists(path):
            return None
        text = self._file(path, root, 0).strip()
        return InstructionText(path, text, estimate_tokens(text)) if text else None

    def _file(self, path: Path, root: Path | None, depth: int) -> str:
        try:
            return self._read_file(path, root, depth)
        except _LeftOut as reason:
            self.notes.append(f"{_utf8(str(path))} is not read: {reason}")
        return ""

    def _read_file(self, path: Path, root: Path | None, depth: int) -> str:
        if depth and path.suffix.lower() not in IMPORTABLE:
            raise _LeftOut("only Markdown and text files can be imported")
        if depth > MAX_DEPTH:
            raise _LeftOut(f"imports nest deeper than {MAX_DEPTH}")
        try:
            resolved = path.resolve(strict=True)
            if root is not None and not resolved.is_relative_to(root.resolve()):
                raise _LeftOut(f"it lies outside {root}")
            self.passed |= _way_to(path)
            self.has_other_names |= resolved.stat().st_nlink > 1
            if resolved in self._seen:
                return ""
            if len(self._seen) >= MAX_FILES:
                raise _LeftOut(f"there are more than {MAX_FILES} files")
            self._seen.add(resolved)
            content = read_regular(resolved, MAX_FILE_BYTES + 1)
        except (OSError, RuntimeError) as error:
            raise _LeftOut(_reason(error)) from error
        allowed = min(MAX_FILE_BYTES, MAX_TOTAL_BYTES - self._bytes)
        if len(content) > allowed:
            self.notes.append(f"{_utf8(str(path))} is cut after {allowed} bytes")
            content = content[:allowed]
        self._bytes += len(content)
        return self._with_imports(content.decode(errors="replace"), path, root, depth)

    def _with_imports(self, text: str, path: Path, root: Path | None, depth: int) -> str:
        lines = []
        fence = ""
        for line in text.splitlines():
            if mark := _FENCE.match(line):
                fence = "" if fence == mark[1] else fence or mark[1]
            wanted = None if fence else _IMPORT.fullmatch(line)
            if wanted is None:
                lines.append(line)
            elif imported := self._file(self._target(wanted["path"], path), root, depth + 1):
                lines.append(imported.strip())
        return "\n".join(lines)

    def _target(self, name: str, path: Path) -> Path:
        name = name.replace("\\ ", " ")
        return self.home / name[2:] if name.startswith("~/") else path.parent / name


def _way_to(path: Path) -> set[Path]:
    """A path and all that the system passes on the way to what it names: directories and links."""
    passed: set[Path] = set()
    to_go = list(reversed(Path.cwd().joinpath(path).parts[1:]))
    at = Path("/")
    while to_go and len(passed) < MAX_PASSED:
        part = to_go.pop()
        if part == "..":
            at = at.parent
            continue
        at = at / part
        passed.add(at)
        if at.is_symlink():
            target = at.readlink()
            to_go += reversed(target.parts[target.is_absolute() :])
            at = Path("/") if target.is_absolute() else at.parent
    return passed


def _utf8(text: str) -> str:
    """A path for people and models: bytes of a name that are no UTF-8 become question marks."""
    return text.encode(errors="replace").decode()


def _reason(error: OSError | RuntimeError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    return "its links lead in a circle"
