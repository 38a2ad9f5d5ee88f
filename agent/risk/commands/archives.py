"""Rules for archivers and compressors: what they pack, where they unpack, what they run."""

from __future__ import annotations

import re

from agent.risk.arguments import has, split, value, wordlist
from agent.risk.commands.unpacking import from_elsewhere, unpacks_into
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.paths import Zone


def tar(call: Call) -> None:
    """`tar`: hooks that run commands, where it unpacks, what it packs."""
    from_elsewhere(call)
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
    if "--recursive-unlink" in argv:
        # Whole directories that stand where the archive has something are deleted first.
        for directory in directories or ["."]:
            call.deletes(directory, recursive=True)
    if not re.search(r"[xctru]", mode):
        mode += "".join(o[1:] for o in argv[1:] if re.fullmatch(r"-[a-zA-Z]+", o))
    extracts = "x" in mode or "--extract" in argv or "--get" in argv
    creates = "c" in mode or "--create" in argv or "r" in mode
    absolute = any(o in ("-P", "--absolute-names", "--overwrite") for o in argv) or "P" in mode
    if extracts:
        unpacks_into(call, directories or ["."])
        if absolute:
            call.high("unpacks to wherever the archive says")
        for directory in ["/"] if absolute else ["/".join(directories) or ".", *directories]:
            call.scatters(directory)
    if creates:
        inside = [
            f"{d.rstrip('/')}/{o}" for d in directories for o in operands if o[:1] not in "/~"
        ]
        operands += inside
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
                call.hook(text)
        # Patterns follow `-x` and `-i` up to the next option.
        kept = [w for at, w in enumerate(argv) if w[:1] == "-" or not _chooses(argv[:at])]
        options, operands = split(kept, ("-TT", "-P", "-b"))
        if any(o in ("-m", "--move") or re.fullmatch(r"-\w*m\w*", o) for o in options):
            for operand in operands[1:]:
                call.deletes(operand, recursive=True)
        for operand in operands[1:]:
            call.reads(operand)
            if has(options, "r", "--recurse-paths"):
                call.gathers(operand)
    elif program == "unzip":
        if "-l" in argv or "-t" in argv or "-p" in argv:
            call.low()
            return
    elif program == "cpio" or argv[1:2] in (["x"], ["e"], ["l"], ["t"]):
        pass
    else:
        for operand in split(argv)[1][2:]:
            call.reads(operand)
            if "-sdel" in argv:
                call.deletes(operand, recursive=True)
    call.medium("packs or unpacks files")


def _chooses(before: list[str]) -> bool:
    """The last option before a word is followed by patterns."""
    return next((word for word in reversed(before) if word[:1] == "-"), "") in ("-x", "-i")


def compress(call: Call) -> None:
    """`gzip`, `xz`, `zstd`: replaces its operands, unless it keeps them or writes to its output."""
    options, operands = split(call.argv, ("-S", "--suffix", "-o", "-T", "-b"))
    kept = has(options, "kclt", "--keep", "--stdout", "--list", "--test")
    unpacks = "un" in call.argv[0].rpartition("/")[2] or has(
        options, "d", "--decompress", "--uncompress"
    )
    for operand in operands:
        if kept:
            call.reads(operand)
        else:
            call.writes(operand)
            packed = _PACKED.search(operand) if unpacks else None
            if packed is not None:
                call.writes(operand[: packed.start()])
    if has(options, "clt", "--stdout", "--list", "--test"):
        call.low()
    else:
        call.medium("compresses or unpacks files")


_PACKED = re.compile(r"(?<=[^/])\.(?:gz|xz|bz2|zst|lz4|lzma|Z)$")


_SPLIT_VALUED = wordlist(
    """-a -b -C -l -n -t --suffix-length --bytes --line-bytes --lines --number --separator
    --additional-suffix --filter"""
)


def split_file(call: Call) -> None:
    """`split --filter` runs a command."""
    for text in value(call.argv, "--filter"):
        call.shell(text)
    operands = split(call.argv, _SPLIT_VALUED)[1]
    if len(operands) > 1:
        suffix = "".join(value(call.argv, "--additional-suffix"))
        call.writes(f"{operands[1]}aa{suffix}")
    call.medium("splits a file")
