"""Where the person writes: several lines, history, pastes of any size, `/commands`, `!commands`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from textual.message import Message
from textual.widgets import TextArea

from tui import actions
from tui.widgets.keys_in_order import KeysInOrder

if TYPE_CHECKING:
    from textual.events import Key, Paste

LONG_PASTE = 4_000
"""Characters from which a paste is shown as one mark; it is kept and sent whole."""

LONG_PASTE_LINES = 40
"""Lines from which it is."""

_MARK = re.compile(r"‹paste (\d+): [\d,]+ (?:lines|characters)›")
_NEWLINE = frozenset(actions.by_id("prompt.newline").keys)
_MOVES = {
    key: action.action
    for action in map(actions.by_id, ("focus.next", "focus.previous"))
    for key in action.keys
}
"""Keys that move the focus, unless the menu of commands takes them."""


class Prompt(KeysInOrder, TextArea):
    """A text area that sends on Enter.

    A long paste is shown as `‹paste 1: 812 lines›` and takes its place again when it is sent.
    """

    class Submitted(Message):
        """The person sent something, and the prompt is empty again; put back what can't be used."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Edited(Message):
        """The text changed: its draft is to be kept, and the layout may change."""

    class Unqueue(Message):
        """The person wants the queued prompts back."""

    class Scroll(Message):
        """The person pages through the conversation from here."""

        def __init__(self, pages: int) -> None:
            super().__init__()
            self.pages = pages

    class MenuKey(Message):
        """A key for the menu of commands while it is open, and the text it was pressed at."""

        def __init__(self, key: str, text: str) -> None:
            super().__init__()
            self.key = key
            self.text = text

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id, compact=True, highlight_cursor_line=False)
        # A blinking cursor costs as much as all the rest of an idle screen.
        self.cursor_blink = False
        self.has_queue = False
        self.menu_open = False
        self._history: list[str] = []
        self._older: int | None = None
        self._unsent = ""
        self._pastes: dict[int, str] = {}

    # Drafts

    def draft(self) -> Any:
        """Return what is written, as plain JSON; None when there is nothing."""
        if not self.text:
            return None
        marks = {int(number) for number in _MARK.findall(self.text)}
        pastes = {str(n): text for n, text in self._pastes.items() if n in marks}
        return {"text": self.text, "pastes": pastes} if pastes else self.text

    def put_draft(self, draft: Any) -> None:
        """Show a draft, the cursor at its end."""
        text, pastes = draft, None
        if isinstance(draft, dict):
            text, pastes = draft.get("text"), draft.get("pastes")
        self._pastes = {}
        if isinstance(pastes, dict):
            self._pastes = {
                int(number): paste
                for number, paste in pastes.items()
                if str(number).isdecimal() and isinstance(paste, str)
            }
        self._older = None
        self._write(text if isinstance(text, str) else "")

    def put_back(self, text: str) -> None:
        """Put text before what is written, on lines of its own."""
        rest = self.text
        self._write(f"{text}\n{rest}" if rest else text)

    def set_history(self, texts: list[str]) -> None:
        """Set what Up brings back, oldest first."""
        self._history = texts
        self._older = None

    @property
    def rows(self) -> int:
        """Rows the text takes."""
        return max(1, self.wrapped_document.height)

    def _write(self, text: str) -> None:
        self.text = text
        self.move_cursor(self.document.end)

    def expanded(self) -> str:
        """Return the text with its pastes in place."""
        return _MARK.sub(
            lambda found: self._pastes.get(int(found[1]), found[0]),
            self.text,
        )

    # Keys

    async def _on_key(self, event: Key) -> None:
        key = event.key
        if self._passed_on(event):
            return
        if self._is_for_menu(key):
            event.stop()
            event.prevent_default()
            self.post_message(self.MenuKey(key, self.text))
            if key == "enter":
                # At once: what is typed from now on is no part of the command.
                self.menu_open = False
                self.taken()
            return
        if key == "enter":
            event.stop()
            event.prevent_default()
            self._submit()
        elif key in _MOVES:
            await self._carry_out(event, _MOVES[key])
        elif key in _NEWLINE:
            event.stop()
            event.prevent_default()
            start, end = self.selection
            self._replace_via_keyboard("\n", start, end)
        elif key == "ctrl+c" and not self.selected_text:
            event.stop()
            event.prevent_default()
            self._clear()
        elif key in {"pageup", "pagedown"}:
            event.stop()
            event.prevent_default()
            self.post_message(self.Scroll(-1 if key == "pageup" else 1))
        elif key == "up" and self._at_first_row():
            event.stop()
            event.prevent_default()
            self._older_prompt()
        elif key == "down" and self._older is not None and self._at_last_row():
            event.stop()
            event.prevent_default()
            self._newer_prompt()

    def _is_for_menu(self, key: str) -> bool:
        # The menu may not have followed the last keys yet.
        names = self.text.startswith("/") and " " not in self.text and "\n" not in self.text
        return self.menu_open and names and key in {"up", "down", "tab", "enter", "escape"}

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Keep printable keys from becoming bindings."""
        return character is not None and character.isprintable()

    async def _on_paste(self, event: Paste) -> None:
        event.stop()
        event.prevent_default()
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        lines = text.count("\n") + 1
        if len(text) >= LONG_PASTE or lines >= LONG_PASTE_LINES:
            number = max(self._pastes, default=0) + 1
            self._pastes[number] = text
            size = f"{lines:,} lines" if lines > 1 else f"{len(text):,} characters"
            text = f"‹paste {number}: {size}›"
        start, end = self.selection
        result = self._replace_via_keyboard(text, start, end)
        if result is not None:
            self.move_cursor(result.end_location)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Tell that the draft changed."""
        event.stop()
        self.post_message(self.Edited())

    def _submit(self) -> None:
        text = self.expanded()
        if text.strip():
            # At once: what is typed from now on belongs to the next prompt.
            self.taken()
            self.post_message(self.Submitted(text))

    def taken(self) -> None:
        """Empty the prompt; its text can be brought back."""
        self._remember(self.expanded())
        self._pastes = {}
        self._older = None
        self._write("")

    def _clear(self) -> None:
        if self.text:
            self._remember(self.expanded())
            self._pastes = {}
            self._older = None
            self._write("")

    def _remember(self, text: str) -> None:
        if text.strip() and (not self._history or self._history[-1] != text):
            self._history.append(text)

    def _older_prompt(self) -> None:
        if self.has_queue and not self.text:
            self.post_message(self.Unqueue())
            return
        if not self._history:
            return
        if self._older is None:
            self._unsent = self.text
            self._older = len(self._history)
        if self._older > 0:
            self._older -= 1
            self._show_history(self._history[self._older])

    def _newer_prompt(self) -> None:
        assert self._older is not None
        self._older += 1
        if self._older >= len(self._history):
            self._older = None
            self._write(self._unsent)
        else:
            self._show_history(self._history[self._older])

    def _show_history(self, text: str) -> None:
        older = self._older
        self._write(text)
        self._older = older

    def _at_first_row(self) -> bool:
        return self.wrapped_document.location_to_offset(self.cursor_location).y == 0

    def _at_last_row(self) -> bool:
        offset = self.wrapped_document.location_to_offset(self.cursor_location)
        return offset.y >= self.wrapped_document.height - 1
