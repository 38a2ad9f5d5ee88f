"""Files of pictures: few formats are opened, whatever a file is named, and none too large."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from agent.files.picture_file import MOST_PIXELS, NoPicture, opened
from tui.conversation.opening import PICTURES
from tui.drawing.picture_reading import FORMATS, read

EPS = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 100 100
%%EndComments
showpage
%%EOF
"""


def of_the_engine(path: Path) -> None:
    with opened(path.read_bytes()) as image:
        image.load()


def of_the_screen(path: Path) -> None:
    read(path, (2_000, 2_000))


@pytest.fixture(params=[of_the_engine, of_the_screen], ids=["engine", "screen"])
def look(request: pytest.FixtureRequest) -> Callable[[Path], object]:
    """Each way in which a file is looked at."""
    return request.param  # type: ignore[no-any-return]


def test_no_program_runs_for_what_is_named_as_a_picture(
    look: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    ghostscript = tmp_path / "gs"
    ghostscript.write_text(f"#!/bin/sh\ntouch {ran}\n")
    ghostscript.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    path = tmp_path / "logo.png"
    path.write_bytes(EPS)
    with pytest.raises(NoPicture, match="it is not a PNG"):
        look(path)
    assert not ran.exists()


def test_too_many_pixels_are_not_decoded(
    look: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = struct.pack(">IIBBBBB", 8001, MOST_PIXELS // 8000, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    path = tmp_path / "large.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )
    )
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda _: pytest.fail("it was decoded"))
    with pytest.raises(NoPicture, match="8001×8000 pixels are too many"):
        look(path)


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_broken_is_said_to_be_none(form: str) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9)).save(buffer, form)
    for end in range(len(buffer.getvalue())):
        try:
            with opened(buffer.getvalue()[:end], FORMATS) as image:
                image.load()
        except NoPicture:
            continue


def test_what_is_opened_as_a_picture_can_be_one() -> None:
    Image.init()
    assert {Image.EXTENSION[ending] for ending in PICTURES} == {form.upper() for form in FORMATS}
