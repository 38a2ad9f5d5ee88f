"""What others wrote can be printed: no terminal takes it for a command, nothing in it is hidden."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tungsten.screen.printable import clean, visible, visible_line

ANY = st.text(st.characters() | st.sampled_from("\x1b\x07\x9b\r\t\u200b\u2028\u202e"), max_size=200)


@given(ANY)
def test_clean_text_holds_no_control_characters(dirty: str) -> None:
    cleaned = clean(dirty)
    assert all(character == "\n" or ord(character) >= 0x20 for character in cleaned)
    assert not any(0x7F <= ord(character) <= 0x9F for character in cleaned)
    assert not set(cleaned) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    cleaned.encode()


@given(ANY)
def test_cleaning_twice_changes_nothing(dirty: str) -> None:
    once = clean(dirty)
    assert clean(once) == once


def test_escape_sequences_go_and_their_text_stays() -> None:
    assert clean("\x1b[1;31mred\x1b[0m \x1b]0;title\x07now") == "red now"
    assert clean("safe\u202egnp.exe") == "safe·gnp.exe"
    assert clean("10%\r50%\r100%\n") == "100%\n"


@pytest.mark.parametrize(
    "hidden", ["\u200b", "\u2028", "\u2029", "\u2060", "\xad", "\u061c", "\U000e0041", "\ufeff"]
)
def test_what_cannot_be_seen_is_shown(hidden: str) -> None:
    assert clean(f"a{hidden}b") == "a·b"
    assert visible(f"a{hidden}b") == f"a‹U+{ord(hidden):04X}›b"


def test_what_scripts_and_emoji_are_joined_with_stays() -> None:
    for joined in ("\U0001f469\u200d\U0001f4bb", "\u0645\u06cc\u200c\u062e", "e\u0301", "漢字"):
        assert clean(joined) == joined


@given(ANY)
def test_visible_text_hides_nothing(text: str) -> None:
    shown = visible(text)
    assert all(
        character == "\n" or unicodedata.category(character)[0] not in "CZ" or character == " "
        for character in shown
    )
    assert visible(shown) == shown
    assert visible_line(text).isprintable()


def test_escape_sequences_that_are_decided_about_are_seen() -> None:
    assert visible("echo \x1b]52;c;eA==\x07\r\n\tx") == "echo ^[]52;c;eA==^G^M\n⇥   x"
    assert visible_line("a\n  b\tc\xa0d") == "a b⇥ c‹U+00A0›d"
    assert visible("\u3164") == "‹U+3164›"
