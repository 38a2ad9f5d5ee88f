"""A unified diff's lines and their numbers."""

from __future__ import annotations

import difflib

from hypothesis import given
from hypothesis import strategies as st

from tests.stubs.scenes import DIFF
from tui.widgets.diff_rows import rows

LINES = st.lists(
    st.sampled_from(["one", "two", "", "-- a", "++ b", "- x", "@@ x", "\\", "diff "]), max_size=30
)


def test_lines_are_numbered_before_and_after() -> None:
    found = [(row.numbers, row.look) for row in rows(DIFF)]
    assert found[:5] == [
        ((0, 0), "faint"),
        ((12, 12), "text"),
        ((13, 13), "text"),
        ((14, 0), "removed"),
        ((0, 14), "added"),
    ]
    assert [numbers for numbers, _ in found[5:]] == [(15, 15), (16, 16), (17, 17)]


def test_several_files_keep_their_names() -> None:
    text = [row.text for row in rows(DIFF + DIFF.replace("offsets", "tokens"))]
    assert "+++ b/parser/tokens.py" in text


def test_one_file_keeps_its_name_where_nothing_else_names_it() -> None:
    made = "diff --git a/n.txt b/n.txt\nnew file mode 100644\n--- /dev/null\n+++ b/n.txt\n"
    text = [row.text for row in rows(f"{made}@@ -0,0 +1 @@\n+hi\n", named=True)]
    assert "+++ b/n.txt" in text
    assert rows("diff --git a/e b/e\nnew file mode 100644\n", named=True)[0].text.endswith("b/e")


@given(LINES, LINES)
def test_numbers_are_those_of_the_files(before: list[str], after: list[str]) -> None:
    diff = "\n".join(difflib.unified_diff(before, after, "a/f", "b/f", lineterm=""))
    shown = [row for row in rows(diff) if any(row.numbers)]
    for row in shown:
        old, new = row.numbers
        assert not old or before[old - 1] == row.text[1:]
        assert not new or after[new - 1] == row.text[1:]
    added = [row.numbers[1] for row in shown if row.look == "added"]
    removed = [row.numbers[0] for row in shown if row.look == "removed"]
    kept_before = [line for n, line in enumerate(before, 1) if n not in removed]
    kept_after = [line for n, line in enumerate(after, 1) if n not in added]
    assert kept_before == kept_after


@given(st.text(alphabet="+-@ \\\n0123456789,ax", max_size=200))
def test_whatever_is_called_a_diff_is_shown(diff: str) -> None:
    assert all(len(row.numbers) == 2 for row in rows(diff))
