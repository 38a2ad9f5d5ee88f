"""Screens that are closed while they wait for an answer."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.screen import Screen
from textual.widgets import Static

from agent.hosted.profile_files import load
from agent.isolation.worktrees import Listed
from agent.protocol.gates import Question
from tui.screens.file_view import FileScreen
from tui.screens.fork import ForkScreen
from tui.screens.new_agent import NewAgentScreen
from tui.screens.past_session import PastSessionScreen
from tui.screens.picture_view import PictureScreen
from tui.screens.question import QuestionScreen
from tui.screens.recordings import RecordingsScreen
from tui.screens.revert import RevertScreen
from tui.screens.sent_prompts import SentPromptsScreen
from tui.screens.sessions import SessionsScreen
from tui.screens.usage import UsageScreen
from tui.screens.worktrees import WorktreesScreen

SCREENS: list[Callable[[Path], Screen[Any]]] = [
    lambda directory: NewAgentScreen(str(directory), profiles=load(directory)),
    lambda _: SessionsScreen(),
    lambda _: SentPromptsScreen(),
    lambda _: UsageScreen(),
    lambda directory: RecordingsScreen(directory),
    lambda _: ForkScreen("a1", "mender"),
    lambda directory: PastSessionScreen("a1", "mender", str(directory)),
    lambda _: RevertScreen("a1", 1, turn=True),
    lambda directory: WorktreesScreen(str(directory)),
    lambda _: FileScreen(__file__),
    lambda _: FileScreen(sys.executable),
    lambda directory: FileScreen(str(directory / "none.txt")),
    lambda directory: PictureScreen(str(directory / "none.png")),
]


@pytest.mark.parametrize("make", SCREENS)
async def test_an_answer_reaches_no_part_of_a_closed_screen(
    host: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], Screen[Any]],
) -> None:
    answered = asyncio.Event()
    finished: list[BaseException | None] = []

    class Last(Static):
        async def on_unmount(self) -> None:
            """Have the answer come once the other parts are gone, and the screen is not."""
            answered.set()
            await asyncio.wait([worker._task for worker in asking if worker._task])
            finished.extend(worker.error for worker in asking)

    async def late(work: Callable[..., Any], *args: Any, **named: Any) -> Any:
        await answered.wait()
        return work(*args, **named)

    async def listed(directory: Path) -> list[Listed]:
        await answered.wait()
        return [Listed(directory, "main", "", main=True, locked=False, gone=False)]

    app = host()
    send = app.engine_send

    async def send_late(command: Any) -> Any:
        await answered.wait()
        return await send(command)

    app.engine_send = send_late
    async with app.run_test() as pilot:
        screen = make(tmp_path)
        with monkeypatch.context() as patch:
            patch.setattr("asyncio.to_thread", late)
            patch.setattr("agent.isolation.worktrees.listed", listed)
            await app.push_screen(screen)
            await screen.mount(Last())
            await pilot.pause()
            asking = [worker for worker in app.workers if worker.node is screen]
            assert asking
            screen.dismiss(None)
            await pilot.pause()
            await answered.wait()
            await pilot.pause()
    assert finished == [None] * len(asking)


async def test_what_went_wrong_is_told_after_its_card_was_closed(
    host: Callable[..., Any], question: Question
) -> None:
    app = host()
    async with app.run_test() as pilot:
        card = QuestionScreen(question)
        await app.push_screen(card)
        card.dismiss()
        await pilot.pause()
        card.problem("The [agent] has gone.")
        card.progress("Nobody sees it …")
        await pilot.pause()
        assert [told.message for told in app._notifications] == ["The [agent] has gone."]
