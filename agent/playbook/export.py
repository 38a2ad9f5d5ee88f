"""Write what an agent did in its terminals as a playbook that does it again.

What a playbook cannot do (files, questions), what was never done (denied, not run) and what looks
like a secret is left out, each with a comment that says so. The result is a start for a person to
read, not a promise: another day the same commands may do something else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml
from pydantic import ValidationError

from agent.playbook.file import parse
from agent.playbook.steps import VERBS, AnyStep, Open, Run
from agent.protocol.conversation import Block, ToolCall, ToolStatus
from agent.risk.keys import is_key
from agent.sessions.session import Session
from memory.sessions import SessionRecord
from tungsten.recordings.masking import mask

MAX_EXPORTED = 100_000
"""Most blocks of a session that are looked at."""

_NEVER = {
    ToolStatus.DENIED: "denied",
    ToolStatus.PREPARING: "not begun",
    ToolStatus.GATED: "not decided",
    ToolStatus.HELD: "not begun",
    ToolStatus.INTERRUPTED: "interrupted",
    ToolStatus.UNKNOWN: "outcome unknown",
}
_SILENT = frozenset({"terminal_read", "terminal_panes"})
"""What only looks: a playbook that is played again need not."""


class _Dumper(yaml.SafeDumper):
    """Writes several lines as a block, so that a person can read them."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def export(record: SessionRecord, session: Session, blocks: Sequence[Block]) -> str:
    """Write the terminal steps of a session as a playbook.

    Args:
        record: whose session it is.
        session: its transcript, for what was asked for, whole.
        blocks: its conversation, for what became of it.
    """
    writer = _Writer()
    exact = dict(_inputs(session))
    for block in blocks:
        if block.tool is not None:
            writer.take(block.tool, exact.get(block.tool.tool_use_id))
    return writer.whole(record)


def _inputs(session: Session) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a model asked for, by the id of its tool use: blocks hold long texts cut."""
    for message in session.messages:
        for block in message["content"]:
            if block.get("type") == "tool_use" and isinstance(block.get("input"), dict):
                yield block["id"], block["input"]


class _Writer:
    def __init__(self) -> None:
        self._parts: list[str] = []
        self._names: dict[str, str] = {}
        self._at = ""
        self._steps = 0

    def take(self, tool: ToolCall, given: dict[str, Any] | None) -> None:
        """Write one tool use, or say why not."""
        if tool.name in _SILENT:
            return
        if given is None:
            try:
                given = json.loads(tool.input_json or "{}")
            except ValueError:
                given = {}
        what = f"{tool.name}: {tool.title}"
        if tool.status in _NEVER:
            self._leave_out(what, _NEVER[tool.status])
        elif tool.status is ToolStatus.FAILED and tool.decision == "not run":
            self._leave_out(what, "not run")
        elif str(given.get("pane") or tool.pane_id or "").startswith("own"):
            self._leave_out(what, "it was done in a pane of the person's own tmux")
        elif tool.name in VERBS:
            self._write(given, tool)
        elif tool.name.startswith("terminal_"):
            self._write(self._step(tool, given), tool)
        elif tool.name == "person":
            self._write({"run": tool.title, **self._pane(tool.pane_id)}, tool)
        else:
            self._leave_out(what, "a playbook has terminal steps only")

    def whole(self, record: SessionRecord) -> str:
        """The playbook; it is read back before it is handed out."""
        head = _dump({"name": record.name[:40], "about": f"what {record.name} did"})
        if not self._steps:
            body = "# no terminal step was carried out\nsteps: []\n"
            return head + "\n" + "\n".join([*self._parts, body])
        text = head + "steps:\n" + "\n".join(self._parts) + "\n"
        parse(text, record.name)
        return text

    # One step -----------------------------------------------------------------------------------

    def _step(self, tool: ToolCall, given: Mapping[str, Any]) -> dict[str, Any]:
        """The step that a use of a terminal tool comes to."""
        pane_id = str(given.get("pane") or tool.pane_id or "")
        match tool.name:
            case "terminal_open":
                name = f"pane{len(self._names) + 1}"
                self._at = name
                self._names[tool.pane_id or name] = name
                return {"open": name}
            case "terminal_close":
                return {"close": self._names.get(pane_id, "")}
            case "terminal_screenshot":
                return {"screenshot": f"screen{self._steps + 1}", **self._pane(pane_id)}
            case "terminal_run":
                step = {"run": given.get("command", ""), **self._pane(pane_id)}
                if given.get("timeout") not in (None, 120):
                    step["timeout"] = given["timeout"]
            case "terminal_type":
                step = {**_typed(given.get("keys", [])), **self._pane(pane_id)}
            case "terminal_wait":
                step = {**_wait(given), **self._pane(pane_id)}
            case _:
                return {}
        if given.get("why"):
            step["why"] = given["why"]
        return step

    def _pane(self, pane_id: str | None) -> dict[str, str]:
        """The name of the pane, where it is not the one that the step before it was on."""
        if not pane_id:
            return {}
        name = self._names.get(pane_id)
        if name is None:
            # The first pane of an agent is there before its first step.
            name = self._names[pane_id] = f"pane{len(self._names) + 1}"
            self._parts.append(_item({"open": name}))
            self._steps += 1
            self._at = name
        if name == self._at:
            return {}
        self._at = name
        return {"pane": name}

    def _write(self, given: Mapping[str, Any], tool: ToolCall) -> None:
        step = dict(given)
        what = f"{tool.name}: {tool.title}"
        text = json.dumps(step, ensure_ascii=False)
        if mask(text) != text:
            self._leave_out(tool.name, "it seems to hold a secret")
            return
        verb = next((each for each in VERBS if each in step), "")
        if verb == "run" and "status" not in step and tool.exit_status not in (0, None):
            step["status"] = tool.exit_status
        if verb == "run" and tool.exit_status is None:
            self._leave_out(what, "it had not ended; type it to let it go on in the background")
            return
        if verb == "open" and tool.pane_id:
            self._names[tool.pane_id] = str(step["open"])
        try:
            checked: AnyStep = VERBS[verb].model_validate(step)
        except (KeyError, ValidationError):
            self._leave_out(what, "it is no step of a playbook")
            return
        plain = checked.model_dump(mode="json", exclude_defaults=True)
        if isinstance(checked, Open | Run):
            plain = {verb: plain.pop(verb), **plain}
        self._parts.append(_item(_simple(plain)))
        self._steps += 1

    def _leave_out(self, what: str, why: str) -> None:
        line = " ".join(mask(what).split())[:160]
        self._parts.append(f"# left out ({why}): {line}")


def _typed(keys: Sequence[str]) -> dict[str, Any]:
    """Keys as `type` and `press` say them: texts first, or nothing but keys, or a mixture."""
    keys = [str(key) for key in keys if key]
    if all(is_key(key) for key in keys):
        return {"press": keys}
    if not is_key(keys[0]) and all(is_key(key) for key in keys[1:]):
        return {"type": [keys[0]], **({"press": keys[1:]} if keys[1:] else {})}
    return {"type": [{"press": [key]} if is_key(key) else key for key in keys]}


def _wait(given: Mapping[str, Any]) -> dict[str, Any]:
    until: Any = "prompt" if given.get("prompt") else "exit"
    if given.get("text") is not None:
        until = {"text": given["text"]}
    elif given.get("idle") is not None:
        until = {"idle": given["idle"]}
    timeout = given.get("timeout", 60)
    return {"wait": until} | ({"timeout": timeout} if timeout != 60 else {})


def _simple(value: Any) -> Any:
    """Take lists of one apart, as a person would write them."""
    if isinstance(value, dict):
        return {key: _simple(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return (
            _simple(value[0])
            if len(value) == 1 and isinstance(value[0], str)
            else [*map(_simple, value)]
        )
    return value


def _dump(value: Any) -> str:
    dumped: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000
    )
    return dumped


def _item(step: Mapping[str, Any]) -> str:
    return _dump([dict(step)]).rstrip("\n")
