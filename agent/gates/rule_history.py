"""What was judged before, read from the journal, so that a rule can be tried on it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agent import actions
from agent.actions import Action, ReadFile, RunCommand
from agent.gates.rule_files import RuleFiles
from agent.paths import Paths
from agent.risk.assessment import Context
from agent.risk.replay import Listed, Past, replay
from memory.database import Database
from memory.directories import git_top_level
from tungsten.screen.printable import visible_line

EXAMPLES = 10
"""Different actions shown to a person."""

SHOWN = 100
"""Characters shown of one."""


async def past(
    database: Database, paths: Paths, home: Path, *, last: int | None = None
) -> list[Past]:
    """The actions of all agents, oldest first: those a person was asked about, and those that ran.

    Keys that ran without asking are left out: what stood on the line then is not kept.

    Args:
        database: the journal's.
        paths: whose rules count.
        home: the person's home directory.
        last: how many, counted from the newest; all without it.
    """
    found: list[Past] = []
    files = RuleFiles(paths, home)
    for entry in await database.journal.entries(kinds=("gate_opened", "action_started")):
        if entry.tombstoned or entry.data.get("gate_id" if entry.kind != "gate_opened" else ""):
            continue
        asked = entry.kind == "gate_opened"
        action = _asked(entry.data) if asked else _ran(entry.data)
        if action is None:
            continue
        place = entry.data.get("binding", {}) if asked else entry.data
        cwd = Path(str(place.get("cwd") or home))
        risk = entry.data.get("gate", {}).get("risk") if asked else entry.data.get("risk")
        top = git_top_level(cwd) or cwd
        project = None if top in (home, Path("/")) else top
        context = Context(
            cwd=cwd,
            home=home,
            project=project,
            foreground=str(place.get("foreground") or "bash"),
            own=(paths.config, paths.data, paths.runtime),
            rules=files.for_project(project),
            line=str(place.get("line", "")),
        )
        # The mode is not kept; only careful asks about MEDIUM, only standard runs it.
        mode = "careful" if asked or risk == "LOW" else "standard"
        found.append(Past(action, context, mode, asked))
    return found if last is None else found[-last:]


async def told(
    paths: Paths, listed: Listed, rule: str, *, last: int | None = None, as_json: bool = False
) -> str:
    """What `tungsten risk replay` prints.

    Raises:
        ValueError: it is no rule.
        StorageError: the database cannot be read.
    """
    history: list[Past] = []
    if paths.database.is_file():
        async with await Database.open(paths.database) as database:
            history = await past(database, paths, Path.home(), last=last)
    found = replay(history, listed, rule)
    if as_json:
        return json.dumps({"rule": rule, "list": listed, **asdict(found)})
    if not history:
        return "Nothing has been judged here yet."
    lines = [f"{listed} {rule}, tried on {found.actions} actions:"]
    if listed == "allow":
        lines.append(f"  would have approved {len(found.spared)} of your last {found.asked}")
    else:
        lines.append(f"  would have asked about {len(found.stopped)} more")
        lines.append(f"  would have refused {len(found.refused)}")
    changed = Counter(map(visible_line, found.spared + found.stopped + found.refused))
    lines += [f"  {count:>4} × {text[:SHOWN]}" for text, count in changed.most_common(EXAMPLES)]
    if len(changed) > EXAMPLES:
        lines.append(f"  and {len(changed) - EXAMPLES} different ones more")
    return "\n".join(lines)


def _asked(data: dict[str, Any]) -> Action | None:
    try:
        return actions.read(data.get("action", {}))
    except (TypeError, ValueError):
        return None


def _ran(data: dict[str, Any]) -> Action | None:
    text = str(data.get("text", ""))
    match data.get("action"):
        case "run_command":
            return RunCommand(text, str(data.get("pane_id", "")))
        case "read_file":
            return ReadFile(Path(text))
        case _:
            return None
