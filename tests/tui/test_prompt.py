"""The prompt: steering a turn, completing, searching what was sent, the editor, undo."""

from __future__ import annotations

from agent.protocol.agents import AgentState
from agent.protocol.commands.prompts import Hasten, SendPrompt
from agent.protocol.events import AgentChanged
from tests.stubs import scenes
from tests.tui.conftest import Cockpit, Open
from tests.tui.test_cockpit import TALK

WORKING = scenes.MENDER.model_copy(update={"state": AgentState.WORKING})
AT_WORK = scenes.BUSY.model_copy(
    update={"agents": (WORKING, *scenes.BUSY.agents[1:]), "gates": (), "questions": ()}
)


def rule(cockpit: Cockpit) -> str:
    """The line above the prompt."""
    area = cockpit.app.cockpit.arrangement.rule
    assert area is not None
    return cockpit.screen_text.split("\n")[area.y]


async def test_keys_say_when_an_agent_at_work_hears_what_is_written(open_cockpit: Open) -> None:
    async with open_cockpit(AT_WORK, size=(80, 24), transcripts=TALK) as cockpit:
        assert "working · Enter queues · Esc interrupts" in rule(cockpit)
        await cockpit.type("use tabs")
        await cockpit.until(
            lambda: "Enter queues · Alt+s after this step · Alt+n now" in rule(cockpit)
        )
        await cockpit.pilot.press("alt+s")
        sent = await cockpit.engine.received(SendPrompt)
        assert (sent.text, sent.when) == ("use tabs", "after_step")
        await cockpit.type("stop")
        await cockpit.pilot.press("alt+n")
        sent = await cockpit.engine.received(SendPrompt, count=2)
        assert (sent.text, sent.when) == ("stop", "now")
        await cockpit.type("then push")
        await cockpit.pilot.press("enter")
        sent = await cockpit.engine.received(SendPrompt, count=3)
        assert (sent.text, sent.when) == ("then push", "after_turn")

        # With nothing written they are about what waits.
        waits = WORKING.model_copy(update={"queued": ("then push",), "steering": ("use tabs",)})
        cockpit.engine.publish(AgentChanged(agent=waits))
        await cockpit.until(lambda: "1 after this step, 1 queued · ↑ takes them" in rule(cockpit))
        assert "  after this step use tabs" in cockpit.screen_text
        assert "  queued then push" in cockpit.screen_text
        await cockpit.pilot.press("alt+s")
        assert (await cockpit.engine.received(Hasten)).when == "after_step"
        await cockpit.pilot.press("alt+n")
        assert (await cockpit.engine.received(Hasten, count=2)).when == "now"
        cockpit.engine.publish(AgentChanged(agent=WORKING))
        await cockpit.until(lambda: "Enter queues" in rule(cockpit))
        await cockpit.pilot.press("alt+s", "alt+n")
        assert len([one for one in cockpit.engine.commands if isinstance(one, Hasten)]) == 2


async def test_a_gate_is_withdrawn_only_by_a_second_press(open_cockpit: Open) -> None:
    waiting = scenes.BUSY.model_copy(update={"questions": ()})
    agent = next(one for one in waiting.agents if any(g.agent_id == one.id for g in waiting.gates))
    async with open_cockpit(waiting) as cockpit:
        cockpit.app.look_at(agent.id)
        await cockpit.until(lambda: cockpit.app.gates is not None)
        await cockpit.pilot.press("escape")
        await cockpit.type("do this instead")
        await cockpit.pilot.press("alt+n")
        await cockpit.until(lambda: "Alt+n again interrupts" in cockpit.screen_text)
        assert cockpit.app.cockpit.prompt.text == "do this instead"
        assert not any(isinstance(one, SendPrompt) for one in cockpit.engine.commands)
        await cockpit.pilot.press("alt+n")
        assert (await cockpit.engine.received(SendPrompt)).when == "now"
