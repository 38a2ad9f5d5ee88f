# ruff: noqa: ASYNC221, ASYNC240
from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from agent.demo.responder import DemoResponder
from agent.doctor import examine as examination
from agent.doctor import model
from agent.doctor.check import Check
from agent.doctor.examine import examine
from agent.engine.peer import listener_pid
from agent.model import endpoint
from agent.model.local_server.server import LocalMessagesServer
from agent.paths import Paths
from agent.protocol.greeting import Refused
from agent.settings import credentials
from agent.settings.credentials import Credentials
from agent.settings.models import DEMO_MODEL
from agent.settings.variables import NAMES as CHOOSING
from memory import Database
from tungsten.terminal import Terminal
from tungsten.version import __version__

NAMES = [
    "tmux",
    "wall",
    "terminal",
    "locale",
    "outer tmux",
    "settings",
    "model",
    "directories",
    "runtime directory",
    "disk",
    "database",
    "snapshots",
    "panes",
    "engine",
    "hooks",
    "git",
    "python",
]


@pytest.fixture
def environment(short_dir: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "en_GB.UTF-8",
    }


@pytest.fixture(autouse=True)
def _nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be asked of Anthropic is asked where nothing listens."""
    monkeypatch.setattr(endpoint, "ANTHROPIC_URL", "http://127.0.0.1:1")


@pytest.fixture
async def served(environment: dict[str, str]) -> AsyncIterator[LocalMessagesServer]:
    """A model server that the environment chooses, with the key that it wants."""
    async with LocalMessagesServer(DemoResponder(), api_key="very-secret") as server:
        environment["ANTHROPIC_BASE_URL"] = server.base_url
        environment["ANTHROPIC_API_KEY"] = "very-secret"
        environment["TUNGSTEN_MODEL"] = DEMO_MODEL
        yield server


async def checks(paths: Paths, environment: Mapping[str, str], **options: Path) -> dict[str, Check]:
    found = await examine(paths, environment=environment, **options)
    for check in found:
        assert check.status in ("ok", "warning", "problem")
        assert check.status == "ok" or check.remedy, check
        assert "\n" not in check.text + check.remedy
        assert "secret" not in check.text + check.remedy
    return {check.name: check for check in found}


async def test_all_is_well_and_nothing_is_made(
    paths: Paths, environment: dict[str, str], served: LocalMessagesServer, short_dir: Path
) -> None:
    before = sorted(short_dir.rglob("*"))
    found = await checks(paths, environment)
    assert list(found) == NAMES
    for name in ("git", "wall"):
        # Both are the machine's matter.
        assert found.pop(name).status in ("ok", "warning")
    assert {check.status for check in found.values()} == {"ok"}, found
    assert "ANTHROPIC_API_KEY" in found["model"].text
    assert "not running" in found["engine"].text
    assert sorted(short_dir.rglob("*")) == before


async def test_before_the_first_start_nothing_is_missing(
    short_dir: Path, environment: dict[str, str]
) -> None:
    nowhere = Paths(short_dir / "a" / "c", short_dir / "a" / "d", short_dir / "a" / "r")
    found = await checks(nowhere, environment)
    assert {found[name].status for name in ("directories", "runtime directory", "disk")} == {"ok"}
    assert not (short_dir / "a").exists()


def program(directory: Path, name: str, script: str) -> None:
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("script", "status", "text"),
    [
        ("echo tmux 3.1c", "problem", "is version 3.1c, 3.2 or newer is needed"),
        ("echo tmux 3.2a", "ok", "3.2a"),
        ("echo tmux next-3.6", "ok", "next-3.6"),
        ("echo tmux master", "ok", "master"),
        ("exit 1", "problem", "does not run"),
        (":", "problem", "does not run"),
    ],
)
async def test_versions_of_tmux(
    paths: Paths, environment: dict[str, str], script: str, status: str, text: str
) -> None:
    program(paths.data / "bin", "tmux", script)
    environment["PATH"] = f"{paths.data / 'bin'}:{environment['PATH']}"
    check = (await checks(paths, environment))["tmux"]
    assert check.status == status
    assert text in check.text


async def test_without_tmux_and_git(paths: Paths, environment: dict[str, str]) -> None:
    environment["PATH"] = str(paths.data)
    found = await checks(paths, environment)
    assert (found["tmux"].status, found["git"].status) == ("problem", "warning")
    assert "tmux" in found["tmux"].remedy
    assert "git" in found["git"].remedy


async def test_a_program_that_hangs_is_reported_and_ended(
    paths: Paths, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = paths.data / "pid"
    program(paths.data / "bin", "tmux", f"echo $$ > {pid}; exec sleep 600")
    environment["PATH"] = f"{paths.data / 'bin'}:{environment['PATH']}"
    monkeypatch.setattr(examination, "CHECK_SECONDS", 0.5)
    check = (await checks(paths, environment))["tmux"]
    assert (check.status, check.text) == ("problem", "no answer within 0.5 s")
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


@pytest.mark.parametrize(
    ("changes", "name", "status", "text"),
    [
        ({"TERM": ""}, "terminal", "problem", "TERM is not set"),
        ({"TERM": "dumb"}, "terminal", "problem", "TERM is dumb"),
        ({"LANG": "C"}, "locale", "warning", "LANG=C is not UTF-8"),
        ({"LC_ALL": "POSIX"}, "locale", "warning", "LC_ALL=POSIX is not UTF-8"),
        ({"LC_CTYPE": "C.utf8", "LANG": "C"}, "locale", "ok", "LC_CTYPE=C.utf8"),
        ({"TMUX": "/nowhere/tmux,1,0"}, "outer tmux", "warning", "does not answer"),
        ({}, "model", "warning", "none is chosen yet"),
        ({"ANTHROPIC_BASE_URL": "x"}, "settings", "problem", "ANTHROPIC_BASE_URL: base_url must"),
        ({"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}, "model", "problem", "no model is named"),
    ],
)
async def test_what_the_environment_says(
    paths: Paths,
    environment: dict[str, str],
    changes: dict[str, str],
    name: str,
    status: str,
    text: str,
) -> None:
    check = (await checks(paths, environment | changes))[name]
    assert check.status == status
    assert text in check.text


async def test_inside_tmux_what_it_keeps_back_is_named(
    paths: Paths, environment: dict[str, str], short_dir: Path
) -> None:
    socket = short_dir / "outer.sock"
    tmux = ["tmux", "-S", str(socket), "-f", "/dev/null"]
    subprocess.run([*tmux, "new-session", "-d", "cat"], check=True)
    try:
        environment["TMUX"] = f"{socket},1,0"
        subprocess.run([*tmux, "set", "-g", "focus-events", "off"], check=True)
        check = (await checks(paths, environment))["outer tmux"]
        assert check.status == "warning"
        assert "set -g focus-events on" in check.remedy
        for option in ("focus-events", "allow-passthrough", "set-clipboard"):
            subprocess.run([*tmux, "set", "-gq", option, "on"], check=True)
        subprocess.run([*tmux, "set", "-sg", "escape-time", "500"], check=True)
        check = (await checks(paths, environment))["outer tmux"]
        assert check.remedy == "put into ~/.tmux.conf: set -sg escape-time 10"
        subprocess.run([*tmux, "set", "-sg", "escape-time", "10"], check=True)
        assert (await checks(paths, environment))["outer tmux"].status == "ok"
    finally:
        subprocess.run([*tmux, "kill-server"], check=True)


async def test_a_model_is_asked_with_the_key_as_a_run_would(
    paths: Paths, environment: dict[str, str], served: LocalMessagesServer
) -> None:
    address = served.base_url.removeprefix("http://")
    check = (await checks(paths, environment))["model"]
    assert check.status == "ok"
    assert check.text == f"{DEMO_MODEL} at {address} answers, key from ANTHROPIC_API_KEY"
    environment["ANTHROPIC_API_KEY"] = "another-secret"
    check = (await checks(paths, environment))["model"]
    assert (check.status, check.text) == ("problem", f"{address} does not accept the key")
    assert check.remedy.startswith("paste it again")
    environment |= {"ANTHROPIC_API_KEY": "very-secret", "TUNGSTEN_MODEL": "qwen"}
    check = (await checks(paths, environment))["model"]
    assert (check.status, check.text) == ("problem", f"{address} has no model 'qwen'")


async def test_a_chosen_endpoint_is_asked_with_its_own_key(
    paths: Paths,
    environment: dict[str, str],
    served: LocalMessagesServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY", "TUNGSTEN_MODEL"):
        del environment[name]
    chosen = Credentials("endpoint", "very-secret", served.base_url, DEMO_MODEL)
    credentials.save(paths.credentials_file, chosen)
    check = (await checks(paths, environment))["model"]
    assert check.status == "ok"
    assert check.text.endswith(f" answers, key from {paths.credentials_file}")
    held = []
    silent = await asyncio.start_server(lambda *ends: held.append(ends), "127.0.0.1", 0)
    address = f"127.0.0.1:{silent.sockets[0].getsockname()[1]}"
    silently = Credentials("endpoint", "very-secret", f"http://{address}", "qwen")
    credentials.save(paths.credentials_file, silently)
    monkeypatch.setattr(model, "MODEL_SECONDS", 0.5)
    check = (await checks(paths, environment))["model"]
    assert check.status == "warning"
    assert check.text == f"qwen at {address} has not answered within 0.5 s"
    for _, writer in held:
        writer.close()
    silent.close()
    await silent.wait_closed()
    monkeypatch.setattr(model, "MODEL_SECONDS", 20)
    check = (await checks(paths, environment))["model"]
    assert (check.status, check.text) == ("problem", f"Nothing listens at {address}")
    assert check.remedy == "start the model server"


@pytest.mark.parametrize(
    ("chosen", "status", "text"),
    [
        (
            Credentials("anthropic", "very-secret"),
            "problem",
            "connection to 127.0.0.1:1 is refused",
        ),
        (Credentials("anthropic"), "problem", "lacks its key"),
        (Credentials("demo"), "ok", "demo model"),
    ],
)
async def test_what_was_chosen_at_first_run(
    paths: Paths, environment: dict[str, str], chosen: Credentials, status: str, text: str
) -> None:
    credentials.save(paths.credentials_file, chosen)
    check = (await checks(paths, environment))["model"]
    assert check.status == status
    assert text in check.text


async def test_the_key_file_damaged_or_open_to_others(
    paths: Paths, environment: dict[str, str]
) -> None:
    credentials.save(paths.credentials_file, Credentials("anthropic", "very-secret"))
    paths.credentials_file.chmod(0o644)
    for _ in range(2):
        check = (await checks(paths, environment))["model"]
        assert (check.status, check.remedy) == ("warning", f"chmod 600 {paths.credentials_file}")
    paths.credentials_file.chmod(0o600)
    paths.credentials_file.write_text("{")
    assert (await checks(paths, environment))["model"].status == "problem"


async def test_settings_name_the_line(paths: Paths, environment: dict[str, str]) -> None:
    paths.config_file.write_text('mode = "yolo"\n')
    check = (await checks(paths, environment))["settings"]
    assert check.status == "problem"
    assert "config.toml:1: mode must be one of" in check.text
    assert check.remedy == f"edit {paths.config_file}"


async def test_directories_that_do_not_fit(
    paths: Paths, environment: dict[str, str], short_dir: Path
) -> None:
    paths.runtime.chmod(0o755)
    found = await checks(paths, environment)
    assert found["runtime directory"].remedy == f"chmod 700 {paths.runtime}"
    paths.runtime.chmod(0o700)
    paths.data.chmod(0o777)
    found = await checks(paths, environment)
    assert found["directories"].remedy == f"chmod go-w {paths.data}"
    paths.data.chmod(0o700)
    (short_dir / "file").write_text("")
    blocked = Paths(short_dir / "file" / "c", paths.data, short_dir / "file")
    found = await checks(blocked, environment)
    assert found["directories"].status == found["runtime directory"].status == "problem"
    deep = Paths(paths.config, paths.data, short_dir / ("x" * 120))
    assert "too long for a socket" in (await checks(deep, environment))["runtime directory"].text


async def test_a_database_that_was_only_begun_is_no_other_programs(
    paths: Paths, environment: dict[str, str]
) -> None:
    paths.database.touch(0o600)
    begun = (await checks(paths, environment))["database"]
    assert begun.status == "problem"
    assert "never finished" in begun.text
    assert begun.remedy.startswith("free some disk space")


async def test_the_database_is_looked_at_and_left_alone(
    paths: Paths, environment: dict[str, str]
) -> None:
    async with await Database.open(paths.database):
        found = await checks(paths, environment)
    assert found["database"].status == "ok"
    assert (await checks(paths, environment))["database"].status == "ok"
    paths.database.chmod(0o644)
    assert (await checks(paths, environment))["database"].remedy == f"chmod 600 {paths.database}"
    raw = sqlite3.connect(paths.database)
    raw.execute("PRAGMA user_version = 1000")
    raw.close()
    assert "newer Tungsten" in (await checks(paths, environment))["database"].text
    paths.database.write_bytes(b"not a database" * 100)
    before = paths.database.read_bytes()
    check = (await checks(paths, environment))["database"]
    assert check.status == "problem"
    assert "move it away" in check.remedy
    assert paths.database.read_bytes() == before


async def test_the_engine_that_runs_is_named(
    paths: Paths, environment: dict[str, str], connect: Callable[[], Awaitable[object]]
) -> None:
    await connect()
    same = {name: value for name, value in os.environ.items() if name in CHOOSING}
    check = (await checks(paths, same))["engine"]
    assert (check.status, check.text) == ("ok", f"running, version {__version__}")
    # It was started without this key, and what it uses is what counts.
    environment["ANTHROPIC_API_KEY"] = "very-secret"
    check = (await checks(paths, environment))["engine"]
    assert check.status == "warning"
    assert "ANTHROPIC_API_KEY differs" in check.text
    assert "No model is set up" in check.text
    assert "kill-engine" in check.remedy


async def test_an_engine_of_another_version_is_a_problem(
    paths: Paths, environment: dict[str, str]
) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        refused = Refused(version="9.9", text="another version")
        writer.write(refused.model_dump_json().encode() + b"\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(refuse, paths.engine_socket)
    check = (await checks(paths, environment))["engine"]
    server.close()
    assert check.status == "problem"
    assert "9.9" in check.text
    assert "kill-engine" in check.remedy


async def test_a_tmux_server_that_was_stopped_is_named(
    paths: Paths, environment: dict[str, str]
) -> None:
    terminal = await Terminal.open(paths.tmux_socket)
    try:
        assert (await checks(paths, environment))["panes"].status == "ok"
        server = listener_pid(paths.tmux_socket)
        assert server is not None
        os.kill(server, signal.SIGSTOP)
        try:
            check = (await checks(paths, environment))["panes"]
        finally:
            os.kill(server, signal.SIGCONT)
        assert check.status == "problem"
        assert check.text == f"the tmux server of the panes (pid {server}) does not answer"
    finally:
        await terminal.kill_server()


async def test_a_link_in_a_circle_is_no_directory(
    paths: Paths, environment: dict[str, str]
) -> None:
    paths.data.rmdir()
    paths.data.symlink_to(paths.data)
    check = (await checks(paths, environment))["directories"]
    assert check.status == "problem"
    assert str(paths.data) in check.text


async def test_git_without_an_identity(
    paths: Paths, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(paths.data))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in list(os.environ):
        if name.startswith(("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_COUNT")):
            monkeypatch.delenv(name)
    check = (await checks(paths, environment, directory=paths.data))["git"]
    assert check.status == "warning"
    (paths.data / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.org\n")
    check = (await checks(paths, environment, directory=paths.data))["git"]
    assert (check.status, check.text) == ("ok", "commits as Ada <ada@example.org>")


async def test_snapshots_and_a_revert_that_was_cut_short(paths, environment):
    assert (await checks(paths, environment))["snapshots"].text.endswith(
        ", 0 of 2048 MB, kept for 14 days"
    )
    (paths.snapshots / "reverts").mkdir(parents=True)
    (paths.snapshots / "reverts" / "one.json").write_text("{}")
    found = (await checks(paths, environment))["snapshots"]
    assert found.status == "warning"
    assert "carries on" in found.remedy
