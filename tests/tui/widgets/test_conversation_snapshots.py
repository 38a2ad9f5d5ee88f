"""How searching, marking, folding by kind and opening look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.protocol.conversation import Block, BlockKind
from tests.stubs import scenes
from tests.tui.screens.conftest import ScreenHost
from tests.tui.test_snapshots import Shoot, shoot
from tui.opening import Target
from tui.screens.diff_view import DiffScreen
from tui.screens.file_view import FileScreen
from tui.screens.open_one import OpenOneScreen

__all__ = ["shoot"]

SIZES = [(80, 24), (120, 40)]
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
CALM = scenes.BUSY.model_copy(update={"gates": ()})
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


@sizes
def test_found(shoot: Shoot, size: tuple[int, int]) -> None:
    keys = ("tab", "slash", *"offset", "enter", "N", "N")
    assert shoot(CALM, size, *keys, transcripts=TALK)


@sizes
def test_found_in_light(shoot: Shoot, size: tuple[int, int]) -> None:
    keys = ("tab", "slash", *"offset", "enter")
    assert shoot(CALM, size, *keys, transcripts=TALK, theme="tungsten-light")


@sizes
def test_not_found(shoot: Shoot, size: tuple[int, int]) -> None:
    assert shoot(CALM, size, "tab", "slash", *"qqq", "enter", transcripts=TALK)


@sizes
def test_marked(shoot: Shoot, size: tuple[int, int]) -> None:
    assert shoot(CALM, size, "tab", "v", "up", "up", "up", transcripts=TALK)


@sizes
def test_diffs_and_thinking_unfolded(shoot: Shoot, size: tuple[int, int]) -> None:
    keys = ("tab", "Z", "d", "Z", "t", "Z")
    assert shoot(CALM, size, *keys, transcripts=TALK)


@sizes
def test_a_summary(shoot: Shoot, size: tuple[int, int]) -> None:
    text = (
        "Compacted (you asked for it): 12 messages went out of the model's context. This is what "
        "it goes on from; everything that was said stays here.\n\n## State\n\n"
        "- `parser/offsets.py` is mended, and its tests pass\n- what is left: **commit**\n\n"
        "1. run the linter\n2. commit"
    )
    block = Block(id=9, kind=BlockKind.NOTICE, at=scenes.NOW, text=text)
    assert shoot(CALM, size, transcripts={"a1": [scenes.CONVERSATION[0], block]})


@sizes
def test_a_diff(snap_compare: Any, size: tuple[int, int]) -> None:
    app = ScreenHost(DiffScreen(scenes.DIFF, "parser/offsets.py", "/home/ada/parser/offsets.py"))
    assert snap_compare(app, terminal_size=size, run_before=settle)


@sizes
def test_a_file(
    snap_compare: Any, size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        f"def line_{number}(text):\n    return 'שלום, 宽字, 🎉', text  # {number}"
        for number in range(1, 80)
    ]
    (tmp_path / "offsets.py").write_text("\n".join(lines) + "\n")
    # The directory of a test is another one each time.
    monkeypatch.chdir(tmp_path)
    app = ScreenHost(FileScreen("offsets.py", 99))
    assert snap_compare(app, terminal_size=size, run_before=settle)


@sizes
def test_several_to_open(snap_compare: Any, size: tuple[int, int]) -> None:
    targets = [
        Target("parser/offsets.py", "/p/parser/offsets.py", diff=scenes.DIFF),
        Target("tests/test_offsets.py:48", "/p/tests/test_offsets.py", 48),
        Target(f"docs/{'deep/' * 20}עברית.md", "/p/docs/x.md"),
    ]
    app = ScreenHost(OpenOneScreen(targets))
    assert snap_compare(app, terminal_size=size, run_before=settle)


async def settle(pilot: Any) -> None:
    for _ in range(3):
        await pilot.pause(0.05)
        await pilot.app.workers.wait_for_complete()
