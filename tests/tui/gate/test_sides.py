"""A diff in two columns: nothing is left out, and every line stands on its own side."""

from __future__ import annotations

from difflib import unified_diff

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.gate.exact import CONTINUED, Row
from tui.gate.sides import BETWEEN, has_two_sides, lay_out_sides

words = st.sampled_from(
    [
        "",
        "x = 1",
        "-- a comment",
        "++i;",
        "+",
        "-",
        "@@ -1 +1 @@",
        "--- a",
        " 漢字 と かな",
        "\\ end",
    ]
)
files = st.lists(words, max_size=12)


def columns(rows: list[Row]) -> tuple[list[str], list[str]]:
    """The lines of both columns, numbers taken off and what was broken put together again."""
    sides: tuple[list[str], list[str]] = ([], [])
    for row in rows:
        at = next((n for n, part in enumerate(row) if part.text == BETWEEN), None)
        if at is None:
            continue
        for side, parts in zip(sides, (row[:at], row[at + 1 :]), strict=True):
            if not parts or not any(part.text.strip() for part in parts):
                continue
            number, sign, *rest = parts
            assert sign.text in ({"- ", "  "}, {"+ ", "  "})[side is sides[1]]
            if rest and rest[-1].kind == "text" and not rest[-1].text.strip(" "):
                rest = rest[:-1]
            broken = bool(rest) and rest[0].text == CONTINUED
            text = "".join(part.text for part in rest[broken:])
            if number.text.strip():
                side.append(text)
            else:
                side[-1] += text
    return sides


@given(files, files, st.integers(40, 200))
def test_both_sides_can_be_read_in_full(old: list[str], new: list[str], width: int) -> None:
    diff = "\n".join(unified_diff(old, new, "a/x", "b/x", lineterm="", n=99))
    rows = lay_out_sides(diff, width)
    assert all(sum(cell_len(part.text) for part in row) <= width for row in rows)
    if diff:
        assert columns(rows) == (old, new)


@given(files, files, st.integers(40, 120), st.data())
def test_a_page_that_begins_within_a_hunk_shows_all_of_it(
    old: list[str], new: list[str], width: int, data: st.DataObject
) -> None:
    lines = list(unified_diff(old, new, "a/x", "b/x", lineterm=""))
    cut = data.draw(st.integers(0, len(lines)))
    rows = lay_out_sides("\n".join(lines[cut:]), width, within=cut > 0)
    shown = "".join(part.text for row in rows for part in row if part.text != BETWEEN)
    for line in lines[cut:]:
        if not line.startswith(("@@", "---", "+++")):
            text = line[1:].replace(" ", "")
            assert text in shown.replace(" ", "").replace("↪", "")


@pytest.mark.parametrize(
    ("diff", "has"),
    [
        ("--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y", True),
        ("--- /dev/null\n+++ b\n@@ -0,0 +1 @@\n+y", False),
        ("--- a\n+++ /dev/null\n@@ -1 +0,0 @@\n-x", False),
    ],
)
def test_a_file_that_is_new_or_goes_has_one_side(diff: str, has: bool) -> None:
    assert has_two_sides(diff) is has


def test_what_changes_within_a_line_is_marked() -> None:
    (row,) = lay_out_sides("@@ -7 +7 @@\n-    return a - b\n+    return a + b", 80)[1:]
    marked = [(part.text, part.kind) for part in row if part.kind.endswith("_part")]
    assert marked == [("-", "removed_part"), ("+", "added_part")]
    assert row[0].text.strip() == "7"
    assert (row[1].text, row[1].kind) == ("- ", "removed")


def test_a_long_line_is_broken_between_words() -> None:
    diff = "@@ -1 +1 @@\n-one line of several words\n+another line of several words, longer"
    rows = ["".join(part.text for part in row) for row in lay_out_sides(diff, 51)[1:]]
    left, right = zip(*(row.split(BETWEEN) for row in rows), strict=True)
    assert [part.rstrip() for part in left] == ["1 - one line of several", "    ↪ words", ""]
    assert [part.rstrip() for part in right] == [
        "1 + another line of",
        "    ↪ several words,",
        "    ↪ longer",
    ]


def test_a_line_stands_beside_the_one_that_is_most_alike() -> None:
    diff = "@@ -9 +9,3 @@\n-total = sum(all)\n+import math\n+total = fsum(all)\n+print(total)"
    rows = lay_out_sides(diff, 80)[1:]
    both = ["".join(part.text for part in row).split(BETWEEN) for row in rows]
    assert [tuple(side.strip(" 0123456789") for side in sides) for sides in both] == [
        ("", "+ import math"),
        ("- total = sum(all)", "+ total = fsum(all)"),
        ("", "+ print(total)"),
    ]


def test_what_is_no_part_of_a_hunk_stands_across() -> None:
    rows = lay_out_sides("[… 9 characters not shown …]\n\\ No newline at end of file", 60)
    assert ["".join(part.text for part in row) for row in rows] == [
        "[… 9 characters not shown …]",
        "\\ No newline at end of file",
    ]
