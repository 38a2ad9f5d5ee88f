"""Agents of other makers in 50 panes: what they cost, and how soon their questions arrive.

Real app, real engine, real panes, in a pseudo-terminal. Of the 50 programs, 10 draw a spinner ten
times a second and 40 rest.

* `panes50_cpu_percent`: CPU of app, engine and their tmux clients together, with nobody doing
  anything, in percent of one core; the tmux server and the programs themselves are not in it
* `key_to_paint_p95_ms`: meanwhile, from a key typed into the prompt until it is on screen
* `inbox_p95_ms`: meanwhile, from telling one of them to ask about a HIGH command until the engine
  tells of its item in the inbox; the dialog's own drawing is in it
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shlex
import sys
import time
from pathlib import Path

import psutil

from agent.engine.client import EngineClient
from agent.protocol.agents import Mode
from agent.protocol.commands.agents import CreateAgent
from agent.protocol.commands.gates import Decide
from agent.protocol.events import GateClosed, GateOpened
from benchmarks.figures import Figure, arguments, percentile, report
from benchmarks.home import TUNGSTEN, fresh_home
from benchmarks.pty_program import PtyProgram

PROGRAM = Path(__file__).with_name("hosted_program.py")
PANES, WORKING = 50, 10
COLUMNS, ROWS = 200, 50
SECONDS = 10.0
SETTLES = 65.0
"""Seconds until the list tells all ages in minutes, as it does nearly always."""

KEYS, GAP = 60, 0.05
QUESTIONS = 40

PROFILE = r"""
name = "asker"
title = "Asker"
start = "asker"

[process]
names = ["hosted_program"]

[[rules]]
name = "ready"
state = "idle"
all = ["^ready>"]

[[rules]]
name = "works"
state = "working"
all = ["esc to interrupt"]

[[rules]]
name = "run-command"
state = "waiting"
kind = "permission"
region = { begins = "^Bash command", ends = '^ *\d\. No' }
all = ["Do you want to proceed"]
answers = [
    { key = "1", means = "allow_once", pattern = '1\. (?P<label>Yes)$' },
    { key = "2", means = "deny", pattern = '2\. (?P<label>No)$' },
]

[rules.asks]
heading = "^Bash command"
command = '^  \$ (?P<text>.+)'
beside = ["^Bash command", "^Do you want to proceed"]
"""


def main() -> None:
    options = arguments(__doc__ or "")
    with fresh_home() as home:
        os.environ.update(home)
        profiles = Path(home["TUNGSTEN_HOME"]) / "profiles"
        profiles.mkdir(parents=True)
        (profiles / "asker.toml").write_text(PROFILE)
        fifo = Path(home["HOME"]) / "asks"
        os.mkfifo(fifo)
        asyncio.run(create(home["HOME"], fifo))
        with PtyProgram([TUNGSTEN], columns=COLUMNS, rows=ROWS, environment=home) as program:
            program.until(b"asker")
            program.drain(SETTLES)
            cpu = cpu_percent(program)
            delays = keys(program)
            # The app is looked at no further, so that only the engine's own time counts.
            arrivals = asyncio.run(questions(fifo))
    report(
        [
            Figure("panes50_cpu_percent", cpu, "%", "one core"),
            Figure("key_to_paint_p95_ms", percentile(delays, 0.95), "ms", "a key, raw terminal"),
            Figure("inbox_p95_ms", percentile(arrivals, 0.95), "ms", "the dialog is drawn"),
            Figure("inbox_p50_ms", percentile(arrivals, 0.5), "ms", "the dialog is drawn"),
        ],
        as_json=options.json,
    )


async def create(directory: str, fifo: Path) -> None:
    """Start them all; one of them asks what it is told to."""
    from agent import paths

    client = await EngineClient.connect(paths.find(), client="benchmark")
    events = client.events()
    kinds = ["asks", *["works"] * WORKING, *["idle"] * (PANES - WORKING - 1)]
    for number, kind in enumerate(kinds, 1):
        argv = [sys.executable, "-IS", str(PROGRAM), kind, *([str(fifo)] if kind == "asks" else [])]
        made = await client.send(
            CreateAgent(
                name=f"asker {number}",
                directory=directory,
                command=shlex.join(argv),
                profile="asker",
                mode=Mode.STANDARD,
            )
        )
        async for line in events:
            event = line.event
            if isinstance(event, GateOpened):
                await client.send(Decide(gate_id=event.gate.id, decision="approve"))
            agent = getattr(event, "agent", None)
            if agent is not None and agent.id == made["agent_id"] and agent.panes:
                break
    await client.close()


def cpu_percent(program: PtyProgram) -> float:
    """CPU of all that is ours while nobody does anything."""
    from agent import paths
    from agent.engine.peer import listener_pid

    app, engine = (
        psutil.Process(pid or 0) for pid in (program.pid, listener_pid(paths.find().engine_socket))
    )
    ours = [app, *app.children(recursive=True)]
    clients = [each for each in engine.children(recursive=True) if "-C" in each.cmdline()]
    everything = [*ours, engine, *clients]

    def spent() -> float:
        return sum(each.cpu_times().user + each.cpu_times().system for each in everything)

    before = spent()
    program.drain(SECONDS)
    return (spent() - before) / SECONDS * 100


def keys(program: PtyProgram) -> list[float]:
    delays = []
    for letter in itertools.islice(itertools.cycle("§¤¶¦¬µ"), KEYS):
        program.drain(GAP)
        start = len(program.output)
        began = time.perf_counter()
        program.write(letter.encode())
        program.until(letter.encode(), after=start)
        delays.append((time.perf_counter() - began) * 1000)
    return delays


async def questions(fifo: Path) -> list[float]:
    """Have one of them ask again and again; gives the times until the inbox has it."""
    from agent import paths

    client = await EngineClient.connect(paths.find(), client="benchmark")
    events = client.events()
    arrivals = []
    for number in range(QUESTIONS):
        began = time.perf_counter()
        fifo.write_text(f"rm -rf /srv/{number}\n")
        async for line in events:
            if isinstance(line.event, GateOpened):
                arrivals.append((time.perf_counter() - began) * 1000)
                await client.send(Decide(gate_id=line.event.gate.id, decision="deny"))
                break
        async for line in events:
            if isinstance(line.event, GateClosed):
                break
        # Until its key was pressed, half a second after the dialog was drawn, and that is gone.
        await asyncio.sleep(1.5)
    await client.close()
    return arrivals


if __name__ == "__main__":
    main()
