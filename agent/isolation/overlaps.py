"""Files that several agents have changed: of one repository, in one tree or several worktrees."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from agent.isolation.revert import shown
from agent.protocol.agents import Overlap

SECONDS = 86_400.0
"""How long a change counts: after a day without another one, two agents do not meet any more."""

MOST_TOLD = 20
"""Files of one agent that are told, the latest first."""


@dataclass(slots=True)
class _Edit:
    at: float
    top: Path


@dataclass(slots=True)
class Overlaps:
    """What each agent has changed lately, by repository and path in it; only of living agents."""

    clock: Callable[[], float]
    _edits: dict[tuple[Path, bytes], dict[str, _Edit]] = field(default_factory=dict)

    def note(
        self, agent_id: str, repository: Path, top: Path, paths: Iterable[bytes], at: float
    ) -> set[str]:
        """Note files that an agent has changed; gives the agents for whom that is news.

        Args:
            agent_id: which agent.
            repository: what all worktrees of the repository share.
            top: the worktree.
            paths: below `top`.
            at: when, in seconds since the epoch.
        """
        news = set()
        for path in paths:
            edits = self._edits.setdefault((repository, path), {})
            known = agent_id in edits and self._counts(edits[agent_id])
            edits[agent_id] = _Edit(at, top)
            others = {other for other, edit in edits.items() if self._counts(edit)} - {agent_id}
            if others and not known:
                news |= others | {agent_id}
        return news

    def take_back(self, agent_id: str, repository: Path, paths: Iterable[bytes]) -> set[str]:
        """Note that what an agent did to files was reverted; gives for whom that is news."""
        news = set()
        for path in paths:
            edits = self._edits.get((repository, path), {})
            if edits.pop(agent_id, None) is not None and edits:
                news |= {agent_id, *edits}
        return news

    def forget(self, agent_id: str) -> set[str]:
        """Forget an agent that is no longer on the list; gives for whom that is news."""
        news = set()
        for key, edits in tuple(self._edits.items()):
            if edits.pop(agent_id, None) is not None:
                news |= set(edits)
                if not edits:
                    del self._edits[key]
        return news

    def of(self, agent_id: str, name_of: Callable[[str], str]) -> tuple[Overlap, ...]:
        """The files of an agent that others have changed too, the latest first."""
        found = []
        for (_, path), edits in self._edits.items():
            if len(edits) < 2 or agent_id not in edits or not self._counts(edits[agent_id]):
                continue
            mine = edits[agent_id]
            others = {
                other: edit
                for other, edit in edits.items()
                if other != agent_id and self._counts(edit)
            }
            if others:
                found.append(
                    Overlap(
                        path=shown(path),
                        agents=tuple(name_of(other) or other for other in others),
                        apart=all(edit.top != mine.top for edit in others.values()),
                        at=max(mine.at, *(edit.at for edit in others.values())),
                    )
                )
        found.sort(key=lambda each: -each.at)
        return tuple(found[:MOST_TOLD])

    def _counts(self, edit: _Edit) -> bool:
        return edit.at > self.clock() - SECONDS
