"""Names of files for the prompt: those of a directory that git or a walk finds, the best first."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rapidfuzz import fuzz, process

from agent.files.git_answer import git_answer

MOST_NAMES = 50_000
"""Names that are held of one directory."""

MOST_FOUND = 50
"""Names that are offered for one word."""

LEAST_ALIKE = 70.0
"""How alike, in percent, a name must be to a word that it does not contain in any way."""

_ELSEWHERE = ("/", "~", "../")
"""How words begin that lead out of the directory."""


async def names_in(directory: Path) -> list[str]:
    """Relative names of the files below a directory, and of their directories, which end with `/`.

    In a git work tree those that git tracks or would add; elsewhere all but hidden ones, as far as
    a walk of `MOST_NAMES` comes.
    """
    listed = await git_answer(
        directory,
        *("ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        errors="surrogateescape",
    )
    if listed is None:
        return await asyncio.to_thread(lambda: _with_directories(_walked(directory)))
    return await asyncio.to_thread(lambda: _with_directories(listed.split("\0")))


def leads_elsewhere(word: str) -> bool:
    """Whether a word names something outside the directory that names are relative to."""
    return word.startswith(_ELSEWHERE)


def beside(directory: Path, word: str) -> list[str]:
    """Names in the one directory that a word leads to, written as the word begins."""
    head = word[: word.rfind("/") + 1]
    hidden = word[len(head) :].startswith(".")
    try:
        with os.scandir(directory / Path(head or word).expanduser()) as entries:
            names = [
                f"{head or word + '/'}{entry.name}{'/' if entry.is_dir() else ''}"
                for entry, _ in zip(entries, range(MOST_NAMES), strict=False)
                if hidden or not entry.name.startswith(".")
            ]
    except (OSError, RuntimeError, ValueError):
        return []
    return sorted(filter(_can_be_sent, names))


def ranked(names: Sequence[str], word: str) -> list[str]:
    """The names that fit a word best; without one, what stands at the top."""
    if not word:
        top = [name for name in names if "/" not in name[:-1]]
        return sorted(top, key=_by_name)[:MOST_FOUND]
    sought = word.lower()
    found = []
    for name in names:
        kind = _kind(sought, name.lower())
        if kind is not None:
            found.append((kind, name))
    if not found and len(sought) > 2:
        alike = process.extract(
            sought,
            names,
            scorer=fuzz.ratio,
            processor=lambda name: _last(name.lower()),
            score_cutoff=LEAST_ALIKE,
            limit=MOST_FOUND,
        )
        return [name for name, _, _ in alike]
    below = word.endswith("/")

    def order(pair: tuple[int, str]) -> tuple[int, int, int, tuple[bool, str]]:
        kind, name = pair
        return kind, name.count("/", 0, -1), 0 if below else len(name), _by_name(name)

    found.sort(key=order)
    return [name for _, name in found[:MOST_FOUND]]


def _kind(sought: str, name: str) -> int | None:
    """How well a name fits, 0 best; None where not all letters are in it, in their order."""
    if name == sought and name.endswith("/"):
        # It is written already: what is in it is meant.
        return None
    last = _last(name)
    if name == sought:
        return 0
    if last.startswith(sought):
        return 1
    if name.startswith(sought):
        return 2
    if sought in last:
        return 3
    if sought in name:
        return 4
    if _holds(last, sought):
        return 5
    return 6 if _holds(name, sought) else None


def _holds(name: str, sought: str) -> bool:
    at = -1
    for letter in sought:
        at = name.find(letter, at + 1)
        if at < 0:
            return False
    return True


def _last(name: str) -> str:
    return name[name.rfind("/", 0, -1) + 1 :]


def _by_name(name: str) -> tuple[bool, str]:
    return not name.endswith("/"), name.lower()


def _walked(directory: Path) -> Iterator[str]:
    for place, directories, files in os.walk(directory):
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        below = os.path.relpath(place, directory)
        for name in sorted(files):
            if not name.startswith("."):
                yield name if below == "." else f"{below}/{name}"


def _with_directories(files: Iterable[str]) -> list[str]:
    names: dict[str, None] = {}
    for name in files:
        if len(names) >= MOST_NAMES:
            break
        if not name or not _can_be_sent(name):
            continue
        end = name.find("/")
        while end >= 0:
            names[name[: end + 1]] = None
            end = name.find("/", end + 1)
        names[name] = None
    return list(names)


def _can_be_sent(name: str) -> bool:
    """Whether a name is text: one that is not UTF-8 could not be written into a prompt."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
