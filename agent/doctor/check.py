"""What a check of the doctor's finds, where it looks, and what several of them need."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.paths import Paths
from agent.settings import config
from agent.settings.config import Config, ConfigError

Status = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `remedy` says what to do and is empty when all is well."""

    name: str
    status: Status
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where checks look."""

    paths: Paths
    environment: Mapping[str, str]
    directory: Path


_INSTALLERS = {
    "brew": "brew install {}",
    "apt-get": "sudo apt-get install {}",
    "dnf": "sudo dnf install {}",
    "pacman": "sudo pacman -S {}",
    "zypper": "sudo zypper install {}",
    "apk": "sudo apk add {}",
}


def install(package: str) -> str:
    """The command that installs a package on this machine."""
    for program, command in _INSTALLERS.items():
        if shutil.which(program):
            return command.format(package)
    return f"install {package} with the system's package manager"


def tmux_program(around: Surroundings) -> str:
    """The tmux that the settings name."""
    try:
        return config.load(around.paths, environment=around.environment).tmux
    except ConfigError:
        return Config().tmux


def nearest_existing(path: Path) -> Path:
    """The nearest directory or file at or above `path` that is there, or a link to nothing."""
    places = (path, *path.parents)
    return next(place for place in places if place.exists() or place.is_symlink())


async def ask(*argv: str) -> tuple[int, str]:
    """Run a short program without input; its exit status and output. It ends with the check."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        output, _ = await process.communicate()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    return process.returncode or 0, output.decode(errors="replace")
