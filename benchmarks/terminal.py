"""How fast the terminal package is, against what people use today and against a bare terminal.

The reference of each figure runs in the same minute, in rounds: some calls of one side, then as
many of the other. Each round gives one ratio of medians, and the median of the rounds counts.

* `send_keys_speedup`, `capture_speedup`: one call, plain libtmux (a process a call) against ours
* `echo_speedup`: from `echo X` typed until X is found on the screen, both looking at its plain text
  without a pause
* `pipelined_speedup`: 100 send-keys in one write, per call, against one libtmux call
* `settled_floor_ratio`: a command until its exit status and settled screen are known, against the
  same line in a bash in a bare pseudo-terminal. The command forks and fails, `(exit 3)`; what does
  not fork takes less there (`builtin_floor_ms`) than tmux needs to answer anything. What people
  run mostly is a program: `program_floor_ratio`
* `settled_speedup`: the same against `CMD; echo $?; tmux wait-for -S` typed by libtmux.
  `settled_bound` is what the bare terminal itself would reach there, with nothing in between. No
  tool that ends up at r times the bare terminal can be faster than bound/r; what tmux needs to read
  the line, show it and tell of it makes r about 2.5 for ours
* `lines_floor_ratio`: 100,000 lines until settled, against the bare terminal
* `stale_screens`: of 100 commands that print, whose returned screen lacked a line
* `producer_ratio`: what a program needs to print 50 MB with us attached and showing its pane at 30
  frames a second, against a server of the same kind that nobody is attached to
* `frame_speedup`: a full-colour 200×50 capture to styled runs, no line of it seen before, against
  Rich's `Text.from_ansi`; `unchanged_ratio`: the same capture again, against `Text.from_ansi`;
  `first_frame_speedup`: the same for a program whose every style is new as well
* `frame_cpu_ratio`: all CPU (ours, tmux's, every process started) to capture and parse such a
  frame, against libtmux and `Text.from_ansi`
* `panes100_cpu_percent`, `panes100_tmux_points`: 100 panes of 200×50 print all the time, four are
  shown at 30 frames a second: the CPU of this process and its tmux clients, and what the tmux
  server needs more than with none shown, in percent of one core. On a machine that is too busy
  for 120 frames a second (`panes100_fps`), what they would have cost is added in proportion
* `enter_barrier_ms`: from a caller's verdict until Enter is pressed, the line verified once more
* `foreground_look_us`: one look at what reads a pane's keys
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import libtmux
from rich.text import Text

from benchmarks import busy
from benchmarks.figures import Figure, arguments, median, report
from benchmarks.raw_shell import RawShell
from tungsten.pane import ForPrompt, Pane
from tungsten.screen import sgr
from tungsten.shell.entry import Entry
from tungsten.terminal import Terminal

LIBTMUX = "plain libtmux, same run"
FLOOR = "bash in a bare pseudo-terminal, same run"
ANSI = "rich.text.Text.from_ansi, same run"
COMMAND = "(exit 3)"
PROGRAM = "sh -c 'exit 3'"
STATUS = 3
CALLS = 20
"""Calls of each side a round."""
PIPELINED = 100
LINES = 100_000
SCREENS = 100
PARTS = ("calls", "frames", "producer", "panes")

Step = Callable[[], Awaitable[object]]


class Reference:
    """A pane of a server that people start themselves, driven by plain libtmux."""

    def __init__(self, root: Path) -> None:
        self.socket = root / "plain.sock"
        self.server = libtmux.Server(socket_path=str(self.socket), config_file="/dev/null")
        session = self.server.new_session(
            x=120, y=40, window_command="bash --norc --noprofile", environment={"HOME": str(root)}
        )
        pane = session.active_pane
        if pane is None:
            raise RuntimeError("libtmux started no pane")
        self.pane = pane

    async def send(self) -> None:
        self.pane.send_keys("x", enter=False)

    async def capture(self) -> None:
        self.pane.capture_pane()

    async def echo(self, word: str) -> None:
        self.pane.send_keys(f"echo {word[0]}''{word[1:]}")
        while word not in self.pane.capture_pane():
            pass

    async def settled(self, command: str) -> None:
        self.pane.send_keys(f"{command}; echo status:$?; tmux wait-for -S done")
        self.server.cmd("wait-for", "done")
        if f"status:{STATUS}" not in self.pane.capture_pane():
            raise RuntimeError("the reference did not settle")

    def close(self) -> None:
        self.server.kill()


class Ours:
    """The same through this package."""

    def __init__(self, terminal: Terminal, pane: Pane) -> None:
        self.client = terminal.client
        self.pane = pane

    async def send(self) -> None:
        await self.pane.send_text("x")

    async def capture(self) -> None:
        await self.pane.capture()

    async def echo(self, word: str) -> None:
        await self.pane.send_text(f"echo {word[0]}''{word[1:]}\n")
        while word not in (await self.pane.text()).split("\n"):
            pass

    async def settled(self, command: str) -> None:
        result = await self.pane.run(command)
        if result.exit_status != STATUS:
            raise RuntimeError(f"status {result.exit_status} instead of {STATUS}")

    async def barrier(self, command: str) -> float:
        """Run a command that is judged; gives the seconds from the verdict until Enter."""
        decided = entered = 0.0
        submit = Entry.submit

        async def allow() -> None:
            nonlocal decided
            decided = time.perf_counter()

        async def noting(entry: Entry, before_enter: Any) -> Any:
            nonlocal entered
            submitted = await submit(entry, before_enter)
            entered = time.perf_counter()
            return submitted

        Entry.submit = noting  # type: ignore[method-assign, assignment]
        try:
            await self.pane.run(command, before_enter=allow)
        finally:
            Entry.submit = submit  # type: ignore[method-assign]
        return entered - decided

    async def look(self) -> None:
        await self.pane.foreground()

    async def pipelined(self) -> None:
        await self.client.pipeline([("send-keys", "-t", self.pane.id, "x")] * PIPELINED)


async def timed(step: Step) -> float:
    began = time.perf_counter()
    await step()
    return time.perf_counter() - began


async def turns(times: int, *steps: Step) -> list[float]:
    """Take each step so many times, one after the other; gives the median seconds of each.

    Nobody drives a terminal through two libraries in turn: a call of one would meet the caches
    that a call of the other has emptied. The rounds alternate.
    """
    return [median([await timed(step) for _ in range(times)]) for step in steps]


async def calls(root: Path, terminal: Terminal, rounds: int) -> list[Figure]:
    """Measure single calls, commands and many lines."""
    pane = await terminal.new_pane(name="bench", cwd=root)
    ours = Ours(terminal, pane)
    reference = Reference(root)
    raw = RawShell({**os.environ, "HOME": str(root)})
    await pane.run("true")
    numbers = itertools.count(1)
    ratios: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        ratios.setdefault(name, []).append(value)

    async def floor(line: str, wanted: int = 0) -> None:
        status, _ = raw.run(line)
        if status != wanted:
            raise RuntimeError(f"status {status} of {line!r} in the bare terminal")

    def word() -> str:
        return f"word{next(numbers)}"

    try:
        # Warm: what runs for the first time is not what is compared.
        await turns(3, lambda: reference.settled(COMMAND), lambda: ours.settled(COMMAND))
        for _ in range(rounds):
            theirs, mine = await turns(CALLS, reference.send, ours.send)
            note("send_keys_speedup", theirs / mine)
            (batch,) = await turns(5, ours.pipelined)
            note("pipelined_speedup", theirs / (batch / PIPELINED))
            reference.pane.send_keys("C-u", enter=False)
            await pane.send_keys("C-u")
            theirs, mine = await turns(CALLS, reference.capture, ours.capture)
            note("capture_speedup", theirs / mine)
            theirs, mine = await turns(
                CALLS, lambda: reference.echo(word()), lambda: ours.echo(word())
            )
            note("echo_speedup", theirs / mine)
            # The word is there before the prompt is.
            await pane.wait(ForPrompt(), 10)
            theirs, bare, mine = await turns(
                CALLS,
                lambda: reference.settled(COMMAND),
                lambda: floor(COMMAND, STATUS),
                lambda: ours.settled(COMMAND),
            )
            note("settled_floor_ratio", mine / bare)
            note("settled_speedup", theirs / mine)
            note("settled_bound", theirs / bare)
            note("settled_ms", mine * 1000)
            bare, mine = await turns(CALLS, lambda: floor("true"), lambda: pane.run("true"))
            note("builtin_floor_ms", bare * 1000)
            note("builtin_settled_ms", mine * 1000)
            bare, mine = await turns(
                CALLS, lambda: floor(PROGRAM, STATUS), lambda: ours.settled(PROGRAM)
            )
            note("program_floor_ratio", mine / bare)
            waits = [await ours.barrier("true") for _ in range(CALLS)]
            note("enter_barrier_ms", median(waits) * 1000)
            (look,) = await turns(CALLS, ours.look)
            note("foreground_look_us", look * 1e6)
            bare, mine = await turns(
                3, lambda: floor(f"seq {LINES}"), lambda: pane.run(f"seq {LINES}")
            )
            note("lines_floor_ratio", mine / bare)
        stale = await stale_screens(pane)
    finally:
        raw.close()
        reference.close()
    value = {name: median(found) for name, found in ratios.items()}
    return [
        Figure("send_keys_speedup", value["send_keys_speedup"], "×", LIBTMUX),
        Figure("capture_speedup", value["capture_speedup"], "×", LIBTMUX),
        Figure("echo_speedup", value["echo_speedup"], "×", LIBTMUX),
        Figure("pipelined_speedup", value["pipelined_speedup"], "×", LIBTMUX),
        Figure("settled_floor_ratio", value["settled_floor_ratio"], "×", FLOOR),
        Figure("settled_speedup", value["settled_speedup"], "×", "`tmux wait` suffix, same run"),
        Figure("settled_bound", value["settled_bound"], "×", f"the same, against {FLOOR}"),
        Figure("program_floor_ratio", value["program_floor_ratio"], "×", f"`{PROGRAM}`, {FLOOR}"),
        Figure("settled_ms", value["settled_ms"], "ms", f"`{COMMAND}` until settled"),
        Figure("builtin_floor_ms", value["builtin_floor_ms"], "ms", f"`true`, {FLOOR}"),
        Figure("builtin_settled_ms", value["builtin_settled_ms"], "ms", "`true` until settled"),
        Figure("lines_floor_ratio", value["lines_floor_ratio"], "×", FLOOR),
        Figure("stale_screens", stale, "", f"of {SCREENS}"),
        Figure("enter_barrier_ms", value["enter_barrier_ms"], "ms", "a verdict until Enter"),
        Figure("foreground_look_us", value["foreground_look_us"], "µs", "who reads a pane's keys"),
    ]


async def stale_screens(pane: Pane) -> int:
    """Count the commands whose returned screen or output lacked what they had printed."""
    stale = 0
    for number in range(SCREENS):
        count = 1 + number % 50
        line = f"for i in {{1..{count}}}; do printf '%s.%s\\n' {number} $i; done"
        result = await pane.run(line)
        wanted = [f"{number}.{i}" for i in range(1, count + 1)]
        shown = result.frame.text.split("\n")
        missing = [text for text in wanted[-30:] if text not in shown]
        stale += bool(missing) or result.output.split("\n")[:-1] != wanted
    return stale


async def frames(root: Path, terminal: Terminal, rounds: int) -> list[Figure]:
    """Measure captures of full-colour screens, and their parsing alone."""
    panes = []
    for number in range(8):
        picture = root / f"picture-{number}"
        picture.write_text("\n".join(busy.colour_lines(number, busy.ROWS)))
        panes.append(
            await terminal.new_pane(
                name="picture",
                cwd=root,
                command=f"cat '{picture}'; exec sleep 1000",
                width=busy.COLUMNS,
                height=busy.ROWS,
            )
        )
    for pane in panes:
        await busy.until(partial(painted, pane))
    captured = [(await pane.capture()).lines for pane in panes]
    plain = libtmux.Server(socket_path=str(terminal.socket))
    theirs = [libtmux.Pane.from_pane_id(server=plain, pane_id=pane.id) for pane in panes]
    parse: list[float] = []
    same: list[float] = []
    cpu: list[float] = []
    first = []
    for lines in captured:
        began = time.perf_counter()
        sgr.parse_lines(lines)
        spent = time.perf_counter() - began
        began = time.perf_counter()
        Text.from_ansi("\n".join(lines))
        first.append((time.perf_counter() - began) / spent)
    meter = await busy.Meter.of(terminal)
    for _ in range(rounds):
        fresh, again, rich = [], [], []
        for lines in captured:
            text = "\n".join(lines)
            began = time.perf_counter()
            Text.from_ansi(text)
            rich.append(time.perf_counter() - began)
            sgr.forget()
            began = time.perf_counter()
            sgr.parse_lines(lines)
            fresh.append(time.perf_counter() - began)
            began = time.perf_counter()
            sgr.parse_lines(lines)
            again.append(time.perf_counter() - began)
        parse.append(median(rich) / median(fresh))
        same.append(median(again) / median(rich))
        with meter as mine:
            for pane in panes * 2:
                sgr.forget()
                sgr.parse_lines((await pane.capture()).lines)
        with meter as reference:
            for their_pane in theirs * 2:
                Text.from_ansi("\n".join(their_pane.capture_pane(escape_sequences=True)))
        cpu.append(mine.total / reference.total)
    for pane in panes:
        await pane.kill()
    return [
        Figure("frame_speedup", median(parse), "×", ANSI),
        Figure("unchanged_ratio", median(same), "×", ANSI),
        Figure("first_frame_speedup", median(first), "×", ANSI),
        Figure("frame_cpu_ratio", median(cpu), "×", "libtmux and Text.from_ansi, same run"),
    ]


async def painted(pane: Pane) -> bool:
    return all(line.strip() for line in (await pane.capture()).lines)


@contextlib.contextmanager
def directory() -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="tungsten-bench-", dir="/tmp"))
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextlib.asynccontextmanager
async def opened(root: Path) -> AsyncIterator[Terminal]:
    environment = {**os.environ, "HOME": str(root)}
    terminal = await Terminal.open(root / "own" / "tmux.sock", environment=environment)
    try:
        yield terminal
    finally:
        await terminal.kill_server()


async def measure(rounds: int, part: str | None) -> list[Figure]:
    figures: list[Figure] = []
    few = max(3, rounds // 2)
    with directory() as root:
        for name in [part] if part else PARTS:
            async with opened(root) as terminal:
                match name:
                    case "calls":
                        figures += await calls(root, terminal, rounds)
                    case "frames":
                        figures += await frames(root, terminal, rounds)
                    case "producer":
                        figures += await busy.producer(root, terminal, few)
                    case "panes":
                        figures += await busy.hundred_panes(root, terminal, few)
    return figures


def main() -> None:
    options = arguments(__doc__ or "", PARTS)
    tmux = subprocess.run(["tmux", "-V"], capture_output=True, text=True, check=True).stdout
    figures = asyncio.run(measure(options.runs, options.part))
    if not options.json:
        load = " ".join(f"{value:.1f}" for value in os.getloadavg())
        print(f"{tmux.strip()}, libtmux {libtmux.__version__}, load {load}")
    report(figures, as_json=options.json)


if __name__ == "__main__":
    main()
