"""What gates, panes and screens ask of the app that shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from textual.dom import DOMNode

    from agent.protocol.snapshot import Snapshot
    from agent.protocol.wire import Wire


class EngineHost(Protocol):
    """An app connected to an engine."""

    @property
    def state(self) -> Snapshot:
        """What the engine last said, whole."""

    @property
    def has_draft(self) -> bool:
        """Whether something stands in the prompt, which the next key may belong to."""

    def show_pane(self, agent_id: str, pane_id: str | None) -> bool:
        """Bring one pane of an agent into view, or just the agent; False when it has no such pane.

        Where the layout hides terminals this one is shown all the same, until `pane_seen`.
        """

    def pane_seen(self) -> None:
        """Give the layout back that `show_pane` changed, if it changed one."""

    def decided_apart(self, gate_id: str, *, refused: bool = False) -> None:
        """Tell the gate dialog that this person decides a gate outside it, or that it was refused.

        What is not told so counts as decided by somebody else.
        """

    async def approval_problem(self, ago: float) -> str:
        """Say in one line why an approval pressed `ago` seconds ago can't be a person's, or ""."""

    async def engine_send(self, command: Wire) -> dict[str, Any]:
        """Send a command and return its result.

        Raises:
            agent.errors.AgentError: the engine refused, or is gone; its text is for the person.
        """


def host(node: DOMNode) -> EngineHost:
    """Return the app of a widget or screen, as the engine's front end."""
    return cast("EngineHost", node.app)


async def send(node: DOMNode, command: Wire) -> tuple[dict[str, Any], str]:
    """Send a command; return its result, and one line of what went wrong, empty when nothing."""
    from agent.errors import AgentError

    try:
        return await host(node).engine_send(command), ""
    except AgentError as error:
        return {}, str(error)
