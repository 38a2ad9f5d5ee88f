"""The hook's process against engines that do wrong: nothing but a whole answer is ever printed."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.hook import client

ROOT = Path(__file__).parents[3]


def printed(
    monkeypatch: pytest.MonkeyPatch, path: Path, stdin: bytes = b"{}", agent: str = "claude"
) -> bytes:
    """What the hook prints, in this process."""
    out: list[bytes] = []
    pieces = [stdin, b""]
    monkeypatch.setattr(client.select, "select", lambda *args: ([0], [], []))
    monkeypatch.setattr(client.os, "read", lambda fd, size: pieces.pop(0))
    monkeypatch.setattr(client.os, "write", lambda fd, data: out.append(data) or len(data))
    assert client.main([agent, "--socket", str(path)]) == 0
    return b"".join(out)


def engine(path: Path, say: Callable[[socket.socket], None]) -> threading.Thread:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()

    def serve() -> None:
        with server, server.accept()[0] as connection, contextlib.suppress(OSError):
            # The hook may go away at any point.
            connection.recv(65536)
            say(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([b"answer 5\nallow"], b"allow"),
        ([b"held 1\n", b"answer 5\nal", b"low"], b"allow"),
        ([b"held\n", b"answer 5\nal", b"low"], b"allow"),
        ([b"held x\n", b"answer 5\nallow"], b""),
        ([b"held\nanswer 0\n"], b""),
        ([b"answer 5\nallo"], b""),
        ([b"held\n"], b""),
        ([b"held\nheld\n"], b""),
        ([b"answer x\nallow"], b""),
        ([b"answer 99999999999\nallow"], b""),
        ([b"allow\n"], b""),
        ([b""], b""),
    ],
)
def test_only_a_whole_answer_is_printed(
    monkeypatch, short_dir: Path, said: list[bytes], expected: bytes
) -> None:
    path = short_dir / "s"
    thread = engine(path, lambda connection: [connection.sendall(each) for each in said])
    assert printed(monkeypatch, path) == expected
    thread.join()


def test_it_does_not_hang_on_an_engine_that_is_stopped(monkeypatch, short_dir: Path) -> None:
    monkeypatch.setattr(client, "ANSWER_SECONDS", 0.05)
    path, done = short_dir / "s", threading.Event()
    thread = engine(path, lambda connection: done.wait(30))
    assert printed(monkeypatch, path) == b""
    done.set()
    thread.join()


def test_it_lets_go_when_an_engine_hangs_behind_the_time_that_it_said(
    monkeypatch, short_dir: Path
) -> None:
    monkeypatch.setattr(client, "LATE_SECONDS", 0.05)
    path, done = short_dir / "s", threading.Event()

    def hang(connection: socket.socket) -> None:
        connection.sendall(b"held 0\n")
        done.wait(30)

    thread = engine(path, hang)
    assert printed(monkeypatch, path) == b""
    done.set()
    thread.join()


def test_what_is_too_long_or_no_agent_is_not_sent(monkeypatch, short_dir: Path) -> None:
    monkeypatch.setattr(client, "MAX_BYTES", 10)
    path = short_dir / "s"
    assert printed(monkeypatch, path) == b""
    thread = engine(path, lambda connection: connection.sendall(b"answer 5\nallow"))
    assert printed(monkeypatch, path, b"x" * 11) == b""
    thread.join()
    assert printed(monkeypatch, path, agent='x"y') == b""


def test_an_agent_that_gives_no_input_keeps_its_keyboard(monkeypatch, short_dir: Path) -> None:
    path = short_dir / "s"
    thread = engine(path, lambda connection: connection.sendall(b"answer 0\n"))
    monkeypatch.setattr(client, "_read", lambda: pytest.fail("it read the keyboard"))
    assert client.main(["aider", "--socket", str(path)]) == 0
    thread.join()


def test_it_loads_nothing_that_takes_time(short_dir: Path) -> None:
    code = (
        "import sys; sys.argv[1:] = ['hook', 'claude', '--socket', '/nowhere/s']\n"
        "import tui.cli\n"
        "try:\n    tui.cli.main()\n"
        "except SystemExit as end:\n    assert end.code == 0\n"
        "print(sorted({'json', 'asyncio', 'typer', 'pydantic', 'tempfile', 'pathlib', 're',"
        " 'typing'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    said = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
        env=environment,
    )
    assert said.stdout.strip() in ("['typing']", "['re', 'typing']")
