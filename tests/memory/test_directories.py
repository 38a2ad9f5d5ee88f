from __future__ import annotations

from pathlib import Path

from memory import Database


async def test_only_what_was_trusted_is(database: Database, tmp_path: Path) -> None:
    inside = tmp_path / "plain" / "inside"
    inside.mkdir(parents=True)
    directories = database.directories
    assert not await directories.is_trusted(inside.parent)
    await directories.trust(inside.parent)
    await directories.trust(inside.parent)
    assert await directories.is_trusted(inside.parent)
    assert not await directories.is_trusted(inside)
    assert not await directories.is_trusted(tmp_path)
    assert await directories.list() == [inside.parent]
    await directories.distrust(inside.parent)
    assert not await directories.is_trusted(inside.parent)


async def test_a_trusted_work_tree_is_trusted_down_to_the_next_one(
    database: Database, tmp_path: Path
) -> None:
    top = tmp_path / "repository"
    below = top / "a" / "b"
    nested = top / "vendor" / "theirs"
    for directory in (top / ".git", below, nested / "src"):
        directory.mkdir(parents=True)
    (nested / ".git").write_text("gitdir: elsewhere")
    await database.directories.trust(top)
    assert await database.directories.is_trusted(below)
    assert await database.directories.is_trusted(below / "not" / "there")
    assert not await database.directories.is_trusted(nested)
    assert not await database.directories.is_trusted(nested / "src")


async def test_links_lead_to_what_is_trusted(database: Database, tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    link = tmp_path / "link"
    link.symlink_to(real)
    await database.directories.trust(link)
    assert await database.directories.list() == [real.resolve()]
    assert await database.directories.is_trusted(real)
