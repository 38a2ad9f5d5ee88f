"""Aider: `--notifications-command`, which says that it waits and nothing more.

Read from aider-chat 0.86.2, `aider/io.py` (`ring_bell`) and `aider/args.py`: with
`--notifications`, the command is run by a shell, without input, when Aider has answered and waits
for the person: for a question, or for the next prompt. Its output is thrown away.

Settings: `notifications` and `notifications-command` in `~/.aider.conf.yml`, or in the one at the
top of a repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.hook.adapter import Adapter, Heard, no_denial, nothing
from agent.protocol.agents import AgentState


def read(value: Mapping[str, Any]) -> Heard | None:
    """Understand the one thing that Aider tells: it waits, for whatever."""
    return Heard("notification", AgentState.WAITING, "other", once=True)


ADAPTER = Adapter("aider", "Aider", read, nothing, no_denial, 0.0, "0.86.2")
