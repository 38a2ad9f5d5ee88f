"""Draws the only pane of a tmux server into a PNG: draw_screen.py SOCKET FILE."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tungsten.screen import frame, picture

SIZE = 16


def capture(socket: str, path: Path) -> None:
    """Picture the only pane of the tmux server at `socket`; raises ValueError if it is blank."""
    tmux = ["tmux", "-S", socket]
    fields = subprocess.check_output([*tmux, "display-message", "-p", frame.FIELDS], text=True)
    text = subprocess.check_output([*tmux, "capture-pane", "-e", "-N", "-p"], text=True)
    shown = frame.make(text.split("\n")[:-1], fields.rstrip("\n").split(" ", 10))
    image = picture.draw(shown, size=SIZE)
    if len(image.getcolors(1 << 20) or ()) < 3:
        raise ValueError("the screen is blank")
    image.save(path, optimize=True)


if __name__ == "__main__":
    capture(sys.argv[1], Path(sys.argv[2]))
