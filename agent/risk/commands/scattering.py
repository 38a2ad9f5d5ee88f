"""Programs of which only that can be told: some files below where they run become others.

Archivers, `git`, `cp`, `rsync` and `patch` have rules of their own that say more.
"""

from __future__ import annotations

import re

from agent.risk.arguments import split, wordlist
from agent.risk.evaluation.call import Call

_ANY: tuple[str, ...] = ()

SCATTERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        wordlist(
            """unar dtrx aunpack unrar pax ar jar unsquashfs bsdcpio git-restore-mtime quilt stow
            cookiecutter copier yeoman yo degit tiged giget unison restic borg tarsnap duplicity
            rdiff-backup lftp sftp ftp ncftpget wget wget2 ditto robocopy chezmoi repo mr vcs
            gclient cabextract lha unzoo unace arj unshield 7zz unstow syncthing bsdunzip
            ouch atool"""
        ),
        _ANY,
    ),
    "svn": tuple(wordlist("update up switch sw checkout co revert merge patch export copy cp mv")),
    "hg": tuple(
        wordlist(
            """update up checkout co pull revert merge rebase import patch unshelve shelve graft
            backout clone qpush qpop transplant fetch"""
        )
    ),
    "jj": tuple(
        wordlist("new edit abandon undo restore rebase squash next prev git workspace backout op")
    ),
    "sl": tuple(wordlist("goto go update pull revert rebase import unshelve shelve graft clone")),
    "bzr": tuple(wordlist("update pull merge revert switch checkout branch unshelve shelve")),
    "fossil": tuple(wordlist("update checkout co merge revert undo open stash")),
    "dvc": tuple(wordlist("checkout pull repro get import update fetch exp")),
    "aws": ("s3",),
    "gsutil": tuple(wordlist("cp rsync mv")),
    "gcloud": tuple(wordlist("storage scp")),
    "rclone": tuple(wordlist("copy sync move copyto moveto bisync copyurl")),
    "gh": tuple(wordlist("pr repo release gist run")),
    "glab": tuple(wordlist("mr repo release")),
    "docker": tuple(wordlist("cp")),
    "podman": tuple(wordlist("cp")),
    "kubectl": tuple(wordlist("cp")),
}
"""Program → the verbs after which it writes; without verbs it always does."""

_INSTALLS = tuple(wordlist("install i ci add update upgrade up sync remove uninstall dedupe"))
INSTALLS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(wordlist("npm pnpm yarn bun"), ("node_modules",)),
    **dict.fromkeys(wordlist("pip uv poetry pdm pipenv rye hatch"), (".venv", "venv")),
    "bundle": ("vendor/bundle",),
    "composer": ("vendor",),
}
"""Program → the directories in which it installs packages."""

_NEEDED = {
    "gh": ("checkout", "co", "clone", "sync", "download"),
    "glab": ("checkout", "clone", "download"),
}
"""Of some of them, the second verb without which they do not."""


_EXTRACTS = re.compile(r"(?<= )(?:-?[a-z]*[xr][a-zA-Z]*\b|--extract)")
_OPTIONS = {
    **dict.fromkeys(("ar", "jar", "pax"), _EXTRACTS),
    **dict.fromkeys(
        ("wget", "wget2"),
        re.compile(r" (?:-[a-zA-Z]*[rmpixP]|--(?:rec|mir|page|inp|force-d|dir))"),
    ),
}
"""Of some of them, the options without which they write at most what they are told."""


def scattered(call: Call, program: str) -> None:
    """Say where a program of `SCATTERS` or `INSTALLS` may write."""
    if program in INSTALLS:
        words = call.argv[1:4]
        if any(word in _INSTALLS for word in words) or (program == "yarn" and not words):
            for directory in INSTALLS[program]:
                call.scatters(directory)
        return
    verbs = SCATTERS[program]
    operands = split(call.argv)[1]
    if verbs and not any(word in verbs for word in operands[:3]):
        return
    if program in _OPTIONS and not _OPTIONS[program].search(" ".join(call.argv)):
        return
    if program in _NEEDED and not any(word in _NEEDED[program] for word in operands[1:3]):
        return
    call.scatters(".")
    for operand in operands:
        if operand.startswith(("/", "~", "..")):
            call.scatters(operand)
