# ruff: noqa: E501 - tables and patterns read better unbroken
"""Names of programs: other spellings, versions, and the places where ordinary ones stand."""

from __future__ import annotations

import re
from functools import lru_cache

from agent.risk import programs

PLAIN_NAME = re.compile(r"[A-Za-z0-9_./+\-]+")


UNRESOLVED = re.compile(r"[*?\\\[\s\x1c-\x1f]")


LOADER = re.compile(r"ld(?:-linux|-musl)?[\w-]*\.so(?:\.\d+)*")


ORDINARY = re.compile(
    r"^(?:/usr(?:/local)?|/opt/homebrew|/opt/local|/snap)?/s?bin/[^/]+$|(?:^|/)\.?venv/bin/[^/]+$"
    r"|(?:^|/)node_modules/\.bin/[^/]+$|(?:^|/)vendor/bin/[^/]+$|^(?:\./)?bin/(?:rails|rake|bundle|setup|rspec)$"
    r"|^\./(?:gradlew|mvnw|manage\.py|artisan|configure)$|(?:^|/)\.tox/\w+/bin/[^/]+$"
    r"|/\.(?:cargo|local|pyenv/shims|rbenv/shims|bun|deno)/bin/[^/]+$"
)


OTHER_NAMES = {
    "brz": "bzr",
    "python3": "python", "python2": "python", "pypy": "python", "pypy3": "python", "pip3": "pip",
    "nodejs": "node", "gawk": "awk", "mawk": "awk", "nawk": "awk", "gsed": "sed", "gmake": "make",
    "grm": "rm", "gmv": "mv", "gcp": "cp", "gfind": "find", "gxargs": "xargs", "gdd": "dd",
    "gtar": "tar", "bsdtar": "tar", "vi": "vim", "nvim": "vim", "view": "vim", "ex": "vim",
    "rvim": "vim", "gvim": "vim", "mvim": "vim", "vimdiff": "vim", "bunx": "npx", "pnpx": "npx",
    "podman": "docker", "nerdctl": "docker", "finch": "docker", "balena-engine": "docker", "podman-remote": "docker", "gchmod": "chmod", "gchown": "chown",
    "mariadb": "mysql", "dash": "sh", "ash": "sh", "bash": "sh", "zsh": "sh", "ksh": "sh",
    "mksh": "sh", "fish": "sh", "rbash": "sh", "yash": "sh", "elvish": "sh", "csh": "sh",
    "tcsh": "sh", "nu": "sh", "pwsh": "powershell", "oksh": "sh", "lksh": "sh", "posh": "sh",
    "netcat": "nc", "ncat": "nc", "gtimeout": "timeout", "unlink": "rm", "grmdir": "rmdir",
    "command.com": "sh", "docker-compose-v1": "docker-compose", "task": "make", "just": "make",
    "unbuffer": "nohup", "batcat": "bat", "fdfind": "fd", "sqlite": "sqlite3", "litecli": "sqlite3",
    "pgcli": "psql", "mycli": "mysql", "rscript": "R", "Rscript": "R", "luajit": "lua",
    "perl5": "perl", "jruby": "ruby", "php8": "php", "tsx": "node", "ts-node": "node",
    "micromamba": "conda", "mamba": "conda", "shred-f": "shred", "pico": "nano", "hexdump": "xxd",
    "gln": "ln", "ginstall": "install", "mongo": "mongosh", "gtruncate": "truncate",
    "skill": "pkill", "rename.ul": "rename", "gtee": "tee",
    "Remove-Item": "rm", "Invoke-Expression": "eval", "Copy-Item": "cp",
    "Move-Item": "mv", "Invoke-WebRequest": "curl",
    "powershell.exe": "powershell", "pwsh.exe": "powershell", "cmd.exe": "cmd", "wsl.exe": "wsl",
    "egrep": "grep", "fgrep": "grep",
    "zsh5": "sh", "python-config": "echo",
    "opentofu": "tofu", "vboxmanage": "VBoxManage", "kubecolor": "kubectl", "k": "kubectl", "sls": "serverless",
    "azure": "az", "valkey-cli": "redis-cli", "keydb-cli": "redis-cli", "iredis": "redis-cli", "dragonfly-cli": "redis-cli",
}  # fmt: skip


_VERSION = re.compile(r"(?<=[a-z])-?\d+(?:\.\d+)*$")


@lru_cache(maxsize=2_048)
def versionless(program: str) -> str:
    """`python3.12`, `gcc-13` and `kafka-topics.sh` are judged as `python`, `gcc` and `kafka-topics`."""
    stem, dot, ending = program.rpartition(".")
    if dot and ending in ("sh", "exe", "cmd", "bat") and stem in known_programs():
        return OTHER_NAMES.get(stem, stem)
    if program[-1:].isdigit() and program not in known_programs():
        bare = _VERSION.sub("", program)
        if bare != program and bare in known_programs():
            return OTHER_NAMES.get(bare, bare)
    return program


_KNOWN: set[str] = set()


def known_programs() -> set[str]:
    """Every program that some rule or table names."""
    if not _KNOWN:
        from agent.risk.commands.table import HANDLERS

        _KNOWN.update(HANDLERS, programs.LOW_PROGRAMS, programs.MEDIUM_PROGRAMS)
        _KNOWN.update(programs.HIGH_PROGRAMS, programs.SUBCOMMANDS, OTHER_NAMES)
        _KNOWN.update(programs.SHARED_PROGRAMS)
        _KNOWN.update(["manage.py"])
    return _KNOWN


def shadows(path: str, directory: str) -> bool:
    """A file stands for a program of the system when its directory is searched for programs."""
    above, _, name = path.rpartition("/")
    return above == directory and name in known_programs()
