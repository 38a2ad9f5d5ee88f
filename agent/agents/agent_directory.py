"""Where an agent may work."""

from __future__ import annotations

from pathlib import Path

from agent.context.turn_text import one_line
from agent.errors import AgentError


class DirectoryUnusable(AgentError):
    """An agent cannot work there."""


def usable_directory(text: str) -> Path:
    """Check where an agent shall work.

    Raises:
        DirectoryUnusable: says what is wrong with it.
    """
    try:
        given = Path(text.strip()).expanduser() if text.strip() else None
    except RuntimeError as error:
        raise DirectoryUnusable(f"{text!r}: there is no such home directory.") from error
    if given is None or not given.is_absolute():
        raise DirectoryUnusable(f"Give the directory whole, from / or ~ on, not {text!r}.")
    try:
        directory = given.resolve()
        if not directory.exists():
            raise DirectoryUnusable(f"{directory} does not exist: create it first.")
        if not directory.is_dir():
            raise DirectoryUnusable(f"{directory} is not a directory.")
    except (OSError, ValueError) as error:
        raise DirectoryUnusable(f"{given} cannot be used: {one_line(error)}.") from error
    return directory
