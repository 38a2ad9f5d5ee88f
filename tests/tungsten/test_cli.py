"""`python -m tungsten` as a person runs it, against a real tmux server.

Most of it runs within the test's process: to load Tungsten anew takes ten times as long as what is
asked of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from agent import paths
from tungsten import cli
from tungsten.recordings import asciicast

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def place(runtime: Path) -> Path:
    return runtime / "own.sock"


@pytest.fixture
def variables(home: Path, runtime: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("TMUX", "DISPLAY")}
    return {
        **kept,
        "HOME": str(home),
        "TUNGSTEN_HOME": str(runtime / "home"),
        "TMPDIR": str(runtime),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "100",
    }


@pytest.fixture
def apart(variables: dict[str, str]) -> Run:
    """Run it as a process of its own."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tungsten", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=variables,
            cwd=Path(__file__).parents[2],
        )

    return run


@pytest.fixture
def run(
    variables: dict[str, str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Run it here; what it prints is taken from this process."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        words = [*map(str, arguments)]
        with monkeypatch.context() as patch:
            for name in os.environ.keys() - variables.keys():
                patch.delenv(name)
            for name, value in variables.items():
                patch.setenv(name, value)
            patch.chdir(Path(__file__).parents[2])
            capfd.readouterr()
            status = cli.main(words)
        said = capfd.readouterr()
        return subprocess.CompletedProcess(words, status, said.out, said.err)

    return run


@pytest.fixture
def server(place: Path) -> Iterator[Path]:
    """A person's own server with two panes that echo."""
    tmux = ["tmux", "-u", "-S", str(place), "-f", "/dev/null"]
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    for name in ("work", "play"):
        argv = [*tmux, "new-session", "-d", "-s", name, "-x", "80", "-y", "24", "cat"]
        subprocess.run(argv, check=True, env=env)
    yield place
    subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)


def test_help_names_every_command(apart: Run) -> None:
    said = apart("--help")
    assert said.returncode == 0
    for name in (
        *("list", "run", "send", "capture", "watch", "record", "replay", "text", "export"),
        *("screenshot", "attach"),
    ):
        assert f"\n  {name} " in said.stdout
    assert "--styled" in apart("capture", "--help").stdout
    assert apart().stdout == said.stdout
    assert apart("--version").stdout.startswith("tungsten ")


def test_run_prints_the_output_and_gives_the_status(run: Run, tmp_path: Path) -> None:
    done = run("run", "-C", tmp_path, "pwd; printf 'a b\\n'; (exit 7)")
    assert done.stdout == f"{tmp_path}\na b\n"
    assert done.returncode == 7
    assert done.stderr == ""


def test_run_in_json_with_a_recording(run: Run, tmp_path: Path) -> None:
    cast = tmp_path / "a.cast"
    done = run("run", "--json", "--record", cast, "--width", 60, "--height", 9, "echo hello")
    result = json.loads(done.stdout)
    assert result["exit_status"] == 0
    assert result["output"] == "hello\n"
    assert result["ended"] == "prompt"
    recording = asciicast.read(cast)
    assert (recording.header.width, recording.header.height) == (60, 9)
    assert recording.header.title == "echo hello"
    assert "hello" in "".join(event.data for event in recording.events())
    played = run("replay", "--at-once", cast)
    assert "hello" in played.stdout
    whole = run("text", cast).stdout.splitlines()
    assert whole[0].endswith("echo hello")
    assert whole[1] == "hello"
    assert run("text", "--last", 2, cast).stdout.splitlines() == whole[-2:]
    assert run("text", "--last", 0, cast).stdout == ""


def test_run_gives_up_in_time_and_leaves_nothing(run: Run, runtime: Path) -> None:
    done = run("run", "--timeout", "0.2", "sleep 1000")
    assert done.returncode == 124
    assert "did not end in 0.2 seconds" in done.stderr
    assert not list(runtime.glob("tungsten-*"))


def test_list_send_capture(run: Run, server: Path) -> None:
    listed = run("-S", server, "list")
    assert listed.stdout.splitlines()[0].split() == [
        "PANE",
        "SESSION",
        "SIZE",
        "PROGRAM",
        "DIRECTORY",
    ]
    panes = json.loads(run("-S", server, "list", "--json").stdout)
    assert {pane["session"] for pane in panes} == {"work", "play"}
    assert run("-S", server, "send", "work", "hello there", "--enter").returncode == 0
    assert run("-S", server, "send", "work", "-k", "x", "-k", "C-h", "--enter").returncode == 0
    assert run("-S", server, "send", "work", "--paste", "pasted", "-e").returncode == 0
    shown = json.loads(run("-S", server, "capture", "work", "--json").stdout)
    assert shown["text"].startswith("hello there\n")
    assert shown["width"] == 80
    assert "pasted" in run("-S", server, "capture", "%0").stdout
    assert "hello" not in run("-S", server, "capture", "play").stdout
    run("-S", server, "send", "play", "\n".join(f"line {n}" for n in range(40)), "-e")
    above = ("--above", 5, "--history", 2)
    told = json.loads(run("-S", server, "capture", "play", *above, "--json").stdout)
    assert run("-S", server, "capture", "play", *above).stdout == told["text"] + "\n"
    first, second = (int(line.split()[1]) for line in told["text"].splitlines())
    assert told["above"] == 5 < told["size"]
    assert second in (first, first + 1)
    assert run("-S", server, "capture", "play", "--above", 5).returncode == 2


def test_what_is_listed_commands_nothing(run: Run, server: Path, tmp_path: Path) -> None:
    odd = tmp_path / "a\x1b[2J\x9bb\u202e"
    odd.mkdir()
    new = ["tmux", "-u", "-S", str(server), "new-session", "-d", "-s", "odd", "-c", str(odd), "cat"]
    subprocess.run(new, check=True)
    said = run("-S", server, "list").stdout
    assert f"{tmp_path}/a" in said
    assert all(line.isprintable() for line in said.split("\n"))
    assert run("-S", server, "list", "--json").stdout.isascii()
    refused = run("-S", server, "capture", "no\x1b]52;c;eA==\x07such").stderr
    assert refused.strip().isprintable()


def test_capture_hides_secrets_on_request(run: Run, server: Path) -> None:
    token = "ghp_" + "aB3dE6gH9" * 4
    run("-S", server, "send", "work", token, "-e")
    assert token in run("-S", server, "capture", "work").stdout
    assert token not in run("-S", server, "capture", "work", "--mask").stdout


def test_screenshot(run: Run, server: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    done = run("-S", server, "screenshot", "work", file, "--json")
    told = json.loads(done.stdout)
    assert file.read_bytes().startswith(b"\x89PNG")
    assert max(told["width"], told["height"]) <= 1568
    without = run("screenshot", "--display", tmp_path / "b.png")
    assert without.returncode == 1
    assert "no display" in without.stderr
    assert without.stderr.count("\n") == 1
    assert run("screenshot", tmp_path / "c.png").returncode == 2


Started = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(server: Path, variables: dict[str, str]) -> Iterator[Started]:
    started = contextlib.ExitStack()

    def start(*arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tungsten", "-S", str(server), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=variables,
            cwd=Path(__file__).parents[2],
        )
        started.enter_context(process)
        started.callback(process.kill)
        return process

    with started:
        yield start


def test_record_until_interrupted(server: Path, run: Run, start: Started, tmp_path: Path) -> None:
    cast = tmp_path / "a.cast"
    process = start("record", "work", cast)
    assert process.stderr is not None
    assert "recording %0" in process.stderr.readline()
    run("-S", server, "send", "work", "on the record", "-e")
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert said == f"recorded into {cast}\n"
    assert "on the record" in cast.read_text("utf-8")


def test_watch_tells_what_changes(server: Path, run: Run, start: Started) -> None:
    watching, plain = start("watch", "work", "--json"), start("watch", "work")
    assert watching.stdout is not None
    assert plain.stdout is not None
    # The first is all that there is: facts of an empty screen.
    assert json.loads(watching.stdout.readline())["facts"]["width"] == 80
    run("-S", server, "send", "work", "seen", "-e")
    rows: dict[str, str] = {}
    while rows != {"0": "seen", "1": "seen"}:
        rows |= {
            row: line.strip()
            for row, line in json.loads(watching.stdout.readline())["rows"].items()
            if line.strip()
        }
    assert plain.stdout.readline() == "seen\n"
    for process in (watching, plain):
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_record_in_the_background_and_export(run: Run, server: Path, tmp_path: Path) -> None:
    cast, masked = tmp_path / "a.cast", tmp_path / "b.cast"
    token = "ghp_" + "aB3dE6gH9" * 4
    assert run("-S", server, "record", "--detach", "work", cast).returncode == 0
    run("-S", server, "send", "work", f"my {token} here", "-e")
    again = run("-S", server, "record", "--detach", "work", tmp_path / "c.cast")
    assert again.returncode == 1
    assert "piped already" in again.stderr
    assert run("-S", server, "record", "--stop", "work", cast, "--json").returncode == 0
    assert token in cast.read_text("utf-8")
    assert run("export", cast, masked).returncode == 0
    assert token not in masked.read_text("utf-8")
    assert run("export", cast, masked).returncode == 1


def test_attach_shows_the_pane(server: Path, variables: dict[str, str], runtime: Path) -> None:
    outer = ["tmux", "-S", str(runtime / "outer.sock"), "-f", "/dev/null"]
    inner = f"{sys.executable} -m tungsten -S {server} attach -r work"
    subprocess.run(
        [*outer, "new-session", "-d", "-x", "60", "-y", "10", f"{inner}; read x"],
        check=True,
        env=variables,
        cwd=Path(__file__).parents[2],
    )
    try:
        listing = [
            "tmux",
            "-S",
            str(server),
            "list-clients",
            "-F",
            "#{client_flags} #{session_name}",
        ]
        end = time.monotonic() + 30
        attached = ""
        while "read-only" not in attached and time.monotonic() < end:
            attached = subprocess.check_output(listing, text=True)
            time.sleep(0.05)
        assert "read-only" in attached
        assert "ignore-size" in attached
        assert attached.endswith(" work\n")
    finally:
        subprocess.run([*outer, "kill-server"], check=True)


def test_what_is_not_there_says_so_in_one_line(run: Run, server: Path) -> None:
    for arguments, words in (
        (("list",), "start Tungsten, or choose another server with --own"),
        (("-S", "/none/tmux", "list"), "No tmux server answers at /none/tmux: start tmux there"),
        (("-S", server, "capture", "%99"), "no pane or session %99"),
        (("-S", server, "screenshot", "work", "/none/x.png"), "/none/x.png: No such file"),
        (("replay", "/none.cast"), "No such file"),
        (("run", "-C", "/nowhere", "true"), "does not exist"),
    ):
        done = run(*arguments)
        assert done.returncode == 1
        assert words in done.stderr
        assert done.stderr.startswith("tungsten: ")
        assert done.stderr.count("\n") == 1
        assert done.stdout == ""
    for arguments in (("nonsense",), ("-S", server, "send", "work"), ("--own", "-S", "x", "list")):
        done = run(*arguments)
        assert done.returncode == 2
        assert done.stderr.startswith("tungsten: ")
    # The help that is named is that of the command.
    done = run("screenshot", "x.png")
    assert "screenshot PANE FILE" in done.stderr
    assert "(see python -m tungsten screenshot --help)" in done.stderr


def test_it_finds_the_server_of_the_app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for home in ("", str(tmp_path), str(tmp_path / ("x" * 120)), "relative"):
        for runtime in ("", str(tmp_path), "/nowhere"):
            for data in ("", str(tmp_path / "data"), "relative"):
                monkeypatch.setenv("TUNGSTEN_HOME", home)
                monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
                monkeypatch.setenv("XDG_DATA_HOME", data)
                assert cli.app_socket() == paths.find().tmux_socket


def test_the_package_needs_nothing_of_the_app(variables: dict[str, str]) -> None:
    code = (
        "import sys, tungsten.cli, tungsten.adopted.adopt, tungsten.recordings.recording,"
        "tungsten.recordings.replay, tungsten.screen.picture,"
        "tungsten.screen.display, tungsten.terminal\n"
        "bad = {'agent', 'memory', 'tui', 'textual', 'anthropic', 'pydantic', 'aiosqlite'}\n"
        "print(sorted(bad & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=variables,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout == "[]\n"


@pytest.fixture(autouse=True)
def nothing_of_ours_stays(tmp_path: Path) -> Iterator[None]:
    yield
    left = [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(tmp_path) in word for word in process.info["cmdline"] or [])
        and "pytest" not in " ".join(process.info["cmdline"])
    ]
    assert not psutil.wait_procs(left, timeout=10)[1]
    assert shutil.which("tmux")
