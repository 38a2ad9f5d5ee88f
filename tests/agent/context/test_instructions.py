from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.context import instructions
from agent.context.instructions import MAX_FILE_BYTES, MAX_TOTAL_BYTES, Instructions, read


class Place:
    """A home with a repository in it."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.own = self.home / ".config" / "tungsten"
        self.top = self.home / "repository"
        self.below = self.top / "a" / "b"
        self.below.mkdir(parents=True)
        self.own.mkdir(parents=True)
        (self.top / ".git").mkdir()

    def read(self) -> Instructions:
        return read(self.below, self.home)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def names(found: Instructions, place: Place) -> list[str]:
    return [str(file.path.relative_to(place.home)) for file in found.files]


def test_without_files_there_is_nothing(place: Place) -> None:
    found = place.read()
    assert found == Instructions()
    assert (found.text, found.tokens, found.notes) == ("", 0, ())
    (place.top / "AGENTS.md").write_text("  \n\n")
    assert place.read() == Instructions()


def test_the_nearest_has_the_last_word(place: Place) -> None:
    (place.own / "AGENTS.md").write_text("mine")
    (place.top / "CLAUDE.md").write_text("top claude")
    (place.top / "AGENTS.md").write_text("top agents")
    (place.top / "a" / "AGENTS.md").write_text("middle")
    (place.below / "CLAUDE.md").write_text("nearest\n")
    (place.home / "AGENTS.md").write_text("above the repository")
    found = place.read()
    assert names(found, place) == [
        ".config/tungsten/AGENTS.md",
        "repository/AGENTS.md",
        "repository/CLAUDE.md",
        "repository/a/AGENTS.md",
        "repository/a/b/CLAUDE.md",
    ]
    assert [file.text for file in found.files] == [
        "mine",
        "top agents",
        "top claude",
        "middle",
        "nearest",
    ]
    assert found.text.startswith(f"Instructions from {place.own}/AGENTS.md:\n\nmine\n\n")
    assert found.text.endswith("nearest")
    assert found.sha256 == hashlib.sha256(found.text.encode()).hexdigest()
    assert found.files[0].tokens == 1
    assert found.tokens == -(-len(found.text) // 4)
    assert place.read() == found
    (place.below / "CLAUDE.md").write_text("changed")
    assert place.read().sha256 != found.sha256


def test_outside_a_work_tree_only_the_directory_counts(place: Place) -> None:
    outside = place.home / "x" / "y"
    outside.mkdir(parents=True)
    (outside.parent / "AGENTS.md").write_text("parent")
    (outside / "AGENTS.md").write_text("here")
    assert [file.text for file in read(outside, place.home).files] == ["here"]


def test_the_persons_files_can_lie_elsewhere(place: Place, tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("moved")
    (place.own / "AGENTS.md").write_text("left behind")
    found = read(place.below, place.home, config=tmp_path)
    assert [file.text for file in found.files] == ["moved"]


def test_the_same_words_count_once(place: Place) -> None:
    (place.top / "AGENTS.md").write_text("same")
    (place.top / "CLAUDE.md").symlink_to("AGENTS.md")
    (place.below / "CLAUDE.md").write_text("same\n")
    assert names(place.read(), place) == ["repository/AGENTS.md"]
    (place.below / "CLAUDE.md").write_text("@../../AGENTS.md\n")
    assert names(place.read(), place) == ["repository/AGENTS.md"]


def test_imports_are_put_in_place(place: Place) -> None:
    (place.top / "AGENTS.md").write_text(
        "before\n  @docs/style guide.md\n@docs/style\\ guide.md\nafter"
    )
    docs = place.top / "docs"
    docs.mkdir()
    (docs / "style guide.md").write_text("style\n@more.txt\n")
    (docs / "more.txt").write_text("more")
    found = place.read()
    assert found.files[0].text == "before\n  @docs/style guide.md\nstyle\nmore\nafter"
    assert found.notes == ()


def test_what_only_looks_like_an_import_stays(place: Place) -> None:
    text = "mail me@example.md\nsee @docs.md now\n```\n@docs.md\n```\n~~~\n```\n@docs.md\n~~~"
    (place.top / "AGENTS.md").write_text(text)
    (place.top / "docs.md").write_text("wrong")
    assert place.read().files[0].text == text


def test_circles_and_depth_are_bounded(place: Place) -> None:
    (place.top / "AGENTS.md").write_text("one\n@two.md")
    (place.top / "two.md").write_text("two\n@AGENTS.md\n@two.md")
    assert place.read().files[0].text == "one\ntwo"
    for number in range(10):
        (place.top / f"{number}.md").write_text(f"n{number}\n@{number + 1}.md")
    (place.top / "AGENTS.md").write_text("@0.md")
    found = place.read()
    assert found.files[0].text == "n0\nn1\nn2\nn3\nn4"
    assert found.notes == (f"{place.top}/5.md is not read: imports nest deeper than 5",)


def test_a_repository_cannot_reach_outside_itself(place: Place) -> None:
    secret = place.home / "secret.md"
    secret.write_text("SECRET")
    (place.top / "link.md").symlink_to(secret)
    (place.top / "key.pem").write_text("SECRET")
    (place.top / "AGENTS.md").write_text(
        f"@~/secret.md\n@{secret}\n@../secret.md\n@link.md\n@key.pem\nok"
    )
    (place.below / "CLAUDE.md").symlink_to(secret)
    found = place.read()
    assert found.files[0].text == "ok"
    assert "SECRET" not in found.text
    assert [note.rpartition(": ")[2] for note in found.notes] == [
        f"it lies outside {place.top}",
        f"it lies outside {place.top}",
        f"it lies outside {place.top}",
        f"it lies outside {place.top}",
        "only Markdown and text files can be imported",
        f"it lies outside {place.top}",
    ]


def test_the_persons_own_files_may_import_from_their_home(place: Place) -> None:
    (place.home / "notes.md").write_text("from home")
    (place.own / "CLAUDE.md").write_text("@~/notes.md")
    assert place.read().files[0].text == "from home"


def test_what_cannot_be_read_is_noted_and_never_fatal(place: Place) -> None:
    (place.top / "AGENTS.md").mkdir()
    os.mkfifo(place.top / "CLAUDE.md")
    (place.below / "CLAUDE.md").symlink_to("CLAUDE.md")
    (place.below / "AGENTS.md").write_text("fine\n@missing.md")
    found = place.read()
    assert [file.text for file in found.files] == ["fine"]
    assert [note.partition(" is not read: ")[2] for note in found.notes] == [
        "it is not a regular file",
        "it is not a regular file",
        "no such file or directory",
        found.notes[3].partition(" is not read: ")[2],
    ]
    shutil.rmtree(place.top)
    assert place.read() == Instructions()


def test_size_and_number_are_bounded(place: Place) -> None:
    (place.top / "AGENTS.md").write_text("x" * (MAX_FILE_BYTES + 100))
    found = place.read()
    assert len(found.files[0].text) == MAX_FILE_BYTES
    assert found.notes == (f"{place.top}/AGENTS.md is cut after {MAX_FILE_BYTES} bytes",)
    (place.top / "AGENTS.md").write_text("\n".join(f"@{number}.md" for number in range(60)))
    for number in range(60):
        (place.top / f"{number}.md").write_text(f"{number}" * 4000)
    found = place.read()
    assert len(found.text.encode()) < MAX_TOTAL_BYTES + 1000
    assert any("more than 40 files" in note for note in found.notes)


def test_bytes_that_are_no_text_are_replaced(place: Place) -> None:
    odd = place.top / os.fsdecode(b"\xff")
    odd.mkdir()
    (odd / "AGENTS.md").write_bytes(b"caf\xe9 \xff")
    found = read(odd, place.home)
    assert found.files[0].text == "caf\ufffd \ufffd"
    found.text.encode()


LINES = st.lists(
    st.sampled_from(
        [
            "@a.md",
            "@b.md",
            "@c.md",
            "@d/e.md",
            "@~/x.md",
            "@../../..",
            "@/etc/hosts",
            "```",
            "words",
            "@",
        ]
    ),
    max_size=6,
).map("\n".join)


@given(st.dictionaries(st.sampled_from(["AGENTS.md", "a.md", "b.md", "c.md", "d/e.md"]), LINES))
def test_any_web_of_imports_ends_within_bounds(files: dict[str, str]) -> None:
    root = Path(tempfile.mkdtemp(prefix="tg-"))
    try:
        place = Place(root)
        for name, text in files.items():
            (place.top / name).parent.mkdir(exist_ok=True)
            (place.top / name).write_text(text)
        found = place.read()
        assert len(found.text) < instructions.MAX_TOTAL_BYTES
        assert "localhost" not in found.text
    finally:
        shutil.rmtree(root)
