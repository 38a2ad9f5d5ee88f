"""What a person can do at a gate beside yes and no: change the command, and keep a rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from agent.protocol.commands.gates import AlwaysAllow, Decide, SuggestRule
from agent.protocol.gates import Gate, RiskLevel
from tests.tui.gate.still import passes
from tests.tui.gate.test_dialog import (
    QUIET,
    MakeApp,
    MakeGate,
    armed,
    decided,
    make_app,
    press,
)
from tui.gate.choices import PATIENCE

__all__ = ["make_app"]

RULE = {"rule": "Bash(make)", "why_not": "", "spared": 37, "asked": 40}
FOUND = "would have approved 37 of your last 40"


def said(app: Any, where: str) -> str:
    return str(app.dialog.query_one(where, Static).content)


async def sent(pilot: Pilot[None], kind: type) -> list[Any]:
    await pilot.pause()
    return [one for one in pilot.app.sent if isinstance(one, kind)]  # type: ignore[attr-defined]


def medium(make_gate: MakeGate, **fields: Any) -> Gate:
    return make_gate(risk=RiskLevel.MEDIUM, text="make", spans=(), **fields)


# Changing the command ---------------------------------------------------------------------------


async def test_a_changed_command_comes_back_as_a_gate_and_waits_for_its_own_key(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app(medium(make_gate), make_gate(2))
    async with app.run_test() as pilot:
        await pilot.press(*"draft")
        await armed(pilot)
        await press(pilot, "e")
        await pilot.press("space", *"all", "enter")
        [decision] = await sent(pilot, Decide)
        assert (decision.gate_id, decision.edited) == ("g1", "make all")
        # The old gate is gone, the new one not there yet: nothing decides, nothing flashes by.
        assert app.dialog.gate.id == "g1"
        await passes(pilot, QUIET)
        assert "Judging" in said(app, "#gate-keys")
        changed = make_gate(3, text="make all", replaces="g1", original="make")
        app.set_gates(changed, make_gate(2))
        assert app.dialog.gate.id == "g3"
        assert app.prompt == "draft"
        assert app.focused is app.query_one("#prompt")
        await pilot.press("A")
        assert len(await sent(pilot, Decide)) == 1
        await passes(pilot, QUIET)
        assert "of make" in said(app, "#gate-facts")
        assert app.prompt == "draftA"
        await pilot.press("A")
        await decided(pilot, 2)
        assert [one.gate_id for one in await sent(pilot, Decide)] == ["g1", "g3"]


async def test_a_refused_change_goes_on_being_written(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app(medium(make_gate))
    app.refuse = "denied by your rule"
    async with app.run_test() as pilot:
        await armed(pilot)
        await press(pilot, "e")
        await pilot.press("x", "enter")
        await pilot.pause()
        assert app.dialog.command.text == "makex"
        assert app.focused is app.dialog.command
        await pilot.press("escape")
        assert app.dialog.gate.id == "g1"
        assert app.focused is app.query_one("#prompt")


async def test_lines_can_be_added_and_nothing_changed_is_nothing_sent(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app(medium(make_gate))
    async with app.run_test() as pilot:
        await armed(pilot)
        await press(pilot, "e")
        await pilot.press("enter")
        await passes(pilot, QUIET)
        await press(pilot, "e")
        await pilot.press("ctrl+j", *"ls", "enter")
        [decision] = await sent(pilot, Decide)
        assert decision.edited == "make\nls"


async def test_a_change_that_nobody_answers_does_not_hold_the_dialog_for_ever(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app(medium(make_gate), make_gate(2))
    async with app.run_test() as pilot:
        await armed(pilot)
        await press(pilot, "e")
        await pilot.press("x", "enter")
        await passes(pilot, PATIENCE + 0.1)
        assert app.dialog.gate.id == "g2"


async def test_editing_begins_soon_behind_another_key_of_the_dialog(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    app = make_app(medium(make_gate))
    async with app.run_test() as pilot:
        await armed(pilot)
        await press(pilot, "A")
        await press(pilot, "e")
        await pilot.press(*" all", "enter")
        [decision] = await sent(pilot, Decide)
        assert decision.edited == "make all"
        assert app.prompt == ""


async def test_only_commands_can_be_changed(make_app: MakeApp, make_gate: MakeGate) -> None:
    app = make_app(make_gate(action="write_file"))
    async with app.run_test() as pilot:
        await armed(pilot)
        await press(pilot, "e")
        assert not app.dialog.command.display
        assert "Only a command can be changed" in app.dialog.border_subtitle
        assert app.prompt == ""
    gate = make_gate(fixed="Codex runs a command only as it asked")
    app = make_app(gate)
    async with app.run_test() as pilot:
        await armed(pilot)
        assert "Codex runs a command only as it asked; m denies" in said(app, "#gate-facts")
        assert "edit" not in said(app, "#gate-keys")
        await press(pilot, "e")
        assert not app.dialog.command.display
        assert "Codex runs a command only as it asked" in app.dialog.border_subtitle


async def test_what_cannot_be_changed_any_more_is_told_to_who_is_changing_it(
    make_app: MakeApp, make_gate: MakeGate
) -> None:
    gate = make_gate()
    app = make_app(gate)
    async with app.run_test() as pilot:
        await armed(pilot)
        await press(pilot, "e")
        await pilot.press("x")
        app.set_gates(gate.model_copy(update={"fixed": "Pear waits no longer"}))
        await pilot.pause()
        assert not app.dialog.command.display
        told = " ".join(one.message for one in app._notifications)
        assert "Pear waits no longer" in told
        assert "What you wrote was not sent: " in told
        assert "no: Pear waits no longer" in said(app, "#gate-facts")
        # The silence is wanted anew, and then the key says why.
        await armed(pilot)
        await press(pilot, "e")
        assert "Pear waits no longer" in app.dialog.border_subtitle
        assert app.sent == []


# Keeping a rule ---------------------------------------------------------------------------------


@pytest.fixture
def offering(make_app: MakeApp, make_gate: MakeGate) -> Callable[..., Any]:
    def made(found: dict[str, Any] = RULE) -> Any:
        app = make_app(medium(make_gate), make_gate(2))
        send = app.engine_send

        async def answer(command: Any) -> dict[str, Any]:
            await send(command)
            if isinstance(command, AlwaysAllow):
                app.set_gates(*(g for g in app.state.gates if g.id != command.gate_id))
            rule = getattr(command, "rule", "")
            file = {"file": "/etc/rules/1.toml"} if isinstance(command, AlwaysAllow) else {}
            return found | ({"rule": rule} if rule else {}) | file

        app.engine_send = answer
        return app

    return made


async def test_the_rule_and_what_it_would_have_done_are_seen_before_it_is_kept(
    offering: Callable[..., Any],
) -> None:
    app = offering()
    async with app.run_test() as pilot:
        await armed(pilot)
        await press(pilot, "w")
        await pilot.pause()
        facts = said(app, "#gate-facts")
        assert "Bash(make)" in facts
        assert FOUND in facts
        # A second press at once, Enter and the key that approves keep nothing.
        await press(pilot, "w")
        assert await sent(pilot, AlwaysAllow) == []
        await passes(pilot, QUIET)
        await press(pilot, "w")
        [kept] = await sent(pilot, AlwaysAllow)
        assert any("it stands in /etc/rules/1.toml" in one.message for one in app._notifications)
        assert (kept.gate_id, kept.rule) == ("g1", "Bash(make)")
        assert await sent(pilot, Decide) == []
        assert app.dialog.gate.id == "g2"


async def test_the_rule_can_be_changed_and_is_tried_again(offering: Callable[..., Any]) -> None:
    app = offering()
    async with app.run_test() as pilot:
        await armed(pilot)
        await press(pilot, "w")
        await passes(pilot, QUIET)
        await press(pilot, "e")
        await pilot.press("backspace", *":*)", "enter")
        await pilot.pause()
        assert [one.rule for one in await sent(pilot, SuggestRule)] == ["", "Bash(make:*)"]
        assert "Bash(make:*)" in said(app, "#gate-facts")
        await pilot.press("escape")
        assert FOUND not in said(app, "#gate-facts")
        assert app.dialog.gate.id == "g1"
        assert await sent(pilot, AlwaysAllow) == []


async def test_a_rule_that_would_not_help_cannot_be_kept(offering: Callable[..., Any]) -> None:
    app = offering(RULE | {"why_not": "it would not let it run"})
    async with app.run_test() as pilot:
        await armed(pilot)
        await press(pilot, "w")
        await passes(pilot, QUIET)
        assert "cannot be kept: it would not" in said(app, "#gate-facts")
        for key in "wdm":
            await press(pilot, key)
        assert app.prompt == ""
        assert "e changes the rule" in app.dialog.border_subtitle
        assert await sent(pilot, Decide) == []
        assert await sent(pilot, AlwaysAllow) == []


async def test_where_there_is_no_rule_one_line_says_why(offering: Callable[..., Any]) -> None:
    app = offering({"rule": "", "why_not": "it runs 2 commands"})
    async with app.run_test() as pilot:
        await armed(pilot)
        await press(pilot, "w")
        await pilot.pause()
        assert "it runs 2 commands" in app.dialog.border_subtitle
        await pilot.press("down")
        assert "approve" in said(app, "#gate-keys")
        assert "always" not in said(app, "#gate-keys")
        await passes(pilot, QUIET)
        await press(pilot, "w")
        assert app.prompt == ""
        assert len(await sent(pilot, SuggestRule)) == 1


async def test_high_is_never_always_allowed(make_app: MakeApp, make_gate: MakeGate) -> None:
    app = make_app(make_gate())
    async with app.run_test() as pilot:
        await armed(pilot)
        assert "always" not in said(app, "#gate-keys")
        await press(pilot, "w")
        await passes(pilot, QUIET)
        assert "no rule lifts it" in app.dialog.border_subtitle
        assert "deny" in said(app, "#gate-keys")
        assert app.sent == []
        assert app.prompt == ""
