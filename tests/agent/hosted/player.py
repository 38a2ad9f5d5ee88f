"""A small full-screen program that behaves like an agent of another maker; run by tests in a pane.

It has an input field, works when a prompt is submitted until it is told `finish` by a file, asks
for leave where the prompt says `ask`, stops at Escape, and reports by OSC 7501 where its terminal
answered that it knows it and `--report` was given.
"""

from __future__ import annotations

import base64
import os
import select
import sys
import termios
import tty
from pathlib import Path

WAITS = Path(sys.argv[1])
REPORTS = "--report" in sys.argv
DEAF = "--deaf" in sys.argv
RESUMED = "--resume" in sys.argv
STRANGE = "--strange" in sys.argv


class Player:
    def __init__(self) -> None:
        self.typed = ""
        self.state = "idle"
        self.said: list[str] = ["resumed" if RESUMED else "begun"]
        self.knows = False

    def write(self, text: str) -> None:
        os.write(1, text.encode())

    def report(self, state: str, message: str = "") -> None:
        if self.knows and REPORTS:
            text = base64.b64encode(message.encode()).decode()
            sequence = f"\x1b]7501;state={state}:app=player:msg={text}\x1b\\"
            # In two pieces, as a terminal may read them.
            self.write(sequence[:9])
            self.write(sequence[9:])

    def draw(self) -> None:
        rows = ["PLAYER 1.0", *(f"* {line}" for line in self.said[-6:]), ""]
        if self.state == "working":
            rows.append("~ Working (esc to interrupt)")
        if self.state == "asking":
            rows += ["+- Run this command?", f"|  {self.said[-1]}", "|  1. Yes", "|  2. No", "+-"]
        else:
            rows += [f"> {line}" for line in (self.typed.split("\n") or [""])]
        if STRANGE:
            rows = ["A NEW FACE", "nothing as it was"]
        self.write("\x1b[H\x1b[2J" + "\r\n".join(rows))

    def become(self, state: str, message: str = "") -> None:
        self.state = state
        self.draw()
        reported = {"asking": "blocked:kind=permission"}.get(state, state)
        self.report(reported, message)

    def submit(self) -> None:
        if DEAF:
            return
        text, self.typed = self.typed, ""
        self.said.append(text.replace("\n", " / "))
        if text == "quit":
            self.write("\x1b[?2004l\x1b[?1049l")
            sys.exit(0)
        self.become("asking" if text.startswith("ask") else "working", text)

    def key(self, key: str) -> None:
        if self.state == "asking":
            if key in "12":
                self.said.append("allowed" if key == "1" else "refused")
                self.become("idle")
        elif key == "\r":
            self.submit()
        elif key == "\x1b":
            if self.state == "working":
                self.said.append("interrupted")
                # As some do, it does not report that.
                self.state = "idle"
                self.draw()
        else:
            self.typed += key
            self.draw()

    def run(self) -> None:
        tty.setraw(0)
        self.write("\x1b[?1049h\x1b[?2004h\x1b]0;player\x07\x1b]7501;?\x1b\\")
        self.draw()
        pending = ""
        fifo = os.open(WAITS, os.O_RDWR)
        while True:
            ready, _, _ = select.select([0, fifo], [], [])
            if fifo in ready:
                os.read(fifo, 100)
                self.said.append("finished")
                self.become("idle")
            if 0 not in ready:
                continue
            pending += os.read(0, 65536).decode()
            pending = self.take(pending)

    def take(self, keys: str) -> str:
        while keys:
            if keys.startswith("\x1b]"):
                answer, end, rest = keys.partition("\x1b\\")
                if not end:
                    return keys
                if answer == "\x1b]7501;?":
                    self.knows = True
                    self.report("idle")
                keys = rest
            elif keys.startswith("\x1b[200~"):
                pasted, end, rest = keys[6:].partition("\x1b[201~")
                if not end:
                    return keys
                self.typed += pasted.replace("\r", "\n")
                self.draw()
                keys = rest
            elif keys.startswith("\x1b["):
                keys = ""
            else:
                self.key(keys[0])
                keys = keys[1:]
        return ""


mode = termios.tcgetattr(0)
try:
    Player().run()
finally:
    termios.tcsetattr(0, termios.TCSADRAIN, mode)
