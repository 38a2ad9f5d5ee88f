"""A rule tried on the actions of the past, as the journal keeps them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from agent.actions import Action, RunCommand, WriteFile, written
from agent.gates.gate import Binding
from agent.gates.rule_history import told
from agent.paths import Paths
from memory.database import Database


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path / "config", tmp_path / "data", tmp_path / "run")
    made.create()
    return made


async def remember(paths: Paths, *, asked: list[tuple[Action, str]], ran: list[str]) -> None:
    project = paths.config.parent / "project"
    (project / ".git").mkdir(parents=True)
    async with await Database.open(paths.database) as database:
        journal = database.journal
        for number, (action, risk) in enumerate(asked):
            binding = Binding(action.digest(), "%1", 1, "bash", str(project))
            data = {"gate": {"risk": risk}, "binding": asdict(binding), "action": written(action)}
            await journal.gate_opened(f"g{number}", None, data)
            data = {"action": action.kind, "text": action.text, "gate_id": f"g{number}"}
            await journal.action_started(f"asked{number}", None, data)
        for number, text in enumerate(ran):
            data = {"action": "run_command", "text": text, "risk": "MEDIUM", "cwd": str(project)}
            await journal.action_started(f"ran{number}", None, data | {"pane_id": "%1"})


async def test_allow_spares_what_was_asked_and_never_high(paths: Paths) -> None:
    lint, push = RunCommand("npm run lint", "%1"), RunCommand("git push --force", "%1")
    note = WriteFile(paths.config.parent / "project" / "notes.md", "x")
    asked: list[tuple[Action, str]] = [(lint, "MEDIUM"), (lint, "MEDIUM"), (push, "HIGH")]
    await remember(paths, asked=[*asked, (note, "MEDIUM")], ran=["npm run lint"])
    said = json.loads(await told(paths, "allow", "Bash(npm run lint)", as_json=True))
    assert said["actions"] == 5
    assert said["asked"] == 4
    assert said["spared"] == ["npm run lint", "npm run lint"]
    assert json.loads(await told(paths, "allow", "Bash", as_json=True))["spared"] == said["spared"]
    assert "approved 2 of your last 4" in await told(paths, "allow", "Bash(npm run lint)")
    said = json.loads(await told(paths, "allow", "Edit(*.md)", as_json=True, last=2))
    assert (said["actions"], said["spared"]) == (2, [note.text])


async def test_ask_and_deny_stop_what_ran(paths: Paths) -> None:
    await remember(paths, asked=[(RunCommand("make x", "%1"), "MEDIUM")], ran=["make y", "ls"])
    said = json.loads(await told(paths, "ask", "Bash(make:*)", as_json=True))
    assert (said["stopped"], said["refused"]) == (["make y"], [])
    said = json.loads(await told(paths, "deny", "Bash(make:*)", as_json=True))
    assert (said["stopped"], said["refused"]) == ([], ["make x", "make y"])


async def test_no_history_and_no_rule(paths: Paths) -> None:
    assert "Nothing has been judged" in await told(paths, "allow", "Bash(a)")
    assert not paths.database.exists()
    with pytest.raises(ValueError, match="cannot read the allow rule"):
        await told(paths, "allow", "make")
