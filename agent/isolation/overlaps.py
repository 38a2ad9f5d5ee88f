"""Files that several agents have changed: of one repository, in one tree or several worktrees."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

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


_Key: TypeAlias = tuple[Path, bytes]
"""A repository, and a path below the top of any of its worktrees."""


@dataclass(slots=True)
class Overlaps:
    """What each agent has changed lately, by repository and path in it; only of living agents."""

    clock: Callable[[], float]
    _edits: dict[_Key, dict[str, _Edit]] = field(default_factory=dict)
    _met: dict[str, set[_Key]] = field(default_factory=dict)
    """What each agent has changed that another has changed, too; asked for at every event."""

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
        for key in ((repository, path) for path in paths):
            edits = self._edits.setdefault(key, {})
            for other in [other for other, edit in edits.items() if not self._counts(edit)]:
                self._drop(other, key)
            new = agent_id not in edits
            edits[agent_id] = _Edit(at, top)
            if len(edits) > 1:
                for each in edits:
                    self._met.setdefault(each, set()).add(key)
                news |= set(edits) if new else set()
        return news

    def take_back(self, agent_id: str, repository: Path, paths: Iterable[bytes]) -> set[str]:
        """Note that what an agent did to files was reverted; gives for whom that is news."""
        news = set()
        for key in ((repository, path) for path in paths):
            news |= self._drop(agent_id, key)
        return news

    def forget(self, agent_id: str) -> set[str]:
        """Forget an agent that is no longer on the list; gives for whom that is news."""
        news = set()
        for key in [key for key, edits in self._edits.items() if agent_id in edits]:
            news |= self._drop(agent_id, key)
        return news - {agent_id}

    def of(self, agent_id: str, name_of: Callable[[str], str]) -> tuple[Overlap, ...]:
        """The files of an agent that others have changed too, the latest first."""
        found = []
        for key in self._met.get(agent_id, ()):
            edits = {each: edit for each, edit in self._edits[key].items() if self._counts(edit)}
            mine = edits.pop(agent_id, None)
            if mine is None or not edits:
                continue
            found.append(
                Overlap(
                    path=shown(key[1]),
                    agents=tuple(name_of(other) or other for other in edits),
                    apart=all(edit.top != mine.top for edit in edits.values()),
                    at=max(mine.at, *(edit.at for edit in edits.values())),
                )
            )
        found.sort(key=lambda each: (-each.at, each.path))
        return tuple(found[:MOST_TOLD])

    def _drop(self, agent_id: str, key: _Key) -> set[str]:
        """Take an agent from those who changed a file; gives for whom that is news."""
        edits = self._edits.get(key, {})
        if edits.pop(agent_id, None) is None:
            return set()
        self._met.get(agent_id, set()).discard(key)
        if len(edits) == 1:
            self._met.get(next(iter(edits)), set()).discard(key)
        if not edits:
            del self._edits[key]
        return {agent_id, *edits} if edits else set()

    def _counts(self, edit: _Edit) -> bool:
        return edit.at > self.clock() - SECONDS
