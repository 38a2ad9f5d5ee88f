# ruff: noqa: SIM102 - tables and patterns read better unbroken
"""Rules for programs that create and copy files."""

from __future__ import annotations

import os
import re
from itertools import pairwise
from pathlib import Path

from agent.risk.arguments import has, split, spread, value
from agent.risk.assessment import Risk
from agent.risk.commands.moving import takes_away
from agent.risk.commands.permissions import sets_id
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.evaluation.made import makes
from agent.risk.path_patterns import settings_below
from agent.risk.paths import Zone
from agent.risk.shell.syntax import UNKNOWN


def copy(call: Call) -> None:
    """`cp`, `install`, `ln`: reads all but the last, writes the last."""
    valued = ("-t", "--target-directory", "-m", "--mode", "-o", "-g", "-S", "--suffix")
    options, operands = split(call.argv, valued)
    program = call.argv[0].rpartition("/")[2]
    targets = value(call.argv, "-t", "--target-directory")
    sources = operands
    if not targets and len(operands) > 1:
        sources, targets = operands[:-1], operands[-1:]
    elif not targets and operands:
        targets = [operands[0].rpartition("/")[2] or "."]
    if program in ("install", "ginstall"):
        modes = value(call.argv, "-m", "--mode")
        if any(sets_id(mode) for mode in modes) or value(call.argv, "-o", "-g"):
            call.high("gives a file other privileges")
    linking = program in ("ln", "gln")
    if has(options, "rRa", "--recursive", "--archive") and not linking:
        for source in sources:
            call.gathers(source)
        for target in targets:
            makes(call, target, copied=True)
    for source in sources:
        for place in call.places(source):
            call.evaluator.read_rule(place, call)
            if place.secret and not _same_ground(call, place.zone, targets):
                call.high("copies credentials or keys", f"copies {call.named(source, place)}")
            elif (place.zone is Zone.DEVICE and not linking) or call.evaluator.of_own(place):
                call.reads(source)
            if linking and place.zone is Zone.ROOT:
                call.medium("links to the project or something above it")
            if (linking or has(options, "ls", "--link", "--symbolic-link")) and (
                place.startup or place.own or place.trace or place.zone is Zone.GIT
            ):
                call.high(
                    "makes another way to write what runs later",
                    f"links to {call.named(source, place)}",
                )
    for target in targets:
        into(call, target, sources)
        if linking or has(options, "ls", "--link", "--symbolic-link"):
            _link(call, target, sources)
    if has(options, "rRa", "--recursive", "--archive") and not linking:
        for target in targets:
            for source in sources:
                among_settings(call, source, target, contents=source.endswith(("/.", "/*")))
        copies_trees(call, sources, targets, by_slash=False)
    if not targets:
        call.medium("copies files")


def copies_trees(call: Call, sources: list[str], targets: list[str], *, by_slash: bool) -> None:
    """Note what stands below a target once directories were copied to it.

    Args:
        call: the command.
        sources: as they are named.
        targets: as they are named.
        by_slash: a slash behind a source means its contents, as for `rsync`.
    """
    for target in targets:
        place = call.place(target)
        there = Path(place.path).is_dir() or place.zone is Zone.ROOT or len(sources) > 1
        for source in sources:
            at = call.place(source).path
            above, _, name = at.rpartition("/")
            if source.endswith("/.") or (by_slash and source.endswith("/")):
                call.copies(at, place.path)
            elif set(name) & set("*?["):
                call.copies(above, place.path)
            else:
                call.copies(at, f"{place.path}/{name}")
                if not there:
                    call.copies(at, place.path)


def _link(call: Call, target: str, sources: list[str]) -> None:
    """From now on the target is another name for the source."""
    evaluator = call.evaluator
    place = call.place(target)
    for source in sources:
        to = call.place(source).path
        if UNKNOWN in to or UNKNOWN in place.path:
            continue
        name = to.rpartition("/")[2]
        if place.zone is not Zone.ROOT and len(sources) == 1:
            evaluator.links.make(place.path, to)
            call.disturbs(place.path, None, replaced=Path(place.path).is_symlink())
        evaluator.links.make(f"{place.path}/{name}", to)


def _same_ground(call: Call, zone: Zone, targets: list[str]) -> bool:
    """A secret of the project that stays in the project."""
    return zone is Zone.PROJECT and all(
        call.place(t).zone in (Zone.PROJECT, Zone.ROOT, Zone.REGENERABLE) and not t.startswith("/")
        for t in targets
    )


def into(call: Call, target: str, sources: list[str]) -> None:
    """Write into `target`: the file itself, or below it when it is a directory."""
    place = call.place(target)
    if place.zone is Zone.ROOT or target.endswith("/") or place.path in (
        call.evaluator.ground.home, call.evaluator.ground.project
    ):  # fmt: skip
        inside = call.evaluator.ground.project
        for source in sources:
            name = source.rstrip("/").rpartition("/")[2] or "x"
            if name in (".", "*") and inside and f"{place.path}/".startswith(f"{inside}/"):
                _contents(call, place.path, source, hidden=name == ".")
            else:
                inner = call.writes(f"{target.rstrip('/')}/{name}")
                call.renames(call.place(source), inner.path)
        return
    if call.evaluator.context.running and Path(place.path).is_dir():
        for source in sources:
            call.disturbs(f"{place.path}/{source.rstrip('/').rpartition('/')[2]}", None)
    content = None
    if len(sources) == 1:
        content = call.evaluator.files.get(call.place(sources[0]).path)
    empties = len(sources) == 1 and call.place(sources[0]).zone is Zone.NULL
    call.writes(target, content=content, truncates=empties)
    for source in sources:
        origin = call.place(source)
        if len(sources) == 1:
            call.renames(origin, place.path)
        foreign = origin.zone is not Zone.PROJECT or call.evaluator.of_agent(origin.path)
        if len(sources) > 1 or (foreign and Path(place.path).is_dir()):
            call.renames(origin, f"{place.path}/{origin.path.rpartition('/')[2]}")
    if len(sources) == 1 and place.name in _RUN_FROM and not place.startup:
        name = sources[0].rpartition("/")[2]
        if name and call.place(f"{target}/{name}").startup:
            call.high("plants something that runs later")


_RUN_FROM = frozenset(["hooks", "cron.d", "autostart", ".ssh"])
"""Names of directories whose files run later, though the directory itself does not."""


MAX_WALKED = 2_000
"""Files below a directory that are looked at when all it holds goes into the project."""


def _contents(call: Call, target: str, source: str, *, hidden: bool) -> None:
    """`cp -r src/. .`: what lies in `source` is put into `target`, a directory of the project."""
    root = call.place(source.rstrip("/").rpartition("/")[0] or "/").path
    if UNKNOWN in root or call.evaluator.came(root):
        call.high("copies what was fetched, or cannot be known, over the project")
        return
    found = _below(call, root)
    if found is None:
        call.high("copies more over the project than can be looked through")
        return
    for name in found:
        if hidden or name[:1] != ".":
            place = call.place(f"{target}/{name}")
            if place.startup or place.own or place.zone is Zone.GIT:
                call.writes(place.path)
    call.medium(f"writes into {shown(target)}", f"copies {shown(source)}")


def _below(call: Call, root: str) -> list[str] | None:
    """Names below a directory, on the disk or by this text; None when there are too many."""
    files = call.evaluator.files
    found = [path[len(root) + 1 :] for path in files if path.startswith(f"{root}/")]
    for above, directories, names in os.walk(root):
        below = above[len(root) + 1 :]
        found += [f"{below}/{name}" if below else name for name in (*directories, *names)]
        if len(found) > MAX_WALKED:
            return None
    return found


def among_settings(call: Call, source: str, target: str, *, contents: bool) -> None:
    """A directory goes where programs keep what runs later: its names say what it plants.

    Args:
        call: the command.
        source: the directory, as it is named.
        target: where it is put.
        contents: what it holds is put there, not the directory itself.
    """
    place = call.place(target)
    home = call.evaluator.ground.home
    if not settings_below(place.path, home) or call.level is Risk.HIGH:
        return
    root = call.place(source.removesuffix("*").rstrip("/.") if contents else source).path
    inside = not contents and (place.path == home or Path(place.path).is_dir())
    bases = [] if contents else [f"{place.path}/{root.rpartition('/')[2]}"]
    if not inside:
        bases.append(place.path)
    if not contents and call.place(bases[0]).startup:
        call.writes(bases[0])
        return
    found = None if UNKNOWN in root or call.evaluator.came(root) else _below(call, root)
    if not (found or inside or call.evaluator.is_file(call.place(source))):
        call.high("copies what cannot be looked through among settings", f"writes {shown(target)}")
    for name in found or ():
        for base in bases:
            inner = call.place(f"{base}/{name}")
            if inner.startup or inner.own or inner.secret:
                call.writes(inner.path)
                return


def feed_of_null(call: Call) -> bool:
    """What comes in is a device that gives nothing."""
    return call.feed().paths == ("/dev/null",)


def create(call: Call) -> None:
    """`mkdir`, `touch`, `tee`, `mkfifo`, `mknod`: create what is named."""
    program = call.argv[0].rpartition("/")[2]
    valued = {"mkdir": ("-m", "--mode"), "touch": ("-d", "-r", "-t", "--date", "--reference")}
    options, operands = split(call.argv, valued.get(program, ()))
    if program == "mknod":
        call.high("makes a device")
    content = None
    if program in ("tee", "sponge"):
        feed = call.feed()
        content = feed.text if feed.kind == "text" else None
    for operand in operands:
        if operand.startswith("/dev/fd/sub:"):
            continue
        if program in ("mkdir", "touch", "mktemp"):
            for place in call.places(operand):
                if place.own or (place.startup and program == "touch") or place.zone in (
                    Zone.SYSTEM, Zone.OUTSIDE
                ):  # fmt: skip
                    call.writes(operand)
                if program == "touch" and re.search(r"\s-[adrt]", " " + " ".join(call.argv)):
                    if place.zone in (Zone.HOME, Zone.SYSTEM):
                        call.high("changes a file's times outside of the project")
            name = call.named(operand, call.place(operand))
            call.medium(f"creates {name}", f"creates {name}")
            parents = program == "mkdir" and has(options, "p", "--parents")
            new = not parents and program != "touch"
            makes(call, operand, exclusive=new, sure=program == "mktemp", above=parents)
        else:
            empties = content == "" or (feed_of_null(call) if content is None else False)
            appends = any(re.match(r"^-\w*a|--append", a) for a in call.argv[1:])
            call.writes(
                operand, content=content, truncates=empties and not appends, appends=appends
            )
    if call.own < Risk.MEDIUM:
        call.medium("creates files")


_NOTHING = frozenset(["/dev/null", "/dev/zero", "/dev/urandom", "/dev/random", "/dev/full"])


def dd(call: Call) -> None:
    """`dd`: its operands are `if=`, `of=`."""
    sources = {a[3:] for a in call.argv[1:] if a.startswith("if=")}
    for argument in call.argv[1:]:
        name, _, path = argument.partition("=")
        if name == "of":
            call.writes(path, truncates=not sources.isdisjoint(_NOTHING))
        elif name == "if":
            call.reads(path)
    if not sources.isdisjoint(_NOTHING - {"/dev/null"}) and not any(
        a.startswith("count=") for a in call.argv
    ):
        call.high("fills the disk")
    call.medium("copies bytes")


def rsync(call: Call) -> None:
    """`rsync`: options that run commands or delete; remote targets."""
    argv = call.argv
    valued = (
        "-e",
        "--rsh",
        "--exclude",
        "--include",
        "--rsync-path",
        "-f",
        "--filter",
        "--files-from",
        "--port",
        "--exclude-from",
    )
    options, operands = split(argv, valued)
    for text in value(argv, "-e", "--rsh"):
        call.hook(text)
        call.medium("uses a remote shell")
    if value(argv, "--rsync-path"):
        call.high("has another machine run a command")
    deleting = any(o.startswith("--del") or o == "--remove-source-files" for o in options)
    target = operands[-1] if len(operands) > 1 else ""
    sources = operands[:-1]
    remote = FAR.match(target)
    rehearsed = _rehearsed(argv)
    if remote and rehearsed:
        call.medium("compares names and times of files with another machine's")
    elif remote:
        call.high("sends local data to another machine", f"sends {shown(' '.join(sources))}")
    for source in sources:
        if not FAR.match(source):
            call.reads(source)
            call.gathers(source)
    if rehearsed:
        return
    if "--remove-source-files" in options:
        for source in sources:
            for place in call.entries(source) if not FAR.match(source) else ():
                takes_away(call, place, source)
    if target and not remote:
        place = call.place(target)
        if deleting and place.zone not in (Zone.REGENERABLE, Zone.TEMPORARY):
            call.high("deletes what the source does not have", f"deletes in {shown(target)}")
        elif place.zone is Zone.ROOT:
            whole = any(source.endswith(("/", "/.")) for source in sources)
            if whole and place.path != call.evaluator.ground.project:
                call.high("copies over files outside of the project", f"writes {shown(target)}")
            call.medium("copies files")
        else:
            call.writes(target)
            for source in sources:
                among_settings(call, source, target, contents=source.endswith(("/", "/.", "/*")))
        far = [source for source in sources if FAR.match(source)]
        for source in far:
            call.brings(source, target)
            call.scatters(target)
        copies_trees(call, [s for s in sources if s not in far], [target], by_slash=True)
    call.medium("copies files")


_RSYNC_VALUED = frozenset(["-e", "-f", "-T", "-B", "-M", "-@"])
"""Its short options with a value."""
_RSYNC_FLAGS = re.compile(
    r"--(?:no-\S+|del\S*|archive|recursive|verbose|checksum|stats|progress|update|compress|human-readable"
    r"|itemize-changes|partial|links|perms|times|exclude-from=\S*|\w[\w-]*=.*)"
)
"""Long options behind which the next word is not their value."""


def _rehearsed(argv: list[str]) -> bool:
    """`rsync -n`: it only says what it would do; nothing turns that off again behind it."""
    words = spread(argv, _RSYNC_VALUED)
    asked = False
    for before, word in pairwise(words):
        if word == "--":
            break
        if word in ("-n", "--dry-run"):
            asked = asked or not (
                before in _RSYNC_VALUED
                or (before.startswith("--") and not _RSYNC_FLAGS.fullmatch(before))
            )
    return asked and not any(word in ("--no-n", "--no-dry-run") for word in argv)


FAR = re.compile(r"(?:[^/:@\s]+@)?(?:[^/:@\s\[]+|\[[^\]/]+\]):|(?:rsync|scp|sftp)://")
"""A place on another machine, as rsync and scp tell it: a colon stands before the first slash."""


def allocate(call: Call) -> None:
    """`fallocate`: makes a file as long as it is told."""
    digs = has(
        split(call.argv)[0],
        "pczi",
        "--punch-hole",
        "--collapse-range",
        "--zero-range",
        "--dig-holes",
    )
    for operand in split(call.argv, ("-l", "--length", "-o", "--offset"))[1]:
        call.writes(operand, truncates=digs)
    call.medium("creates files")
