"""Images within user messages: a transcript keeps their bytes once, by digest, beside its rows.

A stored message names an image where the sent one carries it. Both are made from each other
without loss, so that a session that is read back sends the bytes that it sent before. What a model
said stays as it came, whatever it looks like.
"""

from __future__ import annotations

import base64
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
    data = base64.b64encode(content).decode("ascii")
    return {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": data},
    }


def images(message: Mapping[str, Any]) -> Iterator[Block]:
    """The image blocks of a user message, in order, those within tool results too."""
    if message["role"] != "user":
        return
    for block in message["content"]:
        if block.get("type") == "image":
            yield block
        elif isinstance(inner := block.get("content"), list):
            yield from (part for part in inner if part.get("type") == "image")


def detached(message: Mapping[str, Any]) -> tuple[dict[str, Any], list[Attachment]]:
    """Take the bytes of images out of a message.

    Returns:
        the message as it is stored, and the bytes that belong to it.
    """
    taken: dict[str, Attachment] = {}

    def named(block: Block) -> Block:
        source = block["source"]
        content = base64.b64decode(source["data"])
        digest = hashlib.sha256(content).hexdigest()
        taken[digest] = Attachment(source["media_type"], content)
        named_source = {"type": ATTACHMENT, "media_type": source["media_type"], "sha256": digest}
        return {**block, "source": named_source}

    return replaced(message, named), list(taken.values())


def attached(message: Mapping[str, Any], contents: Mapping[str, bytes]) -> dict[str, Any]:
    """Put the bytes back, which `contents` holds by their digests; undoes `detached`."""

    def whole(block: Block) -> Block:
        source = block["source"]
        content = contents.get(source["sha256"])
        if content is None:
            return {"type": "text", "text": GONE}
        data = base64.b64encode(content).decode("ascii")
        whole_source = {"type": "base64", "media_type": source["media_type"], "data": data}
        return {**block, "source": whole_source}

    return replaced(message, whole)


def without_images(message: Mapping[str, Any]) -> dict[str, Any]:
    """The message for a model that takes no images."""
    return replaced(message, lambda block: {"type": "text", "text": NOT_SENT})


def replaced(message: Mapping[str, Any], change: Callable[[Block], Block]) -> dict[str, Any]:
    """A message with each of its image blocks changed; the same one where it has none."""
    if next(images(message), None) is None:
        return dict(message)

    def block_of(block: Block) -> Block:
        if block.get("type") == "image":
            return change(block)
        if isinstance(inner := block.get("content"), list):
            return {**block, "content": [block_of(part) for part in inner]}
        return block

    return {**message, "content": [block_of(block) for block in message["content"]]}
