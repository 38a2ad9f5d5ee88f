"""Checks of everything Tungsten needs: what is there, what is not, and what to do about it.

Nothing is changed, made or started. Checks run side by side, each within `CHECK_SECONDS`; then the
model is asked, with the key, as a run would: by one request of a token, free at Anthropic's own.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from agent.doctor import model
from agent.doctor.check import Check, Surroundings
from agent.doctor.machine import check_directories, check_disk, check_git, check_runtime
from agent.doctor.model import check_settings
from agent.doctor.program import (
    check_database,
    check_engine,
    check_hooks,
    check_python,
    check_snapshots,
)
from agent.doctor.terminal import (
    check_locale,
    check_outer_tmux,
    check_panes,
    check_terminal,
    check_tmux,
    check_wall,
)
from agent.paths import Paths

CHECK_SECONDS = 5.0
"""How long any one check may take before it is reported as not answering."""


async def examine(
    paths: Paths,
    *,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> list[Check]:
    """Run every check; never fails and never hangs.

    Args:
        paths: whose Tungsten.
        environment: variables to look at, `os.environ` unless given.
        directory: where git is asked for an identity, the working directory unless given.
    """
    around = Surroundings(
        paths,
        os.environ if environment is None else environment,
        Path() if directory is None else directory,
    )
    checks: dict[str, Callable[[Surroundings], Awaitable[Check]]] = {
        "tmux": check_tmux,
        "wall": check_wall,
        "terminal": check_terminal,
        "locale": check_locale,
        "outer tmux": check_outer_tmux,
        "settings": check_settings,
        "directories": check_directories,
        "runtime directory": check_runtime,
        "disk": check_disk,
        "database": check_database,
        "snapshots": check_snapshots,
        "panes": check_panes,
        "engine": check_engine,
        "hooks": check_hooks,
        "git": check_git,
        "python": check_python,
    }
    found = list(await asyncio.gather(*(_run(name, f(around)) for name, f in checks.items())))
    # Last: loading the model's libraries takes all of a core, and would cost the others their time.
    asked = await _run("model", model.check_model(around), model.MODEL_SECONDS + CHECK_SECONDS)
    found.insert([check.name for check in found].index("settings") + 1, asked)
    return found


async def _run(name: str, check: Awaitable[Check], seconds: float | None = None) -> Check:
    seconds = CHECK_SECONDS if seconds is None else seconds
    try:
        return await asyncio.wait_for(check, seconds)
    except TimeoutError:
        return Check(
            name,
            "problem",
            f"no answer within {seconds:g} s",
            "see whether the machine or a network drive is stuck, then try again",
        )
    except OSError as error:
        return Check(
            name,
            "problem",
            f"cannot be checked ({error.strerror or error})",
            f"look at {error.filename}" if error.filename else "try again",
        )
