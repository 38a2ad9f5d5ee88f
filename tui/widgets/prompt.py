"""Where the person writes: several lines, history, pastes of any size, `/commands`, `!commands`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from textual.message import Message
from textual.widgets import TextArea

from tui.keys import actions
from tui.widgets.keys_in_order import TextInOrder

if TYPE_CHECKING:
    from textual.events import Key, Paste

    from tui.prompt.completion import Completing

When = Literal["after_turn", "after_step", "now"]
"""As `agent.protocol.commands.prompts.When`, which comes after the first frame."""

LONG_PASTE = 4_000
"""Characters from which a paste is shown as one mark; it is kept and sent whole."""

LONG_PASTE_LINES = 40
"""Lines from which it is."""

PUT_ASIDE = 20
"""Texts that were written and not sent which Up goes on bringing back, per agent."""

_MARK = re.compile(r"‹paste (\d+): [\d,]+ (?:lines|characters)›")
_WHEN: dict[str, When] = {
    "prompt.send": "after_turn",
    "prompt.after_step": "after_step",
    "prompt.now": "now",
}
_SENDS = {key: when for action, when in _WHEN.items() for key in actions.by_id(action).keys}
_NEWLINE = frozenset(actions.by_id("prompt.newline").keys)
_DELETES = {"backspace": -1, "delete": 1, "ctrl+d": 1}
_MENU_KEYS = frozenset({"up", "down", "tab", "enter", "escape"})
_CLEAR = frozenset(actions.by_id("prompt.clear").keys)
_PAGES = {
    key: pages
    for action, pages in (("prompt.scroll_up", -1), ("prompt.scroll_down", 1))
    for key in actions.by_id(action).keys
}
_MOVES = {
    key: action.action
    for action in map(actions.by_id, ("focus.next", "focus.previous"))
    for key in action.keys
}
"""Keys that move the focus, unless the menu takes them."""


_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|webp)['\"]?\s*\Z", re.IGNORECASE)


class Prompt(TextInOrder):
    """A text area that sends on Enter.

    A long paste is shown as `‹paste 1: 812 lines›` and takes its place again when it is sent.
    """

    class Submitted(Message):
        """The person sent something, and the prompt is empty again; put back what can't be used.

        `when` is when an agent that works is to hear it, `agent_id` whom it was written to.
        """

        def __init__(self, text: str, when: When = "after_turn", agent_id: str = "") -> None:
            super().__init__()
            self.text = text
            self.when = when
            self.agent_id = agent_id

    class Hasten(Message):
        """The person wants what is queued heard sooner."""

        def __init__(self, when: Literal["after_step", "now"]) -> None:
            super().__init__()
            self.when = when

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
        """A key for the menu while it is open, and the text, line and word it was pressed at."""

        def __init__(self, key: str, text: str, completing: Completing, line: int) -> None:
            super().__init__()
            self.key = key
            self.text = text
            self.completing = completing
            self.line = line

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.has_queue = False
        self.menu_open = False
        self.pasted = False
        """Whether what was written last was pasted, for which nothing is offered."""
        self._history: list[str] = []
        self._older: int | None = None
        """The place in the history that is shown; None while what is being written is."""
        self._left: dict[int, str] = {}
        """Texts as they were left by Up and Down, by place; past the last place, the draft."""
        self._aside: list[str] = []
        self._pastes: dict[int, str] = {}

    # Drafts

    def draft(self) -> Any:
        """Return what is written and what was put aside, as plain JSON; None without either.

        A text of the history that is only looked at is no draft.
        """
        left = dict(self._left)
        text = left.pop(len(self._history), "") if self._only_looking() else self.text
        aside = [*self._aside, *(self._expand(each) for each in left.values() if each.strip())]
        marks = {int(number) for number in _MARK.findall(text)}
        pastes = {str(n): paste for n, paste in self._pastes.items() if n in marks}
        if not pastes and not aside:
            return text or None
        kept: dict[str, Any] = {"text": text}
        if pastes:
            kept["pastes"] = pastes
        if aside:
            kept["aside"] = aside[-PUT_ASIDE:]
        return kept

    def put_draft(self, draft: Any) -> None:
        """Show what `draft` returned, the cursor at its end, in place of all that is here."""
        text, pastes, aside = draft, None, None
        if isinstance(draft, dict):
            text, pastes, aside = draft.get("text"), draft.get("pastes"), draft.get("aside")
        self._pastes = {}
        if isinstance(pastes, dict):
            self._pastes = {
                int(number): paste
                for number, paste in pastes.items()
                if str(number).isdecimal() and isinstance(paste, str)
            }
        kept = aside if isinstance(aside, list) else []
        self._aside = [each for each in kept if isinstance(each, str)]
        self._left = {}
        self.set_history([])
        self._write(text if isinstance(text, str) else "")

    def begin(self, text: str) -> None:
        """Show text to be gone on with, instead of what is written."""
        self._leave_history()
        self._write(text)

    def write_instead(self, text: str) -> None:
        """Write text in the place of all that is written, which Up and undo bring back."""
        draft = "" if self._only_looking() else self.expanded()
        self._leave_history()
        if draft != text:
            self._put_aside(draft)
        result = self.replace(text, (0, 0), self.document.end, maintain_selection_offset=False)
        self.move_cursor(result.end_location)

    def write_back(self, text: str) -> None:
        """As `write_instead`, for what was made of all that is written: pastes become marks."""
        for mark in _MARK.finditer(self.text):
            paste = self._pastes.get(int(mark[1]))
            if paste:
                text = text.replace(paste, mark[0], 1)
        if text != self.text:
            self.write_instead(text)

    def keep_aside(self, text: str) -> bool:
        """Keep a text that was not sent where Up finds it first; False where it says nothing."""
        self._put_aside(text)
        self.post_message(self.Edited())
        return bool(text.strip())

    def put_back(self, text: str) -> None:
        """Put text before what is written, on lines of its own."""
        rest = self.text
        self._write(f"{text}\n{rest}" if rest else text)

    def set_history(self, texts: list[str]) -> None:
        """Set what Up brings back, oldest first; before it comes what was put aside."""
        self._leave_history()
        self._history = [*texts, *(text for text in self._aside if text not in texts)]

    @property
    def rows(self) -> int:
        """Rows the text takes."""
        return max(1, self.wrapped_document.height)

    def _write(self, text: str) -> None:
        if not (text or self.text or self.history.undo_stack or self.history.redo_stack):
            # Nothing is written, as nothing was: each look at another agent ends here.
            return
        self.text = text
        self.move_cursor(self.document.end)

    def expanded(self) -> str:
        """Return the text with its pastes in place."""
        return self._expand(self.text)

    def _expand(self, text: str) -> str:
        return _MARK.sub(lambda found: self._pastes.get(int(found[1]), found[0]), text)

    # Keys

    def take_text(self, event: Key | Paste) -> None:
        """Write a key that writes something, or a paste, wherever the focus is."""
        self._forward_event(event)

    async def _on_key(self, event: Key) -> None:
        key = event.key
        if self._passed_on(event):
            return
        self.pasted = False
        if self.menu_open and key in _MENU_KEYS and (found := self.completing()) is not None:
            event.stop()
            event.prevent_default()
            self.post_message(self.MenuKey(key, self.text, found, self.cursor_location[0]))
            if key == "enter" and found.kind != "file":
                # At once: what is typed from now on is no part of the command.
                self.menu_open = False
                self.taken()
            return
        if key in _DELETES and self._delete_mark(_DELETES[key]):
            event.stop()
            event.prevent_default()
        elif key in _SENDS:
            event.stop()
            event.prevent_default()
            self._submit(_SENDS[key])
        elif key in _MOVES:
            await self._carry_out(event, _MOVES[key])
        elif key in _NEWLINE:
            event.stop()
            event.prevent_default()
            start, end = self.selection
            self._replace_via_keyboard("\n", start, end)
        elif key in _CLEAR and not self.selected_text:
            event.stop()
            event.prevent_default()
            self._clear()
        elif key in _PAGES:
            event.stop()
            event.prevent_default()
            self.post_message(self.Scroll(_PAGES[key]))
        elif key == "up" and self._at_first_row():
            event.stop()
            event.prevent_default()
            self._older_prompt()
        elif key == "down" and self._older is not None and self._at_last_row():
            event.stop()
            event.prevent_default()
            self._newer_prompt()

    def undo(self) -> None:
        """Undo what was last written.

        Textual 8.2 (`textual/document/_history.py`) would join what is deleted next to the
        insertion that is then the last, and take back both at once.
        """
        super().undo()
        self.history.checkpoint()

    def _delete_mark(self, step: int) -> bool:
        """Delete the mark of a paste at the cursor, or around it: half of one would mean nothing.

        Args:
            step: 1 for what stands behind the cursor, -1 for what stands before it.
        """
        if not self.selection.is_empty:
            return False
        line, column = self.cursor_location
        for mark in _MARK.finditer(self.document[line]):
            if mark.start() < column + (step > 0) and column - (step < 0) < mark.end():
                self.history.checkpoint()
                self.delete((line, mark.start()), (line, mark.end()))
                return True
        return False

    def completing(self) -> Completing | None:
        """What can be completed where the cursor is, as it is now."""
        if not any(sign in self.text for sign in "/@"):
            return None
        from tui.prompt.completion import completing

        line, column = self.cursor_location
        return completing(self.text, self.document[line], column)

    def complete(
        self, line: int, found: Completing, text: str, *, before_end: bool = False
    ) -> None:
        """Write what was chosen in the place of a word, if that still stands there.

        Args:
            line: the line of the word.
            found: the word, as `completing` gave it.
            text: what takes its place.
            before_end: whether the cursor comes before the last character of it.
        """
        start, end = (line, found.start), (line, found.end)
        if self.completing() != found or self.cursor_location[0] != line:
            return
        rest = self.document[line][found.end :]
        if text.endswith(" ") and rest.startswith(" "):
            text = text[:-1]
        result = self.replace(text, start, end)
        row, column = result.end_location
        self.move_cursor((row, column - before_end))

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Keep printable keys from becoming bindings."""
        return character is not None and character.isprintable()

    async def _on_paste(self, event: Paste) -> None:
        event.stop()
        event.prevent_default()
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        if _PICTURE.search(text[-16:]) and self._mention_pictures(text):
            return
        lines = text.count("\n") + (not text.endswith("\n"))
        if len(text) >= LONG_PASTE or lines >= LONG_PASTE_LINES:
            number = max(self._pastes, default=0) + 1
            self._pastes[number] = text
            size = f"{lines:,} lines" if lines > 1 else f"{len(text):,} characters"
            text = f"‹paste {number}: {size}›"
        start, end = self.selection
        result = self._replace_via_keyboard(text, start, end)
        self.pasted = True
        if result is not None:
            self.move_cursor(result.end_location)

    def _mention_pictures(self, text: str) -> bool:
        """Name the pictures that were dropped on the terminal; False for other text."""
        from tui.prompt.clipboard_picture import pasted_paths

        paths = pasted_paths(text)
        for path in paths:
            self.mention(path)
        return bool(paths)

    def mention(self, path: str) -> None:
        """Write a file's name at the cursor, apart from the words around it."""
        from agent.context.mentions import mention

        line, column = self.cursor_location
        before = self.document[line][:column]
        written = f"{'' if not before or before[-1].isspace() else ' '}{mention(path)} "
        start, end = self.selection
        result = self._replace_via_keyboard(written, start, end)
        self.pasted = True
        if result is not None:
            self.move_cursor(result.end_location)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Tell that the draft changed."""
        event.stop()
        self.post_message(self.Edited())

    def on_text_area_selection_changed(self, event: TextArea.SelectionChanged) -> None:
        """Have the menu follow the cursor."""
        event.stop()
        if self.menu_open:
            self.post_message(self.Edited())

    def _submit(self, when: When) -> None:
        text = self.expanded()
        if text.strip():
            # At once: what is typed from now on belongs to the next prompt.
            self.taken()
            # Another agent may be looked at by the time this is heard of.
            self.post_message(self.Submitted(text, when, getattr(self.app, "focused_id", "")))
        elif self.has_queue and when != "after_turn":
            self.post_message(self.Hasten(when))

    def taken(self) -> None:
        """Empty the prompt; its text can be brought back."""
        text = self.expanded()
        self._leave_history()
        self._aside = [each for each in self._aside if each != text]
        self._remember(text)
        self._pastes = {}
        self._write("")

    def _clear(self) -> None:
        if self.text:
            text = "" if self._only_looking() else self.expanded()
            self._leave_history()
            self._put_aside(text)
            # What pastes hold stays, since undo brings their marks back.
            self.history.checkpoint()
            self.clear()

    def _remember(self, text: str) -> None:
        if text.strip() and (not self._history or self._history[-1] != text):
            self._history.append(text)

    # The history

    def _only_looking(self) -> bool:
        """Whether a text of the history is shown as it was."""
        return self._older is not None and self.text == self._history[self._older]

    def _put_aside(self, text: str) -> None:
        """Keep a text that was not sent where Up finds it first."""
        if text.strip():
            kept = [each for each in self._aside if each != text]
            self._aside = [*kept, text][-PUT_ASIDE:]
            self._remember(text)

    def _leave_history(self) -> None:
        """Look at no older text any more; what was written meanwhile elsewhere is put aside."""
        left, self._left, self._older = self._left, {}, None
        for _, text in sorted(left.items()):
            self._put_aside(self._expand(text))

    def _older_prompt(self) -> None:
        if self.has_queue and not self.text:
            self.post_message(self.Unqueue())
            return
        place = len(self._history) if self._older is None else self._older
        if place > 0:
            self._go_from(place, place - 1)

    def _newer_prompt(self) -> None:
        assert self._older is not None
        self._go_from(self._older, self._older + 1)

    def _go_from(self, place: int, to: int) -> None:
        """Show the text at another place of the history; both keep what was written there."""
        last = len(self._history)
        if self.text != (self._history[place] if place < last else ""):
            self._left[place] = self.text
        self._older = to if to < last else None
        self._write(self._left.pop(to, self._history[to] if to < last else ""))

    def _at_first_row(self) -> bool:
        return self.wrapped_document.location_to_offset(self.cursor_location).y == 0

    def _at_last_row(self) -> bool:
        offset = self.wrapped_document.location_to_offset(self.cursor_location)
        return offset.y >= self.wrapped_document.height - 1
