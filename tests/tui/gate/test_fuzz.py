"""Random typing, pauses and gates: nothing is decided by accident, nothing typed is lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from textual.events import Key

from agent.protocol.commands.gates import Decide
from agent.protocol.gates import RiskLevel
from tui.gate.held import WRITING_SECONDS

Make = Callable[..., Any]
LETTERS = "abdlmnptAxyz"
PAUSES = [0.0, 0.03, 0.1, 0.3, 0.49, 0.51, 0.8, 3.0]


@pytest.fixture(autouse=True)
def no_timer_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time passes as the test says, however long its steps take."""
    monkeypatch.setattr("tui.gate.held.WRITING_SECONDS", 3600.0)


@pytest.mark.parametrize("seed", range(2))
async def test_no_accident(make_app: Make, make_gate: Make, seed: int) -> None:
    await play(make_app, make_gate, seed, steps=150)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 140))
async def test_no_accident_for_long(make_app: Make, make_gate: Make, seed: int) -> None:
    await play(make_app, make_gate, seed, steps=1500)


async def play(make_app: Make, make_gate: Make, seed: int, steps: int) -> None:
    chance = random.Random(seed)
    now = 1000.0
    app = make_app(ticks=lambda: now)
    app.explained = "HIGH  git push --force"
    risks: dict[str, RiskLevel] = {}
    typed = consumed = 0
    disturbed = now
    held: tuple[str, str] | None = None
    async with app.run_test():
        for number in range(steps):
            now += chance.choice(PAUSES)
            dialog = app.dialog
            # The tree is another text, which comes when it comes: it restarts the silence.
            await app.workers.wait_for_complete()
            # What the dialog's timer does when the silence is over.
            dialog._silence_over()
            before = len(decisions(app))
            if dialog._held and now - disturbed >= WRITING_SECONDS:
                # What the key's own timer does.
                assert held is not None
                dialog._held.silence_over()
                await run_dry()
                made = decisions(app)[before:]
                assert [one.gate_id for one in made] in ([], [held[0]])
                if made:
                    check(made[0], held[1], risks)
                if dialog.gate is None or dialog.gate.id != held[0]:
                    disturbed = now
                before = len(decisions(app))
            what = chance.random()
            if what < 0.08 and len(app.state.gates) < 4:
                gate = make_gate(number, chance.choice([RiskLevel.HIGH, RiskLevel.MEDIUM]))
                risks[gate.id] = gate.risk
                opens = dialog.gate is None
                app.set_gates(*app.state.gates, gate)
                if opens:
                    disturbed = now
                continue
            if what < 0.12 and app.state.gates:
                gone = chance.choice(app.state.gates)
                if dialog.gate is not None and gone.id == dialog.gate.id:
                    disturbed = now
                app.set_gates(*(gate for gate in app.state.gates if gate is not gone))
                await run_dry()
                continue
            key = chance.choice(LETTERS) if chance.random() < 0.9 else "enter"
            shown = dialog.gate
            writing = dialog._writing
            event = Key(key, key if len(key) == 1 else "\r")
            event.time = now
            length = len(app.prompt)
            await app.on_event(event)
            await run_dry()
            made = decisions(app)[before:]
            assert len(made) <= 1
            held = (shown.id, key) if dialog._held and shown is not None else None
            if held is not None:
                assert now - disturbed >= 0.5
            if made:
                assert shown is not None
                assert made[0].gate_id == shown.id
                # No key decides at once: it may begin a word.
                assert writing
                assert key == "enter"
                # A changed command is only asked about anew; see `Decide.edited`.
                assert made[0].edited if writing == "command" else made[0].decision == "deny"
            if shown is None:
                # With no gate about, the prompt gets everything.
                assert len(app.prompt) == length + 1
            typed += 1
            consumed += len(app.prompt) - length
            disturbed = now
        assert consumed <= typed


def check(made: Decide, key: str, risks: dict[str, RiskLevel]) -> None:
    """Only the key for this decision on a gate of this risk may have led to it."""
    high = risks[made.gate_id] is RiskLevel.HIGH
    assert key == {"approve": "A" if high else "a", "deny": "d"}[made.decision]


async def run_dry() -> None:
    """Wait for every queue to run dry; `pilot.pause` would wait for the processor."""
    for _ in range(40):
        await asyncio.sleep(0)


def decisions(app: Any) -> list[Decide]:
    return [command for command in app.sent if isinstance(command, Decide)]
