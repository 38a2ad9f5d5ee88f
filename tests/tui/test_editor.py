"""The person's editor: which one, at which line, and what is said when it cannot be run."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, cast

import pytest
from textual.app import App, SuspendNotSupported

from tui.editor import EditorFailed, command, edit


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("vim", ["+7", "/p/a b.py"]),
        ("hx", ["/p/a b.py:7"]),
        ("code", ["--wait", "-g", "/p/a b.py:7"]),
    ],
)
def test_each_editor_is_told_the_line_its_own_way(
    tmp_path: Path, name: str, words: list[str]
) -> None:
    program = script(tmp_path / name, "")
    assert command("/p/a b.py", 7, {"EDITOR": program}) == [program, *words]
    assert command("/p/a", 0, {"VISUAL": f"{program} -x", "EDITOR": "no"})[-1] == "/p/a"
    assert "-x" in command("/p/a", 0, {"VISUAL": f"{program} -x", "EDITOR": "no"})


def test_what_is_no_editor_is_named() -> None:
    with pytest.raises(EditorFailed, match="no-such-editor was not found: set EDITOR"):
        command("/p", 0, {"EDITOR": "no-such-editor"})
    with pytest.raises(EditorFailed, match="not a command"):
        command("/p", 0, {"EDITOR": "vim 'x"})


class Stage:
    """An app that steps aside."""

    def __init__(self, *, able: bool = True) -> None:
        self.able = able
        self.aside = 0

    @contextlib.contextmanager
    def suspend(self) -> Any:
        if not self.able:
            raise SuspendNotSupported("no terminal")
        self.aside += 1
        yield


def test_it_runs_while_the_app_steps_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "told"
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", script(tmp_path / "ed", f'echo "$@" > {told}'))
    stage = Stage()
    edit(cast("App[Any]", stage), "/p/a.py", 3)
    assert told.read_text() == "+3 /p/a.py\n"
    assert stage.aside == 1
    monkeypatch.setenv("EDITOR", script(tmp_path / "bad", "exit 3"))
    with pytest.raises(EditorFailed, match="bad ended with status 3"):
        edit(cast("App[Any]", stage), "/p/a.py")
    with pytest.raises(EditorFailed, match="needs a terminal"):
        edit(cast("App[Any]", Stage(able=False)), "/p/a.py")
