"""How much may be used: one field for each limit, beside what is used already."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Input, Static

from agent.usage.budget_words import amount, number
from tui.drawing.text import cost
from tui.screens.card import CardScreen, card_foot, closing
from tui.widgets.field import Field

if TYPE_CHECKING:
    from agent.protocol.usage import Budget, Usage

LIMITS = ("dollars", "requests", "tokens", "minutes")
"""What a budget can limit."""

WHOLE = frozenset({"requests", "tokens"})
"""Limits without a fraction."""

USED = 26
"""Cells for what is used already."""

MOST = 1_000_000_000_000
"""More than anybody needs, and a number in full everywhere."""

Kept: TypeAlias = tuple[str, str]
"""Why what is kept allows no further request, and what went wrong; empty when nothing."""


class BudgetScreen(CardScreen["str | None"]):
    """Changes limits; goes away with one line that says what holds, or None.

    Args:
        title: Of the card.
        whose: What the limits are for, in a sentence.
        limits: Which of `LIMITS` there are.
        budget: Those in force.
        used: What counts towards them.
        keep: Has others hold.
        minutes: Those that passed, where they are limited.
        unpriced: Names of models that it is about and whose price is not known.
    """

    BINDINGS: ClassVar[list[BindingType]] = [closing("close")]
    DEFAULT_CSS = """
    BudgetScreen {
        .budget-used { padding-left: 2; color: $text-muted; }
    }
    """

    def __init__(
        self,
        title: str,
        whose: str,
        limits: Sequence[str],
        budget: Budget,
        used: Usage,
        keep: Callable[[Budget], Awaitable[Kept]],
        *,
        minutes: float = 0.0,
        unpriced: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._unpriced = unpriced
        self._title = title
        self._whose = whose
        self._limits = limits
        self._budget = budget
        self._keep = keep
        self._used = {
            "dollars": used.cost or 0.0,
            "requests": float(used.requests),
            "tokens": float(used.tokens),
            "minutes": minutes,
        }
        self._said = {
            "dollars": f"{cost(used)} used",
            "requests": f"{used.requests:,} used",
            "tokens": f"{used.tokens:,} used",
            "minutes": f"{minutes:,.0f} passed",
        }
        self._warned: Budget | None = None
        """What was said to let nothing more happen; Enter once more keeps it."""

    def compose(self) -> ComposeResult:
        """Lay out the fields."""
        with VerticalScroll(id="card", can_focus=False) as card:
            card.border_title = self._title
            yield Static(self._whose, classes="card-hint", markup=False)
            for limit in self._limits:
                value = getattr(self._budget, limit)
                with Horizontal(classes="card-row"):
                    yield Static(limit, markup=False)
                    yield Field(
                        value="" if value is None else number(value).replace(",", ""),
                        placeholder="no limit",
                        id=limit,
                    )
                    said = Static(self._said[limit], classes="budget-used", markup=False)
                    # The rule for what stands first in such rows would come before one of ours.
                    said.styles.width = USED
                    yield said
            yield from card_foot()

    def on_mount(self) -> None:
        """Say what can be pressed."""
        self.tell_keys(("Enter", "keep"), ("Tab", "next"), ("Esc", "leave it as it is"))

    @on(Input.Changed)
    def _written(self) -> None:
        self._warned = None
        self.progress("")

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        found: dict[str, float | int | None] = {}
        for limit in self._limits:
            field = self.query_one(f"#{limit}", Field)
            try:
                found[limit] = read(limit, field.value)
            except ValueError as error:
                self.problem(str(error))
                field.focus()
                return
        budget = self._budget.model_copy(update=found)
        spent = [
            limit
            for limit in self._limits
            if (most := found[limit]) is not None and self._used[limit] >= most
        ]
        warnings = []
        if spent:
            spent_words = ", ".join(f"{limit} ({self._said[limit]})" for limit in spent)
            warnings.append(f"Spent already: {spent_words}.")
        if self._unpriced and budget.dollars not in (None, self._budget.dollars):
            names = ", ".join(self._unpriced)
            warnings.append(f"No known price, so not asked under a limit in dollars: {names}.")
        if warnings and budget != self._warned:
            self._warned = budget
            self.problem(f"{' '.join(warnings)} Enter once more keeps it all the same.")
            return
        self._change(budget)

    @work(exclusive=True, exit_on_error=False)
    async def _change(self, budget: Budget) -> None:
        spent, problem = await self._keep(budget)
        if problem:
            self.problem(problem)
            return
        limits = [
            amount(limit, value)
            for limit in self._limits
            if (value := getattr(budget, limit)) is not None
        ]
        self.dismiss(spent or (f"Kept: {', '.join(limits)} at most." if limits else "No limit."))

    def action_close(self) -> None:
        """Leave the limits as they are."""
        self.dismiss(None)


def read(limit: str, text: str) -> float | int | None:
    """Read one limit as a person writes it; None is no limit.

    Raises:
        ValueError: it is none; its text says in one line what to write.
    """
    text = text.strip().removeprefix("$").replace(",", "").replace("_", "").strip()
    if not text or text.lower() == "off":
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= MOST:
        raise ValueError(f"{limit}: a number such as 5, or nothing for no limit.")
    if limit in WHOLE:
        if value != int(value):
            raise ValueError(f"{limit}: a whole number, or nothing for no limit.")
        return int(value)
    return value
