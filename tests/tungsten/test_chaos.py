from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tungsten.errors import TerminalError
from tungsten.pane import ForText
from tungsten.terminal import Terminal
from tungsten.view import LiveView

ACCIDENTS = ["server killed", "server ended", "pane killed", "socket removed", "client killed"]


async def repeat(step: Callable[[], Awaitable[object]]) -> None:
    """Go on until something clear is said; anything but a TerminalError fails the test."""

    async def on() -> None:
        while True:
            await step()
            await asyncio.sleep(0)

    with pytest.raises(TerminalError) as said:
        await on()
    assert "\n" not in str(said.value)


async def accident(
    kind: str, socket: Path, environment: dict[str, str], rng: random.Random
) -> None:
    terminal = await Terminal.open(socket, environment=environment)
    pane = await terminal.new_pane(name="x", cwd=Path("/"))
    view = await LiveView.open(socket)
    view.show(pane.id, lambda frame: None)
    pid = int((await terminal.client.command("display-message", "-p", "#{pid}"))[0])
    work = [
        asyncio.create_task(repeat(lambda: pane.run("seq 100; echo hi", timeout=20))),
        asyncio.create_task(repeat(lambda: pane.capture(history=50))),
        asyncio.create_task(repeat(lambda: pane.wait(ForText("never"), 0.05))),
        asyncio.create_task(repeat(lambda: pane.resize(rng.randint(9, 200), rng.randint(2, 60)))),
        asyncio.create_task(repeat(pane.foreground)),
    ]
    await asyncio.sleep(rng.random() * 0.5)
    if kind == "pane killed":
        await pane.kill()
    elif kind == "client killed":
        os.kill(int(terminal.client.name.removeprefix("client-")), signal.SIGKILL)
    else:
        if kind == "socket removed":
            os.unlink(socket)  # noqa: PTH108
        os.kill(pid, signal.SIGTERM if kind == "server ended" else signal.SIGKILL)
    await asyncio.wait_for(asyncio.gather(*work), 30)
    await asyncio.wait_for(view.close(), 10)
    await asyncio.wait_for(terminal.kill_server(), 10)


@pytest.mark.parametrize("kind", ACCIDENTS)
async def test_every_call_ends_after_an_accident(
    runtime: Path, environment: dict[str, str], kind: str
) -> None:
    await accident(kind, runtime / "tmux.sock", environment, random.Random(kind))


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_five_hundred_accidents(runtime: Path, environment: dict[str, str]) -> None:
    rng = random.Random(1)
    for _ in range(500):
        await accident(rng.choice(ACCIDENTS), runtime / "tmux.sock", environment, rng)
