"""Keys that arrive together do what they would have done one by one."""

from __future__ import annotations

import random

import pytest
from textual.app import App, ComposeResult
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input, TextArea

from tui.widgets.field import Field
from tui.widgets.prompt import Prompt

KEYS = ("a", "b", "c", "backspace", "delete", "left", "right", "home", "end")


class Form(App[None]):
    def compose(self) -> ComposeResult:
        yield Field(id="field")
        yield Prompt(id="prompt")

    def burst(self, keys: list[str]) -> None:
        """Deliver keys as a terminal does that sent all of them at once."""
        for key in keys:
            character = key if len(key) == 1 else None
            self.post_message(Key(key, character))


def expected(keys: list[str]) -> str:
    text, at = "", 0
    for key in keys:
        match key:
            case "backspace":
                text, at = text[: max(0, at - 1)] + text[at:], max(0, at - 1)
            case "delete":
                text = text[:at] + text[at + 1 :]
            case "left":
                at = max(0, at - 1)
            case "right":
                at = min(len(text), at + 1)
            case "home":
                at = 0
            case "end":
                at = len(text)
            case _:
                text, at = text[:at] + key + text[at:], at + 1
    return text


@pytest.mark.parametrize("name", ["field", "prompt"])
async def test_editing_keys_keep_their_place(name: str) -> None:
    chance = random.Random(7)
    app = Form()
    async with app.run_test() as pilot:
        widget = app.query_one(f"#{name}")
        assert isinstance(widget, Input | TextArea)
        widget.focus()
        await pilot.pause()
        for _ in range(60):
            typed = chance.choices(KEYS, weights=(6, 6, 3, 2, 1, 2, 1, 1, 1), k=25)
            if isinstance(widget, Input):
                widget.value = ""
            else:
                widget.text = ""
            app.burst(typed)
            await pilot.pause()
            text = widget.value if isinstance(widget, Input) else widget.text
            assert text == expected(typed), typed


async def test_a_key_of_the_form_takes_no_text_along_that_was_typed_before_it() -> None:
    app = Form()
    async with app.run_test() as pilot:
        field, prompt = app.query_one(Field), app.query_one(Prompt)
        field.focus()
        await pilot.pause()
        # What a busy app finds: keys wait at the field while one with priority is carried out.
        for key in ("a", "home", "b", "c"):
            field.post_message(Key(key, key if len(key) == 1 else None))
        app.screen.set_focus(prompt)
        await pilot.pause()
        assert (field.value, prompt.text) == ("bca", "")


@pytest.mark.parametrize("key", ["f6", "f7"])
async def test_a_key_of_the_app_selects_nothing_behind_one_that_closes_a_screen(key: str) -> None:
    class Closing(ModalScreen[None]):
        def key_enter(self) -> None:
            self.dismiss(None)

    app = Form()
    async with app.run_test() as pilot:
        prompt = app.query_one(Prompt)
        prompt.focus()
        await pilot.press(*"kept")
        await app.push_screen(Closing())
        await pilot.pause()
        app.burst(["enter", key])
        await pilot.pause()
        await pilot.press("x")
        assert prompt.text == "keptx"
