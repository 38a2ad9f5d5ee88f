"""The app's own connection to the private tmux server, shared by every pane on the screen."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from textual.message import Message

from tui.gate.host import host

if TYPE_CHECKING:
    from textual.app import App
    from textual.dom import DOMNode
    from textual.message_pump import MessagePump

    from tungsten.adopted.adopted_view import AdoptedView
    from tungsten.screen.view import LiveView

SILENT = 4.0
"""Seconds after which a server counts as hung; the busiest answers within one."""

APART = 1.0
"""Least seconds between two questions whether it is there."""


class TerminalsSilent(Message):
    """The private tmux server is there and does not answer."""


class TerminalsAnswer(Message):
    """It does again, unless `ended`: then it is gone, or looked at no more."""

    def __init__(self, *, ended: bool) -> None:
        super().__init__()
        self.ended = ended


class PaneConnection:
    """Opens a `LiveView` when the first pane is shown, and again after it was lost."""

    def __init__(self) -> None:
        self._view: LiveView | None = None
        self._socket = ""
        self._opening = asyncio.Lock()
        self._users = 0
        self._own: dict[str, AdoptedView] = {}
        self._later: asyncio.TimerHandle | None = None
        self._asking: asyncio.Task[None] | None = None
        self._asked_at = 0.0

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

    def look(self, target: MessagePump) -> None:
        """See whether the server answers, and tell `target` when it does not.

        For when something happened that panes might show: of a server that was stopped nothing
        else tells, since all that it would say is what it does not say.
        """
        if self._view is None or self._later is not None or self._asking is not None:
            return
        loop = asyncio.get_running_loop()
        moment = max(self._asked_at + APART, loop.time())
        self._later = loop.call_at(moment, self._begin_to_ask, target)

    def _begin_to_ask(self, target: MessagePump) -> None:
        self._later = None
        if self._view is not None:
            self._asked_at = asyncio.get_running_loop().time()
            self._asking = asyncio.create_task(self._ask(self._view, target))

    async def _ask(self, view: LiveView, target: MessagePump) -> None:
        from tungsten.errors import TerminalError
        from tungsten.tmux.connection import insist

        answer = asyncio.ensure_future(
            insist(lambda: view.client.command("display-message", "-p", ""))
        )
        try:
            done, _ = await asyncio.wait({answer}, timeout=SILENT)
            if not done:
                # An app that was stopped itself has yet to read what it was told.
                done, _ = await asyncio.wait({answer}, timeout=APART)
            if not done:
                target.post_message(TerminalsSilent())
                try:
                    await asyncio.wait({answer})
                finally:
                    ended = not answer.done() or answer.exception() is not None
                    target.post_message(TerminalsAnswer(ended=ended))
        finally:
            self._asking = None
            answer.cancel()
            # The panes tell of its end.
            with contextlib.suppress(TerminalError, asyncio.CancelledError):
                await answer

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
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._asking is not None:
            self._asking.cancel()
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
