"""How searching, marking, folding by kind and opening look."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.protocol.conversation import Block, BlockKind
from tests.stubs import scenes
from tests.tui.camera import Camera
from tests.tui.screens.conftest import ScreenHost
from tests.tui.shooting import CALM, Shoot
from tui.conversation.opening import Target
from tui.screens.diff_view import DiffScreen
from tui.screens.file_view import FileScreen
from tui.screens.open_one import OpenOneScreen

TALK = {
    "a1": [
        *scenes.CONVERSATION[:7],
        Block(
            id=8,
            kind=BlockKind.ASSISTANT,
            at=scenes.NOW,
            text="An offset in שלום עולם, in 宽字符 or behind 🎉 is an *offset* of characters.",
        ),
    ]
}


async def test_found(shoot: Shoot) -> None:
    keys = ("tab", "slash", *"offset", "enter", "N", "N")
    await shoot(CALM, *keys, transcripts=TALK)


async def test_found_at_first(shoot: Shoot) -> None:
    keys = ("tab", "slash", *"offset", "enter")
    await shoot(CALM, *keys, transcripts=TALK)


async def test_not_found(shoot: Shoot) -> None:
    await shoot(CALM, "tab", "slash", *"qqq", "enter", transcripts=TALK)


async def test_marked(shoot: Shoot) -> None:
    await shoot(CALM, "tab", "v", "up", "up", "up", transcripts=TALK)


async def test_diffs_and_thinking_unfolded(shoot: Shoot) -> None:
    keys = ("tab", "Z", "d", "Z", "t", "Z")
    await shoot(CALM, *keys, transcripts=TALK)


async def test_a_summary(shoot: Shoot) -> None:
    text = (
        "Compacted (you asked for it): 12 messages went out of the model's context. This is what "
        "it goes on from; everything that was said stays here.\n\n## State\n\n"
        "- `parser/offsets.py` is mended, and its tests pass\n- what is left: **commit**\n\n"
        "1. run the linter\n2. commit"
    )
    block = Block(id=9, kind=BlockKind.NOTICE, at=scenes.NOW, text=text)
    await shoot(CALM, transcripts={"a1": [scenes.CONVERSATION[0], block]})


async def test_a_diff(camera: Camera) -> None:
    app = ScreenHost(DiffScreen(scenes.DIFF, "parser/offsets.py", "/home/ada/parser/offsets.py"))
    await camera.shoot(app)


async def test_a_file(camera: Camera, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        f"def line_{number}(text):\n    return 'שלום, 宽字, 🎉', text  # {number}"
        for number in range(1, 80)
    ]
    (tmp_path / "offsets.py").write_text("\n".join(lines) + "\n")
    # The directory of a test is another one each time.
    monkeypatch.chdir(tmp_path)
    app = ScreenHost(FileScreen("offsets.py", 99))
    await camera.shoot(app)


async def test_several_to_open(camera: Camera) -> None:
    targets = [
        Target("parser/offsets.py", "/p/parser/offsets.py", diff=scenes.DIFF),
        Target("tests/test_offsets.py:48", "/p/tests/test_offsets.py", 48),
        Target(f"docs/{'deep/' * 20}עברית.md", "/p/docs/x.md"),
    ]
    app = ScreenHost(OpenOneScreen(targets))
    await camera.shoot(app)
