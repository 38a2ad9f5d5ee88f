"""How the screens look, at the sizes and in the themes that are promised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agent.protocol.agents import InstructionFile, SessionSummary
from agent.protocol.gates import Question
from agent.protocol.usage import Budget
from tests.stubs.spending import LEAD, REPORT
from tests.tui.camera import Camera
from tui.gate.inbox import Inbox
from tui.screens.confirm import RenameScreen
from tui.screens.first_run import FirstRunScreen
from tui.screens.instructions import InstructionsScreen
from tui.screens.new_agent import NewAgentScreen
from tui.screens.question import QuestionScreen
from tui.screens.sessions import SessionsScreen
from tui.screens.stop_agent import StopAgentScreen
from tui.screens.usage import UsageScreen
from tui.usage_table import VIEWS

Host = Callable[..., Any]
NOW = 1_790_000_000.0


async def test_first_run(camera: Camera, host: Host) -> None:
    app = host(FirstRunScreen())
    await camera.shoot(app)


async def test_first_run_endpoint_fails(camera: Camera, host: Host) -> None:
    app = host(FirstRunScreen())
    app.refuse = "http://localhost:11434 does not answer: start the server there, then press Enter"

    async def fill_in(pilot: Any) -> None:
        await pilot.press("3", "f5", "enter", *"qwen3:32b", "enter", "enter")

    await camera.shoot(app, fill_in)


async def test_new_agent(camera: Camera, host: Host) -> None:
    app = host(NewAgentScreen("/usr", model="demo"))
    await camera.shoot(app)


async def test_sessions(camera: Camera, host: Host, make_agent: Any) -> None:
    app = host(SessionsScreen(clock=lambda: NOW))
    said = ("mend the clock of the tower, and say what was wrong with it", "wind it", "")
    app.sessions = [
        SessionSummary(
            **dict(make_agent(n, archived=n > 2, id=f"{n * 7919:06x}{n}a2b3c")),
            prompt=said[n % 3],
            used_at=NOW - n * 2900,
        )
        for n in range(1, 9)
    ]
    await camera.shoot(app)


async def test_no_sessions(camera: Camera, host: Host) -> None:
    app = host(SessionsScreen(clock=lambda: NOW))
    await camera.shoot(app)


async def test_inbox(camera: Camera, host: Host, gates: Any, question: Question) -> None:
    app = host(Inbox(clock=lambda: NOW), gates=gates, questions=(question,))
    await camera.shoot(app)


async def test_empty_inbox(camera: Camera, host: Host) -> None:
    await camera.shoot(host(Inbox()))


async def test_question(camera: Camera, host: Host, question: Question) -> None:
    await camera.shoot(host(QuestionScreen(question)))


async def test_usage(camera: Camera, host: Host) -> None:
    app = host(UsageScreen())
    app.report = REPORT
    await camera.shoot(app)


async def test_budget(camera: Camera, host: Host, make_agent: Any) -> None:
    agent = make_agent(1, name="mend the parser", budget=Budget(dollars=5, requests=40))
    app = host(UsageScreen("a1", clock=lambda: NOW), agents=(agent,))
    app.report = REPORT

    async def ask(pilot: Any) -> None:
        await pilot.press("b")
        await pilot.press("enter")

    await camera.shoot(app, ask)


@pytest.mark.parametrize("view", VIEWS[1:])
async def test_usage_by(camera: Camera, host: Host, view: str) -> None:
    app = host(UsageScreen())
    app.report = REPORT

    async def turn(pilot: Any) -> None:
        await pilot.press(*["right"] * VIEWS.index(view))

    await camera.shoot(app, turn)


async def test_no_usage(camera: Camera, host: Host) -> None:
    await camera.shoot(host(UsageScreen()))


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
    app = host(InstructionsScreen(make_agent(instructions=files)))
    await camera.shoot(app)


async def test_no_instructions(camera: Camera, host: Host, make_agent: Any) -> None:
    app = host(InstructionsScreen(make_agent()))
    await camera.shoot(app)


async def test_stop(camera: Camera, host: Host, make_agent: Any) -> None:
    agent = make_agent(state="working", activity="runs the tests of the parser", usage=LEAD.usage)
    app = host(StopAgentScreen(agent, clock=lambda: NOW), agents=(agent,))
    await camera.shoot(app)


async def test_rename(camera: Camera, host: Host) -> None:
    await camera.shoot(host(RenameScreen("mender")))
