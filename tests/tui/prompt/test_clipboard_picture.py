"""Pictures for the prompt, from a clipboard's own program and from paths that are pasted."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.prompt import clipboard_picture
from tui.prompt.clipboard_picture import NoPicture, from_clipboard, pasted_paths

PNG = b"\x89PNG\r\n\x1a\nthe rest"


async def test_the_clipboards_own_program_gives_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":7")
    with pytest.raises(NoPicture, match="paste its path"):
        await from_clipboard(tmp_path / "kept")
    (tmp_path / "clip").write_bytes(PNG)
    program = tmp_path / "xclip"
    program.write_text(f'#!/bin/sh\ntest "$4" = image/png && cat {tmp_path}/clip\n')
    program.chmod(0o755)
    path = await from_clipboard(tmp_path / "kept")
    assert path.read_bytes() == PNG
    assert path.stat().st_mode & 0o777 == 0o600
    # The same picture is the same file.
    assert await from_clipboard(tmp_path / "kept") == path
    (tmp_path / "clip").write_bytes(b"only text")
    with pytest.raises(NoPicture, match="no picture in the clipboard"):
        await from_clipboard(tmp_path / "kept")
    monkeypatch.setattr(clipboard_picture, "MOST_BYTES", 4)
    with pytest.raises(NoPicture, match="more than"):
        await from_clipboard(tmp_path / "kept")


def test_paths_are_told_from_other_text(tmp_path: Path) -> None:
    shot, other = tmp_path / "my shot (1).png", tmp_path / "b.JPG"
    shot.touch()
    other.touch()
    escaped = str(shot).replace(" ", r"\ ").replace("(", r"\(").replace(")", r"\)")
    address = f"file://{str(shot).replace(' ', '%20')}"
    for text in (str(shot), f"'{shot}'", f'"{shot}"', escaped, f"{escaped} ", address):
        assert pasted_paths(text) == [str(shot)], text
    assert pasted_paths(f"{escaped} {other}\n") == [str(shot), str(other)]
    for text in ("b.JPG", f"see {shot}", f"{tmp_path}/gone.png", f"{shot}\nand more", "it's.png"):
        assert pasted_paths(text) == [], text


@given(st.text())
def test_any_text_may_be_pasted(text: str) -> None:
    assert pasted_paths(text) == []
    assert pasted_paths(f"{text}.png") == []
    assert pasted_paths(f"/no/such/{shlex.quote(text)}.png") == []
