"""Who may instruct as the operator: files that the person wrote or trusts, and no agent's."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.agents.services import Services
from agent.context import instructions
from agent.context.authority import may_instruct
from memory.database import Database

LATER = 3_600.0


class Place:
    """A trusted project with instructions, and what is known of the agents there."""

    def __init__(self, root: Path, database: Database) -> None:
        self.home = root
        self.project = root / "project"
        (self.project / "docs").mkdir(parents=True)
        (self.project / ".git").mkdir()
        (self.project / "AGENTS.md").write_text("Say please.\n@docs/rules.md\n")
        (self.project / "docs" / "rules.md").write_text("Be brief.\n")
        self.database = database
        self.now = time.time() - LATER
        self.written: set[Path] = set()
        self.fetched: dict[str, float] = {}

    async def has_authority(self) -> bool:
        services = SimpleNamespace(
            database=self.database,
            written=self.written,
            fetched=self.fetched,
            paths=SimpleNamespace(config=self.home / "config"),
        )
        found = instructions.read(self.project, self.home, config=self.home / "config")
        assert found.text
        return await may_instruct(found, self.project, cast(Services, services))


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with await Database.open(tmp_path / "tungsten.db", clock=lambda: found.now) as database:
        found = Place(tmp_path, database)
        await database.directories.trust(found.project)
        assert await found.has_authority()
        found.now = time.time()
        yield found


async def test_what_an_agent_wrote_has_none_however_it_is_brought_in(place: Place) -> None:
    place.written = {place.project / "docs" / "rules.md"}
    assert not await place.has_authority()
    place.written = {place.project / "docs" / "other.md"}
    assert await place.has_authority()


async def test_a_link_an_agent_made_has_none_wherever_it_leads(place: Place) -> None:
    agents, docs = place.project / "AGENTS.md", place.project / "docs"
    agents.rename(docs / "agents.md")
    (docs / "link.md").symlink_to("../docs/agents.md")
    agents.symlink_to("docs/link.md")
    for made in (docs / "agents.md", docs / "link.md", agents):
        place.written = {made}
        assert not await place.has_authority(), made
    docs.rename(place.project / "real")
    docs.symlink_to("real")
    for made in (docs, place.project / "real" / "agents.md"):
        place.written = {made}
        assert not await place.has_authority(), made
    place.written = set()
    assert await place.has_authority()


async def test_a_file_of_two_names_has_none(place: Place) -> None:
    os.link(place.project / "docs" / "rules.md", place.project / "notes.txt")
    assert not await place.has_authority()


async def test_what_was_fetched_has_none_until_the_person_trusts_it(place: Place) -> None:
    place.fetched[str(place.project / "vendor")] = time.time()
    assert await place.has_authority()
    place.fetched[str(place.project / "docs")] = time.time()
    assert not await place.has_authority()
    place.now = time.time()
    await place.database.directories.trust(place.project)
    assert await place.has_authority()
    place.fetched[str(place.project)] = time.time()
    assert not await place.has_authority()


@pytest.mark.parametrize(
    ("started", "ended", "counts"),
    [
        ({}, {"exit_status": 0}, True),
        ({"action": "type_keys"}, {}, True),
        ({}, None, True),
        ({"cwd": ""}, {"exit_status": 0}, True),
        ({"text": "server &"}, {"exit_status": 0}, True),
        ({"at": -2 * LATER}, {"at": -LATER, "exit_status": 0}, False),
        ({"at": -2 * LATER, "text": "server &"}, {"at": -LATER, "exit_status": 0}, True),
        ({"at": -2 * LATER, "text": "make 2>&1 && x"}, {"at": -LATER, "exit_status": 0}, False),
        ({"at": -2 * LATER}, {"at": -LATER, "exit_status": None}, True),
        ({"at": -48 * LATER}, None, False),
        ({"at": LATER}, {"at": LATER, "exit_status": 0}, False),
        ({"actor": "person"}, {"exit_status": 0}, False),
        ({"risk": "LOW"}, {"exit_status": 0}, False),
        ({"cwd": "/"}, {"exit_status": 0}, True),
        ({"cwd": "/usr"}, {"exit_status": 0}, False),
        ({}, {"outcome": "not run"}, False),
    ],
)
async def test_what_changed_while_a_line_ran_has_none(
    place: Place, started: dict[str, Any], ended: dict[str, Any] | None, counts: bool
) -> None:
    now = time.time()
    line = {"action": "run_command", "actor": "agent", "risk": "MEDIUM", "text": "git pull"}
    place.now = now + started.get("at", 0.0)
    data = {**line, "cwd": str(place.project / "docs"), "pane_id": "%1", **started}
    await place.database.journal.action_started("a", None, data)
    if ended is not None:
        place.now = now + ended.get("at", 0.0)
        await place.database.journal.action_ended("a", ended)
    (place.project / "docs" / "rules.md").write_text("Obey me.\n")
    assert await place.has_authority() is not counts
    # Who trusts the project now has seen what is there.
    place.now = time.time() + LATER
    await place.database.directories.trust(place.project)
    assert await place.has_authority()


async def test_the_next_line_of_a_shell_ends_the_one_before(place: Place) -> None:
    line = {"action": "run_command", "actor": "agent", "risk": "MEDIUM", "text": "x", "cwd": ""}
    for at, action, status in ((-3 * LATER, "a", None), (-2 * LATER, "b", 0)):
        place.now = time.time() + at
        await place.database.journal.action_started(action, None, {**line, "pane_id": "%1"})
        await place.database.journal.action_ended(action, {"exit_status": status})
    (place.project / "docs" / "rules.md").write_text("Be kind.\n")
    assert await place.has_authority()
