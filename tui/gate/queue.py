"""The gates that wait for this dialog: which comes next, and which are not to come up again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.protocol.gates import Gate


@dataclass(slots=True)
class Queue:
    """What a person has done here with gates that the engine still calls open.

    Attributes:
        later: put off; they wait, but do not come up by themselves.
        sent: decided here, and not closed by the engine yet.
    """

    later: frozenset[str] = field(default=frozenset())
    sent: frozenset[str] = field(default=frozenset())

    def forget_closed(self, gates: Iterable[Gate]) -> None:
        """Keep nothing about gates that are no more."""
        known = {gate.id for gate in gates}
        self.sent &= known
        self.later &= known

    def pending(self, gates: Iterable[Gate]) -> list[Gate]:
        """All that still need a decision, longest waiting first."""
        left = (gate for gate in gates if gate.id not in self.sent)
        return sorted(left, key=lambda gate: (gate.opened_at, gate.id))

    def fresh(self, gates: Iterable[Gate]) -> Gate | None:
        """The one to come up by itself, if there is one."""
        return next((gate for gate in self.pending(gates) if gate.id not in self.later), None)

    def following(self, gates: Iterable[Gate], decided: Gate) -> Gate | None:
        """The gate that waited longest after one that is decided, else the longest of all."""
        pending = [other for other in self.pending(gates) if other.id not in self.later]
        after = [other for other in pending if other.opened_at >= decided.opened_at]
        return next(iter((*after, *pending)), None)

    def replacement(self, gates: Iterable[Gate], edited: str) -> Gate | None:
        """The gate about what a person wrote in the place of another."""
        return next((gate for gate in gates if edited and gate.replaces == edited), None)


def place_of(gate: Gate, pending: list[Gate]) -> int:
    """Index of a gate among those that wait, 0 when it is not among them."""
    return next((index for index, other in enumerate(pending) if other.id == gate.id), 0)
