"""The app's own connection to the private tmux server, shared by every pane on the screen."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from tui.gate.host import host

if TYPE_CHECKING:
    from textual.app import App
    from textual.dom import DOMNode

    from tungsten.adopted.adopted_view import AdoptedView
    from tungsten.screen.view import LiveView


class PaneConnection:
    """Opens a `LiveView` when the first pane is shown, and again after it was lost."""

    def __init__(self) -> None:
        self._view: LiveView | None = None
        self._socket = ""
        self._opening = asyncio.Lock()
        self._users = 0
        self._own: dict[str, AdoptedView] = {}

    def begin(self) -> None:
        """Count one more widget that shows panes."""
        self._users += 1

    async def end(self) -> None:
        """Count one less, and disconnect after the last."""
        self._users -= 1
        if self._users == 0:
            await self.close()

    async def view(self, socket: str) -> LiveView:
        """Return the view of the server at `socket`.

        Raises:
            tungsten.errors.TerminalError: there is no server, or no usable tmux.
        """
        async with self._opening:
            if self._view is not None and self._socket != socket:
                await self._close()
            if self._view is None:
                from tungsten.screen.view import LiveView

                self._view = await LiveView.open(Path(socket))
                self._socket = socket
            return self._view

    async def own(self, socket: str) -> AdoptedView:
        """Return the view of the person's own server at `socket`; raises as `view` does."""
        async with self._opening:
            if socket not in self._own:
                from tungsten.adopted.adopted_view import AdoptedView

                self._own[socket] = await AdoptedView.open(Path(socket))
            return self._own[socket]

    async def lost(self, view: LiveView) -> None:
        """Forget a view whose server does not answer any more."""
        if self._view is view:
            await self._close()

    async def close(self) -> None:
        """Close the connection; panes and their programs live on."""
        async with self._opening:
            await self._close()
            while self._own:
                await self._own.popitem()[1].close()

    async def _close(self) -> None:
        view, self._view = self._view, None
        if view is not None:
            from tungsten.errors import TerminalError

            with contextlib.suppress(TerminalError, OSError):
                await view.close()


_connections: WeakKeyDictionary[App[Any], PaneConnection] = WeakKeyDictionary()


def connection(node: DOMNode) -> PaneConnection:
    """Return the one connection of the app that a widget belongs to."""
    return _connections.setdefault(node.app, PaneConnection())


def tmux_socket(node: DOMNode) -> str:
    """Return the private tmux server's socket, as the engine names it."""
    return host(node).state.engine.tmux_socket
