"""Tests wait for an app by what it has to do, on a machine of whatever speed."""

from __future__ import annotations

import pytest
from textual.app import App

from tests.tui import settling
from tests.tui.settling import settled


async def test_a_slow_app_has_the_time_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    # As where the machine gives it no turn for a minute.
    monkeypatch.setattr(settling, "TIMES_OUT", 0.0)
    app: App[None] = App()
    async with app.run_test():
        app.set_timer(0.05, app.refresh)
        app.screen.refresh(layout=True)
        assert await settled(app)
        assert not await settled(app)


async def test_an_app_that_never_settles_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "TIMES_OUT", 0.0)
    monkeypatch.setattr(settling, "LEAST_ROUNDS", 10)
    app: App[None] = App()

    def again() -> None:
        app.set_timer(0.01, again)

    async with app.run_test():
        again()
        with pytest.raises(AssertionError, match="does not settle"):
            await settled(app)
