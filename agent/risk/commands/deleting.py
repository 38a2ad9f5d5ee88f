"""Rules for programs that delete or overwrite: `rm`, `rmdir`, `shred`, `truncate`."""

from __future__ import annotations

import re

from agent.risk.arguments import has, split, value
from agent.risk.commands.openers import opener
from agent.risk.evaluation.call import Call
from agent.risk.paths import Zone


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
    empties = any(re.fullmatch(r"[<%/-]?0*[kKmMgGtT]?B?", size) for size in value(
        call.argv, "-s", "--size"
    ))  # fmt: skip
    for operand in operands:
        for place in call.places(operand):
            if program == "truncate" and place.zone in (
                Zone.PROJECT, Zone.REGENERABLE, Zone.TEMPORARY
            ):  # fmt: skip
                call.writes(operand, truncates=empties)
            elif place.zone in (Zone.REGENERABLE, Zone.TEMPORARY):
                call.medium(f"overwrites {call.named(operand, place)}")
            else:
                call.high(
                    "overwrites a file beyond recovery", f"overwrites {call.named(operand, place)}"
                )


def duplicates(call: Call) -> None:
    """`fdupes -d`, `rdfind -deleteduplicates true`, `fclones remove`: deletes below directories."""
    argv = call.argv
    program = argv[0].rpartition("/")[2]
    options, operands = split(
        argv, ("-o", "-X", "-x", "--order", "-deleteduplicates", "-makehardlinks")
    )
    if program in ("fdupes", "jdupes", "duff", "yadf"):
        deletes = has(options, "dLlB", "--delete", "--linkhard", "--linksoft", "--dedupe")
    elif program == "rdfind":
        deletes = any("delete" in o or "make" in o for o in options) and "false" not in argv
    elif program == "fclones":
        deletes = operands[:1] in (["remove"], ["link"], ["move"], ["dedupe"])
        if deletes and "--dry-run" not in options:
            call.high("deletes what it takes for duplicates")
    else:
        deletes = any(re.match(r"-D|--delete", o) for o in options)
    if deletes and program != "fclones":
        for operand in operands or ["."]:
            call.deletes(operand, recursive=True)
    if deletes:
        call.medium("deletes what it takes for duplicates")
    else:
        call.low()


def gio(call: Call) -> None:
    """`gio trash`, `gio remove` delete; the rest copies, moves and looks."""
    verb, *operands = split(call.argv)[1] or [""]
    if verb in ("trash", "remove"):
        if "--empty" in call.argv:
            call.high("deletes what a person may want back", "empties the trash")
        for operand in operands:
            call.deletes(operand, recursive=True)
    elif verb in ("copy", "move", "rename", "save"):
        call.run([{"move": "mv", "rename": "mv"}.get(verb, "cp"), *operands])
    elif verb in ("launch", "open", "exec"):
        opener(call)
    else:
        call.medium("opens or looks at files")
