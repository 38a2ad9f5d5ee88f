"""Screens that are closed twice, before they are seen, or below another one."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static

from tui.screens.card import CardScreen


class Card(CardScreen[str]):
    SHOWS_BELOW = True

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.seen = False

    def compose(self) -> ComposeResult:
        yield Static("a card", id="words")

    def on_mount(self) -> None:
        self.query_one("#words", Static).update("seen")
        self.seen = True


async def test_closing_twice_takes_one_away() -> None:
    app: App[None] = App()
    told: list[str | None] = []
    async with app.run_test() as pilot:
        below, above = Card("below"), Card("above")
        await app.push_screen(below, told.append)
        await app.push_screen(above, told.append)
        above.dismiss("once")
        above.dismiss("twice")
        await pilot.pause()
        assert told == ["once"]
        assert app.screen is below
        below.dismiss("last")
        below.dismiss("again")
        await pilot.pause()
        assert told == ["once", "last"]
        assert len(app.screen_stack) == 1


async def test_what_lies_above_stays() -> None:
    app: App[None] = App()
    told: list[str | None] = []
    async with app.run_test() as pilot:
        below, above = Card("below"), Card("above")
        await app.push_screen(below, told.append)
        await app.push_screen(above)
        below.dismiss("done")
        await pilot.pause()
        assert app.screen is above
        assert told == []
        above.dismiss()
        await pilot.pause()
        assert told == ["done"]
        assert len(app.screen_stack) == 1


async def test_a_row_below_the_window_is_blank() -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        card = Card("a card")
        await app.push_screen(card)
        await pilot.pause()
        assert card.render_line(app.size.height).text.strip() == ""


async def test_it_may_be_closed_before_it_is_seen() -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        card = Card("quick")
        pushed = app.push_screen(card)
        card.dismiss()
        await pushed
        await pilot.pause(0.05)
        assert len(app.screen_stack) == 1
        assert not card.seen


async def test_it_is_not_open_any_more_when_its_parts_go() -> None:
    class Part(Static):
        def on_unmount(self) -> None:
            seen.append((card.is_open, card.is_attached))

    class Parted(Card):
        def compose(self) -> ComposeResult:
            yield from super().compose()
            yield Part()

    seen: list[tuple[bool, bool]] = []
    app: App[None] = App()
    async with app.run_test() as pilot:
        card = Parted("parted")
        await app.push_screen(card)
        assert card.is_open
        card.dismiss()
        await pilot.pause()
    assert seen == [(False, True)]
