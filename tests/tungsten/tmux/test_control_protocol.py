from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tungsten.tmux.control_protocol import (
    Notification,
    Parser,
    Reply,
    command_line,
    literal,
    quote,
)

GUARD = b"0123456789abcdef01234567"

# Lines such as hostile programs print: looking like frames, with numbers that may well be right.
hostile = st.one_of(
    st.sampled_from(
        [
            b"%end 100 7 1",
            b"%error 100 7 1",
            b"%begin 100 8 1",
            b"%begin 100 7 1",
            b"%exit",
            b"%output %1 x",
            b"",
            b"0123456789abcdef",
        ]
    ),
    st.binary(max_size=20).map(lambda raw: raw.replace(b"\n", b"")),
)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    marks = sorted({place % (len(data) + 1) for place in places})
    return [data[a:b] for a, b in zip([0, *marks], [*marks, len(data)], strict=True)]


@given(
    st.lists(hostile, max_size=12),
    st.booleans(),
    st.lists(st.sampled_from([b"%window-renamed @1 x", b"%sessions-changed"]), max_size=3),
    st.lists(st.integers(0, 10_000), max_size=8),
)
def test_guarded_replies_hold_exactly_what_was_between(
    content: list[bytes], ok: bool, between: list[bytes], places: list[int]
) -> None:
    end = b"%end 100 7 1" if ok else b"%error 100 7 1"
    lines = [
        b"%begin 100 7 1",
        *content,
        end,
        *between,
        b"%begin 100 8 1",
        GUARD + b" 80 24",
        b"%end 100 8 1",
        b"%begin 100 9 1",
        b"next",
        b"%end 100 9 1",
        b"%sessions-changed",
    ]
    data = b"\n".join(lines) + b"\n"
    whole, pieces = Parser(), Parser()
    for parser in (whole, pieces):
        parser.expect(GUARD)
        parser.expect()
    events = whole.feed(data)
    assert [event for piece in cut(data, places) for event in pieces.feed(piece)] == events
    replies = [event for event in events if isinstance(event, Reply)]
    expected = [line.decode("utf-8", "backslashreplace") for line in content]
    assert replies == [Reply(expected, ok, " 80 24"), Reply(["next"], True)]
    told = [event for event in events if isinstance(event, Notification)]
    assert len(told) == len(between) + 1


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_any_bytes_cut_anyhow_give_the_same_events(data: bytes, places: list[int]) -> None:
    whole, pieces = Parser(), Parser()
    for parser in (whole, pieces):
        parser.expect()
        parser.expect(GUARD)
    expected = whole.feed(data)
    assert [event for piece in cut(data, places) for event in pieces.feed(piece)] == expected


def test_an_end_with_other_fields_is_content() -> None:
    parser = Parser()
    parser.expect()
    events = parser.feed(
        b"%begin 5 6 1\n%end 5 6 0\n%end 5 7 1\n%end 5 6 1 \n%error 4 6 1\n%end 5 6 1\n"
    )
    assert events == [Reply(["%end 5 6 0", "%end 5 7 1", "%end 5 6 1 ", "%error 4 6 1"], True)]


def test_blocks_of_others_are_not_replies() -> None:
    parser = Parser()
    parser.expect()
    assert parser.feed(b"%begin 1 1 0\nhello\n%end 1 1 0\n%begin 1 2 1\n%end 1 2 1\n") == [
        Reply([], True)
    ]


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("plain-word", b"plain-word"),
        ("%1", b"%1"),
        ("", b'""'),
        ("a b", b'"a b"'),
        ("$HOME", b'"\\$HOME"'),
        ('"', b'"\\""'),
        ("\\", b'"\\\\"'),
        ("a\nb", b'"a\\012b"'),
        (";", b'";"'),
        ("~", b'"\\176"'),
        ("é", '"é"'.encode()),
    ],
)
def test_quoting(word: str, written: bytes) -> None:
    assert quote(word) == written


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1))
def test_a_command_is_one_line(words: list[str]) -> None:
    line = command_line(words)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")


def test_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        quote("a\0b")
    with pytest.raises(ValueError, match="name"):
        command_line([])


def test_formats_are_protected() -> None:
    assert literal("#(rm) ##") == "##(rm) ####"
