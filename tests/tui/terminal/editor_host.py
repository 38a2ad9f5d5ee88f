"""A prompt whose text an editor changes when F5 is pressed: editor_host.py DIRECTORY."""

from __future__ import annotations

import sys
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import Static

from tui.terminal.editor import EditorFailed, edit
from tui.widgets.prompt import Prompt


class EditorHost(App[None]):
    CSS = "Prompt { height: 6; }"

    def compose(self) -> ComposeResult:
        yield Static("ready", id="said", markup=False)
        yield Prompt(id="prompt")

    def on_mount(self) -> None:
        self.query_one(Prompt).focus()

    def key_f5(self) -> None:
        prompt, said = self.query_one(Prompt), "edited"
        try:
            edited = edit(self, prompt.expanded(), Path(sys.argv[1]))
        except EditorFailed as error:
            said = str(error)
        else:
            if edited.problem:
                said = edited.problem
                prompt.keep_aside(edited.text)
            else:
                prompt.write_back(edited.text)
        self.query_one("#said", Static).update(f"{said}: {prompt.expanded()!r}")


EditorHost().run()
