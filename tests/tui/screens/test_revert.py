"""The screen that shows what a revert would do, and has it done."""

from __future__ import annotations

from typing import Any

from agent.protocol.commands.isolation import PathLeft, PreviewRevert, Revert, RevertPreview
from tests.tui.screens.test_own_panes import text, until
from tui.screens.revert import RevertScreen

SEEN = RevertPreview(
    token="t1",
    title="revert: sed -i s/one/two/ notes",
    diff="goes back: notes\n@@ -1 +1 @@\n-two\n+one\n",
    count=1,
    conflicts=(PathLeft(path="shared", why="it has changed since"),),
    conflicts_diff="goes back: shared\n@@ -1 +1 @@\n-theirs\n+before\n",
    stays=(PathLeft(path="sub", why="it is a repository of its own, which is left alone"),),
    remarks=("git's HEAD moved meanwhile: that stays, only files go back",),
)


async def test_looked_at_then_done(host: Any) -> None:
    app = host(RevertScreen("a1", 7, turn=False))
    app.answers = {
        "preview_revert": SEEN.model_dump(mode="json"),
        "revert": {"said": "2 files went back", "left": []},
    }
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "+one" in text(app))
        shown = text(app)
        assert "1 file changed since is left as it is" in shown
        assert "shared: it has changed since" in shown
        assert "sub: it is a repository of its own" in shown
        assert "HEAD moved" in shown
        assert "+before" not in shown
        assert "1 file · +1 -1" in shown
        await pilot.press("enter", "R", "space")
        assert [type(each) for each in app.sent] == [PreviewRevert], "only y reverts"
        await pilot.press("o")
        await until(pilot, lambda: "+before" in text(app))
        assert "2 files · +2 -2" in text(app)
        await pilot.press("t")
        await until(pilot, lambda: len(app.sent) == 2)
        assert app.sent[-1].turn
        await until(pilot, lambda: "the step alone" in text(app))
        assert "+before" not in text(app), "what changed since is asked for anew"
        await pilot.press("o", "y")
        await until(pilot, lambda: app.results)
    assert app.sent[-1] == Revert(agent_id="a1", block=7, turn=True, token="t1", over=True)
    assert app.results == ["2 files went back"]


async def test_nothing_to_revert_and_what_has_changed(host: Any) -> None:
    app = host(RevertScreen("a1", 7, turn=False))
    app.refuse = "There is nothing to revert: this step changed no file."
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "There is nothing to revert" in text(app))
        await pilot.press("y", "o")
        assert [type(each) for each in app.sent] == [PreviewRevert]
        app.refuse = ""
        app.answers = {"preview_revert": SEEN.model_dump(mode="json")}
        await pilot.press("t")
        await until(pilot, lambda: "+one" in text(app))
        app.refuse = "Something has changed since you looked: look again, then revert."
        await pilot.press("y")
        await until(pilot, lambda: "look again" in text(app))
        await pilot.press("escape")
    assert app.results == [None]
