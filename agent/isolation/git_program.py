"""git, asked without letting a repository run anything: no hooks, no file system monitor."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Collection
from pathlib import Path

from agent.errors import AgentError

GIT_SECONDS = 300.0
"""How long git may take to check out a large project."""

QUIET = (
    *("git", "--no-optional-locks", "-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false", "-c", "core.pager=cat"),
)
"""How every command line begins. Without optional locks, looking never writes an index (git(1))."""


IDENTIFY = "git config --global user.name 'You' && git config --global user.email you@example.org"
"""What gives git a name and an e-mail address to commit with."""

END_SECONDS = 2.0
"""How long git may take to end once it is told to: it then removes its locks."""


_UNWRITTEN = re.compile(r"No space left|[Oo]ut of disk ?space|unable to write")
"""What git says, among more, where a disk is full."""


class GitFailed(AgentError):
    """git did not do it; the text is its reason."""


class GitSlow(GitFailed):
    """git took longer than it may, and was ended."""


def environment() -> dict[str, str]:
    """The surroundings of git: nothing that leads it to another repository, and no questions."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "false"}


async def git(
    directory: Path,
    *words: str,
    ok: Collection[int] = (0,),
    seconds: float = GIT_SECONDS,
    to_its_end: bool = False,
) -> bytes:
    """Run git in a directory and give what it prints.

    Args:
        directory: where.
        words: its command line without `git`.
        ok: exit statuses that are no failure.
        seconds: how long it may take.
        to_its_end: whether it goes on where whoever asked for it is gone, since it would leave
            files half written; a program that ends waits for it.

    Raises:
        GitSlow: it took longer.
        GitFailed: it failed.
    """
    argv = (*QUIET, "-C", str(directory), *words)
    run = asyncio.to_thread(_whole, argv, seconds) if to_its_end else _asked(argv, seconds)
    try:
        status, output, errors = await run
    except OSError as error:
        raise GitFailed(f"git cannot be started ({error.strerror}): install git") from error
    except subprocess.TimeoutExpired as error:
        raise GitSlow(f"git {words[0]} took more than {seconds:g} s") from error
    if status not in ok:
        said = errors.decode(errors="replace").strip().splitlines()
        # What it could not write says more than what came of that.
        told = next((line for line in said if _UNWRITTEN.search(line)), said[-1] if said else "")
        raise GitFailed(f"git {words[0]}: {told or 'it failed'}")
    return output


async def _asked(argv: tuple[str, ...], seconds: float) -> tuple[int | None, bytes, bytes]:
    """Run git for as long as somebody waits for it."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(),
        # It and all that it starts, such as what signs, can be ended together.
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(seconds):
            output, errors = await process.communicate()
    except TimeoutError as error:
        raise subprocess.TimeoutExpired(argv, seconds) from error
    finally:
        if process.returncode is None:
            _signal(process.pid, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), END_SECONDS)
            _signal(process.pid, signal.SIGKILL)
            await process.wait()
    return process.returncode, output, errors


def _whole(argv: tuple[str, ...], seconds: float) -> tuple[int | None, bytes, bytes]:
    """Run git in a thread of its own, which nothing cuts short."""
    with subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            _signal(process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_SECONDS)
            _signal(process.pid, signal.SIGKILL)
            raise
    return process.returncode, output, errors


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
