"""A new pane in a tmux session of its own: what runs in it, and that none is left over unknown."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tungsten.errors import CommandFailed, OutcomeUnknown, ServerSilent, TerminalError
from tungsten.shell import shells
from tungsten.shell.shells import Start
from tungsten.tmux.connection import Connection, at_least_once, insist
from tungsten.tmux.control_protocol import literal
from tungsten.tmux.idle_session import HOME_SESSION
from tungsten.wall import Wall

OPTION = "@tungsten"
"""Pane option of each pane that is ours: `shell NONCE NAME` or `program`, maybe with ` wall`."""

_UNSAFE = re.compile(r"[^\w-]+", re.ASCII)

Later = Callable[[Coroutine[None, None, None]], None]
"""Runs something beside everything else."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a new pane is to be; see `Terminal.new_pane`."""

    name: str
    cwd: Path
    command: str | None
    size: tuple[int, int]
    environment: Mapping[str, str]
    shell: str
    ssh: Sequence[str]
    wall: Wall | None
    listening: str = ""
    """Session that its window is linked into as well, before it can have printed anything."""


@dataclass(frozen=True, slots=True)
class Made:
    """A pane that is there.

    Attributes:
        nonce: the secret in the marks of its shell; empty if it leaves none.
        shell: which shell.
        linked: whether its window was linked into the session that listens.
    """

    pane_id: str
    window_id: str
    nonce: str
    shell: str
    linked: bool = False


async def make(client: Connection, directory: Path, wanted: Wanted, *, later: Later) -> Made:
    """Open a pane.

    Args:
        client: the connection.
        directory: a private one, for what the shell is told.
        wanted: what it is to be.
        later: closes what a server makes that was stopped meanwhile.

    Raises:
        TerminalError: those of `Terminal.new_pane`.
    """
    nonce = "" if wanted.command is not None else secrets.token_hex(16)
    argv = ["new-session", "-d", "-P", "-F", "#{pane_id} #{window_id}"]
    argv += ["-x", str(wanted.size[0]), "-y", str(wanted.size[1]), "-c", literal(str(wanted.cwd))]
    for variable, value in wanted.environment.items():
        argv += ["-e", f"{variable}={value}"]
    program = ["env", "-u", "TMUX_PANE"]
    start: Start | None = None
    shell = wanted.shell
    if wanted.command is not None:
        program += ["-u", "TMUX", "sh", "-c", wanted.command]
    elif wanted.ssh:
        shell = "bash"
        program += ["-u", "TMUX", *shells.remote(wanted.ssh)]
    else:
        start = shells.prepare(shell, nonce, directory)
        # A start-up file that starts tmux where none is seen must see one.
        program += ["TMUX=/dev/null,0,0", *start.argv]
    try:
        if wanted.wall is not None:
            note = None if start is None else start.note
            program = list(wanted.wall.enclose(program, wanted.cwd, note))
        pane_id, window_id, linked = await _new_session(client, later, argv, wanted, program, nonce)
    except BaseException:
        if start is not None:
            start.forget()
        raise
    return Made(pane_id, window_id, nonce, shell, linked)


def is_internal(session: str) -> bool:
    """Whether a tmux session holds no panes of its own but those that make it work."""
    return session == HOME_SESSION or session.startswith(f"{HOME_SESSION}-")


async def _new_session(
    client: Connection,
    later: Later,
    argv: list[str],
    wanted: Wanted,
    program: list[str],
    nonce: str,
) -> tuple[str, str, bool]:
    name = _UNSAFE.sub("-", wanted.name).strip("-")[:40] or "pane"
    if is_internal(name):
        name = f"pane-{name}"
    session, linked = name, False
    while True:
        window = f"pane-{secrets.token_hex(6)}"
        try:
            command = (*argv, "-n", window, "-s", session, *program)
            if wanted.listening:
                printed, linked = await _linked(client, command, session, window, wanted.listening)
            else:
                printed = await client.command(*command)
        except CommandFailed as error:
            if "duplicate session" not in error.message:
                raise
            session = f"{name}-{secrets.token_hex(3)}"
            continue
        except ServerSilent:
            later(_unmake(client, session, window, nonce))
            raise
        except OutcomeUnknown:
            printed = await _begun(client, session, window, nonce)
            if not printed:
                continue
        pane_id, _, window_id = printed[0].partition(" ")
        return pane_id, window_id, linked


async def _linked(
    client: Connection, command: tuple[str, ...], session: str, window: str, listening: str
) -> tuple[list[str], bool]:
    """Open a pane and link its window into another session, in one step of the server's.

    It reads what a pane prints only after all commands that have arrived together.
    """
    link = ("link-window", "-d", "-s", f"={session}:={window}", "-t", f"={listening}:")
    printed, linked = await client.pipeline([command, link])
    if isinstance(printed, CommandFailed):
        raise printed
    return printed, not isinstance(linked, CommandFailed)


async def _unmake(client: Connection, session: str, window: str, nonce: str) -> None:
    """Close the pane that a server which was stopped makes for nobody once it goes on."""
    with contextlib.suppress(TerminalError):
        found = await insist(lambda: _begun(client, session, window, nonce))
        for ids in found:
            await at_least_once(client, "kill-pane", "-t", ids.partition(" ")[0])


async def _begun(client: Connection, session: str, window: str, nonce: str) -> list[str]:
    """Find the pane whose making was not answered; nothing if it was not made.

    Raises:
        OutcomeUnknown: what is there may be it or not.
    """
    form = f"#{{pane_id}} #{{window_id}}\t#{{{OPTION}}}\t#{{window_name}}"
    try:
        listed = await client.command("list-panes", "-s", "-t", f"={session}", "-F", form)
    except CommandFailed:
        return []
    for line in listed:
        ids, kind, name = line.split("\t", 2)
        if kind:
            # It is somebody else's, and ours was refused: as it will be again.
            return []
        # Its own name still, or what our shell has made of it.
        if name == window or (nonce and name.startswith(nonce)):
            return [ids]
    raise OutcomeUnknown("new-session")
