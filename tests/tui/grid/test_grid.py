"""The grid as a person meets it: choosing, going in and back, filters, gates, sizes, the mouse."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from rich.style import Style
from textual.events import Key
from textual.geometry import Offset, Region

from agent.protocol.agents import AgentState, PaneSummary
from agent.protocol.commands.gates import Decide
from agent.protocol.events import AgentChanged, AgentRemoved, GateClosed, GateOpened
from agent.protocol.snapshot import Snapshot
from tests.stubs import scenes
from tests.tui.conftest import Cockpit, Open
from tui.grid.pane import TilePane
from tui.grid.tile import FILTERS, tiles_of
from tui.grid.view import Grid
from tui.screens.question import QuestionScreen
from tui.terminal.pane_view import PaneView
from tui.terminal.strips import Painter
from tungsten.errors import ServerGone
from tungsten.screen.frame import Frame

BIG = (200, 50)


def calm(agents: int) -> Snapshot:
    return scenes.fleet(agents).model_copy(update={"gates": (), "questions": ()})


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The panes that are captured now."""
    live: dict[PaneView, str] = {}
    ids: set[str] = set()

    def tell() -> None:
        ids.clear()
        ids.update(live.values())

    def connect(view: PaneView, pane_id: str) -> None:
        def stop() -> None:
            live.pop(view, None)
            tell()

        live[view] = pane_id
        view._stop = stop
        tell()

    monkeypatch.setattr(PaneView, "_connect", connect)
    yield ids
    assert not ids, "captured after the end"


async def opened(cockpit: Cockpit) -> Grid:
    await cockpit.pilot.press("alt+g")
    await cockpit.until(lambda: "Grid" in cockpit.screen_text.split("\n")[0])
    grid = cockpit.app.cockpit.grid
    assert grid is not None
    await cockpit.until(lambda: grid.has_focus)
    return grid


def chosen(cockpit: Cockpit) -> str:
    """The agent whose head is marked."""
    agent = cockpit.app.focused_agent
    assert agent is not None
    head = next(line for line in cockpit.screen_text.split("\n") if "▎" in line)
    assert agent.name in head.partition("▎")[2][:50]
    return agent.id


async def test_choosing_going_in_and_coming_back(open_cockpit: Open, connected: set[str]) -> None:
    async with open_cockpit(calm(16), size=BIG) as cockpit:
        app, press = cockpit.app, cockpit.pilot.press
        await cockpit.type("half a")
        await press("alt+2")
        before = app.cockpit.choices
        grid = await opened(cockpit)
        first_seen = weakref.WeakSet(grid.query(TilePane))
        assert len(first_seen) == 16
        for agent in app.agents:
            assert agent.name in cockpit.screen_text
        await cockpit.until(lambda: connected == {f"%{number}" for number in range(16)})
        assert chosen(cockpit) == "f1"
        for keys, agent_id in (
            (("right",), "f2"),
            (("l",), "f3"),
            # The row goes on in the next one.
            (("right",), "f4"),
            (("j",), "f8"),
            (("down",), "f12"),
            (("down",), "f12"),
            (("up", "k", "h"), "f3"),
            (("7",), "f6"),
            (("end",), "f15"),
            (("right",), "f15"),
            (("home",), "f0"),
            (("tab", "tab", "shift+tab"), "f1"),
            # The app's own keys choose here, too.
            (("ctrl+down",), "f2"),
            (("alt+6",), "f5"),
        ):
            await press(*keys)
            await cockpit.until(lambda: app.focused_id == agent_id)  # noqa: B023
            assert chosen(cockpit) == agent_id
        # Layout keys have no meaning here.
        await press("f3", "f4", "f6", "alt+right")
        assert app.cockpit.arrangement.grid is not None
        await press("enter")
        await cockpit.until(lambda: "Grid" not in cockpit.screen_text)
        assert app.focused_id == "f5"
        assert app.cockpit.arrangement.terminal is not None
        assert app.cockpit.prompt.has_focus
        await cockpit.until(lambda: connected == {"%5"})
        # The same key leads back to what was chosen, and in again.
        await opened(cockpit)
        assert chosen(cockpit) == "f5"
        await press("left", "alt+g")
        await cockpit.until(lambda: "Grid" not in cockpit.screen_text)
        assert app.focused_id == "f4"
        await opened(cockpit)
        await press("9", "escape")
        await cockpit.until(lambda: "Grid" not in cockpit.screen_text)
        # Esc goes back to who was looked at before; nothing is interrupted, no draft is lost.
        assert app.focused_id == "f4"
        assert app.cockpit.choices == before
        await press("alt+1")
        assert app.cockpit.prompt.text == "half a"
        assert grid.is_attached
        # Nothing is kept of what was closed: a day of going in and out costs no memory.
        await cockpit.until(
            lambda: gc.collect() >= 0 and all(pane.is_attached for pane in first_seen)
        )


async def test_a_digit_means_the_same_agent_as_on_the_list(
    open_cockpit: Open, connected: set[str]
) -> None:
    fleet = calm(4)
    first, second, third, last = fleet.agents
    bare = second.model_copy(update={"panes": ()})
    two = last.model_copy(update={"panes": (*last.panes, PaneSummary(pane_id="%77"))})
    agents = (first, bare, third, two)
    async with open_cockpit(fleet.model_copy(update={"agents": agents})) as cockpit:
        app, press = cockpit.app, cockpit.pilot.press
        grid = await opened(cockpit)
        for number, agent in ((3, third), (4, two), (1, first)):
            await press(str(number))
            assert chosen(cockpit) == agent.id
            head = next(line for line in cockpit.screen_text.split("\n") if "▎" in line)
            assert head.partition("▎")[2].startswith(f"{number} ")
            await press(f"alt+{number}")
            assert app.focused_id == agent.id
        # One with several terminals: the digit goes on to the next of them.
        await press("4")
        assert grid._chosen == "%3"
        await press("4")
        assert grid._chosen == "%77"
        await press("4", "9")
        assert grid._chosen == "%3"
        # One without: nothing else is chosen in its place.
        await press("2")
        assert f"2 {bare.name} has no terminal" in cockpit.screen_text
        await press("f", "1")
        await cockpit.until(lambda: "is not among those shown" not in cockpit.screen_text)
        await press("f", "1")
        await cockpit.until(lambda: "f shows others" in cockpit.screen_text)


async def test_filters_all_round_keep_who_was_chosen(open_cockpit: Open) -> None:
    async with open_cockpit(calm(9), size=(120, 40)) as cockpit:
        press = cockpit.pilot.press
        await opened(cockpit)
        before = chosen(cockpit)
        await press("right")
        await cockpit.until(lambda: chosen(cockpit) != before)
        here = chosen(cockpit)
        seen = set()
        for _ in range(5):
            await press("f")
            await cockpit.pilot.pause()
            seen.add(chosen(cockpit))
        assert len(seen) > 1, "a filter that leaves it out chooses another"
        assert chosen(cockpit) == here
        # Whoever is chosen by hand meanwhile stays chosen instead.
        await press("f", "end")
        await cockpit.pilot.pause()
        other = chosen(cockpit)
        assert other not in {here, before}
        await press("F")
        await cockpit.pilot.pause()
        assert chosen(cockpit) == other


async def test_filters_and_what_changes_meanwhile(open_cockpit: Open, connected: set[str]) -> None:
    async with open_cockpit(calm(9), size=(120, 40)) as cockpit:
        app, press = cockpit.app, cockpit.pilot.press
        grid = await opened(cockpit)
        assert "9 all   ● 5 working   ▲ 1 waiting for you   ✓ 2 idle or done   ✗ 1 failed" in (
            cockpit.screen_text
        )
        await press("f")
        await cockpit.until(lambda: "publish" not in cockpit.screen_text)
        await cockpit.until(lambda: connected == {"%0", "%3", "%4", "%7", "%8"})
        # Whoever is chosen stays in sight when its state changes, until another is chosen.
        worker = next(agent for agent in app.agents if agent.id == "f0")
        done = worker.model_copy(update={"state": AgentState.DONE, "activity": "all is mended"})
        cockpit.engine.publish(AgentChanged(agent=done))
        await cockpit.until(lambda: "all is mended" in cockpit.screen_text)
        assert chosen(cockpit) == "f0"
        await press("right")
        await cockpit.until(lambda: "all is mended" not in cockpit.screen_text)
        assert chosen(cockpit) == "f3"
        # A new terminal appears, one that ends says so, one that goes away makes room.
        fresh = scenes.MENDER.model_copy(
            update={"id": "n1", "name": "newcomer", "panes": (PaneSummary(pane_id="%77"),)}
        )
        cockpit.engine.publish(AgentChanged(agent=fresh))
        await cockpit.until(lambda: "%77" in connected)
        assert chosen(cockpit) == "f3"
        ended = fresh.model_copy(
            update={"panes": (PaneSummary(pane_id="%77", dead=True, exit_status=7),)}
        )
        cockpit.engine.publish(AgentChanged(agent=ended))
        await cockpit.until(lambda: "ended 7" in cockpit.screen_text)
        cockpit.engine.publish(AgentRemoved(agent_id="n1"))
        await cockpit.until(lambda: "newcomer" not in cockpit.screen_text)
        await cockpit.until(lambda: connected == {"%3", "%4", "%7", "%8"})
        cockpit.engine.publish(AgentRemoved(agent_id="f3"))
        await cockpit.until(lambda: "%3" not in connected)
        await press("right", "left")
        await cockpit.until(lambda: "▎" in cockpit.screen_text)
        # Each filter in turn, and backwards; one that nobody is in says how to go on.
        for name in ("publish", "write the notes", "port to 3.13"):
            await press("f")
            await cockpit.until(lambda: name in cockpit.screen_text)  # noqa: B023
        cockpit.engine.publish(AgentRemoved(agent_id="f5"))
        await cockpit.until(lambda: "Nobody has failed" in cockpit.screen_text)
        # Nothing is there to go into.
        await cockpit.until(lambda: "zoom in" not in cockpit.screen_text)
        assert "type here" not in cockpit.screen_text
        await cockpit.until(lambda: not connected)
        await press("right", "down", "1", "t", "g", "shift+pageup", "pagedown", "home")
        await press("F", "F")
        await cockpit.until(lambda: "publish" in cockpit.screen_text)
        await cockpit.until(lambda: connected == {"%1"})
        # It is left and found as it was.
        await press("enter")
        await cockpit.until(lambda: "Grid" not in cockpit.screen_text)
        await opened(cockpit)
        assert grid._filter is FILTERS[2]
        for screen, said in (("f1", "In the grid of all terminals"), ("alt+u", "Usage")):
            await press(screen)
            await cockpit.until(lambda: not connected)
            await cockpit.until(lambda: said in cockpit.screen_text)  # noqa: B023
            await press("escape")
            await cockpit.until(lambda: connected == {"%1"})
        assert grid.has_focus


async def test_several_terminals_of_one_agent(open_cockpit: Open, connected: set[str]) -> None:
    panes = tuple(PaneSummary(pane_id=f"%{n}", title=f"job {n}") for n in (5, 6, 7))
    agent = scenes.MENDER.model_copy(update={"panes": panes})
    snapshot = scenes.BUSY.model_copy(update={"agents": (agent,), "gates": ()})
    async with open_cockpit(snapshot) as cockpit:
        app, press = cockpit.app, cockpit.pilot.press
        grid = await opened(cockpit)
        assert grid._chosen == "%7"
        await press("left")
        assert grid._chosen == "%6"
        # An older one that goes away does not change which is chosen.
        fewer = agent.model_copy(update={"panes": panes[1:]})
        cockpit.engine.publish(AgentChanged(agent=fewer))
        await cockpit.until(lambda: connected == {"%6", "%7"})
        assert grid._chosen == "%6"
        await press("alt+p")
        assert grid._chosen == "%7"
        await press("left", "enter")
        await cockpit.until(lambda: connected == {"%6"})
        await opened(cockpit)
        await press("right", "escape")
        await cockpit.until(lambda: "1 of 2" in cockpit.screen_text)
        shown = app.cockpit.terminal.pane
        assert shown is not None
        assert shown.pane_id == "%6"


async def test_gates_and_questions_in_the_grid(open_cockpit: Open, connected: set[str]) -> None:
    waiting = scenes.fleet(16)
    async with open_cockpit(waiting.model_copy(update={"gates": ()}), size=BIG) as cockpit:
        app, press = cockpit.app, cockpit.pilot.press
        await cockpit.type("a draft")
        grid = await opened(cockpit)
        cockpit.engine.publish(GateOpened(gate=waiting.gates[0]))
        assert "zoom in" in cockpit.screen_text
        await cockpit.until(lambda: app.gates is not None and app.gates.gate is not None)
        dialog = app.gates
        # Its keys are the dialog's for now.
        await cockpit.until(lambda: "zoom in" not in cockpit.screen_text)
        assert dialog is not None
        # Too early after it came up, no key decides, however late it is looked at.
        for letter in "daA":
            early = Key(letter, letter)
            early.time = dialog._quiet._disturbed_at + 0.1
            app.post_message(early)
            await cockpit.pilot.pause()
        assert grid.has_focus
        assert not [one for one in cockpit.engine.commands if isinstance(one, Decide)]
        await cockpit.until(lambda: dialog.armed)
        # A look at the pane leaves the grid for it, and comes back.
        await press("l")
        await cockpit.until(lambda: "Grid" not in cockpit.screen_text)
        await cockpit.until(lambda: connected == {"%1"})
        await press("l")
        await cockpit.until(lambda: "Grid" in cockpit.screen_text.split("\n")[0])
        await cockpit.until(lambda: grid.has_focus)
        await press("escape")
        assert dialog.gate is None
        assert " HIGH  git push" in cockpit.screen_text
        await press("g")
        assert dialog.gate is not None
        await cockpit.until(lambda: dialog.armed)
        await press("d")
        decided = await cockpit.engine.received(Decide)
        assert (decided.gate_id, decided.decision) == ("g1", "deny")
        cockpit.engine.publish(GateClosed(gate_id="g1", agent_id="f1", outcome="denied"))
        await cockpit.until(lambda: not app.state.gates)
        assert grid.has_focus
        await press("g")
        await cockpit.until(lambda: "waits for nothing from you" in cockpit.screen_text)
        await press("alt+w")
        await press("end", "up", "up", "up", "up", "home", "9", "right", "g")
        await cockpit.until(lambda: isinstance(app.screen, QuestionScreen))
        await press("escape")
        await cockpit.until(lambda: app.screen is app.cockpit)
        # What is asked of "the agent" is asked of the chosen one.
        await press("3", "f8")
        await cockpit.until(lambda: "Stop write the notes?" in cockpit.screen_text)


async def test_the_mouse(open_cockpit: Open, connected: set[str]) -> None:
    async with open_cockpit(calm(9), size=BIG) as cockpit:
        app, pilot = cockpit.app, cockpit.pilot
        grid = await opened(cockpit)
        heads = grid.heads(grid.size)
        # A head, and the terminal below one.
        await pilot.click(offset=heads["%4"].offset + Offset(3, 0))
        assert chosen(cockpit) == "f4"
        await pilot.click(offset=heads["%7"].offset + Offset(10, 4))
        assert chosen(cockpit) == "f7"
        assert grid.has_focus
        row = cockpit.screen_text.split("\n")[0]
        await pilot.click(offset=(row.index("failed"), 0))
        await cockpit.until(lambda: connected == {"%5"})
        await pilot.click(offset=(row.index("all"), 0))
        await cockpit.until(lambda: len(connected) == 9)
        keys = cockpit.screen_text.split("\n")[-1]
        await pilot.click(offset=(keys.index("filter"), 49))
        await cockpit.until(lambda: grid._filter is FILTERS[1])
        await pilot.click(offset=grid.heads(grid.size)["%3"].offset + Offset(10, 2), times=2)
        await cockpit.until(lambda: "Grid" not in cockpit.screen_text)
        assert app.focused_id == "f3"


async def test_any_size_and_back(open_cockpit: Open, connected: set[str]) -> None:
    async with open_cockpit(calm(16), size=BIG) as cockpit:
        app, pilot = cockpit.app, cockpit.pilot
        grid = await opened(cockpit)
        await pilot.press("end")
        storm = [(80, 24), (61, 17), (59, 16), (1, 1), (300, 90), (36, 4), (120, 40), (200, 16)]
        for width, height in [*storm, *reversed(storm)]:
            await pilot.resize_terminal(width, height)
            if width >= 60 and height >= 16:
                await cockpit.until(lambda: "▎" in cockpit.screen_text)
        await pilot.resize_terminal(80, 24)
        await cockpit.until(lambda: "2/2" in cockpit.screen_text)
        assert chosen(cockpit) == "f15"
        await cockpit.until(lambda: connected == {f"%{number}" for number in range(8, 16)})
        await cockpit.until(lambda: grid.has_focus)
        await pilot.press("pageup")
        assert chosen(cockpit) == "f7"
        await cockpit.until(lambda: connected == {f"%{number}" for number in range(8)})
        await pilot.press("down")
        assert chosen(cockpit) == "f9"
        await pilot.press("pagedown", "up")
        assert chosen(cockpit) == "f7"
        await pilot.press("pagedown")
        assert chosen(cockpit) == "f15"
        await pilot.press("pageup")
        # Zooming shows the terminal also where the layout hides it.
        await pilot.press("enter")
        await cockpit.until(lambda: app.cockpit.arrangement.terminal is not None)
        await opened(cockpit)
        await pilot.press("escape")
        await cockpit.until(lambda: "Grid" not in cockpit.screen_text)
        assert app.cockpit.arrangement.terminal is None
        # What needs the prompt brings it back.
        await opened(cockpit)
        await pilot.press("ctrl+p")
        await cockpit.type("interrupt the")
        await pilot.press("enter")
        await cockpit.until(lambda: "Grid" not in cockpit.screen_text)
        assert app.cockpit.prompt.has_focus


async def test_a_terminal_of_a_new_server_is_shown_though_an_old_one_had_its_id(
    open_cockpit: Open, connected: set[str]
) -> None:
    fleet = calm(2)
    async with open_cockpit(fleet, size=(120, 40)) as cockpit:
        grid = await opened(cockpit)
        await cockpit.until(lambda: len(connected) == 2)
        agent = fleet.agents[1]
        pane_id = agent.panes[0].pane_id
        grid._panes[pane_id].failed(ServerGone("it has ended"))
        assert pane_id not in connected
        # Both are heard of before the grid is drawn.
        cockpit.engine.publish(AgentChanged(agent=agent.model_copy(update={"panes": ()})))
        cockpit.engine.publish(AgentChanged(agent=agent.model_copy(update={"id": "new"})))
        await cockpit.until(lambda: pane_id in connected)


async def test_what_is_drawn_for_one_row_is_painted_in_all(
    open_cockpit: Open, connected: set[str]
) -> None:
    async with open_cockpit(calm(4), size=BIG) as cockpit:
        grid = await opened(cockpit)
        await cockpit.pilot.pause()
        agents = [
            agent.model_copy(update={"name": f"renamed {number}"})
            for number, agent in enumerate(cockpit.app.agents)
        ]
        # As when the focus has moved while what is shown has changed and is to be drawn soon.
        grid.notify_style_update()
        grid._all = grid._tiles = tiles_of(agents, cockpit.app.state)
        grid.refresh(Region(0, 0, BIG[0], 1))
        await cockpit.pilot.pause()
        grid.redraw()
        await cockpit.pilot.pause()
        for agent in agents:
            assert agent.name in cockpit.screen_text


async def test_a_terminal_that_goes_away_while_it_is_drawn_ends_nothing(
    open_cockpit: Open, connected: set[str]
) -> None:
    async with open_cockpit(calm(2)) as cockpit:
        pane = (await opened(cockpit)).query(TilePane).first()
        room = pane.region
        await pane.remove()
        assert {strip.cell_length for strip in pane.render_lines(room)} == {room.width}


async def test_a_window_too_small_keeps_no_keys(open_cockpit: Open, connected: set[str]) -> None:
    async with open_cockpit(calm(3), size=(40, 12)) as cockpit:
        await cockpit.pilot.press("alt+g")
        await cockpit.until(lambda: cockpit.app.cockpit.choices.grid)
        await cockpit.pilot.press("t")
        await cockpit.pilot.press("escape")
        await cockpit.until(lambda: not cockpit.app.cockpit.choices.grid)
        # Nor where a terminal is to be shown first.
        await cockpit.pilot.press("ctrl+t", "x")
        await cockpit.until(lambda: cockpit.app.cockpit.prompt.text == "x")


async def test_nothing_to_show(open_cockpit: Open, connected: set[str]) -> None:
    async with open_cockpit(scenes.EMPTY, size=(80, 24)) as cockpit:
        await opened(cockpit)
        assert "No terminals yet" in cockpit.screen_text
        await cockpit.pilot.press("right", "enter")
        await cockpit.until(lambda: "No agents yet" in cockpit.screen_text)
        # By its name, too; and the first terminal appears by itself.
        await cockpit.type("/grid")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "No terminals yet" in cockpit.screen_text)
        cockpit.engine.publish(AgentChanged(agent=scenes.MENDER))
        await cockpit.until(lambda: connected == {"%1"})
        assert chosen(cockpit) == "a1"


def test_wide_characters_are_cut_cleanly_at_both_edges() -> None:
    painter, base = Painter(), Style()
    frame = Frame(
        lines=("日本語の文書", "\x1b[31mab日本\x1b[0m語x"),
        width=40,
        height=2,
        cursor_x=5,
        cursor_y=1,
        cursor_visible=True,
        in_mode=False,
        dead=False,
        alternate=False,
        history_size=0,
        title="",
    )
    for first in range(14):
        for width in range(1, 14):
            rows = painter.paint(frame, width, 2, base, Style(reverse=True), first_column=first)
            whole = painter.paint(frame, 60, 2, base, Style(reverse=True))
            for row, complete in zip(rows, whole, strict=True):
                assert row.cell_length == width
                assert sum(segment.cell_length for segment in row) == width
                assert row.text == complete.crop(first, first + width).text
