"""The status line: where the focused agent works, with what, and what it has cost."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.strip import Strip

from tui.drawing.text import Piece, cost, count, fit_path, home_path, money, one_line, strip_of
from tui.widgets.lines import Lines
from tungsten.duration import duration

if TYPE_CHECKING:
    from agent.protocol.agents import AgentSummary
    from agent.protocol.snapshot import Snapshot

METER = 5
"""Cells of the context meter."""

WIDE = 100
"""Columns from which everything has its whole name."""


class StatusLine(Lines):
    """One row; what matters least gives way first when it gets narrow."""

    def __init__(self, text: str, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._text = text
        self._problem = False
        self._state: Snapshot | None = None
        self._agent: AgentSummary | None = None
        self._look_only = False
        self._unattended = False
        self._now = 0.0

    def say(self, text: str, *, problem: bool = False) -> None:
        """Show the state of the connection instead of an agent; empty text ends that."""
        self._text, self._problem = text, problem
        self.redraw()

    def show(
        self,
        state: Snapshot,
        agent: AgentSummary | None,
        now: float,
        *,
        look_only: bool = False,
        unattended: bool = False,
    ) -> None:
        """Show the focused agent, and what concerns all, at this time.

        `look_only`: the engine takes no decision from here; `unattended`: approvals count without
        a person at the keys.
        """
        self._state, self._agent, self._now = state, agent, now
        self._look_only, self._unattended = look_only, unattended
        self.redraw()

    def age(self, now: float) -> None:
        """Show the same at another time."""
        self._now = now
        self.redraw()

    def next_change(self) -> float | None:
        """Say in how many seconds what is shown changes by itself; None when it does not."""
        return None if self._state is None else self._state.blocked_today.minute_change(self._now)

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw the row."""
        paint = self.paint
        right = self._alerts(width)
        if self._text:
            style = paint.attention_fill if self._problem else paint.muted
            left: list[tuple[int, list[Piece]]] = [(0, [(f" {self._text} ", style)])]
        else:
            left = self._facts(width)
        room = width - sum(cell_len(text) for text, _ in right) - (2 if right else 0)
        left = _narrowed(left, room)
        pieces = [piece for _, part in left for piece in part]
        used = sum(cell_len(text) for text, _ in pieces)
        room += 2 if right else 0
        if used < room:
            pieces.append((" " * (room - used), paint.blank))
        return [strip_of([*pieces, *right], width, paint.blank)]

    def _facts(self, width: int) -> list[tuple[int, list[Piece]]]:
        """Pieces with their rank: the highest rank goes first when room is short."""
        paint = self.paint
        agent = self._agent
        state = self._state
        gap: Piece = ("  ", paint.blank)
        if agent is None:
            setup = state.setup if state is not None else None
            if setup is None or setup.provider == "none":
                return [(0, [(" no model chosen yet: /model", paint.muted)])]
            return [
                (0, [(f" {one_line(setup.model) or setup.provider}", paint.muted)]),
                *([(1, [gap, (one_line(setup.problem), paint.bad)])] if setup.problem else []),
            ]
        # So that what agents waited for has room in 80 columns while something waits.
        most = min(32, width * 3 // 10)
        path = fit_path(one_line(home_path(agent.directory, os.path.expanduser("~"))), most)  # noqa: PTH111
        facts: list[tuple[int, list[Piece]]] = [(1, [(f" {path}", paint.text)])]
        if agent.branch:
            facts.append((2, [gap, ("⎇ ", paint.faint), (one_line(agent.branch), paint.muted)]))
        if agent.kind == "model":
            facts.append((4, [gap, (_short_model(one_line(agent.model)), paint.muted)]))
            if agent.effort:
                facts.append((5, [(f" effort {agent.effort}", paint.faint)]))
            if agent.context_window:
                share = min(1.0, agent.context_tokens / agent.context_window)
                full = round(share * METER)
                style = paint.attention if share >= 0.8 else paint.muted
                meter = [("▰" * full, style), ("▱" * (METER - full), paint.faint)]
                facts.append((5, [gap, *meter]))
                facts.append((3, [(f" {share:.0%} context", style)]))
            elif agent.context_tokens:
                facts.append((3, [gap, (f"{count(agent.context_tokens)} context", paint.muted)]))
            usage = agent.usage
            facts.append((6, [gap, (f"{count(usage.tokens)} tokens", paint.muted)]))
            facts.append((2, [gap, (cost(usage), paint.text)]))
            today = cost(state.usage_today) if state is not None else ""
            if today and today != cost(usage):
                facts.append((7, [gap, (f"{today} today", paint.faint)]))
        elif agent.hosted is not None:
            facts.append((4, [gap, (one_line(agent.hosted.title), paint.muted)]))
            if agent.hosted.source:
                facts.append((5, [(f" by its {agent.hosted.source}", paint.faint)]))
            if (spent := agent.hosted.spent) is not None:
                if spent.tokens is not None:
                    facts.append((6, [gap, (f"{count(spent.tokens)} tokens", paint.muted)]))
                if spent.cost is not None:
                    facts.append((2, [gap, (money(spent.cost), paint.text)]))
                facts.append((7, [(f" by its {spent.source}", paint.faint)]))
        elif agent.kind == "command":
            facts.append((4, [gap, ("a program, no model", paint.muted)]))
        if agent.instructions:
            files = sum(1 for _ in agent.instructions)
            word = "file" if files == 1 else "files"
            facts.append((8, [gap, (f"{files} instruction {word}", paint.faint)]))
        blocked = state.blocked_today.by(self._now) if state is not None else 0.0
        if blocked >= 60:
            facts.append((2, [gap, (f"waited for you {duration(blocked)} today", paint.muted)]))
        return facts

    def _alerts(self, width: int) -> list[Piece]:
        paint = self.paint
        state, agent = self._state, self._agent
        pieces: list[Piece] = []
        if state is None:
            return pieces
        if self._look_only:
            pieces += [("look only ", paint.attention)]
        if self._unattended:
            # Where it is narrow, the agent's mode and that somebody is waited for come first.
            words = "unattended approvals" if width >= WIDE else "unattended"
            pieces += [(f" {words} ", paint.attention), (" ", paint.blank)]
        if state.paused:
            pieces += [(" paused ", paint.attention_fill), (" ", paint.blank)]
        if agent is not None and agent.scripted:
            pieces += [("demo model ", paint.muted)]
        waiting = len(state.gates) + len(state.questions)
        if waiting:
            word = "waits" if waiting == 1 else "wait"
            pieces += [(f" ▲ {waiting} {word} for you ", paint.attention_fill), (" ", paint.blank)]
        if agent is not None and agent.kind == "model":
            pieces += [(f"{agent.mode} ", paint.text)]
        return pieces


def _short_model(model: str) -> str:
    return model.removeprefix("claude-") or "no model"


def _narrowed(parts: list[tuple[int, list[Piece]]], room: int) -> list[tuple[int, list[Piece]]]:
    parts = list(parts)

    def cells() -> int:
        return sum(cell_len(text) for _, part in parts for text, _ in part)

    while len(parts) > 1 and cells() > room:
        at = max(range(len(parts)), key=lambda number: parts[number][0])
        del parts[at]
        if 0 < at < len(parts) and not parts[at][1][0][0].startswith("  "):
            # It stood close to what is gone, as it belongs to that; now it stands alone.
            rank, ((text, style), *others) = parts[at]
            parts[at] = (rank, [(f" {text}", style), *others])
    return parts
