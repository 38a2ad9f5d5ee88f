"""Words in a conversation: the same for the engine and for who shows it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.protocol.conversation import Block, BlockKind, ToolCall
from agent.sessions import finding


def block(text: str = "", tool: ToolCall | None = None) -> Block:
    kind = BlockKind.ASSISTANT if tool is None else BlockKind.TOOL
    return Block(id=1, kind=kind, at=0, text=text, tool=tool)


@pytest.mark.parametrize(
    ("words", "text", "times"),
    [
        ("parser", "The Parser parses: PARSER", 2),
        ("two words", "two\n   words, two words", 2),
        ("a.b", "a.b axb", 1),
        ("(", "f(x) (", 2),
        ("שלום", "שלום עולם, שלום", 2),
        ("ÄRGER", "ärger", 1),
        ("aa", "aaaa", 2),
        ("says it all", "says **it** all, says `it` [all](x)", 2),
        ("x", "", 0),
    ],
)
def test_count(words: str, text: str, times: int) -> None:
    sought = finding.pattern(words)
    assert sought is not None
    assert finding.count(block(text), sought) == times


def test_nothing_is_sought_by_nothing() -> None:
    assert finding.pattern("") is None
    assert finding.pattern(" \n ") is None


def test_all_that_a_tool_call_shows_is_looked_through() -> None:
    call = ToolCall(
        tool_use_id="t",
        name="run",
        title="needle one",
        decision="needle two",
        reasons=("needle three",),
        diff="+needle four",
        result="needle five, needle six",
    )
    sought = finding.pattern("needle")
    assert sought is not None
    places = list(finding.places(block(tool=call), sought))
    assert [place.text for place in places] == [0, 1, 2, 3, 4, 4]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("name", "words"), [("file_edit", "edit src/a.py"), ("person", "! src"), ("mcp__x", "x src")]
)
def test_a_tool_is_found_by_what_its_row_shows(name: str, words: str) -> None:
    sought = finding.pattern(words)
    assert sought is not None
    used = block(tool=ToolCall(tool_use_id="t", name=name, title="src/a.py"))
    assert [place.text for place in finding.places(used, sought)] == [0]


@given(st.text(max_size=80), st.text(min_size=1, max_size=300))
def test_any_words_can_be_sought(text: str, words: str) -> None:
    sought = finding.pattern(words)
    if sought is not None:
        assert 0 <= finding.count(block(text), sought) <= len(text)


SIGNED = st.text(st.sampled_from("*_`a b\n"), max_size=24)


@given(SIGNED, SIGNED)
def test_signs_of_markdown_in_words_are_told_from_those_between_them(text: str, words: str) -> None:
    sought = finding.pattern(words)
    if sought is None:
        return
    either = r"[*_`~\[]{0,3}\s+[*_`~\[]{0,3}".join(map(re.escape, words.split()))
    meant = [match.start() for match in re.finditer(either, text, re.IGNORECASE)]
    assert [place.offset for place in finding.places(block(text), sought)] == meant


def test_signs_that_can_be_read_in_many_ways_are_sought_in_one() -> None:
    """Reading all of them would take 4 to the power of 99 steps."""
    sought = finding.pattern("* " * 99 + "x")
    assert sought is not None
    stars = "**** " * 200
    assert finding.count(block(stars), sought) == 0
    assert finding.count(block(f"{stars}x"), sought) == 1
