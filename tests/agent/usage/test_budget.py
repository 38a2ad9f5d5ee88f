"""Budgets on a real database: what counts towards which, and what a spent one says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agent.model.endpoint import Endpoint
from agent.model.events import TurnUsage
from agent.paths import Paths
from agent.protocol.usage import Budget
from agent.settings.config import load
from agent.usage.budget import Budgets, BudgetSpent, stored
from agent.usage.budget_words import nearly_spent
from memory.database import Database
from memory.sessions import SessionRecord
from memory.usage import UsageTotals

CLAUDE = Endpoint("anthropic", "", "key", "claude-sonnet-4-5")
LOCAL = Endpoint("endpoint", "http://localhost:11434", "", "qwen3-coder")
NOON = 1_790_000_000.0


class House:
    database: Database
    budgets: Budgets

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.now = NOON
        self.told: list[str] = []

    def settings(self, text: str) -> None:
        self.paths.config_file.write_text(text)

    def restart(self) -> None:
        config = load(self.paths)
        self.budgets = Budgets(
            self.database, config, self.paths, lambda: self.now, self.told.append
        )

    async def session(self, name: str, parent: str | None = None, **limits: Any) -> str:
        record = SessionRecord(
            name, name, "/", parent=parent, created_at=self.now, extra=stored(Budget(**limits))
        )
        await self.database.sessions.create(record)
        return name

    async def raise_to(self, name: str, **limits: Any) -> None:
        await self.database.sessions.update(name, extra=stored(Budget(**limits)))

    async def request(self, name: str, *, sent: int = 100, endpoint: Endpoint = CLAUDE) -> None:
        await self.ask(name, endpoint)
        usage = TurnUsage(input_tokens=sent, output_tokens=10)
        await self.budgets.record(name, endpoint.model, endpoint.model, usage, endpoint)

    async def ask(self, name: str, endpoint: Endpoint = CLAUDE) -> None:
        record = await self.database.sessions.get(name)
        await self.budgets.ask(record, endpoint.model, endpoint)

    async def refused(self, name: str, endpoint: Endpoint = CLAUDE) -> str:
        with pytest.raises(BudgetSpent) as spent:
            await self.ask(name, endpoint)
        return str(spent.value)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    paths = Paths(tmp_path / "config", tmp_path / "data", tmp_path / "run")
    paths.create()
    made = House(paths)
    async with await Database.open(paths.database, clock=lambda: made.now) as made.database:
        made.restart()
        yield made


async def test_without_a_budget_nothing_is_refused(house: House) -> None:
    await house.session("a")
    for _ in range(3):
        await house.request("a", endpoint=LOCAL)
    assert (await house.database.usage.totals()).unpriced == 3


async def test_requests(house: House) -> None:
    await house.session("a", requests=2)
    await house.request("a")
    await house.request("a")
    assert await house.refused("a") == (
        "This agent's budget, 2 requests, is spent (2 made): /budget requests 4 raises it."
    )
    await house.raise_to("a", requests=3)
    await house.request("a")
    assert "budget, 3 requests," in await house.refused("a")


async def test_a_limit_far_below_what_is_used_is_raised_beyond_it(house: House) -> None:
    await house.session("a")
    for _ in range(3):
        await house.request("a")
    await house.raise_to("a", requests=1)
    record = await house.database.sessions.get("a")
    said = await house.budgets.spent(record, CLAUDE.model, CLAUDE)
    assert said == (
        "This agent's budget, 1 request, is spent (3 made): /budget requests 6 raises it."
    )
    assert said == await house.refused("a")
    await house.raise_to("a", requests=6)
    record = await house.database.sessions.get("a")
    assert await house.budgets.spent(record, CLAUDE.model, CLAUDE) == ""
    await house.request("a")
    await house.raise_to("a", tokens=1)
    assert "/budget tokens 880 raises" in await house.refused("a")
    house.now += 600
    await house.raise_to("a", minutes=1.5)
    assert "(10 passed): /budget minutes 20 raises" in await house.refused("a")


async def test_tokens_of_every_kind_count(house: House) -> None:
    await house.session("a", tokens=1_000)
    await house.ask("a")
    usage = TurnUsage(input_tokens=1, cache_read=500, cache_write=400, output_tokens=98)
    await house.budgets.record("a", CLAUDE.model, CLAUDE.model, usage, CLAUDE)
    await house.request("a", sent=1)
    said = await house.refused("a")
    assert "budget, 1,000 tokens, is spent (1,010 used): /budget tokens 2000" in said


async def test_dollars(house: House) -> None:
    # 3 dollars for a million tokens of input, 15 for one of output.
    await house.session("a", dollars=0.5)
    await house.request("a", sent=100_000)
    await house.request("a", sent=100_000)
    assert await house.refused("a") == (
        "This agent's budget, $0.50, is spent ($0.6003 used): /budget dollars 1 raises it."
    )


async def test_the_smallest_budgets_are_told_as_they_are(house: House) -> None:
    await house.session("a", dollars=0.0001)
    await house.request("a")
    said = await house.refused("a")
    assert "$0.0001, is spent ($0.0004 used): /budget dollars 0.0009 raises" in said
    await house.session("b", requests=0)
    assert "0 requests, is spent (0 made): /budget requests 1 " in await house.refused("b")


async def test_minutes(house: House) -> None:
    await house.session("a", minutes=1.5)
    house.now += 89
    await house.request("a")
    house.now += 1
    said = await house.refused("a")
    assert "budget, 1.5 minutes, is spent (1.5 passed): /budget minutes 3 raises it" in said


async def test_workers_count_towards_whoever_they_work_for(house: House) -> None:
    await house.session("top", requests=5)
    await house.session("worker", "top", requests=3)
    await house.session("its-worker", "worker")
    await house.session("other")
    await house.request("top")
    await house.request("worker")
    await house.request("other")
    await house.request("its-worker")
    await house.request("its-worker")
    said = await house.refused("its-worker")
    assert said.startswith("worker's budget with its workers, 3 requests, is spent (3 made")
    assert said.endswith("/budget requests 6 there raises it.")
    await house.raise_to("worker")
    await house.request("its-worker")
    assert "top's budget with its workers, 5" in await house.refused("its-worker")
    assert "This agent's budget, 5 requests," in await house.refused("top")
    await house.request("other")


async def test_those_who_ask_at_once_are_counted_at_once(house: House) -> None:
    await house.session("top", requests=3)
    for number in range(8):
        await house.session(f"w{number}", "top")
    asked = [house.ask(f"w{number}") for number in range(8)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(answer is None for answer in answers) == 3
    assert sum(isinstance(answer, BudgetSpent) for answer in answers) == 5
    # However it ends, a request was made; also after a restart.
    house.restart()
    await house.refused("w7")
    await house.refused(f"w{answers.index(None)}")


async def test_what_an_answer_begins_with_counts_although_it_never_ends(house: House) -> None:
    await house.session("a", tokens=1_000)
    await house.ask("a")
    await house.budgets.began("a", CLAUDE.model, TurnUsage(input_tokens=600), CLAUDE)
    # It broke off, and was asked for again within the same request.
    await house.budgets.began("a", CLAUDE.model, TurnUsage(input_tokens=300), CLAUDE)
    totals = await house.database.usage.totals()
    assert (totals.requests, totals.tokens, totals.unpriced) == (1, 900, 0)
    assert totals.cost == pytest.approx(900 * 3e-6)
    usage = TurnUsage(input_tokens=300, output_tokens=100)
    await house.budgets.record("a", CLAUDE.model, CLAUDE.model, usage, CLAUDE)
    totals = await house.database.usage.totals()
    assert (totals.requests, totals.tokens) == (1, 1_000)
    assert "budget, 1,000 tokens, is spent" in await house.refused("a")


async def test_the_limit_of_a_session_counts_its_workers(house: House) -> None:
    house.settings("[budget.session]\nrequests = 2\n")
    house.restart()
    await house.session("top")
    await house.session("worker", "top")
    await house.session("other")
    await house.request("top")
    await house.request("worker")
    assert await house.refused("worker") == (
        "The limit of a session, 2 requests, is spent (2 made): "
        "raise requests below [budget.session] in config.toml."
    )
    await house.request("other")


async def test_the_limit_of_the_day_is_everyones_and_ends_with_the_day(house: House) -> None:
    house.settings("[budget.day]\ndollars = 0.5\n")
    house.restart()
    await house.session("a")
    await house.session("b")
    await house.database.usage.add("a", "m", 1, 0, 0, 1, 5.0, at=house.now - 86_400)
    await house.request("a", sent=100_000)
    await house.database.usage.add("b", "m", 1, 0, 0, 1, 0.2, at=house.now)
    said = await house.refused("a")
    assert said == await house.refused("b")
    assert said.startswith("Today's limit, $0.50, is spent ($0.5")
    house.now += 86_400
    await house.request("a")


async def test_how_little_is_left_of_the_day_is_said_once_and_before_it_is_spent(
    house: House,
) -> None:
    house.settings("[budget.day]\nrequests = 3\n")
    house.restart()
    await house.session("a")
    await house.request("a")
    assert house.told == []
    await house.request("a")
    told = ["Today's limit is nearly spent: 2 of 3 requests. /usage raises it."]
    assert house.told == told
    await house.request("a")
    assert "raise requests in /usage or below [budget.day]" in await house.refused("a")
    assert house.told == told
    house.now += 86_400
    await house.request("a")
    await house.request("a")
    assert house.told == 2 * told


@pytest.mark.parametrize(
    ("limits", "used", "words"),
    [
        ({"requests": 40}, {"requests": 36}, "36 of 40 requests"),
        ({"requests": 40}, {"requests": 35}, ""),
        ({"requests": 1}, {}, ""),
        ({"tokens": 1000}, {"input_tokens": 890, "output_tokens": 20}, "910 of 1,000 tokens"),
        ({"dollars": 5.0, "requests": 9}, {"cost": 4.75, "requests": 2}, "$4.75 of $5.00"),
        ({"dollars": 5.0}, {"cost": None}, ""),
        ({"dollars": 5.0}, {"cost": 5.5}, ""),
    ],
)
def test_what_is_nearly_spent(limits: dict[str, float], used: dict[str, float], words: str) -> None:
    assert nearly_spent(Budget(**limits), UsageTotals(**used))[1] == words


async def test_a_limit_that_is_raised_counts_at_once(house: House) -> None:
    house.settings("[budget.day]\nrequests = 1\n")
    house.restart()
    await house.session("a")
    await house.budgets.record("a", "m", "m", TurnUsage(), LOCAL)
    await house.refused("a")
    house.settings("[budget.day]\nrequests = 'many'\n")
    await house.refused("a")
    house.settings("[budget.day]\nrequests = 2\n")
    await house.request("a")
    await house.refused("a")


async def test_a_limit_in_dollars_refuses_what_has_no_price(house: House) -> None:
    await house.session("a", dollars=1)
    assert await house.refused("a", LOCAL) == (
        "qwen3-coder has no known price, so a limit in dollars cannot be kept: give it one below "
        "[prices] in config.toml, or say /budget dollars off."
    )
    house.settings('[prices."qwen3-coder"]\ninput = 2\noutput = 4\ncache_read = 0.5\n')
    await house.ask("a", LOCAL)
    usage = TurnUsage(input_tokens=100_000, cache_read=200_000, cache_write=100_000)
    await house.budgets.record("a", LOCAL.model, "qwen3-coder:latest", usage, LOCAL)
    assert (await house.database.usage.totals()).cost == pytest.approx(0.2 + 0.1 + 0.2)
    await house.request("a", sent=300_000, endpoint=LOCAL)
    assert "budget, $1.00, is spent ($1.10" in await house.refused("a", LOCAL)


async def test_what_was_used_without_a_price_is_never_counted_as_nothing(house: House) -> None:
    await house.session("a")
    await house.request("a", sent=500_000, endpoint=LOCAL)
    await house.raise_to("a", dollars=2)
    assert (await house.refused("a")).startswith("qwen3-coder has no known price")
    house.settings('[prices]\n"qwen3-coder" = { input = 4, output = 0 }\n')
    assert "budget, $2.00, is spent ($2.00" in await house.refused("a")
    await house.raise_to("a", dollars=3)
    await house.request("a")


async def test_a_line_that_leads_to_itself_ends(house: House) -> None:
    await house.session("a", requests=1)
    await house.session("b", "a")
    await house.database.sessions.update("a", parent="b")
    await house.request("b")
    assert "a's budget with its workers, 1 request," in await house.refused("b")
