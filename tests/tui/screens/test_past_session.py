"""A session that is only looked at: what can be done with its conversation all the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.stubs import scenes
from tui.screens.past_session import PastSessionScreen
from tui.widgets.conversation import Conversation
from tui.widgets.key_row import KeyRow

Host = Callable[..., Any]


async def test_its_conversation_is_searched_copied_and_opened(host: Host, tmp_path: Path) -> None:
    screen = PastSessionScreen("a1", "mender", str(tmp_path))
    app = host(screen)
    app.blocks = list(scenes.CONVERSATION)
    async with app.run_test(size=(80, 24)) as pilot:

        async def settle() -> None:
            await pilot.pause(0.05)
            await app.workers.wait_for_complete()
            await pilot.pause(0.05)

        def offered() -> str:
            return screen.query_one(KeyRow).render_line(0).text

        await settle()
        assert "[ ] prompts" in offered()
        assert offered().endswith("Esc close  F1 help ")
        view = screen.query_one(Conversation)
        transcript = view.transcript
        assert transcript is not None
        # The last thing that was said is chosen, and the keys are about it.
        assert transcript.chosen == transcript.entries[-1].id
        await pilot.press("y")
        assert app.clipboard.strip()
        assert app.clipboard in scenes.CONVERSATION[-1].model_dump_json()
        # Letters that close this screen are letters of the words that are sought.
        await pilot.press("slash", *"qi", "ctrl+u", *"replacement", "enter")
        await settle()
        assert app.screen is screen
        assert transcript.search is not None
        assert (transcript.search.position, transcript.search.total) == (1, 1)
        assert transcript.chosen == 6
        await settle()
        assert "Enter fold " in offered()
        await pilot.press("escape")
        assert transcript.search is None
        assert app.screen is screen
        await pilot.press("left_square_bracket", "y")
        assert app.clipboard == scenes.CONVERSATION[0].text
        transcript.chosen = 6
        await pilot.press("o")
        await settle()
        assert app.screen is not screen
        await pilot.press("escape")
        assert app.screen is screen
        await pilot.press("escape")
        await settle()
        assert app.screen is not screen
