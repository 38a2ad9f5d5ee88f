"""Stands for an agent of another maker in a pane: idle, at work with a spinner, or asking.

`idle` draws once; `works` draws ten times a second; `asks FIFO` draws a dialog for each line that
it reads there, and takes it away at the next key.
"""

from __future__ import annotations

import os
import selectors
import sys
import termios
import time
import tty

SPINNER = "|/-\\"
READY = "ready> \r\n"


def draw(text: str) -> None:
    os.write(1, b"\x1b[H\x1b[2J" + text.encode())


def works() -> None:
    for number in range(10**9):
        rows = f"{SPINNER[number % 4]} Working ({number // 10} s, esc to interrupt)\r\n"
        os.write(1, f"\x1b[H{rows}".encode())
        time.sleep(0.1)


def asks(fifo: str) -> None:
    told = os.open(fifo, os.O_RDWR)
    waits = selectors.DefaultSelector()
    waits.register(told, selectors.EVENT_READ)
    waits.register(0, selectors.EVENT_READ)
    while True:
        for key, _ in waits.select():
            said = os.read(key.fd, 4096).decode()
            if key.fd == 0:
                draw(READY)
            else:
                command = said.strip()
                rows = f"Bash command\r\n  $ {command}\r\nDo you want to proceed?\r\n 1. Yes\r\n"
                draw(f"{rows} 2. No\r\n")


def main() -> None:
    termios.tcgetattr(0)
    tty.setraw(0)
    draw(READY)
    if sys.argv[1] == "works":
        works()
    elif sys.argv[1] == "asks":
        asks(sys.argv[2])
    while os.read(0, 4096):
        draw(READY)


if __name__ == "__main__":
    main()
