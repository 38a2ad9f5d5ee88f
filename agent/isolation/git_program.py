"""git, asked without letting a repository run anything: no hooks, no file system monitor."""

from __future__ import annotations

import asyncio
import os
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


class GitFailed(AgentError):
    """git did not do it; the text is its reason."""


def environment() -> dict[str, str]:
    """The surroundings of git: nothing that leads it to another repository, and no questions."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "false"}


async def git(directory: Path, *words: str, ok: Collection[int] = (0,)) -> bytes:
    """Run git in a directory and give what it prints.

    Args:
        directory: where.
        words: its command line without `git`.
        ok: exit statuses that are no failure.

    Raises:
        GitFailed: it failed, or took longer than `GIT_SECONDS`.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *(*QUIET, "-C", str(directory), *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment(),
        )
    except OSError as error:
        raise GitFailed(f"git cannot be started ({error.strerror}): install git") from error
    try:
        async with asyncio.timeout(GIT_SECONDS):
            output, errors = await process.communicate()
    except TimeoutError as error:
        raise GitFailed(f"git {words[0]} took more than {GIT_SECONDS:g} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode not in ok:
        said = errors.decode(errors="replace").strip().splitlines()
        raise GitFailed(f"git {words[0]}: {said[-1] if said else 'it failed'}")
    return output
