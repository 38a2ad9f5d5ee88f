"""A paste is one piece of text, whatever it holds and however it is torn apart on its way."""

from __future__ import annotations

import json
import os
import select
from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from textual import constants
from textual._xterm_parser import BRACKETED_PASTE_END as END
from textual._xterm_parser import BRACKETED_PASTE_START as START
from textual._xterm_parser import XTermParser
from textual.events import Key, Paste
from textual.message import Message

from agent.paths import Paths
from tests.tui.surroundings.test_leaving import Terminal
from tui.keys import paste
from tui.keys.keyboard import let_alt_be_keys
from tui.keys.paste import WholePastes

PIECES = st.sampled_from(
    [
        "\x1b[31m",
        "\x1b[0m",
        "\x07",
        "A",
        "\r",
        "\x1b",
        "\x1b[",
        "\x1b[20",
        "\x1b]0;x\x07",
        "d",
        "\x9b",
    ]
)
ANYTHING = st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=12).map("".join)


class Clock:
    """Stands still until it is told otherwise."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(paste, "get_time", made)
    monkeypatch.setattr("textual._parser.get_time", made)
    return made


def keys(found: Iterable[Message]) -> list[str]:
    return [one.key for one in found if isinstance(one, Key)]


def pasted(found: Iterable[Message]) -> list[str]:
    return [one.text for one in found if isinstance(one, Paste)]


def text_of(inside: str) -> str:
    return "".join(c for c in inside if c in "\t\n\r" or not (c < " " or "\x7f" <= c <= "\x9f"))


@given(ANYTHING.filter(lambda text: "201~" not in text), st.lists(st.integers(1, 9), max_size=8))
@example("one\x1b[31mred\x07 two A", [])
@example("ends with\x1b[20", [3, 3])
def test_it_is_one_text_and_no_key(inside: str, cuts: list[int]) -> None:
    stream = f"x{START}{inside}{END}y"
    parser = WholePastes()
    found: list[Message] = []
    while stream:
        size = cuts.pop() if cuts else len(stream)
        found += parser.feed(stream[:size])
        stream = stream[size:]
    assert keys(found) == ["x", "y"]
    assert pasted(found) == [text_of(inside)]


def test_the_parser_it_stands_before_still_needs_it() -> None:
    """Where this fails Textual has mended it, and `tui.keys.paste` can go."""
    stream = f"{START}\x1b[31mred\x07, and a longer text behind it{END}"
    assert "ctrl+g" in keys(XTermParser().feed(stream))


def test_an_end_mark_in_the_text_does_not_end_it() -> None:
    found = [*WholePastes().feed(f"{START}one{END}A\rd{END}x")]
    assert keys(found) == ["x"]
    assert pasted(found) == ["one[201~A\rd"]


def test_two_pastes_at_once_are_two() -> None:
    found = [*WholePastes().feed(f"{START}one{END}k{START}two{END}")]
    assert keys(found) == ["k"]
    assert pasted(found) == ["one", "two"]


@pytest.mark.parametrize("typed", ["\x1b", "\x1b["])
def test_keys_that_begin_like_a_mark_come_after_the_usual_delay(clock: Clock, typed: str) -> None:
    parser, usual = WholePastes(), XTermParser()
    assert [*parser.feed(typed), *parser.tick(), *usual.feed(typed)] == []
    clock.now += constants.ESCAPE_DELAY
    assert keys(parser.tick()) == keys(usual.tick()) != []
    assert keys(parser.feed("a")) == ["a"]


@pytest.mark.parametrize("torn", range(1, len(START)))
def test_a_mark_that_is_torn_apart_begins_a_paste_all_the_same(clock: Clock, torn: int) -> None:
    parser = WholePastes()
    found = [*parser.feed(START[:torn])]
    clock.now += 2 * constants.ESCAPE_DELAY
    found += parser.tick()
    found = [*parser.feed(f"{START[torn:]}A\x07d{END}")]
    assert keys(found) == []
    assert pasted(found) == ["Ad"]


@pytest.mark.parametrize(
    "typed", ["\x1b[A", "\x1b[24~", "\x1b[20~", "\x1b[2~", "\x1ba", "\x1b[27u"]
)
def test_other_keys_are_what_they_were(clock: Clock, typed: str) -> None:
    usual = XTermParser()
    meant = [*usual.feed(typed)]
    clock.now += constants.ESCAPE_DELAY
    meant += usual.tick()
    for cut in range(1, len(typed)):
        parser = WholePastes()
        found = [*parser.feed(typed[:cut]), *parser.feed(typed[cut:])]
        clock.now += constants.ESCAPE_DELAY
        found += parser.tick()
        assert keys(found) == keys(meant) != []


@pytest.mark.parametrize("typed", ["a", "m", "\r", "hello", "1", "é", "\x1b[A"])
def test_what_is_typed_right_behind_escape_is_not_lost(clock: Clock, typed: str) -> None:
    parser, usual = WholePastes(), XTermParser()
    found = [*parser.feed("\x1b"), *parser.tick()]
    clock.now += 2 * paste.TOGETHER
    found += [*parser.feed(typed), *parser.tick()]
    assert keys(found) == ["escape", *keys(usual.feed(typed))]


@pytest.mark.parametrize("typed", ["a", "m", "1", "\r"])
def test_alt_is_never_taken_for_escape(clock: Clock, typed: str) -> None:
    let_alt_be_keys()
    for pieces in ([f"\x1b{typed}"], ["\x1b", typed], [f"x\x1b{typed}"]):
        parser = WholePastes()
        found = [one for piece in pieces for one in parser.feed(piece)]
        clock.now += constants.ESCAPE_DELAY
        found += parser.tick()
        assert keys(found)[-1] == f"alt+{'enter' if typed == chr(13) else typed}"
        assert "escape" not in keys(found)


TYPED = {f"\x1b{digit}": f"alt+{digit}" for digit in "0123456789"}
TYPED |= {f"\x1b{letter}": f"alt+{letter}" for letter in "aceghlmnorsuvwzéß"}
TYPED |= {"\x1bD": "alt+shift+d", "\x1b/": "alt+slash", "\x1b,": "alt+comma", "\x1b ": "alt+space"}
TYPED |= {
    "\x1b\r": "alt+enter",
    "\x1b[A": "up",
    "\x1b[24~": "f12",
    "\x1bOP": "f1",
    "\x1b[1;5B": "ctrl+down",
}
TYPED |= {key: key for key in "adx8é"} | {"\r": "enter", "\x7f": "backspace", "\x10": "ctrl+p"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(sorted(TYPED)), max_size=20),
    st.lists(st.integers(1, 9), max_size=30),
)
@example(["\x1b8", "\x1b9"], [])
@example(["\x1b8", "\x1bé", "\x1b9"], [1, 1, 1, 1, 1])
@example(["\x1b8", *["x"] * 40], [])
def test_keys_are_the_same_however_many_come_in_one_read(
    clock: Clock, typed: list[str], cuts: list[int]
) -> None:
    let_alt_be_keys()
    parser, stream = WholePastes(), "".join(typed)
    found: list[Message] = []
    while stream:
        size = cuts.pop() if cuts else len(stream)
        found += parser.feed(stream[:size])
        stream = stream[size:]
    assert keys(found) == [TYPED[key] for key in typed]


@pytest.mark.parametrize("key", ["\x1b[A", "\x1bOP", "\x1b[1;5B"])
def test_a_key_whose_sequence_is_torn_apart_stays_that_key(clock: Clock, key: str) -> None:
    parser, usual = WholePastes(), XTermParser()
    found = [*parser.feed(key[0])]
    clock.now += 2 * paste.TOGETHER
    found += parser.feed(key[1:])
    assert keys(found) == keys(usual.feed(key)) != []


@pytest.fixture
def terminal(paths: Paths) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def begin(**variables: str) -> Terminal:
        opened.append(Terminal(paths, **variables))
        opened[-1].read_until(b"connecting")
        return opened[-1]

    yield begin
    for one in opened:
        one.close()


def test_in_a_real_terminal_it_opens_nothing_and_keeps_its_order(
    terminal: Callable[..., Terminal], paths: Paths
) -> None:
    app = terminal()
    inside = "one \x1b[31mred\x1b[0m\x07 two\x11\x0e A d and three"
    app.type(f"{START}{inside}{END}")
    app.read_until(b"three")
    os.write(app.master, START.encode() + b" four \xff\xfe five" + END.encode())
    app.read_until(b"five")
    app.type("\x11")
    assert app.ended() == 0
    draft = json.loads(paths.interface_state.read_text())
    kept = "one [31mred[0m two A d and three four \ufffd\ufffd five"
    assert kept in json.dumps(draft, ensure_ascii=False)


def test_what_is_typed_while_an_editor_comes_and_goes_is_kept(
    paths: Paths, terminal: Callable[..., Terminal]
) -> None:
    # An editor that leaves unread what is typed for it.
    app = terminal(VISUAL="true")
    typed = [chr(number) for number in range(0x4E10, 0x4E10 + 80)]
    app.type("\x1be")
    for character in typed:
        # As fast as a key that is held down.
        select.select([], [], [], 0.005)
        app.type(character)
    app.read_until(typed[-1].encode())
    app.type("\x11")
    assert app.ended() == 0
    draft = json.loads(paths.interface_state.read_text())
    assert "".join(typed) in json.dumps(draft, ensure_ascii=False)
