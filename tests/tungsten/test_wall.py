"""The wall, in real namespaces: what does not exist behind it, and that panes work there."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from pathlib import Path

import psutil
import pytest

from tungsten import wall as walls
from tungsten.pane import ForExit, ForPrompt, ForText
from tungsten.terminal import Terminal
from tungsten.wall import NoWall, around


@pytest.fixture(params=["bwrap", "unshare"])
def builder(request):
    fault = walls._fault(request.param)
    if fault:
        pytest.skip(f"no wall with {request.param} here: {fault}")
    return request.param


@pytest.fixture
def project(home):
    (home / ".ssh").mkdir()
    (home / ".ssh" / "id_ed25519").write_text("PRIVATE")
    (home / ".config" / "gh").mkdir(parents=True)
    (home / ".config" / "gh" / "hosts.yml").write_text("PRIVATE")
    (home / ".netrc").write_text("PRIVATE")
    directory = home / "project"
    directory.mkdir()
    return directory


@pytest.fixture
def wall(builder, project, home, runtime):
    return around(project, home=home, own=[runtime], builder=builder)


def behind(wall, *argv, cwd=None, note=None):
    command = wall.enclose(argv, cwd or wall.project, note)
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def exists(wall, path):
    return behind(wall, "test", "-e", str(path)).returncode == 0


def test_what_is_hidden_does_not_exist(wall, home, project, runtime):
    (runtime / "tmux.sock").touch()
    (runtime / "engine.sock").touch()
    for path in (
        *(home / ".ssh", home / ".config" / "gh", home / ".netrc", home / "unknown"),
        *(runtime / "tmux.sock", runtime / "engine.sock"),
    ):
        assert not exists(wall, path), path
    assert exists(wall, home / ".bashrc")
    assert exists(wall, project)


def test_the_project_can_be_written_and_nothing_else(wall, home, project):
    script = (
        'echo made > made; for each in "$@"; do (: > "$each") 2>/dev/null && echo "$each"; done'
    )
    outside = [str(home / ".bashrc"), "/usr/made", "/etc/made"]
    done = behind(wall, "sh", "-c", script, "sh", *outside)
    assert done.stdout == "", done
    assert (project / "made").read_text() == "made\n"
    assert "PS1" in (home / ".bashrc").read_text()


def test_the_kernel_cannot_be_changed(wall):
    # For root too: what core_pattern names runs outside.
    script = (
        "find /proc /sys -maxdepth 5 -type f -writable -not -path '/proc/[0-9]*' "
        "-not -path '/proc/self/*' -not -path '/proc/thread-self/*' "
        "-exec sh -c 'for f; do (: >>\"$f\") 2>/dev/null && echo $f; done' sh {} + 2>/dev/null"
    )
    done = behind(wall, "sh", "-c", script)
    written = {line for line in done.stdout.split() if not line.startswith("/proc/pressure/")}
    assert not written, written
    assert behind(wall, "sh", "-c", ": >> /proc/sys/kernel/core_pattern").returncode != 0


def test_its_home_is_a_private_one(wall, home):
    done = behind(wall, "sh", "-c", f"echo x > {home}/own && cat {home}/own")
    assert done.stdout == "x\n", done
    assert not (home / "own").exists()


def test_no_other_process_is_there(wall):
    done = behind(wall, "sh", "-c", f"ls -d /proc/[0-9]* | wc -l; kill -0 {os.getpid()} 2>&1")
    assert int(done.stdout.split()[0]) < 8
    assert done.returncode != 0


def test_no_socket_outside_can_be_reached(wall, runtime):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(runtime / "any.sock"))
        listening.listen()
        code = "import socket,sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
        done = behind(wall, "/usr/bin/env", "python3", "-c", code, str(runtime / "any.sock"))
        assert done.returncode != 0
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_it_cannot_be_taken_down(wall, home):
    done = behind(
        wall, "sh", "-c", f"umount {home}; umount -l {home}; grep CapEff /proc/self/status"
    )
    assert done.stdout.split() == ["CapEff:", "0000000000000000"]
    # In a namespace of its own it is root, and what is hidden stays locked.
    script = f"id -u; umount {home} || umount -l {home} || mount -o remount,bind,rw /usr || echo no"
    nested = behind(wall, "unshare", "-Urm", "sh", "-c", script)
    assert nested.stdout.split() in (["0", "no"], []), nested


def test_own_files_inside_the_project_are_hidden_too(builder, home, project):
    own = project / "tg"
    (own / "data").mkdir(parents=True)
    (own / "data" / "tungsten.db").write_text("x")
    (project / ".netrc").write_text("mine")
    made = around(project, home=home, own=[own], hide=[str(project / ".netrc")], builder=builder)
    assert not exists(made, own / "data")
    assert behind(made, "cat", str(project / ".netrc")).stdout == ""


def test_a_secret_within_what_is_shown_stays_hidden(builder, home, project):
    (home / ".cargo").mkdir()
    (home / ".cargo" / "credentials.toml").write_text("PRIVATE")
    (home / ".cargo" / "config.toml").write_text("config")
    (home / "notes").mkdir()
    (home / "notes" / "a").write_text("note")
    made = around(project, home=home, show=["~/notes"], hide=["~/notes/b"], builder=builder)
    assert behind(made, "cat", str(home / ".cargo" / "config.toml")).stdout == "config"
    assert behind(made, "cat", str(home / ".cargo" / "credentials.toml")).stdout == ""
    assert behind(made, "cat", str(home / "notes" / "a")).stdout == "note"


def test_without_network_there_is_only_itself(builder, home, project):
    made = around(project, home=home, network=False, builder=builder)
    done = behind(made, "cat", "/proc/net/dev")
    names = {line.split(":")[0].strip() for line in done.stdout.splitlines()[2:]}
    assert names <= {"lo"}


def test_variables_that_lead_to_sockets_are_gone(wall, monkeypatch):
    monkeypatch.setenv("SSH_AUTH_SOCK", "/tmp/agent")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/0")
    assert "SSH_AUTH_SOCK" not in behind(wall, "env").stdout
    assert "XDG_RUNTIME_DIR" not in behind(wall, "env").stdout


def test_walls_that_would_hide_nothing_are_refused(home, project):
    with pytest.raises(NoWall, match="holds your home"):
        around(home, home=home, builder="bwrap")
    with pytest.raises(NoWall, match="holds your home"):
        around(Path("/"), home=home, builder="bwrap")
    with pytest.raises(NoWall, match="is hidden"):
        around(home / ".ssh" / "x", home=home, builder="bwrap")
    with pytest.raises(NoWall, match="does not exist behind the wall"):
        around(project, home=home, builder="bwrap").enclose(["true"], home)


def test_without_a_builder_the_way_out_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    walls._fault.cache_clear()
    try:
        with pytest.raises(NoWall, match="install bubblewrap, or allow unprivileged user"):
            walls.available()
    finally:
        walls._fault.cache_clear()


async def seen(pane, wanted):
    """Look until what has the keyboard is what is wanted: a shell that draws its prompt is busy."""
    async with asyncio.timeout(20):
        while not wanted((looked := await pane.look())[1]):
            pass
        return looked


async def test_a_pane_works_behind_it(wall, terminal, project):
    pane = await terminal.new_pane(name="walled", cwd=project, wall=wall)
    ran = await pane.run("echo $FROM_BASHRC; pwd; test -e ~/.ssh; echo $?", timeout=20)
    assert ran.output.split() == ["yes", str(project), "1"]
    assert (await pane.run("sh -c 'exit 7'", timeout=20)).exit_status == 7
    info, found = await seen(pane, lambda found: found.kind == "shell")
    assert (found.pid, found.name) == (info.pid, "bash")
    assert found.cwd == str(project)
    assert await pane.line() == ""
    await pane.send_text("sleep 100\n")
    await pane.wait(ForText("sleep 100"), 10)
    info, busy = await seen(pane, lambda found: found.name == "sleep")
    assert busy.pid != info.pid
    await pane.send_keys("C-c")
    await pane.wait(ForPrompt(), 20)
    assert (await pane.run("echo back", timeout=20)).output.strip() == "back"
    family = [psutil.Process(info.pid), *psutil.Process(info.pid).children(recursive=True)]
    await pane.kill()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive


async def test_no_trace_of_the_secret_of_the_marks_is_left(wall, terminal, project, runtime):
    pane = await terminal.new_pane(name="walled", cwd=project, wall=wall)
    ran = await pane.run("ls -A /tmp | grep -c note; env | grep -c INTEGRATION", timeout=20)
    assert ran.output.split() == ["0", "0"]
    assert not list(runtime.glob(".*.note"))


async def test_the_next_one_to_look_knows_that_it_is_walled(wall, terminal, project, runtime):
    pane = await terminal.new_pane(name="walled", cwd=project, wall=wall)
    await pane.run("true", timeout=20)
    other = await Terminal.open(runtime / "tmux.sock")
    found = other.pane(pane.id)
    assert found.walled
    info, has = await seen(found, lambda has: has.kind == "shell")
    assert has.pid == info.pid
    await other.close()


async def test_a_program_behind_it_ends_with_its_status(wall, terminal, project):
    pane = await terminal.new_pane(name="walled", cwd=project, command="exit 5", wall=wall)
    await pane.wait(ForExit(), 20)
    assert (await pane.info()).exit_status == 5
