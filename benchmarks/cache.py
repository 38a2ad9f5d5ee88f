"""How much of what is sent again is read from the prompt cache, over a long session resumed often.

One agent takes 200 turns of four requests each: real files, a real terminal, over HTTP against the
strict local server, which validates each request, refuses one whose thinking blocks do not stand
behind the very bytes that they were written behind, and simulates the prompt cache by the
documented rules. Ten times, before turns 19, 37, … 181, front end and engine end and new
processes go on; from turn 109 to 126 they are a newer version of the program, with other tool
descriptions. AGENTS.md appears after the first turn and is edited before turn 100.

* `hit_ratio`: tokens read from the cache, of all input tokens
* `first_after_resume`: the same for the first request after a resume, the worst of all
* `refused`: requests that the server refused
* `cost_ratio`: price of all input, against a session that says its project instructions once,
  pays each token in full only when it is first sent, and reads it from then on
* `overhead_bytes`: tools and system of the first request, which has no instructions, as sent
* `workers_reading`: of the eight workers that one agent starts in one message, how many read all
  that their first requests have in common (tools, system, project instructions and role) from the
  cache; the first one writes it

Prices are the documented multiples of an input token's: read 0.1, written for 5 minutes 1.25, for
an hour 2. `--log FILE` writes the body of every request as sent, one a line; turn n begins with
line 4n-3, and after the session come the requests of the coordinator and its workers.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from agent.messages.prefix import serialise
from agent.model.local_server.cache import InputUsage, estimate, without_marks
from agent.model.local_server.errors import ApiError
from agent.model.local_server.models import ServedModel
from agent.model.local_server.server import LocalMessagesServer
from benchmarks.cache_script import REQUESTS, Script
from benchmarks.cache_workers import first_requests
from benchmarks.figures import Figure, arguments, report
from benchmarks.home import fresh_home

TURNS = 200
LEG = 18
"""Turns between two resumes."""
RESUMES = 10
NEWER = 6
"""The resume that is by a newer version."""

MODEL = "claude-sonnet-5-5"
KEY = "sk-bench-0123456789"
READ, WRITTEN_5M, WRITTEN_1H = 0.1, 1.25, 2.0
"""Prices, as multiples of an input token's. Source: prompt caching documentation, "Pricing"."""

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("agent", "benchmarks", "memory", "tungsten")


class Observer:
    """Notes what each request was and what it was told."""

    def __init__(self, log: Path | None) -> None:
        self.usages: list[InputUsage] = []
        self.refused: list[str] = []
        self.repeated: list[int] = []
        """Tokens of project instructions in each request, without the first time."""
        self.head_tokens = self.overhead = 0
        self._log = log.open("wb") if log else None

    def write(self, sent: bytes) -> None:
        """Write a request's body to the log."""
        if self._log:
            self._log.write(sent + b"\n")

    def body(self, sent: bytes) -> None:
        """Take a request's body."""
        self.write(sent)
        request = json.loads(sent)
        if not self.overhead:
            self._first(request, sent)
        told = [
            estimate(without_marks(block)[0])
            for message in request["messages"]
            for block in message["content"]
            if str(block.get("text", "")).startswith("<project-instructions")
        ]
        self.repeated.append(sum(told[1:]))

    def answer(self, told: InputUsage | ApiError) -> None:
        """Take what the server said."""
        if isinstance(told, ApiError):
            self.refused.append(str(told))
        else:
            self.usages.append(told)

    def close(self) -> None:
        """Close the log."""
        if self._log:
            self._log.close()

    def _first(self, request: dict[str, Any], sent: bytes) -> None:
        parts = [serialise(request[name]).encode() for name in ("tools", "system")]
        if not all(part in sent for part in parts):
            raise SystemExit("the body is not written as Tungsten writes JSON")
        self.overhead = sum(map(len, parts))
        blocks = [*request["tools"], *request["system"]]
        self.head_tokens = sum(estimate(without_marks(block)[0]) for block in blocks)


def main() -> None:
    log = "write every request body as sent, one a line"
    options = arguments(__doc__ or "", ("session", "workers"), log=log)
    seen = Observer(options.log)
    figures = []
    try:
        if options.part != "workers":
            with fresh_home() as home:
                asyncio.run(session(seen, home))
            figures += of_session(seen)
        if options.part != "session":
            with fresh_home() as home:
                figures.append(asyncio.run(of_workers(seen, home)))
    finally:
        seen.close()
    report(figures, as_json=options.json)


async def of_workers(seen: Observer, home: dict[str, str]) -> Figure:
    """Count the workers that read what they have in common."""
    first = await first_requests(home, MODEL, KEY, seen.write)
    reading = sum(usage.read >= shared for shared, usage in first)
    tokens = max(shared for shared, _ in first)
    return Figure("workers_reading", reading, f"of {len(first)}", f"{tokens:,} tokens in common")


def of_session(seen: Observer) -> list[Figure]:
    """Work out what the session came to."""
    if len(seen.usages) != TURNS * REQUESTS:
        refused = f"; refused: {seen.refused[0]}" if seen.refused else ""
        raise SystemExit(f"{len(seen.usages)} requests were answered{refused}")
    read = [usage.read / usage.total for usage in seen.usages]
    first = [read[LEG * number * REQUESTS] for number in range(1, RESUMES + 1)]
    total = sum(usage.total for usage in seen.usages)
    hit = sum(usage.read for usage in seen.usages) / total
    what = f"{TURNS} turns, {len(seen.usages)} requests, {RESUMES} resumes"
    once = "instructions once, each token in full once"
    return [
        Figure("hit_ratio", hit, "", f"{total:,} input tokens; {what}"),
        Figure("first_after_resume", min(first), "", f"the worst of {RESUMES}"),
        Figure("refused", len(seen.refused), "", "by the strict server"),
        Figure("cost_ratio", cost(seen) / ideal(seen), "×", once),
        Figure("overhead_bytes", seen.overhead, "B", "tools and system, as sent"),
    ]


async def session(seen: Observer, home: dict[str, str]) -> None:
    """Run the whole session, each leg in processes of its own."""
    # Its window holds the whole session: nothing is compacted, so that each request must be read.
    model = ServedModel(MODEL, context_window=1_000_000)
    server = LocalMessagesServer(Script(), api_key=KEY, models=(model,), bind_thinking=True)
    server.on_body, server.on_answer = seen.body, seen.answer
    project = Path(home["HOME"]) / "project"
    project.mkdir()
    newer = newer_version(Path(home["HOME"]) / "newer")
    async with server:
        variables = os.environ | home
        variables |= {
            "ANTHROPIC_BASE_URL": server.base_url,
            "ANTHROPIC_API_KEY": KEY,
            "TUNGSTEN_MODEL": MODEL,
        }
        agent_id = "-"
        for number in range(RESUMES + 1):
            turns = (LEG * number + 1, LEG * (number + 1) if number < RESUMES else TURNS)
            root = newer if number == NEWER else ROOT
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "benchmarks.cache_leg"),
                *(str(project), agent_id, *map(str, turns)),
                cwd=root,
                env=variables | {"PYTHONPATH": str(root)},
                stdout=asyncio.subprocess.PIPE,
            )
            said, _ = await process.communicate()
            if process.returncode:
                raise SystemExit(f"turns {turns[0]} to {turns[1]} ended with an error")
            agent_id = said.decode().strip()


def newer_version(root: Path) -> Path:
    """Copy the program and change what a new version changes: number and tool descriptions."""
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, root / package, ignore=ignored)
    for name in ("file_read", "terminal_run"):
        description = root / "agent" / "prompts" / "tools" / f"{name}.md"
        description.write_text(description.read_text() + "\nIn this version it is quicker.\n")
    with (root / "tungsten" / "version.py").open("a") as version:
        version.write('\n__version__ += ".post1"\n')
    return root


def cost(seen: Observer) -> float:
    """What all input cost, in input tokens."""
    return sum(
        usage.fresh
        + READ * usage.read
        + WRITTEN_5M * usage.written_5m
        + WRITTEN_1H * usage.written_1h
        for usage in seen.usages
    )


def ideal(seen: Observer) -> float:
    """What the same session would cost at best with its instructions said once."""
    paid, before = (WRITTEN_1H - WRITTEN_5M) * seen.head_tokens, 0
    for usage, repeated in zip(seen.usages, seen.repeated, strict=True):
        tokens = usage.total - repeated
        paid += READ * before + WRITTEN_5M * (tokens - before)
        before = tokens
    return paid


if __name__ == "__main__":
    main()
