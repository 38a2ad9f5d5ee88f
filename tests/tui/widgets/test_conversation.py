"""The conversation's view: keeps its place, follows its end, draws only what is visible."""

from __future__ import annotations

from agent.protocol.commands.prompts import ReadTranscript
from agent.protocol.conversation import Block, BlockKind, ToolCall, ToolStatus
from agent.protocol.events import BlockChanged
from tests.stubs import scenes
from tests.tui.conftest import Cockpit, Open

CALM = scenes.BUSY.model_copy(update={"gates": ()})


def said(number: int, text: str = "") -> Block:
    return Block(
        id=number,
        kind=BlockKind.ASSISTANT if number % 2 else BlockKind.USER,
        at=scenes.NOW,
        text=text or f"block {number:05d} says **something** worth two lines, more or less",
    )


def long_talk(count: int) -> dict[str, list[Block]]:
    return {"a1": [said(number) for number in range(1, count + 1)]}


async def at_its_end(cockpit: Cockpit, count: int) -> None:
    await cockpit.until(lambda: f"block {count:05d}" in cockpit.screen_text)


async def test_follows_the_end_until_scrolled(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts=long_talk(60)) as cockpit:
        await at_its_end(cockpit, 60)
        cockpit.engine.publish(BlockChanged(agent_id="a1", block=said(61)))
        await at_its_end(cockpit, 61)
        await cockpit.pilot.press("pageup")
        await cockpit.until(lambda: "block 00061" not in cockpit.screen_text)
        before = cockpit.screen_text
        cockpit.engine.publish(BlockChanged(agent_id="a1", block=said(62)))
        await cockpit.until(lambda: len(cockpit.app.transcript("a1").entries) == 62)
        await cockpit.pilot.pause()
        assert cockpit.screen_text == before
        await cockpit.pilot.press("tab", "end")
        await at_its_end(cockpit, 62)


async def test_only_visible_blocks_are_laid_out(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.engine.received(ReadTranscript)
        for number in range(1, 10_001):
            cockpit.engine.publish(BlockChanged(agent_id="a1", block=said(number)))
        await at_its_end(cockpit, 10_000)
        entries = cockpit.app.transcript("a1").entries
        assert sum(1 for entry in entries if entry.drawn) < 200
        for _ in range(30):
            await cockpit.pilot.press("pageup")
        assert sum(1 for entry in entries if entry.drawn) < 1_000


async def test_what_came_before_is_read_when_the_top_is_reached(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts=long_talk(450)) as cockpit:
        await at_its_end(cockpit, 450)
        transcript = cockpit.app.transcript("a1")
        assert transcript.first_id == 251
        await cockpit.pilot.press("tab", "home")
        await cockpit.until(lambda: transcript.first_id == 51)
        assert "block 00251" in cockpit.screen_text
        await cockpit.pilot.press("pageup")
        await cockpit.until(lambda: "block 00250" in cockpit.screen_text)


async def test_a_resize_keeps_the_place(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts=long_talk(80)) as cockpit:
        await at_its_end(cockpit, 80)
        for _ in range(3):
            await cockpit.pilot.press("pageup")
        transcript = cockpit.app.transcript("a1")
        place = transcript.top[0]
        for size in ((80, 24), (60, 16), (200, 50), (30, 8), (120, 40)):
            await cockpit.pilot.resize_terminal(*size)
            await cockpit.pilot.pause()
        assert transcript.top[0] == place
        assert f"block {transcript.entries[place + 1].id:05d}" in cockpit.screen_text


async def test_every_status_of_a_tool_call_is_said_in_words(open_cockpit: Open) -> None:
    blocks = [
        Block(
            id=number,
            kind=BlockKind.TOOL,
            at=scenes.NOW,
            tool=ToolCall(tool_use_id=f"t{number}", name="run", title="true", status=status),
        )
        for number, status in enumerate(ToolStatus, 1)
    ]
    async with open_cockpit(CALM, transcripts={"a1": blocks}) as cockpit:
        await cockpit.until(lambda: "outcome unknown" in cockpit.screen_text)
        for word in ("waits for you", "running", "failed", "denied", "interrupted"):
            assert word in cockpit.screen_text


async def test_errors_are_plain_words(open_cockpit: Open) -> None:
    block = Block(
        id=1,
        kind=BlockKind.ERROR,
        at=scenes.NOW,
        text="The key was refused: choose another with /model.",
    )
    async with open_cockpit(CALM, transcripts={"a1": [block]}) as cockpit:
        await cockpit.until(lambda: "✗ The key was refused" in cockpit.screen_text)


async def test_a_block_is_copied(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts={"a1": list(scenes.CONVERSATION)}) as cockpit:
        await cockpit.until(lambda: "off-by-one" in cockpit.screen_text)
        await cockpit.pilot.press("tab", "home", "y")
        assert cockpit.app.clipboard == "Make the tests pass, then commit."


async def test_wheel_and_click(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts={"a1": list(scenes.CONVERSATION)}) as cockpit:
        await cockpit.until(lambda: "off-by-one" in cockpit.screen_text)
        rows = cockpit.screen_text.split("\n")
        y = next(index for index, row in enumerate(rows) if "exit 1" in row)
        assert "AssertionError: 2 != 1" not in cockpit.screen_text
        await cockpit.pilot.click(offset=(rows[y].index("run"), y))
        await cockpit.until(lambda: "AssertionError: 2 != 1" in cockpit.screen_text)


async def test_the_focus_comes_before_another_conversation_is_drawn(open_cockpit: Open) -> None:
    talk = {**long_talk(60), "a2": long_talk(2)["a1"]}
    async with open_cockpit(CALM, transcripts=talk) as cockpit:
        await at_its_end(cockpit, 60)
        view = cockpit.app.cockpit.conversation
        few = cockpit.app.transcript("a2")
        few.load(talk["a2"])
        view.show(few)
        view.on_focus()
        assert few.chosen == 2
        await cockpit.until(lambda: "block 00060" not in cockpit.screen_text)


async def test_a_very_long_block_is_shown_in_parts(open_cockpit: Open) -> None:
    words = " ".join(str(number) for number in range(12_000))
    call = ToolCall(
        tool_use_id="t1", name="write", title="big.txt", status=ToolStatus.DONE, result=words
    )
    talk = [
        Block(id=1, kind=BlockKind.USER, at=scenes.NOW, text=words),
        Block(id=2, kind=BlockKind.TOOL, at=scenes.NOW, tool=call),
    ]
    async with open_cockpit(CALM, transcripts={"a1": talk}) as cockpit:
        transcript = cockpit.app.transcript("a1")
        await cockpit.until(lambda: "part 1 of" in cockpit.screen_text)
        await cockpit.pilot.press("tab", "enter")
        await cockpit.until(lambda: 2 in transcript.folding.unfolded)
        for number in (1, 2):
            found: list[str] = []
            transcript.chosen = number
            entry = transcript.entries[number - 1]
            for part in range(200):
                await cockpit.pilot.pause()
                drawn = [strip.text[2:].strip().lstrip("▏") for strip in entry.drawn]
                assert len(drawn) < 1_000
                at = next(index for index, row in enumerate(drawn) if row.startswith("part "))
                found += " ".join(drawn[number - 1 : at]).split()
                if f"part {part + 1} of {part + 1} " in drawn[at]:
                    break
                await cockpit.pilot.press("greater_than_sign")
            # A word at a cut is in two pieces.
            assert "".join(found) == words.replace(" ", "")


async def test_a_picture_is_one_folded_line(open_cockpit: Open) -> None:
    call = ToolCall(
        tool_use_id="t1",
        name="terminal_read",
        title="picture of %1, 960×480",
        status=ToolStatus.DONE,
        result="picture of %1, 960×480\npane %1 · 80×24\nwhat is on the screen",
    )
    block = Block(id=1, kind=BlockKind.TOOL, at=scenes.NOW, tool=call)
    async with open_cockpit(CALM, transcripts={"a1": [block]}) as cockpit:
        await cockpit.until(lambda: "read picture of %1, 960×480" in cockpit.screen_text)
        assert "what is on the screen" not in cockpit.screen_text


async def test_what_the_person_said_when_denying_is_seen_without_unfolding(
    open_cockpit: Open,
) -> None:
    message = "push a branch of its own instead, and open a pull request for it as everyone does"
    call = ToolCall(
        tool_use_id="t1",
        name="terminal_run",
        title="git push --force",
        status=ToolStatus.DENIED,
        decision=f"denied by you: {message}",
    )
    talk = [Block(id=1, kind=BlockKind.TOOL, at=scenes.NOW, tool=call)]
    async with open_cockpit(CALM, transcripts={"a1": talk}) as cockpit:
        await cockpit.until(lambda: "denied by you" in cockpit.screen_text)
        assert not cockpit.app.transcript("a1").folding.unfolded
        area = cockpit.app.cockpit.arrangement.conversation
        assert area is not None
        rows = cockpit.screen_text.split("\n")[area.y : area.bottom]
        shown = " ".join(" ".join(row[area.x : area.right] for row in rows).split())
        assert message in shown


async def test_a_folded_action_tells_who_let_it_through_and_why_it_failed(
    open_cockpit: Open,
) -> None:
    approved = ToolCall(
        tool_use_id="t1",
        name="run",
        title="git fetch",
        status=ToolStatus.DONE,
        decision="approved by you",
    )
    busy = ToolCall(
        tool_use_id="t2",
        name="run",
        title="make",
        status=ToolStatus.FAILED,
        decision="approved by you",
        result=f"not done: pane %1 is busy: python3 runs there {'x ' * 100}what to do\nsecond line",
    )
    red = ToolCall(
        tool_use_id="t3",
        name="run",
        title="pytest",
        status=ToolStatus.FAILED,
        decision="ran (LOW)",
        exit_status=1,
        result="it prints much",
    )
    held = ToolCall(tool_use_id="t4", name="run", title="ls", status=ToolStatus.HELD)
    ruled = ToolCall(
        tool_use_id="t6",
        name="run",
        title="npm run lint",
        status=ToolStatus.DONE,
        decision="ran (MEDIUM) by your rule Bash(npm run lint)",
    )
    queued = ToolCall(tool_use_id="t5", name="person", title="date", decision="waits for it")
    changed = ToolCall(
        tool_use_id="t7",
        name="program",
        title="python3 -q -i",
        status=ToolStatus.DONE,
        decision="approved by you, changed",
    )
    blocks = [
        Block(id=number, kind=BlockKind.TOOL, at=scenes.NOW, tool=tool)
        for number, tool in enumerate((approved, busy, red, held, queued, ruled, changed), 1)
    ]
    async with open_cockpit(CALM, transcripts={"a1": blocks}, size=(200, 40)) as cockpit:
        await cockpit.until(lambda: "pytest" in cockpit.screen_text)
        rows = cockpit.screen_text.splitlines()

        def row(text: str) -> str:
            [found] = [row for row in rows if text in row]
            return found

        assert "by your rule" in row("npm run lint")
        assert "by your rule" not in row("git fetch")

        assert "approved" in row("run git fetch")
        assert "changed" not in row("run git fetch")
        assert "changed by you, approved" in row("python3 -q -i")
        assert "approved" not in row("pytest")
        assert "not done: pane %1 is busy" in cockpit.screen_text
        assert "what to do" in cockpit.screen_text
        assert "second line" not in cockpit.screen_text
        assert "it prints much" not in cockpit.screen_text
        assert "waits: you have the keyboard" in row(" ls ")
        assert "waits for it" in row(" ! date ")
        assert "person" not in row(" ! date ")


async def test_a_folded_question_says_who_is_waited_for_and_then_the_answer(
    open_cockpit: Open,
) -> None:
    tools = (
        ToolCall(
            tool_use_id="t1",
            name="ask_person",
            title="Tea or coffee?",
            status=ToolStatus.DONE,
            result="The person answers: tea",
        ),
        ToolCall(
            tool_use_id="t2",
            name="ask_person",
            title="Milk?",
            status=ToolStatus.RUNNING,
        ),
        ToolCall(
            tool_use_id="t3",
            name="ask_person",
            title="How long " * 40,
            status=ToolStatus.DONE,
            result="The person answers: three minutes",
        ),
    )
    blocks = [
        Block(id=number, kind=BlockKind.TOOL, at=scenes.NOW, tool=tool)
        for number, tool in enumerate(tools, 1)
    ]
    async with open_cockpit(CALM, transcripts={"a1": blocks}, size=(120, 40)) as cockpit:
        await cockpit.until(lambda: "ask Tea or coffee?  tea" in cockpit.screen_text)
        [row] = [row for row in cockpit.screen_text.splitlines() if "Milk?" in row]
        assert "▲ ask Milk?" in row
        assert "waits for you" in row
        assert "running" not in row
        assert "  three minutes" in cockpit.screen_text
