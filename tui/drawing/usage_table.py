"""Usage as a table: the same rows in the app and on the command line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui.drawing.text import cost, count, fit, money, one_line

if TYPE_CHECKING:
    from agent.protocol.usage import Budget, Usage, UsageOf, UsageReport

VIEWS = ("agents", "sessions", "days", "models")
"""What can be looked at, each a field of the report."""

LEGEND = "Tokens: input that no cache had, read from the cache, put into it; output."
"""What the headings mean."""

LEAST = ("to cache", "new input", "cached", "output", "requests", "context", "today")
"""Columns that give way where it is narrow, in this order."""

NAME = 16
"""Least cells of a name."""

GAP = 2

_WITH_CONTEXT = frozenset({"agents", "sessions"})


@dataclass(frozen=True, slots=True)
class Line:
    """One row: a name and its columns, each padded to its width."""

    name: str
    columns: tuple[str, ...]
    below: bool = False
    """Whether it is about a worker of the row above."""


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows of one view, each of the width that was asked for or of what is needed."""

    heading: Line
    lines: tuple[Line, ...]


def table(report: UsageReport, view: str, width: int, *, fill: bool = True) -> Table:
    """Lay out a view in `width` cells, or fewer without `fill`; equal names get a short id.

    Where it is too narrow for all columns, those that matter least are left out.
    """
    from agent.protocol.agents import SHORT_ID

    rows: Sequence[UsageOf] = getattr(report, view)
    named = Counter(row.name for row in rows)
    marks = {row.id: f" {row.id[:SHORT_ID]}" for row in rows if named[row.name] > 1}
    titles = ["requests", "new input", "cached", "to cache", "output", "cache hit"]
    cells = [_cells(row.usage) for row in rows]
    if view in _WITH_CONTEXT:
        titles.append("context")
        for row, one in zip(rows, cells, strict=True):
            one.append(_context(row))
    if view == "agents":
        titles.append("today")
        for row, one in zip(rows, cells, strict=True):
            one.append(cost(row.today) if row.today.requests else "–")
    titles.append("cost")
    for row, one in zip(rows, cells, strict=True):
        one.append(f"demo {cost(row.usage)}" if is_demo(row) else cost(row.usage))
    kept = list(range(len(titles)))
    widths = [
        max(len(title), *(len(one[at]) for one in cells)) if cells else len(title)
        for at, title in enumerate(titles)
    ]
    for least in LEAST:
        if sum(widths[at] + GAP for at in kept) + NAME <= width:
            break
        if least in titles:
            kept.remove(titles.index(least))
    room = max(NAME, width - sum(widths[at] + GAP for at in kept))
    if not fill:
        needed = (cell_len(one_line(row.name) + marks.get(row.id, "")) for row in rows)
        room = min(room, max([NAME, *(each + GAP for each in needed)]))

    def line(name: str, one: Sequence[str], *, below: bool = False, mark: str = "") -> Line:
        columns = tuple(f"{one[at]:>{widths[at] + GAP}}" for at in kept)
        indent = "  " if below else ""
        shown = indent + fit(one_line(name), room - len(indent + mark)) + mark
        return Line(shown + " " * (room - cell_len(shown)), columns, below)

    ids = {row.id for row in rows}
    return Table(
        line(view, titles),
        tuple(
            line(row.name, one, below=row.parent in ids, mark=marks.get(row.id, ""))
            for row, one in zip(rows, cells, strict=True)
        ),
    )


def views(report: UsageReport) -> tuple[str, ...]:
    """The views worth a look: without workers, sessions would say again what agents say."""
    workers = any(row.parent is not None for row in report.agents)
    return VIEWS if workers else tuple(view for view in VIEWS if view != "sessions")


def with_workers(report: UsageReport, row: UsageOf) -> Usage:
    """What an agent and all below it used."""
    of = [row]
    for above in of:
        of += [other for other in report.agents if other.parent == above.id and other not in of]
    costs = [one.usage.cost for one in of if one.usage.cost is not None]
    figures = {
        name: sum(getattr(one.usage, name) for one in of)
        for name in type(row.usage).model_fields
        if name != "cost"
    }
    return type(row.usage)(**figures, cost=sum(costs) if costs else None)


def summary(usage: Usage, limit: Budget | None = None, width: int | None = None) -> str:
    """Write sums in one line, with the limits that hold for them.

    Within `width` cells the share from the cache gives way: the table has it too.
    """
    paid = cost(usage)
    if limit is not None and limit.dollars is not None:
        paid += f" of {money(limit.dollars)}"
    tokens = f"{count(usage.tokens)} tokens"
    if limit is not None and limit.tokens is not None:
        tokens += f" of {count(limit.tokens)}"
    requests = f"{usage.requests:,} request{'' if usage.requests == 1 else 's'}"
    if limit is not None and limit.requests is not None:
        requests += f" of {limit.requests:,}"
    parts = [paid, tokens, requests]
    ratio = usage.cache_hit_ratio
    if ratio is not None:
        parts.insert(2, f"{ratio:.0%} from cache")
    line = " · ".join(parts)
    if width is None or cell_len(line) <= width:
        return line
    return fit(line if ratio is None else " · ".join([*parts[:2], *parts[3:]]), width)


def without_price(report: UsageReport) -> tuple[str, ...]:
    """Names of models whose price is not known."""
    return tuple(one_line(row.name) for row in report.models if row.usage.unpriced)


def within(budget: Budget, used: Usage) -> str:
    """Say how much of a budget is used, `14 of 20 requests`; empty without limits on use."""
    parts = []
    if budget.dollars is not None:
        parts.append(f"{cost(used)} of {money(budget.dollars)}")
    if budget.requests is not None:
        parts.append(f"{used.requests:,} of {budget.requests:,} requests")
    if budget.tokens is not None:
        parts.append(f"{count(used.tokens)} of {count(budget.tokens)} tokens")
    return ", ".join(parts)


def is_demo(row: UsageOf) -> bool:
    """Whether a row is of the built-in demo model: a script, whose tokens nobody counted."""
    from agent.protocol.agents import DEMO_MODEL

    return row.model == DEMO_MODEL


def notes(report: UsageReport) -> str:
    """Say what is to be known of the figures, empty when that is nothing."""
    demo = "The demo model is a script: its tokens are pretended and cost nothing."
    told = (unpriced(report), demo if any(map(is_demo, report.models)) else "")
    return " ".join(filter(None, told))


def unpriced(report: UsageReport) -> str:
    """Say which models have no known price, empty when all have one."""
    names = without_price(report)
    if not names:
        return ""
    partly = " (+ ?)" if report.total.price == "partly priced" else ""
    return f"No known price{partly}: {', '.join(names)}. [prices] in config.toml gives one."


def listing(report: UsageReport, width: int = 100) -> str:
    """Write all of a report as lines of text."""
    lines = [f"today     {summary(report.today, report.day_limit)}"]
    lines.append(f"all time  {summary(report.total)}")
    for view in views(report):
        found = table(report, view, width, fill=False)
        if found.lines:
            rows = (found.heading, *found.lines)
            lines += ["", *("".join([row.name, *row.columns]) for row in rows)]
    if report.agents:
        lines += ["", LEGEND]
    note = notes(report)
    return "\n".join([*lines, *(["", note] if note else [])])


def _cells(usage: Usage) -> list[str]:
    ratio = usage.cache_hit_ratio
    return [
        f"{usage.requests:,}",
        count(usage.input_tokens),
        count(usage.cache_read_tokens),
        count(usage.cache_write_tokens),
        count(usage.output_tokens),
        "–" if ratio is None else f"{ratio:.0%}",
    ]


def _context(row: UsageOf) -> str:
    if not row.context_tokens:
        return "–"
    if not row.context_window:
        return count(row.context_tokens)
    return f"{row.context_tokens / row.context_window:.0%}"
