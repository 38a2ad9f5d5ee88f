"""Rules for programs that change text: `sed`, `sort -o`, `rename`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.risk.arguments import has, split, value
from agent.risk.commands.script_files import run_file
from agent.risk.evaluation.call import Call
from agent.risk.paths import Zone
from agent.risk.shell.syntax import UNKNOWN


def sed(call: Call) -> None:
    """`sed`: `-i` edits, the `e` command and flag run, `w` writes."""
    argv = call.argv
    options, operands = split(argv, ("-e", "--expression", "-f", "--file"))
    scripts = value(argv, "-e", "--expression")
    files = operands
    if not scripts and not value(argv, "-f", "--file") and operands:
        scripts, files = operands[:1], operands[1:]
    if scripts:
        sed_script(call, "\n".join(scripts))
    editing = any(re.match(r"^-[A-Za-z]*i", o) or o.startswith("--in-place") for o in options)
    for path in value(argv, "-f", "--file"):
        run_file(call, path, "sed")
    empties = any(_SED_EMPTIES.fullmatch(script) for script in scripts) or (
        has(options, "n", "--quiet", "--silent") and not any(_SED_PRINTS.search(s) for s in scripts)
    )
    for file in files:
        if editing:
            call.writes(file, truncates=empties)
        else:
            call.reads(file)
    if not editing:
        call.low()
    else:
        call.medium("edits files in place")


def sed_script(call: Call, script: str) -> None:
    """Judge an edit script: some of its commands run programs, read and write files."""
    if script == UNKNOWN:
        call.opaque("which edit script runs cannot be known")
        return
    for command, argument in _sed_commands(script):
        if command == "e":
            call.high("has sed run a command", "runs a command from an edit script")
        elif command in "wW":
            call.writes(argument)
        elif command in "rR":
            call.reads(argument)


def _sed_commands(script: str) -> Iterator[tuple[str, str]]:
    """The commands of an edit script that reach outside: a letter (`e r R w W`) and its file.

    What follows a place that cannot be read is taken as a command of its own.
    """
    at, end = 0, len(script)
    while at < end:
        at = _SED_ADDRESSES.match(script, at).end()  # type: ignore[union-attr]
        command = script[at : at + 1]
        at += 1
        if command in ("s", "y"):
            delimiter = script[at : at + 1]
            at = _sed_section(script, _sed_section(script, at + 1, delimiter), delimiter)
            while command == "s" and at < end and script[at] in "gpiIMmew0123456789":
                flag = script[at]
                at += 1
                if flag == "e":
                    yield "e", ""
                elif flag == "w":
                    line = _sed_line(script, at)
                    yield "w", script[at:line].strip()
                    at = line
        elif command in ("r", "R", "w", "W", "e") and command:
            line = _sed_line(script, at)
            yield command, script[at:line].strip()
            at = line
        elif command in ("a", "i", "c") and command:
            text = _SED_TEXT.match(script, at)
            at = text.end() if text else end
        elif command == "#":
            at = _sed_line(script, at)
        elif command in (":", "b", "t", "T") and command:
            label = _SED_LABEL.match(script, at)
            at = label.end() if label else end


def _sed_line(script: str, at: int) -> int:
    newline = script.find("\n", at)
    return len(script) if newline < 0 else newline


def _sed_section(script: str, at: int, delimiter: str) -> int:
    """Where the text after the next delimiter starts."""
    while at < len(script) and script[at] != delimiter:
        at += 2 if script[at] == "\\" else 1
    return at + 1


_SED_ADDRESS = (
    r"(?:\d+(?:~\d+)?|\$|[+~]\d+|/(?:\\.|[^\\/])*/[IM]*|\\([^\\\n])(?:\\.|(?!\{0})[^\\])*\{0}[IM]*)"
)
_SED_ADDRESSES = re.compile(
    r"[\s;{}]*(?:"
    + _SED_ADDRESS.replace("{0}", "1")
    + r"\s*(?:,\s*"
    + _SED_ADDRESS.replace("{0}", "2")
    + r"\s*)?)?[\s!]*",
    re.S,
)
_SED_TEXT = re.compile(r"(?:\\.|[^\\\n])*", re.S)
_SED_LABEL = re.compile(r"[^;\n}]*")
_SED_EMPTIES = re.compile(
    r"\s*(?:1,\$|0,\$|\$!N;|/\^?\.?\*?/|//|1,\$!?)?\s*(?:d|D|s/\.\*//g?|\{d;?\}|c\\?)\s*;?\s*"
)
_SED_PRINTS = re.compile(r"[pPwi=lacr]")


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


def rename(call: Call) -> None:
    """`rename`: Perl expressions can do anything."""
    for operand in split(call.argv)[1][:1]:
        if re.search(r"system|exec|unlink|`|qx", operand):
            call.high("runs a command for each file name")
    for operand in split(call.argv)[1][1:]:
        place = call.place(operand)
        if place.several and place.zone not in (Zone.PROJECT, Zone.REGENERABLE, Zone.TEMPORARY):
            call.high("renames files outside of the project by a pattern")
    call.medium("renames files")
