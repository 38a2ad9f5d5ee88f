"""A tmux pane, live: its frames, its size, and the keyboard when a person takes it.

Frames do not pass through the agent: the app holds its own connection to the private tmux server
(`tungsten.screen.view.LiveView`). A frame replaces the one before it; only rows that changed are
drawn.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import events, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from tui.drawing.arrangement import SMALLEST
from tui.gate.host import host
from tui.gate.keyboard import KeyboardApp
from tui.keys import actions
from tui.terminal.connection import connection, tmux_socket
from tui.terminal.pane_screen import PaneScreen
from tui.terminal.passthrough import KeysAhead, Passthrough
from tui.terminal.strips import without_end
from tui.widgets.keys_in_order import KeysInOrder

if TYPE_CHECKING:
    from tungsten.adopted.adopted_view import AdoptedView
    from tungsten.errors import TerminalError
    from tungsten.screen.frame import Frame
    from tungsten.screen.view import LiveView

FPS_WATCHED = 30.0
FPS_UNWATCHED = 8.0
"""Frames a second while the app is in the background, where smoothness is seen by nobody."""
RESIZE_DELAY = 0.12
"""Seconds without a further change before the tmux pane follows the widget's size."""
RETRY_SECONDS = 1.0
"""Least time between two attempts to reach a server that has ended."""
ENDED = "This terminal takes no keys: its program has ended"
PERSONS = "This pane is in your own tmux: type in it there, or write to its agent"
HISTORY = 5000
"""Lines of scrollback fetched when the person scrolls up."""


class PaneView(KeysInOrder, PaneScreen, can_focus=True):
    """Shows one pane of the private tmux server, and makes the pane as large as itself.

    Args:
        fps: Most frames a second to draw while the app is in the foreground.
        follow_size: Whether the tmux pane is resized to the widget.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(actions.by_id("pane.type").keys), "take_keyboard", "Type here", show=False)
    ]

    class Shown(Message):
        """The pane is live, in the server that `LiveView.server` names so."""

        def __init__(self, pane_id: str, server: str) -> None:
            super().__init__()
            self.pane_id = pane_id
            self.server = server

    class KeyboardTaken(Message):
        """The pane's program gets every key from now on."""

    class KeyboardReturned(Message):
        """Keys belong to the app again."""

    def __init__(
        self,
        *,
        fps: float = FPS_WATCHED,
        follow_size: bool = True,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._fps = fps
        self._follow_size = follow_size
        self._failed_at = 0.0
        self._is_visible = False
        self._live: LiveView | None = None
        self._own: AdoptedView | None = None
        """In the place of `_live`, where the pane is in the person's own tmux."""
        self._stop: Callable[[], None] | None = None
        self._resizing: Timer | None = None
        self._retrying: Timer | None = None
        self._passthrough: Passthrough | None = None
        self._ahead: KeysAhead | None = None
        """What is typed for the pane until its first frame is here."""
        self._focus_before: Widget | None = None

    def _write_elsewhere(self, character: str) -> bool:
        write = getattr(self.screen, "type_into_prompt", None)
        return not self.has_keyboard and write is not None and bool(write(character))

    # What is shown ------------------------------------------------------------------------------

    def show(self, pane_id: str | None) -> None:
        """Show another pane, or none; the same one again reconnects it after a problem."""
        if pane_id == self._pane_id and not (self._problem and self._may_retry()):
            return
        if pane_id != self._pane_id:
            self.return_keyboard()
            self._frame = self._late_frame = None
            self._rows = ()
        self._pane_id = pane_id
        self._problem = ""
        self._history = None
        self._back = 0
        self._disconnect()
        self._connect_if_seen()
        self._redraw()

    def _may_retry(self) -> bool:
        """Say whether enough time has gone by since a failure; else come back when it has."""
        wait = self._failed_at + RETRY_SECONDS - time.monotonic()
        if wait > 0 and self._retrying is None:
            self._retrying = self.set_timer(wait, self._retry)
        return wait <= 0

    def _retry(self) -> None:
        self._retrying = None
        self.show(self._pane_id)

    def _connect_if_seen(self) -> None:
        if self._is_visible and self._pane_id is not None and self._stop is None:
            self._connect(self._pane_id)

    @work(exclusive=True, group="pane", exit_on_error=False)
    async def _connect(self, pane_id: str) -> None:
        from tungsten.errors import TerminalError

        try:
            if socket := self._own_socket(pane_id):
                own = await connection(self).own(socket)
                if pane_id == self._pane_id and self._is_visible:
                    self._live, self._own = None, own
                    tmux_id = pane_id.rpartition(":")[2]
                    self._stop = own.show(tmux_id, self._take_frame, fps=self._fps_now())
                return
            live = await connection(self).view(tmux_socket(self))
            if pane_id != self._pane_id or not self._is_visible:
                return
            self._live, self._own = live, None
            self._stop = live.show(pane_id, self._take_frame, fps=self._fps_now())
            self.post_message(self.Shown(pane_id, live.server))
        except TerminalError as error:
            self.failed(error)

    def _own_socket(self, pane_id: str) -> str:
        """Where the person's own server listens that a pane is in; empty for a pane of ours."""
        if pane_id.startswith("%"):
            return ""
        panes = (pane for agent in host(self).state.agents for pane in agent.panes)
        return next((pane.socket for pane in panes if pane.pane_id == pane_id), "")

    def _disconnect(self) -> None:
        if self._stop is not None:
            self._stop()
            self._stop = None

    def failed(self, error: TerminalError) -> None:
        """Show why there is no live picture any more, and take the keyboard back."""
        from tungsten.errors import OutcomeUnknown, PaneDead, PaneGone, ServerGone

        if isinstance(error, PaneDead):
            # Its last screen goes on being shown, with how it ended.
            self.return_keyboard()
            return
        if isinstance(error, OutcomeUnknown):
            # The picture goes on; what of the last keys arrived is to be seen there.
            self.return_keyboard()
            self.notify(str(error), severity="warning", markup=False)
            return
        match error:
            case PaneGone() | ServerGone() if self._own is not None:
                title, text = "Not there any more", "This pane was one of your own tmux."
            case PaneGone():
                title, text = "Terminal closed", "The agent opens another with its next command."
            case ServerGone():
                title, text = (
                    "The tmux server has ended",
                    "Agents open new terminals as they go on.",
                )
                if self._live is not None:
                    self._forget(self._live)
            case _:
                title, text = "This terminal can’t be shown", str(error)
        self._problem, self._problem_title = text, title
        self._failed_at = time.monotonic()
        self._disconnect()
        self.return_keyboard()
        self._redraw()

    def _forget(self, live: LiveView) -> None:
        self._live = None
        self.run_worker(connection(self).lost(live), group="lost", exit_on_error=False)

    def _fps_now(self) -> float:
        return self._fps if self.app.app_focus else min(self._fps, FPS_UNWATCHED)

    def agent_id(self) -> str | None:
        """The agent that the pane belongs to."""
        for agent in host(self).state.agents:
            if any(pane.pane_id == self._pane_id for pane in agent.panes):
                return agent.id
        return None

    # Frames -------------------------------------------------------------------------------------

    def _take_frame(self, frame: Frame | None) -> None:
        if not self.is_attached:
            return
        if frame is None:
            self._ended()
            return
        if self.app.screen is not self.screen:
            self._late_frame = frame
            return
        self._draw(frame)

    def _ended(self) -> None:
        from tungsten.errors import PaneGone, ServerGone

        if self._live is not None and self._live.gone.is_set():
            self.failed(ServerGone())
        else:
            self.failed(PaneGone(self._pane_id or ""))

    def _draw(self, frame: Frame) -> None:
        first = self._frame is None
        super()._draw(frame)
        if first:
            self._size_settled()
            self._take_what_was_asked_for()
        if frame.dead and frame.history_size and len(frame.lines) == frame.height:
            self._fetch_last_words()

    @work(exclusive=True, group="history", exit_on_error=False)
    async def _fetch_last_words(self) -> None:
        """Get the line that tmux pushed off the screen to say that the pane is dead."""
        from tungsten.errors import TerminalError

        if self._live is None or self._pane_id is None:
            return
        try:
            self._draw(await self._live.capture(self._pane_id, history=self.size.height))
        except TerminalError as error:
            self.failed(error)

    # Size and visibility ------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Follow whether the app is in the foreground."""
        connection(self).begin()
        self.watch(self.app, "app_focus", self._app_focus_changed, init=False)
        self.app.app_resume_signal.subscribe(self, self._app_resumed)

    def _follow_no_more(self) -> None:
        """Have nothing of the app refer to this view.

        Textual 8.2 keeps whoever watches a value until it changes, and whoever subscribed to a
        signal until it is sent: views that are gone would stay, with all that they have drawn.
        """
        self.app.app_resume_signal.unsubscribe(self)
        watching = getattr(self.app, "__watchers", {}).get("app_focus", [])
        watching[:] = [entry for entry in watching if entry[0] is not self]

    def on_show(self) -> None:
        """Begin to receive frames."""
        self._is_visible = True
        self._connect_if_seen()

    def on_hide(self) -> None:
        """Receive no frames, and take no keys, while nobody can see them."""
        self.return_keyboard()
        self._is_visible = False
        self._disconnect()

    async def on_unmount(self) -> None:
        """Give the keyboard back and stop the frames."""
        self._disconnect()
        self._follow_no_more()
        if self._passthrough is not None:
            self._passthrough.end()
            self._passthrough = None
        if self._ahead is not None:
            self._ahead.end()
            self._ahead = None
        await connection(self).end()

    def on_resize(self) -> None:
        """Draw for the new size at once; tmux follows when the size has settled."""
        self._painter.forget()
        self._history = None
        self._back = 0
        self._redraw()
        if self._resizing is not None:
            self._resizing.stop()
        self._resizing = self.set_timer(RESIZE_DELAY, self._size_settled)

    def _size_settled(self) -> None:
        self._resizing = None
        if self._pane_id is not None and self._stop is not None:
            self._fit(self._pane_id)

    @work(exclusive=True, group="fit")
    async def _fit(self, pane_id: str) -> None:
        from tungsten.errors import TerminalError

        width, height = self.size
        if self._live is None or not self._follow_size or width < 2 or height < 2:
            return
        if self._frame is None or self._frame.dead:
            # A smaller size would push a dead pane's last words out of sight.
            return
        try:
            await self._live.resize(pane_id, width, height)
        except TerminalError as error:
            self.failed(error)

    def _app_resumed(self, _app: object) -> None:
        # While the app was away a real client may have given the pane another size.
        self._size_settled()

    def _app_focus_changed(self, _focused: bool) -> None:
        self._follow_fps()

    def _follow_fps(self) -> None:
        if self._stop is not None and self._live is not None and self._pane_id is not None:
            self._live.set_fps(self._pane_id, self._fps_now())

    # Scrollback ---------------------------------------------------------------------------------

    @work(exclusive=True, group="history", exit_on_error=False)
    async def _fetch_history(self, then_back: int) -> None:
        from tungsten.errors import TerminalError

        live = self._live or self._own
        if live is None or self._pane_id is None:
            return
        try:
            frame = await live.capture(self._pane_id.rpartition(":")[2], history=HISTORY)
        except TerminalError as error:
            self.failed(error)
            return
        lines = without_end(frame.lines) if frame.dead else frame.lines
        above = len(lines) - (len(self._rows) if frame.dead else frame.height)
        self._history = self._painter.paint_lines(
            lines[: max(0, above)], self.size.width, self.rich_style
        )
        self._go_back_to(then_back)

    def on_click(self, event: events.Click) -> None:
        """A double click takes the keyboard."""
        if event.chain == 2:
            self.take_keyboard()

    # Keyboard -----------------------------------------------------------------------------------

    def action_take_keyboard(self) -> None:
        """Give the keyboard to the pane's program; the return key takes it back."""
        self.take_keyboard()

    def take_keyboard(self) -> bool:
        """Give the keyboard to the pane's program, if there is one; say whether it worked."""
        app = self.app
        if self.has_keyboard:
            return True
        if self._live is None or self._frame is None or self._pane_id is None:
            return False
        if self._frame.dead or not isinstance(app, KeyboardApp):
            return False
        self._go_back_to(0)
        focused = self.screen.focused
        self._focus_before = focused if focused is not self else None
        self.screen.set_focus(self)
        self._passthrough = Passthrough(self, app, self._live, self._pane_id)
        self.has_keyboard = True
        self.post_message(self.KeyboardTaken())
        return True

    def take_keyboard_soon(self) -> None:
        """Give the keyboard to the pane's program as soon as the pane is seen.

        What is typed until then is kept for it, or goes nowhere when it takes no keys.
        """
        app = self.app
        if self.take_keyboard() or self._ahead is not None or not isinstance(app, KeyboardApp):
            return
        if self._pane_id is None or self._frame is not None or self._problem:
            self._takes_no_keys(PERSONS if self._own else ENDED)
            return
        width, height = self.screen.size
        if width < SMALLEST.width or height < SMALLEST.height:
            # It will not be seen, and keys for it would go nowhere.
            least = f"{SMALLEST.width}×{SMALLEST.height}"
            self._takes_no_keys(f"Nothing can be typed in a window below {least}")
            return
        self._ahead = KeysAhead(self, app)

    def _take_what_was_asked_for(self) -> None:
        if self._ahead is None:
            return
        kept, self._ahead = self._ahead.end(), None
        if not self.take_keyboard():
            self._takes_no_keys(PERSONS if self._own else ENDED)
        elif self._passthrough is not None:
            self._passthrough.go_on_with(kept)

    def _takes_no_keys(self, why: str) -> None:
        self.notify(why, severity="warning")
        self.post_message(self.KeyboardReturned())

    def hold_again(self) -> None:
        """Tell an engine that may not know it that a person types here."""
        if self._passthrough is not None:
            self._passthrough.hold(on=True)

    def give_back(self) -> None:
        """Take the keyboard back, to where it was before."""
        self.return_keyboard()
        before, self._focus_before = self._focus_before, None
        if before is not None and before.is_attached and self.screen.focused is self:
            self.screen.set_focus(before)

    def return_keyboard(self) -> None:
        """Take the keyboard back."""
        if self._passthrough is not None:
            self._passthrough.end()
            self._passthrough = None
        asked = self._ahead is not None
        if self._ahead is not None:
            self._ahead.end()
            self._ahead = None
        if self.has_keyboard or asked:
            self.has_keyboard = False
            self.post_message(self.KeyboardReturned())

    def on_blur(self) -> None:
        """A click elsewhere also takes the keyboard back."""
        if self.screen.is_current:
            self.return_keyboard()
