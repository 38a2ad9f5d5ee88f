"""Rules for `chmod`, `chown` and `chgrp`."""

from __future__ import annotations

import re

from agent.risk.arguments import has, value
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.paths import Zone


def sets_id(mode: str) -> bool:
    """A mode that makes a program run with its owner's privileges."""
    return (
        bool(re.match(r"^[2-7]?[4-7]\d{3}$|^0?[2467]\d{3}$", mode))
        or ("s" in mode and "+" in mode)
        or bool(re.search(r"[ug]=\w*s", mode))
    )


def umask(call: Call) -> None:
    """`umask`: one that lets others write makes every later file writable by everybody."""
    for mode in call.argv[1:]:
        if (re.fullmatch(r"[0-7]{1,4}", mode) and not int(mode[-1]) & 2) or re.search(
            r"(?:^|,)[ug]*[oa][uoga]*[+=][rx]*w", mode
        ):
            call.high("lets everybody write what is made from now on")
    call.low()


def chmod(call: Call) -> None:
    """`chmod`, `chown`, `chgrp`."""
    program = call.argv[0].rpartition("/")[2].removeprefix("g")
    argv = call.argv
    options = [a for a in argv[1:] if a.startswith("-") and not re.match(r"^-[rwxst]+$", a)]
    operands = [a for a in argv[1:] if a not in options]
    for reference in value(argv, "--reference"):
        operands.insert(0, "reference")
        if call.place(reference).zone is Zone.SYSTEM:
            call.high("gives a file the permissions of one of the system")
    recursive = has(options, "R", "--recursive")
    if program in ("chown", "chgrp", "hgrp", "hown"):
        call.high("changes who owns files", f"changes the owner of {shown(' '.join(operands[1:]))}")
        return
    if not operands:
        call.medium("changes permissions")
        return
    mode, targets = operands[0], operands[1:]
    if sets_id(mode):
        call.high("makes a program run with its owner's privileges")
    opens = bool(
        re.search(
            r"^[0-7]{0,3}[2367]$|[ao][+=]\w*w|^\+w$|^[ugoa]*o[ugoa]*[+=]\w*w|^a?[+=]rwx$", mode
        )
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
