"""Files that a text names, and what a block offers to open."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.protocol.conversation import Block, BlockKind, ToolCall
from tests.stubs.scenes import DIFF
from tui.conversation.named_files import Named, existing, names
from tui.conversation.opening import targets_of
from tui.conversation.transcript import Entry


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    for name in ("parser/offsets.py", "Makefile", "a b.py", "docs/עברית.md", "tests"):
        file = made / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("one\n")
    (tmp_path / "outside.py").write_text("one\n")
    (made / "lib").mkdir()
    return made


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see parser/offsets.py:12.", [("parser/offsets.py", 12)]),
        ("parser/offsets.py:12:5: E501 too long", [("parser/offsets.py", 12)]),
        ('  File "parser/offsets.py", line 48, in f', [("parser/offsets.py", 48)]),
        ('  File "a b.py", line 3', [("a b.py", 3)]),
        ("(`parser/offsets.py`), ./parser/offsets.py!", [("parser/offsets.py", 0)]),
        ("parser/offsets.py(7): error", [("parser/offsets.py", 7)]),
        ("+++ b/parser/offsets.py\n", [("parser/offsets.py", 0)]),
        ("Makefile and tests, lib, nothing.py", [("Makefile", 0)]),
        ("docs/עברית.md:2", [("docs/עברית.md", 2)]),
        ("parser/offsets.py, then parser/offsets.py:3", [("parser/offsets.py", 3)]),
        ("../outside.py parser/../../outside.py . / ~ ...", []),
        ("[offsets](parser/offsets.py)", [("parser/offsets.py", 0)]),
        ("path=parser/offsets.py", [("parser/offsets.py", 0)]),
    ],
)
def test_what_is_there_is_found(project: Path, text: str, found: list[tuple[str, int]]) -> None:
    wanted = [Named(str(project / path), line) for path, line in found]
    assert existing(text, str(project)) == wanted


def test_an_absolute_path_may_lead_anywhere(project: Path, tmp_path: Path) -> None:
    path = str(tmp_path / "outside.py")
    assert existing(f"look at {path}:1", str(project)) == [Named(path, 1)]
    assert existing(f"look at {tmp_path}/project/lib and /dev/null", str(project)) == []


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    for named in names(text):
        assert named.path in text
        assert existing(named.path, "/nonexistent") is not None


def tool(**fields: object) -> Entry:
    call = ToolCall.model_validate({"tool_use_id": "t", "name": "edit", "title": "", **fields})
    return Entry(Block(id=1, kind=BlockKind.TOOL, at=0, tool=call))


def test_a_change_leads_on_to_its_file(project: Path) -> None:
    entry = tool(title="parser/offsets.py", diff=DIFF, result="1 replacement in parser/offsets.py")
    [target] = targets_of(entry, str(project))
    assert target.diff == DIFF
    assert target.path == str(project / "parser/offsets.py")
    # Its file may be gone: the change can still be looked at.
    [target] = targets_of(entry, "/nonexistent")
    assert (target.diff, target.path) == (DIFF, "")


def test_a_result_may_name_several(project: Path) -> None:
    entry = tool(title="grep -n one", result="parser/offsets.py:1:one\nMakefile:1:one")
    titles = [target.title for target in targets_of(entry, str(project))]
    assert titles == ["parser/offsets.py:1", "Makefile:1"]
