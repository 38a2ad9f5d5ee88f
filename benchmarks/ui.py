"""How the app feels while agents are busy: real app, real engine, real panes, in a pseudo-terminal.

* `key_to_paint_p90_ms`: from a key typed into the prompt until it is on screen, with four busy
  panes and an engine that imports its SDK, runs turns of the demo model and analyses large commands
* `gate_frame_ratio`: the app's CPU a second with a gate open over a busy pane, against another app
  that shows the same pane in the same seconds, without the gate
* `idle_cpu_percent`: the app's CPU with nothing happening, in percent of one core
* `key_to_paint_p90_16_ms`: in the grid of 16 panes, of which 14 are busy, from a key that chooses
  another of these until the head of its tile is on screen, with the engine as busy as above; the
  other two panes belong to the agents that keep it so
* `grid16_cpu_percent`: the app's CPU while it shows 16 busy panes and nobody does anything, in
  percent of one core; `grid16_fps`, how many pictures of a pane it painted a second meanwhile
* `scroll_frame_p90_ms` and its like: `benchmarks.scrolling`, which also measures them alone
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks import scrolling
from benchmarks.figures import Figure, arguments, percentile, report
from benchmarks.home import TUNGSTEN, fresh_home
from benchmarks.pty_program import PtyProgram, drain

ROOT = Path(__file__).parents[1]
COLUMNS, ROWS = 200, 50
BUSY = (
    "while :; do for i in 1 2 3 4 5 6; do n=$((n + 1)); "
    "printf '\\033[%dm%d tick\\033[0m\\n' $((31 + n % 6)) $n; done; sleep 0.03; done"
)
BUSY_PANES = 4
GRID_PANES = 16
THINKERS = 2
"""Agents that keep the engine at work; each has a pane."""
GRID_COLUMNS = 4
"""How many stand side by side at the size below; keys walk along the rows."""
KEYS = 120
GAP = 0.05
"""Seconds between keys: a fast typist."""
SECONDS = 6.0
GATED = "git push --force origin main"
LARGE = "; ".join(f"echo {number}" for number in range(2000))
MARK = "TICKING"
STILL_LIVE = 0.5
"""Least share of a pane's output that is still painted while a gate covers a part of it."""


def main() -> None:
    options = arguments(__doc__ or "")
    delays = keys_while_busy()
    without, with_gate = gate_frames()
    idle = idle_cpu()
    in_the_grid, grid_cpu, grid_fps = grid_while_busy()
    report(
        [
            Figure("key_to_paint_p90_ms", percentile(delays, 0.9), "ms", "a key, raw terminal"),
            Figure("key_to_paint_p50_ms", percentile(delays, 0.5), "ms", "a key, raw terminal"),
            Figure("gate_frame_ratio", with_gate / without, "×", "the same pane without a gate"),
            Figure("idle_cpu_percent", idle, "%", "one core"),
            Figure("key_to_paint_p90_16_ms", percentile(in_the_grid, 0.9), "ms", "a key, 16 panes"),
            Figure("key_to_paint_p50_16_ms", percentile(in_the_grid, 0.5), "ms", "a key, 16 panes"),
            Figure("grid16_cpu_percent", grid_cpu, "%", "one core"),
            Figure("grid16_fps", grid_fps, "1/s", "pictures of a pane, all of them taken together"),
            *scrolling.figures(),
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
            program.drain(2.0)
            with engine_at_work():
                for letter in itertools.islice(itertools.cycle("§¤¶¦¬µ"), KEYS):
                    program.drain(GAP)
                    start = len(program.output)
                    began = time.perf_counter()
                    program.write(letter.encode())
                    program.until(letter.encode(), after=start)
                    delays.append((time.perf_counter() - began) * 1000)
    return delays


def grid_while_busy() -> tuple[list[float], float, float]:
    """Walk from tile to tile; gives the delays, the CPU at rest, and the pictures a second."""
    delays: list[float] = []
    with fresh_home() as home:
        os.environ.update(home)
        agents = asyncio.run(create(home, [BUSY] * GRID_PANES))
        with PtyProgram([TUNGSTEN], columns=COLUMNS, rows=ROWS, environment=home) as program:
            program.until(b"tick")
            program.write(b"\x1bg")
            program.until(f"busy {GRID_PANES} ".encode())
            program.drain(3.0)
            start = len(program.output)
            cpu = cpu_of(program) / SECONDS * 100
            # Every line of a tile is another one in its next picture.
            lines = (ROWS - 3) // GRID_COLUMNS - 1
            fps = program.output.count(b"tick", start) / SECONDS / lines / GRID_PANES
            # With more than 16, half of these keys would turn the page.
            asyncio.run(archive(agents[-THINKERS:]))
            with engine_at_work(refused=True):
                program.until(b"thinker")
                for number in walk(KEYS):
                    program.drain(GAP)
                    start = len(program.output)
                    began = time.perf_counter()
                    program.write(b"\x1b[C" if number else b"\x1b[H")
                    # Heads are painted when a choice changes, and at no other time.
                    program.until(f"busy {number + 1} ".encode(), after=start)
                    delays.append((time.perf_counter() - began) * 1000)
    return delays, cpu, fps


def walk(steps: int) -> Iterator[int]:
    """Indices of the tiles that are chosen one after another: along busy ones, and back home."""
    yield from itertools.islice(itertools.cycle((*range(1, GRID_PANES - THINKERS), 0)), steps)


def gate_frames() -> tuple[float, float]:
    """Measure two apps on one engine at the same time; in one the person has put the gate off."""
    with fresh_home() as home:
        os.environ.update(home)
        agents = asyncio.run(create(home, [BUSY] * BUSY_PANES))
        with (
            PtyProgram([TUNGSTEN], columns=COLUMNS, rows=ROWS, environment=home) as gated,
            PtyProgram([TUNGSTEN], columns=COLUMNS, rows=ROWS, environment=home) as plain,
        ):
            both = (gated, plain)
            for program in both:
                program.until(b"tick")
            drain(both, 2.0)
            starts = [len(program.output) for program in both]
            asyncio.run(open_gate(agents[0]))
            for program, start in zip(both, starts, strict=True):
                program.until(b"force", after=start)
            drain(both, 1.0)
            plain.write(b"\x1b")
            drain(both, 2.0)
            starts = [len(program.output) for program in both]
            spent = [program.cpu_seconds() for program in both]
            drain(both, 2 * SECONDS)
            with_gate, without = (
                program.cpu_seconds() - before for program, before in zip(both, spent, strict=True)
            )
            ticks = [
                program.output.count(b"tick", start)
                for program, start in zip(both, starts, strict=True)
            ]
            # A pane that stands still under the gate would be cheap, and wrong.
            if not STILL_LIVE < ticks[0] / ticks[1] < 1:
                raise RuntimeError(f"lines painted with and without a gate: {ticks}")
            return without, with_gate


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
    from agent.engine.client import EngineClient
    from agent.protocol.commands.agents import CreateAgent

    client = await EngineClient.connect(paths.find(), client="benchmark")
    made = [
        await client.send(CreateAgent(name=f"busy {n}", directory=home["HOME"], command=command))
        for n, command in enumerate(commands, 1)
    ]
    await client.close()
    return [str(result["agent_id"]) for result in made]


@contextlib.contextmanager
def engine_at_work(*, refused: bool = False) -> Iterator[None]:
    """Keep the engine busy, by a process of its own: this one measures.

    Args:
        refused: what the agents want is refused once it was looked at, so that they run nothing.
    """
    program = f"import asyncio; from benchmarks import ui; asyncio.run(ui.work({refused}))"
    worker = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield
        if worker.poll() is not None:
            raise RuntimeError("the engine was not at work: its client ended")
    finally:
        worker.kill()
        worker.wait()


async def work(refused: bool) -> None:
    """Let the engine import, think and scan: turns of the demo model, each with a large command."""
    from agent import paths
    from agent.engine.client import EngineClient
    from agent.protocol.agents import Mode
    from agent.protocol.commands.agents import CreateAgent
    from agent.protocol.commands.engine import Configure
    from agent.protocol.commands.prompts import SendPrompt

    client = await EngineClient.connect(paths.find(), client="benchmark")
    await client.send(Configure(provider="demo"))
    mode = Mode.PLAN if refused else None
    home = os.environ["HOME"]
    made = [
        await client.send(CreateAgent(name=f"thinker {number}", directory=home, mode=mode))
        for number in range(THINKERS)
    ]
    wanted = f"{LARGE}; touch made" if refused else LARGE
    while True:
        for agent in made:
            await client.send(SendPrompt(agent_id=str(agent["agent_id"]), text=f"run: {wanted}"))
        await asyncio.sleep(1)


async def archive(agents: Iterable[str]) -> None:
    from agent import paths
    from agent.engine.client import EngineClient
    from agent.protocol.commands.agents import ArchiveAgent

    client = await EngineClient.connect(paths.find(), client="benchmark")
    for agent_id in agents:
        await client.send(ArchiveAgent(agent_id=agent_id))
    await client.close()


async def open_gate(agent_id: str) -> None:
    from agent import paths
    from agent.engine.client import EngineClient
    from agent.protocol.commands.panes import RunAsPerson

    client = await EngineClient.connect(paths.find(), client="benchmark")
    waiting = asyncio.create_task(client.send(RunAsPerson(agent_id=agent_id, command=GATED)))
    await asyncio.wait({waiting}, timeout=2)
    waiting.cancel()
    await client.close()


if __name__ == "__main__":
    main()
