"""Who counts as a person at the keys, asked of real tmux servers and clients."""

from __future__ import annotations

import asyncio
import shlex
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from tui.surroundings.attended import PATIENCE, RECENT, VARIABLE, Attendance


class Around:
    """A person's tmux with one pane of the app, and clients at it in terminals of their own."""

    def __init__(self, tmux: Any, emulator: Any) -> None:
        self.tmux = tmux
        self.emulator = emulator
        self.pane = tmux.start("exec cat")

    def attach(self, *flags: str) -> str:
        """Attach a client; returns the emulator's pane, in which its keys are typed."""
        before = self.clients()
        words = ["tmux", "-u", "-S", str(self.tmux.socket), "attach-session", *flags]
        pane = self.emulator.start(f"exec {shlex.join(words)}")
        self.until(lambda: self.clients() == before + 1)
        return str(pane)

    def clients(self) -> int:
        return len(self.tmux.run("list-clients", "-F", "x").split())

    def until(self, check: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not check():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def active(self) -> int:
        return int(self.tmux.run("list-clients", "-F", "#{client_activity}").split()[0])

    def typed(self, pane: str) -> int:
        """Type a key at a client in a second of its own; returns when tmux says it came."""
        before = self.active()
        self.until(lambda: int(time.time()) > before)
        self.emulator.keys(pane, "x")
        self.until(lambda: self.active() > before)
        return self.active()

    def at(self, now: float, **more: str) -> Attendance:
        variables = {"TMUX": f"{self.tmux.socket},1,0", "TMUX_PANE": self.pane, **more}
        return Attendance(variables, clock=lambda: now)


@pytest.fixture
def around(private: Any, outer: Any) -> Around:
    return Around(private, outer)


async def test_a_client_that_typed_just_now(around: Around) -> None:
    at = around.typed(around.attach())
    assert await around.at(at + 0.5).problem() == ""
    assert await around.at(at + RECENT - 0.01).problem() == ""
    assert "no tmux client typed this" in await around.at(at + RECENT).problem()
    # An app that was busy is told late of a key; what counts is when it came.
    assert await around.at(at + 60).problem(ago=59) == ""
    assert "no tmux client" in await around.at(at + 60).problem(ago=30)


async def test_keys_of_a_program_are_nobodys(around: Around) -> None:
    client = around.attach()
    at = around.typed(client)
    around.until(lambda: int(time.time()) > at)
    around.tmux.keys(around.pane, "A")
    around.tmux.run("set-buffer", "text")
    around.tmux.run("paste-buffer", "-t", around.pane)
    around.tmux.wait_for(around.pane, "Atext")
    assert around.active() == at


@pytest.mark.parametrize("flags", [(), ("-r",)])
async def test_a_client_that_only_looks_does_not_count(around: Around, flags: Any) -> None:
    at = around.typed(around.attach(*flags))
    assert bool(await around.at(at).problem()) is bool(flags)


async def test_a_control_client_does_not_count(around: Around) -> None:
    argv = ["tmux", "-S", str(around.tmux.socket), "-C", "attach-session"]
    control = await asyncio.create_subprocess_exec(
        *argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=around.tmux.environment
    )
    try:
        around.until(lambda: around.clients() == 1)
        assert "no tmux client" in await around.at(around.active()).problem()
    finally:
        assert control.stdin is not None
        control.stdin.close()
        await control.wait()


async def test_a_client_at_another_pane_does_not_count(around: Around) -> None:
    client = around.attach()
    around.tmux.run("split-window", "exec cat")
    at = around.typed(client)
    assert "no tmux client" in await around.at(at).problem()
    around.tmux.run("select-pane", "-t", around.pane)
    assert await around.at(at).problem() == ""


async def test_outside_of_tmux_and_where_it_was_given_up(around: Around) -> None:
    assert await Attendance({}).problem() == ""
    assert not Attendance({VARIABLE: "1"}).waived
    waived = around.at(0, **{VARIABLE: "1"})
    assert waived.waived
    assert await waived.problem() == ""
    assert not around.at(0, **{VARIABLE: "0"}).waived


async def test_a_tmux_that_can_not_be_asked(around: Around, tmp_path: Any) -> None:
    around.typed(around.attach())
    around.tmux.kill()
    assert "does not answer" in await around.at(time.time()).problem()
    nowhere = Attendance({"TMUX": f"{tmp_path}/s,1,0", "TMUX_PANE": "%0"}, tmux="no-such-tmux")
    assert "does not answer" in await nowhere.problem()
    silent = tmp_path / "tmux"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    slow = Attendance({"TMUX": f"{tmp_path}/s,1,0", "TMUX_PANE": "%0"}, tmux=str(silent))
    async with asyncio.timeout(PATIENCE + 20):
        assert "does not answer" in await slow.problem()
