"""Rules for other coding agents, which would act without this gate."""

from __future__ import annotations

import re

from agent.risk.evaluation.call import Call
from agent.risk.evaluation.unlisted import shared

_DEPLOYS = frozenset(
    ["app", "env", "svc", "job", "task", "pipeline", "secret", "storage", "run", "init"]
)


def agent(call: Call) -> None:
    """Other coding agents: with their checks off they are HIGH, and any start needs a look."""
    text = " ".join(call.argv[1:])
    if call.argv[0].endswith("copilot") and call.argv[1:2] and call.argv[1] in _DEPLOYS:
        # AWS Copilot has the name of GitHub's.
        shared(call, "copilot-cli")
        return
    if call.argv[1:] in (["--version"], ["--help"], ["-h"], ["-v"]):
        call.low()
    elif re.search(
        r"dangerously|bypass|yolo|full-auto|--yes|skip-permissions|no-confirm|auto-approve|never|-y\b|--allow-all|auto_edit",
        text,
    ):
        call.high("starts another agent with its checks off")
    else:
        call.high("starts another agent")
