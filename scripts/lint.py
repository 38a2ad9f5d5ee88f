"""Runs the checks of `make lint` side by side, and prints what each of them said, one by one: the
last line where it is content.

Usage: python scripts/lint.py. Leaves with status 1 when any of them failed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOOLS = Path(sys.executable).parent
CHECKS = (
    "ruff check .",
    "ruff format --check .",
    "mypy",
    "lint-imports",
)


def main() -> int:
    running = []
    for check in CHECKS:
        name, *arguments = check.split()
        process = subprocess.Popen(
            [str(TOOLS / name), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append((check, process))
    failed = False
    for check, process in running:
        said, _ = process.communicate()
        if process.returncode == 0:
            print(f"{check}: {said.strip().rpartition(chr(10))[2]}", flush=True)
        else:
            print(f"{check}\n{said}{check}: failed (status {process.returncode})", flush=True)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
