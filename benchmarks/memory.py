"""How fast memories are found among many, and whether several processes can write at once.

* `search_p95_ms`: processor time of one search among 100,000 memories, by the index of the app
* `search_hit_share`: how often the memory that a question was made from is among its ten answers
* `lock_errors`: writes that failed while four processes wrote to one store
* `lock_writes`: how many writes those were
* `dream_cpu_s`, `dream_mb`, `dream_exponent`, `incremental_ratio`: see `benchmarks.memory_dream`

Memories are made of words as frequent as those of English are (Zipf's law), so that searches meet
both rare words and words that stand in a tenth of all memories.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure, arguments, percentile, report
from memory import Database, Memory
from memory.errors import DatabaseLocked
from memory.recall import Index, make_index

MEMORIES = 100_000
VOCABULARY = 20_000
WORDS = 14
"""Words of a memory."""
IN_A_ROW = 20
"""Memories of one conversation."""
ASKED = 5
"""Words of a memory that its question has."""
SEARCHES = 400
WRITERS, WRITES = 4, 50


def main() -> None:
    if sys.argv[1:2] == ["--write"]:
        print(asyncio.run(write(Path(sys.argv[2]), sys.argv[3])))
        return
    options = arguments(__doc__ or "", ("search", "locks", "dream"))
    figures = []
    if options.part in (None, "search"):
        figures += search(max(1, options.runs))
    if options.part in (None, "locks"):
        figures += locks()
    if options.part in (None, "dream"):
        figures += dreams()
    report(figures, as_json=options.json)


def dreams() -> list[Figure]:
    # A process of its own, so that the peak of its memory is the dream's.
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory_dream", "--json"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [Figure(**row) for row in json.loads(done.stdout)["figures"]]


def search(runs: int) -> list[Figure]:
    chance = random.Random(6)
    weights = list(itertools.accumulate(1 / (rank + 5) for rank in range(VOCABULARY)))
    names = [f"w{rank}x" for rank in range(VOCABULARY)]
    texts = [chance.choices(names, cum_weights=weights, k=WORDS) for _ in range(MEMORIES)]
    index: Index[str] = make_index()
    index.index([(str(n), " ".join(text), f"{n // IN_A_ROW:010d}") for n, text in enumerate(texts)])
    times, found = [], 0
    for _ in range(SEARCHES):
        wanted = chance.randrange(MEMORIES)
        query = f"What about {' '.join(chance.sample(texts[wanted], ASKED))}?"
        took = []
        for _ in range(min(runs, 3)):
            began = time.thread_time()
            got = index.search(query, 10)
            took.append(time.thread_time() - began)
        times.append(min(took))
        found += str(wanted) in got
    return [
        Figure(
            "search_p95_ms", percentile(times, 0.95) * 1e3, "ms", f"among {MEMORIES:,} memories"
        ),
        Figure("search_hit_share", found / SEARCHES, "", "1 is always"),
    ]


def locks() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="tg-") as directory:
        path = Path(directory) / "tungsten.db"
        writers = [
            subprocess.Popen(
                [sys.executable, "-m", "benchmarks.memory", "--write", str(path), str(name)],
                stdout=subprocess.PIPE,
                text=True,
            )
            for name in range(WRITERS)
        ]
        errors = sum(int(writer.communicate()[0]) for writer in writers)
        if any(writer.returncode for writer in writers):
            raise SystemExit("a writer failed in another way than by a lock")
    return [
        Figure("lock_errors", errors, "", "0 is none"),
        Figure("lock_writes", WRITERS * WRITES, "", "all of them"),
    ]


async def write(path: Path, name: str) -> int:
    """Write as an engine does; gives how many writes were refused for a lock."""
    errors = 0
    async with await Database.open(path, holds_secret=lambda text: False) as database:
        for number in range(WRITES):
            memory = Memory("", f"Writer {name} notes number {number}.", session_id=name)
            try:
                await database.memories.add(memory, by="agent")
            except DatabaseLocked:
                errors += 1
    return errors


if __name__ == "__main__":
    main()
