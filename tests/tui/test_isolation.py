"""From the cockpit: a step that can go back, the key for it, and what several agents changed."""

from __future__ import annotations

from agent.protocol.agents import Overlap
from agent.protocol.commands.isolation import PreviewRevert, Revert, RevertPreview
from agent.protocol.conversation import BlockKind
from tests.stubs import scenes
from tests.tui.conftest import Open
from tui.screens.revert import RevertScreen
from tui.screens.worktrees import WorktreesScreen

CALM = scenes.BUSY.model_copy(update={"gates": ()})
TALK = {"a1": list(scenes.CONVERSATION)}
SEEN = RevertPreview(token="t", title="revert: it", diff="goes away: notes\n", count=1)


async def test_a_step_goes_back_from_the_conversation(open_cockpit: Open) -> None:
    first = CALM.agents[0]
    overlap = Overlap(path="notes", agents=("other",), apart=False, at=1.0)
    agent = first.model_copy(update={"overlaps": (overlap,)})
    state = CALM.model_copy(update={"agents": (agent, *CALM.agents[1:])})
    talk = list(TALK[first.id])
    at = max(place for place, block in enumerate(talk) if block.kind is BlockKind.TOOL)
    tool = talk[at].tool
    assert tool is not None
    changed = tool.model_copy(update={"changed": 3})
    talk[at] = talk[at].model_copy(update={"tool": changed})
    async with open_cockpit(state, transcripts={**TALK, first.id: talk}) as cockpit:
        engine, app = cockpit.engine, cockpit.app
        engine.on(PreviewRevert, lambda command: SEEN.model_dump(mode="json"))
        engine.on(Revert, lambda command: {"said": "revert: it: 1 file went back", "left": []})
        await cockpit.until(lambda: "⧉1" in cockpit.screen_text)
        assert "↶3" in cockpit.screen_text
        await cockpit.pilot.press("tab")
        while app.cockpit.conversation.chosen is None or (
            app.cockpit.conversation.chosen.id != talk[at].id
        ):
            await cockpit.pilot.press("up")
        await cockpit.pilot.press("R")
        await cockpit.until(lambda: "goes away: notes" in cockpit.screen_text)
        asked = await engine.received(PreviewRevert)
        assert (asked.agent_id, asked.block, asked.turn) == (first.id, talk[at].id, False)
        await cockpit.pilot.press("y")
        await cockpit.until(lambda: "1 file went back" in cockpit.screen_text)
        assert (await engine.received(Revert)).token == "t"

        # Without a step that is chosen, the last turn; worktrees have a key of their own.
        app.cockpit.set_focus(app.cockpit.prompt)
        await cockpit.type("/revert")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: isinstance(app.screen, RevertScreen))
        await cockpit.until(lambda: "the step alone" in cockpit.screen_text)
        await cockpit.pilot.press("escape", "alt+i")
        await cockpit.until(lambda: isinstance(app.screen, WorktreesScreen))


async def test_the_demo_says_that_nothing_goes_back_and_shows_its_own_worktrees(
    open_cockpit: Open,
) -> None:
    demo = CALM.agents[0].model_copy(update={"demo": True, "directory": "/nowhere/of-the-demo"})
    state = CALM.model_copy(update={"agents": (demo,)})
    async with open_cockpit(state, transcripts=TALK) as cockpit:
        await cockpit.type("/revert")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "Of the demo's files nothing is kept" in cockpit.screen_text)
        assert cockpit.app.screen is cockpit.app.cockpit
        await cockpit.pilot.press("alt+i")
        await cockpit.until(lambda: isinstance(cockpit.app.screen, WorktreesScreen))
        await cockpit.until(lambda: "/nowhere/of-the-demo" in cockpit.screen_text)
