"""Every key that Textual can name becomes something tmux sends, or nothing at all."""

from __future__ import annotations

import string
import subprocess
from typing import Any

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key

from tui.terminal.keys import KeyName, Literal, translate
from tui.terminal.passthrough import Paste, _bundles


@pytest.mark.parametrize(
    ("key", "character", "expected"),
    [
        ("a", "a", Literal("a")),
        ("A", "A", Literal("A")),
        ("space", " ", Literal(" ")),
        ("semicolon", ";", Literal(";")),
        ("é", "é", Literal("é")),
        ("enter", "\r", KeyName("Enter")),
        ("tab", "\t", KeyName("Tab")),
        ("shift+tab", None, KeyName("BTab")),
        ("backspace", "\x7f", KeyName("BSpace")),
        ("ctrl+c", "\x03", KeyName("C-c")),
        ("ctrl+at", "\x00", KeyName("C-Space")),
        ("ctrl+@", "\x00", KeyName("C-Space")),
        ("ctrl+right_square_bracket", "\x1d", KeyName("C-]")),
        ("ctrl+backslash", "\x1c", KeyName("C-\\")),
        ("ctrl+left", None, KeyName("C-Left")),
        ("ctrl+shift+left", None, KeyName("C-S-Left")),
        ("alt+x", "x", KeyName("M-x")),
        ("alt+shift+x", "X", KeyName("M-S-x")),
        ("escape", "\x1b", KeyName("Escape")),
        ("f5", None, KeyName("F5")),
        ("shift+f5", None, KeyName("S-F5")),
        ("f17", None, KeyName("S-F5")),
        ("super+a", "a", None),
        ("print_screen", None, None),
    ],
)
def test_translate(key: str, character: str | None, expected: object) -> None:
    assert translate(key, character) == expected


def events_for(sequence: str) -> list[Key]:
    found = list(XTermParser().feed(sequence))
    return [event for event in found if isinstance(event, Key)]


@pytest.mark.parametrize("character", string.ascii_letters + string.digits + string.punctuation)
def test_every_character_typed_arrives_as_itself(character: str) -> None:
    (event,) = events_for(character)
    assert translate(event.key, event.character) == Literal(character)


@pytest.mark.parametrize("code", [n for n in range(1, 32) if n != 27])
def test_every_control_character_arrives_as_itself(code: int, cat: Any) -> None:
    """Through the parser, the translation and a real tmux, back to the byte it began as."""
    (event,) = events_for(chr(code))
    sent = translate(event.key, event.character)
    assert isinstance(sent, KeyName)
    assert cat(sent.name) == bytes([code])


@pytest.fixture(scope="module")
def cat(tmp_path_factory: Any) -> Any:
    """Send a key to a raw terminal and return the bytes its program read."""
    import shutil
    import tempfile
    import time
    from pathlib import Path

    directory = Path(tempfile.mkdtemp(prefix="tg-", dir="/tmp"))
    out = directory / "out"
    tmux = ["tmux", "-f", "/dev/null", "-S", str(directory / "s")]
    program = f"stty raw -echo; echo ready; exec cat > {out}"
    subprocess.run([*tmux, "new-session", "-d", program], check=True, timeout=10)

    def wait_until(condition: Any) -> None:
        until = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < until
            time.sleep(0.01)

    def send(name: str) -> bytes:
        before = out.stat().st_size
        subprocess.run([*tmux, "send-keys", name], check=True, timeout=10)
        wait_until(lambda: out.stat().st_size > before)
        return out.read_bytes()[before:]

    wait_until(out.exists)
    yield send
    subprocess.run([*tmux, "kill-server"], check=False, timeout=10)
    shutil.rmtree(directory)


def test_neighbours_go_out_together_and_in_order() -> None:
    items = [
        Literal("l"),
        Literal("s"),
        KeyName("Enter"),
        KeyName("Up"),
        Paste("a\nb"),
        Literal("x"),
    ]
    assert list(_bundles(items)) == [
        ("ls", (), ""),
        ("", ("Enter", "Up"), ""),
        ("", (), "a\nb"),
        ("x", (), ""),
    ]
