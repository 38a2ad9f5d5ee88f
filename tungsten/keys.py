"""Keys and text into a pane: never silently lost, never swallowed by copy mode."""

from __future__ import annotations

import os
import re
import sys
import termios
from collections.abc import Sequence

from tungsten.errors import CommandFailed, PaneDead, PaneGone, TextNotTypable
from tungsten.tmux.control_client import ControlClient
from tungsten.tmux.control_protocol import command_line
from tungsten.tmux.nonce import nonce

_TEXT_CHUNK = 4_000
_PASTE_CHUNK = 16_000
"""Characters per command; tmux reads a command line whole, so one must not grow without bound."""

LINE_BYTES = 1023 if sys.platform == "darwin" else 4095
"""Bytes of a line, its end aside, that a terminal takes while it collects whole lines.

What is beyond is dropped without a word (Linux: N_TTY_BUF_SIZE, termios(3); macOS: MAX_CANON).
"""

STATE = "#{pane_id} #{pane_dead} #{pane_dead_status}"
"""The format that `check_alive` reads; what no pane is expands to nothing."""

_DEAF = "#{?pane_in_mode,1,#{pane_dead}}"

_PASTE_END = re.compile(r"\x1b\[20[01]~")


async def type_keys(client: ControlClient, pane_id: str, names: Sequence[str]) -> None:
    """Press keys by tmux's names (`Enter`, `C-c`, `Up`); what is no name is typed as text.

    Raises:
        PaneDead: the program has ended, so nobody would read them.
        PaneGone: there is no such pane.
    """
    if names:
        await _deliver(client, pane_id, [("send-keys", "-t", pane_id, "--", *names)])


async def type_text(client: ControlClient, pane_id: str, text: str) -> None:
    """Type text literally; a newline is the Enter key.

    Raises:
        PaneDead: the program has ended, so nobody would read it.
        PaneGone: there is no such pane.
        TextNotTypable: it holds the character NUL, or a line longer than the terminal takes now.
    """
    if not text:
        return
    await _check(client, pane_id, text)
    await _deliver(client, pane_id, _typing(pane_id, text.replace("\r\n", "\n")))


async def type_bytes(client: ControlClient, pane_id: str, data: bytes) -> None:
    """Send bytes exactly, as a terminal's answer is.

    Raises:
        PaneDead: the program has ended, so nobody would read them.
        PaneGone: there is no such pane.
    """
    await _deliver(client, pane_id, [("send-keys", "-t", pane_id, "-H", *(f"{b:x}" for b in data))])


def text_commands(pane_id: str, text: str, *, unless: str) -> list[tuple[str, ...]]:
    """Write the tmux commands that type `text`, each if the format `unless` is false then."""
    return [when_not(pane_id, unless, typing) for typing in _typing(pane_id, text)]


def _typing(pane_id: str, text: str) -> list[tuple[str, ...]]:
    keys = text.replace("\n", "\r")
    return [
        ("send-keys", "-t", pane_id, "-l", "--", keys[start : start + _TEXT_CHUNK])
        for start in range(0, len(keys), _TEXT_CHUNK)
    ]


async def paste(client: ControlClient, pane_id: str, text: str) -> None:
    """Paste text, bracketed where the program asks for it.

    Sequences that would end the bracket early are taken out.

    Raises:
        PaneDead: the program has ended, so nobody would read it.
        PaneGone: there is no such pane.
        TextNotTypable: it holds the character NUL, or a line longer than the terminal takes now.
    """
    if not text:
        return
    await _check(client, pane_id, text)
    await _deliver(client, pane_id, paste_commands(pane_id, text))


def paste_commands(
    pane_id: str, text: str, *, unless: str = "#{pane_dead}", bracketed: bool = False
) -> list[tuple[str, ...]]:
    """Write the tmux commands that paste `text`, if the format `unless` is false then.

    Args:
        pane_id: the pane.
        text: what to paste.
        unless: a format of tmux.
        bracketed: whether to bracket it in any case, not just where the program has asked for it
            by now; for what is known to understand brackets.
    """
    clean = _PASTE_END.sub("", text)
    if bracketed:
        clean = f"\x1b[200~{clean}\x1b[201~"
    buffer = f"tungsten-{nonce(6)}"
    commands: list[tuple[str, ...]] = []
    for start in range(0, len(clean), _PASTE_CHUNK):
        append = ("-a",) if start else ()
        chunk = clean[start : start + _PASTE_CHUNK]
        commands.append(("set-buffer", *append, "-b", buffer, "--", chunk))
    if commands:
        # Pasting into a dead pane crashes tmux 3.3a, so the server itself must look first.
        how = "" if bracketed else "-p "
        alive = f"paste-buffer {how}-b {buffer} -t {pane_id}"
        dead = f"set-buffer -b {buffer} unused"
        commands.append(("if-shell", "-F", "-t", pane_id, unless, dead, alive))
        commands.append(("delete-buffer", "-b", buffer))
    return commands


def when_not(pane_id: str, condition: str, command: Sequence[str]) -> tuple[str, ...]:
    """Write the tmux command that runs `command` if the format `condition` is false then."""
    # Both branches must be given, so that replies stay in step; this one does nothing.
    return either(pane_id, condition, ("start-server",), command)


def either(
    pane_id: str, condition: str, then: Sequence[str], otherwise: Sequence[str]
) -> tuple[str, ...]:
    """Write the tmux command that runs one of two, by what a format is in that pane just then."""
    branches = [
        command_line(command)[:-1].decode("utf-8", "surrogateescape")
        for command in (then, otherwise)
    ]
    return ("if-shell", "-F", "-t", pane_id, condition, *branches)


async def _check(client: ControlClient, pane_id: str, text: str) -> None:
    if "\0" in text:
        raise TextNotTypable("The text holds the character NUL, which no terminal can be sent.")
    if 4 * len(text) <= LINE_BYTES:
        return
    longest = max(len(line.encode("utf-8", "surrogateescape")) for line in re.split("[\r\n]", text))
    if longest <= LINE_BYTES:
        return
    # The terminal of a dead pane may be another one's by now.
    asking = ("display-message", "-p", "-t", pane_id, "#{?pane_dead,,#{pane_tty}}")
    asked = (await client.pipeline([asking]))[0]
    tty = "" if isinstance(asked, CommandFailed) else "".join(asked)
    if tty and collects_lines(tty):
        raise TextNotTypable(
            f"A line of {longest:,} bytes cannot be typed there: what reads takes whole lines, of "
            f"which the system drops all beyond {LINE_BYTES:,}. Send shorter ones, or use a file."
        )


def collects_lines(tty: str) -> bool:
    """Say whether a terminal collects whole lines now (ICANON); no if it cannot be asked."""
    try:
        file = os.open(tty, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return bool(termios.tcgetattr(file)[3] & termios.ICANON)
    except (OSError, termios.error):
        return False
    finally:
        os.close(file)


async def _deliver(
    client: ControlClient, pane_id: str, commands: Sequence[tuple[str, ...]]
) -> None:
    if len(commands) == 1:
        # tmux drops keys to a dead pane without a word, and copy mode would take them: it looks
        # and types in one step.
        deaf = ("display-message", "-p", "-t", pane_id, STATE)
        try:
            said = await client.command(*either(pane_id, _DEAF, deaf, commands[0]))
        except CommandFailed as error:
            if error.message.startswith("can't find pane"):
                raise PaneGone(pane_id) from None
            raise
        if not said:
            return
        check_alive(said, pane_id)
    state, _, *outcomes = await client.pipeline(
        [
            ("display-message", "-p", "-t", pane_id, STATE),
            ("copy-mode", "-q", "-t", pane_id),
            *commands,
        ]
    )
    check_alive(state, pane_id)
    for outcome in outcomes:
        if isinstance(outcome, CommandFailed):
            raise outcome


def check_alive(state: list[str] | CommandFailed, pane_id: str) -> None:
    """Judge what tmux says of `STATE`.

    Raises:
        PaneDead: the pane's program has ended.
        PaneGone: there is no such pane.
    """
    for line in [] if isinstance(state, CommandFailed) else state:
        name, dead, status = (*line.split(" "), "", "")[:3]
        if name == pane_id:
            if dead == "1":
                raise PaneDead(pane_id, int(status) if status.isdecimal() else None)
            return
    raise PaneGone(pane_id)
