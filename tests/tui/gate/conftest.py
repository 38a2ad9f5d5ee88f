"""A small app around the gate dialog: a prompt below, the engine's answers from a list."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from textual.app import ComposeResult
from textual.widgets import Static, TextArea

from agent.errors import CommandRefused
from agent.protocol.gates import Gate, Question, RiskLevel, Span
from agent.protocol.snapshot import EngineInfo, Snapshot
from agent.protocol.wire import Wire
from tui.gate.dialog import GateDialog
from tui.gate.keyboard import KeyboardApp
from tui.themes.theme import DARK

CLOSED = "%404"
"""A pane that no agent has."""
NOW = 1_790_000_000.0


class HostApp(KeyboardApp[None]):
    """Holds a state, a prompt and the dialog; keeps what was sent to the engine."""

    CSS = """
    #world { height: 1fr; color: $foreground 40%; }
    #prompt { height: 5; }
    """

    def __init__(
        self,
        *gates: Gate,
        questions: tuple[Question, ...] = (),
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.ticks = ticks
        self.sent: list[Wire] = []
        self.refuse = ""
        self.nobody = ""
        self.explained = ""
        self.rule: dict[str, Any] = {}
        self.looked_at: tuple[str, str | None] = ("", None)
        self.state = Snapshot(
            seq=1,
            engine=EngineInfo(
                version="0", pid=1, epoch="e", started_at=NOW, tmux_socket="/nowhere/tmux.sock"
            ),
            gates=gates,
            questions=questions,
        )

    def compose(self) -> ComposeResult:
        yield Static("\n".join(f"line {n} of the world behind" for n in range(60)), id="world")
        yield TextArea(id="prompt")
        yield GateDialog(clock=lambda: NOW, ticks=self.ticks)

    def on_mount(self) -> None:
        self.query_one(TextArea).focus()
        self.dialog.sync()

    @property
    def dialog(self) -> GateDialog:
        return self.query_one(GateDialog)

    @property
    def prompt(self) -> str:
        return self.query_one(TextArea).text

    @property
    def has_draft(self) -> bool:
        return bool(self.prompt)

    def set_gates(self, *gates: Gate) -> None:
        self.state = self.state.model_copy(update={"gates": gates})
        self.dialog.sync()

    def show_pane(self, agent_id: str, pane_id: str | None) -> bool:
        self.looked_at = (agent_id, pane_id)
        return pane_id != CLOSED

    def pane_seen(self) -> None:
        self.looked_at = ("", None)

    def decided_apart(self, gate_id: str, *, refused: bool = False) -> None:
        self.dialog.decided_apart(gate_id, refused=refused)

    async def approval_problem(self, ago: float) -> str:
        return self.nobody

    async def engine_send(self, command: Wire) -> dict[str, Any]:
        self.sent.append(command)
        if self.refuse:
            raise CommandRefused(self.refuse)
        if command.type == "decide":  # type: ignore[attr-defined]
            left = tuple(g for g in self.state.gates if g.id != command.gate_id)  # type: ignore[attr-defined]
            self.set_gates(*left)
        if command.type == "explain_gate":  # type: ignore[attr-defined]
            return {"text": self.explained}
        if command.type == "suggest_rule":  # type: ignore[attr-defined]
            return self.rule
        return {}


def gate(number: int = 1, risk: RiskLevel = RiskLevel.HIGH, **fields: Any) -> Gate:
    """A gate as the engine would open it."""
    text = fields.pop("text", "git push --force origin main")
    values: dict[str, Any] = {
        "id": f"g{number}",
        "agent_id": f"a{number}",
        "agent_name": "shipper",
        "opened_at": NOW - 200 + number,
        "risk": risk,
        "action": "run_command",
        "text": text,
        "spans": (Span(start=9, end=16, reason="rewrites history"),),
        "reasons": ("--force replaces what others may already have pulled",),
        "effect": "overwrites branch main of origin",
        "cwd": "/home/ann/work/orchard",
        "pane_id": "%3",
        "foreground": "bash",
        "intent": "The rebased history has to replace the old one.",
    }
    return Gate(**{**values, **fields})


@pytest.fixture
def make_gate() -> Callable[..., Gate]:
    return gate


@pytest.fixture
def make_app() -> Callable[..., HostApp]:
    return HostApp
