"""What was used, added up from a real database, and as `tungsten stats` prints it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.paths import Paths
from agent.protocol.agents import DEMO_MODEL
from agent.protocol.usage import Course, UsageReport
from agent.usage import usage_report
from memory.database import Database
from memory.sessions import SessionRecord
from tui.command_line.commands import cli
from tui.drawing.usage_table import NAME, VIEWS, listing, table

NOW = 1_790_000_000.0


@pytest.fixture
async def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("TUNGSTEN_HOME", str(tmp_path / "t"))
    from agent.paths import find

    made = find()
    made.create()
    made.config_file.write_text("[budget.day]\ndollars = 20\n")
    sessions = (
        SessionRecord("lead", "lead", "/", model="claude-x", created_at=NOW - 9, archived=True),
        SessionRecord("w1", "worker 1", "/", model="claude-x", parent="lead"),
        SessionRecord("w2", "worker 2", "/", model="claude-x", parent="lead"),
        SessionRecord("idle", "idle", "/", model="claude-x"),
        SessionRecord(
            "local",
            "loc\x1bal",
            "/",
            model="qwen3",
            extra={"context_tokens": 50, "context_window": 200},
        ),
    )
    async with await Database.open(made.database, clock=lambda: NOW) as database:
        for record in sessions:
            await database.sessions.create(record)
        await database.usage.add("lead", "claude-x", 10, 80, 10, 5, 0.5, at=NOW - 3 * 86_400)
        await database.usage.add("w1", "claude-x", 10, 80, 10, 5, 0.25)
        await database.usage.add("w2", "claude-x", 10, 80, 10, 5, 0.25)
        await database.usage.add("local", "qwen3", 100, 0, 0, 7, None)
    return made


async def read(paths: Paths) -> UsageReport:
    return await usage_report.read(paths, clock=lambda: NOW)


async def test_sums_by_session_agent_day_and_model(paths: Paths) -> None:
    found = await read(paths)
    assert (found.today.requests, found.today.cost, found.today.unpriced) == (3, 0.5, 1)
    assert (found.total.requests, found.total.cost) == (4, 1.0)
    assert found.day_limit.dollars == 20
    # A session has what its workers used, an agent only its own.
    assert [(one.id, one.usage.cost) for one in found.sessions] == [("local", None), ("lead", 1.0)]
    assert [(one.id, one.usage.requests) for one in found.agents] == [
        *(("local", 1), ("idle", 0), ("lead", 1), ("w1", 1), ("w2", 1))
    ]
    assert [one.usage.requests for one in found.days] == [3, 1]
    assert [one.id for one in found.models] == ["claude-x", "qwen3"]


async def test_use_over_time_by_agent(paths: Paths) -> None:
    async with await Database.open(paths.database, clock=lambda: NOW) as database:
        await database.usage.add("w1", "claude-x", 1, 2, 3, 4, 0.5, at=NOW - 23.5 * 3600)
        await database.usage.add("w1", "claude-x", 1, 2, 3, 4, 0.5, at=NOW - 24.5 * 3600)
        await database.usage.add("w1", "claude-x", 1, 2, 3, 4, 0.5, at=NOW - 15 * 86_400)
    found = await read(paths)
    agents = {one.id: one for one in found.agents}
    assert len(found.last_hours.tokens) == len(found.last_hours.dollars) == 24
    assert found.last_hours.tokens[0] == 10
    assert found.last_hours.tokens[-1] == 2 * 105 + 107
    assert sum(found.last_hours.dollars) == 1.0
    assert (len(found.last_days.tokens), len(found.last_days.dollars)) == (14, 14)
    assert sum(found.last_days.tokens) == 3 * 105 + 107 + 2 * 10
    assert found.last_days.tokens[-4] == 105
    assert [at for at, one in enumerate(agents["w1"].last_hours.tokens) if one] == [0, 23]
    assert sum(agents["w1"].last_days.tokens) == 105 + 2 * 10
    assert (agents["idle"].last_hours, agents["idle"].last_days) == (Course(), Course())
    assert (agents["lead"].today.requests, agents["w2"].today.requests) == (0, 1)


async def test_as_json(paths: Paths) -> None:
    found = usage_report.as_json(await read(paths))
    assert found["total"] == {
        "requests": 4,
        "input_tokens": 130,
        "cache_read_tokens": 240,
        "cache_write_tokens": 30,
        "output_tokens": 22,
        "cost": 1.0,
        "unpriced": 1,
        "tokens": 422,
        "cache_hit_ratio": 0.6,
        "price": "partly priced",
    }
    assert found["limits"] == {"day": {"dollars": 20.0}, "session": {}}
    local = found["agents"][0]
    assert (local["price"], local["cost"]) == ("unpriced", None)
    assert (local["context_fill"], local["cache_hit_ratio"]) == (0.25, 0.0)
    idle = found["agents"][1]
    assert (idle["context_fill"], idle["cache_hit_ratio"], idle["price"]) == (None, None, "priced")
    assert found["models"][1]["price"] == "unpriced"


async def test_the_listing_says_unpriced_and_what_to_do(paths: Paths) -> None:
    said = listing(await read(paths))
    assert said.startswith("today     $0.50 + ? of $20.00 · ")
    assert "No known price (+ ?): qwen3. [prices] in config.toml gives one." in said
    [row] = [row for row in said.splitlines() if row.startswith("qwen3")]
    assert row.split() == ["qwen3", "1", "100", "0", "0", "7", "0%", "unpriced"]
    assert "\x1b" not in said


async def test_what_the_demo_model_pretends_to_use_is_called_so(paths: Paths) -> None:
    assert "demo" not in listing(await read(paths))
    async with await Database.open(paths.database, clock=lambda: NOW) as database:
        await database.sessions.create(SessionRecord("d", "shown", "/", model=DEMO_MODEL))
        await database.usage.add("d", DEMO_MODEL, 10, 0, 0, 5, 0.0)
    said = listing(await read(paths))
    rows = [row for row in said.splitlines() if row.startswith(("shown", DEMO_MODEL))]
    assert len(rows) == 3
    assert all(row.endswith("demo $0.00") for row in rows)
    assert "demo model is a script" in said


async def test_equal_names_are_told_apart_by_their_ids(paths: Paths) -> None:
    async with await Database.open(paths.database, clock=lambda: NOW) as database:
        for number in "12":
            record = SessionRecord(f"{number}abcdef0123", "same name", "/", model="claude-x")
            await database.sessions.create(record)
            await database.usage.add(record.id, "claude-x", 10, 80, 10, 5, 0.5)
    found = await read(paths)
    for width in (44, 100):
        names = [line.name for line in table(found, "sessions", width).lines]
        assert [name.split()[-1] for name in names[:2]] == ["2abcde", "1abcde"]
        assert not any("abcde" in name for name in names[2:])
    assert "same name 1abcde" in listing(found)


async def test_tables_fit_whatever_room_there_is(paths: Paths) -> None:
    found = await read(paths)
    for view in VIEWS:
        for width in range(40, 130):
            rows = table(found, view, width)
            for row in (rows.heading, *rows.lines):
                cells = len(row.name) + sum(map(len, row.columns))
                assert cells == width or len(row.name) == NAME
    assert table(found, "agents", 40).lines[3].below


def test_the_command_prints_both(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["stats", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"]["requests"] == 4
    assert cli(["stats"]) == 0
    assert "unpriced" in capsys.readouterr().out


def test_without_any_session_there_is_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUNGSTEN_HOME", str(tmp_path / "none"))
    assert cli(["stats", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["agents"] == []
    assert not (tmp_path / "none").exists()
