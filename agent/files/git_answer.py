"""What git says of a directory, asked so that it runs nothing but itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

SECONDS = 10.0
"""How long one answer may take."""

MOST_BYTES = 16 * 1024 * 1024
"""How long one answer may be."""

_GIT = (
    "git", "--no-pager", "--literal-pathspecs",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.fsmonitor=false",
    "-c", "log.showSignature=false",
)  # fmt: skip
"""A repository's own settings may name programs; these keep git from running any."""


async def git_answer(directory: Path, *words: str, errors: str = "replace") -> str | None:
    """What git answers; None when it failed, took too long, or said too much.

    Args:
        directory: where it is asked.
        words: its command.
        errors: how what is not UTF-8 is decoded, as for `bytes.decode`.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
    }
    try:
        process = await asyncio.create_subprocess_exec(
            *(*_GIT, "-C", str(directory), *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
        )
    except (OSError, ValueError):
        return None
    assert process.stdout is not None
    answer = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            while piece := await process.stdout.read(1 << 16):
                answer += piece
                if len(answer) > MOST_BYTES:
                    return None
            if await process.wait():
                return None
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return answer.decode(errors=errors)
