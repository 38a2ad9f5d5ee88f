"""A small app that attaches to a pane when `o` is pressed: attach_host.py SOCKET PANE."""

from __future__ import annotations

import sys

from textual.app import App, ComposeResult
from textual.widgets import Static

from tui.terminal.attach import AttachFailed, attach


class AttachHost(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("the cockpit", id="said")

    def key_o(self) -> None:
        said = "back again"
        try:
            attach(self, sys.argv[1], sys.argv[2])
        except AttachFailed as error:
            said = str(error)
        self.query_one("#said", Static).update(said)


AttachHost().run()
