"""Aider: `--notifications-command`, which says that it waits and nothing more.

Read from aider-chat 0.86.2, `aider/io.py` (`ring_bell`) and `aider/args.py`: with
`--notifications`, the command is run by a shell, without input, when Aider has answered and waits
for the person: for a question, or for the next prompt. Its output is thrown away. Since nothing
tells which, this is no evidence of a state.

Settings: `notifications` and `notifications-command` in `~/.aider.conf.yml`, or in the one at the
top of a repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.hook.adapter import Adapter, Heard, no_denial, nothing


def read(value: Mapping[str, Any]) -> Heard | None:
    """Understand the one thing that Aider tells: it waits, whether or not there is a question."""
    return Heard("notification")


ADAPTER = Adapter("aider", "Aider", read, nothing, no_denial, 0.0, "0.86.2")
