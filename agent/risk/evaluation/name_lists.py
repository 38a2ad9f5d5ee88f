"""Names of files that stand in a file: `cat $(cat list)`, `xargs cat < list`, `tar -T list`.

A list that is there to be read is read, whoever wrote it. Only the names that matter are taken from
it (credentials, keys, Tungsten's own files, devices), beside the unknown one that stands for all
others: a list makes a command worse, never better. One that is not there, is no plain file or is
longer than `MAX_FILE_BYTES` leaves unknown names alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from agent.risk.arguments import value, wordlist
from agent.risk.commands.script_files import read_script
from agent.risk.evaluation.findings import MAX_FILE_BYTES
from agent.risk.paths import Zone
from agent.risk.shell.syntax import UNKNOWN

if TYPE_CHECKING:
    from agent.risk.evaluate import Evaluator
    from agent.risk.evaluation.call import Call
    from agent.risk.evaluation.findings import Feed

MAX_NAMES = 16
"""Names that matter which are taken from one list; each of them is enough to ask a person."""

PRINTING = frozenset(
    wordlist(
        """cat head tail sort uniq grep egrep fgrep rg sed awk gawk mawk cut tr tac nl shuf jq yq
        tee column paste comm join fmt fold expand rev bat batcat zcat gzcat xmllint"""
    )
)
"""Programs that print what stands in the files that they are given, or a part of it."""

_OPTIONS = {
    "tar": ("-T", "--files-from"),
    "rsync": ("--files-from",),
    "wc": ("--files0-from",),
    "du": ("--files0-from",),
    "sort": ("--files0-from",),
    "file": ("-f", "--files-from"),
    "ag": ("--files-from",),
    "ack": ("--files-from",),
    "git": ("--pathspec-from-file",),
    "scons": ("--file-list",),
}
"""Options that name a list of files, by program."""
_OPTIONS |= dict.fromkeys(("gtar", "bsdtar"), _OPTIONS["tar"])
_SUMS = frozenset(
    wordlist(
        """md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum b3sum cksum shasum sum
        xxhsum xxh64sum xxh128sum gmd5sum gsha1sum gsha256sum gsha512sum rhash hashdeep"""
    )
)
_FED = frozenset(["zip", "cpio", "7z", "7za", "7zz", "pax", "afio"])
"""Archivers that read names from standard input, or from `@list`."""
NAME_LISTS = frozenset([*_OPTIONS, *_SUMS, *_FED])
"""Programs that are given lists of files."""

_CHECKS = re.compile(r"-[a-zA-Z]*c|--c(?:h(?:e(?:ck?)?)?)?")
_NAME = re.compile(r"[^\s\0\"'`,;:=()\[\]{}<>|*]+")


def names_in(evaluator: Evaluator, path: str) -> list[str]:
    """The names that matter in the file at a path, as it is to be when the command runs."""
    found = names_of(evaluator, text_at(evaluator, path))
    return [*found, *evaluator.lists.get(evaluator.place(path).path, [])]


def text_at(evaluator: Evaluator, path: str) -> str:
    """What stands in the file at a path; nothing where that cannot be told."""
    place = evaluator.place(path)
    if UNKNOWN in place.path or place.several:
        return ""
    if place.path in evaluator.files:
        return evaluator.files[place.path] or ""
    text = read_script(place.path, evaluator.digests)
    if text is False:
        return _separated(place.path)
    return text if isinstance(text, str) else ""


def _separated(path: str) -> str:
    """A list whose names are kept apart by NUL."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError:
        return ""
    return data.decode("utf-8", "replace") if len(data) <= MAX_FILE_BYTES else ""


def names_of(evaluator: Evaluator, text: str) -> list[str]:
    """The names that matter in a text, as far as it is read."""
    key = (evaluator.state.cwd, text[:MAX_FILE_BYTES])
    found = evaluator.names.get(key)
    if found is None:
        names = dict.fromkeys(_NAME.findall(key[1]))
        matters = (name for name in names if _matters(evaluator, name))
        found = evaluator.names[key] = list(islice(matters, MAX_NAMES))
    return found


def _matters(evaluator: Evaluator, name: str) -> bool:
    place = evaluator.place(name)
    if place.secret or place.zone is Zone.DEVICE or evaluator.of_own(place):
        return True
    target = evaluator.followed(place.path, name)
    if target is None:
        return False
    place = evaluator.place(target)
    return place.secret or evaluator.of_own(place)


def names_printed(evaluator: Evaluator, argvs: Iterable[Sequence[str]]) -> list[str]:
    """The names that matter in what commands print of their files."""
    found: list[str] = []
    for argv in argvs:
        if argv and argv[0].rpartition("/")[2] in PRINTING:
            for operand in argv[1:]:
                if operand[:1] != "-" and "\n" not in operand and len(operand) <= _MAX_PATH:
                    found += names_in(evaluator, operand)
    return found


_MAX_PATH = 4_096


def names_fed(evaluator: Evaluator, feed: Feed) -> list[str]:
    """The names that matter in what a command reads on standard input."""
    if feed.kind == "text":
        return names_of(evaluator, feed.text)
    return [name for path in feed.paths for name in names_in(evaluator, path)]


def listed_files(call: Call, program: str) -> None:
    """Judge the files that are named in the lists a program is given."""
    argv, evaluator = call.argv, call.evaluator
    found: list[str] = []
    bases: list[str] = []
    fed = False
    if program in _SUMS:
        if any(_CHECKS.fullmatch(word) for word in argv[1:]):
            operands = [word for word in argv[1:] if word[:1] != "-"]
            found = [name for operand in operands for name in _named(evaluator, operand)]
            fed = not operands or "-" in argv
    elif program in _FED:
        found = [n for word in argv[1:] if word[:1] == "@" for n in _named(evaluator, word[1:])]
        fed = program in ("cpio", "pax", "afio") or any(w[:2] in ("-@", "@") for w in argv[1:])
    else:
        lists = value(argv, *_OPTIONS[program])
        found = [name for path in lists for name in _named(evaluator, path)]
        fed = "-" in lists
        if lists:
            bases = value(argv, "-C", "--directory") if program != "rsync" else argv[1:-1]
            bases = [base for base in bases if base[:1] != "-"]
            for path in lists:
                for base in bases:
                    found += _below(evaluator, base, path)
    if fed:
        from agent.risk.commands.argument_runners import producers

        feed = call.feed()
        found += names_fed(evaluator, feed)
        if feed.kind == "unknown":
            found += [name for name in producers(call) if name != UNKNOWN]
    for name in found:
        call.reads(name)


def _named(evaluator: Evaluator, path: str) -> list[str]:
    """The names in a list that a command names: a file, or what `<( … )` brings."""
    if path.startswith("/dev/fd/sub:"):
        return names_fed(evaluator, evaluator.substituted_file(path))
    return names_in(evaluator, path)


def _below(evaluator: Evaluator, base: str, path: str) -> list[str]:
    """Names that matter when they are taken from another directory."""
    here = evaluator.state.cwd
    there = evaluator.place(base).path
    if UNKNOWN in there:
        return []
    path = path if path.startswith("/dev/fd/sub:") else evaluator.place(path).path
    evaluator.state.cwd = there
    try:
        return [f"{there}/{name}" for name in _named(evaluator, path) if name[:1] not in "/~"]
    finally:
        evaluator.state.cwd = here


def note_list(evaluator: Evaluator, call: Call, target: str, content: str | None) -> None:
    """Keep the names that a command writes into a file whose whole content is not known."""
    from agent.risk.commands.argument_runners import producers
    from agent.risk.commands.searching import listed

    path = call.place(target).path
    if evaluator.files.get(path) is not None:
        return
    if content is not None:
        found = names_of(evaluator, content)
    else:
        found = listed(call.argv, evaluator)
        if not found and call.command is not None and call.command.pipe is not None:
            found = producers(call)
    found = [name for name in found if name != UNKNOWN]
    if found:
        evaluator.lists[path] = [*evaluator.lists.get(path, []), *found]
