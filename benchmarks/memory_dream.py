"""What a dream without a model costs: processor time, memory, growth, and after a few new ones.

The memories are made up: sentences of many forms over a vocabulary with few common and many rare
words, every tenth told twice, a third about the person, the rest of projects of 2,500 each.
"""

from __future__ import annotations

import math
import random
import resource
import time

from benchmarks.figures import Figure, arguments, report
from memory.dream.dreaming import dream
from memory.dream.orient import Evidence, Memory, ProjectState
from tungsten.recordings.masking import holds_secret

MEMORIES = 100_000
NEW = 100
NOW = 2_000_000_000.0
FORMS = (
    "The {a} {b} listens on port {n}.",
    "The {a} {b} is stored in src/{c}/{d}.py.",
    "User prefers {a} over {b} for {c}.",
    "{a} runs on {b} with {c} {d}.",
    "The {a} of the {b} takes {n} seconds.",
    "Never {a} the {b} without {c}.",
    "The {a} {b} {c} was moved to {d} on 2025-03-02.",
    "{a} uses {b} because {c} is {d}.",
)
SYLLABLES = "ba ko ri ten mu sal vor pli dex han zor qui lam fen tos".split()  # noqa: SIM905


def memories(count: int, seed: int = 1) -> list[Memory]:
    """Made-up memories, the same for the same seed."""
    dice = random.Random(seed)
    vocabulary = [
        "".join(dice.choice(SYLLABLES) for _ in range(dice.randint(2, 4))) for _ in range(6000)
    ]

    def word() -> str:
        return vocabulary[min(int(dice.paretovariate(0.8)) * 7 % 6000 + dice.randint(0, 200), 5999)]

    made: list[Memory] = []
    for number in range(count):
        if number > 10 and dice.random() < 0.1:
            text = made[dice.randrange(number)].text.removesuffix(".")
        else:
            text = dice.choice(FORMS).format(
                a=word(), b=word(), c=word(), d=word(), n=dice.randint(1, 9999)
            )
        personal = dice.random() < 0.3
        at = NOW - 1e8 + number * 60
        made.append(
            Memory(
                id=f"m{number}",
                text=text,
                scope="user" if personal else "project",
                project=None if personal else f"p{dice.randrange(max(1, count // 2500))}",
                source=dice.choice(("user_stated", "tool_observed", "agent_inferred")),
                created_at=at,
                last_confirmed_at=at,
            )
        )
    return made


def world(count: int) -> Evidence:
    """A state of the projects against which paths and versions are held."""
    state = ProjectState(
        paths=frozenset(f"src/a/{number}.py" for number in range(200)),
        branches=frozenset({"main"}),
        versions={"python": "3.12.1", "node": "22.9.0"},
        config={"PORT": "8080", "TIMEOUT_SECONDS": "30"},
    )
    return Evidence(NOW, {f"p{number}": state for number in range(max(1, count // 2500))})


def cost(stored: list[Memory], new: frozenset[str] | None = None) -> float:
    """Processor seconds of one dream."""
    evidence = world(len(stored))
    start = time.process_time()
    dream(stored, evidence, new=new, secrets=holds_secret)
    return time.process_time() - start


def main() -> None:
    options = arguments(__doc__ or "")
    cost(memories(500))
    quarter = cost(memories(MEMORIES // 4))
    stored = memories(MEMORIES)
    full = cost(stored)
    # The peak of this process, with the memories themselves; kilobytes on Linux.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    fresh = frozenset(memory.id for memory in stored[-NEW:])
    incremental = cost(stored, fresh)
    among = f"{MEMORIES:,} memories"
    report(
        [
            Figure("dream_cpu_s", full, "s", f"of a processor, {among}"),
            Figure("dream_mb", peak, "MB", f"peak of the process, {among}"),
            Figure("dream_exponent", math.log(full / quarter) / math.log(4), "", "1 is linear"),
            Figure("incremental_ratio", incremental / full, "", f"after {NEW} new memories"),
        ],
        as_json=options.json,
    )


if __name__ == "__main__":
    main()
