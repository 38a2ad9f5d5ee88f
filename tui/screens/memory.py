"""All about one memory: its text and facts as they were at any version, and where it comes from."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.strip import Strip

from agent.protocol.memory import (
    BringBackMemory,
    Known,
    PastVersion,
    ReadMemory,
    Remembered,
    asking,
)
from tui.drawing.memory_words import AUTHORS, about, moment
from tui.drawing.text import Piece, clean, one_line, strip_of, wrap
from tui.gate.host import send
from tui.screens.card import CardScreen, card_foot
from tui.widgets.row_list import Row, RowList
from tui.widgets.scrolled import Scrolled

VERSIONS = 6
"""Rows of the list of versions, at most."""


class Text(Scrolled):
    """What the memory was at the chosen version, and what is known besides."""

    def __init__(self, memory: Remembered, clock: Callable[[], float], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._clock = clock
        self._memory: Remembered | None = memory
        self._before: Remembered | None = None
        self._known: Known | None = None
        self._latest = True

    def show(
        self, memory: Remembered | None, before: Remembered | None, known: Known, *, latest: bool
    ) -> None:
        """Show a version, None for one that was redacted, and how it differs from the one before.

        Where it comes from and how it was used is told with the latest one.
        """
        self._memory, self._before, self._known = memory, before, known
        self._latest = latest
        self._from = 0
        self.redraw()

    def text(self, width: int) -> list[list[Piece]]:
        """Write it."""
        paint = self.paint
        if self._memory is None:
            return [[("The text of this version was removed for good.", paint.muted)]]
        lines = about(self._memory, self._clock(), width, paint)
        if self._before is not None and self._before.text != self._memory.text:
            was = wrap([(f"before: {clean(self._before.text)}", paint.muted)], width)
            at = lines.index([])
            lines[at:at] = was
        known = self._known
        if known is None or not self._latest:
            return lines
        origin = known.origin
        told = [
            ("session", "" if origin is None else f"{origin.name} ({origin.directory})"),
            ("message", f"row {self._memory.message}" if self._memory.message else ""),
            ("used", _uses(known)),
            ("id", self._memory.id),
        ]
        for name, value in told:
            if value:
                first, *rest = wrap([(one_line(value), paint.text)], max(8, width - 12))
                lines.append([(f"{name:<12}", paint.muted), *first])
                lines += ([(" " * 12, paint.blank), *line] for line in rest)
        return lines

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw it over a line that parts it from the versions."""
        paint = self.paint
        rule = strip_of([("─" * width, paint.rule)], width, paint.blank)
        lines = super().draw(width, height - 1)
        blank = strip_of([], width, paint.blank)
        return [*lines, *[blank] * (height - 1 - len(lines)), rule]


class MemoryScreen(CardScreen[bool]):
    """Shows one memory; goes away with True when it was changed.

    Args:
        memory: As the list has it; shown until the engine has told more.
        clock: Seconds since the epoch.
    """

    AUTO_FOCUS = "#memory-about"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "close", show=False),
        Binding("up,k", "version(-1)", show=False, priority=True),
        Binding("down,j", "version(1)", show=False, priority=True),
        Binding("b", "bring_back", show=False),
    ]
    DEFAULT_CSS = """
    MemoryScreen {
        #card { height: 100%; max-height: 40; padding: 1 2; }
        #memory-about { height: 1fr; }
        #card-line { margin-top: 0; }
        #card-keys { margin-top: 0; }
    }
    """

    def __init__(self, memory: Remembered, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._memory = memory
        self._clock = clock
        self._known: Known | None = None
        self._changed = False
        self._busy = False

    def compose(self) -> ComposeResult:
        """Lay out text and versions."""
        with Vertical(id="card", classes="-wide") as card:
            card.border_title = "Memory"
            yield Text(self._memory, self._clock, id="memory-about")
            yield RowList(id="memory-versions")
            yield from card_foot()

    def on_mount(self) -> None:
        """Ask for its history."""
        self.query_one(RowList).styles.height = 1
        self._tell_what_can_be_done()
        self._load()

    @work(exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        result, problem = await send(self, asking(ReadMemory(memory_id=self._memory.id)))
        if not self.is_open:
            return
        if problem:
            self.problem(problem)
            return
        self._known = known = Known.model_validate(result)
        rows = [
            Row(
                str(one.version),
                f"version {one.version}",
                f"{moment(one.at)} · {AUTHORS.get(one.by, one_line(one.by))}: "
                f"{one_line(one.reason)}",
                "now" if number == 0 else "",
            )
            for number, one in enumerate(reversed(known.versions))
        ]
        versions = self.query_one(RowList)
        versions.styles.height = max(1, min(VERSIONS, len(rows)))
        versions.show(rows)
        self._show()

    def _show(self) -> None:
        known, chosen = self._known, self._chosen
        if known is None or chosen is None:
            return
        before = next((one for one in known.versions if one.version == chosen.version - 1), None)
        latest = chosen.version == known.versions[-1].version
        memory = known.memory if latest else chosen.memory
        self.query_one(Text).show(
            memory, before.memory if before is not None else None, known, latest=latest
        )
        self._tell_what_can_be_done()

    @property
    def _chosen(self) -> PastVersion | None:
        version = self.query_one(RowList).chosen
        if self._known is None:
            return None
        return next((one for one in self._known.versions if str(one.version) == version), None)

    def _tell_what_can_be_done(self) -> None:
        keys = [("↑↓", "versions"), ("PgUp PgDn", "scroll")]
        chosen = self._chosen
        if chosen is not None and self._may_bring_back(chosen):
            keys.insert(1, ("b", "bring this one back"))
        self.tell_keys(*keys, ("Esc", "close"))

    def _may_bring_back(self, chosen: PastVersion) -> bool:
        known = self._known
        return (
            known is not None
            and known.memory.status != "redacted"
            and chosen.memory is not None
            and chosen.version != known.versions[-1].version
        )

    def action_version(self, step: int) -> None:
        """Look at the version before, or after."""
        versions = self.query_one(RowList)
        at = int(versions.chosen or 0)
        last = len(versions.rows)
        # The newest one is the first row.
        if 1 <= at - step <= last:
            versions.move(step)
            self._show()

    def on_row_list_picked(self, event: RowList.Picked) -> None:
        """Look at the version that was clicked."""
        event.stop()
        at = int(self.query_one(RowList).chosen or 0)
        self.query_one(RowList).move(at - int(event.row_id))
        self._show()

    def action_bring_back(self) -> None:
        """Have the memory be what it was at the chosen version."""
        chosen = self._chosen
        if chosen is not None and not self._busy and self._may_bring_back(chosen):
            self._bring_back(chosen.version)

    @work(exit_on_error=False)
    async def _bring_back(self, version: int) -> None:
        self._busy = True
        request = BringBackMemory(memory_id=self._memory.id, version=version)
        _, problem = await send(self, asking(request))
        self._busy = False
        if problem:
            self.problem(problem)
        else:
            self._changed = True
            self.progress(f"It is as it was at version {version}; nothing is lost.")
            self._load()

    def action_close(self) -> None:
        """Leave."""
        self.dismiss(self._changed)


def _uses(known: Known) -> str:
    uses = known.uses
    told = [
        f"{name} {count}"
        for name, count in (
            ("recalled", uses.recalled),
            ("cited", uses.cited),
            ("confirmed", uses.confirmed),
            ("contradicted", uses.contradicted),
        )
        if count
    ]
    return ", ".join(told) or "not yet"
