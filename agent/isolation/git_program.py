"""git, asked without letting a repository run anything: no hooks, no file system monitor."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
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


END_SECONDS = 2.0
"""How long git may take to end once it is told to: it then removes its locks."""


class GitFailed(AgentError):
    """git did not do it; the text is its reason."""


class GitSlow(GitFailed):
    """git took longer than it may, and was ended."""


def environment() -> dict[str, str]:
    """The surroundings of git: nothing that leads it to another repository, and no questions."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "false"}


async def git(
    directory: Path, *words: str, ok: Collection[int] = (0,), seconds: float = GIT_SECONDS
) -> bytes:
    """Run git in a directory and give what it prints.

    Args:
        directory: where.
        words: its command line without `git`.
        ok: exit statuses that are no failure.
        seconds: how long it may take.

    Raises:
        GitSlow: it took longer.
        GitFailed: it failed.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *(*QUIET, "-C", str(directory), *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment(),
            # It and all that it starts, such as what signs, can be ended together.
            start_new_session=True,
        )
    except OSError as error:
        raise GitFailed(f"git cannot be started ({error.strerror}): install git") from error
    try:
        async with asyncio.timeout(seconds):
            output, errors = await process.communicate()
    except TimeoutError as error:
        raise GitSlow(f"git {words[0]} took more than {seconds:g} s") from error
    finally:
        if process.returncode is None:
            _signal(process.pid, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), END_SECONDS)
            _signal(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode not in ok:
        said = errors.decode(errors="replace").strip().splitlines()
        raise GitFailed(f"git {words[0]}: {said[-1] if said else 'it failed'}")
    return output


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
