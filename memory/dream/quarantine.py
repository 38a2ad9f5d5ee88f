"""What must not stay among the memories that are recalled: orders from tools, and secrets.

What a tool or a web page said is an observation. Where it gives orders instead, whoever wrote it
tries to speak in the person's place, so it is set aside and shown. What the person said is theirs
to say, so only secrets are set aside there; what a secret is, the caller knows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from memory.dream.orient import Memory
from memory.orders import gives_orders, takes_over

Reason: TypeAlias = Literal["injection", "secret"]
Secrets: TypeAlias = Callable[[str], bool]
"""Whether a text holds a secret."""


def reason(memory: Memory, secrets: Secrets | None = None) -> Reason | None:
    """Why a memory is to be set aside, None if it is not.

    Args:
        memory: any live memory.
        secrets: the recogniser of secrets; without one, none is found.
    """
    if secrets is not None and secrets(memory.text):
        return "secret"
    if memory.source == "tool_observed" and gives_orders(memory.text):
        return "injection"
    if memory.source == "agent_inferred" and takes_over(memory.text):
        return "injection"
    return None
