"""Pictures of screens as files, for people and for models that see."""

from __future__ import annotations

import importlib
from pathlib import Path

from agent.errors import AgentError
from tungsten.frame import Frame


class NoPicture(AgentError):
    """A screen cannot be drawn here."""


def draw(frame: Frame, path: Path) -> None:
    """Draw a screen as a PNG file, readable by its owner only.

    Raises:
        NoPicture: what draws is missing.
        OSError: the file cannot be written.
    """
    try:
        # Imported late: drawing needs an imaging library, which nothing else here does.
        picture = importlib.import_module("tungsten.picture")
    except ImportError as error:
        raise NoPicture(
            f"no picture can be drawn here: {error}; read the screen instead"
        ) from error
    content: bytes = picture.png(frame)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(content)
