"""The keyboard in a pane: a person's own keys, delivered in order and without a gate."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from textual import events

from tui.gate.host import host
from tui.keys import actions
from tui.terminal.keys import KeyName, Literal, translate

if TYPE_CHECKING:
    from agent.protocol.wire import Wire
    from tui.gate.keyboard import KeyboardApp
    from tui.terminal.pane_view import PaneView
    from tungsten.screen.view import LiveView

RETURN_KEYS = actions.by_id("pane.return").keys
"""Take the keyboard back. tmux and terminals deliver F12, and shells, editors and pagers leave it
free, which can't be said of any Ctrl key."""
RETURN_LABEL = actions.shown("pane.return")
SCROLL_KEYS = {
    key: pages
    for action, pages in (("pane.page_up", 1), ("pane.page_down", -1))
    for key in actions.by_id(action).keys
}
"""Scroll the view, as in any terminal; programs do not get them."""
BURST_SECONDS = 20.0
"""Keys closer together than this are one burst, of which the agent is told once."""


class Paste(str):
    """Text to deliver as a paste, so that programs can tell it from typing."""

    __slots__ = ()


class KeysAhead:
    """Keeps what is typed for a pane that is not seen yet, so that it goes nowhere else."""

    def __init__(self, pane: PaneView, app: KeyboardApp[Any]) -> None:
        self._pane = pane
        self._kept: list[events.Key | events.Paste] = []
        self._give_back = app.take_keys(self._keep)

    def end(self) -> list[events.Key | events.Paste]:
        """Keep no more, and return what came."""
        self._give_back()
        return self._kept

    def _keep(self, event: events.Key | events.Paste) -> bool:
        if self._pane.app.screen is not self._pane.screen:
            return False
        if isinstance(event, events.Key) and event.key in RETURN_KEYS:
            self._pane.give_back()
        else:
            self._kept.append(event)
        return True


class Passthrough:
    """From when a person takes the keyboard until it is taken back."""

    def __init__(self, pane: PaneView, app: KeyboardApp[Any], live: LiveView, pane_id: str) -> None:
        self._pane = pane
        self._app = app
        self._live = live
        self._pane_id = pane_id
        self._waiting: list[Literal | KeyName | Paste] = []
        self._something = asyncio.Event()
        self._told_at: float | None = None
        self._ended = False
        self._agent_id = pane.agent_id()
        self.hold(on=True)
        app.keyboard_holder = pane
        self._give_back = app.take_keys(self._take)
        self._sender = pane.run_worker(self._send(), group="keys", exit_on_error=False)

    def end(self) -> None:
        """Take the keyboard back; keys already typed are still delivered."""
        if self._ended:
            return
        self._ended = True
        self.hold(on=False)
        self._give_back()
        if self._app.keyboard_holder is self._pane:
            self._app.keyboard_holder = None
        self._something.set()

    def go_on_with(self, kept: list[events.Key | events.Paste]) -> None:
        """Deliver what was typed before."""
        for event in kept:
            self._take(event)

    def _take(self, event: events.Key | events.Paste) -> bool:
        if self._app.screen is not self._pane.screen:
            return False
        if isinstance(event, events.Paste):
            self._add(Paste(event.text), event.time)
            return True
        if event.key in RETURN_KEYS:
            self._pane.give_back()
            return True
        if event.key in SCROLL_KEYS:
            self._pane.action_page_back(SCROLL_KEYS[event.key])
            return True
        key = translate(event.key, event.character)
        if key is not None:
            self._add(key, event.time)
        return True

    def _add(self, item: Literal | KeyName | Paste, at: float) -> None:
        self._pane.to_now()
        self._waiting.append(item)
        self._something.set()
        if self._told_at is None or at - self._told_at > BURST_SECONDS:
            self._tell_engine()
        self._told_at = at

    def hold(self, *, on: bool) -> None:
        """Let the agent type nothing there, or let it type again."""
        from agent.protocol.commands.panes import HoldKeyboard

        if self._agent_id is not None:
            self._tell(HoldKeyboard(agent_id=self._agent_id, pane_id=self._pane_id, on=on))

    def _tell_engine(self) -> None:
        from agent.protocol.commands.panes import PersonTyped

        agent_id = self._pane.agent_id()
        if agent_id is not None:
            self._tell(PersonTyped(agent_id=agent_id, pane_id=self._pane_id))

    def _tell(self, command: Wire) -> None:
        self._pane.run_worker(
            host(self._pane).engine_send(command), group="told", exit_on_error=False
        )

    async def _send(self) -> None:
        """Deliver in the order typed; what arrives meanwhile goes out together."""
        from tungsten.errors import TerminalError

        try:
            while not self._ended or self._waiting:
                await self._something.wait()
                self._something.clear()
                waiting, self._waiting = self._waiting, []
                for text, names, paste in _bundles(waiting):
                    if paste:
                        await self._live.paste(self._pane_id, paste)
                    elif names:
                        await self._live.send_keys(self._pane_id, *names)
                    else:
                        await self._live.send_text(self._pane_id, text)
        except TerminalError as error:
            self._pane.failed(error)


def _bundles(
    items: list[Literal | KeyName | Paste],
) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Join neighbours of a kind: (text, (), ""), ("", names, "") or ("", (), paste)."""
    text = ""
    names: list[str] = []
    for item in items:
        if text and not isinstance(item, Literal):
            yield text, (), ""
            text = ""
        if names and not isinstance(item, KeyName):
            yield "", tuple(names), ""
            names = []
        if isinstance(item, Literal):
            text += item.text
        elif isinstance(item, KeyName):
            names.append(item.name)
        else:
            yield "", (), str(item)
    if text:
        yield text, (), ""
    if names:
        yield "", tuple(names), ""
