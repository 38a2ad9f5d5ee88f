"""A server that control clients attach to while its sessions come and go."""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path

import pytest

from tungsten import still
from tungsten.control_client import ControlClient
from tungsten.terminal import Terminal


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
