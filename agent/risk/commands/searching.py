"""Rules for `find` and `fd`, and the paths that stand for what a search prints."""

from __future__ import annotations

import fnmatch
import re

from agent.risk.arguments import after_options, split, value
from agent.risk.evaluate import Evaluator
from agent.risk.evaluation.call import Call

_FIND_EXEC = ("-exec", "-execdir", "-ok", "-okdir")


def find(call: Call) -> None:
    """`find`: its starting points, `-delete`, `-exec`, `-fprint`."""
    argv = call.argv
    roots: list[str] = []
    at = 1
    while at < len(argv) and (not argv[at].startswith(("-", "!", "(", "\\"))):
        roots.append(argv[at])
        at += 1
        if argv[at - 1] in ("-H", "-L", "-P"):
            roots.pop()
    if at == 1:
        while at < len(argv) and argv[at] in ("-H", "-L", "-P"):
            at += 1
        while at < len(argv) and not argv[at].startswith(("-", "!", "(", "\\")):
            roots.append(argv[at])
            at += 1
    roots = roots or ["."]
    rest = argv[at:]
    names = [
        rest[i + 1]
        for i, a in enumerate(rest[:-1])
        if a in ("-name", "-iname", "-path", "-wholename", "-ipath", "-regex")
    ]
    negated = any(a in ("!", "-not") for a in rest)
    one = names and not negated and "-o" not in rest and "-or" not in rest
    shape = names[-1] if one else ""
    if any(_is_key(name) for name in names) and any(
        call.place(root).path in ("/", "/home", "/Users", "/root", call.evaluator.ground.home)
        for root in roots
    ):
        call.high("searches the machine for credentials and keys")
    matched = found(roots, names, narrow=not negated and bool(names))
    if any(a in _FIND_EXEC for a in rest) and names:
        matched += [
            path
            for path in list(call.evaluator.files)[:64]
            if any(
                fnmatch.fnmatchcase(path, n) or fnmatch.fnmatchcase(path.rpartition("/")[2], n)
                for n in names
            )
        ]
    if any(a in _FIND_EXEC for a in rest):
        matched += _met(call.evaluator, roots, [] if negated else names)
    for i, argument in enumerate(rest):
        if argument == "-delete":
            for path in matched:
                place = call.deletes(path, recursive=not shape)
                del place
        elif argument in _FIND_EXEC:
            inner = []
            for word in rest[i + 1 :]:
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
                for path in matched[1:9]:
                    call.run([path if word == "{}" else word for word in inner])
        elif argument in ("-fprint", "-fprintf", "-fls", "-fprint0") and i + 1 < len(rest):
            call.writes(rest[i + 1])
    call.low()


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
        roots = []
        for word in argv[1:]:
            if word.startswith(("-", "(", "!", "\\")):
                break
            roots.append(word)
        names = [argv[i + 1] for i, a in enumerate(argv[:-1]) if a in ("-name", "-iname", "-path")]
        negated = "!" in argv or "-not" in argv
        narrow = bool(names) and not negated
        met = _met(evaluator, roots or ["."], names if narrow else [])
        return found(roots or ["."], names, narrow=narrow) + met
    if name == "git" and len(argv) > 1 and argv[1] in ("ls-files", "diff", "grep", "status"):
        return [a for a in argv[2:] if "*" in a and not a.startswith("-")] or ["./tracked-file*"]
    if name in ("rg", "grep", "egrep", "ag", "ack") and any(
        re.match(r"^-\w*[lL]", a) or a.startswith("--files") for a in argv[1:]
    ):
        operands = split(argv, ("-e", "-g", "-t", "--include", "--exclude-dir"))[1][1:]
        return [
            o if re.search(r"\.\w+$", o) else f"{o.rstrip('/')}/found-file" for o in operands
        ] or ["./found-file"]
    if name in ("fd", "fdfind"):
        return ["./found-file"]
    if name == "ls":
        return [
            o if any(c in o for c in "*?") else f"{o.rstrip('/')}/*" for o in split(argv)[1]
        ] or ["./*"]
    return []


def fd(call: Call) -> None:
    """`fd`: `-x`, `-X` run a command for what it finds."""
    argv = call.argv
    for at, argument in enumerate(argv):
        if argument in ("-x", "-X", "--exec", "--exec-batch"):
            _, operands = split(
                argv[:at],
                ("-d", "-t", "-e", "-E", "--max-depth", "--type", "--extension", "--exclude"),
            )
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
