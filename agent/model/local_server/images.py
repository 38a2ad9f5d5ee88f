"""What the Messages API refuses of an image, and what it counts for one.

Limits are those of "Vision" in the API's documentation; wording follows the real answers. Images
are looked at as far as their headers go (a PNG to its end), which tells kind and size.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from agent.model.local_server.errors import invalid

MAX_ENCODED = 5 * 1024 * 1024
"""Bytes of one image, in base64."""

MAX_EDGE = 8000
MAX_EDGE_OF_MANY = 2000
"""Pixels of an edge, and where a request has more than `FEW` images."""

FEW = 20
SMALL_WINDOW = 200_000
"""Tokens of context up to which a model takes 100 images in a request; others take 600."""

PIXELS_PER_TOKEN = 750
MAX_TOKENS = 1600
"""Larger images are scaled down to about so many tokens."""

_PNG = b"\x89PNG\r\n\x1a\n"
_UNSIZED = frozenset({0xD8, 0x01, *range(0xD0, 0xD8)})
"""JPEG markers without a length."""


class _NoImage(Exception):
    """Bytes that are no image, or not a whole one."""


def most(context_window: int) -> int:
    """How many images a request to a model with such a context window (in tokens) may carry."""
    return 100 if context_window <= SMALL_WINDOW else 600


def check(source: Mapping[str, Any], place: str, *, many: bool) -> None:
    """Check the source of one image.

    Args:
        source: as the request has it, of the right shape.
        place: where that is, for the error.
        many: whether the request has so many images that they must be smaller.

    Raises:
        ApiError: what is wrong with it.
    """
    if source["type"] == "url":
        # Nothing is fetched here, as from an address that does not answer.
        raise invalid("Unable to download the file. Please verify the URL and try again.")
    if source["type"] == "file":
        raise invalid(f"File not found: {source['file_id']}")
    place = f"{place}.base64"
    data = source["data"]
    if not data:
        raise invalid(f"{place}: image cannot be empty")
    if len(data) > MAX_ENCODED:
        raise invalid(
            f"{place}: image exceeds 5 MB maximum: {len(data)} bytes > {MAX_ENCODED} bytes"
        )
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise invalid(f"{place}: invalid base64 data") from None
    try:
        media_type, width, height = measure(content)
    except (_NoImage, struct.error, IndexError):
        raise invalid("Could not process image") from None
    if media_type != source["media_type"]:
        raise invalid(
            f"{place}: The image was specified using the {source['media_type']} media type, but "
            f"the image appears to be a {media_type} image"
        )
    edge = MAX_EDGE_OF_MANY if many else MAX_EDGE
    if max(width, height) > edge:
        which = " for many-image requests" if many else ""
        raise invalid(
            f"{place}.data: At least one of the image dimensions exceed max allowed size{which}: "
            f"{edge} pixels"
        )


def tokens(source: Mapping[str, Any]) -> int:
    """Estimate the tokens of an image; 0 for what `check` refuses."""
    try:
        _, width, height = measure(base64.b64decode(source["data"]))
    except (_NoImage, struct.error, IndexError, KeyError, ValueError):
        return 0
    return min(-(-width * height // PIXELS_PER_TOKEN), MAX_TOKENS)


def measure(content: bytes) -> tuple[str, int, int]:
    """Media type, width and height of an image.

    Raises:
        _NoImage, struct.error, IndexError: it is none, or ends early.
    """
    if content.startswith(_PNG):
        return ("image/png", *_png(content))
    if content.startswith((b"GIF87a", b"GIF89a")):
        return ("image/gif", *struct.unpack_from("<HH", content, 6))
    if content.startswith(b"\xff\xd8"):
        return ("image/jpeg", *_jpeg(content))
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return ("image/webp", *_webp(content))
    raise _NoImage


def _png(content: bytes) -> tuple[int, int]:
    at, kinds = len(_PNG), list[bytes]()
    while not kinds or kinds[-1] != b"IEND":
        length, kind = struct.unpack_from(">I4s", content, at)
        (crc,) = struct.unpack_from(">I", content, at + 8 + length)
        if zlib.crc32(content[at + 4 : at + 8 + length]) != crc:
            raise _NoImage
        kinds.append(kind)
        at += 12 + length
    if kinds[0] != b"IHDR" or b"IDAT" not in kinds:
        raise _NoImage
    width, height = struct.unpack_from(">II", content, len(_PNG) + 8)
    return width, height


def _jpeg(content: bytes) -> tuple[int, int]:
    at = 0
    while True:
        if content[at] != 0xFF:
            raise _NoImage
        marker = content[at + 1]
        if marker in _UNSIZED:
            at += 2
            continue
        # Frame headers, of which C4, C8 and CC are something else.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        at += 2 + struct.unpack_from(">H", content, at + 2)[0]


def _webp(content: bytes) -> tuple[int, int]:
    match content[12:16]:
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", content, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", content, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            size = content[24:30]
            if len(size) < 6:
                raise _NoImage
            return (
                int.from_bytes(size[:3], "little") + 1,
                int.from_bytes(size[3:], "little") + 1,
            )
        case _:
            raise _NoImage
