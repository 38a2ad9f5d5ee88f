"""Ending an agent: asked first, with what it is doing meanwhile, and reported when it really ended.

What lies below a card is a still picture; whether the agent works on must be seen all the same.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui.conversation.empty_states import is_program
from tui.drawing.text import cost, count, fit, one_line
from tui.gate.host import host, send
from tui.gate.words import duration, next_duration_change
from tui.keys import actions
from tui.screens.confirm import ConfirmScreen
from tui.themes.theme import STATE_GLYPHS

if TYPE_CHECKING:
    from textual.timer import Timer

    from agent.protocol.agents import AgentSummary

WIDTH = 76
"""Cells of a row in the card."""

LET_GO = "Its program goes on in your own tmux, as it is; here it is watched no more"
"""What stopping means for an agent that was adopted."""

STOPPING = "Stopping: waiting until its processes are gone …"
LETTING_GO = "Letting it go …"

STATE_STYLES = {
    "working": "$text-primary",
    "waiting": "bold $text-warning",
    "failed": "$text-error",
}


def is_adopted(agent: AgentSummary) -> bool:
    """Whether an agent runs in the person's own tmux."""
    return agent.hosted is not None and agent.hosted.adopted


class EndAgentScreen(ConfirmScreen):
    """Asks before something that ends an agent's turn, and shows what the agent does until then.

    Args:
        agent: whom it ends.
        title: as `ConfirmScreen`, like `text`, `verb` and `perform`.
        text: what is lost and what stays.
        verb: what `y` does.
        perform: does it.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        agent: AgentSummary,
        title: str,
        text: str,
        *,
        verb: str,
        perform: Callable[[], Awaitable[str]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(
            title,
            text,
            verb=verb,
            during=LETTING_GO if is_adopted(agent) else STOPPING,
            perform=perform,
        )
        self._agent = agent
        self._clock = clock
        self._ticking: Timer | None = None

    def more(self) -> Iterable[Widget]:
        """A row for what it does, and one for what it has used."""
        yield Static(id="doing", classes="card-gap")

    def on_mount(self) -> None:
        """Show it as of now."""
        self.agents_changed()

    def agents_changed(self) -> None:
        """Show what the agent does now; its time goes on by itself."""
        row = next(iter(self.query("#doing").results(Static)), None)
        if row is None:
            # Closed before it was seen.
            return
        known = (one for one in host(self).state.agents if one.id == self._agent.id)
        self._agent = agent = next(known, self._agent)
        passed = self._clock() - agent.since
        state = f"{STATE_GLYPHS[agent.state]} {agent.state} for {duration(passed)}"
        doing = one_line(agent.activity)
        room = WIDTH - len(state) - 2
        used = agent.usage
        spent = f"{used.requests:,} requests · {count(used.tokens)} tokens · {cost(used)}"
        row.update(
            Content.assemble(
                (state, STATE_STYLES.get(agent.state, "$foreground")),
                (f"  {fit(doing, room)}" if doing else "", "$muted"),
                (f"\n{spent}" if used.requests else "", "$muted"),
            )
        )
        if self._ticking is not None:
            self._ticking.stop()
        self._ticking = self.set_timer(max(0.05, next_duration_change(passed)), self.agents_changed)


class StopAgentScreen(EndAgentScreen):
    """Stops an agent, and goes away with True when it has really stopped."""

    def __init__(
        self, agent: AgentSummary, workers: int = 0, *, clock: Callable[[], float] = time.time
    ) -> None:
        panes = sum(1 for pane in agent.panes if not pane.dead)
        ends = {0: "", 1: " and what runs in its terminal"}.get(
            panes, f" and what runs in its {panes} terminals"
        )
        if workers:
            ends += " and its worker" if workers == 1 else f" and its {workers} workers"
        words = f"This ends its turn{ends}. The session stays: a prompt goes on with it."
        if is_program(agent):
            sessions = actions.shown("agent.sessions")
            words = (
                "This ends the program. The session stays: it can be read again, and "
                f"/archive and then {sessions} start the program anew."
            )
        title, text, verb = f"Stop {agent.name}?", words, "stop it"
        if is_adopted(agent):
            title, text, verb = f"Let {agent.name} go?", f"{LET_GO}.", "let it go"
        super().__init__(
            agent,
            title,
            text,
            verb=verb,
            perform=self._stop,
            clock=clock,
        )

    async def _stop(self) -> str:
        from agent.protocol.commands.agents import StopAgent

        _, problem = await send(self, StopAgent(agent_id=self._agent.id))
        return problem
