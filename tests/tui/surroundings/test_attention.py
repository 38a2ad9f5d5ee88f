"""Someone waits, and the person looks elsewhere: the terminal rings and tells."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from agent.protocol.agents import AgentState
from agent.protocol.events import AgentChanged, GateClosed, GateOpened
from agent.protocol.hosted import Hosted
from tests.stubs import scenes
from tests.tui.conftest import Open
from tui.drawing.between_areas import rule_label
from tui.surroundings.attention import notification


def test_notifications_are_what_terminals_understand() -> None:
    assert notification("publish waits", {"TERM": "xterm-256color"}) == "\x1b]9;publish waits\x07"
    assert notification("a; b", {"TERM": "foot"}) == "\x1b]777;notify;Tungsten;a, b\x1b\\"
    inside = notification("x", {"TERM": "tmux-256color", "TMUX": "/tmp/tmux,1,0"})
    assert inside == "\x1bPtmux;\x1b\x1b]9;x\x07\x1b\\"


def test_a_name_cannot_smuggle_a_sequence() -> None:
    text = notification("evil\x07\x1b]52;c;aGk=\x07", {"TERM": "xterm"})
    assert text.count("\x1b") == 1
    assert text.count("\x07") == 1


async def test_a_gate_rings_only_out_of_sight(
    open_cockpit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = scenes.BUSY.model_copy(update={"gates": ()})
    async with open_cockpit(calm) as cockpit:
        app = cockpit.app
        rung: list[str] = []
        monkeypatch.setattr(type(app), "is_headless", property(lambda _: False))
        monkeypatch.setattr(app, "bell", lambda: rung.append("bell"))
        monkeypatch.setattr(app._driver, "write", rung.append)
        cockpit.engine.publish(GateOpened(gate=scenes.GATE))
        await cockpit.until(lambda: app.state.gates)
        await cockpit.pilot.pause()
        assert "bell" not in rung
        app.app_focus = False
        other = scenes.GATE.model_copy(update={"id": "g2"})
        cockpit.engine.publish(GateOpened(gate=other))
        await cockpit.until(lambda: "bell" in rung)
        assert any("publish waits for your decision" in text for text in rung)

        # One wait of another maker's agent rings once: by its state or in the inbox, first come.
        agent = scenes.BUSY.agents[0]

        async def becomes(kind: str, *, passing: bool = False) -> None:
            hosted = Hosted(profile="x", title="X", kind=kind, passing=passing)  # type: ignore[arg-type]
            state = AgentState.WAITING if kind else AgentState.WORKING
            changed = agent.model_copy(update={"state": state, "hosted": hosted})
            cockpit.engine.publish(AgentChanged(agent=changed))
            await cockpit.until(
                lambda: any(a.hosted == hosted for a in app.state.agents if a.id == agent.id)
            )

        async def asked(gate_id: str) -> None:
            gate = scenes.GATE.model_copy(update={"id": gate_id, "agent_id": agent.id})
            cockpit.engine.publish(GateOpened(gate=gate))
            await cockpit.until(lambda: any(g.id == gate_id for g in app.state.gates))

        for gate_id in ("g1", "g2"):
            cockpit.engine.publish(GateClosed(gate_id=gate_id, agent_id="a2", outcome="withdrawn"))
        await becomes("")
        rung.clear()
        await becomes("permission")
        assert rung.count("bell") == 1
        await asked("h1")
        assert rung.count("bell") == 1
        # The next dialog takes the place of the first.
        cockpit.engine.publish(GateClosed(gate_id="h1", agent_id=agent.id, outcome="approved"))
        await asked("h2")
        assert rung.count("bell") == 2
        # Its item first, then its state; and what only its state tells.
        await becomes("")
        await becomes("permission")
        assert rung.count("bell") == 2
        cockpit.engine.publish(GateClosed(gate_id="h2", agent_id=agent.id, outcome="approved"))
        await becomes("")
        await becomes("login")
        assert rung.count("bell") == 3
        # What its hook answers a moment later calls nobody; what it does not, calls then.
        await becomes("")
        await becomes("permission", passing=True)
        await becomes("")
        await becomes("permission", passing=True)
        assert rung.count("bell") == 3
        await becomes("permission")
        assert rung.count("bell") == 4


def test_above_the_prompt_it_says_what_is_waited_for() -> None:
    """A window of 80 columns shows it nowhere else while the terminal is hidden."""
    styles: Any = SimpleNamespace(attention="attention")
    hosted = Hosted(profile="codex", title="Codex", kind="login")
    agent = scenes.MENDER.model_copy(
        update={
            "state": AgentState.WAITING,
            "hosted": hosted,
            "queued": (),
            "activity": "login: Sign in\x1b[2J with ChatGPT",
        }
    )
    calm = {"in_pane": False, "gate_open": False, "written": ""}
    said = rule_label(agent, None, "", styles, **calm)[0]  # type: ignore[arg-type]
    assert said == "it waits in its terminal · ^T types there · login: Sign in with ChatGPT"
