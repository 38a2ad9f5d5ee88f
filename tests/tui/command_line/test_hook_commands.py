"""`tungsten hook`: shown, asked, written, taken out; all in one line where it cannot be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

from agent.doctor.examine import examine
from agent.engine.start import kill
from agent.paths import Paths, find
from tui.command_line.commands import cli

Said = tuple[int, str, str]


@pytest.fixture
def home(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    root = paths.runtime.parent
    for name, value in (("TUNGSTEN_HOME", root / "t"), ("HOME", root)):
        monkeypatch.setenv(name, str(value))
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(root)
    yield root
    asyncio.run(kill(find(), panes=True))


@pytest.fixture
def tungsten(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def run(*words: str) -> Said:
        status = cli(list(words))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_a_hook_comes_and_goes(home: Path, tungsten: Callable[..., Said], monkeypatch) -> None:
    file = home / ".claude" / "settings.json"
    file.parent.mkdir()
    file.write_text('{"model": "x"}\n')

    monkeypatch.setattr("typer.confirm", _no)
    absent = "Claude Code is not installed here (claude is not on PATH); the hook waits for it.\n"
    with monkeypatch.context() as patch:
        patch.setattr("tui.command_line.hook_commands.shutil.which", lambda _: None)
        status, out, _ = tungsten("hook", "install", "claude")
    # In sight where it is asked, however long the diff is.
    assert out.index(absent) > out.index('+  "hooks": {')
    assert (status, out.endswith("\nNothing was written.\n")) == (130, True)
    assert file.read_text() == '{"model": "x"}\n'

    status, out, _ = tungsten("hook", "install", "claude", "--yes")
    assert (status, '+  "hooks": {' in out, "PermissionRequest" in file.read_text()) == (
        0,
        True,
        True,
    )
    assert "there already" in tungsten("hook", "install", "claude", "--yes")[1]
    rows = json.loads(tungsten("hook", "status", "--json")[1])
    assert {row["agent"]: row["state"] for row in rows}["claude"] == "installed"
    assert "/hooks" in tungsten("hook", "install", "codex", "--yes")[1]
    assert "nothing for a minute" in tungsten("hook", "install", "opencode", "--yes")[1]
    assert tungsten("hook", "uninstall", "opencode", "--yes")[0] == 0
    # Of this project's settings alone, and of no other project's.
    ours, mine = home / ".claude" / "settings.local.json", file.read_text()
    assert tungsten("hook", "install", "claude", "--scope", "project", "--yes")[0] == 0
    monkeypatch.chdir("/")
    assert "No hook" in tungsten("hook", "uninstall", "--scope", "project")[1]
    monkeypatch.chdir(home)
    status, out, _ = tungsten("hook", "uninstall", "claude", "--scope", "project", "--yes")
    assert (status, str(ours) in out, ours.exists()) == (0, True, False)
    assert file.read_text() == mine

    checks = {check.name: check for check in asyncio.run(examine(find()))}
    assert (checks["hooks"].status, checks["hooks"].text) == (
        "ok",
        "installed: claude (user), codex (user)",
    )
    settings = json.loads(file.read_text())
    del settings["hooks"]["Stop"]
    file.write_text(json.dumps(settings))
    checks = {check.name: check for check in asyncio.run(examine(find()))}
    assert (checks["hooks"].status, checks["hooks"].remedy) == (
        "warning",
        "tungsten hook install claude",
    )

    status, out, _ = tungsten("hook", "uninstall", "--yes")
    assert (status, "changed since" in out) == (0, True)
    assert json.loads(file.read_text()) == {"model": "x"}
    assert not (home / ".codex").exists()
    assert "No hook" in tungsten("hook", "uninstall")[1]


def _no(*args: object, **options: object) -> None:
    raise typer.Abort


def test_what_cannot_be_is_one_line(home: Path, tungsten: Callable[..., Said]) -> None:
    (home / ".claude").mkdir()
    (home / ".claude" / "settings.json").write_text("{")
    status, out, err = tungsten("hook", "install", "claude", "--yes")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "mend it first" in err
    assert tungsten("hook", "install", "emacs")[0] == 2


def test_no_agent_sees_to_what_it_is_asked(
    home: Path, tungsten: Callable[..., Said], monkeypatch
) -> None:
    with monkeypatch.context() as inside:
        inside.setenv("TUNGSTEN_PANE", "1")
        inside.delenv("TMUX", raising=False)
        status, _, err = tungsten("hook", "uninstall", "--yes")
    assert (status, "pane" in err) == (1, True)
