"""A Tungsten of its own for one benchmark: own directories, own engine, own tmux server."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

TUNGSTEN = str(Path(sys.executable).parent / "tungsten")


@contextlib.contextmanager
def fresh_home() -> Iterator[dict[str, str]]:
    """Yield the environment variables of a new TUNGSTEN_HOME; ends its engine and panes."""
    root = Path(tempfile.mkdtemp(prefix="tungsten-bench-", dir="/tmp"))
    # An installed program has its bytecode, as the reference has: the first run writes it.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    variables = {"TUNGSTEN_HOME": str(root / "home"), "HOME": str(root)}
    try:
        yield variables
    finally:
        subprocess.run(
            [TUNGSTEN, "kill-engine", "--panes"],
            env=os.environ | variables,
            capture_output=True,
            check=False,
        )
        shutil.rmtree(root, ignore_errors=True)
