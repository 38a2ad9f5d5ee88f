"""Rules for `find` and `fd`, and the paths that stand for what a search prints."""

from __future__ import annotations

import fnmatch
import os
import re

from agent.risk.arguments import after_options, split, value
from agent.risk.evaluate import Evaluator
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.names import OTHER_NAMES, versionless
from agent.risk.shell.syntax import UNKNOWN

_FIND_EXEC = ("-exec", "-execdir", "-ok", "-okdir")


_NAMES = frozenset(["-name", "-iname", "-path", "-wholename", "-ipath", "-regex", "-iregex"])
_PRINTS = frozenset(["-print", "-print0", "-printf", "-ls"])
_OR = frozenset(["-o", "-or", ","])
_NOT = frozenset(["!", "-not"])
_OPENS = frozenset(["(", "\\("])
_CLOSES = frozenset([")", "\\)"])

Names = tuple[str, ...]
"""The names that what reaches an action has; none if it may have any."""


def _roots(argv: list[str]) -> tuple[list[str], int]:
    """Starting points of a `find`, and where its expression begins."""
    at = 1
    while at < len(argv) and re.fullmatch(r"-[HLPD]|-O\d", argv[at]):
        at += 2 if argv[at] == "-D" else 1
    begin = at
    while at < len(argv) and not argv[at].startswith(("-", "!", "(", "\\")):
        at += 1
    return argv[begin:at] or ["."], at


def _actions(rest: list[str]) -> tuple[dict[int, Names], Names]:
    """The names that reach each action of an expression, by its place, and those that pass it."""
    reached: dict[int, Names] = {}

    def walk(at: int, inherited: Names) -> tuple[list[Names], int]:
        passing: list[Names] = []
        names, negated = inherited, False
        while at < len(rest) and rest[at] not in _CLOSES:
            word = rest[at]
            at += 1
            if word in _NOT:
                negated = not negated
                continue
            if word in _OR:
                passing.append(names)
                names = inherited
            elif word in _OPENS:
                inner, at = walk(at, names)
                if not negated and all(inner):
                    names = tuple(dict.fromkeys(name for each in inner for name in each))
            elif word in _NAMES:
                if not negated and at < len(rest):
                    names = (*names, rest[at])
                at += 1
            elif word in _FIND_EXEC:
                reached[at - 1] = names
                while at < len(rest) and rest[at] not in (";", "+", "\\;"):
                    at += 1
            elif word == "-delete" or word in _PRINTS:
                reached[at - 1] = names
            negated = False
        passing.append(names)
        return passing, at + 1

    passing, _ = walk(0, ())
    everything = () if not all(passing) else tuple(name for each in passing for name in each)
    return reached, everything


def find(call: Call) -> None:
    """`find`: its starting points, `-delete`, `-exec`, `-fprint`."""
    argv = call.argv
    roots, at = _roots(argv)
    rest = argv[at:]
    reached, _ = _actions(rest)
    named = [rest[i + 1] for i, a in enumerate(rest[:-1]) if a in _NAMES]
    if any(_is_key(name) for name in named) and any(
        call.place(root).path in ("/", "/home", "/Users", "/root", call.evaluator.ground.home)
        for root in roots
    ):
        call.high("searches the machine for credentials and keys")
    for i, argument in enumerate(rest):
        if argument == "-delete":
            names = list(reached.get(i, ()))
            for path in found(roots, names, narrow=bool(names)):
                call.deletes(path, recursive=len(names) != 1)
        elif argument in _FIND_EXEC:
            _execute(call, roots, list(reached.get(i, ())), rest[i + 1 :])
        elif argument in ("-fprint", "-fprintf", "-fls", "-fprint0") and i + 1 < len(rest):
            call.writes(rest[i + 1])
    call.low()


def _execute(call: Call, roots: list[str], names: list[str], behind: list[str]) -> None:
    """Judge what `-exec` runs for what has these names."""
    matched = found(roots, names, narrow=bool(names))
    if names:
        matched += [
            path
            for path in list(call.evaluator.files)[:64]
            if any(
                fnmatch.fnmatchcase(path, n) or fnmatch.fnmatchcase(path.rpartition("/")[2], n)
                for n in names
            )
        ]
    matched += _met(call.evaluator, roots, names)
    matched += [path for path in _written(call.evaluator, roots, names) if path not in matched]
    inner = []
    for word in behind:
        if word in (";", "+", "\\;"):
            break
        inner.append(word)
    expanded: list[str] = []
    for word in inner:
        if word == "{}":
            expanded.extend(matched)
        elif "{}" in word:
            expanded.append(word.replace("{}", matched[0]))
        else:
            expanded.append(word)
    call.run(expanded)
    if "{}" in inner:
        # Each match is an argument of its own run; a shell runs the first only.
        if runs_files(inner):
            matched += [path for path in _standing(call, roots, names) if path not in matched]
        for path in matched[1 : MAX_RUN if runs_files(inner) else 9]:
            call.run([path if word == "{}" else word for word in inner])


MAX_RUN = 64
"""Matches of a search that are judged one by one where each of them is run."""
MAX_WALKED = 3_000
"""Names that a walk for what a search finds looks at."""


def runs_files(inner: list[str]) -> bool:
    """A command runs the file that it is given."""
    head = inner[0].rpartition("/")[2] if inner else ""
    key = OTHER_NAMES.get(head) or versionless(head)
    return inner[:1] == ["{}"] or key in ("sh", "python", "node", "perl", "ruby", "php", "source")


def _named(path: str, names: list[str]) -> bool:
    last = path.rpartition("/")[2]
    return not names or any(
        fnmatch.fnmatchcase(last, name) or fnmatch.fnmatchcase(path, name) for name in names
    )


def _written(evaluator: Evaluator, roots: list[str], names: list[str]) -> list[str]:
    """What the agent wrote among what a search finds."""
    written = evaluator.context.written
    if not written:
        return []
    bases = [evaluator.place(root).path.rstrip("/") + "/" for root in roots]
    return [
        str(path)
        for path in written
        if str(path).startswith(tuple(bases)) and _named(str(path), names)
    ][:MAX_RUN]


def _standing(call: Call, roots: list[str], names: list[str]) -> list[str]:
    """What stands on the disk among what a search finds, as far as it is looked through."""
    found: list[str] = []
    looked = 0
    places = [call.place(root).path for root in roots]
    for top in (path for path in places if UNKNOWN not in path):
        for above, _, files in os.walk(top):
            looked += 1 + len(files)
            found += [f"{above}/{file}" for file in files if _named(f"{above}/{file}", names)]
            if looked > MAX_WALKED or len(found) > MAX_RUN:
                return found[:MAX_RUN]
    return found


_KEYS = re.compile(
    r"(?i)id_(?:rsa|dsa|ecdsa|ed25519)\S*|\*?\.?(?:pem|key|p12|pfx|kdbx|keystore|jks|ppk|ovpn)|\.?env|\.netrc|\.pgpass"
    r"|\*?(?:credentials?|secrets?|passwords?)\*?(?:\.\w+)?|authorized_keys|known_hosts|\.git-credentials|wallet\.dat"
)


def _is_key(name: str) -> bool:
    return _KEYS.fullmatch(name.rpartition("/")[2].strip("*") or "*") is not None


def _met(evaluator: Evaluator, roots: list[str], names: list[str]) -> list[str]:
    """Secrets among what a search finds; the first few stand for all."""
    lasts = [name.rpartition("/")[2] or "*" for name in names]
    return [path for root in roots for path in evaluator.notable(root, lasts)][:4]


def found(roots: list[str], names: list[str], *, narrow: bool) -> list[str]:
    """Paths that stand for what a search finds."""
    paths: list[str] = []
    for root in roots:
        base = root.rstrip("/") or ""
        if narrow:
            for name in names:
                last = name.strip("*/").rpartition("/")[2] if "/" in name else name
                paths.append(f"{base}/{last or '*'}")
        else:
            paths.append(f"{base}/*" if base else "/*")
    return paths


def listed(argv: list[str], evaluator: Evaluator) -> list[str]:
    """Paths that stand for what a searching command prints; empty when it is none."""
    name = argv[0].rpartition("/")[2] if argv else ""
    if name in ("timeout", "nice", "nohup", "time", "command", "stdbuf"):
        inner = after_options(argv, ("-k", "-s", "-n", "-i", "-o", "-e"))
        return listed(inner[1:] if name == "timeout" else inner, evaluator)
    if name == "find":
        roots, at = _roots(argv)
        rest = argv[at:]
        reached, everything = _actions(rest)
        printed = [names for i, names in reached.items() if rest[i] in _PRINTS] or [everything]
        names = [name for each in printed for name in each] if all(printed) else []
        return [
            *found(roots, names, narrow=bool(names)),
            *_met(evaluator, roots, names),
            *_written(evaluator, roots, names),
        ]
    if name == "git" and len(argv) > 1 and argv[1] in ("ls-files", "diff", "grep", "status"):
        return [a for a in argv[2:] if "*" in a and not a.startswith("-")] or ["./tracked-file*"]
    if name in ("rg", "grep", "egrep", "ag", "ack") and any(
        re.match(r"^-\w*[lL]", a) or a.startswith("--files") for a in argv[1:]
    ):
        operands = split(argv, ("-e", "-g", "-t", "--include", "--exclude-dir"))[1]
        # With `--files` there is no pattern before them.
        operands = operands if "--files" in argv else operands[1:]
        return [
            o if re.search(r"\.\w+$", o) else f"{o.rstrip('/')}/found-file" for o in operands
        ] or ["./found-file"]
    if name in ("fd", "fdfind"):
        operands = split(argv, _FD_VALUED)[1][1:]
        return [f"{o.rstrip('/')}/found-file" for o in operands] or ["./found-file"]
    if name == "ls":
        return [
            o if any(c in o for c in "*?") else f"{o.rstrip('/')}/*" for o in split(argv)[1]
        ] or ["./*"]
    return []


_FD_VALUED = ("-d", "-t", "-e", "-E", "--max-depth", "--type", "--extension", "--exclude")


def fd(call: Call) -> None:
    """`fd`: `-x`, `-X` run a command for what it finds."""
    argv = call.argv
    for at, argument in enumerate(argv):
        if argument in ("-x", "-X", "--exec", "--exec-batch"):
            _, operands = split(argv[:at], _FD_VALUED)
            roots = operands[1:] or ["."]
            endings = value(argv[:at], "-e", "--extension")
            names = [f"*.{e}" for e in endings] or ([operands[0]] if operands else [])
            matched = found(roots, names, narrow=bool(names))
            inner = [m for w in argv[at + 1 :] if w != ";" for m in (matched if w == "{}" else [w])]
            if "{}" not in argv[at + 1 :]:
                inner += matched
            call.run(inner)
            return
    call.low()
