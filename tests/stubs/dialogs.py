"""Tells a `dialog_program` what to draw, and hears what it is typed."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("dialog_program.py")
PATIENCE = 20.0


class Dialogs:
    """The other end of a dialog program; `got` lists each byte with the screen it came upon."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.got: list[tuple[str, str]] = []
        self.drawn: list[str] = []
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._heard = asyncio.Event()

    @property
    def command(self) -> str:
        """What starts the program, for a shell."""
        return shlex.join([sys.executable, "-IS", str(PROGRAM), str(self.socket)])

    async def listen(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, self.socket)

    @property
    def is_connected(self) -> bool:
        return self._writer is not None

    async def connected(self) -> None:
        await self.until(lambda: self.is_connected)

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        if self._server is not None:
            self._server.close()

    def tell(
        self, name: str, text: str, keys: Mapping[str, str] | None = None, *, only: bool = False
    ) -> None:
        """Draw a screen, or with `only` say what a key will draw; returns before it is drawn."""
        assert self._writer is not None
        order = {"draw": text, "name": name, "keys": dict(keys or {}), "only": only}
        self._writer.write(json.dumps(order).encode() + b"\n")

    async def draw(self, name: str, text: str, keys: Mapping[str, str] | None = None) -> None:
        """Draw a screen; returns when the program has written it, which tmux may not have read."""
        before = len(self.drawn)
        self.tell(name, text, keys)
        await self.until(lambda: name in self.drawn[before:])

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._heard.clear()
                await self._heard.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._heard.set()
        async for line in reader:
            said: dict[str, Any] = json.loads(line)
            if "got" in said:
                self.got.append((said["got"], said["on"]))
            else:
                self.drawn.append(said["drawn"])
            self._heard.set()
