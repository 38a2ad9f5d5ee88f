"""Copying inside a real tmux: the text is in its buffers, and the app says where it went."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tui.surroundings.clipboard import copy

TEXT = "two lines,\nnaïve 漢字\n"


class Terminal:
    def __init__(self) -> None:
        self.clipboard = ""

    def copy_to_clipboard(self, text: str) -> None:
        self.clipboard = text


async def copied(monkeypatch: pytest.MonkeyPatch, socket: Path | str) -> str:
    monkeypatch.setenv("TMUX", f"{socket},1,0" if socket else "")
    terminal: Any = Terminal()
    said = await copy(terminal, TEXT)
    assert terminal.clipboard == TEXT
    return said


async def test_what_is_copied_inside_tmux_is_in_its_buffer(
    outer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await copied(monkeypatch, "") == ""
    outer.start("exec cat")
    # As tmux comes: what a program sends for the clipboard is dropped.
    assert outer.run("show-options", "-sv", "set-clipboard") == "external"
    assert await copied(monkeypatch, outer.socket) == " to a tmux buffer, not the clipboard"
    assert outer.run("show-buffer") == TEXT.rstrip("\n")
    # It takes the text from the terminal's own sequence then: once is enough.
    outer.run("set-option", "-s", "set-clipboard", "on")
    assert await copied(monkeypatch, outer.socket) == " to a tmux buffer and the clipboard"
    assert len(outer.run("list-buffers").splitlines()) == 1
    outer.kill()
    assert "does not answer" in await copied(monkeypatch, outer.socket)
