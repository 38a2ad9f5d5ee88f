"""Tokens and money: what was used, and how much may be."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agent.protocol.wire import Wire


class Usage(Wire):
    """Tokens and money of some requests; the three kinds of input are disjoint.

    `cost` is in US dollars, of the requests whose price is known, and None when that is none.
    """

    requests: int = 0
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = 0.0
    unpriced: int = 0
    """Requests to models without a known price."""

    @property
    def sent(self) -> int:
        """All input tokens, whether the cache had them or not."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens

    @property
    def tokens(self) -> int:
        """All tokens, input and output."""
        return self.sent + self.output_tokens

    @property
    def cache_hit_ratio(self) -> float | None:
        """Which part of the input was read from the cache; None without any input."""
        return self.cache_read_tokens / self.sent if self.sent else None

    @property
    def price(self) -> Literal["priced", "partly priced", "unpriced"]:
        """Whether `cost` is that of all requests, of some, or of none."""
        if not self.unpriced:
            return "priced"
        return "partly priced" if self.unpriced < self.requests else "unpriced"


class Budget(Wire):
    """How much a session and its workers may use, from its beginning; None means no limit.

    It is checked before each request to a model, so the last one may go beyond it.
    """

    requests: int | None = Field(default=None, ge=0)
    tokens: int | None = Field(default=None, ge=0)
    """Of every kind: read from the cache and written to it, too."""
    dollars: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    minutes: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Of the clock, while it waits for a person as well."""


class Course(Wire):
    """How use went on in equal steps up to now, the last one still under way; empty without any."""

    tokens: tuple[int, ...] = ()
    dollars: tuple[float, ...] = ()
    """Of requests whose price is known."""


class UsageOf(Wire):
    """What one thing used: a session, an agent, a day or a model."""

    id: str
    name: str
    model: str = ""
    parent: str | None = None
    archived: bool = False
    usage: Usage
    context_tokens: int = 0
    context_window: int | None = None
    today: Usage = Usage()
    """Of agents only, like the courses."""
    last_hours: Course = Course()
    last_days: Course = Course()


class UsageReport(Wire):
    """What was used since the first session; see `agent.usage.usage_report`."""

    today: Usage = Usage()
    total: Usage = Usage()
    day_limit: Budget = Budget()
    session_limit: Budget = Budget()
    last_hours: Course = Course()
    """24 hours, the last of which ends now."""
    last_days: Course = Course()
    """14 local days, the last of which is today."""
    sessions: tuple[UsageOf, ...] = ()
    """Those that work for nobody, with what their workers used; newest first."""
    agents: tuple[UsageOf, ...] = ()
    """Each by itself, workers too; newest first."""
    days: tuple[UsageOf, ...] = ()
    """Local days by date, the last first."""
    models: tuple[UsageOf, ...] = ()
    """By their ids, the most tokens first."""
