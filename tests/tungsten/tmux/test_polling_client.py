"""The whole package on a tmux whose control mode does not work."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tungsten.errors import CommandFailed, PaneGone, ServerGone
from tungsten.pane import ForPrompt, ForText
from tungsten.screen.frame import Frame
from tungsten.screen.view import LiveView
from tungsten.terminal import Terminal
from tungsten.tmux.control_client import ControlClient
from tungsten.tmux.polling_client import PollingClient


@pytest.fixture
def tmux(tmp_path: Path) -> str:
    """A tmux that refuses to attach in control mode."""
    script = tmp_path / "tmux"
    refuse = 'case "$*" in *" -C attach-session "*) exit 1;; esac'
    script.write_text(f'#!/bin/sh\n{refuse}\nexec {shutil.which("tmux")} "$@"\n')
    script.chmod(0o755)
    return str(script)


@pytest.fixture
async def polled(runtime: Path, environment: dict[str, str], tmux: str) -> AsyncIterator[Terminal]:
    terminal = await Terminal.open(runtime / "tmux.sock", environment=environment, tmux=tmux)
    yield terminal
    await terminal.kill_server()


async def test_commands_run_and_end(polled: Terminal, tmp_path: Path) -> None:
    assert isinstance(polled.client.client, PollingClient)
    pane = await polled.new_pane(name="work", cwd=tmp_path, width=80, height=24)
    assert (await pane.wait(ForPrompt(), 15)).met
    result = await pane.run("echo 'a;'; (exit 3)", timeout=20)
    assert (result.exit_status, result.output) == (3, "a;\n")
    await pane.send_text("echo b;")
    await pane.send_keys("Enter")
    assert (await pane.wait(ForText("^b$"), 15)).met
    assert pane.id in {found.pane_id for found in polled.server.panes}
    await pane.kill()
    with pytest.raises(PaneGone):
        await pane.capture()


async def test_failures_are_the_same(polled: Terminal, runtime: Path, tmux: str) -> None:
    client = polled.client
    with pytest.raises(CommandFailed, match="can't find"):
        await client.command("kill-pane", "-t", "%999")
    first, second = await client.pipeline(
        [("kill-pane", "-t", "%999"), ("display-message", "-p", ";")]
    )
    assert isinstance(first, CommandFailed)
    assert second == [";"]
    assert client.call("display-message", "-p", "a\\;") == ["a\\;"]
    none = runtime / "none.sock"
    with pytest.raises(ServerGone):
        await ControlClient.connect(none, tmux=tmux)
    # Whoever watches starts no server, also where the one that there was has ended meanwhile.
    with pytest.raises(ServerGone):
        await PollingClient(none, tmux).command("new-session", "-d")
    assert not none.exists()
    with contextlib.suppress(ServerGone):
        # The server may be gone before its client has heard that it goes.
        await client.command("kill-server")
    await asyncio.wait_for(client.closed.wait(), 10)
    with pytest.raises(ServerGone):
        await client.command("display-message", "-p", "x")
    with pytest.raises(ServerGone):
        client.call("display-message", "-p", "x")


async def test_frames_follow_and_size_changes(polled: Terminal, tmp_path: Path, tmux: str) -> None:
    pane = await polled.new_pane(name="work", cwd=tmp_path, command="cat", width=80, height=24)
    view = await LiveView.open(polled.socket, tmux=tmux)
    frames: asyncio.Queue[Frame | None] = asyncio.Queue()
    view.show(pane.id, frames.put_nowait)
    async with asyncio.timeout(20):
        assert await frames.get() is not None
        await view.send_text(pane.id, "seen")
        while "seen" not in (shown := await frames.get()).text:
            pass
        await pane.resize(60, 10)
        while (shown := await frames.get()).width != 60:
            pass
        await pane.kill()
        while shown is not None:
            shown = await frames.get()
    await view.close()
