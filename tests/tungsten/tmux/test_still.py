"""A server that control clients attach to while its sessions come and go."""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path

import pytest

from tungsten.terminal import Terminal
from tungsten.tmux import still
from tungsten.tmux.control_client import ControlClient


async def busy(socket: Path, environment: dict[str, str], rounds: int) -> None:
    terminal = await Terminal.open(socket, environment=environment)
    going = True

    async def sessions(name: str) -> None:
        while going:
            await terminal.client.command("new-session", "-d", "-s", name, "sleep 60")
            await terminal.client.command("rename-session", "-t", f"={name}", f"{name}-x")
            await terminal.client.command("kill-session", "-t", f"={name}-x")

    async def attaches() -> None:
        for _ in range(rounds):
            client = await ControlClient.connect(socket)
            await client.close()

    try:
        changing = asyncio.gather(sessions("a"), sessions("b"))
        await asyncio.gather(*(attaches() for _ in range(3)))
        going = False
        await changing
        assert await terminal.client.command("display-message", "-p", "alive") == ["alive"]
    finally:
        await terminal.kill_server()


async def test_attaching_beside_changing_sessions(
    runtime: Path, environment: dict[str, str]
) -> None:
    await busy(runtime / "tmux.sock", environment, 10)


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_attaching_a_thousand_times(runtime: Path, environment: dict[str, str]) -> None:
    await busy(runtime / "tmux.sock", environment, 400)


async def test_nobody_waits_for_ever(runtime: Path) -> None:
    held = os.open(runtime, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        async with still.turn(runtime / "tmux.sock"):
            pass
        with still.turn_blocking(runtime / "tmux.sock"):
            pass
        async with still.turn(runtime / "gone" / "tmux.sock"):
            pass
    finally:
        os.close(held)


async def test_a_turn_that_lasts_holds_nobody_up(runtime: Path) -> None:
    """As a command does that a stopped server does not answer."""
    socket = runtime / "tmux.sock"
    began, over = asyncio.Event(), asyncio.Event()

    async def lasting() -> None:
        async with still.turn(socket):
            began.set()
            await over.wait()

    first = asyncio.create_task(lasting())
    await began.wait()
    async with asyncio.timeout(30), still.turn(socket):
        assert not first.done()
        over.set()
        await first
    # The late end of the first gave nobody's lock away.
    async with asyncio.timeout(30), still.turn(socket):
        pass


async def test_turns_go_by_order_of_asking(runtime: Path) -> None:
    order: list[int] = []

    async def take(number: int) -> None:
        async with still.turn(runtime / "tmux.sock"):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(take(number) for number in range(20)))
    assert order == list(range(20))
