"""The transcript and the journal against a plain model, through any order of operations."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from memory import AlreadyRecorded, Attachment, Database, NotFound, SessionRecord
from memory.transcript import ROLES

T = TypeVar("T")

SESSIONS = ("a", "b")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
IDS = st.sampled_from(["1", "2", "3", "4"])


class Logs(RuleBasedStateMachine):
    """What is expected is kept in plain lists; what is there is asked of a real file."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="tg-"))
        self.path = self.directory / "tungsten.db"
        self.runner = asyncio.Runner()
        self.now = 1000.5
        self.rows: dict[str, list[list[Any]]] = {name: [] for name in SESSIONS}
        self.journal: list[list[Any]] = []
        self.prefixes: dict[str, list[str]] = {name: [] for name in SESSIONS}
        self.database = self.run(Database.open(self.path, clock=lambda: self.now))
        for name in SESSIONS:
            self.run(self.database.sessions.create(SessionRecord(name, name, "/")))

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(call)

    def teardown(self) -> None:
        self.run(self.database.close())
        self.runner.close()
        shutil.rmtree(self.directory)

    @rule(seconds=st.floats(-100, 100))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(
        name=st.sampled_from(SESSIONS),
        role=st.sampled_from(ROLES),
        payload=TEXT,
        contents=st.lists(st.sampled_from([b"x", b"yy"]), max_size=2),
    )
    def append(self, name: str, role: str, payload: str, contents: list[bytes]) -> None:
        attachments = [Attachment("image/png", content) for content in contents]
        row = self.run(self.database.sessions.append(name, role, payload, attachments=attachments))
        self.rows[name].append([role, payload, self.now, contents, False])
        self.prefixes[name].append(row.prefix_sha256)
        assert row.seq == len(self.rows[name])

    @rule(name=st.sampled_from(SESSIONS), seq=st.integers(1, 12))
    def forget_row(self, name: str, seq: int) -> None:
        if seq > len(self.rows[name]):
            with pytest.raises(NotFound):
                self.run(self.database.sessions.tombstone(name, seq))
            return
        self.run(self.database.sessions.tombstone(name, seq))
        self.rows[name][seq - 1][1] = ""
        self.rows[name][seq - 1][4] = True

    @rule(session=st.none() | st.sampled_from(SESSIONS), data=st.dictionaries(TEXT, JSON))
    def note(self, session: str | None, data: dict[str, Any]) -> None:
        self.run(self.database.journal.append("note", session, data))
        self.journal.append(["note", session, None, data, False])

    @rule(what=IDS, session=st.none() | st.sampled_from(SESSIONS))
    def start_action(self, what: str, session: str | None) -> None:
        start = self.database.journal.action_started(what, session, {"of": what})
        if self.known("action_started", what):
            with pytest.raises(AlreadyRecorded):
                self.run(start)
        else:
            self.run(start)
            self.journal.append(["action_started", session, what, {"of": what}, False])

    @rule(what=IDS)
    def end_action(self, what: str) -> None:
        end = self.database.journal.action_ended(what, {})
        started = self.known("action_started", what)
        if started is None:
            with pytest.raises(NotFound):
                self.run(end)
        elif self.known("action_ended", what):
            with pytest.raises(AlreadyRecorded):
                self.run(end)
        else:
            self.run(end)
            self.journal.append(["action_ended", started[1], what, {}, False])

    @precondition(lambda self: self.journal)
    @rule(data=st.data())
    def forget_entry(self, data: st.DataObject) -> None:
        seq = data.draw(st.integers(1, len(self.journal)))
        self.run(self.database.journal.tombstone(seq))
        self.journal[seq - 1][3] = {}
        self.journal[seq - 1][4] = True

    @rule()
    def reopen(self) -> None:
        self.run(self.database.close())
        self.database = self.run(Database.open(self.path, clock=lambda: self.now))

    @rule(table=st.sampled_from(["journal", "transcript"]))
    def tamper(self, table: str) -> None:
        raw = sqlite3.connect(self.path)
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET at = 0 WHERE at <> 0"):
            empty = raw.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] == 0
            if not empty:
                with pytest.raises(sqlite3.IntegrityError):
                    raw.execute(statement)
        raw.close()

    def known(self, kind: str, what: str) -> list[Any] | None:
        return next((e for e in self.journal if (e[0], e[2]) == (kind, what)), None)

    @invariant()
    def everything_is_there_and_verifies(self) -> None:
        for name in SESSIONS:
            rows = self.run(self.database.sessions.rows(name))
            self.run(self.database.sessions.verify(name))
            found = [[r.role, r.payload, r.at, len(r.attachments), r.tombstoned] for r in rows]
            assert found == [[*r[:3], len(r[3]), r[4]] for r in self.rows[name]]
            assert [row.prefix_sha256 for row in rows] == self.prefixes[name]
            for row, expected in zip(rows, self.rows[name], strict=True):
                for reference, content in zip(row.attachments, expected[3], strict=True):
                    if not row.tombstoned:
                        stored = self.run(self.database.sessions.attachment(reference.sha256))
                        assert stored == content
        entries = self.run(self.database.journal.entries())
        self.run(self.database.journal.verify())
        assert [
            [e.kind, e.session_id, e.subject, e.data, e.tombstoned] for e in entries
        ] == self.journal
        unfinished = [
            entry.subject for entry in self.run(self.database.journal.unfinished_actions())
        ]
        assert unfinished == [
            e[2]
            for e in self.journal
            if e[0] == "action_started" and not self.known("action_ended", e[2])
        ]


QUICK = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class TestLogs(Logs.TestCase):  # type: ignore[name-defined, misc]
    settings = QUICK


@pytest.mark.soak
@pytest.mark.timeout(1800)
class TestLogsForLong(Logs.TestCase):  # type: ignore[name-defined, misc]
    settings = settings(QUICK, max_examples=1500, stateful_step_count=50)
