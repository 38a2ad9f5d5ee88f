"""Everything a person approves is on the screen, in the order it has in memory."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.gate.exact import CONTINUED, PAGE, Part, Row, lay_out, lay_out_diff, pages, stand_in
from tui.gate.shell_words import shell_words

TEXT = st.text(max_size=300)


def shown(rows: list) -> str:
    return "".join(part.text for row in rows for part in row if part.kind != "continued")


@given(TEXT, st.integers(8, 60))
def test_nothing_is_lost_or_reordered(text: str, width: int) -> None:
    expected = "".join(stand_in(c) or c for c in text if c != "\n")
    assert shown(lay_out(text, (), width)) == expected


@given(TEXT, st.integers(8, 60))
def test_no_row_is_wider_than_the_view(text: str, width: int) -> None:
    for row in lay_out(text, (), width):
        assert sum(cell_len(part.text) for part in row) <= width


@given(TEXT, st.integers(8, 60))
def test_nothing_invisible_or_reordering_reaches_the_screen(text: str, width: int) -> None:
    drawn = shown(lay_out(text, (), width))
    assert not re.search(
        r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]", drawn
    )


@given(TEXT, st.lists(st.tuples(st.integers(-5, 320), st.integers(-5, 320)), max_size=6))
def test_marks_cover_exactly_the_spans(text: str, spans: list[tuple[int, int]]) -> None:
    wanted = [
        character
        for index, character in enumerate(text)
        if character != "\n" and any(start <= index < end for start, end in spans)
    ]
    rows = lay_out(text, spans, 40)
    marked = "".join(part.text for row in rows for part in row if part.kind == "marked")
    assert marked == "".join(stand_in(c) or c for c in wanted)


@given(TEXT | st.text("ab'\"$ {}#|&;<>()`\\\n=", max_size=80), st.integers(1, 60), st.data())
def test_colours_change_neither_text_nor_marks(text: str, width: int, data: st.DataObject) -> None:
    ends = st.tuples(st.integers(-5, 90), st.integers(-5, 90))
    spans = data.draw(st.lists(ends, max_size=4))
    coloured = lay_out(text, spans, width, shell=True)
    assert joined(coloured) == joined(lay_out(text, spans, width))


def joined(rows: list[Row]) -> list[Row]:
    """The same rows with neighbours of one look, colours left out, in one part."""
    found: list[Row] = []
    for row in rows:
        parts: list[Part] = []
        for part in row:
            kind = part.kind if part.kind in ("marked", "stand_in", "continued") else "text"
            if parts and parts[-1].kind == kind:
                parts[-1] = Part(parts[-1].text + part.text, kind)
            else:
                parts.append(Part(part.text, kind))
        found.append(tuple(parts))
    return found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("git push -f", [("git", "program")]),
        ("A=1 rm -rf $X", [("rm", "program"), ("$X", "variable")]),
        ("a | b > c # d", [("a", "program"), ("|", "operator"), ("b", "program"),
                           (">", "operator"), ("# d", "comment")]),
        ("echo 'x # y' a#b", [("echo", "program"), ("'x # y'", "string")]),
        ("if x; then y; fi", [("if", "operator"), ("x", "program"), (";", "operator"),
                              ("then", "operator"), ("y", "program"), (";", "operator"),
                              ("fi", "operator")]),
        ("x=$(pwd)\nls", [("$(", "operator"), ("pwd", "program"), (")", "operator"),
                          ("ls", "program")]),
        ("echo \"it's $HOME\" \\; x", [("echo", "program"), ('"it\'s $HOME"', "string")]),
    ],
)  # fmt: skip
def test_words_of_shell_text(text: str, words: list[tuple[str, str]]) -> None:
    assert [(text[start:end], kind) for start, end, kind in shell_words(text)] == words


def test_stand_ins() -> None:
    assert stand_in("\x1b") == "^["
    assert stand_in("\r") == "^M"
    assert stand_in("\u202e") == "‹U+202E›"
    assert stand_in("\u00a0") == "‹U+00A0›"
    assert stand_in("é") is None
    assert stand_in("漢") is None


def test_a_long_line_says_that_it_continues() -> None:
    rows = lay_out("x" * 50, (), 20)
    assert [row[0].text for row in rows[1:]] == [CONTINUED, CONTINUED]


def test_a_diff_is_coloured_by_what_each_line_does() -> None:
    rows = lay_out_diff("--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n same\n", 40)
    assert [row[0].kind for row in rows] == ["hunk", "hunk", "hunk", "removed", "added", "kept"]


LINE = st.text("ab \n", max_size=50)


@given(st.lists(st.tuples(LINE, st.integers(0, 2_000)), max_size=5), st.booleans())
def test_pages_hold_all_of_a_long_text_in_its_order(
    parts: list[tuple[str, int]], with_diff: bool
) -> None:
    text = "".join(line * times for line, times in parts)
    found = pages(text, text if with_diff else "")
    assert "".join(text[page.start : page.end] for page in found if page.of == "text") == text
    assert all(page.end - page.start <= PAGE for page in found)
    if with_diff and any(page.of == "diff" for page in found):
        drawn = "".join(text[page.start : page.end] for page in found if page.of == "diff")
        assert drawn == text.rstrip("\n")
