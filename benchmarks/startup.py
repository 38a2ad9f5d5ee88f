"""How soon Tungsten is there, against a bare Textual hello-world started beside it.

Each round starts both in pseudo-terminals of the same size, in turn; medians are compared.

* `first_frame_ratio`: until the cockpit's own first frame is written
* `prompt_echo_ratio`: until a key typed into the prompt is on screen
* `panes_live_ratio`: until the content of a live pane is on screen, with the engine already running
* `rss_ratio`: resident memory once a live pane is shown
* `version_ratio`: the whole of `tungsten --version`
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.figures import Figure, arguments, median, report
from benchmarks.home import TUNGSTEN, fresh_home
from benchmarks.pty_program import PtyProgram

HELLO = [sys.executable, str(Path(__file__).with_name("hello.py"))]
REFERENCE = "bare Textual hello-world, same run"
COCKPIT = b"AutoDream"
PANE = b"PANE-IS-LIVE"
KEY = "§".encode()


def main() -> None:
    options = arguments(__doc__ or "")
    hello, hello_rss, frame, echo, live, live_rss, version = ([] for _ in range(7))
    with fresh_home() as home:
        os.environ.update(home)
        asyncio.run(start_agent(home))
        for attempt in range(options.runs + 1):
            with PtyProgram(HELLO) as program:
                hello_seconds = program.until(b"HELLO-FRAME")
                program.settle(0.3)
                hello_bytes = program.resident_bytes()
            with PtyProgram([TUNGSTEN], environment=home) as program:
                frame_seconds = program.until(COCKPIT)
                live_seconds = program.until(PANE)
                program.settle(0.5)
                live_bytes = program.resident_bytes()
            with PtyProgram([TUNGSTEN], environment=home) as program:
                program.until(COCKPIT)
                start = len(program.output)
                # Typed as soon as there is something to type into; before its first frame a
                # full-screen program drops what is typed when it makes the terminal raw.
                program.write(KEY)
                echo_seconds = program.until(KEY, after=start)
            began = time.perf_counter()
            subprocess.run([TUNGSTEN, "--version"], stdout=subprocess.DEVNULL, check=True)
            version_seconds = time.perf_counter() - began
            if attempt == 0:
                continue  # warms the file cache
            hello.append(hello_seconds)
            hello_rss.append(float(hello_bytes))
            frame.append(frame_seconds)
            echo.append(echo_seconds)
            live.append(live_seconds)
            live_rss.append(float(live_bytes))
            version.append(version_seconds)
    base = median(hello)
    report(
        [
            Figure("first_frame_ratio", median(frame) / base, "×", REFERENCE),
            Figure("prompt_echo_ratio", median(echo) / base, "×", REFERENCE),
            Figure("panes_live_ratio", median(live) / base, "×", REFERENCE),
            Figure("rss_ratio", median(live_rss) / median(hello_rss), "×", REFERENCE),
            Figure("version_ratio", median(version) / base, "×", REFERENCE),
            Figure("hello_seconds", base, "s", "the reference itself"),
        ],
        as_json=options.json,
    )


async def start_agent(home: dict[str, str]) -> None:
    """Start the engine with one agent whose pane shows a known word."""
    from agent import paths
    from agent.engine.client import EngineClient
    from agent.protocol.commands.agents import CreateAgent

    client = await EngineClient.connect(paths.find(), client="benchmark")
    command = f"printf '{PANE.decode()}\\n'; exec cat"
    await client.send(CreateAgent(name="busy", directory=home["HOME"], command=command))
    await client.close()


if __name__ == "__main__":
    main()
