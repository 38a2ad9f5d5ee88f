"""Runs every benchmark of this folder and prints its figures: `python -m benchmarks [--json]`."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.figures import Figure, report

NAMES = ("startup", "ui", "terminal", "risk", "cache", "overhead", "interrupt", "memory", "hosted")


def main() -> None:
    figures = []
    for name in NAMES:
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", "--json", *sys.argv[1:]],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        figures += [Figure(**row) for row in json.loads(done.stdout)["figures"]]
    report(figures, as_json="--json" in sys.argv)


if __name__ == "__main__":
    main()
