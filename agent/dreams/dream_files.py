"""A dream over files: memories and evidence as JSON in, a plan out; no store is opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agent.errors import AgentError
from memory.dream.dreaming import dream
from memory.dream.orient import BadInput, Evidence, evidence_from, memories_from
from memory.dream.prune import Plan
from tungsten.recordings.masking import holds_secret


class BadDreamFile(AgentError):
    """A file is not what a dream reads."""


def plan_files(memories: Path, evidence: Path | None = None) -> Plan:
    """Plan a dream over the memories in a file.

    Args:
        memories: JSON with an array `memories`; docs/dream.md has the format.
        evidence: JSON that tells the state of the projects and recent events; without it nothing
            is flagged.

    Raises:
        BadDreamFile: a file cannot be read, or is in another format.
    """
    document = _document(memories)
    world = None if evidence is None else _document(evidence)
    try:
        found = memories_from(document)
    except BadInput as error:
        raise BadDreamFile(f"{memories}: {error}") from error
    try:
        seen = Evidence(0.0) if world is None else evidence_from(world)
    except BadInput as error:
        raise BadDreamFile(f"{evidence}: {error}") from error
    return dream(found, seen, secrets=holds_secret)


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadDreamFile(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise BadDreamFile(f"{path} is not JSON: {str(error).splitlines()[0]}") from error


def told(plan: Plan) -> str:
    """A plan as lines for a person: what would happen, and why."""
    lines = [
        *(f"merge      {', '.join(m.gone)} into {m.into}: {m.why}" for m in plan.merges),
        *(f"supersede  {s.loser} by {s.winner}: {s.why} ({s.rule})" for s in plan.supersessions),
        *(f"flag       {d.id}: {d.kind} ({', '.join(d.evidence)})" for d in plan.drifts),
        *(f"quarantine {q.id}: {q.reason}" for q in plan.quarantined),
    ]
    kept, open_pairs = len(plan.kept), len(plan.proposals)
    stay = "1 memory stays" if kept == 1 else f"{kept:,} memories stay"
    left = "1 pair is" if open_pairs == 1 else f"{open_pairs:,} pairs are"
    lines.append(f"{stay}; {left} left for you to decide" if open_pairs else stay)
    return "\n".join(lines)
