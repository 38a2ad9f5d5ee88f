"""Checks of the machine: its directories, its disk, git."""

from __future__ import annotations

import os
import shutil
import stat

from agent.doctor.check import Check, Surroundings, ask, install, nearest_existing
from agent.isolation.git_program import IDENTIFY
from agent.paths import MAX_SOCKET_PATH

LEAST_FREE_BYTES = 50 * 1024 * 1024
"""Less free space than this is a problem: a busy day of transcripts needs some 10 MB."""

COMFORTABLE_FREE_BYTES = 500 * 1024 * 1024


async def check_directories(around: Surroundings) -> Check:
    """Whether settings and data can be kept, by the person alone."""
    places = {"settings": around.paths.config, "data": around.paths.data}
    for word, directory in places.items():
        existing = nearest_existing(directory)
        if not existing.is_dir():
            text = f"{existing} is not a directory, so {word} cannot be kept in {directory}"
            return Check("directories", "problem", text, f"move {existing} away")
        if not os.access(existing, os.W_OK | os.X_OK):
            text = f"{existing} cannot be written, so {word} cannot be kept in {directory}"
            remedy = "change its owner or mode, or set TUNGSTEN_HOME to another directory"
            return Check("directories", "problem", text, remedy)
        if directory.is_dir() and directory.stat().st_mode & 0o022:
            text = f"others may write to {directory}"
            return Check("directories", "problem", text, f"chmod go-w {directory}")
    return Check("directories", "ok", ", ".join(map(str, places.values())))


async def check_runtime(around: Surroundings) -> Check:
    """Whether sockets can be made, for the person alone."""
    name = "runtime directory"
    directory = around.paths.runtime
    length = len(os.fsencode(around.paths.engine_socket))
    if length > MAX_SOCKET_PATH:
        text = f"{around.paths.engine_socket} is too long for a socket ({length} bytes)"
        return Check(name, "problem", text, "set TUNGSTEN_HOME to a shorter path")
    if directory.is_symlink() or (directory.exists() and not directory.is_dir()):
        return Check(name, "problem", f"{directory} is not a directory", f"remove {directory}")
    if not directory.exists():
        existing = nearest_existing(directory)
        if os.access(existing, os.W_OK | os.X_OK):
            return Check(name, "ok", f"{directory} will be made when needed")
        text = f"{existing} cannot be written"
        return Check(name, "problem", text, "set TUNGSTEN_HOME to another directory")
    status = directory.stat()
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid != os.getuid():
        text = f"{directory} belongs to another user"
        return Check(name, "problem", text, "set TUNGSTEN_HOME to a directory of yours")
    if mode & 0o077:
        text = f"{directory} is open to others (mode {mode:04o})"
        return Check(name, "warning", text, f"chmod 700 {directory}")
    return Check(name, "ok", f"{directory}, for you alone")


async def check_disk(around: Surroundings) -> Check:
    """How much room there is."""
    place = nearest_existing(around.paths.data)
    free = shutil.disk_usage(place).free
    text = f"{free / 1024**3:.1f} GB free at {place}"
    remedy = f"free some space on the disk of {place}"
    if free < LEAST_FREE_BYTES:
        return Check("disk", "problem", text, remedy)
    if free < COMFORTABLE_FREE_BYTES:
        return Check("disk", "warning", text, remedy)
    return Check("disk", "ok", text)


async def check_git(around: Surroundings) -> Check:
    """Whether agents can commit."""
    git = shutil.which("git", path=around.environment.get("PATH"))
    if git is None:
        text = "git is not installed, so agents cannot commit"
        return Check("git", "warning", text, install("git"))
    place = str(around.directory)
    answers = [await ask(git, "-C", place, "config", key) for key in ("user.name", "user.email")]
    name, email = (answer.strip() for _, answer in answers)
    if name and email:
        return Check("git", "ok", f"commits as {name} <{email}>")
    return Check("git", "warning", "has no name or e-mail address to commit with", IDENTIFY)
