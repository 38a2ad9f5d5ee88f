"""What is painted piece by piece must leave the same screen as painting it whole."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from textual._compositor import CompositorUpdate
from textual.geometry import Region
from textual.screen import Screen

from agent.protocol.events import AgentChanged, GateClosed, GateOpened
from tests.stubs import scenes
from tests.tui.conftest import Open
from tests.tui.settling import settled
from tui.app import TungstenApp
from tui.drawing.compositor import AreaCompositor, _without
from tui.gate.dialog import GateDialog
from tui.screens import cockpit as cockpit_module
from tui.widgets.field import Field

CONSOLE = Console(color_system="truecolor", force_terminal=True, width=200)
SEQUENCE = re.compile(r"\x1b\[([0-9;]*)([Hm])|\n|([^\x1b\n]+)")


class Glass:
    """As much of a terminal as the compositor needs."""

    def __init__(self, width: int, height: int) -> None:
        self.rows = [[" "] * width for _ in range(height)]
        self.x = self.y = 0

    def write(self, data: str) -> None:
        for found in SEQUENCE.finditer(data):
            if found[2] == "H":
                self.y, self.x = (int(number) - 1 for number in found[1].split(";"))
            if found[0] == "\n":
                self.x, self.y = 0, self.y + 1
            for character in found[3] or "":
                self.rows[self.y][self.x] = character
                self.x += cell_len(character)

    @property
    def text(self) -> str:
        return "\n".join("".join(row).rstrip() for row in self.rows)


@pytest.fixture
def glass(monkeypatch: pytest.MonkeyPatch) -> Glass:
    """The screen as it has been painted so far."""
    shown = Glass(120, 40)

    class Watched(AreaCompositor):
        def render_update(self, *arguments: Any, **options: Any) -> Any:
            update: Any = super().render_update(*arguments, **options)
            if isinstance(update, CompositorUpdate):
                shown.write(update.render_segments(CONSOLE))
            return update

    monkeypatch.setattr(cockpit_module, "AreaCompositor", Watched)
    return shown


async def test_pieces_make_the_whole(open_cockpit: Open, glass: Glass) -> None:
    dice = random.Random(7)
    gate = scenes.GATE
    async with open_cockpit(scenes.BUSY) as cockpit:
        app, pilot = cockpit.app, cockpit.pilot
        mender = scenes.MENDER

        def say(number: int) -> None:
            changed = mender.model_copy(update={"activity": f"step {number} of many"})
            cockpit.engine.publish(AgentChanged(agent=changed))

        def toggle_gate(number: int) -> None:
            if any(open_gate.id == gate.id for open_gate in app.state.gates):
                closed = GateClosed(gate_id=gate.id, agent_id=gate.agent_id, outcome="withdrawn")
                cockpit.engine.publish(closed)
            else:
                cockpit.engine.publish(GateOpened(gate=gate))

        def reword_gate(number: int) -> None:
            if any(open_gate.id == gate.id for open_gate in app.state.gates):
                other = gate.model_copy(update={"text": f"git push --force {number}"})
                cockpit.engine.publish(GateOpened(gate=other))

        keys = ["x", "/", "escape", "f3", "f4", "alt+right", "ctrl+b", "backspace", "l"]
        for number in range(60):
            choice = dice.randrange(5)
            if choice == 0:
                say(number)
            elif choice == 1:
                toggle_gate(number)
            elif choice == 2:
                reword_gate(number)
            else:
                await pilot.press(dice.choice(keys))
            # What the areas under a dialog draw by themselves, while it is there.
            for widget in app.cockpit.children:
                if dice.random() < 0.3:
                    widget.refresh()
            await pilot.pause()
            await pilot.pause(0.01)
            if app.screen is app.cockpit:

                def drawn() -> bool:
                    whole = app.cockpit._compositor.render_strips()
                    return glass.text == "\n".join(strip.text.rstrip() for strip in whole)

                # What has changed since the last frame is painted with the next one.
                await cockpit.until(drawn)


SIDES = st.integers(0, 12)
REGIONS = st.builds(Region, SIDES, SIDES, st.integers(1, 12), st.integers(1, 12))


async def test_what_goes_away_while_something_asks_for_places_is_painted_over(
    open_cockpit: Open, glass: Glass
) -> None:
    async with open_cockpit(scenes.BUSY) as cockpit:
        app = cockpit.app
        assert app.gates is not None
        app.gates.open()
        await cockpit.until(lambda: "m deny" in glass.text)
        compositor = app.cockpit._compositor
        dialog = app.screen.query_one(GateDialog)
        # As after a part was scrolled.
        compositor._full_map_invalidated = True
        dialog.display = False
        assert dialog not in compositor.full_map
        await cockpit.until(lambda: "m deny" not in glass.text)


async def test_what_changes_below_a_card_paints_nothing(
    open_cockpit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_cockpit(scenes.BUSY) as cockpit:
        app, pilot = cockpit.app, cockpit.pilot
        await pilot.press("escape", "f1")
        await cockpit.until(lambda: "Anywhere" in cockpit.screen_text)
        # The card's own field is painted whenever its cursor blinks, half a second from now.
        app.screen.query_one(Field).cursor_blink = False
        await settled(app)
        painted: list[object] = []
        display = TungstenApp._display

        def watched(app: TungstenApp, screen: Screen[Any], renderable: Any) -> None:
            if renderable is not None:
                painted.append(renderable)
            display(app, screen, renderable)

        monkeypatch.setattr(TungstenApp, "_display", watched)
        for number in range(3):
            changed = scenes.MENDER.model_copy(update={"activity": f"step {number} of many"})
            cockpit.engine.publish(AgentChanged(agent=changed))
            await cockpit.until(lambda: changed in app.agents)  # noqa: B023
            app.cockpit.refresh()
            await pilot.pause(0.1)
        assert painted == []
        await pilot.press("escape")
        await cockpit.until(lambda: "step 2 of many" in cockpit.screen_text)


@given(REGIONS, REGIONS)
def test_a_hole_is_cut_out_exactly(region: Region, hole: Region) -> None:
    cells = [
        (x, y)
        for piece in _without(region, hole)
        for y in piece.line_range
        for x in piece.column_range
    ]
    assert len(cells) == len(set(cells))
    wanted = {(x, y) for y in region.line_range for x in region.column_range}
    covered = {(x, y) for y in hole.line_range for x in hole.column_range}
    assert set(cells) == wanted - covered
