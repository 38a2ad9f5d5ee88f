"""Random typing, pauses and gates: nothing is decided by accident, nothing typed is lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from textual.events import Key

from agent.protocol import Decide, RiskLevel

Make = Callable[..., Any]
LETTERS = "abdlmnpAxyz"
PAUSES = [0.0, 0.03, 0.1, 0.3, 0.49, 0.51, 0.8, 3.0]


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
    risks: dict[str, RiskLevel] = {}
    typed = consumed = 0
    disturbed = now
    async with app.run_test():
        for number in range(steps):
            now += chance.choice(PAUSES)
            dialog = app.dialog
            # What the dialog's timer does when the silence is over.
            dialog._silence_over()
            what = chance.random()
            before = len(decisions(app))
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
                continue
            key = chance.choice(LETTERS) if chance.random() < 0.9 else "enter"
            shown = dialog.gate
            writing = dialog._writing
            event = Key(key, key if len(key) == 1 else "\r")
            event.time = now
            length = len(app.prompt)
            await app.on_event(event)
            # Long enough for every queue to run dry; `pilot.pause` would wait for the processor.
            for _ in range(40):
                await asyncio.sleep(0)
            made = decisions(app)[before:]
            assert len(made) <= 1
            if made:
                assert shown is not None
                assert made[0].gate_id == shown.id
                if writing:
                    assert key == "enter"
                    # A changed command is only asked about anew; see `Decide.edited`.
                    assert made[0].edited if writing == "command" else made[0].decision == "deny"
                else:
                    assert now - disturbed >= 0.5
                    high = risks[shown.id] is RiskLevel.HIGH
                    wanted = {"approve": "A" if high else "a", "deny": "d"}
                    assert key == wanted[made[0].decision]
            if shown is None:
                # With no gate about, the prompt gets everything.
                assert len(app.prompt) == length + 1
            typed += 1
            consumed += len(app.prompt) - length
            disturbed = now
        assert consumed <= typed


def decisions(app: Any) -> list[Decide]:
    return [command for command in app.sent if isinstance(command, Decide)]
