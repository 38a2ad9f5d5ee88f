"""One agent in a pane of a tmux server of its own, and frames of that pane."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STILL = 0.7
"""Seconds without a change after which a screen is taken to be complete."""


@dataclass(frozen=True)
class Look:
    """What a pane shows: its lines without trailing blanks, title and cursor (column, row)."""

    lines: tuple[str, ...]
    title: str
    cursor: tuple[int, int]
    cursor_shown: bool
    size: tuple[int, int]
    dead: bool

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class AgentPane:
    """Runs a command in a tmux pane; `close` ends the server and everything in it."""

    def __init__(
        self,
        folder: Path,
        command: Sequence[str | Path],
        directory: Path,
        variables: Mapping[str, str],
        size: tuple[int, int] = (120, 40),
        enter: Sequence[str] = (),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._socket = folder / "tmux"
        self._enter = tuple(enter)
        configuration = folder / "tmux.conf"
        configuration.write_text(
            "set -g default-terminal tmux-256color\nset -g remain-on-exit on\n"
            "set -g status off\nset -sg escape-time 10\nset -g history-limit 5000\n"
            "set -g allow-passthrough off\n"
        )
        environment = [word for pair in variables.items() for word in ("-e", "=".join(pair))]
        columns, rows = size
        self._run(
            "-f",
            configuration,
            "new-session",
            "-d",
            "-x",
            columns,
            "-y",
            rows,
            "-c",
            directory,
            *environment,
            shlex.join(str(word) for word in command),
        )

    def _run(self, *words: object) -> str:
        done = subprocess.run(
            [*self._enter, "tmux", "-S", str(self._socket), *map(str, words)],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def keys(self, *names: str) -> None:
        self._run("send-keys", *names)

    def type(self, text: str) -> None:
        self._run("send-keys", "-l", text)

    def resize(self, columns: int, rows: int) -> None:
        self._run("resize-window", "-x", columns, "-y", rows)

    def look(self) -> Look:
        names = ("cursor_x", "cursor_y", "cursor_flag", "pane_width", "pane_height", "pane_dead")
        wanted = " ".join(f"#{{{name}}}" for name in (*names, "pane_title"))
        told = self._run("display-message", "-p", wanted, ";", "capture-pane", "-p")
        head, _, screen = told.partition("\n")
        x, y, flag, width, height, dead, *title = head.split(" ", 6)
        lines = tuple(line.rstrip() for line in screen.split("\n")[: int(height)])
        return Look(
            lines,
            title[0] if title else "",
            (int(x), int(y)),
            flag == "1",
            (int(width), int(height)),
            dead == "1",
        )

    async def still(
        self,
        when: Callable[[Look], bool] = lambda _: True,
        *,
        patience: float = 30.0,
        still: float = STILL,
    ) -> Look:
        """Wait until the screen satisfies `when` and has not changed for `still` seconds.

        Raises:
            TimeoutError: it did not come to that; the message holds the screen.
        """
        end = time.monotonic() + patience
        before, since = self.look(), time.monotonic()
        while time.monotonic() < end:
            await asyncio.sleep(0.1)
            now = self.look()
            if now != before:
                before, since = now, time.monotonic()
            elif time.monotonic() - since >= still and when(now):
                return now
        raise TimeoutError(before.text)

    async def seen(self, when: Callable[[Look], bool], patience: float = 30.0) -> Look:
        """Wait until the screen satisfies `when`, however much of it goes on changing."""
        end = time.monotonic() + patience
        while True:
            look = self.look()
            if when(look):
                return look
            if time.monotonic() > end:
                raise TimeoutError(look.text)
            await asyncio.sleep(0.1)

    def process(self) -> int:
        return int(self._run("display-message", "-p", "#{pane_pid}"))

    def close(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self._run("kill-server")
