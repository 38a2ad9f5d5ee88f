"""Rules for other coding agents, which would act without this gate."""

from __future__ import annotations

import re

from agent.risk.evaluation.call import Call


def agent(call: Call) -> None:
    """Other coding agents: with their checks off they are HIGH, and any start needs a look."""
    text = " ".join(call.argv[1:])
    if call.argv[1:] in (["--version"], ["--help"], ["-h"], ["-v"]):
        call.low()
    elif re.search(
        r"dangerously|bypass|yolo|full-auto|--yes|skip-permissions|no-confirm|auto-approve|never|-y\b|--allow-all|auto_edit",
        text,
    ):
        call.high("starts another agent with its checks off")
    else:
        call.high("starts another agent")
