"""How the cockpit, a gate and the inbox look in the themes, at the promised sizes.

One app shows all of them, one after another: to start one costs as much as ten pictures.
"""

from __future__ import annotations

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests.stubs import scenes
from tests.tui.conftest import Open
from tests.tui.test_snapshots import SCREEN, SIZES
from tui import themes
from tui.gate.inbox import Inbox
from tui.terminal.pane_view import PaneView
from tungsten.frame import Frame

FRAME = Frame(
    lines=SCREEN,
    width=80,
    height=24,
    cursor_x=0,
    cursor_y=9,
    cursor_visible=True,
    in_mode=False,
    dead=False,
    alternate=False,
    title="bash",
    history_size=0,
)


class Picture(SingleFileSnapshotExtension):
    """One SVG a file."""

    _file_extension = "svg"
    file_extension = "svg"
    _write_mode = WriteMode.TEXT

    def serialize(self, data: Any, **_: Any) -> str:
        """Keep it as it is."""
        return str(data)


async def test_themes(
    open_cockpit: Open, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PaneView, "_connect", lambda view, _: view._take_frame(FRAME))
    talk = {"a1": list(scenes.CONVERSATION)}
    differ = []
    async with open_cockpit(scenes.BUSY, transcripts=talk) as cockpit:
        app, pilot = cockpit.app, cockpit.pilot
        app.cockpit.prompt.cursor_blink = False

        async def shoot(what: str) -> None:
            for _ in range(3):
                await pilot.pause(0.02)
            columns, rows = app.size
            name = f"{what}-{theme}-{columns}x{rows}"
            if app.export_screenshot(title=name) != snapshot(name=name, extension_class=Picture):
                differ.append(name)

        for theme in ("light", "high-contrast", "ansi-16"):
            themes.wear(app, theme)
            for columns, rows in SIZES:
                await pilot.resize_terminal(columns, rows)
                await cockpit.until(lambda at=(columns, rows): tuple(app.size) == at)
                assert app.gates is not None
                app.gates.open()
                await cockpit.until(lambda: app.gates is not None and app.gates.armed)
                await shoot("gate")
                app.gates.put_off()
                await shoot("cockpit")
                await pilot.press("ctrl+g")
                await cockpit.until(lambda: isinstance(app.screen, Inbox))
                await shoot("inbox")
                await pilot.press("escape")
                await cockpit.until(lambda: app.screen is app.cockpit)
    assert not differ
