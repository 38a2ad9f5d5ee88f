"""A host for one screen, with an engine that answers from a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.reactive import Reactive
from textual.screen import Screen

from agent.errors import CommandRefused
from agent.protocol.agents import AgentSummary, PaneSummary
from agent.protocol.commands.transcripts import SearchTranscript
from agent.protocol.conversation import Block
from agent.protocol.gates import Gate, Question, RiskLevel, Span
from agent.protocol.snapshot import EngineInfo, Snapshot
from agent.protocol.usage import UsageReport
from agent.protocol.wire import Wire
from agent.sessions import finding
from tui.gate.keyboard import KeyboardApp
from tui.themes.theme import DARK, DARK_PANES

NOW = 1_790_000_000.0


class ScreenHost(KeyboardApp[None]):
    """Opens a screen and keeps its result; `refuse` makes the engine refuse everything."""

    ansi_theme_dark = Reactive(DARK_PANES, init=False)

    def __init__(self, screen: Screen[Any] | None = None, **state: Any) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.opened = screen
        self.results: list[Any] = []
        self.sent: list[Wire] = []
        self.refuse = ""
        self.unattended = ""
        self.sessions: list[AgentSummary] = []
        self.blocks: list[Block] = []
        self.report = UsageReport()
        self.answers: dict[str, dict[str, Any]] = {}
        self.default_mode: dict[str, Any] = {
            "mode": "careful",
            "because": "untrusted",
            "wall": False,
            "worktree": False,
        }
        engine = EngineInfo(version="0", pid=1, epoch="e", started_at=NOW, tmux_socket="/nowhere")
        self.state = Snapshot(seq=1, engine=engine, **state)

    def on_mount(self) -> None:
        if self.opened is not None:
            self.push_screen(self.opened, self.results.append)

    async def approval_problem(self, ago: float) -> str:
        return self.unattended

    async def engine_send(self, command: Wire) -> dict[str, Any]:
        self.sent.append(command)
        if self.refuse:
            raise CommandRefused(self.refuse)
        if command.type == "list_sessions":  # type: ignore[attr-defined]
            return {"sessions": [one.model_dump(mode="json") for one in self.sessions]}
        if command.type == "read_transcript":  # type: ignore[attr-defined]
            return {"blocks": [one.model_dump(mode="json") for one in self.blocks]}
        if isinstance(command, SearchTranscript):
            sought = finding.pattern(command.words)
            counts = [(b.id, finding.count(b, sought)) for b in self.blocks if sought is not None]
            return {"matches": [list(found) for found in counts if found[1]]}
        if command.type == "read_usage":  # type: ignore[attr-defined]
            return {"report": self.report.model_dump(mode="json")}
        if command.type == "read_default_mode":  # type: ignore[attr-defined]
            return self.default_mode
        return self.answers.get(command.type, {})  # type: ignore[attr-defined]


@pytest.fixture
def host() -> Callable[..., ScreenHost]:
    return ScreenHost


@pytest.fixture
def make_agent() -> Callable[..., AgentSummary]:
    def make(number: int = 1, **fields: Any) -> AgentSummary:
        values: dict[str, Any] = {
            "id": f"a{number}",
            "name": ("mender", "reader", "shipper", "writer", "tester")[number % 5],
            "directory": f"/srv/work/orchard-{number}",
            "model": "demo",
            "since": NOW - number * 2900,
            "created_at": NOW - 90_000,
            "panes": (PaneSummary(pane_id=f"%{number}"),),
        }
        return AgentSummary(**{**values, **fields})

    return make


@pytest.fixture
def question() -> Question:
    return Question(
        id="q1",
        agent_id="a1",
        agent_name="mender",
        asked_at=NOW - 640,
        text="The docs and the test disagree about rounding. Which one is right?",
        options=("The docs: half up", "The test: half to even", "Ask the author of the test"),
    )


@pytest.fixture
def gates() -> tuple[Gate, ...]:
    return (
        Gate(
            id="g1",
            agent_id="a2",
            agent_name="shipper",
            opened_at=NOW - 95,
            risk=RiskLevel.HIGH,
            action="run_command",
            text="git push --force origin main",
            spans=(Span(start=9, end=16),),
            reasons=("--force replaces what others may already have pulled",),
            cwd="/srv/work/orchard-2",
        ),
        Gate(
            id="g2",
            agent_id="a3",
            agent_name="writer",
            opened_at=NOW - 20,
            risk=RiskLevel.MEDIUM,
            action="run_command",
            text="npm install left-pad",
            reasons=("npm runs scripts of the packages it installs",),
            cwd="/srv/work/orchard-3",
        ),
    )
