"""Pictures of screens as files, for people and for models that see."""

from __future__ import annotations

from pathlib import Path

from tungsten.frame import Frame


def draw(frame: Frame, path: Path) -> None:
    """Draw a screen as a PNG file, readable by its owner only.

    Raises:
        OSError: the file cannot be written.
    """
    # Imported late: drawing needs an imaging library, which nothing else in an engine does.
    from tungsten import picture

    content = picture.png(frame)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(content)
