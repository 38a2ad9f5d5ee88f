"""Whether the app's memory grows while it is looked at for long: eight busy panes, half an hour.

The app stands in a pseudo-terminal. It shows the grid of all eight, then one agent after another in
the cockpit, and begins again; its resident memory is read at the end of each of the two. What
it took on in the warm-up (caches, what is imported when it is opened) doesn't count.

* `soak_rss_growth_percent`: how much more it holds in the last rounds than in the first ones after
  the warm-up, the larger of the two views; medians of a tenth of all rounds, at least of two
* `soak_rss_slope_mb_per_hour`: a straight line through all rounds (least squares), the larger one
* `soak_rss_start_mb`, `soak_rss_end_mb`: resident memory in the cockpit, in those first and those
  last rounds

`make soak` doesn't run it: `python -m benchmarks.soak_rss [--minutes 30]` does, alone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import time

from benchmarks.figures import Figure, median, report
from benchmarks.home import TUNGSTEN, fresh_home
from benchmarks.pty_program import PtyProgram
from benchmarks.ui import BUSY, COLUMNS, ROWS, create

PANES = 8
LOOK = 10.0
"""Seconds that each view is looked at in a round."""
WARM_UP = 0.1
"""Share of the time that is spent before the first round counts, and rounds of it at least."""
LEAST_ROUNDS = 2
GRID = b"\x1bg"
NEXT_AGENT = b"\x1b[1;5B"
MEGABYTE = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (30)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    rounds = watch(options.minutes * 60)
    if len(rounds) < 2 * LEAST_ROUNDS:
        raise SystemExit(f"{len(rounds)} rounds are too few to compare: give it more --minutes")
    report(figures(rounds), as_json=options.json)


def watch(seconds: float) -> list[tuple[float, float, float]]:
    """Look at busy panes; gives time, bytes in the grid and bytes in the cockpit of each round."""
    rounds: list[tuple[float, float, float]] = []
    with fresh_home() as home:
        os.environ.update(home)
        asyncio.run(create(home, [BUSY] * PANES))
        with PtyProgram([TUNGSTEN], columns=COLUMNS, rows=ROWS, environment=home) as program:
            program.until(b"tick")
            began = time.perf_counter()
            warm = 0
            while (now := time.perf_counter() - began) < seconds:
                in_grid, in_cockpit = look_around(program)
                warm += 1
                if warm > LEAST_ROUNDS and now >= seconds * WARM_UP:
                    rounds.append((now, in_grid, in_cockpit))
    return rounds


def look_around(program: PtyProgram) -> tuple[float, float]:
    """Show the grid, then each agent by itself; gives the resident bytes at the end of both."""
    program.output.clear()
    program.write(GRID)
    # The head of the last tile: nothing but the grid shows it.
    program.until(f"busy {PANES} ".encode())
    program.drain(LOOK)
    still_live(program)
    in_grid = program.resident_bytes()
    program.write(b"q")
    for _ in range(PANES):
        program.output.clear()
        program.drain(LOOK / PANES)
        still_live(program)
        program.write(NEXT_AGENT)
    return float(in_grid), float(program.resident_bytes())


def still_live(program: PtyProgram) -> None:
    """Wait for a picture, where the machine is busy: one that stands still would be wrong."""
    program.until(b"tick")


def figures(rounds: list[tuple[float, float, float]]) -> list[Figure]:
    times = [at for at, _, _ in rounds]
    views = [[grid for _, grid, _ in rounds], [cockpit for _, _, cockpit in rounds]]
    few = max(LEAST_ROUNDS, len(rounds) // 10)
    growth = max((median(view[-few:]) / median(view[:few]) - 1) * 100 for view in views)
    slope = max(statistics.linear_regression(times, view).slope for view in views)
    count = f"{len(rounds)} rounds in {(times[-1] - times[0]) / 60:.1f} min"
    return [
        Figure("soak_rss_growth_percent", growth, "%", f"the first rounds; {count}"),
        Figure("soak_rss_slope_mb_per_hour", slope * 3600 / MEGABYTE, "MB/h", "a straight line"),
        Figure("soak_rss_start_mb", median(views[1][:few]) / MEGABYTE, "MB", "the cockpit"),
        Figure("soak_rss_end_mb", median(views[1][-few:]) / MEGABYTE, "MB", "the cockpit"),
    ]


if __name__ == "__main__":
    main()
