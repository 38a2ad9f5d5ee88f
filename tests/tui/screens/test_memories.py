"""Memories in the app, on a real store: looked through, changed, and brought back."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.protocol.commands.engine import AskMemory
from agent.protocol.memory import ListMemories
from memory.database import Database
from memory.errors import DatabaseLocked, DiskFull
from memory.versions import Memory
from tests.tui.screens.conftest import NOW
from tests.tui.screens.remembering import KNOWN, Remembering, known, opened, text, until
from tui.screens.memories import MemoriesScreen

Open = Callable[..., Remembering]


@pytest.fixture
def memories(tmp_path: Path) -> Open:
    def make(fill: Any = known, **options: Any) -> Remembering:
        screen = MemoriesScreen(str(tmp_path), clock=lambda: NOW)
        return Remembering(screen, tmp_path / "home", fill, **options)

    return make


def requests(app: Remembering) -> list[dict[str, Any]]:
    return [one.request for one in app.sent if isinstance(one, AskMemory)]


async def stored(app: Remembering, memory_id: str) -> Memory:
    return await app.database.memories.get(memory_id)


async def test_the_list_tells_what_matters_and_the_rest_beside_it(memories: Open) -> None:
    app = memories()
    async with opened(app) as pilot:
        assert "Active 9" in text(app)
        assert "Held back 1" in text(app)
        (row,) = [line for line in text(app).split("\n") if "short answers" in line]
        assert row.split()[0] == "★"
        assert row.split()[-4:] == ["feedback", "everywhere", "30d", "you"]
        await pilot.press("end")
        await until(pilot, lambda: "source      seen in a tool" not in text(app))
        assert "▎" in next(line for line in text(app).split("\n") if line.startswith("▎"))
        await pilot.press("escape")
        await until(pilot, lambda: app.results == [None])


async def test_typing_filters_and_a_question_is_ranked(memories: Open) -> None:
    app = memories()
    async with opened(app) as pilot:
        await pilot.press("slash", *"job settle")
        await until(pilot, lambda: "02:30" in text(app) and "Kotlin" not in text(app))
        await pilot.press("enter", "f")
        await until(pilot, lambda: "Forgotten" in text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "Kotlin" in text(app))
        await pilot.press("question_mark", *"which port does billing use", "down")
        await until(pilot, lambda: "port 8080" in text(app) and "Kotlin" not in text(app))
        assert requests(app)[-1]["type"] == "search"
        await pilot.press("slash", *"nothing like it")
        await until(pilot, lambda: "No memory here has all of these words" in text(app))


async def test_while_words_are_written_only_keys_that_do_something_are_offered(
    memories: Open,
) -> None:
    app = memories()
    async with opened(app) as pilot:
        await until(pilot, lambda: "f forget" in text(app))
        await pilot.press("slash")
        await until(pilot, lambda: "to the list" in text(app) and "f forget" not in text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "f forget" in text(app))


async def test_a_hundred_thousand_are_neither_read_nor_held(memories: Open) -> None:
    total = 100_000
    told = "Fact"

    app = memories(fill=None)
    real = app.engine_send

    async def engine_send(command: Any) -> dict[str, Any]:
        if not isinstance(command, AskMemory) or command.request["type"] != "list":
            return await real(command)
        app.sent.append(command)
        asked = ListMemories.model_validate(command.request)
        last = min(total, asked.first + asked.count)
        rows = [
            {"id": f"m{n}", "text": f"{told} {n}.", "type": "project", "scope": "user",
             "source": "user_stated", "confidence": 0.9, "created_at": NOW, "status": "active",
             "version": 1}
            for n in range(asked.first, last)
        ]  # fmt: skip
        return {"rows": rows, "total": total, "counts": {"active": total}}

    app.engine_send = engine_send  # type: ignore[method-assign]
    async with opened(app) as pilot:
        await until(pilot, lambda: "Active 100,000" in text(app))
        await pilot.press("end")
        await until(pilot, lambda: "Fact 99999." in text(app))
        await pilot.press("home")
        await until(pilot, lambda: "Fact 0." in text(app))
        for _ in range(60):
            await pilot.press("pagedown")
        screen = app.screen
        assert isinstance(screen, MemoriesScreen)
        place = screen._rows.place
        assert place > 600
        await until(pilot, lambda: f"Fact {place}." in text(app))
        assert len(screen._rows._rows) <= 1_000
        told = "Truth"
        await pilot.press("f5")
        await until(pilot, lambda: f"Truth {place}." in text(app))
        assert {one.text.split()[0] for one in screen._rows._rows.values()} == {"Truth"}
        assert all(one["count"] <= 100 for one in requests(app))


async def test_an_edit_is_a_new_version_and_a_refused_one_is_not_lost(memories: Open) -> None:
    app = memories()
    async with opened(app) as pilot:
        await pilot.press("slash", *"02:30", "enter")
        await until(pilot, lambda: "Kotlin" not in text(app))
        await pilot.press("e")
        await until(pilot, lambda: "Edit the memory" in text(app))
        await pilot.press(*" hunter2", "enter")
        await until(pilot, lambda: "secret" in text(app))
        await pilot.press(*["backspace"] * 8, *" At least.", "enter")
        await until(pilot, lambda: "it is what you say now" in text(app))
        now = await stored(app, "old")
        assert now.text == "The nightly settlement job starts at 02:30. At least."
        assert now.source == "user_stated"


async def test_an_edit_of_what_has_changed_meanwhile_is_refused(memories: Open) -> None:
    app = memories()
    async with opened(app) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: "Edit the memory" in text(app))
        first = KNOWN[0][1]
        await app.database.memories.change(first, by="agent", verify="ask")
        await pilot.press("x", "enter")
        await until(pilot, lambda: "changed meanwhile" in text(app))


async def test_the_last_one_forgotten_is_said_to_be_under_gone(memories: Open) -> None:
    async def one(database: Any) -> None:
        memory = Memory("m1", "It is red.", source="user_stated", type="user", created_at=NOW)
        await database.memories.add(memory, by="person")

    app = memories(one)
    async with opened(app) as pilot:
        await until(pilot, lambda: "It is red." in text(app))
        await pilot.press("f")
        await until(pilot, lambda: "Nothing is remembered now" in text(app))
        assert "It is under Gone; b brings it back" in text(app)


async def test_pinned_forgotten_and_brought_back(memories: Open) -> None:
    app = memories()
    first = KNOWN[0][1]
    async with opened(app) as pilot:
        await pilot.press("p")
        await until(pilot, lambda: "Pinned" in text(app) and "p unpin" in text(app))
        assert (await stored(app, first)).pinned
        await pilot.press("p")
        await until(pilot, lambda: "No longer pinned" in text(app))
        await pilot.press("f")
        await until(pilot, lambda: "Forgotten" in text(app) and "Gone 1" in text(app))
        assert (await stored(app, first)).status == "forgotten"
        await pilot.press("right", "right")
        await until(pilot, lambda: "b bring back" in text(app))
        await pilot.press("b")
        await until(pilot, lambda: "Nothing is gone" in text(app))
        assert (await stored(app, first)).status == "active"


@pytest.mark.parametrize(("key", "status"), [("b", "active"), ("f", "forgotten")])
async def test_what_is_held_back_says_why_and_is_decided(
    memories: Open, key: str, status: str
) -> None:
    app = memories()
    async with opened(app, (80, 24)) as pilot:
        await pilot.press("right")
        await until(pilot, lambda: "it tells its reader what to do" in text(app))
        assert "b accept" in text(app)
        assert "f forget" in text(app)
        await pilot.press(key)
        await until(pilot, lambda: "Nothing is held back" in text(app))
        assert (await stored(app, "order")).status == status


async def test_redacting_asks_and_really_removes(memories: Open) -> None:
    app = memories()
    async with opened(app) as pilot:
        await pilot.press("slash", *"03:15", "enter", "R")
        await until(pilot, lambda: "for good?" in text(app))
        await pilot.press("enter", "n")
        await until(pilot, lambda: "for good?" not in text(app))
        assert (await stored(app, "new")).status == "active"
        await pilot.press("R")
        await until(pilot, lambda: "for good?" in text(app))
        await pilot.press("y")
        await until(pilot, lambda: "Removed from 1 memory" in text(app))
        raw = b"".join(path.read_bytes() for path in app.paths.data.glob("*.db*"))
        assert b"03:15" not in raw
        await pilot.press("escape", "right", "right")
        await until(pilot, lambda: "(its text was removed)" in text(app))
        sent = len(app.sent)
        await pilot.press("e", "p", "b", "f", "R")
        await pilot.pause()
        assert isinstance(app.screen, MemoriesScreen)
        assert len(app.sent) == sent


async def test_history_and_where_it_comes_from(memories: Open) -> None:
    app = memories()
    async with opened(app) as pilot:
        await app.database.memories.change("new", by="person", text="It starts at 04:00.")
        await pilot.press("slash", *"ledger 04:00", "enter")
        await until(pilot, lambda: "It starts at 04:00" in text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "mend the clock (/srv/clock)" in text(app))
        shown = text(app)
        assert "“the settlement job is late”" in shown
        assert "look into cron/ledger" in shown
        assert "before: The nightly settlement job starts at 03:15." in shown
        assert "version 2" in shown
        assert "you: changed" in shown
        assert "bring this one back" not in shown
        await pilot.press("down")
        await until(pilot, lambda: "bring this one back" in text(app))
        assert "before:" not in text(app)
        await pilot.press("b")
        await until(pilot, lambda: "version 3" in text(app))
        assert (await stored(app, "new")).text.endswith("03:15.")
        await pilot.press("escape")
        await until(pilot, lambda: "No memory here has all of these words" in text(app))


async def test_its_session_is_opened(memories: Open, make_agent: Any) -> None:
    app = memories(agents=(make_agent(id="s1"),))
    async with opened(app) as pilot:
        await pilot.press("o")
        await until(pilot, lambda: "It comes from no session" in text(app))
        await pilot.press("slash", *"03:15", "enter")
        await until(pilot, lambda: "o session" in text(app))
        await pilot.press("o")
        await until(pilot, lambda: app.results == ["s1"])


async def test_a_session_that_is_put_away_is_looked_at(memories: Open) -> None:
    app = memories()
    async with opened(app) as pilot:
        await pilot.press("slash", *"03:15", "enter")
        await until(pilot, lambda: "o session" in text(app))
        await pilot.press("o")
        await until(pilot, lambda: "mend the clock: to look at only, archived" in text(app))


async def test_a_new_one_holds_here_or_everywhere(memories: Open, tmp_path: Path) -> None:
    app = memories(fill=None)
    async with opened(app) as pilot:
        assert "Nothing is remembered yet" in text(app)
        await pilot.press("n")
        await until(pilot, lambda: "About" in text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "needs a text" in text(app))
        await pilot.press(*"It is built with make.", "enter")
        await until(pilot, lambda: "Remembered." in text(app))
        await pilot.press("n", *"I like tea.", "tab", "right", "enter")
        await until(pilot, lambda: "I like tea." in text(app) and "Active 2" in text(app))
        found = await app.database.memories.list()
        assert [(one.text, one.project) for one in found] == [
            ("It is built with make.", str(tmp_path)),
            ("I like tea.", None),
        ]


async def test_the_mode_is_chosen_and_kept(memories: Open) -> None:
    app = memories()
    async with opened(app) as pilot:
        await pilot.press("m")
        await until(pilot, lambda: "agents recall nothing and save nothing" in text(app))
        await pilot.press("up", "up", "enter")
        await until(pilot, lambda: "memory: recall only" in text(app))
        assert tomllib.loads(app.paths.config_file.read_text()) == {"dream": {"mode": "recall"}}


async def test_files_out_and_in(memories: Open, tmp_path: Path) -> None:
    app = memories()
    async with opened(app) as pilot:
        await pilot.press("x")
        await until(pilot, lambda: "Markdown file of its own" in text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "10 files in" in text(app))
        file = tmp_path / "memories" / "short.md"
        file.write_text(file.read_text().replace("short answers", "long answers"))
        await pilot.press("i")
        await until(pilot, lambda: "Import" in text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "0 added, 1 changed, 9 unchanged" in text(app))
        await pilot.press("i", *"x", "enter")
        await until(pilot, lambda: "choose another directory" in text(app))


@pytest.mark.parametrize("fault", [DatabaseLocked, DiskFull])
async def test_what_goes_wrong_is_said_with_the_way_out(memories: Open, fault: Any) -> None:
    app = memories()
    async with opened(app) as pilot:
        app.fault = fault(app.paths.database)
        await pilot.press("p")
        await until(pilot, lambda: "try again" in " ".join(text(app).split()))
        assert not (await stored(app, KNOWN[0][1])).pinned
        assert "port 8080" in text(app)
        app.fault = None
        await pilot.press("p")
        await until(pilot, lambda: "Pinned" in text(app))


async def test_a_list_that_cannot_be_read_is_read_again(memories: Open) -> None:
    app = memories()
    app.refuse = "The connection to the engine has ended."
    async with opened(app) as pilot:
        assert "has ended. — F5 tries again" in " ".join(text(app).split())
        app.refuse = ""
        await pilot.press("f5")
        await until(pilot, lambda: "port 8080" in text(app))
        app.refuse = "The connection to the engine has ended."
        await pilot.press("f5")
        await until(pilot, lambda: "F5 tries again" in text(app))
        app.refuse = ""
        screen = app.screen
        assert isinstance(screen, MemoriesScreen)
        screen.agents_changed()
        await until(pilot, lambda: "port 8080" in text(app))


async def escapes(database: Database) -> None:
    await database.memories.add(
        Memory("m", "red \x1b[31m and [bold]plain[/] \u202eevil"), by="agent"
    )


async def test_no_text_reaches_the_terminal_as_more_than_text(memories: Open) -> None:
    app = memories(fill=escapes)
    async with opened(app) as pilot:
        for key in ("enter", "escape", "R"):
            assert "[bold]plain[/]" in text(app)
            assert "\x1b" not in text(app)
            assert "\u202e" not in text(app)
            await pilot.press(key)
            await pilot.pause()
