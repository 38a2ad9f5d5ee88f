"""Checks of the terminal: tmux and its panes, the wall, and what the app is drawn on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import Mapping

from agent.doctor.check import Check, Surroundings, ask, install, tmux_program
from agent.engine.peer import listener_pid
from agent.settings import config
from agent.settings.config import ConfigError
from tungsten.tmux.control_client import MINIMUM_VERSION, parse_version
from tungsten.wall import NoWall, available

ANSWER_SECONDS = 2.0
"""How long the tmux server of the panes may take to answer."""

LONGEST_ESCAPE = 10
"""Milliseconds of an outer tmux's `escape-time`: its default since 3.5. With more, it takes Esc and
the letter that a person types next for Alt with that letter."""

LEAST_SIZE = (80, 24)
"""Columns and rows at which everything works."""


async def check_tmux(around: Surroundings) -> Check:
    """Whether tmux is there, and new enough."""
    program = tmux_program(around)
    found = shutil.which(program, path=around.environment.get("PATH"))
    if found is None:
        return Check("tmux", "problem", f"{program} is not installed", install("tmux"))
    status, output = await ask(found, "-V")
    version = output.strip().removeprefix("tmux ").strip()
    if status != 0 or not version:
        return Check("tmux", "problem", f"{found} does not run", install("tmux"))
    least = ".".join(map(str, MINIMUM_VERSION))
    if parse_version(version) < MINIMUM_VERSION:
        text = f"{found} is version {version}, {least} or newer is needed"
        return Check("tmux", "problem", text, install("tmux"))
    return Check("tmux", "ok", f"{version} ({found})")


async def check_panes(around: Surroundings) -> Check:
    """Whether the tmux server of the panes answers, if one runs."""
    path = around.paths.tmux_socket
    server = listener_pid(path)
    if server is None:
        return Check("panes", "ok", "no tmux server runs; it starts when needed")
    # No pipes: tmux hands its descriptors to the server, which would keep them open.
    process = await asyncio.create_subprocess_exec(
        *(tmux_program(around), "-S", str(path), "list-sessions"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await asyncio.wait_for(process.wait(), ANSWER_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        text = f"the tmux server of the panes (pid {server}) does not answer"
        remedy = f"kill -CONT {server}; if that does not help: tungsten kill-engine --panes"
        return Check("panes", "problem", text, remedy)
    return Check("panes", "ok", "the tmux server answers")


async def check_wall(around: Surroundings) -> Check:
    """Whether a wall can be built around panes."""
    try:
        builder = await asyncio.to_thread(available)
    except NoWall as error:
        # Its first sentence says what to do: nothing else keeps anybody from working without one.
        text, _, remedy = str(error).partition(": ")
        wanted = _walled(around)
        return Check("wall", "problem" if wanted else "warning", text, remedy)
    return Check("wall", "ok", f"can be built around panes, by {builder}")


def _walled(around: Surroundings) -> bool:
    try:
        settings = config.load(around.paths, environment=around.environment)
    except ConfigError:
        return False
    return settings.wall.mode == "on"


async def check_terminal(around: Surroundings) -> Check:
    """What the terminal can show."""
    term = around.environment.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        text = f"TERM is {term or 'not set'}, so nothing can be drawn"
        return Check("terminal", "problem", text, "export TERM=xterm-256color")
    size = _size()
    if size is None:
        return Check("terminal", "ok", f"{term}; output is no terminal now, so no size to check")
    columns, rows = size
    text = f"{term}, {columns}×{rows}, {_colours(around.environment)}"
    if columns < LEAST_SIZE[0] or rows < LEAST_SIZE[1]:
        remedy = f"make the window at least {LEAST_SIZE[0]}×{LEAST_SIZE[1]}"
        return Check("terminal", "warning", text, remedy)
    if _colours(around.environment) == "16 colours":
        remedy = "export TERM=xterm-256color, and COLORTERM=truecolor if the terminal can"
        return Check("terminal", "warning", text, remedy)
    return Check("terminal", "ok", text)


async def check_locale(around: Surroundings) -> Check:
    """Whether lines and symbols are written as UTF-8."""
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    name = next((name for name in names if around.environment.get(name)), "")
    value = around.environment.get(name, "")
    if value.lower().replace("-", "").endswith("utf8") or (sys.platform == "darwin" and not value):
        return Check("locale", "ok", f"{name}={value}" if name else "UTF-8")
    text = f"{name}={value} is not UTF-8" if name else "no locale is set, so not UTF-8"
    remedy = "export LANG=C.UTF-8" if name != "LC_ALL" else "export LC_ALL=C.UTF-8"
    return Check("locale", "warning", f"{text}: lines and symbols may look wrong", remedy)


async def check_outer_tmux(around: Surroundings) -> Check:
    """What the tmux around the app, if any, lets through; the private server needs nothing."""
    name = "outer tmux"
    socket = around.environment.get("TMUX", "").split(",")[0]
    if not socket:
        return Check(name, "ok", "not inside tmux")
    tmux = shutil.which(tmux_program(around), path=around.environment.get("PATH"))
    if tmux is None:
        return Check(name, "ok", "inside tmux, which is checked above")
    asked = "#{focus-events}\t#{allow-passthrough}\t#{set-clipboard}\t#{escape-time}"
    status, output = await ask(tmux, "-S", socket, "display-message", "-p", asked)
    values = output.rstrip("\n").split("\t")
    if status != 0 or len(values) != 4:
        return Check(name, "warning", "inside a tmux that does not answer", "start a new terminal")
    focus, passthrough, clipboard, escape = values
    missing = []
    if focus in ("off", "0"):
        missing.append("set -g focus-events on")
    if passthrough in ("off", "0"):
        missing.append("set -g allow-passthrough on")
    if clipboard in ("off", "0"):
        missing.append("set -g set-clipboard on")
    if escape.isdecimal() and int(escape) > LONGEST_ESCAPE:
        missing.append(f"set -sg escape-time {LONGEST_ESCAPE}")
    if missing:
        text = (
            "it keeps focus changes, notifications, copied text or a letter right behind Esc "
            "from Tungsten"
        )
        return Check(name, "warning", text, f"put into ~/.tmux.conf: {'; '.join(missing)}")
    return Check(name, "ok", "inside tmux, which lets focus, notifications and copies through")


def _colours(environment: Mapping[str, str]) -> str:
    if environment.get("NO_COLOR"):
        return "no colours (NO_COLOR is set)"
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "true colour"
    term = environment.get("TERM", "")
    if "direct" in term:
        return "true colour"
    return (
        "256 colours" if "256" in term or "kitty" in term or "alacritty" in term else "16 colours"
    )


def _size() -> tuple[int, int] | None:
    for stream in (sys.__stdout__, sys.__stderr__, sys.__stdin__):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            return tuple(os.get_terminal_size(stream.fileno()))  # type: ignore[union-attr, return-value]
    return None
