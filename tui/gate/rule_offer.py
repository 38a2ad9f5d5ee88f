"""A rule that a gate may become, and what it would have spared; asked of the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui.gate.host import send

if TYPE_CHECKING:
    from textual.dom import DOMNode


@dataclass(frozen=True, slots=True)
class RuleOffer:
    """A rule for the project's allow list; `why_not` says why it cannot be kept."""

    rule: str
    why_not: str = ""
    spared: int = 0
    asked: int = 0

    def words(self) -> str:
        """Say what it would have changed."""
        if self.why_not:
            return f"cannot be kept: {self.why_not}"
        if not self.asked:
            return "nothing else was asked in this project yet"
        return f"would have approved {self.spared} of your last {self.asked} in this project"


async def offer(node: DOMNode, gate_id: str, rule: str = "") -> tuple[RuleOffer, str]:
    """Ask for the narrowest rule, or about one that the person wrote; and what went wrong."""
    from agent.protocol.commands.gates import SuggestRule

    found, problem = await send(node, SuggestRule(gate_id=gate_id, rule=rule))
    return _read(found), problem


def _read(found: dict[str, Any]) -> RuleOffer:
    return RuleOffer(
        str(found.get("rule", "")),
        str(found.get("why_not", "")),
        int(found.get("spared") or 0),
        int(found.get("asked") or 0),
    )
