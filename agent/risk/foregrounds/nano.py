"""nano: its write-out, read and execute prompts."""

from __future__ import annotations

import re

from agent.risk.assessment import Assessment, Context, Risk
from agent.risk.foregrounds.model import UNKNOWN_LINE, Model, call_in
from agent.risk.keys import Stroke
from agent.risk.line_editor import Line


class Nano(Model):
    """nano: text is data; write-out, read and execute prompts act."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.mode = ""
        self.line = Line()
        screen = context.screen
        if re.search(r"File Name to Write|Write to File", screen):
            self.mode = "write"
        elif re.search(r"Command to execute", screen):
            self.mode = "execute"
        elif re.search(r"File to (?:insert|read)", screen, re.I):
            self.mode = "read"
        elif re.search(r"Save modified buffer", screen):
            self.mode = "save?"

    def feed(self, stroke: Stroke) -> Assessment | None:
        """Follow the prompts."""
        if stroke.kind == "text" or stroke.kind == "paste":
            if self.mode == "save?":
                self.mode = ""
                if stroke.text[:1] in "yY":
                    self._open("write")
                    self.line.insert(stroke.text[1:])
                else:
                    self.closed = True
                return None
            if self.mode:
                self.line.insert(stroke.text)
            return None
        name = stroke.text
        if name == "C-z":
            self.closed = True
            return None
        if not self.mode:
            if name in ("C-o", "F3"):
                self._open("write")
            elif name in ("C-r", "F5", "IC"):
                self._open("read")
            elif name == "C-t":
                self._open("execute")
            elif name in ("C-x", "F2"):
                self._open("save?")
            elif name in ("C-w", "C-\\", "M-r", "C-_", "M-g", "C-/"):
                self._open("search")
            elif name == "C-s":
                return Assessment(Risk.MEDIUM, ("saves the file",), "saves the file")
            return None
        return self._prompt_key(name)

    def _open(self, mode: str) -> None:
        self.mode = mode
        self.line.clear()

    def _prompt_key(self, name: str) -> Assessment | None:
        line, mode = self.line, self.mode
        if name in ("C-c", "Escape"):
            self.mode = ""
            return None
        if name == "C-x" and mode in ("read", "execute"):
            self.mode = "execute" if mode == "read" else "read"
            return None
        if name == "C-x" and mode == "save?":
            return None
        if name != "Enter":
            if name in ("C-t", "Tab", "Up", "Down", "C-p", "C-n"):
                line.known = False
            elif name.startswith("M-"):
                pass
            else:
                line.key(name)
            return None
        self.mode = ""
        evaluator, call = call_in(self.context, "nano")
        if mode in ("search", "save?"):
            return None
        if not line.known:
            return UNKNOWN_LINE
        text = line.text
        if mode == "write":
            if text.strip():
                call.writes(text.strip().lstrip("|"))
                if text.strip().startswith("|"):
                    call.shell(text.strip()[1:])
            call.medium("saves the file", "saves the file")
        elif mode == "read":
            call.reads(text.strip())
        else:
            call.shell(text.strip().lstrip("|"))
        return evaluator.assessment()
