"""Usage: tokens and money by agent, day and model, over time, and how much may be."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.strip import Strip

from tui.drawing.sparkline import sparkline
from tui.drawing.text import Piece, column, count, money, one_line, strip_of
from tui.drawing.usage_table import (
    VIEWS,
    Table,
    notes,
    summary,
    table,
    views,
    with_workers,
    within,
    without_price,
)
from tui.gate.host import host, send
from tui.keys import actions
from tui.screens.card import CardScreen, card_foot, closing
from tui.widgets.lines import Lines
from tui.widgets.scrolled import Scrolled

if TYPE_CHECKING:
    from rich.style import Style

    from agent.protocol.agents import AgentSummary
    from agent.protocol.usage import Budget, Course, Usage, UsageOf, UsageReport
    from tui.screens.budget import Kept
    from tui.themes.theme import Paint

LABEL = 17
"""Cells of the words before sums and bars."""

TALL = 30
"""Rows of a window that is high enough for an empty one."""

TITLES = {"agents": "Agents", "sessions": "Sessions", "days": "Days", "models": "Models"}
NOTHING = "Nothing was used yet."


class Head(Lines):
    """The sums of today and of all time, the limits, bars over time, and the views to choose."""

    GROUND = "surface"

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.report: UsageReport | None = None
        self.view = VIEWS[0]
        self.chosen: UsageOf | None = None
        """The agent that has bars of its own."""
        self.days = False
        """Bars are for days instead of hours."""
        self.dollars = False
        """Bars are of dollars instead of tokens."""

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw it."""
        paint = self.paint
        lines: list[list[Piece]] = [[] for _ in range(4)]
        if self.report is not None:
            report, chosen = self.report, self.chosen
            lines = [
                self._sums("Today", report.today, report.day_limit, width, paint.strong),
                self._sums("All time", report.total, None, width, paint.text),
                self._bars("14 days" if self.days else "24 hours", report, width),
                self._bars(one_line(chosen.name), chosen, width) if chosen is not None else [],
            ]
        if height > len(lines) + 1:
            lines.append([])
        tabs: list[Piece] = []
        for view in views(self.report) if self.report is not None else ():
            style = paint.text + paint.chosen if view == self.view else paint.muted
            tabs += [(f" {TITLES[view]} ", style), ("  ", paint.blank)]
        return [strip_of(line, width, paint.blank) for line in [*lines, tabs]]

    def _sums(
        self, label: str, usage: Usage, limit: Budget | None, width: int, style: Style
    ) -> list[Piece]:
        sums = summary(usage, limit, width - LABEL)
        return [(f"{label:<{LABEL}}", self.paint.muted), (sums, style)]

    def _bars(self, label: str, of: UsageReport | UsageOf, width: int) -> list[Piece]:
        course: Course = of.last_days if self.days else of.last_hours
        name = f"{column(label, LABEL - 1)} "
        values = course.dollars if self.dollars else course.tokens
        if not any(values):
            nothing = "nothing in this time"
            if any(course.tokens):
                # Money of what has no price is not known; it is not nothing.
                usage = of.usage if hasattr(of, "usage") else of.total
                nothing = "no known price" if usage.unpriced else money(0)
            return [(name, self.paint.muted), (nothing, self.paint.faint)]
        most = money(max(values)) if self.dollars else f"{count(int(max(values)))} tokens"
        said = f"  at most {most} {'a day' if self.days else 'an hour'}"
        bars = sparkline(values, width - LABEL - len(said))
        return [(name, self.paint.muted), (bars, self.paint.focus), (said, self.paint.muted)]


class Rows(Scrolled):
    """The table of one view; its headings stay where they are. Of agents, one is chosen."""

    class Chosen(Message):
        """Another agent is chosen."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.report: UsageReport | None = None
        self.view = VIEWS[0]
        self._chosen = 0
        self._room = 0

    @property
    def chosen(self) -> UsageOf | None:
        """The chosen agent, while agents are shown."""
        if self.report is None or self.view != "agents" or not self.report.agents:
            return None
        return self.report.agents[min(self._chosen, len(self.report.agents) - 1)]

    def choose(self, agent_id: str) -> None:
        """Choose an agent, if it is listed."""
        ids = [row.id for row in self.report.agents] if self.report is not None else []
        if agent_id in ids:
            self._choose(ids.index(agent_id))

    def show(self, view: str) -> None:
        """Show another view, from its beginning."""
        self.view = view
        self._from = 0
        self.redraw()

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw the headings, and what is visible below them."""
        if self.report is None:
            return []
        found = table(self.report, self.view, width - 2)
        paint = self.paint
        if not found.lines:
            return [strip_of([(NOTHING, paint.muted)], width, paint.blank)]
        heading = [(" " + "".join([found.heading.name, *found.heading.columns]), paint.faint)]
        first = strip_of(heading, width, paint.blank)
        self._room = max(1, height - 1 - (len(found.lines) > height - 1))
        if self.chosen is not None:
            # It may have been chosen before there was any room.
            self._see_chosen()
        return [first, *super().draw(width, height - 1)]

    def text(self, width: int) -> list[list[Piece]]:
        """Write the rows."""
        assert self.report is not None
        chosen = self.chosen
        at = self.report.agents.index(chosen) if chosen is not None else -1
        return rows(table(self.report, self.view, width - 1), self.paint, at)

    def action_move(self, rows: int) -> None:
        """Choose another agent, or scroll."""
        if self.chosen is None:
            super().action_move(rows)
        else:
            self._choose(self._chosen + rows)

    def _choose(self, index: int) -> None:
        assert self.report is not None
        self._chosen = max(0, min(index, len(self.report.agents) - 1))
        self._see_chosen()
        self.redraw()
        self.post_message(self.Chosen())

    def _see_chosen(self) -> None:
        """Move the rows no more than it takes for the chosen one to be seen."""
        if self._room:
            self._from = max(self._chosen - self._room + 1, min(self._from, self._chosen))


class UsageScreen(CardScreen[None]):
    """What was used, and how much may be.

    Args:
        chosen: Id of the agent that is chosen at first.
        clock: Seconds since the epoch.
    """

    KEYS = actions.USAGE
    """The context that help begins with here."""
    AUTO_FOCUS = "#rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(",".join(action.keys), action.action, show=False)
            for action in actions.of(actions.USAGE)
            if action.action and action.id != "usage.close"
        ),
        closing("close", ",".join(actions.by_id("usage.close").keys)),
    ]
    DEFAULT_CSS = """
    UsageScreen {
        #card { height: 100%; max-height: 38; }
        #head { height: 5; }
        &.-tall #head { height: 6; }
        #rows { height: 1fr; margin-top: 1; }
        #card-line { margin-top: 0; }
        #card-keys { margin-top: 0; }
    }
    """

    def __init__(self, chosen: str = "", *, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._first = chosen
        self._clock = clock

    def compose(self) -> ComposeResult:
        """Lay out sums, bars, views and table."""
        with Vertical(id="card", classes="-wide") as card:
            card.border_title = "Usage"
            yield Head(id="head")
            yield Rows(id="rows")
            yield from card_foot()

    def on_mount(self) -> None:
        """Ask the engine."""
        self._tell_keys()
        self._load()

    def on_resize(self) -> None:
        """Leave a row between bars and views where there are enough."""
        self.set_class(self.app.size.height >= TALL, "-tall")

    def _tell_keys(self) -> None:
        head = self.query_one(Head)
        labels = {
            "usage.period": "hours" if head.days else "days",
            "usage.unit": "tokens" if head.dollars else "money",
        }
        idle = {"usage.previous"} | (set() if head.chosen else {"usage.choose", "usage.budget"})
        shown = []
        for action in actions.of(self.KEYS):
            key = actions.label(action.keys[0])
            if action.id == "usage.next":
                key = "←→"
            elif action.id == "usage.choose":
                key = "↑↓"
            if action.id not in idle:
                shown.append((key, labels.get(action.id, action.label)))
        self.tell_keys(*shown)

    @work(exclusive=True, exit_on_error=False)
    async def _load(self, said: str = "") -> None:
        from agent.protocol.commands.engine import ReadUsage
        from agent.protocol.usage import UsageReport

        result, problem = await send(self, ReadUsage())
        if not self.is_open:
            return
        if problem:
            self.problem(problem)
            return
        report = UsageReport.model_validate(result["report"])
        head, shown = self.query_one(Head), self.query_one(Rows)
        head.report = shown.report = report
        if self._first:
            shown.choose(self._first)
            self._first = ""
        self._follow()
        shown.redraw()
        if said:
            self.progress(said)

    def on_rows_chosen(self) -> None:
        """Show the bars of another agent."""
        self._follow()

    def _follow(self) -> None:
        head = self.query_one(Head)
        head.chosen = self.query_one(Rows).chosen
        head.redraw()
        self._tell_keys()
        if head.report is not None:
            self.progress(self._within_budget(head.report, head.chosen) or notes(head.report))

    def _within_budget(self, report: UsageReport, row: UsageOf | None) -> str:
        """Say how much the chosen agent and its workers have used of its budget."""
        agent = self._agent_of(row) if row is not None else None
        if agent is None or row is None:
            return ""
        used = within(agent.budget, with_workers(report, row))
        return f"{one_line(agent.name)} has used {used}" if used else ""

    def _agent_of(self, row: UsageOf) -> AgentSummary | None:
        return next((one for one in host(self).state.agents if one.id == row.id), None)

    def action_turn(self, step: int) -> None:
        """Look at another view."""
        head, shown = self.query_one(Head), self.query_one(Rows)
        if head.report is None:
            return
        known = views(head.report)
        head.view = known[(known.index(head.view) + step) % len(known)]
        shown.show(head.view)
        self._follow()

    def action_period(self) -> None:
        """Show bars for days, or for hours."""
        head = self.query_one(Head)
        head.days = not head.days
        self._follow()

    def action_unit(self) -> None:
        """Show bars of money, or of tokens."""
        head = self.query_one(Head)
        head.dollars = not head.dollars
        self._follow()

    # How much may be used -----------------------------------------------------------------------

    def action_budget(self) -> None:
        """Say what the chosen agent may use."""
        head = self.query_one(Head)
        if head.report is None:
            return
        if head.chosen is None:
            self.problem("Budgets are of agents: ← leads to them.")
            return
        row = head.chosen
        agent = self._agent_of(row)
        if agent is None or agent.archived:
            key = actions.label(actions.by_id("agent.sessions").keys[0])
            self.problem(f"{row.name} is archived: {key} resumes it; then it can have a budget.")
            return
        unknown = [name for name in without_price(head.report) if name == one_line(row.model)]
        self._ask_budget(agent, with_workers(head.report, row), unknown)

    def _ask_budget(self, agent: AgentSummary, used: Usage, unknown: Sequence[str]) -> None:
        from tui.screens.budget import LIMITS, BudgetScreen

        async def keep(budget: Budget) -> Kept:
            from agent.protocol.commands.agents import SetBudget

            result, problem = await send(self, SetBudget(agent_id=agent.id, budget=budget))
            return str(result.get("spent", "")), problem

        minutes = max(0.0, self._clock() - agent.created_at) / 60
        whose = f"What {one_line(agent.name)} may use, its workers with it, from its beginning"
        self.app.push_screen(
            BudgetScreen(
                *("Budget", whose, LIMITS, agent.budget, used, keep),
                minutes=minutes,
                unpriced=unknown,
            ),
            self._kept,
        )

    def action_day(self) -> None:
        """Say what all agents together may use in a day."""
        report = self.query_one(Head).report
        if report is None:
            return
        from tui.screens.budget import LIMITS, BudgetScreen

        async def keep(limit: Budget) -> Kept:
            from agent.protocol.commands.limits import SetDayLimit

            _, problem = await send(self, SetDayLimit(limit=limit))
            return "", problem

        whose = "What all agents together may use in a day, from midnight to midnight"
        of_a_day = tuple(limit for limit in LIMITS if limit != "minutes")
        self.app.push_screen(
            BudgetScreen(
                *("The day's limit", whose, of_a_day, report.day_limit, report.today, keep),
                unpriced=without_price(report),
            ),
            self._kept,
        )

    def _kept(self, said: str | None) -> None:
        if said is not None:
            self._load(said)

    def action_close(self) -> None:
        """Leave."""
        self.dismiss(None)


def rows(found: Table, paint: Paint, chosen: int = -1) -> list[list[Piece]]:
    """Write a table's rows: names and money stand out, workers stand back, one may be chosen."""
    lines: list[list[Piece]] = []
    for index, line in enumerate(found.lines):
        *columns, cost = line.columns
        back = (paint.chosen if index == chosen else paint.blank).background_style
        cost_style = paint.muted if cost.strip() == "unpriced" else paint.text
        lines.append(
            [
                ("▎" if index == chosen else " ", paint.focus + back),
                (line.name, (paint.muted if line.below else paint.strong) + back),
                ("".join(columns), paint.muted + back),
                (cost, cost_style + back),
            ]
        )
    return lines
