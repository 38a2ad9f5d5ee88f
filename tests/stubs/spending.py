"""A report of what was used, for tests of front ends: a coordinator, its workers, a local model."""

from __future__ import annotations

from agent.protocol.usage import Budget, Course, Usage, UsageOf, UsageReport


def used(requests: int, read: int, cost: float | None, unpriced: int = 0) -> Usage:
    """Plausible figures around what was read from the cache."""
    return Usage(
        requests=requests,
        input_tokens=read // 50,
        cache_read_tokens=read,
        cache_write_tokens=read // 12,
        output_tokens=read // 40,
        cost=cost,
        unpriced=unpriced,
    )


def course(count: int, each: int) -> Course:
    """Figures that rise, fall and pause."""
    tokens = tuple(max(0, (number * 7 % 11 - 3) * each) for number in range(count))
    return Course(tokens=tokens, dollars=tuple(one / 2_000_000 for one in tokens))


SONNET, LOCAL = "claude-sonnet-5-5", "qwen3-coder:30b"
LEAD = UsageOf(
    id="a1",
    name="mend the parser",
    model=SONNET,
    usage=used(41, 1_840_000, 1.284),
    context_tokens=62_000,
    context_window=200_000,
    today=used(17, 640_000, 0.402),
    last_hours=course(24, 40_000),
    last_days=course(14, 300_000),
)
WORKERS = tuple(
    UsageOf(
        id=f"w{number}",
        name=name,
        model=SONNET,
        parent="a1",
        usage=used(8 + number, 220_000 + 9_000 * number, 0.2 + number / 50),
        context_tokens=18_000 + 1_000 * number,
        context_window=200_000,
    )
    for number, name in enumerate(("read the grammar", "read the tests", "write the notes"))
)
OFFLINE = UsageOf(
    id="a2",
    name="summarise the notes of all meetings of last year",
    model=LOCAL,
    archived=True,
    usage=Usage(requests=12, input_tokens=96_000, output_tokens=4_100, cost=None, unpriced=12),
    context_tokens=9_800,
)
REPORT = UsageReport(
    today=used(53, 1_200_000, 0.912, 12),
    total=used(640, 28_400_000, 21.5, 12),
    day_limit=Budget(dollars=20, requests=500),
    last_hours=course(24, 90_000),
    last_days=course(14, 800_000),
    sessions=(LEAD.model_copy(update={"usage": used(68, 2_527_000, 1.944)}), OFFLINE),
    agents=(LEAD, *WORKERS, OFFLINE),
    days=tuple(
        UsageOf(
            id=f"2026-09-{day:02}",
            name=f"2026-09-{day:02}",
            usage=used(10 * day, 400_000 * day, day / 3, 12 if day == 21 else 0),
        )
        for day in range(21, 0, -1)
    ),
    models=(
        UsageOf(id=SONNET, name=SONNET, model=SONNET, usage=used(628, 28_400_000, 21.5)),
        UsageOf(id=LOCAL, name=LOCAL, model=LOCAL, usage=OFFLINE.usage),
    ),
)
