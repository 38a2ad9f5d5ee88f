"""Marks of a search: where the words stand, and no cell is moved."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.drawing.text import clean, strip_of, wrap
from tui.widgets.highlight import BROKEN, ENDED, drawn_pattern, marked, occurrences

MARK, NOW = Style(underline=True), Style(reverse=True)
PLAIN = Style(color="red")
MARGIN = 2

LETTERS = st.sampled_from(
    [
        *"abAB c.",
        "é",
        "e\u0301",
        "宽",
        "字",
        "ש",
        "ל",
        "ب",
        "🎉",
        "👍🏽",
        "👩\u200d👩\u200d👧",
        "🇩🇪",
        "❤\ufe0f",
    ]
)
TEXTS = st.lists(LETTERS, max_size=60).map("".join)


def drawn(text: str, width: int) -> list[Strip]:
    lines = wrap([(clean(text), PLAIN)], width - MARGIN - 1)
    return [strip_of([("  ", PLAIN), *line], width, PLAIN) for line in lines]


def shown(strips: list[Strip]) -> list[str]:
    """What is marked in each row."""
    return [
        "".join(segment.text for segment in strip if segment.style and segment.style.underline)
        for strip in strips
    ]


def test_words_are_found_whatever_their_case() -> None:
    strips = drawn("The parser parses; PARSER", 60)
    found = occurrences(strips, "parser", MARGIN)
    assert shown(marked(strips, found, MARK, -1, NOW)) == ["parserPARSER"]
    assert [spans[0][:2] for spans in found] == [(0, 6), (0, 21)]


def test_words_are_found_across_the_end_of_a_wrapped_row() -> None:
    strips = drawn("count the newline at the offset", 19)
    assert len(strips) == 3
    [spans] = occurrences(strips, "newline at the", MARGIN)
    assert (
        shown(marked(strips, [spans], MARK, -1, NOW)) == ["", "newline at the", ""][: len(strips)]
    )
    [spans] = occurrences(strips, "the newline", MARGIN)
    assert [row for row, _, _ in spans] == [0, 1]
    assert shown(marked(strips, [spans], MARK, -1, NOW))[:2] == ["the", "newline"]


def test_a_word_that_was_cut_is_found_whole() -> None:
    strips = drawn("x" * 10 + "needle" + "y" * 40, 16)
    [spans] = occurrences(strips, "needle", MARGIN)
    assert "".join(shown(marked(strips, [spans], MARK, -1, NOW))) == "needle"
    assert len(spans) == 2


def test_two_rows_that_end_by_themselves_are_no_word() -> None:
    assert not occurrences(drawn("ab\ncd", 40), "bc", MARGIN)
    assert occurrences(drawn("ab\ncd", 40), "b c", MARGIN)


def test_the_line_beside_a_result_is_no_part_of_it() -> None:
    rows = [
        strip_of([("  ", PLAIN), ("▏", PLAIN), (text, PLAIN)], 10, PLAIN)
        for text in ("one two", "three")
    ]
    [spans] = occurrences(rows, "two three", MARGIN)
    assert shown(marked(rows, [spans], MARK, -1, NOW)) == ["two", "three"]


def test_an_accent_and_a_joined_emoji_stay_whole() -> None:
    for text, words in (("cafe\u0301s", "cafe"), ("👩\u200d👩\u200d👧!", "👩"), ("🇩🇪🇫🇷", "🇪")):
        strips = drawn(text, 20)
        found = occurrences(strips, words, MARGIN)
        [row] = marked(strips, found, MARK, -1, NOW)
        assert row.text == strips[0].text
        assert shown([row])[0] in {"cafe\u0301", "👩\u200d👩\u200d👧", "🇩🇪"}


def test_the_place_that_is_looked_at_stands_out() -> None:
    strips = drawn("one one one", 30)
    found = occurrences(strips, "one", MARGIN)
    [row] = marked(strips, found, MARK, 1, NOW)
    assert [segment.text for segment in row if segment.style and segment.style.reverse] == ["one"]


@given(TEXTS, TEXTS, st.integers(12, 40))
def test_no_mark_moves_a_cell(text: str, words: str, width: int) -> None:
    strips = drawn(text, width)
    found = occurrences(strips, words, MARGIN)
    after = marked(strips, found, MARK, 0, NOW)
    for old, new in zip(strips, after, strict=True):
        assert new.text == old.text
        assert new.cell_length == old.cell_length == width
        assert sum(cell_len(segment.text) for segment in new) == width
        assert sum(segment.cell_length for segment in new) == width


@given(TEXTS, st.data())
def test_what_stands_in_a_row_is_found_in_it(text: str, data: st.DataObject) -> None:
    row = clean(text)
    strips = [Strip([Segment("  " + row + " " * 80, PLAIN)], cell_len(row) + 82)]
    words = row.split()
    if not words:
        return
    word = data.draw(st.sampled_from(words))
    begin = data.draw(st.integers(0, len(word) - 1))
    sought = word[begin : begin + data.draw(st.integers(1, 5))]
    found = occurrences(strips, sought, MARGIN)
    assert found
    for spans in found:
        [(_, first, end)] = spans
        assert sought.lower() in strips[0].text[first:end].lower()


@given(TEXTS, st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=4))
def test_a_mark_at_any_place_moves_no_cell(text: str, spans: list[tuple[int, int]]) -> None:
    [strip] = [strip_of([("  ", PLAIN), (clean(text).replace("\n", " "), PLAIN)], 80, PLAIN)]
    [after] = marked([strip], [[(0, *sorted(span))] for span in spans], MARK, 0, NOW)
    assert after.text == strip.text
    assert sum(cell_len(segment.text) for segment in after) == 80


JOINED = st.text(st.sampled_from(f"*_ab ▏•{BROKEN}{ENDED}"), max_size=24)


@given(JOINED, st.text(st.sampled_from("*_ab "), max_size=12))
def test_signs_that_are_drawn_are_told_from_those_that_are_sought(text: str, words: str) -> None:
    sought = drawn_pattern(words)
    if sought is None:
        return
    signs, edges = r"[*_`~\[]", "[ ▏▎│•]*"
    within = f"(?:{BROKEN}{edges})?"
    parts = [
        re.escape(part) if re.fullmatch(f"{signs}+", part) else within.join(map(re.escape, part))
        for part in words.split()
    ]
    between = f"{signs}{{0,3}}(?: *[{BROKEN}{ENDED}]{edges}|\\s)+{signs}{{0,3}}"
    meant = re.finditer(between.join(parts), text, re.IGNORECASE)
    assert [match.span() for match in sought.finditer(text)] == [match.span() for match in meant]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("* " * 99 + "x", f"****{BROKEN}▏ " * 200),
        ("│" * 199 + "x", f"│││││{BROKEN}" * 200),
        ("• " * 99 + "x", f"•{BROKEN}• • ▏ " * 200),
        ("a " + "x", "a" + f"{BROKEN}    {ENDED}  " * 200),
    ],
)
def test_signs_that_can_be_read_in_many_ways_are_sought_in_one(words: str, text: str) -> None:
    """Reading all of them would never end."""
    sought = drawn_pattern(words)
    assert sought is not None
    assert not list(sought.finditer(text))
