"""Memories against a plain model: versions, undo, both times, and the index, in any order."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from memory import Database, InvalidRecord, Memory
from memory.migrate import migration, statements
from memory.search_index import IndexEntry, put, search
from memory.trust import may_supersede

T = TypeVar("T")

SUBJECTS = ("gateway", "broker", "deploy", "linter")
TEXTS = st.tuples(st.sampled_from(SUBJECTS), st.integers(1, 4)).map(
    lambda pair: f"The {pair[0]} uses number {pair[1]}."
)
TIMES = st.none() | st.integers(900, 1100).map(float)
SOURCES = st.sampled_from(["user_stated", "tool_observed", "agent_inferred"])


class Store(RuleBasedStateMachine):
    """Every version is kept in a plain list, with the moment at which it was written."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="tg-"))
        self.runner = asyncio.Runner()
        self.now = 1000.5
        self.versions: dict[str, list[tuple[float, Memory | None]]] = {}
        self.database = self.run(
            Database.open(
                self.directory / "tungsten.db",
                clock=lambda: self.now,
                holds_secret=lambda text: False,
            )
        )

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(call)

    def teardown(self) -> None:
        self.run(self.database.close())
        self.runner.close()
        shutil.rmtree(self.directory)

    def state(self, memory_id: str) -> Memory:
        found = self.versions[memory_id][-1][1]
        assert found is not None
        return found

    def expect(self, memory: Memory) -> None:
        """Note what a memory must be from now on."""
        known = self.versions.setdefault(memory.id, [])
        if not known:
            known.append((self.now, memory))
        elif known[-1][1] != memory:
            known.append((max(self.now, known[-1][0]), memory))

    def pick(self, data: st.DataObject) -> str | None:
        return data.draw(st.sampled_from(sorted(self.versions))) if self.versions else None

    @rule(seconds=st.integers(-20, 60))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(
        text=TEXTS,
        source=SOURCES,
        session=st.sampled_from([None, "a", "b"]),
        first=TIMES,
        last=TIMES,
    )
    def add(
        self,
        text: str,
        source: Any,
        session: str | None,
        first: float | None,
        last: float | None,
    ) -> None:
        if first is not None and last is not None and first > last:
            first, last = last, first
        given = Memory(
            f"m{len(self.versions)}",
            text,
            source=source,
            session_id=session,
            valid_from=first,
            valid_to=last,
        )
        stored = self.run(self.database.memories.add(given, by="agent"))
        if stored.id == given.id:
            assert stored == replace(given, created_at=self.now)
            self.expect(stored)
            return
        before = self.state(stored.id)
        assert before.text == text
        assert before.status == "active"
        assert may_supersede(before.source, source)
        confirmed = max(self.now, before.last_confirmed_at or self.now)
        self.expect(
            replace(
                before,
                confirmations=before.confirmations + 1,
                last_confirmed_at=confirmed,
            )
        )

    @rule(data=st.data(), text=TEXTS, pinned=st.booleans())
    def change(self, data: st.DataObject, text: str, pinned: bool) -> None:
        memory_id = self.pick(data)
        if memory_id is None:
            return
        before = self.state(memory_id)
        change = self.database.memories.change(memory_id, by="person", text=text, pinned=pinned)
        if before.status == "redacted":
            with pytest.raises(InvalidRecord):
                self.run(change)
            return
        self.run(change)
        self.expect(replace(before, text=text, pinned=pinned, source="user_stated"))

    @rule(data=st.data())
    def forget(self, data: st.DataObject) -> None:
        memory_id = self.pick(data)
        if memory_id is None or self.state(memory_id).status == "redacted":
            return
        self.run(self.database.memories.forget(memory_id))
        self.expect(replace(self.state(memory_id), status="forgotten", superseded_by=None))

    @rule(data=st.data())
    def supersede(self, data: st.DataObject) -> None:
        loser, winner = self.pick(data), self.pick(data)
        if loser is None or winner is None:
            return
        lost, won = self.state(loser), self.state(winner)
        call = self.database.memories.supersede(loser, winner, by="dream")
        if (
            loser == winner
            or {lost.status, won.status} != {"active"}
            or not may_supersede(won.source, lost.source)
        ):
            with pytest.raises(InvalidRecord):
                self.run(call)
            return
        after = self.run(call)
        assert after.valid_to is not None
        assert after.valid_from is None or after.valid_from <= after.valid_to
        assert lost.valid_to is None or after.valid_to <= lost.valid_to
        self.expect(
            replace(lost, status="superseded", superseded_by=winner, valid_to=after.valid_to)
        )

    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        memory_id = self.pick(data)
        if memory_id is None:
            return
        version = data.draw(st.integers(1, len(self.versions[memory_id])))
        wanted = self.versions[memory_id][version - 1][1]
        call = self.database.memories.restore(memory_id, version)
        redacted = self.state(memory_id).status == "redacted"
        if wanted is None or (redacted and wanted != self.state(memory_id)):
            with pytest.raises(InvalidRecord):
                self.run(call)
            return
        assert self.run(call) == wanted
        self.expect(wanted)

    @rule(data=st.data(), chance=st.integers(0, 4))
    def redact(self, data: st.DataObject, chance: int) -> None:
        memory_id = self.pick(data)
        if memory_id is None or chance:
            return
        texts = {m.text for _, m in self.versions[memory_id] if m is not None and m.text}
        self.run(self.database.memories.redact(memory_id))
        for other, known in self.versions.items():
            # Copies go with it, whichever memory they stand in.
            now = known[-1][1]
            assert now is not None
            if now.status != "redacted" and (other == memory_id or now.text in texts):
                self.expect(
                    replace(now, text="", status="redacted", superseded_by=None, pinned=False)
                )
            for place, (at, memory) in enumerate(known[:-1]):
                if memory is not None and (other == memory_id or memory.text in texts):
                    known[place] = (at, None)

    @invariant()
    def every_version_is_what_it_was(self) -> None:
        for memory_id, known in self.versions.items():
            history = self.run(self.database.memories.history(memory_id))
            assert [(v.at, v.memory) for v in history] == known
            assert [v.version for v in history] == list(range(1, len(known) + 1))
            assert self.run(self.database.memories.get(memory_id)) == known[-1][1]
        self.run(self.database.memories.verify())

    @invariant()
    def both_times_are_told(self) -> None:
        for known_at in (self.now, self.now - 30):
            then = {}
            for memory_id, known in self.versions.items():
                past = [memory for at, memory in known if at <= known_at]
                if past and past[-1] is not None:
                    then[memory_id] = past[-1]
            found = self.run(self.database.memories.as_of(known_at))
            assert {memory.id: memory for memory in found} == then
            held = self.run(self.database.memories.as_of(known_at, 1000.0))
            assert {memory.id for memory in held} == {
                memory_id
                for memory_id, memory in then.items()
                if memory.status == "active"
                and (memory.valid_from is None or memory.valid_from <= 1000.0)
                and (memory.valid_to is None or memory.valid_to > 1000.0)
            }

    @invariant()
    def the_index_is_as_if_made_at_once(self) -> None:
        def dump(db: sqlite3.Connection) -> list[Any]:
            return [
                db.execute("SELECT * FROM search_entries ORDER BY number").fetchall(),
                db.execute("SELECT rowid, * FROM memory_search ORDER BY rowid").fetchall(),
                [search(db, f"which number does the {subject} use") for subject in SUBJECTS],
            ]

        fresh = sqlite3.connect(":memory:")
        for statement in statements(migration("memory_search")):
            fresh.execute(statement)
        entries = [
            IndexEntry(number, now.text, "", now.session_id or "", "1970-01-01")
            for number, memory_id in enumerate(self.versions, 1)
            if (now := self.state(memory_id)).status == "active"
        ]
        put(fresh, entries)
        expected = dump(fresh)
        fresh.close()
        assert self.run(self.database.read(dump)) == expected


QUICK = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class TestStore(Store.TestCase):  # type: ignore[name-defined, misc]
    settings = QUICK


@pytest.mark.soak
@pytest.mark.timeout(1800)
class TestStoreForLong(Store.TestCase):  # type: ignore[name-defined, misc]
    settings = settings(QUICK, max_examples=1500, stateful_step_count=50)
