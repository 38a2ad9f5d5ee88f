"""What steps did to working trees: which tree was there before each, and which after."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from memory.connection import Connection

Kind: TypeAlias = Literal["step", "revert"]

MOST_PATHS = 5_000
"""Paths of one step that are written down; how many there are is known beyond that."""


@dataclass(frozen=True, slots=True)
class TreeStep:
    """One step, and one tree that it may have changed.

    Attributes:
        number: tells it from all others; grows.
        agent_id, tool_use_id: whose, and which tool use of its session.
        title: one line.
        top: the working tree.
        repository: what all worktrees of its repository share.
        only: the one path, below `top`, that it wrote where that is known; else empty.
        before, after: digests of the stored trees; `after` is empty while it goes on, and where
            that its end was never seen.
        before_head, after_head: what HEAD said.
        ended_at: None as long as its end was not seen.
        changed: how many paths it changed.
        paths: the first of them, below `top`.
    """

    number: int
    agent_id: str
    tool_use_id: str
    kind: Kind
    title: str
    top: Path
    repository: Path
    only: bytes
    before: str
    after: str
    before_head: str
    after_head: str
    begun_at: float
    ended_at: float | None
    changed: int
    paths: tuple[bytes, ...]


_COLUMNS = (
    "number, agent_id, tool_use_id, kind, title, top, repository, only_path, before_root, "
    "after_root, before_head, after_head, begun_at, ended_at, changed, paths"
)


class TreeSteps:
    """The steps of a database."""

    def __init__(self, connection: Connection, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._clock = clock

    async def begin(
        self,
        *,
        agent_id: str,
        tool_use_id: str,
        kind: Kind,
        title: str,
        top: Path,
        repository: Path,
        only: bytes,
        before: str,
        head: str,
    ) -> int:
        """Write down that a step begins; gives its number."""
        values = (
            *(agent_id, tool_use_id, kind, title, os.fsencode(top), os.fsencode(repository)),
            *(only, before, head, self._clock()),
        )

        def unit(db: sqlite3.Connection) -> int:
            number = db.execute(
                "INSERT INTO tree_steps (agent_id, tool_use_id, kind, title, top, repository, "
                "only_path, before_root, before_head, begun_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            ).lastrowid
            assert number is not None
            return number

        return await self._connection.write(unit)

    async def end(self, number: int, *, after: str, head: str, paths: Sequence[bytes]) -> None:
        """Write down what a step changed; one that changed nothing is forgotten."""
        told = json.dumps([os.fsdecode(path) for path in paths[:MOST_PATHS]])

        def unit(db: sqlite3.Connection) -> int:
            if not paths:
                return db.execute("DELETE FROM tree_steps WHERE number = ?", (number,)).rowcount
            return db.execute(
                "UPDATE tree_steps SET after_root = ?, after_head = ?, ended_at = ?, changed = ?, "
                "paths = ? WHERE number = ?",
                (after, head, self._clock(), len(paths), told, number),
            ).rowcount

        await self._connection.write(unit)

    async def of_uses(self, agent_id: str, uses: Iterable[str]) -> list[TreeStep]:
        """The steps of some tool uses of an agent, oldest first."""
        wanted = json.dumps(list(uses))
        return await self._select(
            "agent_id = ? AND tool_use_id IN (SELECT value FROM json_each(?))", agent_id, wanted
        )

    async def numbered(self, number: int) -> TreeStep | None:
        """One step; None where it is forgotten."""
        return next(iter(await self._select("number = ?", number)), None)

    async def of_use(self, use: str) -> list[TreeStep]:
        """The steps of a tool use, whosever, oldest first."""
        return await self._select("tool_use_id = ?", use)

    async def beside(self, step: TreeStep) -> list[TreeStep]:
        """Steps of other agents on the same tree that went on while a step did, oldest first."""
        end = step.ended_at if step.ended_at is not None else self._clock()
        return await self._select(
            "top = ? AND agent_id != ? AND begun_at <= ? AND COALESCE(ended_at, ?) >= ?",
            *(os.fsencode(step.top), step.agent_id, end, end, step.begun_at),
        )

    async def since(self, at: float, agents: Iterable[str]) -> list[TreeStep]:
        """Steps of some agents that ended after a time (seconds since the epoch), oldest first."""
        wanted = json.dumps(list(agents))
        return await self._select(
            "ended_at >= ? AND agent_id IN (SELECT value FROM json_each(?))", at, wanted
        )

    async def roots(self) -> set[str]:
        """Every stored tree that a step names."""
        found = await self._connection.read(
            lambda db: db.execute("SELECT before_root, after_root FROM tree_steps").fetchall()
        )
        return {root for row in found for root in row if root}

    async def forget_before(self, at: float) -> int:
        """Forget the steps that began before a time; gives how many."""
        return await self._connection.write(
            lambda db: db.execute("DELETE FROM tree_steps WHERE begun_at < ?", (at,)).rowcount
        )

    async def forget_oldest(self, share: float) -> int:
        """Forget the oldest of all steps, at least one; gives how many.

        Args:
            share: which part of them, from 0 to 1.
        """

        def unit(db: sqlite3.Connection) -> int:
            (count,) = db.execute("SELECT COUNT(*) FROM tree_steps").fetchone()
            return db.execute(
                "DELETE FROM tree_steps WHERE number IN "
                "(SELECT number FROM tree_steps ORDER BY number LIMIT ?)",
                (max(1, int(count * share)),),
            ).rowcount

        return await self._connection.write(unit)

    async def _select(self, where: str, *values: object) -> list[TreeStep]:
        query = f"SELECT {_COLUMNS} FROM tree_steps WHERE {where} ORDER BY number"  # noqa: S608
        rows = await self._connection.read(lambda db: db.execute(query, values).fetchall())
        return [_step(row) for row in rows]


def _step(row: Sequence[object]) -> TreeStep:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    paths = tuple(os.fsencode(path) for path in json.loads(str(values.pop("paths"))))
    return TreeStep(
        top=Path(os.fsdecode(values.pop("top"))),  # type: ignore[arg-type]
        repository=Path(os.fsdecode(values.pop("repository"))),  # type: ignore[arg-type]
        only=values.pop("only_path"),  # type: ignore[arg-type]
        before=values.pop("before_root"),  # type: ignore[arg-type]
        after=values.pop("after_root"),  # type: ignore[arg-type]
        paths=paths,
        **values,  # type: ignore[arg-type]
    )
