"""Budgets: what an agent may use, checked before each request to a model.

There are four of them, and a request is made only if none is spent:

* the agent's own budget, set when it is made or by the person;
* the budget of each agent above it, which counts what all its workers use as well;
* the limit of every session, `[budget.session]` in `config.toml`, counted in the same way;
* the limit of the day for everything, `[budget.day]`.

What was used is what the log of usage says, to the token. A request stands there from before it is
made, whether it is answered, fails, is interrupted or outlives the engine; what its answer begins
with is written down then, the rest when it has ended. So requests are never more than allowed, and
tokens and money exceed a limit by at most what was under way when it was reached.

What is asked beside the agents' turns has limits of its own, `[dream.model]` for each dream and
`[dream.remember]` for each day of remembering what sessions said; that of the day counts it too.

Money is counted only where it is known. With a limit in dollars a model without a known price is
not asked at all; its price can be given in `[prices]`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.errors import AgentError
from agent.model import prices
from agent.model.endpoint import Endpoint
from agent.model.events import TurnUsage
from agent.paths import Paths
from agent.protocol.usage import Budget
from agent.settings.config import Config, ConfigError, load_file
from agent.settings.settings import Caps, Limits
from agent.usage.budget_words import RAISE, TAKE_AWAY, amount, nearly_spent, number
from agent.usage.day_watch import day
from memory.database import Database
from memory.sessions import SessionRecord
from memory.usage import Purpose, UsageTotals


class BudgetSpent(AgentError):
    """A request would go beyond a budget; the text says which, and how to raise it."""


def budget_of(record: SessionRecord) -> Budget:
    """A session's own budget."""
    kept = record.extra.get("budget", {})
    return Budget(**{name: kept[name] for name in Budget.model_fields if name in kept})


def stored(budget: Budget) -> dict[str, Any]:
    """The part of a record's `extra` that holds a budget."""
    return {"budget": budget.model_dump(exclude_none=True)}


@dataclass(frozen=True, slots=True)
class _Account:
    """A budget, what counts towards it, and the words around it."""

    budget: Budget
    whose: str
    """As the beginning of a sentence, `This agent's budget`."""

    way_out: str
    """How to raise it; `{limit}` stands for the limit's name and `{more}` for enough to go on."""

    take_away: str
    """How to be without its limit in dollars."""

    session_id: str | None = None
    """The session whose usage counts, with its workers'; None is everything since `since`."""

    since: float | None = None
    began: float = 0.0
    """When its minutes began."""

    purpose: Purpose | None = None
    """Only requests for that count."""

    dream_id: int | None = None
    """Only this dream's count."""


@dataclass(frozen=True, slots=True)
class Apart:
    """What asks a model beside the agents' turns: one dream, or the remembering of one session."""

    limits: Limits
    session: SessionRecord | None = None
    dream_id: int | None = None

    @property
    def purpose(self) -> Purpose:
        """As the log of usage calls it."""
        return "remember" if self.dream_id is None else "dream"


@dataclass(slots=True)
class _Request:
    """A request that was made: its row of the log, and what it used.

    An answer that breaks off is asked for again within the same request: `broken` is what the
    attempts before have used, `last` what the one that goes on has said of itself.
    """

    row: int
    broken: TurnUsage = field(default_factory=TurnUsage)
    last: TurnUsage = field(default_factory=TurnUsage)


class Budgets:
    """The budgets of one engine's agents.

    Args:
        database: whose log of usage counts.
        config: with the limits of sessions and of the day.
        paths: where the settings are read again.
        clock: seconds since the epoch.
        tell: is told in one line when little is left of the day's limit.
    """

    def __init__(
        self,
        database: Database,
        config: Config,
        paths: Paths,
        clock: Callable[[], float],
        tell: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._tell = tell
        self._told: set[tuple[float, str]] = set()
        """What was told of which day, by when it began."""
        self._database = database
        self._config = config
        self._paths = paths
        self._clock = clock
        self._made: dict[str, _Request] = {}
        """The last request of each session that has not ended."""
        self._counting = asyncio.Lock()

    @property
    def limits(self) -> Caps:
        """The limits of sessions and of the day."""
        return self._config.budget

    async def ask(self, session: SessionRecord, model: str, endpoint: Endpoint) -> None:
        """Return when one more request of a session may be made; it counts from then on.

        Raises:
            BudgetSpent: it may not be made.
            StorageError: what was used cannot be read, or this not be written down.
        """
        async with self._counting:
            self._made.pop(session.id, None)
            line = await self._line(session)
            problem = await self._problem(line, model, endpoint)
            if problem and await self.read_settings_again():
                problem = await self._problem(line, model, endpoint)
            if problem:
                raise BudgetSpent(problem)
            self._made[session.id] = await self._make(session.id, model, endpoint)
            if endpoint.provider != "demo":
                await self._tell_nearly_spent()

    async def _tell_nearly_spent(self) -> None:
        """Say once, before the day's limit stops everything, how little is left of it."""
        today = self._today()
        if today.since is None or today.budget == Budget():
            return
        limit, words = nearly_spent(today.budget, await self._database.usage.totals(today.since))
        if words and (today.since, limit) not in self._told:
            self._told.add((today.since, limit))
            self._tell(f"Today's limit is nearly spent: {words}. /usage raises it.")

    async def spent(self, session: SessionRecord, model: str, endpoint: Endpoint) -> str:
        """Why a session's own budget allows no further request; empty when it does.

        Raises:
            StorageError: what was used cannot be read.
        """
        return await self._first_problem(self._own([session]), model, endpoint)

    async def began(
        self, session_id: str, model: str, usage: TurnUsage, endpoint: Endpoint
    ) -> None:
        """Write down what a request has used by the time that its answer begins."""
        async with self._counting:
            made = self._made.get(session_id)
            if made is None:
                return
            made.broken, made.last = made.broken + made.last, usage
            await self._write(made.row, model, made.broken + usage, endpoint)

    async def record(
        self, session_id: str, model: str, answered: str, usage: TurnUsage, endpoint: Endpoint
    ) -> None:
        """Write down what a request has used that has ended.

        Args:
            session_id: whose request it was.
            model: the model that was asked.
            answered: the model that answered, as the endpoint calls it.
            usage: what the whole answer says of itself.
            endpoint: where it was made.
        """
        # Local servers may answer under another name than the one they are asked by.
        priced = model if model in self._config.prices else answered
        async with self._counting:
            made = self._made.pop(session_id, None) or await self._make(session_id, model, endpoint)
            await self._write(made.row, priced, made.broken + usage, endpoint)

    async def ask_apart(self, apart: Apart, model: str, endpoint: Endpoint) -> int:
        """Return the number of its row when one more request may be made apart; it counts then.

        Raises:
            BudgetSpent: it may not be made.
            StorageError: what was used cannot be read, or this not be written down.
        """
        async with self._counting:
            accounts = [self._apart(apart)]
            if apart.session is not None:
                line = await self._line(apart.session)
                accounts += [*self._own(line), *self._limits(line)]
            else:
                accounts.append(self._today())
            if problem := await self._first_problem(accounts, model, endpoint):
                raise BudgetSpent(problem)
            cost = await self._cost(model, TurnUsage(), endpoint)
            return await self._database.usage.add(
                None if apart.session is None else apart.session.id,
                *(model, 0, 0, 0, 0, cost),
                purpose=apart.purpose,
                dream_id=apart.dream_id,
            )

    async def count_apart(
        self, row: int, model: str, answered: str, usage: TurnUsage, endpoint: Endpoint
    ) -> None:
        """Write down what a request that was made apart has used, as far as it is known.

        Args:
            row: its number.
            model: the model that was asked.
            answered: the model that answered, as the endpoint calls it.
            usage: what its answer says, and what attempts before have used.
            endpoint: where it was made.
        """
        priced = model if model in self._config.prices else answered
        async with self._counting:
            await self._write(row, priced, usage, endpoint)

    def _apart(self, apart: Apart) -> _Account:
        budget = Budget(**apart.limits.model_dump())
        if apart.dream_id is not None:
            table, whose, since = "[dream.model]", "This dream's limit", None
        else:
            table, whose = "[dream.remember]", "Today's limit for remembering"
            since, _ = day(self._clock())
        return _Account(
            budget,
            whose,
            f"raise {{limit}} below {table} in config.toml",
            f"take dollars from {table} away",
            since=since,
            purpose=apart.purpose,
            dream_id=apart.dream_id,
        )

    async def _make(self, session_id: str, model: str, endpoint: Endpoint) -> _Request:
        cost = await self._cost(model, TurnUsage(), endpoint)
        return _Request(await self._database.usage.add(session_id, model, 0, 0, 0, 0, cost))

    async def _write(self, row: int, model: str, usage: TurnUsage, endpoint: Endpoint) -> None:
        await self._database.usage.change(
            row,
            usage.input_tokens,
            usage.cache_read,
            usage.cache_write,
            usage.output_tokens,
            await self._cost(model, usage, endpoint),
        )

    async def _cost(self, model: str, usage: TurnUsage, endpoint: Endpoint) -> float | None:
        return await asyncio.to_thread(prices.cost, model, usage, endpoint, self._config.prices)

    async def _line(self, session: SessionRecord) -> list[SessionRecord]:
        """A session and the ones above it."""
        line = [session]
        while (above := line[-1].parent) is not None and above not in {one.id for one in line}:
            line.append(await self._database.sessions.get(above))
        return line

    async def _problem(self, line: list[SessionRecord], model: str, endpoint: Endpoint) -> str:
        """Why no further request may be made, empty when one may."""
        accounts = self._own(line)
        if endpoint.provider != "demo":
            # What is built in costs nobody anything.
            accounts += self._limits(line)
        return await self._first_problem(accounts, model, endpoint)

    async def _first_problem(
        self, accounts: Sequence[_Account], model: str, endpoint: Endpoint
    ) -> str:
        for account in accounts:
            if account.budget == Budget():
                continue
            if problem := await self._spent(account, model, endpoint):
                return problem
        return ""

    def _own(self, line: list[SessionRecord]) -> list[_Account]:
        found = []
        for record in line:
            own = record is line[0]
            there = "" if own else " there"
            found.append(
                _Account(
                    budget_of(record),
                    "This agent's budget" if own else f"{record.name}'s budget with its workers",
                    RAISE.replace("{there}", there),
                    TAKE_AWAY.format(there=there),
                    record.id,
                    began=record.created_at,
                )
            )
        return found

    def _limits(self, line: list[SessionRecord]) -> list[_Account]:
        caps = self._config.budget
        return [
            _Account(
                Budget(**caps.session.model_dump()),
                "The limit of a session",
                "raise {limit} below [budget.session] in config.toml",
                "take dollars from [budget.session] away",
                # What all below it use is the most.
                line[-1].id,
            ),
            self._today(),
        ]

    def _today(self) -> _Account:
        since, _ = day(self._clock())
        return _Account(
            Budget(**self._config.budget.day.model_dump()),
            "Today's limit",
            "raise {limit} in /usage or below [budget.day] in config.toml, or go on tomorrow",
            "take dollars away in /usage or from [budget.day]",
            since=since,
        )

    async def _spent(self, account: _Account, model: str, endpoint: Endpoint) -> str:
        budget = account.budget
        if budget.minutes is not None:
            passed = (self._clock() - account.began) / 60
            if passed >= budget.minutes:
                return _told(account, "minutes", passed, f"{number(passed)} passed")
        used = await self._database.usage.totals(
            account.since,
            account.session_id,
            workers=True,
            purpose=account.purpose,
            dream_id=account.dream_id,
        )
        if budget.requests is not None and used.requests >= budget.requests:
            return _told(account, "requests", used.requests, f"{used.requests:,} made")
        if budget.tokens is not None and used.tokens >= budget.tokens:
            return _told(account, "tokens", used.tokens, f"{used.tokens:,} used")
        if budget.dollars is None:
            return ""
        if not await asyncio.to_thread(prices.is_known, model, endpoint, self._config.prices):
            return _unpriced(account, model or "this model")
        dollars, unpriced = await self._dollars(account, used)
        if unpriced:
            return _unpriced(account, unpriced)
        if dollars >= budget.dollars:
            return _told(account, "dollars", dollars, f"${dollars:.4f} used")
        return ""

    async def _dollars(self, account: _Account, used: UsageTotals) -> tuple[float, str]:
        """What was paid, and a model whose requests nobody can say the price of."""
        dollars = used.cost or 0.0
        if used.unpriced:
            later = await self._database.usage.grouped(
                "model",
                account.since,
                account.session_id,
                workers=True,
                unpriced=True,
                purpose=account.purpose,
                dream_id=account.dream_id,
            )
            for model, totals in later.items():
                price = self._config.prices.get(model)
                if price is None:
                    return dollars, model
                dollars += price.of(
                    totals.input_tokens,
                    totals.cache_read_tokens,
                    totals.cache_write_tokens,
                    totals.output_tokens,
                )
        return dollars, ""

    async def read_settings_again(self) -> bool:
        """Take over limits and prices that were changed since; say whether any was."""
        try:
            now = await asyncio.to_thread(load_file, self._paths)
        except ConfigError:
            return False
        if (now.budget, now.prices) == (self._config.budget, self._config.prices):
            return False
        self._config = self._config.model_copy(update={"budget": now.budget, "prices": now.prices})
        return True


def _told(account: _Account, limit: str, used: float, words: str) -> str:
    most = float(getattr(account.budget, limit))
    # Who follows the advice is to be let on by it, however far beyond the limit this one is.
    more = 2 * (most if 2 * most > used else used) or 1
    way_out = account.way_out.format(limit=limit, more=number(more).replace(",", ""))
    return f"{account.whose}, {amount(limit, most)}, is spent ({words}): {way_out}."


def _unpriced(account: _Account, model: str) -> str:
    return (
        f"{model} has no known price, so a limit in dollars cannot be kept: give it one below "
        f"[prices] in config.toml, or {account.take_away}."
    )
