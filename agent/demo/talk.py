"""What a scripted role sees and says: the conversation since its prompt, and its next move."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.steps.edited import EDIT_TOLD

PACE = re.compile(r"\n\(at pace (\d+(?:\.\d+)?)\)\s*$")
"""Last line of a demo prompt that sets how fast the model talks; 1 is meant to be watched."""

_OURS = ("<project-instructions", "<tungsten-note")
_BUSY = re.compile(
    r"is busy|not at an empty shell prompt|kept changing|has not shown its first prompt"
)
_EXIT = re.compile(r"^exit (\d+) ")
_EDITED = re.compile(
    rf"{re.escape(EDIT_TOLD)}\n(?P<command>.*?)"
    r"\n\n(?P<result>(?:exit \d+ |denied|refused|interrupted|outcome unknown|not done:|ended ).*"
    r"|(?!.*\n\n).*)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Used:
    """A tool use since the prompt, with what really came of it."""

    name: str
    input: Mapping[str, Any]
    result: str
    is_error: bool
    edited: str = ""
    """The command that the person put in the place of the one asked for."""

    @property
    def command(self) -> str:
        """The command that was really decided on; empty for other tools."""
        return self.edited or str(self.input.get("command", ""))

    @property
    def exit_status(self) -> int | None:
        """Exit status of a `terminal_run`, None when it did not come to its end."""
        found = _EXIT.match(self.result)
        return int(found.group(1)) if found else None

    @property
    def stopped(self) -> bool:
        """Whether a person or the mode kept it from happening."""
        return self.is_error and self.result.startswith(("denied", "refused", "interrupted"))

    @property
    def busy(self) -> bool:
        """Whether the pane was not at its prompt yet, so that nothing was done."""
        return self.is_error and bool(_BUSY.search(self.result))

    @property
    def unknown(self) -> bool:
        """Whether an engine ended midway, so that it may have happened or not."""
        return self.result.startswith("outcome unknown")

    @property
    def reason(self) -> str:
        """The first line of the result, for telling a person."""
        return next((line.strip() for line in self.result.splitlines() if line.strip()), "nothing")


@dataclass(frozen=True, slots=True)
class Talk:
    """The newest prompt, what was done about it, and which tools may be used."""

    prompt: str
    used: tuple[Used, ...]
    tools: frozenset[str]
    waits: int = 0
    """Times that a pane was busy; those uses, and the waits after them, are not among `used`."""

    @property
    def last(self) -> Used | None:
        """The newest tool use."""
        return self.used[-1] if self.used else None

    @property
    def pace(self) -> float:
        """How fast to talk; 0 is without any delay."""
        found = PACE.search(self.prompt)
        return float(found.group(1)) if found else 1.0

    def last_of(self, name: str, containing: str = "") -> Used | None:
        """The newest use of a tool whose input holds a text."""
        for used in reversed(self.used):
            if used.name == name and containing in str(list(used.input.values())):
                return used
        return None

    def index_of(self, used: Used | None) -> int:
        """Position of a use, -1 for none: for asking what came after what."""
        return next((n for n, each in enumerate(self.used) if each is used), -1)


@dataclass(frozen=True, slots=True)
class Say:
    """The next move: words, and a tool to use unless the turn ends here."""

    text: str
    tool: str = ""
    input: Mapping[str, Any] | None = None


def read(request: Mapping[str, Any]) -> Talk:
    """Find the newest prompt in a request and pair what followed with its results."""
    prompt = ""
    used: list[Used] = []
    open_uses: dict[str, Mapping[str, Any]] = {}
    for message in request["messages"]:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if message["role"] == "assistant":
            open_uses.update({use["id"]: use for use in blocks if use["type"] == "tool_use"})
            continue
        if message["role"] != "user":
            continue
        for block in blocks:
            if block["type"] == "tool_result":
                use = open_uses.pop(block["tool_use_id"])
                text = _text(block.get("content", ""))
                failed, edited = bool(block.get("is_error")), ""
                if changed := _EDITED.fullmatch(text):
                    edited, text = changed["command"], changed["result"]
                used.append(Used(use["name"], use["input"], text, failed, edited))
            elif block["type"] == "text" and not block["text"].startswith(_OURS):
                prompt = block["text"]
                used.clear()
    tools = frozenset(tool.get("name", "") for tool in request.get("tools", ()))
    kept: list[Used] = []
    waits = 0
    for each in used:
        if kept and kept[-1].busy and each.name == "terminal_wait":
            kept.pop()
            waits += 1
        else:
            kept.append(each)
    return Talk(prompt, tuple(kept), tools, waits)


def _text(content: str | list[Mapping[str, Any]]) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(block.get("text", "") for block in content)
