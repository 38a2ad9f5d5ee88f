"""The worktrees of a real repository in the app: compared, merged, removed; files changed twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agent.isolation import worktrees
from agent.protocol.agents import Overlap
from tests.agent.isolation.trees import git
from tests.tui.screens.test_own_panes import text, until
from tui.screens.diff_view import DiffScreen
from tui.screens.worktrees import WorktreesScreen


async def test_from_looking_to_removing(
    host: Any, make_agent: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tmp_path / "project"
    top.mkdir()
    git(top, "init", "-q", "--template=")
    for name, value in (("user.name", "t"), ("user.email", "t@example.org")):
        git(top, "config", name, value)
    git(top, "commit", "-qm", "first", "--allow-empty")
    for name in ("busy", "work"):
        git(top, "worktree", "add", "-q", "-b", f"agent/{name}", str(tmp_path / name))
    work = tmp_path / "work"
    (work / "b").write_text("new\n")
    git(work, "add", "b")
    git(work, "commit", "-qm", "work")
    (work / "c").write_text("not committed\n")
    overlap = Overlap(path="src/a.py", agents=("other",), apart=True, at=1.0)
    agent = make_agent(directory=str(tmp_path / "busy"), overlaps=(overlap,))
    app = host(WorktreesScreen(str(top)), agents=(agent,))
    async with app.run_test(size=(110, 30)) as pilot:
        await until(pilot, lambda: "agent/work" in text(app))
        shown = text(app)
        assert "the repository itself" in shown
        assert "1 commit not merged · 1 not committed" in shown
        assert f"src/a.py: other, {agent.name}, in worktrees of their own" in shown or (
            f"src/a.py: {agent.name}, other, in worktrees of their own" in shown
        )
        assert "nothing is in it yet" in shown
        await pilot.press("down", "x")
        await until(pilot, lambda: "works there: /archive it in the prompt" in text(app))
        await pilot.press("d")
        await until(pilot, lambda: "agent/busy: it has nothing that the repository" in text(app))
        await pilot.press("down")
        await until(pilot, lambda: "not committed: c" in text(app))
        await until(pilot, lambda: "+++ b/b" in text(app))
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DiffScreen))
        await until(pilot, lambda: "new, not tracked: 'c'" in text(app))
        assert "+++ b/b" in text(app)
        await pilot.press("escape", "m")
        await until(pilot, lambda: "commit first: not committed: c" in text(app))
        assert isinstance(app.screen, WorktreesScreen)
        await pilot.press("x")
        await until(pilot, lambda: "This loses for good what is not committed: c" in text(app))
        await pilot.press("n")
        (work / "c").unlink()
        await pilot.press("m")
        await until(pilot, lambda: "Merge agent/work into main?" in text(app))
        await pilot.press("y")
        await until(pilot, lambda: "is merged into main" in text(app))
        assert (top / "b").exists()
        await until(pilot, lambda: "all of it is merged" in text(app))
        goes_on, remove = asyncio.Event(), worktrees.remove

        async def slowly(*what: Any, **how: Any) -> str:
            await goes_on.wait()
            return await remove(*what, **how)

        monkeypatch.setattr(worktrees, "remove", slowly)
        await pilot.press("x", "y")
        await until(pilot, lambda: "removing work …" in text(app))
        # It goes on, and is told of, though the screen is closed.
        await pilot.press("escape")
        goes_on.set()
        await until(pilot, lambda: any("is removed" in one.message for one in app._notifications))
        assert not work.exists()
    assert app.results == [None]
