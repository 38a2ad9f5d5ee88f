"""Sessions searched, read at a place, forked and exported, with the engine's answers scripted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, OptionList, Static

from agent.protocol.agents import SessionSummary
from agent.protocol.commands.prompts import ReadTranscript
from agent.protocol.commands.sessions import (
    ExportSession,
    ForkSession,
    ListTurns,
    SaidHit,
    SearchSessions,
    SessionTurn,
)
from agent.protocol.conversation import Block, BlockKind
from tests.tui.camera import Camera
from tests.tui.settling import pressed
from tui.screens.fork import Forked, ForkScreen
from tui.screens.past_session import PastSessionScreen
from tui.screens.place import PlaceScreen
from tui.screens.sessions import SessionsScreen
from tui.widgets.conversation import Conversation

Host = Callable[..., Any]
NOW = 1_790_000_000.0


async def settle(pilot: Any) -> None:
    for field in pilot.app.screen.query("Input"):
        field.cursor_blink = False
    for _ in range(3):
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()


def hit(agent_id: str, block: int, excerpt: str, *found: str, person: bool = False) -> Any:
    places = [(excerpt.index(word), excerpt.index(word) + len(word)) for word in found]
    return SaidHit(
        agent_id=agent_id,
        block=block,
        at=NOW - block * 4000,
        by_person=person,
        excerpt=excerpt,
        found=tuple(places),
    ).model_dump(mode="json")


def shown(app: Any) -> str:
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


def top(app: Any) -> type[Any]:
    return type(app.screen)


@pytest.fixture
def searched(host: Host, make_agent: Any) -> Any:
    """The list of sessions, with an engine that finds three places in two of them."""
    app = host(SessionsScreen(clock=lambda: NOW))
    prompts = ("mend the tower", "wind it", "paint the door", "say it otherwise")
    app.sessions = [
        SessionSummary(
            **{**dict(make_agent(n, id=f"{n}abcdef01234")), "archived": n > 2},
            prompt=prompt,
            used_at=NOW - 60 * n,
            forked_from="1abcdef01234" if n == 4 else "",
        )
        for n, prompt in enumerate(prompts, 1)
    ]
    app.answers = {
        "search_sessions": {
            "hits": [
                hit("2abcdef01234", 9, "… and then the clocks were mended at once", "clock"),
                hit("4abcdef01234", 7, "Which clock do you mean? The one of the tower", "clock"),
                hit("2abcdef01234", 3, "wind the clock", "clock", person=True),
            ]
        },
        "list_turns": {
            "turns": [
                SessionTurn(
                    number=n,
                    prompt=prompt,
                    at=NOW - 9000 // n,
                    whole=n < 3,
                    first_block=n * 3,
                    last_block=n * 3 + 2,
                ).model_dump(mode="json")
                for n, prompt in enumerate(
                    ("wind the clock", "and say when it was wound last", "now the bell"), 1
                )
            ]
        },
        "fork_session": {"agent_id": "new", "prompt": ""},
    }
    app.blocks = [
        Block(id=n, kind=BlockKind.ASSISTANT, at=NOW, text=f"Answer {n}.\n" * 9)
        for n in range(1, 12)
    ]
    return app


def rows(app: Any) -> list[str]:
    return [option.id for option in app.screen.query_one("#sessions", OptionList).options]


async def test_what_was_said_is_found_below_its_session(searched: Any) -> None:
    app = searched
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("c")
        await settle(pilot)
        assert not [one for one in app.sent if isinstance(one, SearchSessions)]
        await pilot.press("down", *"lock")
        await settle(pilot)
        assert app.sent[-1] == SearchSessions(query="clock")
        assert rows(app) == [
            *("2abcdef01234", "2abcdef01234:9", "2abcdef01234:3"),
            *("4abcdef01234", "4abcdef01234:7"),
        ]
        text = shown(app)
        assert "you   3 h 20 min  wind the clock" in text
        assert "fork of reader · say it otherwise" in text
        # What was found for other words goes at once; names are found as they are typed.
        app.answers["search_sessions"] = {"hits": []}
        app.screen.query_one("#filter", Input).value = "door"
        await settle(pilot)
        assert rows(app) == ["3abcdef01234"]
        app.screen.query_one("#filter", Input).value = "nowhere"
        await settle(pilot)
        assert "No session is called that, and nobody said it." in shown(app)


async def test_a_place_is_read_where_it_stands_and_forked_there(searched: Any) -> None:
    app = searched
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press(*"clock")
        await settle(pilot)
        await pilot.press("down", "down", "enter")
        await settle(pilot)
        assert top(app) is PastSessionScreen
        assert app.screen.query_one(Conversation).chosen.id == 3
        assert "Answer 3." in shown(app)
        assert [one.limit for one in app.sent if isinstance(one, ReadTranscript)] == [2000]
        await pilot.press("F")
        await settle(pilot)
        assert top(app) is ForkScreen
        assert app.sent[-1] == ListTurns(agent_id="2abcdef01234")
        assert app.screen.query_one("#turns", OptionList).highlighted == 0
        assert "nothing is rolled back" in " ".join(shown(app).split())
        assert "no end yet" in shown(app)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert app.sent[-1] == ForkSession(agent_id="2abcdef01234", turn=2)
        # All of it goes away for the new agent.
        assert app.results == [Forked("new", "")]


async def test_a_session_is_forked_before_a_turn_and_a_refusal_stays(searched: Any) -> None:
    app = searched
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("down", "f3")
        await settle(pilot)
        assert app.screen.query_one("#turns", OptionList).highlighted == 2
        app.refuse = "Turn 3 of reader is not whole: let reader finish it, or fork before it."
        await pilot.press("enter")
        await settle(pilot)
        assert str(app.screen.query_one("#card-line", Static).visual) == app.refuse
        app.refuse, app.answers["fork_session"] = "", {"agent_id": "n", "prompt": "now the bell"}
        await pilot.press("b")
        await settle(pilot)
        assert app.sent[-1] == ForkSession(agent_id="2abcdef01234", turn=3, before=True)
        assert app.results == [Forked("n", "now the bell")]


async def test_a_fork_asks_where_to_work_when_its_directory_is_gone(searched: Any) -> None:
    app = searched
    app.sessions[0] = app.sessions[0].model_copy(update={"demo": True})
    app.answers["list_turns"] |= {"gone": "/srv/clock.worktrees/wt2", "instead": "/srv/clock"}
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert "F3" not in shown(app), "a session of the demo cannot be forked"
        await pilot.press("down")
        await settle(pilot)
        assert "F3" in shown(app)
        await pilot.press("f3")
        await settle(pilot)
        assert "/srv/clock.worktrees/wt2 is gone" in shown(app)
        await pilot.press("up", "enter")
        await settle(pilot)
        assert top(app) is PlaceScreen
        app.refuse = "/srv/clock is not a directory."
        await pilot.press("enter")
        await settle(pilot)
        assert str(app.screen.query_one("#card-line", Static).visual) == app.refuse
        app.refuse = ""
        await pilot.press("enter")
        await settle(pilot)
        assert app.sent[-1] == ForkSession(agent_id="2abcdef01234", turn=2, directory="/srv/clock")
        assert app.results == [Forked("new", "")]


async def test_nothing_to_fork_is_said_and_escape_goes_back(searched: Any) -> None:
    app = searched
    app.answers["list_turns"] = {}
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        assert "no turn to fork at" in shown(app)
        await pilot.press("b", "enter", "escape")
        await settle(pilot)
        assert top(app) is SessionsScreen
        await pilot.press("f2")
        await settle(pilot)
        assert top(app) is PastSessionScreen
        # A session that cannot be forked says so at once, and offers nothing but to leave.
        await pilot.press("escape")
        await settle(pilot)
        app.refuse = "fix follows the demo's script: an agent of your own (/new) can be forked."
        await pilot.press("f3")
        await settle(pilot)
        assert str(app.screen.query_one("#card-line", Static).visual) == app.refuse
        assert "fork after it" not in shown(app)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.sent[-1], ListTurns)
        assert app.results == []


async def test_a_file_that_is_there_is_replaced_at_a_second_enter_alone(searched: Any) -> None:
    app = searched
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        app.answers["export_session"] = {"file": "x", "exists": True}
        await pilot.press("f4")
        await settle(pilot)
        assert issubclass(top(app), PlaceScreen)
        name = str(Path.home() / "reader-1abcde.md")
        await pilot.press("enter")
        await settle(pilot)
        assert app.sent[-1] == ExportSession(agent_id="1abcdef01234", file=name)
        said = str(app.screen.query_one("#card-line", Static).visual)
        assert said == f"{name} is there already. Enter once more replaces it."
        # Another place begins anew.
        await pilot.press(*".md", "enter")
        await settle(pilot)
        assert not app.sent[-1].overwrite
        app.answers["export_session"] = {"file": "x", "exists": False}
        await pilot.press("enter")
        await settle(pilot)
        assert app.sent[-1].overwrite
        assert top(app) is SessionsScreen
        assert "readable by you only" in shown(app)


async def test_found_places_look(camera: Camera, searched: Any) -> None:
    async def look(pilot: Any) -> None:
        await pressed(pilot, *"clock", "down")

    await camera.shoot(searched, look)


async def test_turns_look(camera: Camera, searched: Any) -> None:
    async def look(pilot: Any) -> None:
        await pilot.press("f3")

    await camera.shoot(searched, look)


async def test_a_file_to_write_looks(camera: Camera, searched: Any) -> None:
    async def look(pilot: Any) -> None:
        await pressed(pilot, "f4")
        # Whose home it is differs from machine to machine.
        pilot.app.screen.query_one("#place", Input).value = "/srv/notes/reader.md"

    await camera.shoot(searched, look)
