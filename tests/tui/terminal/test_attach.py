"""Attaching for real: an app inside a real tmux gives its terminal to another real tmux."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tui.terminal.attach import _Server

ROOT = Path(__file__).parents[3]
HOST = Path(__file__).with_name("attach_host.py")


def app(python: str, socket: Path, pane: str, *, nested: bool) -> str:
    command = f"{shlex.quote(python)} {HOST} {socket} {pane}"
    unset = "" if nested else "-u TMUX -u TMUX_PANE "
    return f"env {unset}PYTHONPATH={ROOT} {command}"


def slow_tmux(directory: Path) -> str:
    """A PATH on which a tmux client says that it begins, and then waits until it may."""
    program = directory / "bin" / "tmux"
    program.parent.mkdir()
    program.write_text(
        f"""#!/bin/sh
case "$*" in *attach-session*)
    : > {directory}/begun
    until [ -e {directory}/may-go-on ]; do sleep 0.05; done
esac
exec {shutil.which("tmux")} "$@"
"""
    )
    program.chmod(0o700)
    return f"{program.parent}:{os.environ['PATH']}"


@pytest.mark.parametrize("nested", [True, False])
def test_attach_and_come_back(
    private: Any, outer: Any, python: str, nested: bool, directory: Path
) -> None:
    agent = private.start("PS1='agent> ' exec bash --norc -i")
    private.wait_for(agent, "agent>")
    path = shlex.quote(slow_tmux(directory))
    person = outer.start(f"PATH={path} {app(python, private.socket, agent, nested=nested)}")
    outer.wait_for(person, "the cockpit")
    outer.keys(person, "o")
    outer.wait_for(person, lambda _: (directory / "begun").exists())
    # Typed ahead: a line, and the beginning of another.
    outer.keys(person, "echo early $((40+1))", "Enter", "echo 4")
    (directory / "may-go-on").touch()
    private.wait_for(agent, "early 41")
    outer.keys(person, "3", "Enter")
    outer.wait_for(person, "F12 returns to Tungsten")
    private.wait_for(agent, "\n43\n")
    outer.keys(person, "echo typed by $((40+2))", "Enter")
    private.wait_for(agent, "typed by 42")
    outer.wait_for(person, "typed by 42")
    outer.keys(person, "F12")
    outer.wait_for(person, "back again")
    # Only the inner client is gone, and the pane gets its row back.
    assert outer.run("list-clients") == ""
    assert private.run("list-clients") == ""
    assert private.run("show-options", "-t", agent, "status") == ""
    assert private.run("list-keys", "-T", "root", "F12") == ""
    assert "typed by 42" in private.screen(agent)
    outer.keys(person, "C-q")
    left = outer.wait_for(person, lambda screen: "back again" not in screen)
    assert "detached" not in left


def test_a_pane_that_is_gone(private: Any, outer: Any, python: str) -> None:
    private.start("exec cat")
    person = outer.start(app(python, private.socket, "%99", nested=True))
    outer.wait_for(person, "the cockpit")
    outer.keys(person, "o")
    outer.wait_for(person, "that terminal is gone")


def test_attaching_starts_no_server(tmp_path: Path) -> None:
    socket = tmp_path / "none.sock"
    assert _Server(shutil.which("tmux") or "", str(socket)).attach("$0:@0") != 0
    assert not socket.exists()


def test_the_server_ends_while_attached(private: Any, outer: Any, python: str) -> None:
    agent = private.start("exec cat")
    person = outer.start(app(python, private.socket, agent, nested=True))
    outer.wait_for(person, "the cockpit")
    outer.keys(person, "o")
    outer.wait_for(person, "F12 returns to Tungsten")
    private.kill()
    outer.wait_for(person, lambda screen: "back again" in screen or "could not attach" in screen)


def test_the_agents_program_ends_while_attached(private: Any, outer: Any, python: str) -> None:
    agent = private.start("exec cat")
    person = outer.start(app(python, private.socket, agent, nested=True))
    outer.wait_for(person, "the cockpit")
    outer.keys(person, "o")
    outer.wait_for(person, "F12 returns to Tungsten")
    outer.keys(person, "C-c")
    private.wait_until_dead(agent)
    outer.wait_for(person, "Pane is dead")
    outer.keys(person, "F12")
    outer.wait_for(person, "back again")


def test_a_server_that_is_killed_leaves_no_mode_behind(
    private: Any, outer: Any, python: str
) -> None:
    agent = private.start("exec cat")
    person = outer.start(app(python, private.socket, agent, nested=True))
    flags = "#{keypad_cursor_flag}#{keypad_flag}"
    outer.wait_for(person, "the cockpit")
    outer.keys(person, "o")
    outer.wait_for(person, "F12 returns to Tungsten")
    assert outer.run("display-message", "-p", "-t", person, flags) == "11"
    os.kill(int(private.run("display-message", "-p", "#{pid}")), signal.SIGKILL)
    outer.wait_for(person, "could not attach")
    assert outer.run("display-message", "-p", "-t", person, flags) == "00"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("hangs", [False, True])
def test_a_signal_ends_an_app_that_is_attached(
    private: Any, outer: Any, python: str, number: int, hangs: bool
) -> None:
    agent = private.start("exec cat")
    server = int(private.run("display-message", "-p", "#{pid}"))
    person = outer.start(app(python, private.socket, agent, nested=True))
    outer.wait_for(person, "the cockpit")
    outer.keys(person, "o")
    outer.wait_for(person, "F12 returns to Tungsten")
    try:
        if hangs:
            os.kill(server, signal.SIGSTOP)
        os.kill(int(outer.run("display-message", "-p", "-t", person, "#{pane_pid}")), number)
        outer.wait_until_dead(person)
        status = outer.run("display-message", "-p", "-t", person, "#{pane_dead_status}")
        assert status == str(128 + number)
    finally:
        os.kill(server, signal.SIGCONT)
    assert private.run("list-clients") == ""
