"""How the prompt's menus look, and what it says of a turn that is steered."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.protocol.commands.history import ReadSentPrompts, SentPrompt
from tests.stubs import scenes
from tests.tui.test_prompt import AT_WORK, WORKING
from tests.tui.test_snapshots import CALM, SIZES, Shoot
from tests.tui.test_snapshots import shoot as shoot
from tui.app import TungstenApp
from tui.screens.sent_prompts import SentPromptsScreen
from tui.widgets.row_list import RowList

sizes = pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: f"{size[0]}x{size[1]}")


@sizes
def test_files_while_a_turn_is_steered(
    shoot: Shoot, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def names(_directory: Path) -> list[str]:
        return ["offsets.py", "tests/", "tests/test_offsets.py", "notes of offsets.md"]

    monkeypatch.setattr("tui.file_names.names_in", names)
    agent = WORKING.model_copy(update={"queued": ("then push",), "steering": ("use tabs",)})
    snapshot = AT_WORK.model_copy(update={"agents": (agent, *AT_WORK.agents[1:])})
    assert shoot(snapshot, size, *"see", "space", "@", *"offs", shows=found)


def found(app: TungstenApp) -> bool:
    """Whether the files for the last letter have been found."""
    menu = app.cockpit.menu
    return not app.cockpit.prompt.text.endswith("offs") or (
        menu is not None and len(menu.rows) == 3
    )


@sizes
def test_arguments(shoot: Shoot, size: tuple[int, int]) -> None:
    assert shoot(CALM, size, "slash", *"mode", "space")


@sizes
def test_what_was_sent(shoot: Shoot, size: tuple[int, int]) -> None:
    said = (
        ("Make the tests pass, then commit.", 60, "mend the parser"),
        ("Write down what changed:\n- offsets\n- lines\n- columns\n- tests", 7200, "notes"),
        ("Which of the tests fail, and since when?", 90_000, "mend the parser"),
    )
    sent = [SentPrompt(text=text, at=scenes.NOW - ago, session=name) for text, ago, name in said]
    answer = {"prompts": [prompt.model_dump() for prompt in sent]}
    answers = {ReadSentPrompts: lambda _: answer}
    assert shoot(CALM, size, "alt+slash", "down", answers=answers, shows=read)


def read(app: TungstenApp) -> bool:
    """Whether what was sent has come."""
    found = app.screen.query(RowList) if isinstance(app.screen, SentPromptsScreen) else ()
    return any(listing.rows for listing in found)
