"""What an agent is called whom nobody has given a name."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Collection
from pathlib import Path

_BEFORE = re.compile(r"env|exec|\w+=.*", re.DOTALL)
"""Words that may stand before a program's name."""


def program_of(command: str) -> str:
    """The program that a command line starts, as it is written there; empty where none is found."""
    words: list[str] = []
    with contextlib.suppress(ValueError):
        words = shlex.split(command)
    return next((word for word in words if not _BEFORE.fullmatch(word)), "")


def free_name(directory: Path, taken: Collection[str], wanted: str = "") -> str:
    """Find a name that no other has: what is wanted or the directory's, numbered if taken."""
    base = re.sub(r"[^\w.-]+", "-", wanted or directory.name).strip("-")[:40] or "agent"
    number = 1
    while (name := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return name
