"""nano: its write-out, read and execute prompts."""

from __future__ import annotations

import re

from agent.risk.assessment import Assessment, Context
from agent.risk.foregrounds.model import UNKNOWN_LINE, Model, call_in, save
from agent.risk.keys import Stroke
from agent.risk.line_editor import Line


class Nano(Model):
    """nano: text is data; write-out, read and execute prompts act."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.mode = ""
        self.typed = ""
        self.line = Line()
        screen = context.screen
        title = re.match(
            r"\s*GNU nano [\d.]+\s+(?:File: )?(\S.*?)(?: \*)?(?:\s{2,}.*)?$",
            screen.partition("\n")[0],
        )
        self.file = title[1] if title and title[1] not in ("New Buffer",) else ""
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
                answer = re.match(r"[^YNyn]*([YNyn])", stroke.text)
                if answer is None:
                    self.mode = "save?"
                elif answer[1] in "yY":
                    self._open("write")
                    self.line.insert(stroke.text[answer.end() :])
                else:
                    self.closed = True
                return None
            if self.mode:
                self.line.insert(stroke.text)
            else:
                self.typed += stroke.text
            return None
        name = stroke.text
        if name == "C-z":
            self.stopped = True
            return None
        if not self.mode:
            if name in ("C-o", "F3"):
                self._open("write")
            elif name in ("C-r", "F5", "IC"):
                self._open("read")
            elif name == "C-t":
                self._open("execute")
            elif name in ("C-x", "F2"):
                # Without changes it ends at once; with them it asks.
                self._open("save?")
                self.closed = self.may_stay = True
            elif name in ("C-w", "C-\\", "M-r", "C-_", "M-g", "C-/"):
                self._open("search")
            elif name == "C-s":
                return self._saved("")
            return None
        return self._prompt_key(name)

    def fork(self) -> Model:
        """The same editor, with a line of its own."""
        other = super().fork()
        assert isinstance(other, Nano)
        other.line = self.line.copy()
        return other

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
        line.accept()
        evaluator, call = call_in(self.context, "nano")
        if mode in ("search", "save?"):
            return None
        if not line.known:
            return UNKNOWN_LINE
        text = line.text
        if mode == "write":
            return self._saved(text.strip())
        if mode == "read":
            call.reads(text.strip())
        else:
            call.shell(text.strip().lstrip("|"))
        return evaluator.assessment()

    def _saved(self, path: str) -> Assessment:
        """The file is written under the name it has, or under the one that was typed behind it."""
        evaluator, call = call_in(self.context, "nano")
        if path.startswith("|"):
            call.shell(path[1:])
        else:
            for name in {path, self.file, self.file + path} - {""}:
                save(call, name, self.typed)
        save(call, "", "")
        return evaluator.assessment()
