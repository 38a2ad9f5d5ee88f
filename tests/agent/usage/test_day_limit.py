"""The day's limit, changed by the program: in the person's file, and in force at once."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import AgentError
from agent.paths import Paths
from agent.protocol.usage import Budget
from agent.settings import settings_file
from agent.settings.config import load_file
from agent.usage import day_limit
from agent.usage.budget import Budgets
from memory.database import Database

BEFORE = (
    "",
    'model = "m"',
    "# mine\n[budget.day] # a day\ndollars = 20 # enough\nrequests=5\n\n[budget.session]\ntokens=1",
    "budget.day.tokens = 50_000_000 # of every kind\n",
    "[budget.session]\nrequests = 7\n[budget.day]",
)


@given(
    st.sampled_from(BEFORE),
    st.none() | st.floats(0, 1e6),
    st.none() | st.integers(0, 10**9),
    st.none() | st.integers(0, 10**12),
)
def test_any_limit_is_written_and_all_else_stays(
    before: str, dollars: float | None, requests: int | None, tokens: int | None
) -> None:
    wanted = {"dollars": dollars, "requests": requests, "tokens": tokens}
    if before.startswith("budget.day.") and (dollars, requests) != (None, None):
        # A table cannot be written in two ways; such a file is left alone by `keep`.
        return
    after = settings_file.edited(before, "budget.day", wanted)
    was, found = tomllib.loads(before), tomllib.loads(after)
    kept = found.get("budget", {}).pop("day", {})
    was.get("budget", {}).pop("day", None)
    assert kept == {name: value for name, value in wanted.items() if value is not None}
    assert {k: v for k, v in found.items() if v} == {k: v for k, v in was.items() if v}
    for comment in ("# mine", "# a day"):
        assert (comment in after) == (comment in before)


@pytest.mark.parametrize("text", ["budget = 5\n", "[budget]\nday = 5\n", "[[budget]]\n"])
def test_what_is_no_table_is_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(settings_file.SettingsNotKept, match="is no table"):
        settings_file.keep(file, "budget.day", {"dollars": 1})
    assert file.read_text() == text


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[Any]:
    paths = Paths(tmp_path / "config", tmp_path / "data", tmp_path / "run")
    paths.create()
    async with await Database.open(paths.database) as database:
        budgets = Budgets(database, load_file(paths), paths, lambda: 0.0)
        yield SimpleNamespace(
            paths=paths,
            dream=SimpleNamespace(changing=asyncio.Lock()),
            agents=SimpleNamespace(services=SimpleNamespace(budgets=budgets)),
        )


async def test_it_counts_at_once_and_is_kept(parts: Any) -> None:
    file = await day_limit.change(parts, Budget(dollars=2.5, requests=9))
    assert file == parts.paths.config_file
    limits = parts.agents.services.budgets.limits.day
    assert (limits.dollars, limits.requests, limits.tokens) == (2.5, 9, None)
    await day_limit.change(parts, Budget(tokens=1_000))
    assert load_file(parts.paths).budget.day.model_dump(exclude_none=True) == {"tokens": 1_000}


@pytest.mark.parametrize(
    ("before", "limit", "why"),
    [
        ("", Budget(minutes=5), "A day has its minutes"),
        ("budget = { day = { dollars = 1 } }\n", Budget(dollars=2), "left as it is: set dollars"),
        ("", Budget(requests=10**15), "not changed"),
        ("budgte = 1\n", Budget(requests=1), "not changed"),
    ],
)
async def test_what_cannot_be_kept_changes_nothing(
    parts: Any, before: str, limit: Budget, why: str
) -> None:
    parts.paths.config_file.write_text(before)
    with pytest.raises(AgentError, match=why):
        await day_limit.change(parts, limit)
    assert parts.paths.config_file.read_text() == before
    assert parts.agents.services.budgets.limits.day.requests is None
