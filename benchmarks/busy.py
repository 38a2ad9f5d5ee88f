"""Panes that print a lot, and what their printing and showing costs."""

from __future__ import annotations

import asyncio
import contextlib
import random
import resource
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.figures import Figure, median
from tungsten.screen import sgr
from tungsten.screen.frame import Frame
from tungsten.screen.view import LiveView
from tungsten.terminal import Terminal

COLUMNS, ROWS = 200, 50
FPS = 30.0
PANES = 100
SHOWN = 4
SECONDS = 3.0
"""How long each side of a round of the hundred panes lasts."""

MEGABYTES = 50
_LEAST_FPS = FPS / 3
_CONFIG = Path(__file__).parents[1] / "tungsten" / "tmux.conf"
_TICK = 0.03


def colour_lines(seed: int, count: int) -> list[str]:
    """Write lines as full-colour programs do: words, bars and blanks in true colours."""
    rng = random.Random(seed)
    palette = [tuple(rng.randrange(256) for _ in range(3)) for _ in range(24)]
    lines = []
    for _ in range(count):
        pieces = []
        width = 0
        while width < COLUMNS:
            length = min(rng.randrange(10, 40), COLUMNS - width)
            letters = rng.choices("abcdefghijklmnopqrstuvwxyz0123456789 .:/-", k=length)
            red, green, blue = rng.choice(palette)
            style = rng.choice(("", "1;", "4;", "3;"))
            back = ";48;2;{};{};{}".format(*rng.choice(palette)) if rng.random() < 0.4 else ""
            pieces.append(f"\x1b[{style}38;2;{red};{green};{blue}{back}m{''.join(letters)}\x1b[0m")
            width += length
        lines.append("".join(pieces))
    return lines


async def until(met: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await met():
            await asyncio.sleep(0.02)


def cpu_seconds(pid: int) -> float:
    """Processor time of all threads of a process, in the kernel's own nanoseconds."""
    spent = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            spent += int((task / "schedstat").read_text().split()[0])
    return spent / 1e9


class Meter:
    """CPU spent inside a `with`: by this process, what it started, its clients, and the server."""

    def __init__(self, server: int, clients: list[int]) -> None:
        self._server = server
        self._clients = clients
        self._before = (0.0, 0.0)

    @classmethod
    async def of(cls, terminal: Terminal) -> Meter:
        server = await terminal.client.command("display-message", "-p", "#{pid}")
        clients = await terminal.client.command("list-clients", "-F", "#{client_pid}")
        return cls(int(server[0]), [int(pid) for pid in clients])

    def __enter__(self) -> Spent:
        self._before = self._now()
        self._spent = Spent()
        return self._spent

    def __exit__(self, *_: object) -> None:
        mine, server = self._now()
        self._spent.mine = mine - self._before[0]
        self._spent.server = server - self._before[1]
        self._spent.total = self._spent.mine + self._spent.server

    def _now(self) -> tuple[float, float]:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = children.ru_utime + children.ru_stime
        clients = sum(cpu_seconds(pid) for pid in self._clients)
        return time.process_time() + started + clients, cpu_seconds(self._server)


class Spent:
    """What a `Meter` found, in seconds."""

    mine = 0.0
    server = 0.0
    total = 0.0


async def producer(root: Path, terminal: Terminal, rounds: int) -> list[Figure]:
    """Time a program that prints 50 MB, by its own clock."""
    data = root / "data"
    line = ("0123456789 the quick brown fox jumps over the lazy dog " * 2)[:99] + "\n"
    data.write_text(line * (MEGABYTES * 10_000))
    script = root / "produce.sh"
    script.write_text(
        f"while read -r result; do s=$(date +%s%N); cat '{data}'; e=$(date +%s%N)\n"
        'echo $((e - s)) >"$result.part"; mv "$result.part" "$result"; done\n'
    )
    command = f"stty -echo; exec sh '{script}'"
    alone = root / "alone.sock"
    subprocess.run(
        ["tmux", "-S", alone, "-f", _CONFIG, "new-session", "-d", "-x", "200", "-y", "50", command],
        check=True,
    )
    try:
        pane = await terminal.new_pane(
            name="producer", cwd=root, command=command, width=COLUMNS, height=ROWS
        )
        view = await LiveView.open(terminal.socket)
        frames = 0

        def seen(frame: Frame | None) -> None:
            nonlocal frames
            frames += 1
            if frame is not None:
                sgr.parse_lines(frame.lines)

        view.show(pane.id, seen, fps=FPS)
        await asyncio.sleep(0.5)
        ratios = []
        for number in range(rounds + 1):
            result = root / f"alone-{number}"
            subprocess.run(["tmux", "-S", alone, "send-keys", str(result), "Enter"], check=True)
            without = await nanoseconds(result)
            result = root / f"attached-{number}"
            frames = 0
            await pane.send_text(f"{result}\n")
            attached = await nanoseconds(result)
            if frames < attached / 1e9 * FPS / 3:
                raise RuntimeError(f"only {frames} frames were seen of the producer")
            if number:
                ratios.append(attached / without)
        await view.close()
    finally:
        subprocess.run(["tmux", "-S", alone, "kill-server"], check=False)
    return [Figure("producer_ratio", median(ratios), "×", "nobody attached, same run")]


async def nanoseconds(result: Path) -> int:
    async def there() -> bool:
        return result.exists()

    await until(there)
    return int(result.read_text())


async def hundred_panes(root: Path, terminal: Terminal, rounds: int) -> list[Figure]:
    """Show four of a hundred busy panes, and then none, in turn."""
    script = root / "busy.sh"
    # `read` waits without starting a process, so that a hundred of them leave the machine usable.
    script.write_text(
        'mapfile -t lines <"$1"; n=$2\n'
        "while :; do printf '%s\\n' \"${lines[n++ % ${#lines[@]}]}\"; "
        f"read -rt {_TICK}; done\n"
    )
    lines = root / "lines"
    lines.write_text("\n".join(colour_lines(1, 997)) + "\n")
    panes = [
        await terminal.new_pane(
            name=f"busy-{number}",
            cwd=root,
            command=f"exec bash '{script}' '{lines}' {number * 7}",
            width=COLUMNS,
            height=ROWS,
        )
        for number in range(PANES)
    ]
    view = await LiveView.open(terminal.socket)
    counts = [0] * SHOWN

    def show(number: int) -> Callable[[], None]:
        def seen(frame: Frame | None) -> None:
            if frame is None:
                raise RuntimeError("a busy pane ended")
            counts[number] += 1
            sgr.parse_lines(frame.lines)

        return view.show(panes[number].id, seen, fps=FPS)

    mine, extra, idle, seen_fps = [], [], [], []
    for _ in range(rounds):
        meter = await Meter.of(terminal)
        with meter as without:
            await asyncio.sleep(SECONDS)
        stops = [show(number) for number in range(SHOWN)]
        await asyncio.sleep(0.5)
        counts[:] = [0] * SHOWN
        with meter as shown:
            await asyncio.sleep(SECONDS)
        seen_fps.append(min(counts) / SECONDS)
        # Frames that a machine busy with other things left out would have cost as much.
        share = SHOWN * FPS * SECONDS / sum(counts)
        for stop in stops:
            stop()
        await asyncio.sleep(0.2)
        mine.append(shown.mine / SECONDS * 100 * share)
        extra.append((shown.server - without.server) / SECONDS * 100 * share)
        idle.append(without.server / SECONDS * 100)
    await view.close()
    if median(seen_fps) < _LEAST_FPS:
        raise RuntimeError(f"only {median(seen_fps):.1f} frames a second were shown")
    return [
        Figure("panes100_cpu_percent", median(mine), "%", "one core"),
        Figure("panes100_tmux_points", median(extra), "%", "the same panes, none shown"),
        Figure("panes100_tmux_percent", median(idle), "%", "tmux with none shown, one core"),
        Figure("panes100_fps", median(seen_fps), "1/s", "the slowest of the four shown"),
    ]
