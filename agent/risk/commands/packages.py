"""Rules for what package managers are told to install, and from where."""

from __future__ import annotations

import re

from agent.risk.arguments import value
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown

_ADDRESS = re.compile(r"^(?:https?|git|git\+\w+|ssh|ftp)(?:://|\+)|^git@|^[\w.-]+@(?:https?|git)")

_SHORTHAND = re.compile(r"(?![@.])[\w-]+/[\w.-]+(?:#\S+)?")
"""`owner/repository`, which npm takes from GitHub."""

_VALUED = (
    "-d", "--dest", "-t", "--target", "--prefix", "--root", "--cache-dir", "--log", "--report",
    "--wheel-dir", "-w", "-c", "--constraint", "--target-dir", "--artifact-dir",
)  # fmt: skip


def packages(call: Call, words: list[str]) -> None:
    """Packages named for an install: by name is everyday, by address or other index is not."""
    argv = call.argv
    given = set(value(argv, *_VALUED))
    for word in words:
        if word.startswith("/dev/fd/sub:"):
            call.high("installs what another command lists")
        elif word in given:
            continue
        elif (
            _ADDRESS.search(word)
            or (
                _SHORTHAND.fullmatch(word)
                and argv[0].rpartition("/")[2] in ("npm", "yarn", "pnpm", "bun")
            )
            or re.search(r"@\s*(?:https?|git)[+:]|\s@\s", word)
            or re.match(r"^(?:github|gitlab|bitbucket|gist):", word)
        ):
            call.high("installs code from an unreviewed address", f"installs {shown(word)}")
        elif word.startswith("/tmp") or (  # noqa: S108
            word.endswith((".whl", ".tgz", ".tar.gz", ".deb"))
            and "/" in word
            and not word.startswith("./")
        ):
            call.high("installs code from a file elsewhere", f"installs {shown(word)}")
    for text in value(
        argv,
        "--index-url",
        "--extra-index-url",
        "--find-links",
        "--trusted-host",
        "--index",
        "--default-index",
        "--registry",
        "--source",
    ):
        if not re.match(
            r"^https://(?:pypi\.org|registry\.npmjs\.org|registry\.yarnpkg\.com|rubygems\.org|download\.pytorch\.org)(?:/|$)",
            text,
        ) and not text.startswith(("./", "dist", "wheel")):
            call.high("takes packages from another place", f"takes packages from {shown(text)}")
    if argv[0].rpartition("/")[2].startswith("pip"):
        for text in value(argv, "-i", "-f"):
            if "://" in text and not text.startswith("https://pypi.org"):
                call.high("takes packages from another place", f"takes packages from {shown(text)}")
        for path in value(argv, "-r", "--requirement"):
            if "://" in path or path.startswith("/dev/"):
                call.high("installs what another machine or command lists")
        if value(argv, "--target", "-t", "--prefix", "--root"):
            call.medium("installs somewhere else")
    if any(a in ("--break-system-packages", "--zap", "--global-option") for a in argv):
        call.high("changes the packages of the machine")
    if "tap" in argv[1:2] and any("://" in word or word.startswith("git@") for word in argv[2:]):
        call.high("takes packages from another place")
    for text in value(argv, "--git"):
        call.high("installs code from an unreviewed address", f"installs {shown(text)}")
