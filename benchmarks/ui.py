"""How the app feels while agents are busy: real app, real engine, real panes, in a pseudo-terminal.

* `key_to_paint_p90_ms`: from a key typed into the prompt until it is on screen, with four busy
  panes and an engine that imports its SDK, runs turns of the demo model and analyses large commands
* `gate_frame_ratio`: the app's CPU a second with a gate open over a busy pane, against the same
  seconds without the gate
* `idle_cpu_percent`: the app's CPU with nothing happening, in percent of one core
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time

from benchmarks.figures import Figure, arguments, percentile, report
from benchmarks.home import TUNGSTEN, fresh_home
from benchmarks.pty_program import PtyProgram

COLUMNS, ROWS = 200, 50
BUSY = (
    "while :; do for n in 31 32 33 34 35 36; do "
    "printf '\\033[%sm%s tick\\033[0m\\n' $n $RANDOM; done; sleep 0.03; done"
)
BUSY_PANES = 4
KEYS = 120
GAP = 0.05
"""Seconds between keys: a fast typist."""
SECONDS = 6.0
GATED = "git push --force origin main"
LARGE = "; ".join(f"echo {number}" for number in range(2000))
MARK = "TICKING"


def main() -> None:
    options = arguments(__doc__ or "")
    delays = keys_while_busy()
    without, with_gate = gate_frames()
    idle = idle_cpu()
    report(
        [
            Figure("key_to_paint_p90_ms", percentile(delays, 0.9), "ms", "a key, raw terminal"),
            Figure("key_to_paint_p50_ms", percentile(delays, 0.5), "ms", "a key, raw terminal"),
            Figure("gate_frame_ratio", with_gate / without, "×", "the same pane without a gate"),
            Figure("idle_cpu_percent", idle, "%", "one core"),
        ],
        as_json=options.json,
    )


def keys_while_busy() -> list[float]:
    delays: list[float] = []
    with fresh_home() as home:
        os.environ.update(home)
        asyncio.run(create(home, [BUSY] * BUSY_PANES))
        with PtyProgram([TUNGSTEN], columns=COLUMNS, rows=ROWS, environment=home) as program:
            program.until(b"tick")
            program.drain(1.0)
            work = asyncio.run(start_work(home))
            for letter in itertools.islice(itertools.cycle("§¤¶¦¬µ"), KEYS):
                program.drain(GAP)
                start = len(program.output)
                began = time.perf_counter()
                program.write(letter.encode())
                program.until(letter.encode(), after=start)
                delays.append((time.perf_counter() - began) * 1000)
            del work
    return delays


def gate_frames() -> tuple[float, float]:
    with fresh_home() as home:
        os.environ.update(home)
        agents = asyncio.run(create(home, [BUSY] * BUSY_PANES))
        with PtyProgram([TUNGSTEN], columns=COLUMNS, rows=ROWS, environment=home) as program:
            program.until(b"tick")
            program.drain(2.0)
            without = cpu_of(program)
            start = len(program.output)
            asyncio.run(open_gate(agents[0]))
            program.until(b"force", after=start)
            program.drain(1.0)
            return without, cpu_of(program)


def idle_cpu() -> float:
    with fresh_home() as home:
        os.environ.update(home)
        asyncio.run(create(home, [f"printf '{MARK}\\n'; exec cat"] * BUSY_PANES))
        with PtyProgram([TUNGSTEN], columns=COLUMNS, rows=ROWS, environment=home) as program:
            program.until(MARK.encode())
            program.drain(4.0)
            return cpu_of(program) / SECONDS * 100


def cpu_of(program: PtyProgram) -> float:
    before = program.cpu_seconds()
    program.drain(SECONDS)
    return program.cpu_seconds() - before


async def create(home: dict[str, str], commands: list[str]) -> list[str]:
    """Start one agent a command; gives their ids."""
    from agent import paths
    from agent.client import EngineClient
    from agent.protocol import CreateAgent

    client = await EngineClient.connect(paths.find(), client="benchmark")
    made = [
        await client.send(CreateAgent(name=f"busy {n}", directory=home["HOME"], command=command))
        for n, command in enumerate(commands, 1)
    ]
    await client.close()
    return [str(result["agent_id"]) for result in made]


async def start_work(home: dict[str, str]) -> None:
    """Let the engine import, think and scan: the demo's agents, and a large command to analyse."""
    from agent import paths
    from agent.client import EngineClient
    from agent.protocol import Configure, CreateAgent, SendPrompt

    client = await EngineClient.connect(paths.find(), client="benchmark")
    await client.send(Configure(provider="demo"))
    for number in range(2):
        made = await client.send(CreateAgent(name=f"thinker {number}", directory=home["HOME"]))
        for _ in range(5):
            await client.send(SendPrompt(agent_id=str(made["agent_id"]), text=f"run: {LARGE}"))
    await client.close()


async def open_gate(agent_id: str) -> None:
    from agent import paths
    from agent.client import EngineClient
    from agent.protocol import RunAsPerson

    client = await EngineClient.connect(paths.find(), client="benchmark")
    waiting = asyncio.create_task(client.send(RunAsPerson(agent_id=agent_id, command=GATED)))
    await asyncio.wait({waiting}, timeout=2)
    waiting.cancel()
    await client.close()


if __name__ == "__main__":
    main()
