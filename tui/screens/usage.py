"""Usage: tokens and money by agent, session, day and model."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.strip import Strip

from tui.gate.host import send
from tui.screens.card import CardScreen, card_foot, closing
from tui.text import Piece, strip_of
from tui.usage_table import LEGEND, VIEWS, Table, summary, table, unpriced, views
from tui.widgets.lines import Lines
from tui.widgets.scrolled import Scrolled

if TYPE_CHECKING:
    from rich.style import Style

    from agent.protocol.usage import Budget, Usage, UsageReport
    from tui.theme import Paint

LABEL = 10
"""Cells of the words before the sums."""

TITLES = {"agents": "Agents", "sessions": "Sessions", "days": "Days", "models": "Models"}
NOTHING = "Nothing was used yet."


class Head(Lines):
    """The sums of today and of all time, the limits, and the views to choose from."""

    GROUND = "surface"

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.report: UsageReport | None = None
        self.view = VIEWS[0]

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw it."""
        paint = self.paint
        lines: list[list[Piece]] = [[], [], []]
        if self.report is not None:
            report = self.report
            lines = [
                self._sums("Today", report.today, report.day_limit, width, paint.strong),
                self._sums("All time", report.total, None, width, paint.text),
                [],
            ]
        tabs: list[Piece] = []
        for view in views(self.report) if self.report is not None else ():
            style = paint.chosen if view == self.view else paint.muted
            tabs += [(f" {TITLES[view]} ", style), ("  ", paint.blank)]
        return [strip_of(line, width, paint.blank) for line in [*lines, tabs]]

    def _sums(
        self, label: str, usage: Usage, limit: Budget | None, width: int, style: Style
    ) -> list[Piece]:
        sums = summary(usage, limit, width - LABEL)
        return [(f"{label:<{LABEL}}", self.paint.muted), (sums, style)]


class Rows(Scrolled):
    """The table of one view; its headings stay where they are."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.report: UsageReport | None = None
        self.view = VIEWS[0]

    def show(self, view: str) -> None:
        """Show another view, from its beginning."""
        self.view = view
        self._from = 0
        self.redraw()

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw the headings, and what is visible below them."""
        if self.report is None:
            return []
        found = table(self.report, self.view, width - 1)
        paint = self.paint
        if not found.lines:
            return [strip_of([(NOTHING, paint.muted)], width, paint.blank)]
        heading = [("".join([found.heading.name, *found.heading.columns]), paint.faint)]
        first = strip_of(heading, width, paint.blank)
        return [first, *super().draw(width, height - 1)]

    def text(self, width: int) -> list[list[Piece]]:
        """Write the rows."""
        assert self.report is not None
        return rows(table(self.report, self.view, width), self.paint)


class UsageScreen(CardScreen[None]):
    """What was used; ←→ change the view."""

    AUTO_FOCUS = "#rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        closing("close", "escape,alt+u,q"),
        Binding("right,tab,l", "turn(1)", show=False),
        Binding("left,shift+tab,h", "turn(-1)", show=False),
    ]
    DEFAULT_CSS = """
    UsageScreen {
        #card { height: 100%; max-height: 34; }
        #head { height: 4; }
        #rows { height: 1fr; margin-top: 1; }
        #card-line { margin-top: 0; }
        #card-keys { margin-top: 0; }
    }
    """

    def compose(self) -> ComposeResult:
        """Lay out sums, views and table."""
        with Vertical(id="card", classes="-wide") as card:
            card.border_title = "Usage"
            yield Head(id="head")
            yield Rows(id="rows")
            yield from card_foot()

    def on_mount(self) -> None:
        """Ask the engine."""
        self.tell_keys(("←→", "change the view"), ("↑↓", "scroll"), ("Esc", "close"))
        self._load()

    @work(exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        from agent.protocol.commands.engine import ReadUsage
        from agent.protocol.usage import UsageReport

        result, problem = await send(self, ReadUsage())
        if problem:
            self.problem(problem)
            return
        report = UsageReport.model_validate(result["report"])
        head, shown = self.query_one(Head), self.query_one(Rows)
        head.report = shown.report = report
        head.redraw()
        shown.redraw()
        self.progress("\n".join(filter(None, (LEGEND if report.agents else "", unpriced(report)))))

    def action_turn(self, step: int) -> None:
        """Look at another view."""
        head, shown = self.query_one(Head), self.query_one(Rows)
        if head.report is None:
            return
        known = views(head.report)
        head.view = known[(known.index(head.view) + step) % len(known)]
        head.redraw()
        shown.show(head.view)

    def action_close(self) -> None:
        """Leave."""
        self.dismiss(None)


def rows(found: Table, paint: Paint) -> list[list[Piece]]:
    """Write a table's rows: names and money stand out, workers stand back."""
    lines: list[list[Piece]] = []
    for line in found.lines:
        *columns, cost = line.columns
        cost_style = paint.muted if cost.strip() == "unpriced" else paint.text
        lines.append(
            [
                (line.name, paint.muted if line.below else paint.strong),
                ("".join(columns), paint.muted),
                (cost, cost_style),
            ]
        )
    return lines
