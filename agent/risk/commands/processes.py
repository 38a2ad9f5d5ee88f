# ruff: noqa: E501 - tables and patterns read better unbroken
"""Rules for ending processes, and for starting them later or as services."""

from __future__ import annotations

import re

from agent.risk.arguments import split, spread, value, wordlist
from agent.risk.commands.shells import raw_text
from agent.risk.evaluation.call import Call
from agent.risk.shell.syntax import UNKNOWN

_EVERYONE = re.compile(
    r"\bps\s+(?:-\w*[eA]|a?u?x|axu?|(?:-\w+\s+)*-[uU]\s)|\bps\b[^|]*\$\$|\bpgrep\s+(?:-\w+\s+)*['\"]?[.*]|\bls\s+/proc\b|/proc/\[0-9\]"
)
_CHOOSES = re.compile(
    r"grep\s+(?!-\w*[uU])(?!['\"]?\.?\*?['\"]?\s*[|)])|\brg\b|/[\w.\\-]+/|\bhead\b|\btail\b|--ppid|-[CpG] |==|~ "
)


SUPERVISORS = re.compile(
    r"tmux|tungsten|agent\.engine|(?<![-\w/.])engine(?![-\w/.])|pgrep\s+-[uU]|systemd|dbus|sshd|gnome|Xorg|wayland|\bPPID\b|login|init\b|launchd|WindowServer"
)
"""Names, in what chooses processes, of those that hold the session or watch over it."""


def kills_all(text: str) -> bool:
    """What is listed to be killed is every process, none chosen."""
    return _EVERYONE.search(text) is not None and _CHOOSES.search(text) is None


def kill(call: Call) -> None:
    """`kill`, `killall`, `pkill`: the session, the supervisor and everything are out of bounds."""
    program = call.argv[0].rpartition("/")[2]
    rest = call.argv[1:]
    raw = " ".join(rest) + " " + raw_text(call)
    if any(a in ("-l", "-L", "--list") for a in rest) or (program == "kill" and rest[:1] == ["-0"]):
        call.low()
        return
    if SUPERVISORS.search(raw):
        call.high("kills the session or the supervisor")
        return
    if kills_all(raw):
        call.high("kills every process")
        return
    if program == "kill":
        operands = [
            a
            for a in rest
            if not re.match(r"^-(?:[A-Z]+[0-9]*|\d+|s|n)$", a) or (a == "-1" and rest.index(a) > 0)
        ]
        if any(
            a in ("-1", "1", "0", "$PPID", "$$") or (re.fullmatch(r"--?", a) is None and a == "-1")
            for a in operands
        ):
            call.high("kills the session or every process")
        if any(re.search(r"[*?\[]", a) for a in operands):
            call.high("kills every process")
        if "--" in rest and any(a in ("-1", "1") for a in rest[rest.index("--") :]):
            call.high("kills every process")
        if len(rest) >= 2 and rest[-1] in ("-1", "1"):
            call.high("kills every process")
    else:
        options, operands = split(call.argv, ("-s", "--signal", "-u", "-U", "-g", "-P", "-t"))
        if value(call.argv, "-u", "-U", "--user", "--euid", "--uid") or any(
            o.startswith("-v") for o in options
        ):
            call.high("kills every process of a user")
        names = [o for o in operands if not o.isdigit()]
        if any(
            re.fullmatch(
                r"(?i)\W*|bash|zsh|sh|fish|ssh|\.\*?|docker\w*|containerd|python[\d.]*|terminal|iterm2?|[\w-]*-terminal\w*"
                r"|alacritty|kitty|wezterm(?:-gui)?|konsole|xterm|ghostty|foot|tilix|finder|dock|systemuiserver|loginwindow|explorer|plasmashell|sway|i3|hyprland|kwin\w*|xfwm4|xfce4-session|cinnamon|pipewire|pulseaudio|networkmanager|wpa_supplicant|crond?|launchd|screen|zellij",
                n,
            )
            for n in names
        ):
            call.high("kills shells, sessions or services")
        if UNKNOWN in raw and any(UNKNOWN in n for n in names):
            call.opaque("kills something that cannot be known")
        if value(call.argv, "-t"):
            call.high("kills a terminal's processes")
    call.medium("ends a process")


def task_kill(call: Call) -> None:
    """`taskkill`, `tskill`, `pskill`: one process, or whatever a filter chooses."""
    words = [w.lower() for w in call.argv[1:]]
    if any(re.fullmatch(r"[/-](?:fi|s|u)", w) for w in words):
        call.high("kills whatever a filter chooses, or on another machine")
    if any("*" in w or re.fullmatch(_WINDOWS_SESSION, w) for w in words):
        call.high("kills shells, sessions or services")
    call.medium("ends a process")


_WINDOWS_SESSION = (
    r"(?:explorer|winlogon|csrss|lsass|services|svchost|smss|wininit|dwm|conhost|windowsterminal|cmd|powershell|pwsh"
    r"|bash|sh|zsh|ssh|sshd|tmux|docker\w*|system|wsl\w*|msmpeng|[01]|4)(?:\.exe)?"
)


def niceness(call: Call) -> None:
    """`renice`: a process of one's own may be made to wait for others."""
    argv = call.argv
    whose = any(re.match(r"^-\w*[ug]|^--(?:user|pgrp)", a) for a in argv[1:])
    level = value(argv, "-n", "--priority") or argv[1:2]
    lowers = all(re.fullmatch(r"\+?\d+", text) for text in level)
    pids = split(argv, ("-n", "--priority"))[1]
    pids = pids if value(argv, "-n", "--priority") else pids[1:]
    if whose or not lowers or not pids or not all(_ONE_PROCESS.fullmatch(p) for p in pids):
        call.high("renice: changes the machine")
    call.medium("makes a process wait for others")


_ONE_PROCESS = re.compile(r"\$\$|\d{2,}|[2-9]")


def fuser(call: Call) -> None:
    """`fuser -k`: ends whatever uses a port or a file system."""
    options, operands = split(call.argv, ("-n", "-s", "--namespace"))
    if not any(re.match(r"^-\w*k|^--kill", o) for o in options):
        call.low()
    elif any(re.match(r"^-\w*m", o) for o in options) or any(
        not re.match(r"^\d{4,5}(?:/(?:tcp|udp))?$", o) for o in operands
    ):
        call.high("kills whatever uses a system port or a directory")
    else:
        call.medium("ends what uses a port")


def scheduled(call: Call) -> None:
    """`crontab`, `at`: what runs later."""
    if call.argv[1:] in (["-l"], ["-q"], ["-V"]) or (
        call.argv[1:2] == ["-l"] and len(call.argv) == 2
    ):
        call.low()
        return
    call.high("plants something that runs later, or removes it")


_RUN_VALUED = frozenset(
    wordlist(
        """-p --property --unit -u --on-calendar --uid --gid --on-active --on-boot --on-startup
        --on-unit-active --on-unit-inactive --slice -M --machine -H --host -E --setenv --description
        --working-directory --nice --service-type --path-property --socket-property --timer-property
        --background --job-mode"""
    )
)


def systemd_run(call: Call) -> None:
    """`systemd-run`: runs its command outside of this session, with what its properties say."""
    argv = spread(call.argv[: _payload_at(call.argv)], _RUN_VALUED)
    outside = (
        "--on-",
        "--uid",
        "--gid",
        "--unit",
        "-u",
        "--timer",
        "--path",
        "--socket",
        "-M",
        "-H",
    )
    if (
        any(a.startswith((*outside, "--machine", "--host", "--system")) for a in argv[1:])
        or "--user" not in argv
    ):
        call.high("runs something as a service, outside of this session")
    properties = ("-p", "--property", "--path-property", "--socket-property", "--timer-property")
    for text in value(argv, *properties):
        name, _, setting = text.partition("=")
        if name.startswith("Exec"):
            call.shell(setting.lstrip("@-:+!|"))
            call.high("has a service run more than its command", f"sets {name}")
        elif name == "Environment":
            for each in setting.split():
                variable, _, content = each.partition("=")
                call.evaluator.variable(variable, [content], call, exported=True)
        elif name in ("EnvironmentFile", "RootDirectory", "RootImage", "BindPaths", "PAMName"):
            call.high("gives a service another ground to stand on", f"sets {name}")
        elif name.startswith("Standard") and ":" in setting:
            how, _, path = setting.partition(":")
            call.reads(path) if name == "StandardInput" or how == "fd" else call.writes(path)
    for text in value(argv, "-E", "--setenv"):
        variable, _, content = text.partition("=")
        call.evaluator.variable(variable, [content], call, exported=True)
    state = call.evaluator.state
    before = state.cwd
    for directory in value(argv, "--working-directory"):
        state.cwd = call.place(directory).path
    call.run(call.argv[_payload_at(call.argv) :])
    state.cwd = before
    call.medium("runs something as a service")


def _payload_at(argv: list[str]) -> int:
    """Where the command begins that `systemd-run` is to run."""
    at = 1
    while at < len(argv):
        word = argv[at]
        if word == "--":
            return at + 1
        if word[:1] != "-" or word == "-":
            return at
        cluster = word[:2] != "--" and len(word) > 2
        last = f"-{word[-1]}" if cluster else word
        early = cluster and any(f"-{letter}" in _RUN_VALUED for letter in word[1:-1])
        at += 2 if last in _RUN_VALUED and not early else 1
    return at
