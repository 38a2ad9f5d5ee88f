"""The tour: five cards of real keys, that never keep a key or a letter from where it belongs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from textual.events import Paste

from tests.stubs import scenes
from tests.tui.conftest import Cockpit, Open
from tui.keys import actions
from tui.requests.newcomer import offer_tour
from tui.screens.palette import PaletteScreen
from tui.screens.tour import CARDS, TourScreen
from tui.themes import themes

CALM = scenes.BUSY.model_copy(update={"gates": ()})
sizes = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


async def begin(cockpit: Cockpit) -> TourScreen:
    await cockpit.type("/tour")
    await cockpit.pilot.press("enter")
    await cockpit.until(lambda: isinstance(cockpit.app.screen, TourScreen))
    await cockpit.pilot.pause()
    screen = cockpit.app.screen
    assert isinstance(screen, TourScreen)
    return screen


async def left(cockpit: Cockpit) -> None:
    await cockpit.until(lambda: cockpit.app.screen is cockpit.app.cockpit)


@sizes
async def test_five_cards_name_real_keys_and_point_at_what_they_say(
    open_cockpit: Open, size: tuple[int, int]
) -> None:
    async with open_cockpit(CALM, size=size) as cockpit:
        await begin(cockpit)
        for number, card in enumerate(CARDS, 1):
            text = cockpit.screen_text
            assert f"{number} of 5 · {card.title}" in text
            for name in card.keys:
                action = actions.by_id(name)
                key = actions.label(action.keys[0]) if action.keys else f"/{action.slash}"
                assert any(key in line and action.description[:30] in line
                           for line in text.splitlines()), name  # fmt: skip
            keys = next(line for line in text.splitlines() if "Esc leave" in line)
            assert ("Enter done" if number == 5 else "Enter next") in keys
            await cockpit.pilot.press("enter")
        await left(cockpit)
        assert not cockpit.app.cockpit.prompt.text


async def test_what_it_points_at_is_lit_in_a_new_theme_and_at_a_new_size(
    open_cockpit: Open,
) -> None:
    async with open_cockpit(CALM, size=(120, 40)) as cockpit:
        tour, below = await begin(cockpit), cockpit.app.cockpit

        def lit(y: int) -> bool:
            shown, meant = tour.render_line(y), below._compositor.render_strips()[y]
            return shown.crop(0, 20) == meant.crop(0, 20)

        assert lit(0)
        before = tour.render_line(0)
        themes.wear(cockpit.app, "light")
        await cockpit.until(lambda: tour.render_line(0) != before and lit(0))
        await cockpit.pilot.resize_terminal(80, 24)
        await cockpit.until(lambda: lit(23))


async def test_what_is_typed_arrives_and_the_tour_goes_on_where_it_was(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        app = cockpit.app
        await begin(cockpit)
        await cockpit.pilot.press("right", "right", "left")
        await cockpit.type("mend it")
        await left(cockpit)
        await cockpit.until(lambda: app.cockpit.prompt.text == "mend it")
        await cockpit.pilot.press("ctrl+c")
        await begin(cockpit)
        assert "2 of 5" in cockpit.screen_text
        app.screen.post_message(Paste("a\r\nb"))
        await left(cockpit)
        assert app.cockpit.prompt.text == "a\nb"
        app.cockpit.prompt.clear()
        # Every key does what it does without a tour, those of the app itself too.
        await begin(cockpit)
        await cockpit.pilot.press("f4")
        await left(cockpit)
        assert app.cockpit.choices.alone == "terminal"
        await begin(cockpit)
        await cockpit.pilot.press("ctrl+p")
        await cockpit.until(lambda: isinstance(app.screen, PaletteScreen))
        await cockpit.pilot.press("escape")
        await left(cockpit)
        await begin(cockpit)
        await cockpit.pilot.press("escape")
        await left(cockpit)
        assert not cockpit.app.cockpit.prompt.text


async def test_it_is_offered_once(open_cockpit: Open) -> None:
    async with open_cockpit(scenes.EMPTY) as cockpit:
        app = cockpit.app
        said: list[Any] = []
        app.say = lambda *words: said.append(words)  # type: ignore[method-assign]
        offer_tour(app)
        offer_tour(app)
        assert len(said) == 1
        assert "/tour" in said[0][0]
        app.save_now()
        assert json.loads(app.paths.interface_state.read_text())["tour_offered"] is True
        await cockpit.until(lambda: "/tour" in cockpit.screen_text)
