"""Several gates are denied together in the inbox, and never by one careless key."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from agent.protocol.agents import AgentSummary
from agent.protocol.gates import Question
from agent.protocol.hosted import Hosted
from tests.tui.gate.conftest import NOW
from tests.tui.gate.test_dialog import MakeApp, MakeGate, decisions
from tests.tui.screens.test_own_panes import until
from tui.gate.deny_many import DenyManyScreen
from tui.gate.inbox import Inbox


async def open_inbox(app: Any, pilot: Pilot[None]) -> None:
    app.dialog.put_off()
    await app.push_screen(Inbox(clock=lambda: NOW))
    await pilot.pause()


def said(app: Any, where: str) -> str:
    return str(app.screen.query_one(where, Static).content)


async def test_all_of_one_agent_are_denied_with_one_message(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    mine = {"agent_id": "a1", "agent_name": "shipper"}
    app = make_app(make_gate(1), make_gate(2), make_gate(3, **mine))
    async with app.run_test() as pilot:
        await open_inbox(app, pilot)
        assert "3 min" in str(app.screen.query_one(OptionList).get_option_at_index(0).prompt)
        await pilot.press("s")
        assert "deny 2" in said(app, "#card-keys")
        await pilot.press("D")
        assert isinstance(app.screen, DenyManyScreen)
        assert decisions(app) == []
        await pilot.press(*"wait", "enter")
        await pilot.pause()
        assert decisions(app) == [("g1", "deny", "wait"), ("g3", "deny", "wait")]
        assert isinstance(app.screen, Inbox)
        assert said(app, "#card-line") == "2 denied."
        assert [gate.id for gate in app.state.gates] == ["g2"]


async def test_an_empty_inbox_names_who_waits_in_its_own_terminal(make_app: MakeApp) -> None:
    app = make_app()
    hosted = Hosted(profile="claude", title="Claude Code", kind="login")
    waiting = AgentSummary(
        id="a1", name="[b]own", directory="/p", since=NOW, created_at=NOW, hosted=hosted
    )
    app.state = app.state.model_copy(update={"agents": (waiting,)})
    async with app.run_test() as pilot:
        await open_inbox(app, pilot)
        assert said(app, "#nothing") == (
            "Nothing to decide here. [b]own waits in its terminal: look at it, ^T types there."
        )


async def test_the_gate_that_is_open_behind_is_known_to_be_denied_here(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app(make_gate(1), make_gate(2), make_gate(3))
    async with app.run_test() as pilot:
        assert app.dialog.gate.id == "g1"
        await app.push_screen(Inbox(clock=lambda: NOW))
        await pilot.press("space", "space", "D", "enter")
        await until(pilot, lambda: said(app, "#card-line") == "2 denied.")
        assert [one.message for one in app._notifications] == []
        assert app.dialog.gate.id == "g3"


async def test_a_gate_whose_denial_was_refused_is_still_asked(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app(make_gate(1))
    async with app.run_test() as pilot:
        await app.push_screen(Inbox(clock=lambda: NOW))
        await pilot.press("space", "D")
        app.refuse = "the engine is busy"
        await pilot.press("enter")
        await until(pilot, lambda: said(app, "#card-line") == "0 denied; 1 not: the engine is busy")
        assert [gate.id for gate in app.dialog.pending()] == ["g1"]


async def test_single_gates_are_selected_and_let_go(make_app: MakeApp, make_gate: MakeGate) -> None:
    app = make_app(make_gate(1), make_gate(2), make_gate(3))
    async with app.run_test() as pilot:
        await open_inbox(app, pilot)
        await pilot.press("space", "space", "space", "up", "up", "up")
        assert "deny 3" in said(app, "#card-keys")
        await pilot.press("home", "down", "space")
        await pilot.press("D", "enter")
        await pilot.pause()
        assert [gate_id for gate_id, _, _ in decisions(app)] == ["g1", "g3"]


async def test_nothing_selected_and_second_thoughts_deny_nothing(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    question = Question(id="q", agent_id="a9", agent_name="asker", asked_at=NOW - 900, text="Why?")
    app = make_app(make_gate(1), questions=(question,))
    async with app.run_test() as pilot:
        await open_inbox(app, pilot)
        await pilot.press("D")
        assert "Nothing is selected" in said(app, "#card-line")
        await pilot.press("space")
        assert "answered, not denied" in said(app, "#card-line")
        await pilot.press("s", "down", "space", "D", "x", "escape")
        assert isinstance(app.screen, Inbox)
        assert decisions(app) == []
        await pilot.press("d")
        assert decisions(app) == []


async def test_what_was_decided_meanwhile_is_told(make_app: MakeApp, make_gate: MakeGate) -> None:
    app = make_app(make_gate(1), make_gate(2))
    app.refuse = "This gate was already approved"
    async with app.run_test() as pilot:
        await open_inbox(app, pilot)
        await pilot.press("space", "space", "D", "enter")
        await pilot.pause()
        assert "0 denied; 2 not: This gate was already approved" in said(app, "#card-line")
