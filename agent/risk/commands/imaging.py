"""Rules for ImageMagick: pictures whose names are commands, and those changed where they are."""

from __future__ import annotations

import re
from itertools import pairwise

from agent.risk.arguments import value, wordlist
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.unlisted import simple
from agent.risk.paths import Zone

_TEXTS = frozenset(
    wordlist("-format -print -annotate -draw -label -caption -comment -set -define -title -text")
)
"""Options behind which any sign is text; ImageMagick's list of command-line options."""
_NAME = re.compile(r"(?:[A-Za-z0-9-]{2,12}:)?\|(.*)", re.S)
_CODED = re.compile(r"(label|caption|text|pango|ephemeral|msl|mvg|vid):@?(.+)", re.I)


def imaging(call: Call) -> None:
    """`magick`, `convert`, `mogrify`, `identify`, `gm convert`."""
    argv = call.argv
    for before, word in pairwise(argv):
        if before in _TEXTS:
            continue
        if piped := _NAME.fullmatch(word):
            call.hook(piped[1])
        elif coded := _CODED.fullmatch(word):
            kind = coded[1].lower()
            if kind == "ephemeral":
                call.deletes(coded[2])
            elif kind == "msl":
                call.hooked(coded[2])
            elif "@" in word or kind == "text":
                call.reads(coded[2])
    program = argv[0].rpartition("/")[2]
    if "mogrify" in (program, *argv[1:2]):
        _in_place(call)
    simple(call, program)


def _in_place(call: Call) -> None:
    """`mogrify` puts what it makes where the picture was, or another name or place says."""
    argv = call.argv
    elsewhere = value(argv, "-path")
    for directory in elsewhere:
        call.writes(f"{directory}/x")
    for before, word in pairwise(argv):
        if word[:1] == "-" or before in _TEXTS or ("." not in word and "/" not in word):
            continue
        place = call.place(word)
        above = place.path.rpartition("/")[0]
        kept = "-format" in argv or any(call.place(one).path != above for one in elsewhere)
        if place.zone in (Zone.HOME, Zone.OUTSIDE) and not kept and before != "-path":
            call.high("changes pictures outside of the project", f"changes {word}")
