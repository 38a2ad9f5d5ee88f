"""Lists in dialogs take keys before they are laid out, and where there is no room for them."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets.option_list import Option

from tui.widgets.choice_list import ChoiceList


class Host(App[None]):
    CSS = "ChoiceList { height: 0; border: none; padding: 0; }"

    def compose(self) -> ComposeResult:
        yield ChoiceList(Option("one"), Option("two"))


async def test_a_page_where_no_row_is_seen() -> None:
    app = Host()
    async with app.run_test() as pilot:
        choices = app.query_one(ChoiceList)
        choices.highlighted = 1
        choices.action_page_down()
        choices.action_page_up()
        choices.styles.height = 5
        await pilot.pause()
        choices.action_page_up()
        assert choices.highlighted == 0
