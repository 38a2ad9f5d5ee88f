"""Whether a person is at the keys, for an app that runs inside tmux.

Every process of the same user can type into such an app with tmux's `send-keys`. tmux tells when a
client's terminal last sent something (`client_activity`), which `send-keys` does not change, so an
approval is taken only with a client that shows our pane and was active at that moment. What this
can't tell is said in docs/risk.md.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Mapping
from subprocess import DEVNULL, PIPE

VARIABLE = "TUNGSTEN_UNATTENDED_APPROVALS"
"""Set to 1 when the app starts, it takes approvals from whatever types them."""

RECENT = 2.0
"""Seconds that may lie between what a client did and an approval: tmux knows whole seconds, and
where a machine is busy a key is on its way for some time."""

PATIENCE = 3.0
"""Seconds that tmux may take to answer; it takes a few milliseconds."""

_FORM = "#{pane_id} #{client_activity} #{client_control_mode} #{client_readonly}"


class Attendance:
    """The tmux around an app, if there is one, and its clients.

    Args:
        environment: The app's own; it says which pane of which server the app is in.
        clock: Seconds since the epoch.
        tmux: The program to ask with.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.time,
        tmux: str = "tmux",
    ) -> None:
        # The server's process and the number of a session follow the socket.
        self._socket = environment.get("TMUX", "").rsplit(",", 2)[0]
        self._pane = environment.get("TMUX_PANE", "")
        self._clock = clock
        self._tmux = tmux
        self.waived = bool(self._socket) and environment.get(VARIABLE) == "1"
        """Whether the person gave the check up, where there would be one."""

    async def problem(self, ago: float = 0.0) -> str:
        """Say in one line why an approval can't be a person's; empty when it can.

        Args:
            ago: Seconds since its key arrived.
        """
        if not self._socket or self.waived:
            return ""
        pressed = self._clock() - ago
        listed = await self._clients()
        if listed is None:
            return (
                f"Not approved: the tmux around this app does not answer ({VARIABLE}=1 lifts this)"
            )
        for line in listed:
            pane, activity, control, readonly = line.split(" ")
            types = pane == self._pane and "1" not in (control, readonly)
            if types and pressed - int(activity) < RECENT:
                return ""
        return f"Not approved: no tmux client typed this (see {VARIABLE})"

    async def _clients(self) -> list[str] | None:
        program = shutil.which(self._tmux)
        if program is None:
            return None
        argv = [program, "-S", self._socket, "list-clients", "-F", _FORM]
        try:
            process = await asyncio.create_subprocess_exec(
                *argv, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
            )
        except OSError:
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                output, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            return None
        return output.decode().splitlines() if process.returncode == 0 else None
