"""Hands for the scripted model: its tool uses happen, in real panes and on real files."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from agent.demo.fixture import Fixture, build
from agent.demo.responder import DemoResponder, prompt
from agent.steps.edited import EDIT_TOLD
from agent.tools.inputs import INPUTS, TerminalWait
from tungsten.pane import ForIdle, ForPrompt, ForText, Pane
from tungsten.screen.frame import Frame
from tungsten.terminal import Terminal

DENIED = "denied by the person; nothing was done."
KEYS = {"Enter", "BSpace"}
MAX_MOVES = 40


@pytest.fixture
def place(short_dir: Path, home: Path) -> Path:
    """Where everything of a test is; the home in it is empty, so that shells start at once."""
    return short_dir


@pytest.fixture
def fixture(place: Path) -> Fixture:
    directory = place / "demo"
    directory.mkdir()
    return build(directory)


class Hands:
    """Plays one role to its end, and keeps what was said and done."""

    def __init__(self, pane: Pane, directory: Path, denied: str) -> None:
        self.pane = pane
        self.directory = directory
        self.denied = denied
        self.messages: list[dict[str, Any]] = []
        self.commands: list[str] = []
        self.said = ""
        self.changed: dict[str, str] = {}

    async def play(self, role: str) -> str:
        """Return the last words."""
        return await self.ask(prompt(role, 0))

    async def ask(self, text: str) -> str:
        responder = DemoResponder()
        self.messages.append({"role": "user", "content": [{"type": "text", "text": text}]})
        tools = [{"name": name} for name in INPUTS]
        for number in range(MAX_MOVES):
            answer = await responder.respond({"messages": self.messages, "tools": tools})
            content = [dict(block) for block in answer.content]
            self.said = content[0]["text"]
            self.messages.append({"role": "assistant", "content": content})
            if len(content) == 1:
                return self.said
            use = content[1]
            use["id"] = f"toolu_{number}"
            # What the model writes must be what the tools take.
            INPUTS[use["name"]].model_validate(use["input"])
            result, failed = await self._use(use["name"], use["input"])
            block = {"type": "tool_result", "tool_use_id": use["id"], "content": result}
            self.messages.append({"role": "user", "content": [{**block, "is_error": failed}]})
        raise AssertionError(f"still going after {MAX_MOVES} moves: {self.said}")

    async def _use(self, name: str, given: dict[str, Any]) -> tuple[str, bool]:
        match name:
            case "terminal_run":
                self.commands.append(given["command"])
                command = self.changed.get(given["command"], given["command"])
                told = f"{EDIT_TOLD}\n{command}\n\n" if command != given["command"] else ""
                if self.denied and re.search(self.denied, command):
                    return told + DENIED, True
                ran = await self.pane.run(command, timeout=30)
                return f"{told}exit {ran.exit_status} · pane {self.pane.id}\n{ran.output}", False
            case "terminal_type":
                for key in given["keys"]:
                    send = self.pane.send_keys if key in KEYS else self.pane.send_text
                    await send(key)
                await self.pane.wait(ForIdle(0.1), 3)
            case "terminal_wait":
                wait = TerminalWait.model_validate(given)
                until = ForText(re.escape(wait.text)) if wait.text else ForPrompt()
                waited = await self.pane.wait(until, 5)
                word = "there" if waited.met else "not within 20 s"
                return f"{word}\n{_screen(waited.frame)}", False
            case "file_read":
                path = self.directory / given["path"]
                if not path.exists():
                    return f"{given['path']} does not exist", True
                return path.read_text(), False
            case "file_search":
                return self._search(given["pattern"]), False
            case "file_edit":
                path = self.directory / given["path"]
                path.write_text(path.read_text().replace(given["old_text"], given["new_text"]))
                return f"changed {path}", False
            case "file_write":
                (self.directory / given["path"]).write_text(given["content"])
                return "created", False
            case _:
                return f"there is no tool {name}", True
        return _screen(await self.pane.capture()), False

    def _search(self, pattern: str) -> str:
        for path in sorted(self.directory.rglob("*.py")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if re.search(pattern, line):
                    return f"{path.relative_to(self.directory)}:{number}: {line}"
        return "nothing found"


def _screen(frame: Frame) -> str:
    return "\n".join(line.rstrip() for line in frame.text.split("\n"))


@pytest.fixture
async def terminal(place: Path) -> AsyncIterator[Terminal]:
    opened = await Terminal.open(place / "tmux.sock")
    yield opened
    await opened.kill_server()
    await opened.close()


@pytest.fixture
def hands(terminal: Terminal) -> Callable[..., Any]:
    async def make(directory: Path, denied: str = "") -> Hands:
        pane = await terminal.new_pane(name="demo", cwd=directory)
        return Hands(pane, directory, denied)

    return make
