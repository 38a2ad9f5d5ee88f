"""libtmux's objects over the control-mode connection instead of a process per call."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import libtmux
from libtmux import neo
from libtmux.common import tmux_cmd

from tungsten.errors import CommandFailed, OutcomeUnknown, ServerGone, ServerSilent
from tungsten.tmux.control_client import ControlClient

_servers: weakref.WeakValueDictionary[str, Server] = weakref.WeakValueDictionary()


class Answer(tmux_cmd):
    """What libtmux expects of a command that ran, made from a control-mode reply."""

    def __init__(self, client: ControlClient, argv: list[str]) -> None:
        self.cmd = ["tmux", *argv]
        self.stdout: list[str] = []
        self.stderr: list[str] = []
        self.returncode = 0
        try:
            self.stdout = client.call(*argv)
        except CommandFailed as error:
            self.stderr = [error.message]
            self.returncode = 1
        except (OutcomeUnknown, ServerSilent) as error:
            self.stderr = [str(error)]
            self.returncode = 1
        except ServerGone as error:
            self.stderr = [f"no server running: {error.reason}"]
            self.returncode = 1
        while self.stdout and not self.stdout[-1]:
            self.stdout.pop()
        if argv[0] == "has-session" and self.stderr and not self.stdout:
            self.stdout = [self.stderr[0]]


class Server(libtmux.Server):
    """A libtmux server whose every command travels through a `ControlClient`.

    libtmux calls are synchronous: on the event loop they block it for the fraction of a
    millisecond that the reply takes.
    """

    def __init__(self, client: ControlClient, socket: Path, *, tmux: str | None = None) -> None:
        super().__init__(socket_path=str(socket), tmux_bin=tmux)
        self.client = client
        _servers[str(socket)] = self
        # libtmux 0.62 lists objects past `Server.cmd`; this is the one function it does it with.
        setattr(neo, "tmux_cmd", _dispatch)  # noqa: B010

    def cmd(self, cmd: str, *args: Any, target: str | int | None = None) -> tmux_cmd:
        """Run one tmux command; never raises for what tmux refuses, as libtmux expects."""
        where = [] if target is None else ["-t", str(target)]
        return Answer(self.client, [cmd, *where, *map(str, args)])


def _dispatch(*args: Any, tmux_bin: str | None = None) -> tmux_cmd:
    """Stand in for `tmux_cmd` in libtmux's listings: ours by connection, others as ever."""
    words = [str(arg) for arg in args]
    if words and words[0].startswith("-S"):
        server = _servers.get(words[0][2:])
        if server is not None:
            return Answer(server.client, words[1:])
    return tmux_cmd(*args, tmux_bin=tmux_bin)
