"""A small app that attaches to a pane when `o` is pressed: attach_host.py SOCKET PANE."""

from __future__ import annotations

import asyncio
import sys

from textual.app import App, ComposeResult
from textual.widgets import Static

from tui.surroundings.signals import leaving_on_signals
from tui.terminal.attach import AttachFailed, attach


class AttachHost(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("the cockpit", id="said")

    def on_mount(self) -> None:
        self.loop = asyncio.get_running_loop()

    def leave(self, status: int) -> bool:
        self.loop.call_soon_threadsafe(lambda: self.exit(return_code=status))
        return True

    def key_o(self) -> None:
        said = "back again"
        try:
            attach(self, sys.argv[1], sys.argv[2])
        except AttachFailed as error:
            said = str(error)
        self.query_one("#said", Static).update(said)


app = AttachHost()
with leaving_on_signals(lambda: None, app.leave):
    app.run()
sys.exit(app.return_code or 0)
