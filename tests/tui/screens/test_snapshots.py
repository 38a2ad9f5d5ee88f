"""How the screens look, at the three sizes that are promised, dark and light."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agent.protocol.agents import InstructionFile, SessionSummary
from agent.protocol.gates import Question
from agent.protocol.usage import Budget
from tests.stubs.spending import LEAD, REPORT
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
SIZES = [(80, 24), (120, 40), (200, 50)]
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


async def settle(pilot: Any) -> None:
    for field in pilot.app.screen.query("Input"):
        field.cursor_blink = False
    for _ in range(3):
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()


@sizes
@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
def test_first_run(snap_compare: Any, host: Host, size: tuple[int, int], light: bool) -> None:
    app = host(FirstRunScreen(), light=light)
    assert snap_compare(app, terminal_size=size, run_before=settle)


@sizes
def test_first_run_endpoint_fails(snap_compare: Any, host: Host, size: tuple[int, int]) -> None:
    app = host(FirstRunScreen())
    app.refuse = "http://localhost:11434 does not answer: start the server there, then press Enter"

    async def fill_in(pilot: Any) -> None:
        await settle(pilot)
        await pilot.press("3", "f5", "enter", *"qwen3:32b", "enter", "enter")
        await settle(pilot)

    assert snap_compare(app, terminal_size=size, run_before=fill_in)


@sizes
def test_new_agent(snap_compare: Any, host: Host, size: tuple[int, int]) -> None:
    app = host(NewAgentScreen("/usr", model="demo"))
    assert snap_compare(app, terminal_size=size, run_before=settle)


@sizes
def test_sessions(snap_compare: Any, host: Host, make_agent: Any, size: tuple[int, int]) -> None:
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
    assert snap_compare(app, terminal_size=size, run_before=settle)


def test_no_sessions(snap_compare: Any, host: Host) -> None:
    app = host(SessionsScreen(clock=lambda: NOW))
    assert snap_compare(app, terminal_size=(80, 24), run_before=settle)


@sizes
def test_inbox(
    snap_compare: Any, host: Host, gates: Any, question: Question, size: tuple[int, int]
) -> None:
    app = host(Inbox(clock=lambda: NOW), gates=gates, questions=(question,))
    assert snap_compare(app, terminal_size=size, run_before=settle)


def test_empty_inbox(snap_compare: Any, host: Host) -> None:
    assert snap_compare(host(Inbox()), terminal_size=(80, 24), run_before=settle)


@sizes
def test_question(snap_compare: Any, host: Host, question: Question, size: tuple[int, int]) -> None:
    assert snap_compare(host(QuestionScreen(question)), terminal_size=size, run_before=settle)


@sizes
@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
def test_usage(snap_compare: Any, host: Host, size: tuple[int, int], light: bool) -> None:
    app = host(UsageScreen(), light=light)
    app.report = REPORT
    assert snap_compare(app, terminal_size=size, run_before=settle)


@sizes
def test_budget(snap_compare: Any, host: Host, make_agent: Any, size: tuple[int, int]) -> None:
    agent = make_agent(1, name="mend the parser", budget=Budget(dollars=5, requests=40))
    app = host(UsageScreen("a1", clock=lambda: NOW), agents=(agent,))
    app.report = REPORT

    async def ask(pilot: Any) -> None:
        await settle(pilot)
        await pilot.press("b")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)

    assert snap_compare(app, terminal_size=size, run_before=ask)


@pytest.mark.parametrize("view", VIEWS[1:])
def test_usage_by(snap_compare: Any, host: Host, view: str) -> None:
    app = host(UsageScreen())
    app.report = REPORT

    async def turn(pilot: Any) -> None:
        await settle(pilot)
        await pilot.press(*["right"] * VIEWS.index(view))
        await settle(pilot)

    assert snap_compare(app, terminal_size=(80, 24), run_before=turn)


def test_no_usage(snap_compare: Any, host: Host) -> None:
    assert snap_compare(host(UsageScreen()), terminal_size=(80, 24), run_before=settle)


@sizes
def test_instructions(
    snap_compare: Any, host: Host, make_agent: Any, size: tuple[int, int]
) -> None:
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
    assert snap_compare(app, terminal_size=size, run_before=settle)


def test_no_instructions(snap_compare: Any, host: Host, make_agent: Any) -> None:
    app = host(InstructionsScreen(make_agent()))
    assert snap_compare(app, terminal_size=(80, 24), run_before=settle)


@sizes
def test_stop(snap_compare: Any, host: Host, make_agent: Any, size: tuple[int, int]) -> None:
    agent = make_agent(state="working", activity="runs the tests of the parser", usage=LEAD.usage)
    app = host(StopAgentScreen(agent, clock=lambda: NOW), agents=(agent,))
    assert snap_compare(app, terminal_size=size, run_before=settle)


def test_rename(snap_compare: Any, host: Host) -> None:
    assert snap_compare(host(RenameScreen("mender")), terminal_size=(80, 24), run_before=settle)
