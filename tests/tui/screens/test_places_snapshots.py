"""How the screens look that show what lies on the disk or in the person's own tmux."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from agent.errors import AgentError
from agent.isolation.worktrees import Listed, Loss
from agent.protocol.agents import AllowedPane, Overlap
from agent.protocol.commands.isolation import PathLeft, RevertPreview
from tests.stubs import scenes
from tests.tui.camera import Camera
from tests.tui.screens.conftest import NOW
from tests.tui.settling import pressed
from tests.tui.shooting import FRAME
from tui.screens.own_panes import NOTHING, Found, OwnPane, OwnPanesScreen
from tui.screens.picture_view import PictureScreen
from tui.screens.revert import RevertScreen
from tui.screens.worktrees import WorktreesScreen
from tui.terminal.frame_view import FrameView

Host = Callable[..., Any]

CLAUDE = Found("claude", "Claude Code", "/home/ada/parser")

PREVIEW = RevertPreview(
    token="t1",
    title="revert: python -m tools.rename line_of",
    diff="goes back: parser/offsets.py\n" + scenes.DIFF.partition("+++ b/parser/offsets.py\n")[2],
    count=1,
    conflicts=(PathLeft(path="docs/NOTES.md", why="it has changed since"),),
    conflicts_diff="goes back: docs/NOTES.md\n@@ -1 +1 @@\n-theirs\n+before\n",
    stays=(PathLeft(path="vendor", why="it is a repository of its own, which is left alone"),),
    remarks=("git's HEAD moved meanwhile: that stays, only files go back",),
)


def _tree(name: str, branch: str, *, main: bool = False, gone: bool = False) -> Listed:
    path = Path("/srv/work") / name
    return Listed(path, branch, "0123456789abcdef", main=main, locked=False, gone=gone)


TREES = (
    (_tree("orchard", "main", main=True), Loss()),
    (_tree("orchard-fix-offsets", "agent/fix-offsets"), Loss(unmerged=2)),
    (
        _tree("orchard-日本語", "agent/日本語-の文書"),
        Loss(uncommitted=("src/a.py", "notes.md"), ignored=(".env",), unmerged=1),
    ),
    (_tree("orchard-done", "agent/translate-the-user-manual-into-five-languages"), Loss()),
    (
        _tree("orchard-bisect", ""),
        Loss(half_done="a rebase", unmerged=3, detached="0123456789abcdef"),
    ),
    (_tree("orchard-gone", "agent/old", gone=True), Loss()),
)


async def test_picture(
    camera: Camera, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Bands as high as two cells: none is blended with another at any size.
    picture = Image.new("RGB", (48, 32), "#2b6299")
    for band, color in enumerate(("#b3261e", "#f2b263", "#2b7536")):
        picture.paste(color, (band * 12, band * 8, 48, 32))
    picture.save(tmp_path / "diagonal.png")
    (tmp_path / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    # The directory of a test is another one each time.
    monkeypatch.chdir(tmp_path)
    states = {
        "picture": PictureScreen("diagonal.png"),
        "torn": PictureScreen("torn.png"),
        "gone": PictureScreen("gone.png"),
    }
    await camera.screens(host(), states)


async def test_revert(camera: Camera, host: Host) -> None:
    app = host()
    app.answers = {"preview_revert": PREVIEW.model_dump(mode="json")}

    async def over(pilot: Any) -> None:
        await app.push_screen(RevertScreen("a1", 7, turn=False))
        await pressed(pilot, "o")

    async def nothing(_: Any) -> None:
        app.refuse = "There is nothing to revert: this step changed no file."
        await app.push_screen(RevertScreen("a1", 7, turn=False))

    states = {"revert": RevertScreen("a1", 7, turn=False), "over": over, "nothing": nothing}
    await camera.screens(app, states)


async def test_worktrees(
    camera: Camera, host: Host, make_agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: dict[str, tuple[Listed, Loss]] = {str(tree.path): (tree, loss) for tree, loss in TREES}
    fault = ""

    async def listed(_: Path) -> list[Listed]:
        if fault:
            raise AgentError(fault)
        return [tree for tree, _ in shown.values()]

    async def lost(path: Path) -> Loss:
        return shown[str(path)][1]

    async def changed(path: Path) -> str:
        return "" if path.name == "orchard-done" else f"new, not tracked: 'c'\n{scenes.DIFF}"

    monkeypatch.setattr("agent.isolation.worktrees.listed", listed)
    monkeypatch.setattr("agent.isolation.worktrees.loss", lost)
    monkeypatch.setattr("agent.isolation.worktrees.diff", changed)
    overlaps = (
        Overlap(path="parser/offsets.py", agents=("reader",), apart=True, at=NOW),
        Overlap(path="docs/NOTES.md", agents=("reader", "tester"), apart=False, at=NOW),
    )
    app = host(
        agents=(
            make_agent(1, name="mender", directory="/srv/work/orchard", overlaps=overlaps),
            make_agent(2, name="reader", directory="/srv/work/orchard-fix-offsets"),
            make_agent(3, name="日本語", directory="/srv/work/orchard-fix-offsets"),
        )
    )

    def chosen(*keys: str) -> Any:
        async def opened(pilot: Any) -> None:
            await app.push_screen(WorktreesScreen("/srv/work/orchard"))
            await pressed(pilot, *keys)

        return opened

    async def alone(pilot: Any) -> None:
        app.state = app.state.model_copy(update={"agents": ()})
        for path in list(shown)[1:]:
            del shown[path]
        await chosen()(pilot)

    async def outside(pilot: Any) -> None:
        nonlocal fault
        fault = "/srv/work/orchard is in no git repository"
        await chosen()(pilot)

    states = {
        "worktrees": chosen("down"),
        "main": chosen(),
        "would-lose": chosen("down", "down"),
        "merged": chosen("down", "down", "down"),
        "gone": chosen("end"),
        "remove": chosen("down", "down", "x"),
        "alone": alone,
        "no-repository": outside,
    }
    await camera.screens(app, states)


async def test_own_panes(
    camera: Camera, host: Host, make_agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server: Any = SimpleNamespace(socket=Path("/tmp/tmux-1000/default"), close=_closed)
    server.watch = lambda _pane, take: take(FRAME) or (lambda: None)
    panes = [
        OwnPane(server, SimpleNamespace(**pane), found)  # type: ignore[arg-type]
        for pane, found in (
            (_pane(0, "work", "claude", "/home/ada/parser"), CLAUDE),
            (_pane(1, "work", "bash", "/home/ada/parser"), None),
            (_pane(4, "日本語", "vim", "/home/ada/notes", dead=True), None),
        )
    ]

    def opened(*keys: str, there: Any = panes) -> Any:
        async def opening(pilot: Any) -> None:
            screen = OwnPanesScreen(agent)
            monkeypatch.setattr(screen, "_follow", partial(_filled, screen, there))
            await app.push_screen(screen)
            await pressed(pilot, *keys)

        return opening

    allowed = AllowedPane(pane_id="own:%1", socket=str(server.socket), tmux_id="%1", pid=4301)
    agent = make_agent(allowed_panes=(allowed,))
    app = host(agents=(agent,))
    monkeypatch.setattr("tui.screens.own_panes.recognise", lambda *_: CLAUDE)
    states = {
        "panes": opened("down"),
        "adopt": opened("j"),
        "no-panes": opened(there=()),
    }
    await camera.screens(app, states)


async def _closed() -> None:
    pass


async def _filled(screen: OwnPanesScreen, panes: Any) -> None:
    """What following the person's servers comes to, without servers."""
    screen._panes = {pane.id: pane for pane in panes}
    screen._fill()
    if not panes:
        screen.query_one(FrameView).say(NOTHING)


def _pane(number: int, session: str, program: str, path: str, *, dead: bool = False) -> Any:
    return {
        "id": f"%{number}",
        "pid": 4300 + number,
        "session": session,
        "current_command": program,
        "current_path": path,
        "dead": dead,
    }
