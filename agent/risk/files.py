# ruff: noqa: E501, SIM102 - tables and patterns read better unbroken
"""Rules for programs that create, replace, move and delete files."""

from __future__ import annotations

import re

from agent.risk.arguments import has, split, value, wordlist
from agent.risk.evaluate import UNKNOWN, Call, Evaluator, Handler, shown
from agent.risk.paths import Place, Zone


def rm(call: Call) -> None:
    """`rm`, `unlink`."""
    options, operands = split(call.argv)
    recursive = has(options, "rR", "--recursive")
    if has(options, "", "--no-preserve-root"):
        call.high("deletes without the guard for the root directory")
    for operand in operands:
        call.deletes(operand, recursive=recursive)
    if not operands:
        call.medium("deletes nothing yet")


def remove_trees(call: Call) -> None:
    """`rimraf`: deletes whatever is named, with everything below."""
    for operand in split(call.argv)[1]:
        call.deletes(operand, recursive=True)


def rmdir(call: Call) -> None:
    """`rmdir` only removes what is empty."""
    for operand in split(call.argv)[1]:
        for place in call.entries(operand):
            if place.zone in (Zone.SYSTEM, Zone.ROOT) or place.own:
                call.high("removes a directory outside of the project")
    call.medium("removes empty directories")


def destroy(call: Call) -> None:
    """`shred`, `truncate`."""
    program = call.argv[0].rpartition("/")[2]
    _, operands = split(call.argv, ("-n", "-s", "--size", "--iterations", "-r", "--reference"))
    for operand in operands:
        for place in call.places(operand):
            if program == "truncate" and place.zone in (
                Zone.PROJECT, Zone.REGENERABLE, Zone.TEMPORARY
            ):  # fmt: skip
                call.writes(operand)
            elif place.zone in (Zone.REGENERABLE, Zone.TEMPORARY):
                call.medium(f"overwrites {shown(operand)}")
            else:
                call.high("overwrites a file beyond recovery", f"overwrites {shown(operand)}")


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
        if any(_sets_id(mode) for mode in modes) or value(call.argv, "-o", "-g"):
            call.high("gives a file other privileges")
    linking = program in ("ln", "gln")
    if has(options, "rRa", "--recursive", "--archive") and not linking:
        for source in sources:
            call.gathers(source)
    for source in sources:
        for place in call.places(source):
            call.evaluator.read_rule(place, call)
            if place.secret and not _same_ground(call, place.zone, targets):
                call.high("copies credentials or keys", f"copies {shown(source)}")
            elif (place.zone is Zone.DEVICE and not linking) or call.evaluator.of_own(place):
                call.reads(source)
            if linking and place.zone is Zone.ROOT:
                call.medium("links to the project or something above it")
            if (linking or has(options, "ls", "--link", "--symbolic-link")) and (
                place.startup or place.own or place.trace or place.zone is Zone.GIT
            ):
                call.high("makes another way to write what runs later", f"links to {shown(source)}")
    for target in targets:
        _into(call, target, sources)
    if not targets:
        call.medium("copies files")
    del options


def _same_ground(call: Call, zone: Zone, targets: list[str]) -> bool:
    """A secret of the project that stays in the project."""
    return zone is Zone.PROJECT and all(
        call.place(t).zone in (Zone.PROJECT, Zone.ROOT, Zone.REGENERABLE) and not t.startswith("/")
        for t in targets
    )


def _into(call: Call, target: str, sources: list[str]) -> None:
    """Write into `target`: the file itself, or below it when it is a directory."""
    place = call.place(target)
    if place.zone is Zone.ROOT or target.endswith("/") or place.path in (
        call.evaluator.ground.home, call.evaluator.ground.project
    ):  # fmt: skip
        for source in sources:
            name = source.rstrip("/").rpartition("/")[2] or "x"
            call.writes(f"{target.rstrip('/')}/{name}")
        return
    content = None
    if len(sources) == 1:
        content = call.evaluator.files.get(call.place(sources[0]).path)
    call.writes(target, content=content)
    if not place.startup and len(sources) == 1 and not sources[0].endswith("/"):
        name = sources[0].rpartition("/")[2]
        below = call.place(f"{target}/{name}")
        if below.startup and place.name in ("hooks", "cron.d", "autostart", ".ssh"):
            call.high("plants something that runs later")


def move(call: Call) -> None:
    """`mv`: deletes from one place, writes to another."""
    _, operands = split(call.argv, ("-t", "--target-directory", "-S", "--suffix"))
    targets = value(call.argv, "-t", "--target-directory")
    sources = operands
    if not targets and len(operands) > 1:
        sources, targets = operands[:-1], operands[-1:]
    for source in sources:
        for place in call.entries(source):
            _moves_away(call, place, source)
    for target in targets:
        if call.place(target).zone is Zone.NULL:
            call.high("moves files to where they are lost", f"loses {shown(' '.join(sources))}")
        _into(call, target, sources)
    call.medium("moves files")


def _moves_away(call: Call, place: Place, source: str) -> None:
    call.evaluator.edit_rule(place, call)
    effect = f"moves {shown(source)}"
    if place.own or place.zone in (Zone.ROOT, Zone.SYSTEM, Zone.DEVICE):
        call.high("moves away the project, the system or something above", effect)
    elif place.zone is Zone.GIT or (place.startup and place.zone is not Zone.PROJECT):
        call.high("moves away what the repository or the shell needs", effect)
    elif place.zone in (Zone.HOME, Zone.OUTSIDE) and (place.secret or place.name.startswith(".")):
        call.high("moves away files outside of the project", effect)
    elif place.zone is Zone.UNKNOWN:
        call.medium("moves a path that cannot be known")


def make(call: Call) -> None:
    """`mkdir`, `touch`, `tee`, `mkfifo`, `mknod`: create what is named."""
    program = call.argv[0].rpartition("/")[2]
    valued = {"mkdir": ("-m", "--mode"), "touch": ("-d", "-r", "-t", "--date", "--reference")}
    _, operands = split(call.argv, valued.get(program, ()))
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
            call.medium(f"creates {shown(operand)}")
        else:
            call.writes(operand, content=content)
    call.medium("creates files")


def _sets_id(mode: str) -> bool:
    return (
        bool(re.match(r"^[2-7]?[4-7]\d{3}$|^0?[2467]\d{3}$", mode))
        or ("s" in mode and "+" in mode)
        or bool(re.search(r"[ug]=\w*s", mode))
    )


def chmod(call: Call) -> None:
    """`chmod`, `chown`, `chgrp`."""
    program = call.argv[0].rpartition("/")[2].removeprefix("g")
    argv = call.argv
    options = [a for a in argv[1:] if a.startswith("-") and not re.match(r"^-[rwxst]+$", a)]
    operands = [a for a in argv[1:] if a not in options]
    if value(argv, "--reference"):
        operands.insert(0, "reference")
    recursive = has(options, "R", "--recursive")
    if program in ("chown", "chgrp", "hgrp", "hown"):
        call.high("changes who owns files", f"changes the owner of {shown(' '.join(operands[1:]))}")
        return
    if not operands:
        call.medium("changes permissions")
        return
    mode, targets = operands[0], operands[1:]
    if _sets_id(mode):
        call.high("makes a program run with its owner's privileges")
    opens = bool(
        re.search(r"^0?\d?\d?[2367]$|[ao][+=]\w*w|^\+w$|^[ugoa]*o[ugoa]*[+=]\w*w|^a?[+=]rwx$", mode)
    )
    for target, place in ((t, p) for t in targets for p in call.places(t)):
        call.evaluator.edit_rule(place, call)
        effect = f"changes permissions of {shown(target)}"
        inside = place.zone in (Zone.PROJECT, Zone.REGENERABLE, Zone.TEMPORARY)
        if place.own or place.zone in (Zone.SYSTEM, Zone.DEVICE, Zone.OUTSIDE) or (
            place.startup and "hooks" in place.path
        ):  # fmt: skip
            call.high("changes permissions outside of the project", effect)
        elif place.zone is Zone.ROOT and (recursive or opens):
            call.high("changes permissions of the project or something above it", effect)
        elif place.zone is Zone.HOME and (recursive or opens):
            call.high("changes permissions outside of the project", effect)
        elif opens and (recursive or place.secret) and inside:
            call.high("lets everybody write", effect)
        elif place.zone is Zone.UNKNOWN and (recursive or opens):
            call.opaque("changes permissions of a path that cannot be known")
        elif place.secret and not re.fullmatch(r"0?[4-7]00|go-rwx|u=r?w?", mode):
            call.high("lets others read credentials or keys", effect)
        else:
            call.medium("changes permissions", effect)
    call.medium("changes permissions")


def dd(call: Call) -> None:
    """`dd`: its operands are `if=`, `of=`."""
    for argument in call.argv[1:]:
        name, _, path = argument.partition("=")
        if name == "of":
            call.writes(path)
        elif name == "if":
            call.reads(path)
    call.medium("copies bytes")


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
    matched = found(roots, names, narrow=not negated and bool(names))
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
        elif argument in ("-fprint", "-fprintf", "-fls", "-fprint0") and i + 1 < len(rest):
            call.writes(rest[i + 1])
    call.low()


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
        return [a for a in argv[2:] if "*" in a and not a.startswith("-")] or ["./tracked-file"]
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
        call.run(text.split())
        call.medium("uses a remote shell")
    if value(argv, "--rsync-path"):
        call.high("has another machine run a command")
    deleting = any(o.startswith("--del") or o == "--remove-source-files" for o in options)
    target = operands[-1] if len(operands) > 1 else ""
    sources = operands[:-1]
    remote = re.match(r"^(?:[\w.-]+@)?[\w.-]+::?(?!/?$)|^rsync://", target)
    if remote:
        call.high("sends local data to another machine", f"sends {shown(' '.join(sources))}")
    for source in sources:
        if not re.match(r"^(?:[\w.-]+@)?[\w.-]+:", source):
            call.reads(source)
            call.gathers(source)
    if target and not remote:
        place = call.place(target)
        if deleting and place.zone not in (Zone.REGENERABLE, Zone.TEMPORARY):
            call.high("deletes what the source does not have", f"deletes in {shown(target)}")
        elif place.zone is Zone.ROOT:
            call.medium("copies files")
        else:
            call.writes(target)
    call.medium("copies files")


def tar(call: Call) -> None:
    """`tar`: hooks that run commands, where it unpacks, what it packs."""
    argv = call.argv
    for name in (
        "--to-command",
        "--checkpoint-action",
        "--use-compress-program",
        "-I",
        "--info-script",
        "--new-volume-script",
        "-F",
        "--rsh-command",
        "--rmt-command",
    ):
        for text in value(argv, name):
            text = text.removeprefix("exec=")
            if name == "--checkpoint-action" and text in ("dot", "echo", "bell", "ttyout"):
                continue
            call.shell(text)
            _feeds_shell(call, text)
    mode = argv[1].lstrip("-") if len(argv) > 1 and not argv[1].startswith("--") else ""
    options, operands = split(
        argv[1:] if mode and not argv[1].startswith("-") else argv,
        ("-f", "-C", "--directory", "--file", "-T", "-X", "--exclude"),
    )
    del options
    if any(o == "--remove-files" or (len(o) > 9 and "--remove-files".startswith(o)) for o in argv):
        for operand in operands:
            call.deletes(operand, recursive=True)
    directories = value(argv, "-C", "--directory")
    extracts = "x" in mode or "--extract" in argv or "--get" in argv
    creates = "c" in mode or "--create" in argv or "r" in mode
    absolute = any(o in ("-P", "--absolute-names", "--overwrite") for o in argv) or "P" in mode
    if extracts:
        for directory, place in ((d, p) for d in directories for p in call.places(d)):
            if place.zone in (Zone.SYSTEM, Zone.OUTSIDE) or place.path in (
                call.evaluator.ground.home,
                "/",
            ):
                call.high(
                    "unpacks over files outside of the project", f"unpacks into {shown(directory)}"
                )
            elif place.startup or place.own or place.secret:
                call.high("unpacks over files that run later", f"unpacks into {shown(directory)}")
        if absolute:
            call.high("unpacks to wherever the archive says")
    if creates:
        for operand, place in ((o, p) for o in operands for p in call.entries(o)):
            if place.secret or place.path in ("/", call.evaluator.ground.home):
                call.high("packs credentials or keys", f"packs {shown(operand)}")
            call.gathers(operand)
    files = value(argv, "-f", "--file")
    if creates and files:
        call.writes(files[-1])
    call.medium("packs or unpacks files")


_SHELLS = frozenset(wordlist("sh bash dash zsh ksh ash busybox python python3 perl ruby node"))


def _feeds_shell(call: Call, text: str) -> None:
    """A hook that is given an archive's content: a shell there runs what nobody has read."""
    words = text.split()
    program = words[0].rpartition("/")[2] if words else ""
    if program in _SHELLS:
        call.high("gives an archive's content to an interpreter")
    elif "/" in text.partition(" ")[0] or program.startswith("."):
        place = call.place(words[0])
        if place.zone is not Zone.SYSTEM:
            call.high(f"has an archiver run {shown(words[0])}")


def archive(call: Call) -> None:
    """`zip`, `unzip`, `7z`."""
    argv = call.argv
    program = argv[0].rpartition("/")[2]
    if program == "zip":
        if value(argv, "-TT", "--unzip-command"):
            for text in value(argv, "-TT", "--unzip-command"):
                call.shell(text)
        options, operands = split(argv, ("-TT", "-x", "-i", "-P", "-b"))
        if any(o in ("-m", "--move") or re.fullmatch(r"-\w*m\w*", o) for o in options):
            for operand in operands[1:]:
                call.deletes(operand, recursive=True)
        for operand in operands[1:]:
            call.reads(operand)
            if has(options, "r", "--recurse-paths"):
                call.gathers(operand)
    elif program == "unzip":
        for place in (p for directory in value(argv, "-d") for p in call.places(directory)):
            if (
                place.zone in (Zone.SYSTEM, Zone.ROOT, Zone.OUTSIDE)
                and place.path != call.evaluator.ground.project
            ):
                call.high("unpacks over files outside of the project")
            elif place.startup or place.own or place.secret:
                call.high("unpacks over files that run later")
        if "-l" in argv or "-t" in argv or "-p" in argv:
            call.low()
            return
    else:
        for operand in split(argv)[1][2:]:
            call.reads(operand)
    call.medium("packs or unpacks files")


def sed(call: Call) -> None:
    """`sed`: `-i` edits, the `e` command and flag run, `w` writes."""
    argv = call.argv
    options, operands = split(argv, ("-e", "--expression", "-f", "--file"))
    scripts = value(argv, "-e", "--expression")
    files = operands
    if not scripts and not value(argv, "-f", "--file") and operands:
        scripts, files = operands[:1], operands[1:]
    for script in scripts:
        if UNKNOWN in script:
            continue
        if _SED_EXECUTES.search(script) or re.match(r"^\s*(?:\d+|\$|/[^/]*/)?\s*e(?:\s|$)", script):
            call.high("has sed run a command", "runs a command from an edit script")
        for match in re.finditer(r"(?:^|[;}\n/])\s*\d*[gpIiMm]*w\s+(\S+)", script):
            call.writes(match[1])
    editing = any(re.match(r"^-[A-Za-z]*i", o) or o.startswith("--in-place") for o in options)
    for file in files:
        if editing:
            call.writes(file)
        else:
            call.reads(file)
    if not editing:
        call.low()
    else:
        call.medium("edits files in place")


_SED_EXECUTES = re.compile(
    r"s([^\w\s\\])(?:\\.|(?!\1).)*\1(?:\\.|(?!\1).)*\1[gpIiMm\d]*e[gpIiMm\d]*(?:\s*(?:$|[;}\n]|w))",
    re.S,
)


def sort(call: Call) -> None:
    """`sort`: `-o` writes, `--compress-program` runs."""
    argv = call.argv
    for text in value(argv, "--compress-program"):
        if text.rpartition("/")[2] in ("gzip", "bzip2", "xz", "zstd", "lz4", "lzop"):
            call.medium("runs a program to compress")
        else:
            call.high("has sort run another program")
    for path in value(argv, "-o", "--output"):
        call.writes(path)
    for operand in split(argv, ("-k", "-t", "-o", "-S", "-T"))[1]:
        call.reads(operand)
    call.low()


def reader(call: Call) -> None:
    """Programs that show files: `cat`, `head`, `grep`, `jq`."""
    program = call.argv[0].rpartition("/")[2]
    valued: tuple[str, ...] = ()
    patterned = program in (
        "grep",
        "egrep",
        "fgrep",
        "rg",
        "ag",
        "ack",
        "jq",
        "yq",
        "zgrep",
        "ugrep",
    )
    if patterned:
        valued = (
            "-e",
            "-f",
            "-m",
            "-A",
            "-B",
            "-C",
            "-g",
            "--glob",
            "--include",
            "--exclude",
            "-t",
            "--type",
            "--exclude-dir",
            "-d",
            "--max-depth",
            "--arg",
            "--argjson",
            "-T",
        )
    elif program in ("head", "tail"):
        valued = ("-n", "-c", "--lines", "--bytes")
    elif program == "cut":
        valued = ("-d", "-f", "-c", "-b")
    elif program == "tr":
        call.low()
        return
    options, operands = split(call.argv, valued)
    if program == "rg":
        for text in value(call.argv, "--pre", "--hostname-bin"):
            call.run([text, *split(call.argv, ("--pre", "-g", "-t"))[1]])
            call.high("runs a program on every file")
    if patterned and operands and not value(call.argv, "-e", "--regexp", "-f"):
        operands = operands[1:]
    if program == "yq" and has(options, "i", "--inplace"):
        for operand in operands:
            call.writes(operand)
        return
    recursive = program in ("grep", "egrep", "zgrep") and has(options, "rR", "--recursive")
    if program in _WALKERS:
        _walk(call, program, options, operands)
    for operand in operands:
        place = call.reads(operand)
        if (recursive or program in ("rg", "ag", "ack")) and place.path in (
            "/", call.evaluator.ground.home, "/etc", "/root", "/home"
        ) and re.search(r"(?i)pass|secret|token|key|credential|BEGIN", " ".join(call.argv)):  # fmt: skip
            call.high("searches everything for credentials")
    call.low()


_WALKERS = frozenset(wordlist("grep egrep fgrep zgrep ugrep rg ag ack"))
_WALKS_BY_ITSELF = frozenset(wordlist("rg ag ack"))
_SHOWS_HIDDEN = ("--hidden", "--no-ignore", "--unrestricted", "--all-types", "--hidden-files")


def _walk(call: Call, program: str, options: list[str], operands: list[str]) -> None:
    """A search that goes below directories shows what is in there."""
    if any(
        o.startswith(("--files-with", "--files-without", "--count", "--quiet")) for o in options
    ):
        return
    itself = program in _WALKS_BY_ITSELF
    deep = itself or has(options, "rR", "--recursive", "--dereference-recursive") or any(
        v.startswith("rec") for v in value(call.argv, "-d", "--directories")
    )  # fmt: skip
    if not deep:
        return
    hidden = not itself or has(options, "u.", *_SHOWS_HIDDEN)
    names = value(call.argv, "--include", "-g", "--glob")
    kinds = value(call.argv, "-t", "--type") if itself else []
    if kinds:
        return
    for operand in operands or ["."]:
        call.gathers(operand, *(n for n in names if not n.startswith("!")), hidden=hidden)


def compress(call: Call) -> None:
    """`gzip`, `xz`, `zstd`: replaces its operands, unless it keeps them or writes to its output."""
    options, operands = split(call.argv, ("-S", "--suffix", "-o", "-T", "-b"))
    kept = has(options, "kclt", "--keep", "--stdout", "--list", "--test")
    for operand in operands:
        if kept:
            call.reads(operand)
        else:
            call.writes(operand)
    if has(options, "clt", "--stdout", "--list", "--test"):
        call.low()
    else:
        call.medium("compresses or unpacks files")


def split_file(call: Call) -> None:
    """`split --filter` runs a command."""
    for text in value(call.argv, "--filter"):
        call.shell(text)
    call.medium("splits a file")


_PATCH_VALUED = (
    "-d", "--directory", "-p", "--strip", "-i", "--input", "-o", "--output", "-r", "--reject-file",
    "-B", "--prefix", "-D", "--ifdef", "-F", "--fuzz", "-V", "-Y", "-z", "--suffix", "-g",
)  # fmt: skip


def patch(call: Call) -> None:
    """`patch`: edits what the patch names."""
    directories = value(call.argv, "-d", "--directory")
    for place in (p for directory in directories for p in call.places(directory)):
        outside = place.zone is Zone.ROOT and place.path != call.evaluator.ground.project
        if outside or place.zone in (Zone.SYSTEM, Zone.HOME, Zone.OUTSIDE) or place.startup:
            call.high("patches files outside of the project")
    operands = split(call.argv, _PATCH_VALUED)[1]
    for path in (*operands[:1], *value(call.argv, "-o", "--output", "-r", "--reject-file")):
        call.writes(path)
    for path in (*operands[1:2], *value(call.argv, "-i", "--input")):
        call.reads(path)
    call.medium("edits files from a patch")


def rename(call: Call) -> None:
    """`rename`: Perl expressions can do anything."""
    for operand in split(call.argv)[1][:1]:
        if re.search(r"system|exec|unlink|`|qx", operand):
            call.high("runs a command for each file name")
    call.medium("renames files")


HANDLERS: dict[str, Handler] = {
    "rm": rm, "rmdir": rmdir, "shred": destroy, "truncate": destroy, "cp": copy, "install": copy,
    "ln": copy, "mv": move, "mkdir": make, "touch": make, "tee": make, "sponge": make,
    "mkfifo": make, "mknod": make, "chmod": chmod, "chown": chmod, "chgrp": chmod, "dd": dd,
    "find": find, "fd": fd, "rsync": rsync, "tar": tar, "zip": archive, "unzip": archive,
    "7z": archive, "7za": archive, "sed": sed, "sort": sort, "split": split_file, "patch": patch,
    "rename": rename, **dict.fromkeys(
        ("gzip", "gunzip", "bzip2", "bunzip2", "xz", "unxz", "zstd", "unzstd", "lz4", "pigz"), compress
    ), "mktemp": make, "prename": rename, "link": copy, "trash": rm, "trash-put": rm,
    "rimraf": remove_trees, "del-cli": remove_trees,
    **dict.fromkeys(
        wordlist(
    """
    cat tac head tail grep egrep fgrep rg ag ack cut nl od xxd strings base64 base32 jq yq diff
    cmp uniq wc bat zcat zgrep bzcat xzcat paste fold rev fmt column comm join look md5sum
    sha1sum sha256sum sha512sum colordiff sdiff tr pr csplit expand iconv shuf glow ugrep hexyl
    """
    ),
        reader,
    ),
}  # fmt: skip
