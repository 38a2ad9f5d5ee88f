"""Several gates denied together, with one message to the agents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from tui.drawing.text import column, fit, one_line
from tui.gate.host import host, send
from tui.screens.card import CardScreen, card_foot, closing
from tui.widgets.field import Field

if TYPE_CHECKING:
    from agent.protocol.gates import Gate

LISTED = 8
"""Gates that are named; of more, the number."""


class DenyManyScreen(CardScreen["str | None"]):
    """Names what is about to be denied and takes the message; None when nothing was.

    Goes away with one line that says what became of them.
    """

    BINDINGS: ClassVar[list[BindingType]] = [closing("cancel")]

    def __init__(self, gates: Sequence[Gate]) -> None:
        super().__init__()
        self._gates = tuple(gates)

    def compose(self) -> ComposeResult:
        """Lay out the list and the message."""
        number = len(self._gates)
        with VerticalScroll(id="card", classes="-wide", can_focus=False) as card:
            card.border_title = f"Deny {number} {'gate' if number == 1 else 'gates'}"
            yield Static(self._listing(), classes="card-text")
            yield Field(placeholder="why not, and what to do instead; may be empty", id="why")
            yield from card_foot()

    def on_mount(self) -> None:
        """Say what Enter does."""
        them = "it" if len(self._gates) == 1 else "them all"
        self.tell_keys(("Enter", f"deny {them} with this message"), ("Esc", "back"))

    def _listing(self) -> Content:
        width = max(30, min(102, self.app.size.width - 10))
        lines = [
            Content.assemble(
                (f"{column(one_line(gate.agent_name), 16)} ", "bold"),
                fit(one_line(gate.text[:1_000]), max(8, width - 17)),
            )
            for gate in self._gates[:LISTED]
        ]
        if len(self._gates) > LISTED:
            lines.append(Content(f"and {len(self._gates) - LISTED} more"))
        return Content("\n").join(lines)

    def action_cancel(self) -> None:
        """Leave them waiting."""
        self.dismiss(None)

    @on(Input.Submitted, "#why")
    def _written(self, event: Input.Submitted) -> None:
        event.stop()
        self._deny(event.value.strip())

    @work(exclusive=True, exit_on_error=False)
    async def _deny(self, message: str) -> None:
        from agent.protocol.commands.gates import Decide

        denied = 0
        problem = ""
        for gate in self._gates:
            command = Decide(gate_id=gate.id, decision="deny", message=message)
            host(self).decided_apart(gate.id)
            _, wrong = await send(self, command)
            if wrong:
                host(self).decided_apart(gate.id, refused=True)
            problem = problem or wrong
            denied += not wrong
        said = f"{denied} denied"
        left = len(self._gates) - denied
        self.dismiss(f"{said}; {left} not: {problem}" if left else f"{said}.")
