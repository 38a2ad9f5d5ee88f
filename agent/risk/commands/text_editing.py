"""Rules for programs that change text: `sed`, `sort -o`, `rename`."""

from __future__ import annotations

import re

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
    for script in scripts:
        sed_script(call, script)
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
    """Judge an edit script: some of its commands run programs and write files."""
    if script == UNKNOWN:
        call.opaque("which edit script runs cannot be known")
    if UNKNOWN in script:
        return
    if _SED_EXECUTES.search(script) or _SED_COMMAND.search(script):
        call.high("has sed run a command", "runs a command from an edit script")
    for match in re.finditer(r"(?:^|[;}\n/])\s*\d*[gpIiMm]*w\s+(\S+)", script):
        call.writes(match[1])


_SED_COMMAND = re.compile(r"(?:^|[\n;{])\s*(?:\d+|\$|/[^/]*/)?\s*e(?:\s|$)")
_SED_EMPTIES = re.compile(
    r"\s*(?:1,\$|0,\$|\$!N;|/\^?\.?\*?/|//|1,\$!?)?\s*(?:d|D|s/\.\*//g?|\{d;?\}|c\\?)\s*;?\s*"
)
_SED_PRINTS = re.compile(r"[pPwi=lacr]")
_SED_EXECUTES = re.compile(
    r"s([^\w\s\\])(?:\\.|(?!\1)[^\\])*\1(?:\\.|(?!\1)[^\\])*\1[gpIiMm\d]*e[gpIiMm\d]*(?:\s*(?:$|[;}\n]|w))",
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
