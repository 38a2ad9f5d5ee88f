"""How the screens look, at the sizes and in the themes that are promised."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.widgets import Input

from agent.protocol.agents import InstructionFile, SessionSummary
from agent.protocol.commands.sessions import SessionTurn
from agent.protocol.gates import Question
from agent.protocol.usage import Budget
from tests.stubs import scenes
from tests.stubs.spending import LEAD, REPORT
from tests.tui.camera import Camera
from tests.tui.settling import pressed
from tui.gate.deny_many import DenyManyScreen
from tui.gate.inbox import Inbox
from tui.screens.confirm import RenameScreen
from tui.screens.first_run import FirstRunScreen
from tui.screens.fork import ForkScreen
from tui.screens.instructions import InstructionsScreen
from tui.screens.new_agent import NewAgentScreen
from tui.screens.past_session import PastSessionScreen
from tui.screens.question import QuestionScreen
from tui.screens.recordings import RecordingsScreen
from tui.screens.sent_prompts import SentPromptsScreen
from tui.screens.sessions import SessionsScreen
from tui.screens.stop_agent import StopAgentScreen
from tui.screens.theme import ThemeScreen
from tui.screens.usage import UsageScreen
from tui.themes import themes

Host = Callable[..., Any]
NOW = 1_790_000_000.0

TURNS = (
    SessionTurn(number=1, prompt="Make the tests pass, then commit.", at=NOW - 5_400, whole=True),
    SessionTurn(number=2, prompt="宽字符 in the notes: keep them", at=NOW - 1_200, whole=True),
    SessionTurn(
        number=3,
        prompt="Write down what changed: offsets, lines, columns and the tests, each with a reason",
        at=NOW - 40,
        whole=False,
    ),
)


async def test_first_run(camera: Camera, host: Host) -> None:
    app = host()

    async def refused(pilot: Any) -> None:
        app.refuse = (
            "http://localhost:11434 does not answer: start the server there, then press Enter"
        )
        await app.push_screen(FirstRunScreen())
        await pressed(pilot, "3", "f5", "enter", *"qwen3:32b", "enter", "enter")

    await camera.screens(app, {"models": FirstRunScreen(), "fails": refused})


async def test_sessions(camera: Camera, host: Host, make_agent: Any) -> None:
    app = host()
    said = ("mend the clock of the tower, and say what was wrong with it", "wind it", "")
    sessions = [
        SessionSummary(
            **dict(make_agent(n, archived=n > 2, id=f"{n * 7919:06x}{n}a2b3c")),
            prompt=said[n % 3],
            used_at=NOW - n * 2900,
        )
        for n in range(1, 9)
    ]

    async def listed(_: Any) -> None:
        app.sessions = sessions
        await app.push_screen(SessionsScreen(clock=lambda: NOW))

    async def not_found(pilot: Any) -> None:
        await listed(pilot)
        await pressed(pilot, *"zzz")

    states = {
        "none": SessionsScreen(clock=lambda: NOW),
        "listed": listed,
        "not-found": not_found,
    }
    await camera.screens(app, states)


async def test_past_session(camera: Camera, host: Host) -> None:
    app = host()

    def opened(blocks: Any, problem: str = "") -> Any:
        async def opening(pilot: Any) -> None:
            app.blocks, app.refuse = list(blocks), problem
            await app.push_screen(PastSessionScreen("a1", "mend the parser", "/home/ada/parser"))
            await pressed(pilot)

        return opening

    problem = "the session is no longer there: it was deleted by the settings (keep_days = 30)"
    states = {
        "past": opened(scenes.CONVERSATION),
        "nothing-said": opened(()),
        "unreadable": opened((), problem),
    }
    await camera.screens(app, states)


async def test_fork(camera: Camera, host: Host) -> None:
    app = host()
    app.answers = {"list_turns": {"turns": [turn.model_dump() for turn in TURNS]}}

    async def none(_: Any) -> None:
        app.answers = {}
        await app.push_screen(ForkScreen("a1", "mend the parser", clock=lambda: NOW))

    async def gone(pilot: Any) -> None:
        turns = [turn.model_dump() for turn in TURNS]
        places = {"gone": "/srv/work/orchard.worktrees/fix", "instead": "/srv/work/orchard"}
        app.answers = {"list_turns": {"turns": turns, **places}}
        await app.push_screen(ForkScreen("a1", "mend the parser", clock=lambda: NOW))
        await pressed(pilot, "enter")

    states = {
        "turns": ForkScreen("a1", "mend the parser", clock=lambda: NOW),
        "no-turn": none,
        "gone": gone,
    }
    await camera.screens(app, states)


async def test_inbox(camera: Camera, host: Host, gates: Any, question: Question) -> None:
    app = host(gates=gates, questions=(question,))

    async def selected(pilot: Any) -> None:
        await app.push_screen(Inbox(clock=lambda: NOW))
        await pressed(pilot, "space", "down", "space")

    async def empty(_: Any) -> None:
        app.state = app.state.model_copy(update={"gates": (), "questions": ()})
        await app.push_screen(Inbox())

    more = [gates[n % 2].model_copy(update={"id": f"g{n}"}) for n in range(11)]
    states = {
        "inbox": Inbox(clock=lambda: NOW),
        "selected": selected,
        "deny-many": DenyManyScreen(more),
        "question": QuestionScreen(question),
        "empty": empty,
    }
    await camera.screens(app, states)


async def test_usage(camera: Camera, host: Host, make_agent: Any) -> None:
    agent = make_agent(1, name="mend the parser", budget=Budget(dollars=5, requests=40))
    app = host()

    def by(turns: int) -> Any:
        async def turned(pilot: Any) -> None:
            app.report = REPORT
            await app.push_screen(UsageScreen())
            await pressed(pilot, *["right"] * turns)

        return turned

    async def budget(pilot: Any) -> None:
        app.state = app.state.model_copy(update={"agents": (agent,)})
        await app.push_screen(UsageScreen("a1", clock=lambda: NOW))
        # Once it is laid out: what lies under another screen is not.
        await pressed(pilot)
        await pressed(pilot, "b", "enter")

    states = {
        "none": UsageScreen(),
        "agents": by(0),
        "sessions": by(1),
        "models": by(2),
        "days": by(3),
        "budget": budget,
    }
    await camera.screens(app, states)


async def test_instructions(camera: Camera, host: Host, make_agent: Any) -> None:
    files = (
        InstructionFile(path="/etc/xdg/tungsten/AGENTS.md", tokens=212),
        InstructionFile(
            path="/srv/projects/日本語/a-rather-long-name-of-a-project/AGENTS.md", tokens=1_840
        ),
        InstructionFile(
            path="/srv/projects/日本語/a-rather-long-name-of-a-project/web/CLAUDE.md", tokens=96
        ),
    )
    states = {
        "files": InstructionsScreen(make_agent(instructions=files)),
        "none": InstructionsScreen(make_agent()),
    }
    await camera.screens(host(), states)


async def test_cards(camera: Camera, host: Host, make_agent: Any, tmp_path: Path) -> None:
    agent = make_agent(state="working", activity="runs the tests of the parser", usage=LEAD.usage)
    app = host(agents=(agent,))
    app.answers = {"read_sent_prompts": {"prompts": []}}

    async def no_directory(pilot: Any) -> None:
        await app.push_screen(NewAgentScreen("/usr", model="demo"))
        await pressed(pilot)
        field = app.screen.query_one("#directory", Input)
        field.value = "/usr/no such place"
        await pressed(pilot, "ctrl+s")

    states = {
        "new-agent": NewAgentScreen("/usr", model="demo"),
        "no-directory": no_directory,
        "stop": StopAgentScreen(agent, clock=lambda: NOW),
        "rename": RenameScreen("mender"),
        "theme": ThemeScreen("light", lambda _: None, ""),
        "theme-instead": ThemeScreen("light", lambda _: None, themes.TOO_FEW),
        "nothing-sent": SentPromptsScreen(clock=lambda: NOW),
        "no-recording": RecordingsScreen(tmp_path, clock=lambda: NOW),
    }
    await camera.screens(app, states)
