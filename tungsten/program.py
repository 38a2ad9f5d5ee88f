"""The command by which a person starts this program again, from where they started it."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

NAME = "tungsten"


def command() -> str:
    """Say what to type for the program: its name if a shell finds it by that, else its path.

    What is not the program itself, as the engine or a test, knows only the name.
    """
    started = Path(sys.argv[0]) if sys.argv else Path()
    found = shutil.which(NAME)
    if started.name != NAME or (found and os.path.realpath(found) == os.path.realpath(started)):
        return NAME
    path = started.absolute()
    if not path.is_relative_to(Path.cwd()):
        return shlex.quote(str(path))
    below = str(path.relative_to(Path.cwd()))
    return shlex.quote(below if "/" in below else f"./{below}")
