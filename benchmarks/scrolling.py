"""Scrolling a conversation of 10,000 blocks: real app, real engine, in a pseudo-terminal.

* `scroll_frame_p90_ms`: from a key that scrolls by a page, so that each row is another one, until
  the first of what it brings is on screen
* `scroll_wheel_p90_ms`: the same for six turns of the wheel at once
* `scroll_read_back_s`: until a place in the first block is found and shown, for which all blocks
  are read
* `scroll_bytes_per_block`: what the app's memory grows by for each block that is read
"""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import subprocess
import time
from contextlib import closing
from typing import TYPE_CHECKING

from benchmarks.figures import Figure, arguments, percentile, report
from benchmarks.home import TUNGSTEN, fresh_home
from benchmarks.pty_program import PtyProgram

if TYPE_CHECKING:
    from agent.protocol.conversation import Block

COLUMNS, ROWS = 200, 50
BLOCKS = 10_000
STEPS = 60
"""Scrolled in each direction."""
GAP = 0.05
"""Seconds between two, in which a frame is read to its end."""

PAGE_DOWN, PAGE_UP = b"\x1b[6~", b"\x1b[5~"
TURNS = 6
"""Turns of the wheel at once: 18 rows, which always bring another block."""
WHEEL_DOWN, WHEEL_UP = b"\x1b[<65;60;20M" * TURNS, b"\x1b[<64;60;20M" * TURNS
NUMBER = re.compile(rb"block-(\d{5})")


def figures() -> list[Figure]:
    """Measure, with a Tungsten of its own."""
    with fresh_home() as home:
        os.environ.update(home)
        agent_id = asyncio.run(_agent(home["HOME"]))
        subprocess.run([TUNGSTEN, "kill-engine"], env=os.environ, check=True, capture_output=True)
        _fill(agent_id)
        with PtyProgram([TUNGSTEN], columns=COLUMNS, rows=ROWS, environment=home) as program:
            program.until(_name(BLOCKS))
            program.drain(2.0)
            before = program.resident_bytes()
            program.write(b"\t")
            program.drain(0.5)
            program.write(b"/" + _name(1))
            program.drain(0.5)
            began = time.perf_counter()
            start = len(program.output)
            program.write(b"\r")
            program.until(_name(2), after=start)
            read_back = time.perf_counter() - began
            program.drain(2.0)
            grown = (program.resident_bytes() - before) / (BLOCKS - 200)
            # Ends the search: marks would be between the characters of a number.
            program.write(b"\x1b")
            program.drain(0.5)
            pages = _scroll(program, PAGE_DOWN, PAGE_UP)
            wheel = _scroll(program, WHEEL_DOWN, WHEEL_UP)
    return [
        Figure("scroll_frame_p90_ms", percentile(pages, 0.9), "ms", f"a page of {BLOCKS} blocks"),
        Figure(
            "scroll_wheel_p90_ms",
            percentile(wheel, 0.9),
            "ms",
            f"{3 * TURNS} rows of {BLOCKS} blocks",
        ),
        Figure("scroll_read_back_s", read_back, "s", f"{BLOCKS} blocks"),
        Figure("scroll_bytes_per_block", grown, "B", f"{BLOCKS} blocks"),
    ]


def _scroll(program: PtyProgram, down: bytes, up: bytes) -> list[float]:
    """Scroll down and up again; gives the milliseconds of each step until its first new block."""
    delays = []
    shown = [0]
    for step, keys in enumerate([down] * STEPS + [up] * STEPS):
        newest, oldest = max(shown), min(shown)
        start = len(program.output)
        began = time.perf_counter()
        program.write(keys)
        deadline = began + 5.0
        while True:
            found = [int(number) for number in NUMBER.findall(program.output[start:])]
            if any(n > newest if keys == down else n < oldest for n in found):
                break
            if not program.read(deadline - time.perf_counter()):
                raise TimeoutError(f"nothing was scrolled to by {keys!r} from {oldest}, {newest}")
        took = (time.perf_counter() - began) * 1000
        program.drain(GAP)
        shown = [int(number) for number in NUMBER.findall(program.output[start:])]
        if step not in (0, STEPS):
            # Where the direction changes, it is not known what was seen at the other end.
            delays.append(took)
    return delays


def _name(number: int) -> bytes:
    return b"block-%05d" % number


async def _agent(directory: str) -> str:
    from agent import paths
    from agent.engine.client import EngineClient
    from agent.protocol.commands.agents import CreateAgent
    from agent.protocol.commands.engine import Configure

    client = await EngineClient.connect(paths.find(), client="benchmark")
    await client.send(Configure(provider="demo"))
    made = await client.send(CreateAgent(name="talker", directory=directory))
    await client.close()
    return str(made["agent_id"])


def _fill(agent_id: str) -> None:
    """Write a long session as an engine would have: prompts, answers, thinking and tool calls."""
    from agent import paths
    from agent.messages.prefix import serialise
    from agent.sessions.conversation import block_event
    from memory import transcript

    with closing(sqlite3.connect(paths.find().database)) as db, db:
        for number in range(1, BLOCKS + 1):
            row = serialise(block_event(_block(number)))
            transcript.append(db, agent_id, "event", row, time.time())


def _block(number: int) -> Block:
    from agent.protocol.conversation import Block, BlockKind, ToolCall, ToolStatus

    name = _name(number).decode()
    at = 1_800_000_000.0 + number
    match number % 5:
        case 0:
            text = f"{name}: go on with the next part, please."
            return Block(id=number, kind=BlockKind.USER, at=at, text=text)
        case 1:
            text = f"{name} is thought about before anything is done. " * 6
            return Block(id=number, kind=BlockKind.THINKING, at=at, text=text)
        case 2 | 3:
            call = ToolCall(
                tool_use_id=f"t{number}",
                name="terminal_run",
                title=f"echo {name}",
                status=ToolStatus.DONE,
                decision="ran (LOW)",
                result=f"{name}\n" * 30,
                exit_status=0,
            )
            return Block(id=number, kind=BlockKind.TOOL, at=at, tool=call)
        case _:
            text = (
                f"{name} is **done**, and `so` is this:\n\n1. one\n2. two\n\n```python\nx = 1\n```"
            )
            return Block(id=number, kind=BlockKind.ASSISTANT, at=at, text=text)


def main() -> None:
    report(figures(), as_json=arguments(__doc__ or "").json)


if __name__ == "__main__":
    main()
