"""Rules for moving files: what is taken away is gone there, as after deleting it."""

from __future__ import annotations

import re
from pathlib import Path

from agent.risk.arguments import split, value
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.evaluation.made import made_here
from agent.risk.path_patterns import OTHER_HOME
from agent.risk.paths import Place, Zone


def move(call: Call) -> None:
    """`mv`: deletes from one place, writes to another."""
    from agent.risk.commands.copying import copies_trees, into

    _, operands = split(call.argv, ("-t", "--target-directory", "-S", "--suffix"))
    targets = value(call.argv, "-t", "--target-directory")
    sources = operands
    if not targets and len(operands) > 1:
        sources, targets = operands[:-1], operands[-1:]
    passing = any(call.place(f"{target}/x").zone is Zone.TEMPORARY for target in targets)
    for source in sources:
        for place in call.entries(source):
            takes_away(call, place, source, passing=passing)
            if place.zone in (Zone.PROJECT, Zone.HOME, Zone.OUTSIDE, Zone.ROOT, Zone.UNKNOWN):
                for target in targets:
                    to = call.place(target).path
                    call.evaluator.moved_to(to)
                    call.evaluator.moved_to(f"{to}/{place.name}")
    for target in targets:
        if call.place(target).zone is Zone.NULL:
            call.high("moves files to where they are lost", f"loses {shown(' '.join(sources))}")
        into(call, target, sources)
    copies_trees(call, sources, targets, by_slash=False)
    call.medium("moves files")


def takes_away(call: Call, place: Place, source: str, *, passing: bool = False) -> None:
    """Judge what is missing at its old place once it was moved.

    Args:
        call: the command.
        place: what is moved.
        source: as it is named.
        passing: it comes to stand where nothing is kept.
    """
    if call.evaluator.context.running and Path(place.path).is_dir():
        call.disturbs(place.path, None, replaced=True)
    call.evaluator.edit_rule(place, call)
    effect = f"moves {call.named(source, place)}"
    if place.own or place.zone in (Zone.ROOT, Zone.SYSTEM, Zone.DEVICE):
        call.high("moves away the project, the system or something above", effect)
    elif place.zone is Zone.GIT or (place.startup and place.zone is not Zone.PROJECT):
        call.high("moves away what the repository or the shell needs", effect)
    elif place.zone in (Zone.HOME, Zone.OUTSIDE) and (
        place.secret or place.name.startswith(".") or _persons(call, place, source, passing=passing)
    ):
        call.high("moves away files outside of the project", effect)
    elif place.zone is Zone.UNKNOWN:
        call.medium("moves a path that cannot be known")


def _persons(call: Call, place: Place, source: str, *, passing: bool) -> bool:
    """Somebody keeps it there: more than one file, somebody else's, or all there is of it."""
    evaluator = call.evaluator
    if evaluator.of_agent(place.path) or made_here(call, place, source):
        return False
    others = place.zone is Zone.OUTSIDE and OTHER_HOME.match(place.path) is not None
    file = evaluator.is_file(place) or (
        not place.several
        and _ENDING.search(place.name) is not None
        and not Path(place.path).is_dir()
    )
    return passing or others or not file


_ENDING = re.compile(r"[^.]\.[A-Za-z][A-Za-z0-9]{0,5}$")
"""What names of files end in, where the file is not there to be looked at."""
