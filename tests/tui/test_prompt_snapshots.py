"""How the prompt's menus look, and what it says of a turn that is steered."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.protocol.commands.history import ReadSentPrompts, SentPrompt
from tests.stubs import scenes
from tests.tui.prompt.test_prompt import AT_WORK, WORKING
from tests.tui.shooting import CALM, Shoot


async def test_files_while_a_turn_is_steered(shoot: Shoot, monkeypatch: pytest.MonkeyPatch) -> None:
    async def names(_directory: Path) -> list[str]:
        return ["offsets.py", "tests/", "tests/test_offsets.py", "notes of offsets.md"]

    monkeypatch.setattr("tui.prompt.file_names.names_in", names)
    agent = WORKING.model_copy(update={"queued": ("then push",), "steering": ("use tabs",)})
    snapshot = AT_WORK.model_copy(update={"agents": (agent, *AT_WORK.agents[1:])})
    await shoot(snapshot, *"see", "space", "@", *"offs")


async def test_what_was_sent(shoot: Shoot) -> None:
    said = (
        ("Make the tests pass, then commit.", 60, "mend the parser"),
        ("Write down what changed:\n- offsets\n- lines\n- columns\n- tests", 7200, "notes"),
        ("Which of the tests fail, and since when?", 90_000, "mend the parser"),
    )
    sent = [SentPrompt(text=text, at=scenes.NOW - ago, session=name) for text, ago, name in said]
    answer = {"prompts": [prompt.model_dump() for prompt in sent]}
    answers = {ReadSentPrompts: lambda _: answer}
    await shoot(CALM, "alt+slash", "down", answers=answers)
