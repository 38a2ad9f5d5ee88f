"""A full-screen program that draws what it is told to and says every byte that it is typed.

It is told by JSON lines over a Unix socket, whose path is its argument:

    {"draw": TEXT, "name": NAME, "keys": {KEY: NAME_OF_NEXT}}

draws a screen and remembers what it is; a byte that is one of `keys` draws a screen that was told
before. It answers with `{"drawn": NAME}` and `{"got": HEX, "on": NAME}`, one line each.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import sys
import termios
import tty
from typing import Any


class Program:
    """The screens that it was told, and the one that it shows."""

    def __init__(self, path: str) -> None:
        self.told = socket.socket(socket.AF_UNIX)
        self.told.connect(path)
        self.screens: dict[str, dict[str, Any]] = {}
        self.name = ""
        self.unread = b""

    def say(self, **what: str) -> None:
        self.told.sendall(json.dumps(what).encode() + b"\n")

    def draw(self, name: str) -> None:
        self.name = name
        text = self.screens[name]["draw"].replace("\n", "\r\n")
        os.write(1, b"\x1b[H\x1b[2J" + text.encode())
        self.say(drawn=name)

    def typed(self) -> None:
        for byte in os.read(0, 4096):
            self.say(got=f"{byte:02x}", on=self.name)
            following = self.screens.get(self.name, {}).get("keys", {}).get(chr(byte))
            if following is not None:
                self.draw(following)

    def ordered(self) -> None:
        data = self.told.recv(65536)
        if not data:
            raise SystemExit
        *lines, self.unread = (self.unread + data).split(b"\n")
        for line in lines:
            order = json.loads(line)
            self.screens[order["name"]] = order
            if not order.get("only"):
                self.draw(order["name"])


def main() -> None:
    before = termios.tcgetattr(0)
    tty.setraw(0)
    os.write(1, b"\x1b[?1049h")
    program = Program(sys.argv[1])
    waits = selectors.DefaultSelector()
    waits.register(0, selectors.EVENT_READ, program.typed)
    waits.register(program.told, selectors.EVENT_READ, program.ordered)
    try:
        while True:
            for key, _ in waits.select():
                key.data()
    finally:
        os.write(1, b"\x1b[?1049l")
        termios.tcsetattr(0, termios.TCSANOW, before)


if __name__ == "__main__":
    main()
