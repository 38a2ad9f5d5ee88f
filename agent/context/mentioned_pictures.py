"""Pictures that a person mentions in a prompt: shown to a model that takes images.

What the person names they show, as they would by pasting it: no gate asks about it. A coordinator's
words are another agent's, and show nothing. The text stays as it is, so that every model is told
the path.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.context.mentions import mention, paths_in
from agent.context.turn_text import is_from_coordinator, note, one_line
from agent.errors import AgentError
from agent.files.picture_file import NoPicture, opened
from agent.files.regular_file import read_regular
from agent.messages.attachments import image_block
from agent.messages.sendable import ContentBlock
from agent.tools.files import resolve

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp"})
"""Names of what the Messages API takes, as its "Vision" documentation lists it."""

_MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}

MOST_BYTES = 5 * 1024 * 1024 * 3 // 4
"""Bytes of a picture as it is sent: 5 MB in base64, of which each four stand for three. Source:
"Vision" in the API's documentation."""

MOST_READ = 64 * 1024 * 1024
"""Bytes of a file that is read at all."""

EDGE = 2000
"""Pixels of an edge above which a picture is made smaller: the most where a request has more than
20, and more than a model sees. Source: "Vision"."""


@dataclass(slots=True)
class Pictures:
    """What a user turn carries for the pictures that are mentioned in it.

    `blocks` are a note of what they are, and the images; `lines` tell the person.
    """

    blocks: list[ContentBlock] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def pictures_in(prompts: Iterable[str]) -> list[str]:
    """The paths of pictures that the person mentions, each once."""
    paths = (
        path
        for text in prompts
        if not is_from_coordinator(text)
        for path in paths_in(text)
        if Path(path).suffix.lower() in SUFFIXES
    )
    return list(dict.fromkeys(paths))


def not_shown(paths: Sequence[str], model: str) -> Pictures:
    """What is said of pictures where a model takes no images."""
    names = ", ".join(Path(path).name for path in paths)
    it = "its path" if len(paths) == 1 else "their paths"
    return Pictures(
        lines=[
            f"{names}: {model or 'this model'} is not known to take images and is told {it} alone; "
            "/model chooses another model."
        ]
    )


def read_pictures(paths: Sequence[str], directory: Path, room: int) -> Pictures:
    """Read pictures as they are sent, as many as there is room for; slow.

    Args:
        paths: as they are mentioned, relative to `directory`.
        directory: the agent's.
        room: how many images the conversation can still take.
    """
    found = Pictures()
    shown: list[str] = []
    for path in paths:
        name = Path(path).name
        if len(shown) >= room:
            found.lines.append(f"{name} is not shown: this conversation holds as many as it can.")
            continue
        try:
            media_type, content, size = _read(resolve(path, directory))
        except (AgentError, OSError) as error:
            found.lines.append(f"{name} is not shown: {one_line(error)}")
            continue
        shown.append(path)
        found.blocks.append(image_block(media_type, content))
        found.lines.append(f"{name} is shown to the model ({size[0]}×{size[1]}).")
    if shown:
        names = ", ".join(map(mention, shown))
        found.blocks.insert(0, note([f"Shown here, in this order: {names}"]))
    return found


def _read(path: Path) -> tuple[str, bytes, tuple[int, int]]:
    """Media type, bytes and size in pixels of a picture as it is sent.

    Raises:
        NoPicture: it is none, or too large; says which.
        OSError: it cannot be read.
    """
    content = read_regular(path, MOST_READ + 1)
    if len(content) > MOST_READ:
        raise NoPicture(f"it has more than {MOST_READ // 1024**2} MB")
    with opened(content) as image:
        image.load()
        media_type = _MEDIA_TYPES[str(image.format)]
        if max(image.size) <= EDGE and len(content) <= MOST_BYTES:
            return media_type, content, image.size
        smaller = image.convert("RGBA" if image.has_transparency_data else "RGB")
    smaller.thumbnail((EDGE, EDGE))
    buffer = io.BytesIO()
    smaller.save(buffer, "PNG", optimize=True)
    if buffer.tell() > MOST_BYTES:
        buffer = io.BytesIO()
        smaller.convert("RGB").save(buffer, "JPEG", quality=85)
        return "image/jpeg", buffer.getvalue(), smaller.size
    return "image/png", buffer.getvalue(), smaller.size
