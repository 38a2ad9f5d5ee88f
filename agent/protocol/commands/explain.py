"""A command that asks why a gate has the risk that it has."""

from __future__ import annotations

from typing import Literal

from agent.protocol.wire import Wire


class ExplainGate(Wire):
    """Unfold the command of a gate.

    Result: `{"text": str}`, what `tungsten risk explain` prints for it where it would run: its
    risk, why, and every command in it. Refused for what is no command.
    """

    type: Literal["explain_gate"] = "explain_gate"
    gate_id: str
