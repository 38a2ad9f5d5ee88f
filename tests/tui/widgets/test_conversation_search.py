"""Searching a conversation, going from prompt to prompt, and what is read back for it."""

from __future__ import annotations

from agent.protocol.commands.prompts import ReadTranscript
from agent.protocol.commands.transcripts import SearchTranscript
from agent.protocol.conversation import Block, BlockKind, ToolCall, ToolStatus
from agent.protocol.events import BlockChanged
from tests.stubs import scenes
from tests.stubs.scripted_engine import Refusal
from tests.tui.conftest import Cockpit, Open

CALM = scenes.BUSY.model_copy(update={"gates": ()})


def said(number: int) -> Block:
    kind = BlockKind.USER if number % 100 == 7 else BlockKind.ASSISTANT
    words = " with a needle in it" if number in {7, 20, 950, 1_180} else ""
    text = f"block {number:05d} says **something**{words}"
    return Block(id=number, kind=kind, at=scenes.NOW, text=text)


LONG = {"a1": [said(number) for number in range(1, 1_201)]}


async def find(cockpit: Cockpit, words: str) -> None:
    await cockpit.pilot.press("slash")
    await cockpit.type(words)
    await cockpit.pilot.press("enter")


async def test_the_whole_conversation_is_searched_and_read_back(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts=LONG) as cockpit:
        transcript = cockpit.app.transcript("a1")
        await cockpit.until(lambda: "block 01200" in cockpit.screen_text)
        assert transcript.first_id == 1_001
        await cockpit.pilot.press("tab")
        await find(cockpit, "a NEEDLE")
        # Begins with the last place that is not below what is seen.
        await cockpit.until(lambda: "4 of 4" in cockpit.screen_text)
        assert "block 01180" in cockpit.screen_text
        assert transcript.chosen == 1_180
        await cockpit.pilot.press("N")
        await cockpit.until(lambda: "3 of 4" in cockpit.screen_text)
        await cockpit.until(lambda: "block 00950" in cockpit.screen_text)
        assert transcript.first_id is not None
        assert 20 < transcript.first_id <= 950
        await cockpit.pilot.press("N")
        await cockpit.until(lambda: "block 00020" in cockpit.screen_text)
        await cockpit.until(lambda: "2 of 4" in cockpit.screen_text)
        await cockpit.pilot.press("N")
        await cockpit.until(lambda: "1 of 4" in cockpit.screen_text)
        # Around the beginning, and around the end.
        assert "on from" not in cockpit.screen_text
        await cockpit.pilot.press("N")
        await cockpit.until(lambda: "block 01180" in cockpit.screen_text)
        await cockpit.until(lambda: "4 of 4  on from the end" in cockpit.screen_text)
        await cockpit.pilot.press("n")
        await cockpit.until(lambda: "block 00007" in cockpit.screen_text)
        await cockpit.until(lambda: "1 of 4  on from the top" in cockpit.screen_text)
        # What comes later counts too; a block that grows only once it is whole.
        new = said(1_201).model_copy(update={"text": "a needle, a needle"})
        cockpit.engine.publish(BlockChanged(agent_id="a1", block=new))
        await cockpit.until(lambda: "1 of 6" in cockpit.screen_text)
        growing = new.model_copy(update={"id": 1_202, "streaming": True})
        cockpit.engine.publish(BlockChanged(agent_id="a1", block=growing))
        await cockpit.until(lambda: len(transcript.entries) == 1_202)
        assert transcript.search is not None
        assert transcript.search.total == 6
        # From a block that was chosen since, the next place is the one below that.
        transcript.chosen = 949
        await cockpit.pilot.press("n")
        await cockpit.until(lambda: "3 of 6" in cockpit.screen_text)
        assert "on from" not in cockpit.screen_text
        await cockpit.pilot.press("escape")
        await cockpit.until(lambda: "3 of 6" not in cockpit.screen_text)
        assert cockpit.app.cockpit.conversation.has_focus
        await cockpit.pilot.press("escape")
        assert cockpit.app.cockpit.prompt.has_focus


async def test_words_are_written_and_what_is_not_there_is_said(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts={"a1": list(scenes.CONVERSATION)}) as cockpit:
        transcript = cockpit.app.transcript("a1")
        await cockpit.until(lambda: "off-by-one" in cockpit.screen_text)
        await cockpit.pilot.press("tab", "slash", *"jzy", "backspace", "ctrl+u", *"new", "space")
        assert transcript.search is not None
        assert transcript.search.words == "new "
        assert not transcript.folding.kinds
        await cockpit.pilot.press(*"x", "ctrl+w")
        assert transcript.search.words == "new"
        await cockpit.pilot.press("enter")
        # In the thinking, which is unfolded for it, and in the answer.
        await cockpit.until(lambda: "2 of 2" in cockpit.screen_text)
        await cockpit.pilot.press("N")
        await cockpit.until(lambda: "so it is one too high" in cockpit.screen_text)
        assert 4 in transcript.folding.unfolded
        await cockpit.pilot.press("n")
        assert 4 not in transcript.folding.unfolded
        await find(cockpit, "qqq")
        await cockpit.until(lambda: "not found" in cockpit.screen_text)
        await cockpit.pilot.press("n", "N")
        cockpit.engine.on(SearchTranscript, refuse)
        await find(cockpit, "tests")
        await cockpit.until(lambda: "It hangs: wait" in cockpit.screen_text)
        # Writing nothing, and leaving the words, ends it.
        await cockpit.pilot.press("slash", "enter")
        assert transcript.search is None
        await cockpit.pilot.press("slash", "a", "backspace", "backspace")
        assert transcript.search is None
        await cockpit.pilot.press("slash", "a", "escape")
        assert transcript.search is None
        # Without a search its keys begin one.
        await cockpit.pilot.press("n", "a", "tab")
        assert transcript.search is None


def refuse(_: object) -> None:
    raise Refusal("It hangs: wait")


async def test_a_place_in_a_result_and_in_a_late_part(open_cockpit: Open) -> None:
    words = " ".join(str(number) for number in range(9_000))
    call = ToolCall(
        tool_use_id="t1", name="run", title="count", status=ToolStatus.DONE, result=words
    )
    talk = [
        Block(id=1, kind=BlockKind.USER, at=scenes.NOW, text=f"{words} 8,123"),
        Block(id=2, kind=BlockKind.TOOL, at=scenes.NOW, tool=call),
        Block(id=3, kind=BlockKind.ASSISTANT, at=scenes.NOW, text="done"),
    ]
    async with open_cockpit(CALM, transcripts={"a1": talk}) as cockpit:
        transcript = cockpit.app.transcript("a1")
        await cockpit.until(lambda: "done" in cockpit.screen_text)
        await cockpit.pilot.press("tab")
        await find(cockpit, "8123")
        await cockpit.until(lambda: "2 of 2" in cockpit.screen_text)
        assert 2 in transcript.folding.unfolded
        assert transcript.parts[2] > 0
        await cockpit.until(lambda: " 8123 " in cockpit.screen_text)
        await cockpit.pilot.press("N")
        await cockpit.until(lambda: "1 of 2" in cockpit.screen_text)
        await cockpit.until(lambda: " 8123 " in cockpit.screen_text)
        assert transcript.parts[1] > 0


async def test_from_prompt_to_prompt(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts=LONG) as cockpit:
        transcript = cockpit.app.transcript("a1")
        await cockpit.until(lambda: "block 01200" in cockpit.screen_text)
        before, after = "left_square_bracket", "right_square_bracket"
        await cockpit.pilot.press("tab", before)
        assert transcript.chosen == 1_107
        area = cockpit.app.cockpit.arrangement.conversation
        assert area is not None
        # It stands at the top.
        assert "block 01107" in cockpit.screen_text.split("\n")[area.y]
        await cockpit.pilot.press(before)
        assert transcript.chosen == 1_007
        await cockpit.pilot.press(before)
        await cockpit.until(lambda: transcript.chosen == 907)
        await cockpit.until(lambda: "block 00907" in cockpit.screen_text)
        await cockpit.pilot.press(after, after)
        assert transcript.chosen == 1_107
        await cockpit.pilot.press(after)
        assert transcript.follow
        transcript.chosen = 907
        for _ in range(9):
            await cockpit.pilot.press(before)
            await cockpit.pilot.pause(0.05)
        await cockpit.until(lambda: transcript.chosen == 7)
        await cockpit.pilot.press(before)
        await cockpit.until(lambda: transcript.chosen == 1)
        asked = [one for one in cockpit.engine.commands if isinstance(one, ReadTranscript)]
        assert len(asked) < 6
