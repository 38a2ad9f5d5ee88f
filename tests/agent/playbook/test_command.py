"""`tungsten play` as a program: what it prints and the status it leaves with."""

from __future__ import annotations

import asyncio
import json
import subprocess

import pytest

from agent.engine.start import kill
from agent.paths import find
from tui.command_line.commands import cli


@pytest.fixture
def tungsten(short_dir, home, monkeypatch, capfd):
    """The command within this process; its engine is one of its own."""
    monkeypatch.setenv("TUNGSTEN_HOME", str(short_dir / "tg"))
    project = short_dir / "project"
    project.mkdir()
    monkeypatch.chdir(project)

    def run(*arguments):
        words = [*map(str, arguments)]
        capfd.readouterr()
        status = cli(words)
        said = capfd.readouterr()
        return subprocess.CompletedProcess(words, status, said.out, said.err)

    yield run
    asyncio.run(kill(find(), panes=True))


def test_from_the_command_line(tungsten, short_dir):
    file = short_dir / "play.yaml"
    assert tungsten("play").returncode == 2
    assert tungsten("play", file).returncode == 2
    file.write_text("steps:\n- rnu: x\n")
    wrong = tungsten("play", file)
    assert wrong.returncode == 2
    assert f"{file}:2: a step begins with one of" in wrong.stdout
    file.write_text("name: one\nsteps:\n- run: echo hi > made\n- screenshot: seen\n")
    assert tungsten("play", file, "--check").stdout == f"{file}: 2 steps, all right\n"
    taken = tungsten("play", file, "--screenshots", file)
    assert taken.returncode == 2
    assert f"{file} cannot be made for the screenshots (File exists)" in taken.stdout + taken.stderr
    shots = short_dir / "new" / "shots"
    done = tungsten("play", file, "--screenshots", shots)
    assert done.returncode == 0, done
    assert done.stdout.splitlines()[-1] == "done: 2 steps done"
    assert (shots / "seen.png").read_bytes().startswith(b"\x89PNG")
    exported = tungsten("play", "--export", "one")
    assert "- run: echo hi > made\n- screenshot: seen\n" in exported.stdout
    unknown = tungsten("play", "--export", "nobody")
    assert unknown.returncode == 1
    assert "no session is called nobody" in unknown.stderr
    file.write_text("steps:\n- run: sudo reboot\n")
    told = tungsten("play", file).stdout.splitlines()
    # Why, once, and what came of it.
    assert told[1:] == [
        "needs a person: sudo reboot",
        "denied        1 run: sudo reboot",
        "    sudo: runs with other privileges",
        f"step 1 ({file}:2, run: sudo reboot) was denied: nobody was there",
    ]
    denied = tungsten("play", file, "--json")
    assert denied.returncode == 3
    last = json.loads(denied.stdout.splitlines()[-1])
    assert (last["status"], last["exit_status"]) == ("denied", 3)
    assert tungsten("play", file, "--mode", "wild").returncode == 2


def test_nothing_that_is_printed_commands_the_terminal(tungsten, short_dir):
    file = short_dir / "play.yaml"
    file.write_text('name: "a\\e[2Jb"\nsteps:\n- run: "sudo echo \\e]52;c;eA==\\a\\x9B2J"\n')
    said = tungsten("play", file).stdout
    assert "needs a person: sudo echo ^[]52;c;eA==^G‹U+009B›2J" in said
    assert "1 run: sudo echo ^[]52;c;eA==^G‹U+009B›2J" in said
    assert all(line.isprintable() for line in said.split("\n"))
    assert tungsten("play", file, "--json").stdout.isascii()
