"""Dreams in the app as a diff, on a real store: accepted, undone, and settled pair by pair."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.protocol.memory import DreamOperation, DreamPart, Side
from memory.database import Database
from memory.errors import DatabaseLocked
from tests.tui.screens.conftest import NOW
from tests.tui.screens.remembering import Remembering, dream, dreamt, known, opened, text, until
from tui.drawing import dream_diff
from tui.screens.dreams import DreamsScreen
from tui.themes.theme import paint

Open = Callable[..., Remembering]


@pytest.fixture
def dreams(tmp_path: Path) -> Open:
    def make(fill: Any = dreamt, **options: Any) -> Remembering:
        return Remembering(DreamsScreen(clock=lambda: NOW), tmp_path / "home", fill, **options)

    return make


async def states(database: Database) -> dict[str, tuple[Any, ...]]:
    rows = await database.read(lambda db: db.execute("SELECT id, * FROM memories").fetchall())
    return {row[0]: row[1:] for row in rows}


async def test_each_operation_is_told_with_before_after_rule_and_evidence(dreams: Open) -> None:
    app = dreams()
    async with opened(app) as pilot:
        # The list is filled first, and then what the chosen row changed is drawn.
        await until(pilot, lambda: "- The nightly settlement job starts" in text(app))
        shown = text(app)
        assert "1 merged, 1 superseded, 1 to look at · 1 pair left open" in shown
        assert "- The nightly settlement job starts at 02:30." in shown
        assert "+ The nightly settlement job starts at 03:15." in shown
        assert "rule      the later one wins" in shown
        await pilot.press("down")
        await until(pilot, lambda: "- The invoice service is written" in text(app))
        assert "+ Invoice service: written in Kotlin" in text(app)
        await pilot.press("down")
        await until(pilot, lambda: "it gives orders" in text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.results == [None])


async def test_one_is_accepted_another_taken_back(dreams: Open) -> None:
    app = dreams()
    async with opened(app, (80, 24)) as pilot:
        await pilot.press("a")
        await until(pilot, lambda: "Accepted." in text(app) and "1 accepted" in text(app))
        await pilot.press("down")
        await until(pilot, lambda: "a accept" in text(app))
        await pilot.press("u")
        await until(pilot, lambda: "1 taken back" in " ".join(text(app).split()))
        assert (await app.database.memories.get("kotlin")).status == "active"
        assert (await app.database.memories.get("old")).status == "superseded"
        await until(pilot, lambda: "a accept" not in text(app))


async def test_the_whole_dream_is_taken_back_to_the_byte(dreams: Open) -> None:
    before: dict[str, tuple[Any, ...]] = {}

    async def fill(database: Database) -> None:
        await known(database)
        before.update(await states(database))
        await dream(database)

    app = dreams(fill=fill)
    async with opened(app) as pilot:
        assert await states(app.database) != before
        await pilot.press("U")
        await until(pilot, lambda: "Take dream 1 back?" in text(app))
        await pilot.press("n")
        await until(pilot, lambda: "Take dream 1 back?" not in text(app))
        await pilot.press("U", "y")
        await until(pilot, lambda: "Dream 1 is taken back" in text(app))
        assert await states(app.database) == before
        await until(pilot, lambda: "U undo all" not in text(app))


async def test_a_pair_is_settled_swapped_kept_and_reopened(dreams: Open) -> None:
    app = dreams()
    async with opened(app) as pilot:
        await pilot.press("end")
        await until(pilot, lambda: "+ The billing service listens on port 9090." in text(app))
        await pilot.press("s")
        await until(pilot, lambda: "+ The billing service listens on port 8080." in text(app))
        await pilot.press("b")
        await until(pilot, lambda: "Both stay" in text(app) and "both stay" in text(app))
        await pilot.press("u")
        await until(pilot, lambda: "yours to say again" in text(app))
        await until(pilot, lambda: "s swap" in text(app))
        await pilot.press("s", "a")
        await until(pilot, lambda: "Done as you say" in text(app) and "accepted" in text(app))
        gone = await app.database.memories.get("seen")
        assert (gone.status, gone.superseded_by) == ("superseded", "said")
        await until(pilot, lambda: "u undo" in text(app))
        await pilot.press("u")
        await until(pilot, lambda: "yours to say" in text(app) and "s swap" in text(app))
        assert (await app.database.memories.get("seen")).status == "active"


async def test_what_a_dream_would_do_is_looked_at_and_then_done(dreams: Open) -> None:
    app = dreams(fill=known)
    async with opened(app) as pilot:
        assert "No dream yet" in text(app)
        before = await states(app.database)
        await pilot.press("p")
        await until(pilot, lambda: "would be" in text(app))
        assert "+ The nightly settlement job starts at 03:15." in text(app)
        await pilot.press("a", "u", "U")
        await pilot.pause()
        assert await states(app.database) == before
        await pilot.press("n")
        await until(pilot, lambda: "AutoDream puts memories in order" in text(app))
        screen = app.screen
        assert isinstance(screen, DreamsScreen)
        for phase in ("prune", "waiting"):
            status = app.state.dream.model_copy(update={"phase": phase})
            app.state = app.state.model_copy(update={"dream": status})
            screen.dream_changed()
        await until(pilot, lambda: "1 merged, 1 superseded" in text(app))
        assert "puts memories in order" not in text(app)
        await pilot.press("left")
        await until(pilot, lambda: "nothing is changed by looking" in text(app))
        await pilot.press("right")
        await until(pilot, lambda: "1 merged, 1 superseded" in text(app))


async def test_a_memory_that_changed_since_is_not_undone(dreams: Open) -> None:
    app = dreams()
    async with opened(app) as pilot:
        await app.database.memories.confirm("old", by="person")
        await pilot.press("u")
        await until(pilot, lambda: "bring it back by its own history" in text(app))


async def test_what_goes_wrong_is_said_with_the_way_out(dreams: Open) -> None:
    app = dreams()
    app.refuse = "The connection to the engine has ended."
    async with opened(app) as pilot:
        assert "F5 tries again" in text(app)
        app.refuse = ""
        await pilot.press("f5")
        await until(pilot, lambda: "the later one wins" in text(app))
        app.fault = DatabaseLocked(app.paths.database)
        await pilot.press("u")
        await until(pilot, lambda: "locked by another" in " ".join(text(app).split()))
        app.fault = None
        await pilot.press("u")
        await until(pilot, lambda: "1 taken back" in text(app))


def test_a_doubt_has_its_evidence_and_a_removed_text_is_said_to_be() -> None:
    side = Side(id="m", text="Run make lint.", status="active", source="agent_inferred",
                created_at=NOW - 86_400 * 3)  # fmt: skip
    flag = DreamOperation(
        number=1,
        kind="flag",
        state="applied",
        drift="command",
        evidence=("there is no task lint", "make check was run 4 times"),
        parts=(DreamPart(memory_id="m", before=side, after=side),),
    )
    told = written(flag)
    assert "  Run make lint." in told
    assert "doubt     command" in told
    assert "evidence  there is no task lint" in told
    assert "evidence  make check was run 4 times" in told
    merge = DreamOperation(
        number=2,
        kind="merge",
        state="undone",
        reason="the same in other words",
        parts=(
            DreamPart(memory_id="m", before=side, after=side.model_copy(update={"text": "Both."})),
            DreamPart(memory_id="n", other=side),
        ),
    )
    told = written(merge)
    assert told.split("\n")[0] == "- Run make lint."
    assert "+ Both." in told
    assert "- (its text was removed)" in told
    assert "state     taken back" in told


def written(operation: DreamOperation) -> str:
    lines = dream_diff.lines(operation, NOW, 60, paint({}))
    return "\n".join("".join(text for text, _ in line) for line in lines)
