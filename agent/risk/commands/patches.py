"""Rules for `patch`, `git apply` and `git am`: each file that a patch names is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from agent.risk.arguments import has, split, spread, value, wordlist
from agent.risk.commands.git_trees import top
from agent.risk.commands.script_files import STANDARD_INPUT, read_script
from agent.risk.evaluation.call import RUNS_BY_ITSELF, Call
from agent.risk.evaluation.findings import Feed, shown
from agent.risk.paths import Zone
from agent.risk.shell.syntax import UNKNOWN, ansi_c

_PATCH_VALUED = (
    "-d", "--directory", "-p", "--strip", "-i", "--input", "-o", "--output", "-r", "--reject-file",
    "-B", "--prefix", "-D", "--ifdef", "-F", "--fuzz", "-V", "--version-control", "-Y",
    "--basename-prefix", "-z", "--suffix", "-g", "--get", "--quoting-style", "--read-only",
    "--reject-format",
)  # fmt: skip

_GIT_VALUED = (
    "-p", "-C", "--directory", "--include", "--exclude", "--whitespace", "--build-fake-ancestor",
    "--patch-format", "-S", "--gpg-sign",
)  # fmt: skip

_NAMES = re.compile(
    r"^[ \tX]*(?:(?:---|\+\+\+|\*\*\*|Index:|Prereq:)[ \t]+|(?:rename|copy) (?:from|to) )(.+)$",
    re.M,
)
"""Header lines with one name; `patch` takes them indented too."""

_GIT_HEADER = re.compile(r"^[ \tX]*diff --git (.+)$", re.M)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_RANGE = re.compile(r"\d+(?:,\d+)? (?:\*{4}|-{4})\s*$")
_ADDED = re.compile(r"^\+.*$", re.M)

_FROM_HISTORY = frozenset(
    wordlist("git diff interdiff filterdiff combinediff hg svn stg quilt zcat gunzip xzcat bzcat")
)
"""Programs whose output is what differs between files that are there, or a file unpacked."""


def patch(call: Call) -> None:
    """`patch`: writes what the patch names."""
    argv = spread(call.argv, (option for option in _PATCH_VALUED if option[1] != "-"))
    options, operands = split(argv, _PATCH_VALUED)
    directories = value(argv, "-d", "--directory")
    for place in (p for directory in directories for p in call.places(directory)):
        outside = place.zone is Zone.ROOT and place.path != call.evaluator.ground.project
        if outside or place.zone in (Zone.SYSTEM, Zone.HOME, Zone.OUTSIDE) or place.startup:
            call.high("patches files outside of the project")
    if has(options, "e", "--ed"):
        call.high("has an editor run a script")
    inputs = [*operands[1:2], *value(argv, "-i", "--input")]
    for path in (*operands[:1], *value(argv, "-o", "--output", "-r", "--reject-file")):
        call.writes(path)
    call.medium("edits files from a patch")
    roots = [call.place(directory).path for directory in directories[-1:]] or [call.cwd]
    # The patch itself is looked for after the change of the directory.
    paths = [call.place(f"{root}/{path}" if path[:1] not in "/~-" else path).path
             if path not in STANDARD_INPUT else path
             for root in roots for path in inputs]  # fmt: skip
    for path in paths:
        if path not in STANDARD_INPUT:
            call.reads(path)
    if has(options, "", "--dry-run"):
        return
    strip = _number(value(argv, "-p", "--strip"))
    for text in _texts(call, paths):
        if not operands:
            _targets(call, text, roots, strip, "")


def git_patch(call: Call, verb: str, argv: list[str]) -> None:
    """`git apply`, `git am`: write what the patch names."""
    words = spread(argv, (option for option in _GIT_VALUED if option[1] != "-"))
    options, operands = split(words, _GIT_VALUED)
    call.medium(f"runs git {verb}")
    if has(options, "", "--continue", "--skip", "--abort", "--quit", "--resolved", "--retry"):
        call.scatters(top(call))
        return
    looks = verb == "apply" and any(
        option in ("--check", "--stat", "--numstat", "--summary") for option in options
    )
    if looks and "--apply" not in options:
        return
    roots = [call.cwd] if verb == "apply" else []
    roots += [call.evaluator.ground.project] if call.evaluator.ground.project else [call.cwd]
    below = "/".join(value(words, "--directory")[-1:])
    strip = _number(value(words, "-p"))
    for text in _texts(call, operands):
        _targets(call, text, tuple(dict.fromkeys(roots)), strip, below)


def _number(texts: list[str]) -> int | None:
    return int(texts[-1]) if texts and texts[-1].isdecimal() else None


def _texts(call: Call, paths: Iterable[str]) -> Iterator[str]:
    """The patches, of files or of what standard input brings."""
    files = list(paths)
    if not files or any(path in STANDARD_INPUT for path in files):
        feed = call.feed()
        files = [path for path in files if path not in STANDARD_INPUT]
        if feed.kind == "text":
            yield feed.text
        elif feed.kind == "file":
            files += feed.paths
        elif shown_files := _shown(call, feed):
            files += shown_files
        else:
            _unread(call, feed)
    for file in files:
        place = call.place(file)
        files_known = call.evaluator.files
        if place.path in files_known:
            known = files_known[place.path]
            if known is None:
                call.scatters(top(call))
                call.high("applies a patch that was just written or fetched, and cannot be read")
            else:
                yield known
            continue
        text = read_script(place.path, call.evaluator.digests)
        if isinstance(text, str):
            yield text
            continue
        call.scatters(top(call))
        if call.evaluator.came(place.path) or Path(place.path) in call.evaluator.context.written:
            call.high("applies a patch that cannot be read", f"applies {shown(file)}")


def _shown(call: Call, feed: Feed) -> list[str]:
    """The files of a `cat` that is piped into the command, when they are plain words."""
    command, script = call.command, call.script
    if feed.text != "cat" or command is None or script is None or command.pipe is None:
        return []
    first, last = command.pipe
    words = [word.text for before in script.commands[first:last] for word in before.words]
    if last - first != 1 or words[:1] != ["cat"]:
        return []
    return [word for word in words[1:] if word] if None not in words else []


def _unread(call: Call, feed: Feed) -> None:
    call.scatters(top(call))
    if feed.kind == "remote":
        call.high("applies a patch that comes from another machine")
    elif feed.kind == "unknown" and feed.text.rpartition("/")[2] not in _FROM_HISTORY:
        call.opaque("applies a patch that cannot be known")


def _targets(call: Call, text: str, roots: Iterable[str], strip: int | None, below: str) -> None:
    """Judge each file that a patch names as written."""
    if UNKNOWN in text:
        call.opaque("applies a patch that cannot be known")
    hooked = RUNS_BY_ITSELF.search("\n".join(_ADDED.findall(text))) is not None
    names = dict.fromkeys(
        name for named, less in _named(text) for name in _stripped(named, strip, less)
    )
    for name in names:
        if UNKNOWN in name:
            continue
        for root in roots:
            inner = f"{below.rstrip('/')}/{name}" if below else name
            place = call.writes(inner if inner.startswith("/") else f"{root}/{inner}")
            if hooked and place.name == "package.json":
                call.high("plants a package script that runs by itself", f"writes {shown(name)}")


def _named(text: str) -> Iterator[tuple[str, int]]:
    """Names, and how many directories less than usual are taken away from them."""
    for match in _NAMES.finditer(text):
        line = match[1].rstrip("\r")
        # The name in a rename has no `a/` before it.
        less = int(match[0].lstrip(" \tX").startswith(("rename", "copy")))
        quoted = _QUOTED.match(line)
        if quoted is not None:
            yield ansi_c(quoted[1]), less
        elif not _RANGE.match(line):
            for name in dict.fromkeys((line.partition("\t")[0].strip(), *line.split()[:1])):
                yield name, less
    for match in _GIT_HEADER.finditer(text):
        quoted_names = _QUOTED.findall(match[1])
        words = match[1].split()
        for name in map(ansi_c, quoted_names) if quoted_names else words[:2]:
            yield name, 0


def _stripped(name: str, strip: int | None, less: int) -> Iterator[str]:
    """What is left of a name without its first directories; every way where it is not said."""
    if name == "" or name.startswith("/dev/null"):
        return
    pieces = re.sub(r"//+", "/", name).split("/")
    if strip is not None:
        counts = [max(strip - less, 0)]
    else:
        counts = [0, len(pieces) - 1] if less else [0, 1, len(pieces) - 1]
    for count in dict.fromkeys(counts):
        if count < len(pieces):
            yield "/".join(pieces[count:])
