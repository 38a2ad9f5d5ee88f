"""Images within user messages: a transcript keeps their bytes once, by digest, beside its rows.

A stored message names an image where the sent one carries it. Both are made from each other
without loss, so that a session that is read back sends the bytes that it sent before. What a model
said stays as it came, whatever it looks like, and so does an image that is written in any other way
than `png_block` writes one: its bytes could not be told from their digest.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from memory.transcript import Attachment

Block = dict[str, Any]

NOT_SENT = "[a picture, not sent: this model takes none]"
"""What a model that takes no images is told in the place of one."""

GONE = "[a picture, gone]"
"""What stands for an image whose bytes cannot be found; such a session is only looked at."""

ATTACHMENT = "attachment"
"""Kind of an image's source in stored rows; the Messages API never sees it."""


def png_block(content: bytes) -> Block:
    """A PNG as an image block of the Messages API."""
    return image_block("image/png", content)


def image_block(media_type: str, content: bytes) -> Block:
    """A picture as an image block of the Messages API."""
    return {"type": "image", "source": _source(media_type, content)}


def images(message: Mapping[str, Any]) -> Iterator[Block]:
    """The image blocks of a user message, in order, those within tool results too."""
    if message["role"] != "user":
        return
    for block in message["content"]:
        if block.get("type") == "image":
            yield block
        elif isinstance(inner := block.get("content"), list):
            yield from (part for part in inner if _is_image(part))


def characters(block: Block) -> int:
    """How many characters of data an image block carries; none where it names its image."""
    source = block.get("source")
    data = source.get("data") if isinstance(source, dict) else None
    return len(data) if isinstance(data, str) else 0


def detached(message: Mapping[str, Any]) -> tuple[dict[str, Any], list[Attachment]]:
    """Take the bytes of images out of a message.

    Returns:
        the message as it is stored, and the bytes that belong to it.
    """
    taken: dict[str, Attachment] = {}

    def named(block: Block) -> Block:
        content = _content(block)
        if content is None:
            return block
        kind = block["source"]["media_type"]
        digest = hashlib.sha256(content).hexdigest()
        taken[digest] = Attachment(kind, content)
        named_source = {"type": ATTACHMENT, "media_type": kind, "sha256": digest}
        return {**block, "source": named_source}

    return replaced(message, named), list(taken.values())


def attached(message: Mapping[str, Any], contents: Mapping[str, bytes]) -> dict[str, Any]:
    """Put the bytes back, which `contents` holds by their digests; undoes `detached`."""

    def whole(block: Block) -> Block:
        source = block.get("source")
        if not isinstance(source, dict) or source.get("type") != ATTACHMENT:
            return block
        content = contents.get(source["sha256"])
        if content is None:
            return {"type": "text", "text": GONE}
        return {**block, "source": _source(source["media_type"], content)}

    return replaced(message, whole)


def without_images(message: Mapping[str, Any]) -> dict[str, Any]:
    """The message for a model that takes no images."""
    return replaced(message, lambda block: {"type": "text", "text": NOT_SENT})


def replaced(message: Mapping[str, Any], change: Callable[[Block], Block]) -> dict[str, Any]:
    """A message with each of its image blocks changed; the same one where it has none."""
    if next(images(message), None) is None:
        return dict(message)

    def block_of(block: Block) -> Block:
        if _is_image(block):
            return change(block)
        if isinstance(inner := block.get("content"), list):
            parts = [change(part) if _is_image(part) else part for part in inner]
            return {**block, "content": parts}
        return block

    return {**message, "content": [block_of(block) for block in message["content"]]}


def _is_image(part: object) -> bool:
    return isinstance(part, dict) and part.get("type") == "image"


def _source(media_type: str, content: bytes) -> Block:
    data = base64.b64encode(content).decode("ascii")
    return {"type": "base64", "media_type": media_type, "data": data}


def _content(block: Block) -> bytes | None:
    """The bytes of an image block, where it can be written again from them; else None."""
    source = block.get("source")
    if not isinstance(source, dict) or not isinstance(source.get("data"), str):
        return None
    try:
        content = base64.b64decode(source["data"], validate=True)
    except (binascii.Error, ValueError):
        return None
    media_type = source.get("media_type")
    if not isinstance(media_type, str):
        return None
    again = _source(media_type, content)
    return content if list(again.items()) == list(source.items()) else None
