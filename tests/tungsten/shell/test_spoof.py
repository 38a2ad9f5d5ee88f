"""Captures of a pane that prints forged replies, while its size changes all the time."""

from __future__ import annotations

import asyncio
import random
import re
import sys
from pathlib import Path

import pytest

from tungsten.pane import Pane
from tungsten.screen import frame
from tungsten.terminal import Terminal
from tungsten.tmux.control_client import ControlClient
from tungsten.tmux.idle_session import HOME_SESSION

FLOOD = """
import os, sys, time
while True:
    # The hint is what a spy would give anything for: the number of a reply just sent.
    at, number = open(sys.argv[1]).read().split()
    lines = []
    for n in range(int(number), int(number) + 40):
        for word in ("end", "error", "begin"):
            lines.append(f"%{word} {at} {n} 1")
    lines += ["%exit", "%window-close @0", "%output %0 x"]
    os.write(1, ("\\r\\n".join(lines) + "\\r\\n").encode())
    time.sleep(0.001)
"""
FORGED = re.compile(r"(%[a-z-]*( [%@x\d]+){0,3} ?)?")
"""All that the flood prints; the last line may not be whole yet."""

HINT = re.compile(rb"%end (\d+) (\d+) 1")


async def flood(terminal: Terminal, directory: Path, captures: int) -> tuple[int, int]:
    """Capture so many times; gives how many were wrong, and how many met their own forged end."""
    rng = random.Random(captures)
    (directory / "flood.py").write_text(FLOOD)
    hint = directory / "hint"
    hint.write_text("1 1")
    command = f"stty raw -echo; exec '{sys.executable}' flood.py hint"
    pane = await terminal.new_pane(name="flood", cwd=directory, command=command)
    client = terminal.client.client
    ends: list[bytes] = []
    guarded = client._parser._guarded

    def noting(*given) -> None:
        ends.append(client._parser._end)
        guarded(*given)

    client._parser._guarded = noting
    storm = asyncio.create_task(resize(terminal.socket, pane, rng))
    wrong = met = 0
    try:
        for number in range(captures):
            history = rng.choice((0, 0, 3, 200))
            ends.clear()
            shown, echoed, panes = await asyncio.gather(
                frame.capture(client, pane.id, history=history),
                client.command("display-message", "-p", str(number)),
                client.command("list-panes", "-t", pane.id, "-F", "#{pane_id}"),
            )
            end = ends[0]
            plain = [frame.strip_styles(line).rstrip() for line in shown.lines]
            wrong += not (
                len(plain) == shown.height + min(history, shown.history_size)
                and all(FORGED.fullmatch(line) for line in plain)
                and (echoed, panes) == ([str(number)], [pane.id])
            )
            met += end.decode() in plain
            if found := HINT.fullmatch(ends[-1]):
                # Renamed into place: the flood must never read half of it.
                (directory / "next").write_bytes(b"%s %d" % (found[1], int(found[2]) - 20))
                (directory / "next").rename(hint)
    finally:
        storm.cancel()
        await asyncio.gather(storm, return_exceptions=True)
        await pane.kill()
    return wrong, met


async def resize(socket: Path, pane: Pane, rng: random.Random) -> None:
    """Resize from another connection, as fast as it answers."""
    client = await ControlClient.connect(socket, session=HOME_SESSION)
    try:
        while True:
            width, height = str(rng.randint(30, 200)), str(rng.randint(2, 60))
            await client.command("resize-window", "-t", pane.id, "-x", width, "-y", height)
            await asyncio.sleep(0)
    finally:
        await client.close()


async def test_forged_replies_fool_no_capture(terminal: Terminal, tmp_path: Path) -> None:
    wrong, met = await flood(terminal, tmp_path, 300)
    assert wrong == 0
    # Otherwise the flood proves nothing.
    assert met > 0


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_ten_thousand_captures_under_a_flood(terminal: Terminal, tmp_path: Path) -> None:
    wrong, met = await flood(terminal, tmp_path, 10_000)
    print(f"{wrong} wrong in 10,000 captures; {met} met their own forged end")  # noqa: T201
    assert wrong == 0
    assert met > 0
