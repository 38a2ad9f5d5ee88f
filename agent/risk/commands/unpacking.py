"""Where archives are unpacked: what lies there already, and what runs from there, is replaced."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from agent.risk.arguments import split, value, wordlist
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.evaluation.made import makes
from agent.risk.path_patterns import TEMPORARY
from agent.risk.paths import Place, Zone


class Unpacks(NamedTuple):
    """How a program is told to unpack, and where.

    Attributes:
        when: what its words, joined by blanks, hold when it unpacks.
        options: options that name the directory.
        last: with at least this many operands the last one is the directory; 0 when it never is.
        looks: what its words hold when it only lists or shows.
    """

    when: re.Pattern[str]
    options: tuple[str, ...]
    last: int
    looks: re.Pattern[str]


UNPACKS: dict[str, Unpacks] = {}
"""Program name → how it unpacks."""


def _of(names: str, when: str = "", options: str = "", last: int = 0, looks: str = "(?!)") -> None:
    entry = Unpacks(re.compile(when), tuple(wordlist(options)), last, re.compile(looks))
    UNPACKS.update(dict.fromkeys(wordlist(names), entry))


# Sources: the manual page of each program.
_of("unzip bsdunzip", "", "-d", looks=r"^-\w*[ltpcZzv]")
_of("7z 7za 7zr 7zz p7zip", r"^[xe]\b", "-o")
_of("unrar rar", r"^[xe]\b", "-op", 3)
_of(
    "cpio bsdcpio",
    r"(?:^| )(?:-[a-zA-Z]*i|--extract)",
    "-D --directory",
    looks=r"(?:^| )(?:-[a-zA-Z]*t|--list)",
)
_of("pax", r"(?:^| )-[a-z]*r")
_of("unar", "", "-o -output-directory --output-directory")
_of("dtrx unzoo unarj lhasa", "", "", looks=r"(?:^| )-\w*[lt]")
_of("atool", r"-x|--extract|-X|--extract-to", "-X --extract-to")
_of("aunpack", "", "-X --extract-to")
_of("ouch", r"^(?:decompress|d)\b", "-d --dir")
_of("patool", r"^extract\b", "--outdir")
_of("jar", r"^(?:-?[a-zA-Z]*x|--extract)", "-C --dir")
_of("ar", r"^-?[a-zA-Z]*x", "--output")
_of(
    "cabextract innoextract unshield",
    "",
    "-d --directory --output-dir",
    looks=r"(?:^| )(?:-l|--list|l)\b",
)
_of("msiextract", "", "-C --directory")
_of("unsquashfs", "", "-d -dest", looks=r"(?:^| )-(?:l|ll|s|stat)\b")
_of("dpkg dpkg-deb", r"(?:^| )(?:-[xXRe]|--extract|--vextract|--raw-extract|--control)\b", "", 2)
_of("ditto", "", "", 2)
_of("asar", r"^(?:extract|e)\b", "", 3)
_of("xar", r"^-?\w*x", "-C")
_of("arj unace lha", r"^[xe]", "", 3)
_of("gem", r"^unpack\b", "--target")


def unpacked(call: Call, program: str) -> None:
    """Judge where a program of `UNPACKS` unpacks."""
    entry = UNPACKS[program]
    words = " ".join(call.argv[1:])
    if entry.when.search(words) is None or entry.looks.search(words):
        return
    from_elsewhere(call)
    directories = value(call.argv, *entry.options) if entry.options else []
    operands = split(call.argv, entry.options)[1]
    if not directories and entry.last and len(operands) >= entry.last:
        directories = operands[-1:]
    for directory in directories:
        makes(call, directory)
    unpacks_into(call, directories or ["."])
    if program in _ANYWHERE and "--no-absolute-filenames" not in call.argv and _of_agent(call):
        call.high("unpacks to wherever the archive says")
    for directory in directories or ["."]:
        call.scatters(directory)


_ANYWHERE = ("cpio", "bsdcpio")
"""Programs that unpack to absolute names unless they are told not to."""


def unpacks_into(call: Call, directories: Iterable[str]) -> None:
    """An archive, which may hold any name, is unpacked into directories."""
    for directory, place in ((d, p) for d in directories for p in call.places(d)):
        if f"{place.path}/" in TEMPORARY or place.path == call.evaluator.ground.project:
            continue
        if place.zone in (Zone.SYSTEM, Zone.ROOT, Zone.OUTSIDE):
            call.high(
                "unpacks over files outside of the project", f"unpacks into {shown(directory)}"
            )
        elif place.startup or place.own or place.secret or _of_settings(call, place):
            call.high("unpacks over files that run later", f"unpacks into {shown(directory)}")


def _of_settings(call: Call, place: Place) -> bool:
    """A hidden directory of the home directory, where programs keep their settings."""
    return place.zone is Zone.HOME and place.path.startswith(f"{call.evaluator.ground.home}/.")


def from_elsewhere(call: Call) -> None:
    """What an archive that was just fetched holds is as foreign as the archive."""
    if call.feed().kind == "remote" or _of_agent(call):
        given = [call.place(word).path for word in call.argv[1:] if not word.startswith("-")]
        call.evaluator.fetched.extend([call.cwd, *given])


def _of_agent(call: Call) -> bool:
    """The archive was written or fetched by an agent."""
    evaluator = call.evaluator
    words = [word for word in call.argv[1:] if not word.startswith("-")]
    return any(
        (path in evaluator.files and evaluator.files[path] is None)
        or Path(path) in evaluator.context.written
        for path in (call.place(word).path for word in (*words, *call.feed().paths))
    )
