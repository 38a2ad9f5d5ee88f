"""What an agent's settings say with our hook in them, and without: texts in, texts out.

Nothing is read or written here. Each function raises `NotInstalled` where a text is not
understood: then nothing is changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from agent.errors import AgentError
from agent.hook import claude, codex, gemini, json_text
from agent.hook.adapter import HookSettings
from agent.hook.json_text import Node, NotJson

JSON_HOOKS: Mapping[str, tuple[HookSettings, ...]] = {
    "claude": claude.HOOKS,
    "codex": codex.HOOKS,
    "gemini": gemini.HOOKS,
}
"""Agents whose hooks stand in a JSON file, by event; all three have the same form."""

COMMENTS = frozenset({"gemini"})
"""Those whose file may hold comments; in the others one is a mistake that the agent refuses."""

PLUGIN = Path(__file__).parent / "tungsten.js"
"""OpenCode's plugin; `COMMAND` in it stands for the program and its arguments."""

_OURS = re.compile(r"(?:tungsten|tui\.cli)['\"]? hook ([a-z]+) --socket ")


class NotInstalled(AgentError):
    """The settings are left as they are; says why in one line."""


def with_hook(agent: str, text: str, command: Sequence[str], shell_command: str) -> str:
    """The text with our hook, whether or not it was there; empty text where there is no file."""
    if agent == "opencode":
        return PLUGIN.read_text("utf-8").replace("COMMAND", json.dumps(list(command)))
    if agent == "aider":
        return _with_yaml(_without_yaml(text), shell_command)
    return _with_json(agent, without_hook(agent, text), shell_command)


def without_hook(agent: str, text: str) -> str:
    """The text without what is ours in it; the same text, if nothing is."""
    if agent == "opencode":
        # All of the file is ours, or none of it: `agent.hook.install` says which.
        return text
    return _without_yaml(text) if agent == "aider" else _without_json(agent, text)


def commands(agent: str, text: str) -> list[str]:
    """The commands of ours that a text names."""
    if agent == "opencode":
        found = re.search(r"^const command = (\[.*\])", text, re.M)
        return [" ".join(json.loads(found[1]))] if found else []
    if agent == "aider":
        return [value for value in _yaml(text).values() if _is_ours(agent, value)]
    hooks = _hooks(_parsed(agent, text)) if text.strip() else None
    return [] if hooks is None else [command for *_, command in _ours(agent, hooks)]


def _is_ours(agent: str, command: object) -> bool:
    found = _OURS.search(command) if isinstance(command, str) else None
    return found is not None and found[1] == agent


# JSON --------------------------------------------------------------------------------------------


def _parsed(agent: str, text: str) -> Node:
    try:
        root = json_text.parse(text)
        if root.kind != "object":
            raise NotInstalled("is no object of settings: mend it first")
        if agent not in COMMENTS:
            json.loads(text.removeprefix("\ufeff"))
    except NotJson as error:
        raise NotInstalled(f"is not understood ({error}): mend it first") from error
    except ValueError as error:
        raise NotInstalled(f"is no JSON ({error}): mend it first") from error
    return root


def _hooks(root: Node) -> Node | None:
    hooks = root.member("hooks")
    if hooks is None:
        return None
    if hooks.kind != "object" or any(node.kind != "array" for node in hooks.nodes):
        raise NotInstalled('has "hooks" in a form that is not known: mend them first')
    return hooks


def _ours(agent: str, hooks: Node) -> list[tuple[Node, int, Node, int, str]]:
    """Each command of ours: its event, the place of its group, its list, its place there."""
    found = []
    for event in hooks.nodes:
        for at, group in enumerate(event.nodes):
            listed = group.member("hooks") if group.kind == "object" else None
            for place, hook in enumerate(listed.nodes if listed is not None else ()):
                command = hook.member("command") if hook.kind == "object" else None
                if command is not None and _is_ours(agent, command.value):
                    assert listed is not None
                    found.append((event, at, listed, place, command.value))
    return found


def _without_json(agent: str, text: str) -> str:
    """Our entries taken out one by one, with the lists that are empty then."""
    while text.strip():
        root = _parsed(agent, text)
        hooks = _hooks(root)
        found = _ours(agent, hooks) if hooks is not None else []
        if hooks is None or not found:
            return text
        event, at, listed, place, _ = found[-1]
        if len(listed.nodes) > 1:
            text = json_text.removed(text, listed, place)
        elif len(event.nodes) > 1:
            text = json_text.removed(text, event, at)
        elif len(hooks.nodes) > 1:
            text = json_text.removed(text, hooks, hooks.nodes.index(event))
        else:
            text = json_text.removed(text, root, root.nodes.index(hooks))
    return text


def _with_json(agent: str, text: str, command: str) -> str:
    wanted = {each.event: _group(each, command) for each in JSON_HOOKS[agent]}
    if not text.strip():
        return (
            json.dumps({"hooks": {event: [group] for event, group in wanted.items()}}, indent=2)
            + "\n"
        )
    expected = _parsed(agent, text).plain()
    if "hooks" not in expected:
        text = json_text.added(text, json_text.parse(text), {}, "hooks")
        expected["hooks"] = {}
    for event, group in wanted.items():
        root = _parsed(agent, text)
        hooks = _hooks(root)
        assert hooks is not None
        known = hooks.member(event)
        if known is None:
            text = json_text.added(text, hooks, [group], event)
        else:
            text = json_text.added(text, known, group)
        expected["hooks"].setdefault(event, []).append(group)
    if _parsed(agent, text).plain() != expected:
        raise NotInstalled("is written in a way that is not understood: nothing is changed")
    return text


def _group(settings: HookSettings, command: str) -> dict[str, Any]:
    hook = {"type": "command", "command": command, "timeout": settings.timeout}
    return {**({"matcher": settings.matcher} if settings.matcher else {}), "hooks": [hook]}


# YAML --------------------------------------------------------------------------------------------

_MARK = "# by `tungsten hook install aider`\n"


def _yaml(text: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise NotInstalled("is no YAML: mend it first") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise NotInstalled("is no mapping of settings: mend it first")
    return found


def _without_yaml(text: str) -> str:
    start = text.find(_MARK)
    if start < 0 or not any(_is_ours("aider", value) for value in _yaml(text).values()):
        return text
    lines = text[start:].splitlines(keepends=True)
    return text[:start] + "".join(lines[3:])


def _with_yaml(text: str, command: str) -> str:
    before = _yaml(text)
    for name in ("notifications", "notifications-command"):
        if name in before:
            raise NotInstalled(f'has "{name}" already: take it out first')
    gap = "" if not text or text.endswith("\n") else "\n"
    wanted = {"notifications": True, "notifications-command": command}
    after = f"{text}{gap}{_MARK}notifications: true\nnotifications-command: {json.dumps(command)}\n"
    try:
        understood = _yaml(after) == before | wanted
    except NotInstalled:
        understood = False
    if not understood:
        raise NotInstalled("is written in a way that is not understood: nothing is changed")
    return after
