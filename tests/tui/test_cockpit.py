"""What the cockpit does with events and keys, on a real socket."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key
from textual.screen import Screen
from textual.widgets import Input

from agent.paths import Paths
from agent.protocol.agents import DEMO_MODEL, AgentState, AgentSummary, AllowedPane
from agent.protocol.blocked import Blocked, BlockedChanged
from agent.protocol.commands.agents import CreateAgent, SetBudget, SetEffort, SetMode
from agent.protocol.commands.engine import AskMemory, ReadUsage
from agent.protocol.commands.gates import Answer, Decide
from agent.protocol.commands.panes import RunAsPerson
from agent.protocol.commands.prompts import Interrupt, ReadTranscript, SendPrompt, Unqueue
from agent.protocol.conversation import Block, BlockKind
from agent.protocol.events import (
    AgentChanged,
    AgentRemoved,
    BlockChanged,
    BlockDelta,
    DemoChanged,
    DreamChanged,
    GateClosed,
    GateOpened,
    Notice,
    QuestionAsked,
    SetupChanged,
)
from agent.protocol.gates import Question
from agent.protocol.snapshot import DemoStatus, Setup
from agent.protocol.usage import Budget
from tests.stubs import scenes
from tests.stubs.scripted_engine import Refusal, ScriptedEngine
from tests.stubs.spending import REPORT
from tests.tui.conftest import Cockpit, Open
from tui import preferences
from tui.app import TungstenApp
from tui.gate.inbox import Inbox
from tui.keys import actions
from tui.screens.cockpit import CockpitScreen
from tui.screens.dreams import DreamsScreen
from tui.screens.first_run import FirstRunScreen
from tui.screens.help import HelpScreen
from tui.screens.memories import MemoriesScreen
from tui.screens.theme import ThemeScreen
from tui.themes import themes

NOW = scenes.NOW
CALM = scenes.BUSY.model_copy(update={"gates": ()})
TALK = {"a1": list(scenes.CONVERSATION)}


async def test_shows_agents_conversation_and_dream(open_cockpit: Open) -> None:
    blocked = Blocked(seconds=3_720, at=NOW)
    state = CALM.model_copy(update={"blocked_today": blocked})
    async with open_cockpit(state, transcripts=TALK) as cockpit:
        await cockpit.until(lambda: "off-by-one" in cockpit.screen_text)
        text = cockpit.screen_text
        for shown in ("mend the parser", "▲ 1", "19 h of 24", "fix-offsets", "$0.18"):
            assert shown in text
        assert "waited for you 1 h 2 min today" in text
        waits = blocked.model_copy(update={"waiting": 2, "at": NOW - 30})
        cockpit.engine.publish(BlockedChanged(blocked_today=waits))
        await cockpit.until(lambda: "waited for you 1 h 3 min today" in cockpit.screen_text)
        # One terminal is seen without the grid.
        assert "Alt+g grid" in cockpit.screen_text
        for other in state.agents[1:]:
            cockpit.engine.publish(AgentRemoved(agent_id=other.id))
        await cockpit.until(lambda: "Alt+g grid" not in cockpit.screen_text)


@pytest.mark.parametrize("size", [(100, 24), (120, 40), (200, 50)])
@pytest.mark.parametrize(
    ("why", "told"),
    [
        (
            "15 min of quiet left · 24 h of the gap left · 5 more sessions needed",
            "waits for idle and gap",
        ),
        ("an agent is working · 1 more session needed", "an agent is working"),
        ("the clock is 3 h behind what was recorded last",) * 2,
        ("AutoDream is off: memories are only recalled",) * 2,
    ],
)
async def test_why_there_is_no_dream_is_told_once_beside_the_meters(
    open_cockpit: Open, size: tuple[int, int], why: str, told: str
) -> None:
    calm = CALM.model_copy(update={"dream": scenes.DREAM.model_copy(update={"why_not": why})})
    async with open_cockpit(calm, size=size) as cockpit:
        column = cockpit.app.cockpit.arrangement.dream
        assert column is not None
        rows = cockpit.screen_text.split("\n")[column.y : column.bottom]
        shown = " ".join(" ".join(row[: column.width] for row in rows).split())
        assert "19 h of 24" in shown
        assert told in shown
        assert " left" not in shown
        assert "needed" not in shown


@pytest.mark.parametrize("size", [(120, 40), (200, 50)])
@pytest.mark.parametrize(
    "result", ["last night: 3 merged", "last night: 2 merged, 1 set aside, 4 questions open"]
)
async def test_what_the_last_dream_did_stands_below_why_there_is_none_now(
    open_cockpit: Open, size: tuple[int, int], result: str
) -> None:
    why = "an agent is working · 24 h of the gap left"
    dream = scenes.DREAM.model_copy(update={"why_not": why, "last_result": result})
    async with open_cockpit(CALM.model_copy(update={"dream": dream}), size=size) as cockpit:
        column = cockpit.app.cockpit.arrangement.dream
        assert column is not None
        rows = [row[: column.width] for row in cockpit.screen_text.split("\n")]
        shown = " ".join(" ".join(rows[column.y : column.bottom]).split())
        key = actions.label(actions.by_id("app.dreams").keys[0])
        assert shown.endswith(f"an agent is working {result} {key}")
        # The meters give way all together, so that what is counted stands in one column.
        assert len({row.count("▰") > 0 for row in rows if " of " in row}) == 1


async def test_what_the_last_dream_did_opens_by_its_key(open_cockpit: Open) -> None:
    result = "last night: 12 merged, 3 superseded, 14 to look at"
    dream = scenes.DREAM.model_copy(update={"last_result": result})
    async with open_cockpit(CALM.model_copy(update={"dream": dream})) as cockpit:
        column = cockpit.app.cockpit.arrangement.dream
        assert column is not None
        rows = [row[: column.width] for row in cockpit.screen_text.split("\n")]
        shown = " ".join(" ".join(rows[column.y : column.bottom]).split())
        assert "last night: 12 merged, 3 superseded" in shown
        cockpit.engine.on(
            AskMemory,
            lambda asked: {"dreams": [], "operations": [], "rows": [], "total": 0, "counts": {}},
        )
        await cockpit.pilot.press("alt+z")
        await cockpit.until(lambda: "No dream yet" in cockpit.screen_text)
        cockpit.engine.publish(DreamChanged(dream=dream.model_copy(update={"phase": "gather"})))
        await cockpit.until(lambda: "dreaming: gather" in cockpit.screen_text)
        await cockpit.pilot.press("escape")
        await cockpit.until(lambda: result.split(",")[0] in cockpit.screen_text)
        await cockpit.pilot.press("alt+r")
        await cockpit.until(lambda: "Nothing is remembered yet" in cockpit.screen_text)
        await cockpit.pilot.press("escape")


async def test_an_agent_in_your_tmux_keeps_its_name(open_cockpit: Open) -> None:
    allowed = AllowedPane(pane_id="own:%1", socket="/tmp/tmux", tmux_id="%1", pid=1)
    first = {"allowed_panes": (allowed,), "name": "mend the parser"}
    agents = (CALM.agents[0].model_copy(update=first), *CALM.agents[1:])
    state = CALM.model_copy(update={"agents": agents})
    async with open_cockpit(state) as cockpit:
        await cockpit.until(lambda: "in your tmux" in cockpit.screen_text)
        named, below = (line[:28] for line in cockpit.screen_text.splitlines()[1:3])
        assert "mend the parser" in named
        assert "in your tmux" in below
    # With more agents than have two rows each, the name gives way: what it may do is said.
    many = tuple(agents[0].model_copy(update={"id": f"b{number}"}) for number in range(12))
    async with open_cockpit(CALM.model_copy(update={"agents": many}), size=(120, 20)) as cockpit:
        await cockpit.until(lambda: cockpit.screen_text.count("in your tmux") > 1)


async def test_memory_by_commands(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:

        def refuse(asked: AskMemory) -> None:
            if asked.request["type"] == "add":
                raise Refusal("it holds a secret, and memories keep none: say it without")

        cockpit.engine.on(AskMemory, refuse)
        await cockpit.type("/memory recall only")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "Memory is recall only" in cockpit.screen_text)
        asked = await cockpit.engine.received(AskMemory)
        assert asked.request == {"type": "mode", "mode": "recall"}
        await cockpit.type("/memory often")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "There is no mode often of memory" in cockpit.screen_text)
        await cockpit.type("/remember it is hunter2")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "say it without" in cockpit.screen_text)
        assert cockpit.app.cockpit.prompt.text == "/remember it is hunter2"
        asked = await cockpit.engine.received(AskMemory, count=2)
        assert asked.request["text"] == "it is hunter2"
        assert asked.request["directory"] == "/home/ada/parser"


async def test_a_dream_that_runs_shows_its_phase(open_cockpit: Open) -> None:
    update = {"phase": "gather", "progress": 0.4, "why_not": ""}
    calm = CALM.model_copy(update={"dream": scenes.DREAM.model_copy(update=update)})
    async with open_cockpit(calm) as cockpit:
        [row] = [row for row in cockpit.screen_text.split("\n") if "AutoDream" in row]
        assert "gather 40%" in row


def _worker(number: int, state: AgentState = AgentState.WORKING) -> AgentSummary:
    return scenes.MENDER.model_copy(
        update={"id": f"w{number}", "name": f"piece {number}", "parent": "a1", "state": state}
    )


async def test_workers_stand_below_their_coordinator_and_move_nobody(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        area = cockpit.app.cockpit.arrangement.agents
        assert area is not None

        def rows() -> list[str]:
            return [row[: area.width].rstrip() for row in cockpit.screen_text.split("\n")]

        names = [agent.name for agent in CALM.agents]
        for number in (1, 2):
            cockpit.engine.publish(AgentChanged(agent=_worker(number)))
        await cockpit.until(lambda: "piece 2" in cockpit.screen_text)
        shown = [row for row in rows() if any(name in row for name in (*names, "piece"))]
        order = [name for row in shown for name in (*names, "piece 1", "piece 2") if name in row]
        assert order == [names[0], "piece 1", "piece 2", *names[1:]]
        assert [row.index("piece") for row in shown if "piece" in row] == [5, 5]
        lines = rows()
        where = next(index for index, row in enumerate(lines) if "piece 1" in row)
        assert "└ ● piece 1" in lines[where]
        assert lines[where + 1].startswith("   2 working")
        assert lines[where + 1].endswith("$0.18")
        cockpit.engine.publish(AgentChanged(agent=_worker(1, AgentState.DONE)))
        await cockpit.until(lambda: "✓ piece 1" in cockpit.screen_text)
        assert [row for row in rows() if "piece" in row][1].startswith(" └ ● piece 2")
        await cockpit.pilot.press("alt+3")
        assert cockpit.app.focused_id == "w2"


async def test_a_coordinator_in_a_small_terminal_stays_where_it_is(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, size=(80, 24)) as cockpit:
        # Said once the engine has told that there is no conversation yet.
        await cockpit.until(lambda: "the parser is ready" in cockpit.screen_text)
        before = cockpit.screen_text.split("\n")
        for number in range(1, 9):
            cockpit.engine.publish(AgentChanged(agent=_worker(number)))
        await cockpit.until(lambda: "piece 1" in cockpit.screen_text)
        after = cockpit.screen_text.split("\n")
        assert after[1:] == before[1:], "only the row of agents changes"
        assert "└piece 1" in after[0]
        assert after[0].index("mend the parser") == before[0].index("mend the parser")


async def test_the_demo_model_is_not_asked_to_coordinate(open_cockpit: Open) -> None:
    demo = CALM.model_copy(
        update={"setup": CALM.setup.model_copy(update={"provider": "demo", "model": "demo"})}
    )
    async with open_cockpit(demo) as cockpit:
        await cockpit.type("/coordinate mend it")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "The demo model cannot coordinate" in cockpit.screen_text)
        assert cockpit.app.cockpit.prompt.text == "/coordinate mend it"
        assert not [one for one in cockpit.engine.commands if isinstance(one, SendPrompt)]


async def test_a_task_to_be_coordinated_is_sent_whole(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.type("/coordinate mend it")
        await cockpit.pilot.press("enter")
        sent = await cockpit.engine.received(SendPrompt)
        assert sent.text == "/coordinate mend it"
        await cockpit.type("/coordinate")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: cockpit.app.cockpit.prompt.text == "/coordinate ")


async def test_a_walled_agent_is_marked_by_a_word(open_cockpit: Open) -> None:
    first, *others = scenes.BUSY.agents
    walled = first.model_copy(update={"wall": True})
    snapshot = scenes.BUSY.model_copy(update={"agents": (walled, *others)})
    async with open_cockpit(snapshot) as cockpit:
        [marked] = [row for row in cockpit.screen_text.splitlines() if "walled" in row]
        assert first.name[:8] in marked


async def test_first_prompt_starts_an_agent_here(open_cockpit: Open) -> None:
    async with open_cockpit(scenes.EMPTY) as cockpit:
        cockpit.engine.on(CreateAgent, lambda _: {"agent_id": "a1"})
        await cockpit.type("mend it")
        await cockpit.pilot.press("enter")
        command = await cockpit.engine.received(CreateAgent)
        assert (command.prompt, command.directory) == ("mend it", "/home/ada/parser")
        cockpit.engine.publish(AgentChanged(agent=scenes.MENDER))
        await cockpit.until(lambda: "mend the parser" in cockpit.screen_text)


async def test_a_prompt_is_sent_whole_with_its_lines(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts=TALK) as cockpit:
        await cockpit.type("one\ntwo")
        await cockpit.pilot.press("enter")
        command = await cockpit.engine.received(SendPrompt)
        assert command.text == "one\ntwo"
        assert cockpit.app.cockpit.prompt.text == ""


async def test_a_refused_prompt_comes_back(open_cockpit: Open) -> None:
    def refuse(_: SendPrompt) -> None:
        raise Refusal("The disk is full: free some space, then send it again.")

    async with open_cockpit(CALM) as cockpit:
        cockpit.engine.on(SendPrompt, refuse)
        await cockpit.type("keep me")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "disk is full" in cockpit.screen_text)
        assert cockpit.app.cockpit.prompt.text == "keep me"


async def test_shell_commands_and_modes(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.type("!git status")
        await cockpit.pilot.press("enter")
        assert (await cockpit.engine.received(RunAsPerson)).command == "git status"
        await cockpit.type("/mode plan")
        await cockpit.pilot.press("enter")
        assert (await cockpit.engine.received(SetMode)).mode == "plan"
        await cockpit.pilot.press("escape")
        assert (await cockpit.engine.received(Interrupt)).agent_id == "a1"


async def test_a_budget_is_told_and_changed(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.type("/budget")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "no budget of its own" in cockpit.screen_text)
        assert cockpit.app.cockpit.prompt.text == ""
        await cockpit.type("/budget dollars 2.5 tokens 1,000,000")
        await cockpit.pilot.press("enter")
        wanted = Budget(dollars=2.5, tokens=1_000_000)
        assert (await cockpit.engine.received(SetBudget)).budget == wanted
        await cockpit.until(lambda: "may use $2.50, 1,000,000 tokens in all" in cockpit.screen_text)
        await cockpit.type("/budget $3")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "may use $3.00 in all" in cockpit.screen_text)
        await cockpit.type("/budget dollars much")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "Not a budget" in cockpit.screen_text)
        assert cockpit.app.cockpit.prompt.text == "/budget dollars much"


async def test_the_choice_of_a_model_names_the_one_in_use(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        setup = Setup(provider="endpoint", model="qwen3:32b", base_url="http://localhost:11434")
        cockpit.engine.publish(SetupChanged(setup=setup))
        await cockpit.until(lambda: cockpit.app.state.setup == setup)
        await cockpit.type("/model")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "qwen3:32b at http://localhost:11434" in cockpit.screen_text)
        await cockpit.until(lambda: "Esc keep it" in cockpit.screen_text)


async def test_an_effort_is_told_and_changed(open_cockpit: Open) -> None:
    told = "effort low from your next prompt on"
    async with open_cockpit(CALM) as cockpit:
        cockpit.engine.on(SetEffort, lambda _: {"told": told})
        await cockpit.type("/effort")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "takes its model's own effort" in cockpit.screen_text)
        assert cockpit.app.cockpit.prompt.text == ""
        await cockpit.type("/effort enormous")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "There is no effort enormous" in cockpit.screen_text)
        cockpit.app.cockpit.prompt.put_draft("")
        await cockpit.type("/effort low")
        await cockpit.pilot.press("enter")
        assert (await cockpit.engine.received(SetEffort)).level == "low"
        await cockpit.until(lambda: told in cockpit.screen_text)


async def test_the_effort_stands_beside_the_model(open_cockpit: Open) -> None:
    agents = tuple(agent.model_copy(update={"effort": "xhigh"}) for agent in CALM.agents)
    async with open_cockpit(CALM.model_copy(update={"agents": agents})) as cockpit:
        await cockpit.until(lambda: "sonnet-4-5 effort xhigh" in cockpit.screen_text)


async def test_whoever_the_demo_model_answers_is_marked(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        assert "demo" not in cockpit.screen_text
    agents = tuple(agent.model_copy(update={"model": DEMO_MODEL}) for agent in CALM.agents)
    async with open_cockpit(CALM.model_copy(update={"agents": agents})) as cockpit:
        await cockpit.until(lambda: "demo model" in cockpit.screen_text)


async def test_a_key_shows_what_was_used(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        cockpit.engine.on(ReadUsage, lambda _: {"report": REPORT.model_dump(mode="json")})
        await cockpit.pilot.press("alt+u")
        await cockpit.until(lambda: "91% from cache" in cockpit.screen_text)
        await cockpit.pilot.press("alt+u")
        await cockpit.until(lambda: "from cache" not in cockpit.screen_text)


async def test_a_gate_chosen_over_another_screen_is_said_to_lie_behind_it(
    open_cockpit: Open,
) -> None:
    async with open_cockpit(CALM) as cockpit:
        app = cockpit.app
        cockpit.engine.on(ReadUsage, lambda _: {"report": REPORT.model_dump(mode="json")})
        await cockpit.pilot.press("alt+u")
        await cockpit.until(lambda: "91% from cache" in cockpit.screen_text)
        cockpit.engine.publish(GateOpened(gate=scenes.BUSY.gates[0]))
        await cockpit.until(lambda: app.state.gates)
        await cockpit.pilot.press("ctrl+g")
        await cockpit.until(lambda: isinstance(app.screen, Inbox))
        await cockpit.pilot.press("enter")
        await cockpit.until(
            lambda: any("open behind this" in said.message for said in app._notifications)
        )
        await cockpit.pilot.press("escape")
        await cockpit.until(lambda: app.screen is app.cockpit)
        assert app.gates is not None
        assert app.gates.gate == scenes.BUSY.gates[0]


async def test_unknown_slash_command_stays_in_the_prompt(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.type("/nothing like it")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "There is no /nothing" in cockpit.screen_text)
        assert cockpit.app.cockpit.prompt.text == "/nothing like it"


async def test_the_menu_of_commands_completes(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.type("/mo")
        await cockpit.until(lambda: "plan|careful|standard" in cockpit.screen_text)
        await cockpit.pilot.press("tab")
        assert cockpit.app.cockpit.prompt.text == "/mode "
        await cockpit.until(lambda: "Choose the model" not in cockpit.screen_text)


async def test_streamed_text_appears_and_is_replaced(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.engine.received(ReadTranscript)
        block = Block(id=9, kind=BlockKind.ASSISTANT, at=scenes.NOW, streaming=True)
        cockpit.engine.publish(BlockChanged(agent_id="a1", block=block))
        for word in ("It ", "is ", "**one", "** too ", "high."):
            cockpit.engine.publish(BlockDelta(agent_id="a1", block_id=9, text=word))
        await cockpit.until(lambda: "It is one too high." in cockpit.screen_text)
        final = Block(id=9, kind=BlockKind.ASSISTANT, at=scenes.NOW, text="It was *right*.")
        cockpit.engine.publish(BlockChanged(agent_id="a1", block=final))
        await cockpit.until(lambda: "It was right." in cockpit.screen_text)


async def test_a_tool_call_unfolds_by_a_key(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts=TALK) as cockpit:
        # The name's beginning gives way to how many lines went.
        await cockpit.until(lambda: "rser/offsets.py  +1 -1" in cockpit.screen_text)
        assert "return text.count" in cockpit.screen_text
        assert "if offset < 0" not in cockpit.screen_text
        await cockpit.pilot.press("tab", "up", "up", "enter")
        await cockpit.until(lambda: "if offset < 0" in cockpit.screen_text)
        assert "changes a file inside the project" in cockpit.screen_text

        def offered(key: str) -> bool:
            return key in cockpit.screen_text.split("\n")[-1]

        await cockpit.until(lambda: offered("Enter fold") and offered("z unfold all"))
        await cockpit.pilot.press("z")
        await cockpit.until(lambda: offered("Enter fold") and offered("z fold all"))
        await cockpit.pilot.press("z", "home")
        # What the person said has one form only.
        await cockpit.until(lambda: offered("y copy") and not offered("Enter"))
        await cockpit.pilot.press("end", "up", "up", "enter")
        await cockpit.until(lambda: offered("Enter fold"))
        await cockpit.pilot.press("enter", "i")
        await cockpit.until(lambda: "if offset < 0" not in cockpit.screen_text)
        await cockpit.type("jk")
        assert cockpit.app.cockpit.prompt.text == "jk"


async def test_each_agent_keeps_its_own_draft(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.type("for the first")
        await cockpit.pilot.press("alt+2")
        assert cockpit.app.cockpit.prompt.text == ""
        await cockpit.type("for the second")
        await cockpit.pilot.press("ctrl+up")
        assert cockpit.app.cockpit.prompt.text == "for the first"
        await cockpit.pilot.press("ctrl+down")
        assert cockpit.app.cockpit.prompt.text == "for the second"


async def test_a_draft_is_on_disk_soon_and_comes_back(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.type("half a tho")
        path = cockpit.app.paths.interface_state
        await cockpit.until(
            lambda: path.exists() and json.loads(path.read_text()).get("draft:a1") == "half a tho"
        )
    async with open_cockpit(CALM) as cockpit:
        assert cockpit.app.cockpit.prompt.text == "half a tho"


async def test_a_long_paste_is_one_mark_and_sent_whole(open_cockpit: Open) -> None:
    from textual.events import Paste

    pasted = "\n".join(f"line {number}" for number in range(3_000))
    async with open_cockpit(CALM) as cockpit:
        await cockpit.type("look: ")
        cockpit.app.cockpit.prompt.post_message(Paste(pasted))
        await cockpit.until(lambda: "3,000 lines" in cockpit.app.cockpit.prompt.text)
        await cockpit.pilot.press("enter")
        command = await cockpit.engine.received(SendPrompt)
        assert command.text == "look: " + pasted


async def test_up_takes_the_queue_back(open_cockpit: Open) -> None:
    queued = scenes.MENDER.model_copy(update={"queued": ("then commit", "then push")})
    snapshot = CALM.model_copy(update={"agents": (queued, *CALM.agents[1:])})
    async with open_cockpit(snapshot, transcripts=TALK) as cockpit:
        await cockpit.until(lambda: "2 prompts queued" in cockpit.screen_text)
        assert "then push" in cockpit.screen_text
        cockpit.engine.on(Unqueue, lambda _: {"texts": ["then commit", "then push"]})
        await cockpit.pilot.press("up")
        await cockpit.until(lambda: cockpit.app.cockpit.prompt.text == "then commit\n\nthen push")


async def test_an_interrupt_gives_the_queue_back_before_the_draft(open_cockpit: Open) -> None:
    queued = scenes.MENDER.model_copy(
        update={"queued": ("then commit", "then push"), "state": AgentState.WORKING}
    )
    snapshot = CALM.model_copy(update={"agents": (queued, *CALM.agents[1:])})
    async with open_cockpit(snapshot, transcripts=TALK) as cockpit:
        await cockpit.until(lambda: "2 prompts queued" in cockpit.screen_text)
        cockpit.engine.on(Unqueue, lambda _: {"texts": ["then commit", "then push"]})
        await cockpit.type("a draft")
        await cockpit.pilot.press("escape")
        await cockpit.until(
            lambda: cockpit.app.cockpit.prompt.text == "then commit\n\nthen push\n\na draft"
        )
        assert (await cockpit.engine.received(Interrupt)).agent_id == queued.id
        await cockpit.until(lambda: "the queue is back in the prompt" in cockpit.screen_text)


async def test_history_comes_from_the_conversation(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts=TALK) as cockpit:
        await cockpit.until(lambda: "off-by-one" in cockpit.screen_text)
        await cockpit.type("not yet")
        await cockpit.pilot.press("up")
        assert cockpit.app.cockpit.prompt.text == "Make the tests pass, then commit."
        await cockpit.pilot.press("down")
        assert cockpit.app.cockpit.prompt.text == "not yet"


async def test_what_was_being_written_survives_the_history(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts=TALK) as cockpit:
        await cockpit.until(lambda: "off-by-one" in cockpit.screen_text)
        prompt, press = cockpit.app.cockpit.prompt, cockpit.pilot.press
        sent = "Make the tests pass, then commit."
        await cockpit.type("my draft")
        await press("up")
        assert (prompt.text, prompt.draft()) == (sent, "my draft")
        await press("!", "down")
        assert prompt.text == "my draft"
        await press("up")
        assert prompt.text == f"{sent}!"
        await press("ctrl+c", "up")
        assert prompt.text == f"{sent}!"
        await press("up")
        assert prompt.text == "my draft"
        await press("up")
        assert prompt.text == sent
        await press("down", "down", "down")
        assert prompt.text == ""
        await cockpit.type("another")
        await press("ctrl+c")
        await press("up", "enter")
        assert (await cockpit.engine.received(SendPrompt)).text == "another"
        # Each agent has its own.
        await press("ctrl+down")
        await cockpit.until(lambda: "draft:a1" in str(cockpit.app.memory._values))
        await press("up")
        assert sent not in prompt.text
        await press("ctrl+up", "up")
        assert prompt.text == f"{sent}!"


async def test_a_question_is_answered_from_the_prompt(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        question = Question(
            id="q1",
            agent_id="a1",
            agent_name="mend the parser",
            asked_at=scenes.NOW,
            text="Which branch?",
            options=("main", "fix-offsets"),
        )
        cockpit.engine.publish(QuestionAsked(question=question))
        await cockpit.until(lambda: "Which branch?" in cockpit.screen_text)
        await cockpit.type("2")
        await cockpit.pilot.press("enter")
        answer = await cockpit.engine.received(Answer)
        assert (answer.question_id, answer.text) == ("q1", "fix-offsets")


async def test_the_engine_dies_and_comes_back_with_all_events(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.type("still here")
        seq = cockpit.engine.publish(AgentChanged(agent=scenes.MENDER))
        await cockpit.until(lambda: cockpit.app.state is not None and cockpit.app.state.seq == seq)
        await cockpit.engine.drop()
        done = scenes.MENDER.model_copy(update={"state": AgentState.DONE, "activity": "all green"})
        cockpit.engine.publish(AgentChanged(agent=done))
        hello = await cockpit.engine.connected(count=2)
        assert hello.resume_after == seq
        await cockpit.until(lambda: "all green" in cockpit.screen_text)
        assert cockpit.app.cockpit.prompt.text == "still here"
        assert "restarting" not in cockpit.screen_text


async def test_a_connection_that_may_only_look_says_so(paths: Paths) -> None:
    engine = ScriptedEngine(paths.engine_socket, scenes.BUSY, may_decide=False)
    async with engine:
        app = TungstenApp(paths, now=lambda: scenes.NOW, directory=Path("/"))
        async with app.run_test(size=(120, 40)) as pilot:
            cockpit = Cockpit(app, engine, pilot)
            await cockpit.until(lambda: "look only" in cockpit.screen_text)
            assert app.gates is None


async def test_the_theme_is_remembered(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.type("/theme")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: isinstance(cockpit.app.screen, ThemeScreen))
        await cockpit.pilot.press("down", "down")
        await cockpit.until(lambda: cockpit.app.theme == "tungsten-high-contrast")
        # What is tried is seen: the app lies behind, in its own new colours.
        await cockpit.until(lambda: "mend the parser" in cockpit.screen_text)
        await cockpit.pilot.press("escape")
        await cockpit.until(lambda: cockpit.app.theme == "tungsten")
        await cockpit.type("/theme drak")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "no theme drak" in cockpit.screen_text)
        await cockpit.pilot.press("ctrl+c")
        await cockpit.type("/theme light")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: cockpit.app.theme == "tungsten-light")
        paths = cockpit.app.paths
    async with open_cockpit(CALM) as cockpit:
        assert cockpit.app.theme == "tungsten-light"
    # What the settings say comes before it, until another one is chosen.
    paths.config_file.write_text('theme = "high-contrast"')
    app = TungstenApp(paths, preferences=preferences.read(paths))
    assert app.theme == "tungsten-high-contrast"
    app.memory.set("theme", "ansi-16")
    app.memory.set("theme_over", "high-contrast")
    assert themes.chosen(app) == "ansi-16"


async def test_the_draft_of_a_removed_agent_is_there_when_it_is_resumed(
    open_cockpit: Open,
) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.pilot.press("alt+2")
        await cockpit.type("half")
        await cockpit.pilot.press("alt+1")
        assert cockpit.app.memory.get("draft:a2") == "half"
        removed = next(agent for agent in cockpit.app.agents if agent.id == "a2")
        cockpit.engine.publish(AgentRemoved(agent_id="a2"))
        await cockpit.until(lambda: "publish" not in cockpit.screen_text)
        cockpit.engine.publish(AgentChanged(agent=removed))
        await cockpit.until(lambda: "publish" in cockpit.screen_text)
        cockpit.app.look_at("a2")
        await cockpit.until(lambda: cockpit.app.cockpit.prompt.text == "half")


async def test_in_the_place_of_a_removed_agent_its_neighbour_is_looked_at(
    open_cockpit: Open,
) -> None:
    agents = [
        scenes.EDITOR.model_copy(update={"id": f"b{n}", "name": f"agent {n}"}) for n in range(4)
    ]
    async with open_cockpit(CALM.model_copy(update={"agents": tuple(agents)})) as cockpit:
        app = cockpit.app
        await cockpit.pilot.press("alt+3")
        for gone, then in (("b2", "b3"), ("b3", "b1")):
            cockpit.engine.publish(AgentRemoved(agent_id=gone))
            await cockpit.until(lambda gone=gone: gone not in {each.id for each in app.agents})
            assert app.focused_agent is not None
            assert app.focused_agent.id == then


class Busy(Screen[None]):
    """A screen that closes before it comes to what was to follow its next refresh."""

    async def _invoke_and_clear_callbacks(self) -> None:
        pass


async def test_what_changes_under_a_closing_screen_is_drawn(
    open_cockpit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_cockpit(CALM, transcripts=TALK) as cockpit:
        await cockpit.until(lambda: "off-by-one" in cockpit.screen_text)
        over = Busy()
        await cockpit.app.push_screen(over)
        cockpit.engine.publish(
            BlockChanged(
                agent_id="a1", block=Block(id=99, kind=BlockKind.ASSISTANT, at=1.0, text="Yes.")
            )
        )
        await cockpit.until(lambda: over._callbacks)
        over.dismiss()
        await cockpit.until(lambda: "Yes." in cockpit.screen_text)
        # A timer of the app may be over when the parts of its screen are gone.
        gone: list[bool] = []

        def unmounted(screen: CockpitScreen) -> None:
            gone.append(not screen.children)
            screen.host._age()
            screen.host._hush()

        monkeypatch.setattr(CockpitScreen, "on_unmount", unmounted, raising=False)
    assert gone == [True]


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_long_message_is_shown_whole_and_goes_with_a_key(
    open_cockpit: Open, size: tuple[int, int]
) -> None:
    sentence = (
        "Checked: the tests run green and the fix is committed; the notes were written in the "
        "editor; main on the remote is as it was"
    )
    async with open_cockpit(CALM, size=size) as cockpit:
        before = cockpit.app.cockpit.arrangement
        cockpit.engine.publish(Notice(level="information", text=sentence))
        await cockpit.until(lambda: cockpit.app.cockpit.footer.message)

        def said() -> str:
            return " ".join(" ".join(cockpit.screen_text.split("\n")[-2:]).split())

        await cockpit.until(lambda: sentence in said())
        assert cockpit.app.cockpit.arrangement.conversation == before.conversation
        cockpit.app.cockpit.footer.hush()
        await cockpit.until(lambda: "Checked" not in said())
        await cockpit.pilot.pause()
        assert cockpit.app.cockpit.arrangement == before


async def test_keys_behind_the_one_that_moves_the_focus_follow_it(open_cockpit: Open) -> None:
    """Tab and `i` lead to the conversation and back, however fast the rest is typed."""
    async with open_cockpit(CALM, transcripts=TALK) as cockpit:
        await cockpit.until(lambda: "off-by-one" in cockpit.screen_text)
        screen = cockpit.app.cockpit
        assert screen.focused is screen.prompt
        for burst, focused, text in (
            (["tab", "z"], screen.conversation, ""),
            (["i", "h", "i", "backspace", "o"], screen.prompt, "ho"),
            (["tab", "i", "!"], screen.prompt, "ho!"),
        ):
            for key in burst:
                cockpit.app.post_message(Key(key, key if len(key) == 1 else None))
            for _ in range(5):
                await cockpit.pilot.pause()
            assert screen.focused is focused, burst
            assert screen.prompt.text == text, burst


async def test_a_prompt_without_a_model_opens_the_choice_and_stays(open_cockpit: Open) -> None:
    async with open_cockpit(scenes.EMPTY.model_copy(update={"setup": Setup()})) as cockpit:
        if cockpit.app.screen is not cockpit.app.cockpit:
            await cockpit.pilot.press("escape")
        await cockpit.type("hello")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: isinstance(cockpit.app.screen, FirstRunScreen))
        assert "stays in the prompt" in cockpit.screen_text
        await cockpit.pilot.press("escape")
        await cockpit.until(lambda: cockpit.app.screen is cockpit.app.cockpit)
        assert cockpit.app.cockpit.prompt.text == "hello"
        assert not [one for one in cockpit.engine.commands if isinstance(one, CreateAgent)]


async def test_a_new_agent_beside_the_demo_starts_where_the_app_was_opened(
    open_cockpit: Open,
) -> None:
    demo = scenes.MENDER.model_copy(update={"demo": True, "directory": "/tmp/demo-tea"})
    async with open_cockpit(CALM.model_copy(update={"agents": (demo,)})) as cockpit:
        await cockpit.pilot.press("ctrl+n")
        await cockpit.until(lambda: "New agent" in cockpit.screen_text)
        field = cockpit.app.screen.query_one("#directory", Input)
        assert field.value == "/home/ada/parser"


async def test_what_is_written_while_an_agent_begins_is_for_that_one(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        prompt, began = cockpit.app.cockpit.prompt, asyncio.Event()
        other = CALM.agents[1].id
        assert cockpit.app.focused_id != other

        async def create(_: CreateAgent) -> dict[str, Any]:
            await began.wait()
            return {"agent_id": other}

        cockpit.engine.on(CreateAgent, create)
        # The keyboard was in the conversation.
        cockpit.app.cockpit.set_focus(cockpit.app.cockpit.conversation)
        await cockpit.pilot.press("ctrl+n")
        await cockpit.until(lambda: "New agent" in cockpit.screen_text)
        cockpit.app.screen.query_one("#directory", Input).value = "/"
        await cockpit.pilot.press("ctrl+s")
        await cockpit.until(lambda: cockpit.app.screen is cockpit.app.cockpit)
        await cockpit.type("go ")
        began.set()
        await cockpit.until(lambda: cockpit.app.focused_id == other)
        await cockpit.type("on")
        assert prompt.text == "go on"
        await cockpit.pilot.press("alt+1")
        assert prompt.text == ""


async def test_hidden_agents_are_counted_on_the_side_where_they_are(open_cockpit: Open) -> None:
    agents = tuple(
        scenes.MENDER.model_copy(update={"id": f"a{number}", "name": f"agent number {number}"})
        for number in range(1, 8)
    )
    snapshot = CALM.model_copy(update={"agents": agents})
    async with open_cockpit(snapshot, size=(80, 24)) as cockpit:
        row = cockpit.screen_text.split("\n")[0]
        assert row.rstrip().endswith("+4")
        assert row.lstrip().startswith("1 ")
        await cockpit.pilot.press("alt+7")
        row = cockpit.screen_text.split("\n")[0]
        assert row.lstrip().startswith("+4 ")
        assert row.rstrip().endswith("agent number 7")


def burst(cockpit: Cockpit, text: str) -> None:
    """Deliver keys as a terminal does that sent all of them at once."""
    names = {"\n": "enter", " ": "space", "/": "slash"}
    for character in text:
        name = names.get(character, character)
        cockpit.app.post_message(Key(name, None if name == "enter" else character))


async def test_enter_means_the_command_that_was_typed_however_fast(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        # The menu stands for the first letter still when Enter arrives.
        await cockpit.type("/t")
        await cockpit.until(lambda: "Give the keyboard to the pane" in cockpit.screen_text)
        burst(cockpit, "heme\nrun it")
        await cockpit.until(lambda: cockpit.app.cockpit.prompt.text == "run it")
        await cockpit.until(lambda: isinstance(cockpit.app.screen, ThemeScreen))
        assert cockpit.app.keyboard_holder is None


async def test_keys_are_taken_while_the_engine_owes_an_answer(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        asked, answer = asyncio.Event(), asyncio.Event()

        async def late(_: SendPrompt) -> None:
            asked.set()
            await answer.wait()

        cockpit.engine.on(SendPrompt, late)
        # The menu stands for the first letter still when Enter arrives.
        await cockpit.type("/c")
        await cockpit.until(lambda: "/coordinate" in cockpit.screen_text)
        burst(cockpit, "oordinate mend it\nand then")
        await cockpit.until(asked.is_set)
        burst(cockpit, " rest")
        await cockpit.until(lambda: cockpit.app.cockpit.prompt.text == "and then rest")
        await cockpit.pilot.press("f1")
        await cockpit.until(lambda: isinstance(cockpit.app.screen, HelpScreen))
        answer.set()


async def test_the_row_chosen_by_an_arrow_is_taken(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        await cockpit.type("/t")
        await cockpit.until(lambda: "Give the keyboard to the pane" in cockpit.screen_text)
        rows = cockpit.app.cockpit.menu.rows
        assert len(rows) > 1
        await cockpit.pilot.press("down", "tab")
        assert cockpit.app.cockpit.prompt.text.strip() == rows[1].name.strip()


@pytest.mark.parametrize("place", ["conversation", "terminal"])
async def test_what_means_nothing_elsewhere_is_typed_into_the_prompt(
    open_cockpit: Open, place: str
) -> None:
    async with open_cockpit(scenes.BUSY, transcripts=TALK) as cockpit:
        shown = cockpit.app.cockpit
        widget = shown.conversation
        if place == "terminal":
            await cockpit.until(lambda: shown.terminal.view is not None)
            widget = shown.terminal.view
        shown.set_focus(widget)
        await cockpit.until(lambda: shown.focused is widget)
        burst(cockpit, "run the thing again")
        await cockpit.until(lambda: shown.prompt.text == "run the thing again")
        assert shown.focused is shown.prompt


async def test_no_ends_of_words_stand_beside_a_wide_card(open_cockpit: Open) -> None:
    async with open_cockpit(scenes.BUSY.model_copy(update={"gates": ()})) as cockpit:
        await cockpit.until(lambda: "mend the parser" in cockpit.screen_text)
        await cockpit.pilot.press("ctrl+r")
        await cockpit.until(lambda: "Sessions" in cockpit.screen_text)
        screen = cockpit.app.screen
        card = screen.query_one("#card").region
        assert 0 < card.x < 12
        await cockpit.pilot.pause()
        rows = [strip.text.ljust(120) for strip in screen._compositor.render_strips()]
        for row in rows[card.y : card.bottom]:
            assert row[: card.x].isspace()
            assert row[card.right :].isspace()
        around = rows[: card.y] + rows[card.bottom :]
        assert any(row[: card.x].strip() for row in around)


async def test_what_is_heard_while_a_screen_opens_ends_nothing(open_cockpit: Open) -> None:
    async with open_cockpit(scenes.BUSY) as cockpit:
        app = cockpit.app
        memories, dreams = MemoriesScreen("/", clock=app.now), DreamsScreen(clock=app.now)
        for screen in (memories, dreams, Inbox(clock=app.now)):
            opened = app.push_screen(screen)
            app.show_all()
            await opened
            await app.pop_screen()


async def test_what_the_mouse_drags_over_is_nothing_to_copy(open_cockpit: Open) -> None:
    async with open_cockpit(scenes.BUSY) as cockpit:
        for key in ("", "f1"):
            await cockpit.pilot.press(*filter(None, (key,)))
            await cockpit.pilot.mouse_down(offset=(20, 3))
            await cockpit.pilot.hover(offset=(60, 9))
            await cockpit.pilot.mouse_up(offset=(60, 9))
            assert not cockpit.app.screen.get_selected_text()


async def test_what_a_screen_says_as_it_goes_is_said_once(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        app = cockpit.app
        await cockpit.pilot.press("ctrl+g")
        await cockpit.until(lambda: isinstance(app.screen, Inbox))
        app.notify("2 denied.")
        app.screen.dismiss(None)
        await cockpit.until(lambda: "2 denied." in cockpit.screen_text.split("\n")[-1])
        await cockpit.pilot.pause()
        await cockpit.pilot.pause()
        assert cockpit.screen_text.count("2 denied.") == 1
        assert not app._notifications


async def test_what_became_of_the_last_gates_is_said_when_the_inbox_goes(
    open_cockpit: Open,
) -> None:
    async with open_cockpit(scenes.BUSY) as cockpit:
        app, press = cockpit.app, cockpit.pilot.press

        def decided(command: Decide) -> dict[str, Any]:
            gate = next(each for each in app.state.gates if each.id == command.gate_id)
            closed = GateClosed(gate_id=gate.id, agent_id=gate.agent_id, outcome="denied")
            cockpit.engine.publish(closed)
            return {}

        cockpit.engine.on(Decide, decided)
        await cockpit.until(lambda: app.gates is not None)
        await press("escape", "ctrl+g")
        await cockpit.until(lambda: isinstance(app.screen, Inbox))
        gates = len(app.state.gates)
        await press(*["space"] * gates, "D", "enter")
        await cockpit.until(lambda: app.screen is app.cockpit)
        await cockpit.until(lambda: f"{gates} denied." in cockpit.screen_text.split("\n")[-1])


async def test_what_is_said_over_another_screen_hides_its_keys_no_longer_than_it_is_read(
    open_cockpit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_cockpit(scenes.EMPTY, size=(80, 24)) as cockpit:
        app, press = cockpit.app, cockpit.pilot.press
        await press("f1")
        await cockpit.until(lambda: app.screen is not app.cockpit)
        cockpit.engine.publish(Notice(level="warning", text="the disk is almost full"))
        await cockpit.until(lambda: len(app._notifications) == 1)
        await press("down")
        assert len(app._notifications) == 1, "it may have come up under flying fingers"
        monkeypatch.setattr("tui.front_end.READ_SECONDS", -1.0)
        await press("down")
        assert not app._notifications
        # How the demo went can wait.
        status = DemoStatus(directory="/tmp/demo", state="done", text="Demo checked: it is pushed.")
        cockpit.engine.publish(DemoChanged(demo=status))
        await cockpit.until(lambda: app.state.demo == status)
        assert not app._notifications
        await press("escape")
        await cockpit.until(lambda: "Demo checked" in cockpit.screen_text.split("\n")[-1])
