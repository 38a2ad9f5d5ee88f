"""Lines that are sent to the screen are those that differ from what stands there."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip

from tui.drawing.text import strip_of
from tui.widgets.lines import Lines


class Words(Lines):
    DEFAULT_CSS = "Words { height: 5; }"
    word = "before"

    def draw(self, width: int, height: int) -> list[Strip]:
        return [strip_of([(self.word, self.paint.text)], width, self.paint.blank)] * height


class Shown(App[None]):
    def compose(self) -> ComposeResult:
        yield Words(id="words")

    @property
    def rows(self) -> list[str]:
        return [strip.text.strip() for strip in self.screen._compositor.render_strips()][:5]


async def test_what_is_drawn_for_one_row_is_painted_in_all() -> None:
    app = Shown()
    async with app.run_test(size=(20, 5)) as pilot:
        words = app.query_one(Words)
        assert app.rows == ["before"] * 5
        # As when the focus has moved while what is shown has changed and is to be drawn soon.
        words.notify_style_update()
        words.word = "after"
        words.refresh(Region(0, 2, 20, 1))
        await pilot.pause()
        words.redraw()
        await pilot.pause()
        assert app.rows == ["after"] * 5
