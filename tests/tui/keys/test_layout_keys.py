"""Splits, single sides, the sidebar, focus and resizes: by keys, and without losing anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.protocol.agents import AgentState, PaneSummary
from agent.protocol.events import AgentChanged
from tests.stubs import scenes
from tests.tui.conftest import Open

CALM = scenes.BUSY.model_copy(update={"gates": ()})
TALK = {"a1": list(scenes.CONVERSATION)}


async def test_the_split_moves_and_is_remembered(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts=TALK) as cockpit:
        areas = cockpit.app.cockpit.arrangement
        assert areas.conversation is not None
        before = areas.conversation.width
        await cockpit.pilot.press("alt+right", "alt+right", "alt+l")
        moved = cockpit.app.cockpit.arrangement.conversation
        assert moved is not None
        assert moved.width > before
        path = cockpit.app.paths.interface_state
        await cockpit.until(
            lambda: path.exists() and json.loads(path.read_text())["layout"]["split"] == 0.65
        )
    async with open_cockpit(CALM, transcripts=TALK) as cockpit:
        again = cockpit.app.cockpit.arrangement.conversation
        assert again == moved


async def test_each_project_has_the_layout_that_it_was_left_with(
    open_cockpit: Open, tmp_path: Path
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    (one / ".git").mkdir(parents=True)
    (one / "src" / "deep").mkdir(parents=True)
    other.mkdir()
    async with open_cockpit(CALM, directory=one / "src") as cockpit:
        await cockpit.pilot.press("alt+right", "f6")
        left = cockpit.app.cockpit.choices
        assert (left.split, left.sidebar) == (0.55, False)
    # A project that was never seen begins with what was chosen last, and keeps its own.
    async with open_cockpit(CALM, directory=other) as cockpit:
        assert cockpit.app.cockpit.choices.sidebar is False
        await cockpit.pilot.press("f6", "f4")
        assert cockpit.app.cockpit.choices.alone == "terminal"
    async with open_cockpit(CALM, directory=one / "src" / "deep") as cockpit:
        choices = cockpit.app.cockpit.choices
        assert (choices.split, choices.sidebar, choices.alone) == (0.55, False, "")
    async with open_cockpit(CALM, directory=other) as cockpit:
        choices = cockpit.app.cockpit.choices
        assert (choices.sidebar, choices.alone) == (True, "terminal")


async def test_each_side_can_have_all_the_room(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts=TALK) as cockpit:
        screen = cockpit.app.cockpit
        await cockpit.pilot.press("f4")
        assert screen.arrangement.conversation is None
        await cockpit.pilot.press("f3")
        assert screen.arrangement.terminal is None
        await cockpit.pilot.press("f3")
        assert screen.arrangement.terminal is not None
        assert screen.arrangement.conversation is not None


async def test_at_80_by_24_keys_change_sides(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, size=(80, 24), transcripts=TALK) as cockpit:
        screen = cockpit.app.cockpit
        assert screen.arrangement.terminal is None
        await cockpit.pilot.press("f4")
        assert screen.arrangement.conversation is None
        await cockpit.pilot.press("f4")
        assert screen.arrangement.terminal is None
        await cockpit.pilot.press("f4", "f3")
        assert screen.arrangement.conversation is not None


async def test_at_80_by_24_a_program_shows_its_terminal(open_cockpit: Open) -> None:
    ended = PaneSummary(pane_id="%9", dead=True, exit_status=0)
    program = scenes.MENDER.model_copy(update={"id": "p", "kind": "command", "panes": (ended,)})
    fleet = CALM.model_copy(update={"agents": (*CALM.agents, program)})
    number = str(len(fleet.agents))
    async with open_cockpit(fleet, size=(80, 24), transcripts=TALK) as cockpit:
        screen, press, app = cockpit.app.cockpit, cockpit.pilot.press, cockpit.app
        await cockpit.until(lambda: screen.terminal.view is not None)
        assert "type in pane" in cockpit.screen_text
        for _ in range(2):
            await press(f"alt+{number}")
            assert screen.arrangement.conversation is None
            await press("alt+1")
            assert screen.arrangement.terminal is None
            # A key that leads away and back is no choice for all agents.
            await press("f4", "f3")
        await press(f"alt+{number}", "f3")
        assert screen.arrangement.terminal is None
        await press("f4")
        assert screen.arrangement.conversation is None
        await press("f4", "f4")
        assert screen.choices.alone == ""
        # One that has ended takes no keys, which no key and no word offers.
        assert "type in pane" not in cockpit.screen_text
        await cockpit.type("hello")
        await press("enter")
        await cockpit.until(lambda: "^R starts it again" in screen.footer.message)
        bare = program.model_copy(update={"panes": (), "state": AgentState.IDLE})
        app.cockpit.footer.hush()
        cockpit.engine.publish(AgentChanged(agent=bare))
        await cockpit.until(lambda: screen.arrangement.terminal is None)
        await press("f4")
        await cockpit.until(lambda: "The program does not run." in cockpit.screen_text)


async def test_the_sidebar_folds_by_a_key(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts=TALK) as cockpit:
        await cockpit.until(lambda: "AutoDream" in cockpit.screen_text)
        await cockpit.pilot.press("f6")
        await cockpit.until(lambda: "AutoDream" not in cockpit.screen_text)
        assert "mend the parser" in cockpit.screen_text.split("\n")[0]
        await cockpit.pilot.press("f6")
        await cockpit.until(lambda: "AutoDream" in cockpit.screen_text)


async def test_a_sidebar_that_has_no_room_says_so(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, size=(80, 24), transcripts=TALK) as cockpit:
        await cockpit.pilot.press("f6")
        await cockpit.until(lambda: "from 100 columns on" in cockpit.screen_text)
        assert cockpit.app.cockpit.choices.sidebar


async def test_tab_goes_round(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts=TALK) as cockpit:
        screen = cockpit.app.cockpit
        await cockpit.until(lambda: screen.terminal.view is not None)
        assert screen.prompt.has_focus
        await cockpit.pilot.press("tab")
        assert screen.conversation.has_focus
        await cockpit.pilot.press("tab")
        assert screen.terminal.view is not None
        assert screen.terminal.view.has_focus
        await cockpit.pilot.press("tab")
        assert screen.prompt.has_focus
        await cockpit.pilot.press("shift+tab", "shift+tab", "escape")
        assert screen.prompt.has_focus


async def test_a_resize_storm_loses_nothing(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts=TALK) as cockpit:
        await cockpit.type("a draft\nof two lines")
        await cockpit.until(lambda: "off-by-one" in cockpit.screen_text)
        sizes = [(80, 24), (20, 6), (200, 50), (61, 17), (59, 15), (99, 40), (100, 22), (120, 40)]
        for size in sizes * 2:
            await cockpit.pilot.resize_terminal(*size)
        await cockpit.pilot.pause()
        assert cockpit.app.cockpit.prompt.text == "a draft\nof two lines"
        assert cockpit.app.cockpit.prompt.has_focus
        assert "of two lines" in cockpit.screen_text
        assert "off-by-one" in cockpit.screen_text


async def test_too_small_says_so_and_keeps_what_is_typed(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, size=(50, 12)) as cockpit:
        assert "60×16" in cockpit.screen_text
        assert len(cockpit.screen_text.split()) < 12
        await cockpit.type("kept")
        await cockpit.pilot.resize_terminal(80, 24)
        await cockpit.until(lambda: "› kept" in cockpit.screen_text)


async def test_the_prompt_grows_with_its_text(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts=TALK) as cockpit:
        screen = cockpit.app.cockpit
        assert screen.arrangement.prompt is not None
        before = screen.arrangement.prompt.height
        await cockpit.type("1\n2\n3\n4\n5\n6")
        await cockpit.until(
            lambda: (
                screen.arrangement.prompt is not None
                and screen.arrangement.prompt.height == before + 4
            )
        )
        await cockpit.pilot.press("ctrl+c")
        await cockpit.until(
            lambda: (
                screen.arrangement.prompt is not None and screen.arrangement.prompt.height == before
            )
        )
        await cockpit.pilot.press("up")
        assert screen.prompt.text == "1\n2\n3\n4\n5\n6"


async def test_panes_of_one_agent_take_turns(open_cockpit: Open) -> None:
    panes = tuple(
        scenes.MENDER.panes[0].model_copy(update={"pane_id": f"%{n}", "title": f"shell {n}"})
        for n in (1, 5)
    )
    agent = scenes.MENDER.model_copy(update={"panes": panes})
    state = CALM.model_copy(update={"agents": (agent,)})
    async with open_cockpit(state) as cockpit:
        await cockpit.until(lambda: "%5 shell 5" in cockpit.screen_text)
        assert "2 of 2" in cockpit.screen_text
        await cockpit.pilot.press("alt+p")
        await cockpit.until(lambda: "%1 shell 1" in cockpit.screen_text)


async def test_clicking_an_agent_looks_at_it(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        rows = cockpit.screen_text.split("\n")
        y = next(index for index, row in enumerate(rows) if "publish" in row)
        await cockpit.pilot.click(offset=(4, y))
        await cockpit.until(lambda: cockpit.app.focused_id == "a2")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_looking_from_a_gate_shows_the_very_pane_it_is_about(
    open_cockpit: Open, size: tuple[int, int]
) -> None:
    panes = tuple(PaneSummary(pane_id=f"%{number}", title="bash") for number in (2, 5, 9))
    publisher = scenes.PUBLISHER.model_copy(update={"panes": panes})
    gate = scenes.GATE.model_copy(update={"pane_id": "%5"})
    busy = scenes.BUSY.model_copy(
        update={"agents": (scenes.MENDER, publisher), "gates": (gate,)},
    )
    async with open_cockpit(busy, size=size, transcripts=TALK) as cockpit:
        app, screen = cockpit.app, cockpit.app.cockpit
        before = screen.arrangement
        await cockpit.until(lambda: app.gates is not None and app.gates.armed)
        await cockpit.pilot.press("l")
        await cockpit.until(lambda: "back to the gate" in cockpit.screen_text)
        assert screen.terminal.pane is not None
        assert screen.terminal.pane.pane_id == "%5"
        assert screen.arrangement.terminal is not None
        await cockpit.pilot.press("l")
        await cockpit.until(lambda: "back to the gate" not in cockpit.screen_text)
        assert screen.arrangement == before
