"""Who has the keyboard of a terminal: a shell's prompt, a command, a password prompt, an editor.

On Linux from /proc and the terminal's own settings, in well under a millisecond; elsewhere psutil
names the processes. Names can be chosen by programs, so this tells what to expect, never what is
safe.
"""

from __future__ import annotations

import contextlib
import os
import re
import termios
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal[
    "shell",
    "command",
    "reader",
    "password",
    "repl",
    "editor",
    "pager",
    "ssh",
    "dead",
    "unknown",
]

SHELLS = frozenset({"bash", "zsh", "sh", "dash", "fish", "ksh", "mksh", "ash", "tcsh", "csh", "nu"})
EDITORS = frozenset(
    {
        *("vi", "vim", "vim.basic", "vim.tiny", "vim.nox", "nvim", "view", "vimdiff", "rvim", "ex"),
        *("nano", "pico", "emacs", "emacsclient", "micro", "hx", "helix", "kak", "joe", "jed"),
        *("mcedit", "ne", "ed", "amp", "zile", "mg"),
    }
)
PAGERS = frozenset({"less", "more", "most", "pg", "man", "bat", "pspg", "lv"})
REPLS = frozenset(
    {
        *("python", "ipython", "bpython", "ptpython", "pypy", "node", "deno", "irb", "pry"),
        *("psql", "sqlite3", "mysql", "mariadb", "redis-cli", "mongosh", "ghci", "lua", "luajit"),
        *("R", "julia", "scala", "erl", "iex", "ocaml", "utop", "gdb", "lldb", "bc", "dc"),
        *("php", "gp", "octave", "maxima", "clisp", "sbcl", "guile", "racket", "ftp", "sftp"),
    }
)
REMOTE = frozenset({"ssh", "mosh", "mosh-client", "telnet", "rlogin", "autossh"})

_PROC = Path("/proc/self/stat").exists()
_VERSION = re.compile(r"[-.]?\d[\d.]*$")
_READS = frozenset({"n_tty_read", "wait_woken", "tty_read"})
_SCRIPTED = frozenset({"-c", "-m", "-e", "--eval", "-f", "--file"})


@dataclass(frozen=True, slots=True)
class Foreground:
    """The process that has a terminal's keyboard.

    Attributes:
        pid: leader of the foreground process group, or what reads there where the leader is a shell
            that waits for it; 0 if unknown.
        name: its program's name.
        kind: what it is doing with the keyboard.
        cwd: its directory; empty if unknown.
        echo: whether typed characters are shown by the terminal.
        canonical: whether the terminal collects whole lines.
        reading: whether a process of the group waits for input now; None if unknown.
        arguments: its command line.
    """

    pid: int
    name: str
    kind: Kind
    cwd: str = ""
    echo: bool = True
    canonical: bool = True
    reading: bool | None = None
    arguments: tuple[str, ...] = ()


def probe(pid: int, tty: str, *, dead: bool = False) -> Foreground:
    """Look at a terminal.

    Args:
        pid: the process that the pane was started with.
        tty: the terminal's path, as tmux gives it.
        dead: whether tmux says that the pane's program has ended.
    """
    if dead:
        return Foreground(0, "", "dead")
    group, echo, canonical = _terminal(tty)
    if _PROC:
        group = _terminal_group(pid) or group
        return _linux(pid, group, echo=echo, canonical=canonical)
    return _elsewhere(pid, group, echo=echo, canonical=canonical)


def _terminal(tty: str) -> tuple[int, bool, bool]:
    """Give the foreground group, ECHO and ICANON of a terminal; the mild defaults if closed."""
    try:
        fd = os.open(tty, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return 0, True, True
    group = 0
    try:
        flags = termios.tcgetattr(fd)[3]
        with contextlib.suppress(OSError):
            # Fails where it is not this process's own terminal.
            group = os.tcgetpgrp(fd)
        return group, bool(flags & termios.ECHO), bool(flags & termios.ICANON)
    except (OSError, termios.error):
        return group, True, True
    finally:
        os.close(fd)


def _read(path: str) -> bytes:
    """Read a file of /proc, empty if there is none; pathlib costs several times as much."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        data = part = os.read(fd, _PART)
        while len(part) == _PART:
            part = os.read(fd, _PART)
            data += part
        return data
    except OSError:
        return b""
    finally:
        os.close(fd)


_PART = 4096


def _stat(pid: int | str) -> list[bytes]:
    """Split /proc/PID/stat: name, state, ppid, pgrp, session, tty_nr, tpgid (proc(5))."""
    head, _, tail = _read(f"/proc/{pid}/stat").rpartition(b")")
    return [head.partition(b"(")[2], *tail.split()] if head else []


def _terminal_group(pid: int) -> int:
    fields = _stat(pid)
    return max(int(fields[6]), 0) if len(fields) > 6 else 0


def _linux(pid: int, group: int, *, echo: bool, canonical: bool) -> Foreground:
    leader = group
    fields = _stat(leader)
    if not fields:
        members = _members(group)
        if not members:
            return Foreground(0, "", "unknown", echo=echo, canonical=canonical)
        leader = members[0]
        fields = _stat(leader)
    name, arguments = _program(leader, fields)
    reading = _reads(leader, fields)
    if reading is False and group:
        # A pipeline's reader need not be its leader; nor need a script's child be.
        others = [member for member in _members(group) if member != leader]
        states = {member: _reads(member, _stat(member)) for member in others}
        reading = True if True in states.values() else None if None in states.values() else False
        if reading and name.lstrip("-") in SHELLS:
            # `sh -c python3`: keys reach what the shell waits for, and mean what they mean there.
            leader = max(member for member, reads in states.items() if reads)
            name, arguments = _program(leader, _stat(leader))
    try:
        cwd = os.readlink(f"/proc/{leader}/cwd")  # noqa: PTH115
    except OSError:
        cwd = ""
    kind = classify(name, arguments, echo=echo, canonical=canonical, reading=reading)
    return Foreground(leader, name, kind, cwd, echo, canonical, reading, arguments)


def _program(pid: int, fields: list[bytes]) -> tuple[str, tuple[str, ...]]:
    """Give a process's name and its command line."""
    raw = _read(f"/proc/{pid}/cmdline").rstrip(b"\0")
    arguments = tuple(os.fsdecode(part) for part in raw.split(b"\0")) if raw else ()
    return os.fsdecode(fields[0]) if fields else "", arguments


def _members(group: int) -> list[int]:
    wanted = str(group).encode()
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            fields = _stat(entry.name)
            if len(fields) > 3 and fields[3] == wanted:
                found.append(int(entry.name))
    return sorted(found)


def program_name(pid: int) -> str:
    """Give the name of a process's program; empty if there is no such process."""
    if _PROC:
        return _program(pid, _stat(pid))[0]
    import psutil

    try:
        return str(psutil.Process(pid).name())
    except psutil.Error:
        return ""


def group(pid: int) -> dict[int, tuple[str, ...]]:
    """Give the command line of a process and of all others in its group, such as a pipeline's."""
    try:
        wanted = os.getpgid(pid) if pid > 0 else 0
    except ProcessLookupError:
        return {}
    if not wanted:
        return {}
    if _PROC:
        return {member: _program(member, [])[1] for member in _members(wanted)}
    return _group_elsewhere(wanted)


def _group_elsewhere(wanted: int) -> dict[int, tuple[str, ...]]:
    import psutil

    found = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == wanted:
                found[process.pid] = tuple(process.cmdline())
    return found


def _reads(pid: int, fields: list[bytes]) -> bool | None:
    """Say whether a process waits for input, from where it sleeps; None if it can't be told."""
    if len(fields) < 2 or fields[1] not in (b"S", b"I"):
        return False
    channel = _read(f"/proc/{pid}/wchan").decode("ascii", "replace").strip()
    if channel in _READS:
        return True
    call = _read(f"/proc/{pid}/syscall").decode("ascii", "replace").split()
    if not call:
        return None if channel in ("", "0") else channel in _WAITS
    return _is_input(pid, call)


_WAITS = frozenset({"do_select", "do_sys_poll", "poll_schedule_timeout", "ep_poll"})

_INPUT_CALLS = {
    "x86_64": (frozenset({0}), frozenset({7, 23, 232, 270, 271, 281})),
    "aarch64": (frozenset({63}), frozenset({22, 72, 73})),
}
"""Numbers of read, and of poll, select, epoll_wait and their variants (syscalls(2))."""


def _is_input(pid: int, call: list[str]) -> bool | None:
    if not call or not call[0].isdecimal():
        return False
    known = _INPUT_CALLS.get(os.uname().machine)
    if known is None:
        return None
    number = int(call[0])
    if number in known[0] and len(call) > 1:
        # What reads from a pipe or a file does not wait for the keyboard.
        try:
            source = os.readlink(f"/proc/{pid}/fd/{int(call[1], 16)}")  # noqa: PTH115
        except OSError:
            return True
        return source.startswith("/dev/")
    return number in known[1]


def classify(
    name: str,
    arguments: tuple[str, ...],
    *,
    echo: bool,
    canonical: bool,
    reading: bool | None,
) -> Kind:
    """Name what a foreground process does, from its name, the terminal's settings and its state."""
    base = name.lstrip("-")
    plain = _VERSION.sub("", base) or base
    waits = reading is not False
    if canonical and not echo and waits:
        return "password"
    if base in REMOTE:
        return "ssh"
    if base in EDITORS:
        return "editor"
    if base in PAGERS:
        return "pager"
    if base in SHELLS:
        return _shell(arguments, canonical=canonical, reading=reading)
    if (base in REPLS or plain in REPLS) and waits and _interactive(arguments):
        return "repl"
    if canonical and reading:
        return "reader"
    return "command"


def _shell(arguments: tuple[str, ...], *, canonical: bool, reading: bool | None) -> Kind:
    if not canonical:
        return "shell" if reading is not False else "command"
    if not reading:
        return "command"
    # Line editors switch the terminal to characters; plain sh reads lines at its prompt.
    plain = not any(argument.startswith("-") and "c" in argument for argument in arguments[1:2])
    name = Path(arguments[0]).name.lstrip("-") if arguments else ""
    scripted = len(arguments) > 1 and not arguments[1].startswith("-")
    return "shell" if name in ("sh", "dash", "ash") and plain and not scripted else "reader"


def _interactive(arguments: tuple[str, ...]) -> bool:
    """Say whether an interpreter was started without a program to run."""
    given = arguments[1:]
    if "-i" in given or not given:
        return True
    base = _VERSION.sub("", Path(arguments[0]).name)
    if base in ("python", "pypy", "node", "php", "lua", "luajit", "julia", "R"):
        return all(word.startswith("-") and word not in _SCRIPTED for word in given)
    return not any(word in _SCRIPTED for word in given)


def _elsewhere(pid: int, group: int, *, echo: bool, canonical: bool) -> Foreground:
    # Imported here: Linux never needs it, and it is slow to import.
    import psutil

    try:
        shell = psutil.Process(pid)
        family = [shell, *shell.children(recursive=True)]
        leader = next((process for process in family if process.pid == group), family[-1])
        name, arguments = leader.name(), tuple(leader.cmdline())
        cwd = leader.cwd()
        sleeping = leader.status() == psutil.STATUS_SLEEPING
    except psutil.Error:
        return Foreground(0, "", "unknown", echo=echo, canonical=canonical)
    reading = None if sleeping else False
    kind = classify(name, arguments, echo=echo, canonical=canonical, reading=reading)
    return Foreground(leader.pid, name, kind, cwd, echo, canonical, reading, arguments)
