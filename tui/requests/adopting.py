"""The request to take an agent that runs in the person's own tmux among the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.requests.panes import own_panes

if TYPE_CHECKING:
    from tui.app import TungstenApp


async def adopt(app: TungstenApp) -> None:
    """Show the panes of the person's own tmux; one key there asks, and adopts."""
    await own_panes(app)
