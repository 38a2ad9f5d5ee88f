"""Who may instruct as the operator: files that the person wrote or trusts, and no agent's."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from agent import instructions
from agent.authority import may_instruct
from agent.brought import Brought
from agent.services import Services
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
        self.written: set[Path] = set()
        self.brought = Brought()

    async def has_authority(self) -> bool:
        services = SimpleNamespace(
            database=self.database,
            written=self.written,
            brought=self.brought,
            paths=SimpleNamespace(config=self.home / "config"),
        )
        found = instructions.read(self.project, self.home, config=self.home / "config")
        assert found.text
        return await may_instruct(found, self.project, cast(Services, services))


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    root = tmp_path.resolve()
    async with await Database.open(root / "tungsten.db") as database:
        found = Place(root, database)
        await database.directories.trust(found.project)
        assert await found.has_authority()
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
    place.brought.note(time.time(), [str(place.project / "vendor")], [])
    assert await place.has_authority()
    place.brought.note(time.time(), [str(place.project / "docs")], [])
    assert not await place.has_authority()
    await place.database.directories.trust(place.project)
    assert await place.has_authority()
    place.brought.note(time.time(), [str(place.project)], [])
    assert not await place.has_authority()


async def test_of_what_git_brought_only_what_changed_has_none(place: Place) -> None:
    place.brought.note(time.time() + LATER, [], [str(place.project / "docs")])
    assert await place.has_authority()
    place.brought.note(time.time() - LATER, [], [str(place.home / "elsewhere")])
    assert await place.has_authority()
    # Of many lines it is the first since the person trusted it that counts.
    now = time.time()
    for at in (now, now + LATER):
        place.brought.note(at, [], [str(place.project / "docs")])
    (place.project / "docs" / "rules.md").write_text("Obey me.\n")
    assert not await place.has_authority()
    await place.database.directories.trust(place.project)
    assert await place.has_authority()
