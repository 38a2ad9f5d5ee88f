"""What the demo under way leaves for the next engine, and what may be removed of it."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from agent.errors import AgentError

STATE_FILE = "demo.json"
"""Name of the record, beside the database."""

MARKER = ".tungsten-demo"
"""Stands in every directory that the demo made and may remove."""


class DemoRefused(AgentError):
    """The demo cannot start."""


TAKEN_OVER = "taken_over"
"""Key of the record below which agents stand, by id, that the person has spoken to."""


def make_directory(keep: str) -> Path:
    """Make the directory to work in: `keep`, new or empty, or a temporary one when it is empty.

    Raises:
        DemoRefused: the directory to keep cannot be used.
    """
    if not keep:
        directory = Path(tempfile.mkdtemp(prefix="demo-tea-")).resolve()
        (directory / MARKER).touch()
        return directory
    directory = Path(keep).expanduser()
    if not directory.is_absolute():
        raise DemoRefused(f"{keep}: name the directory to keep by its whole path.")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise DemoRefused(f"{directory} is not empty: name another directory to keep.")
    except OSError as error:
        raise DemoRefused(f"{directory}: {error.strerror}: name another directory.") from error
    return directory.resolve()


def remove(directory: Path, *, keep: bool) -> bool:
    """Remove the demo's directory unless it is to be kept; says whether there was one."""
    if keep or not (directory / MARKER).exists():
        return False
    shutil.rmtree(directory, ignore_errors=True)
    return True


def remove_recorded(value: dict[str, Any]) -> bool:
    """Remove the directory that a record names; says whether there was one."""
    directory = value.get("directory")
    if not isinstance(directory, str) or not directory:
        return False
    return remove(Path(directory), keep=bool(value.get("keep")))


def remove_left(data: Path) -> bool:
    """Remove the directory of a demo whose engine is gone; says whether there was one.

    The record stays: by it the next engine takes the demo's agents off its list. So does the
    directory where the person has spoken to one of them, which stays on the list.
    """
    value = read(data / STATE_FILE)
    return value is not None and not taken_over(value) and remove_recorded(value)


def taken_over(value: dict[str, Any]) -> set[str]:
    """Ids of the demo's agents in which the person has a hand, as a record tells them."""
    ids = value.get(TAKEN_OVER)
    return {str(one) for one in ids} if isinstance(ids, list) else set()


def write(path: Path, value: dict[str, Any]) -> None:
    """Replace the record, as a whole or not at all."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps(value), encoding="utf-8")
    new.replace(path)


def read(path: Path) -> dict[str, Any] | None:
    """Read the record; None when there is none, empty when it cannot be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
