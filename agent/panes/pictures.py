"""Pictures of screens as files, for people and for models that see."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tungsten.screen.frame import Frame


def draw(frame: Frame, path: Path) -> tuple[int, int]:
    """Draw a screen, its secrets masked, as a PNG file that its owner alone can read.

    Returns:
        width and height in pixels: what a model sees without scaling it down.

    Raises:
        OSError: the file cannot be written.
    """
    # Imported late: drawing needs an imaging library, which nothing else in an engine does.
    from tungsten.recordings import masked_recording
    from tungsten.screen import picture

    lines = masked_recording.hide("\n".join(frame.lines)).split("\n")
    image = picture.draw(replace(frame, lines=tuple(lines)))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(picture.encode(image))
    return image.size
