"""How fast the gate judges, and whether it stays out of the way of everything else.

* `p50_us`, `p99_us`: one command, over the labelled sets of the tests
* `chain10k_ms`: 10,000 different subcommands in one line, the slowest of four ways to join them
* `loop_gap_ms`: how long an event loop was held up at most while such a line was judged beside it
* `garbage_s`: the slowest refusal of text that is no command: 5 MB, depth 5,000, random bytes
* `growth_exponent`: how the time grows with the length (1 is linear), from 1,000 to 8,000
  subcommands and from 5 to 40 levels of nesting; the worse of the two

`calibration_us` is a fixed piece of Python timed in the same run, so that figures of two machines
can be compared.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import string
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from agent.risk import Context, Risk, assess_command
from benchmarks.figures import Figure, arguments, median, percentile, report

DATA = Path(__file__).parents[1] / "tests" / "agent" / "risk" / "data"
HOME = Path("/home/ada")
CONTEXT = Context(cwd=HOME / "project", home=HOME, project=HOME / "project")
JOINERS = (" ; ", " && ", " | ", "\n")
TICK = 0.001
"""Seconds between two ticks of the event loop whose gaps are measured."""

VARIED = (
    "grep -rn 'word{n}' src/part{n}/*.py",
    "git -C repo{n} status --short",
    "cp src/file{n}.txt build/out/file{n}.txt",
    'echo "line {n} of $HOME" > notes/{n}.md',
    "find . -name '*.{n}' -mtime +3",
    "python3 -m unittest tests.test_{n}",
    "sed -n '{n},+5p' README.md",
    'test -f "config/{n}.toml"',
)


def main() -> None:
    options = arguments(__doc__ or "")
    runs = max(1, options.runs)
    singles = single_commands(runs)
    chains = {joiner: chain(10_000, joiner) for joiner in JOINERS}
    slowest = max(median([seconds(text) for _ in range(min(runs, 3))]) for text in chains.values())
    report(
        [
            Figure("p50_us", percentile(singles, 0.5) * 1e6, "us", "labelled commands"),
            Figure("p99_us", percentile(singles, 0.99) * 1e6, "us", "labelled commands"),
            Figure("chain10k_ms", slowest * 1e3, "ms", "10,000 subcommands, worst joiner"),
            Figure("loop_gap_ms", asyncio.run(loop_gap(chains)) * 1e3, "ms", "the loop's own tick"),
            Figure("garbage_s", max(map(refusal, garbage())), "s", "the slowest of its kinds"),
            Figure("growth_exponent", growth(runs), "", "1 is linear"),
            Figure("calibration_us", calibration() * 1e6, "us", "sorting 1,000 numbers"),
        ],
        as_json=options.json,
    )


def seconds(command: str, context: Context = CONTEXT) -> float:
    """Time one judgement; the processor's time of this thread, so that neighbours don't count."""
    began = time.thread_time()
    assess_command(command, context)
    return time.thread_time() - began


def single_commands(runs: int) -> list[float]:
    """Time every labelled command, as the fastest of some runs."""
    commands = [
        json.loads(line)["command"]
        for name in ("benign", "dangerous")
        for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    for command in commands:
        assess_command(command, CONTEXT)
    return [min(seconds(command) for _ in range(min(runs, 5))) for command in commands]


def chain(count: int, joiner: str) -> str:
    """Join different harmless commands."""
    return joiner.join(VARIED[n % len(VARIED)].replace("{n}", str(n)) for n in range(count))


def nested(depth: int) -> str:
    """Nest substitutions, with the same number of commands on each level."""
    text = "echo end"
    for level in range(depth):
        text = f'echo "$(cat part{level}.txt; {text})"'
    return text


async def loop_gap(chains: dict[str, str]) -> float:
    """Judge in a thread, as the engine does, and measure what the loop feels of it."""
    worst = 0.0
    for text in chains.values():
        judging = asyncio.create_task(asyncio.to_thread(assess_command, text, CONTEXT))
        last = time.perf_counter()
        while not judging.done():
            await asyncio.sleep(TICK)
            now = time.perf_counter()
            worst = max(worst, now - last - TICK)
            last = now
        await judging
    return worst


def garbage() -> Sequence[str]:
    chance = random.Random(7)
    alphabet = string.printable + "\0\u202e\u200b"
    return (
        "a" * 5_000_000,
        "echo x; " * 625_000,
        "(" * 5_000 + "true" + ")" * 5_000,
        "echo $(" * 5_000 + ")" * 5_000,
        "'" + "x\n" * 2_500_000,
        "".join(chance.choices(alphabet, k=200_000)),
        "<<A " * 20_000,
        "{a,b}" * 20_000,
    )


def refusal(text: str) -> float:
    """Time one refusal; what is let through is no refusal."""
    began = time.perf_counter()
    answer = assess_command(text, CONTEXT)
    taken = time.perf_counter() - began
    if answer.risk is not Risk.HIGH and len(text) > 1_500_000:
        raise SystemExit(f"text beyond the budget was {answer.risk.name}: {text[:40]!r}")
    return taken


def growth(runs: int) -> float:
    """Fit time against size on logarithmic scales; the slope is the exponent."""
    long = exponent((1_000, 2_000, 4_000, 8_000), lambda size: chain(size, " ; "), runs)
    deep = exponent((5, 10, 20, 40), nested, runs)
    return max(long, deep)


def exponent(sizes: Sequence[int], make: Callable[[int], str], runs: int) -> float:
    points = []
    for size in sizes:
        text = make(size)
        points.append((math.log(len(text)), math.log(min(seconds(text) for _ in range(runs)))))
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    above = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return above / sum((x - mean_x) ** 2 for x, _ in points)


def calibration() -> float:
    numbers = random.Random(1).sample(range(10_000), 1_000)

    def once() -> float:
        began = time.thread_time()
        sorted(numbers)
        return time.thread_time() - began

    return min(once() for _ in range(50))


if __name__ == "__main__":
    main()
