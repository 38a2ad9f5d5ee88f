"""How far a memory is believed: who said it, and whether it tries to give orders.

What a tool or the web said is low trust. It never takes the place of what the person stated, and a
text of theirs that tells its reader what to do is held back until the person has looked at it.
"""

from __future__ import annotations

from memory.orders import gives_orders
from memory.versions import Memory, Source

RANK: dict[Source, int] = {"user_stated": 2, "tool_observed": 1, "agent_inferred": 0}
"""Who is believed over whom."""


def why_held(memory: Memory) -> str:
    """Why a memory must be looked at by the person before it is recalled; empty when it need not.

    Only what came from a tool is in doubt: what the person stated may well be an order.
    """
    if memory.source != "tool_observed":
        return ""
    told = gives_orders(memory.text) or gives_orders(memory.quote)
    return "it tells its reader what to do" if told else ""


def may_supersede(winner: Source, loser: Source) -> bool:
    """Whether a memory of one source may take the place of one of another.

    Nothing but the person supersedes what the person stated; an inference supersedes only
    inferences.
    """
    return RANK[winner] >= RANK[loser]
