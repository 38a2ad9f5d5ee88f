"""What the judged text makes itself, and may therefore delete again.

`mkdir w && … && rm -rf w` loses nothing: what stood nowhere before the line can be made again by
the line. Moved there, somebody's work would be lost all the same (`Judgement.moved_to`); and what
leads elsewhere is judged by where it leads before this is asked.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from agent.risk.arguments import split, wordlist
from agent.risk.paths import Place, Zone
from agent.risk.shell.syntax import UNKNOWN, Command, Script

if TYPE_CHECKING:
    from agent.risk.evaluation.call import Call

_ZONES = (Zone.PROJECT, Zone.HOME, Zone.OUTSIDE)
"""Where it makes a difference; elsewhere it is no loss anyway, or too much."""


class Made(NamedTuple):
    """Where a text makes a directory.

    Attributes:
        exclusive: the command fails where something of that name is there already.
        copied: it is a copy, and so may be a link.
        sure: whatever the name turns out to be, it is new (`mktemp`).
    """

    script: Script | None
    command: Command | None
    exclusive: bool
    copied: bool
    sure: bool


def makes(
    call: Call,
    text: str,
    *,
    exclusive: bool = False,
    copied: bool = False,
    sure: bool = False,
    above: bool = False,
) -> None:
    """Note that a command makes what stands at a path, if nothing does yet.

    Args:
        call: the command.
        text: the path.
        exclusive: see `Made`.
        copied: see `Made`.
        sure: see `Made`.
        above: the directories above it are made with it.
    """
    place = call.place(text)
    if place.several or UNKNOWN in place.path or call.evaluator.followed(place.path, text):
        return
    path, project = place.path, call.evaluator.ground.project
    while place.zone in _ZONES and path != project:
        made = Made(call.script, call.command, exclusive, copied, sure)
        call.evaluator.made.setdefault(path, made)
        if not above:
            break
        path = path.rpartition("/")[0]
        place = call.place(path)


def sets_up(call: Call, program: str) -> None:
    """Note what a program of `SETS_UP` makes: `cargo new`, `virtualenv`."""
    verbs = SETS_UP[program]
    operands = split(call.argv, _VALUED)[1]
    if not verbs:
        for operand in operands[:1]:
            makes(call, operand)
    elif operands[:1] and operands[0] in verbs:
        for operand in operands[1:3]:
            makes(call, operand)


SETS_UP = {
    "cargo": ("new", "init"), "poetry": ("new",), "uv": ("init", "venv"), "rails": ("new",),
    "mix": ("new",), "django-admin": ("startproject",), "npm": ("create", "init"),
    "pnpm": ("create",), "yarn": ("create",), "bun": ("create",), "dotnet": ("new",),
    "hugo": ("new",), "flutter": ("create",), "gatsby": ("new",), "ng": ("new",), "virtualenv": (),
}  # fmt: skip
"""Programs, and those of their verbs that set up a directory; without verbs all do."""
_VALUED = ("-p", "--python", "--name", "--template", "-t", "--vcs", "--edition")


VOUCHED = frozenset(
    wordlist(
        """cd pushd popd mkdir touch ls cat echo printf test [ [[ true false : cp ln diff cmp
        head tail wc grep egrep sort uniq cut tr rm rmdir mv unzip gunzip bunzip2 unxz curl wget
        pip pip3 chmod sleep wait export set unset local readonly declare shift read cmp md5sum
        sha256sum stat file tree du df pwd date basename dirname realpath readlink mktemp rsync
        install seq exit return env time timeout nice nohup xargs find sed tee which command type
        id uname virtualenv"""
    )
)
"""Programs that move nothing, or of which it is told what they move and run."""
_BUILDERS = frozenset(wordlist("make cmake ninja npm pnpm yarn cargo go pytest uv poetry"))
"""Programs that run what stands in the directory that they are started in."""
_GIT = frozenset(wordlist("clone worktree init status log diff show add fetch mv stash rev-parse"))
_AT_ONCE = VOUCHED - frozenset(
    wordlist("sleep wait read curl wget pip pip3 rsync xargs find env time timeout nice nohup")
)


def passes(call: Call, name: str) -> None:
    """Note that a program runs: it may take time, and move work into what the text has made."""
    evaluator = call.evaluator
    program = name.rpartition("/")[2]
    evaluator.slow = evaluator.slow or program not in _AT_ONCE
    if not (evaluator.made or evaluator.files) or _is_vouched_for(call, program):
        return
    evaluator.doubted.update(evaluator.made)
    evaluator.doubted |= evaluator.above_files


def _is_vouched_for(call: Call, program: str) -> bool:
    words = call.argv[1:]
    if program == "git":
        return any(word in _GIT for word in words[:3])
    if program == "tar":
        return not any(word.startswith(("--remove", "--to-command")) for word in words)
    if program in ("bash", "sh", "dash", "zsh"):
        return "-c" in words
    if program in _BUILDERS:
        inside = f"{call.cwd}/"
        return any(inside.startswith(f"{root}/") for root in call.evaluator.made)
    return program in VOUCHED


def made_here(call: Call, place: Place, text: str) -> bool:
    """Whether all that stands at a path now was made by the text that is being judged."""
    evaluator = call.evaluator
    if place.zone not in _ZONES or UNKNOWN in place.path or call.deferred or evaluator.restored:
        return False
    root = place.path
    if root not in evaluator.made and root not in evaluator.above_files:
        # What lies deeper may lie behind a link that was copied or fetched with the rest.
        root = root.rpartition("/")[0]
        if text.endswith("/") or root not in evaluator.made:
            return False
    made = evaluator.made.get(root)
    if (
        root in evaluator.doubted
        or evaluator.holds_moved(root)
        or (text.endswith("/") and (made is None or made.copied))
    ):
        return False
    if made is not None and made.sure:
        return True
    if os.path.lexists(root):
        return False
    if Path(evaluator.ground.project or evaluator.context.cwd).is_dir():
        return True
    # There is no disk to ask: only a command that fails where something is tells that nothing was.
    return made is not None and made.exclusive and _only_if(made, call)


def _only_if(made: Made, call: Call) -> bool:
    """A command runs only when the one that makes the directory has succeeded."""
    script = call.script
    if script is None or made.script is not script or made.command is None:
        return False
    commands = script.commands
    if call.command not in commands or made.command not in commands:
        return False
    first, last = commands.index(made.command), commands.index(call.command)
    return first < last and all(
        command.joiner in ("&&", "|", "|&") and command.group is made.command.group
        for command in commands[first + 1 : last + 1]
    )
