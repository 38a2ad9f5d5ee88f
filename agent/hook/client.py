"""What an agent starts as its hook: hands the question to the engine, prints the answer, and ends.

It starts on every question of every agent on the machine, so it imports nothing but sockets. It
knows nothing and decides nothing: it prints what the engine sends, whole, or nothing at all. With
nothing printed and status 0, each agent shows its own prompt (`agent.hook.claude` and its like say
where that is written). Whatever goes wrong here therefore ends in the agent's own prompt.

The wire: one line `{"type":"hook","protocol":1,"agent":"NAME","size":N}`, then N bytes, exactly as
the agent gave them. Back come `held SECONDS`, how long at most, once a person is asked, and
`answer N` with N bytes to print.
The other end knows that this process is gone by the end of the connection.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import sys
from time import monotonic

PROTOCOL = 1
"""Number of the wire described above; an engine that knows another one answers nothing."""

MAX_BYTES = 8 * 1024 * 1024
"""Longest question that is passed on."""

READ_SECONDS = 5.0
"""How long the agent may take to write its question."""

ANSWER_SECONDS = 10.0
"""How long an engine may take to answer, or to say that it asks a person."""

HELD_SECONDS = 24 * 3600.0
"""How long a person may take, whatever the engine says."""

LATE_SECONDS = 3.0
"""How much later than it said an engine may let go: what was decided just now must be written."""

WITHOUT_INPUT = frozenset({"aider"})
"""Agents that write nothing: what they leave open is the person's keyboard."""


def main(arguments: list[str]) -> int:
    """Be the hook: `AGENT [--socket PATH]`. Gives the exit status, which is always 0."""
    try:
        answer = _ask(arguments)
        while answer:
            answer = answer[os.write(1, answer) :]
    except (OSError, ValueError, KeyboardInterrupt):
        # The agent's own prompt stands.
        return 0
    return 0


def _ask(arguments: list[str]) -> bytes:
    agent = arguments[0]
    path = arguments[2] if arguments[1:2] == ["--socket"] and len(arguments) == 3 else _found()
    if len(arguments) not in (1, 3) or not agent.isalnum():
        return b""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_SECONDS)
        # First: mostly there is no engine, and then nothing else has to be done.
        connection.connect(path)
        if not _is_ours(connection):
            return b""
        question = b"" if agent in WITHOUT_INPUT else _read()
        if question is None:
            return b""
        head = '{"type":"hook","protocol":%d,"agent":"%s","size":%d}\n'
        connection.sendall((head % (PROTOCOL, agent, len(question))).encode() + question)
        return _answer(connection)


def _found() -> str:
    from agent.paths import find

    return str(find().engine_socket)


def _is_ours(connection: socket.socket) -> bool:
    """Whether the other end belongs to the same user, where the kernel says so."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("=iII"))
    return bool(struct.unpack("=iII", raw)[1] == os.getuid())


def _read() -> bytes | None:
    """All that the agent writes; None if that is too much, or does not end."""
    pieces: list[bytes] = []
    ends, size = monotonic() + READ_SECONDS, 0
    while select.select([0], [], [], max(0.0, ends - monotonic()))[0]:
        piece = os.read(0, 65536)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
        size += len(piece)
        if size > MAX_BYTES:
            return None
    return None


def _answer(connection: socket.socket) -> bytes:
    """What to print: all of it came, or it is nothing."""
    ends, held, got = monotonic() + ANSWER_SECONDS, False, b""
    while True:
        line, found, rest = got.partition(b"\n")
        word, _, size = line.partition(b" ")
        if found and word == b"held" and not held:
            held, got = True, rest
            # An engine of an earlier version does not say how long.
            longest = int(size) + LATE_SECONDS if size else HELD_SECONDS
            ends = monotonic() + min(longest, HELD_SECONDS)
            continue
        if found:
            if word != b"answer" or int(size) > MAX_BYTES:
                return b""
            if len(rest) >= int(size):
                return rest[: int(size)]
        left = ends - monotonic()
        if left <= 0:
            return b""
        connection.settimeout(left)
        piece = connection.recv(65536)
        if not piece:
            return b""
        got += piece


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
