"""Folding by kind, marking and copying a range, and opening what a block names."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from agent.protocol.agents import AgentSummary
from agent.protocol.conversation import Block, BlockKind, ToolCall, ToolStatus
from tests.stubs import scenes
from tests.tui.conftest import Open
from tui.widgets import inline_pictures
from tui.widgets.picture import UPPER_HALF

CALM = scenes.BUSY.model_copy(update={"gates": ()})
TALK = {"a1": list(scenes.CONVERSATION)}
BLOCK = scenes.CONVERSATION[0]


async def test_blocks_are_folded_by_kind(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts=TALK, size=(160, 50)) as cockpit:
        folding = cockpit.app.transcript("a1").folding
        await cockpit.until(lambda: "off-by-one" in cockpit.screen_text)
        # Thinking is one line, which tells its length.
        [row] = [row for row in cockpit.screen_text.splitlines() if "∴" in row]
        assert "14 words" in row
        shown = {"d": "+    return text.count", "r": "AssertionError", "z": "changes a file"}
        await cockpit.pilot.press("tab")
        for key, text in shown.items():
            assert text not in cockpit.screen_text
            await cockpit.pilot.press("Z")
            await cockpit.until(lambda: "t thinking  d diffs" in cockpit.screen_text)
            await cockpit.pilot.press(key)
            await cockpit.until(lambda text=text: text in cockpit.screen_text)
            others = {other for each, other in shown.items() if each != key}
            if key != "z":
                assert not any(other in cockpit.screen_text for other in others)
            # A single block of them can be folded, and unfolded.
            cockpit.app.transcript("a1").chosen = 3 if key == "r" else 6
            await cockpit.pilot.press("enter")
            await cockpit.until(lambda text=text: text not in cockpit.screen_text)
            await cockpit.pilot.press("enter")
            await cockpit.until(lambda text=text: text in cockpit.screen_text)
            await cockpit.pilot.press("Z", key)
            await cockpit.until(lambda text=text: text not in cockpit.screen_text)
        await cockpit.pilot.press("Z", "t")
        assert folding.kinds == {"thinking"}
        # What is no kind leaves the question, and means what it means.
        await cockpit.pilot.press("Z", "G")
        assert cockpit.app.transcript("a1").follow
        await cockpit.pilot.press("Z", "escape")
        assert folding.kinds == {"thinking"}
        assert cockpit.app.cockpit.conversation.has_focus


async def test_a_range_is_marked_and_copied(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts=TALK) as cockpit:
        transcript = cockpit.app.transcript("a1")
        await cockpit.until(lambda: "off-by-one" in cockpit.screen_text)
        await cockpit.pilot.press("tab", "home", "y")
        assert cockpit.app.clipboard == BLOCK.text
        await cockpit.until(lambda: "copied: 1 line, 33 characters" in cockpit.screen_text)
        await cockpit.pilot.press("v", "down", "down")
        await cockpit.until(lambda: "3 blocks marked" in cockpit.screen_text)
        rows = cockpit.screen_text.splitlines()
        assert sum("┃" in row for row in rows) == 4
        await cockpit.pilot.press("up", "y")
        assert cockpit.app.clipboard == f"{BLOCK.text}\n\n{scenes.CONVERSATION[1].text}"
        await cockpit.until(lambda: "copied: 2 blocks, 3 lines" in cockpit.screen_text)
        assert transcript.marked is None
        # Upwards too; Esc marks nothing any more, and leaves the keyboard where it is.
        await cockpit.pilot.press("end", "v", "up", "up")
        assert [entry.id for entry in transcript.range()] == [6, 7, 8]
        await cockpit.pilot.press("escape")
        assert transcript.marked is None
        assert cockpit.app.cockpit.conversation.has_focus


async def test_what_a_block_names_is_opened(open_cockpit: Open, tmp_path: Path) -> None:
    (tmp_path / "parser").mkdir()
    lines = [f"line_{number} = 'שלום 宽'  # {'wide ' * 40}end" for number in range(1, 3_001)]
    (tmp_path / "parser" / "offsets.py").write_text("\n".join(lines))
    Image.new("RGB", (30, 20), "red").save(tmp_path / "shot.png")
    (tmp_path / "data.bin").write_bytes(b"\0\1")
    agent: AgentSummary = scenes.MENDER.model_copy(update={"directory": str(tmp_path)})
    talk = [
        *scenes.CONVERSATION[:7],
        said(8, "parser/offsets.py:2500 is wrong, see shot.png"),
        said(9, "Look at shot.png"),
        said(10, "Look at data.bin"),
    ]
    state = CALM.model_copy(update={"agents": (agent,)})
    async with open_cockpit(state, transcripts={"a1": talk}, size=(120, 40)) as cockpit:
        transcript = cockpit.app.transcript("a1")
        pilot = cockpit.pilot
        await cockpit.until(lambda: "data.bin" in cockpit.screen_text)
        await pilot.press("tab")

        async def opened(block_id: int, text: str) -> None:
            transcript.chosen = block_id
            await pilot.press("o")
            await cockpit.until(lambda: text in cockpit.screen_text)

        await opened(1, "names no file that is there")
        assert cockpit.app.screen is cockpit.app.cockpit
        await opened(6, "14    -    return text.count")
        assert "+1 -1" in cockpit.screen_text
        await pilot.press("n")
        await cockpit.until(lambda: "This is the last change" in cockpit.screen_text)
        await pilot.press("enter")
        await cockpit.until(lambda: "line_14 = 'שלום 宽'" in cockpit.screen_text)
        assert "3,000 lines" in cockpit.screen_text
        await pilot.press("e")
        await cockpit.until(lambda: "needs a terminal" in cockpit.screen_text)
        await pilot.press("escape", "escape")
        await opened(8, "parser/offsets.py:2500")
        await pilot.press("enter")
        await cockpit.until(lambda: "line_2500 =" in cockpit.screen_text)
        [row] = [row for row in cockpit.screen_text.splitlines() if "line_2500 =" in row]
        assert row.startswith("▎2500 ")
        assert "end" not in row
        await pilot.press(*["right"] * 20)
        await cockpit.until(lambda: "wide end" in cockpit.screen_text)
        await pilot.press("g")
        await cockpit.until(lambda: "▎   1 " in cockpit.screen_text)
        await pilot.press("y")
        assert cockpit.app.clipboard == str(tmp_path / "parser" / "offsets.py")
        await pilot.press("q")
        await opened(9, "PNG 30×20")
        await cockpit.until(lambda: UPPER_HALF * 30 in cockpit.screen_text)
        assert cockpit.screen_text.count(UPPER_HALF) == 30 * 10
        await pilot.press("o")
        await opened(10, "This is no text")
        await pilot.press("escape")
        assert cockpit.app.screen is cockpit.app.cockpit


async def test_pictures_are_drawn_below_the_block_that_names_them(
    open_cockpit: Open, tmp_path: Path
) -> None:
    Image.new("RGB", (20, 10), "red").save(tmp_path / "shot.png")
    Image.new("RGB", (800, 900), "blue").save(tmp_path / "tall one.png")
    (tmp_path / "broken.png").write_text("no picture")
    agent: AgentSummary = scenes.MENDER.model_copy(update={"directory": str(tmp_path)})
    asked = said(2, 'Mend it: @shot.png and @"tall one.png"')
    ran = ToolCall(
        tool_use_id="t",
        name="terminal_run",
        status=ToolStatus.DONE,
        title="./plot.py",
        result="wrote broken.png",
    )
    talk = [
        said(1, "Nothing here, and no gone.png"),
        asked.model_copy(update={"kind": BlockKind.USER}),
        Block(id=3, kind=BlockKind.TOOL, at=scenes.NOW, tool=ran),
    ]
    state = CALM.model_copy(update={"agents": (agent,)})
    async with open_cockpit(state, transcripts={"a1": talk}, size=(120, 40)) as cockpit:
        transcript = cockpit.app.transcript("a1")
        await cockpit.until(lambda: "tall one" in cockpit.screen_text)
        await cockpit.pilot.press("tab")
        assert UPPER_HALF not in cockpit.screen_text

        async def unfold(block_id: int, shown: str) -> None:
            transcript.chosen = block_id
            await cockpit.pilot.press("enter")
            await cockpit.until(lambda: shown in cockpit.screen_text)

        await unfold(2, "▧ shot.png  PNG 20×10, ")
        assert "▧ tall one.png  PNG 800×900, " in cockpit.screen_text
        rows = [row for row in cockpit.screen_text.splitlines() if UPPER_HALF in row]
        # No larger than they are, and than a few rows.
        assert [row.count(UPPER_HALF) for row in rows] == [20] * 5 + [21] * 12
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: UPPER_HALF not in cockpit.screen_text)
        await unfold(3, "▧ broken.png  it is not a ")
        await unfold(1, "No picture is there that this block names")
        assert 1 not in transcript.folding.unfolded
        # Without colours they are only named.
        pictures = inline_pictures.read(transcript.entries[1], str(tmp_path), colors=False)
        assert [(each.path, each.image) for each in pictures] == [
            ("shot.png", None),
            ("tall one.png", None),
        ]


def said(number: int, text: str) -> Block:
    return Block(id=number, kind=BlockKind.ASSISTANT, at=scenes.NOW, text=text)


async def test_a_summary_is_drawn_as_it_was_written(open_cockpit: Open) -> None:
    text = (
        "Compacted (you asked for it): 12 messages went out. __init__.py stays.\n\n"
        "## What was done\n- `run: git status` runs and says much that has to be wrapped here\n"
        "- **second**"
    )
    block = Block(id=1, kind=BlockKind.NOTICE, at=scenes.NOW, text=text)
    async with open_cockpit(CALM, transcripts={"a1": [block]}, size=(120, 40)) as cockpit:
        await cockpit.until(lambda: "• second" in cockpit.screen_text)
        assert "__init__.py" in cockpit.screen_text
        assert not any(mark in cockpit.screen_text for mark in ("**", "`", "##", "- "))


async def test_the_length_of_what_is_written_without_spaces(open_cockpit: Open) -> None:
    thought = Block(id=1, kind=BlockKind.THINKING, at=scenes.NOW, text="宽字" * 30)
    call = ToolCall(tool_use_id="t", name="run", title="true", status=ToolStatus.DONE)
    run = Block(id=2, kind=BlockKind.TOOL, at=scenes.NOW, tool=call)
    async with open_cockpit(CALM, transcripts={"a1": [thought, run]}) as cockpit:
        await cockpit.until(lambda: "60 characters" in cockpit.screen_text)
