"""A file in the person's editor: at which line, and what is said when it cannot be run."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, cast

import pytest
from textual.app import App, SuspendNotSupported

from tui.terminal.editor import EditorFailed, at_line, edit_file


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("editor", "words"),
    [
        ("/usr/bin/vim", ["+7", "/p/a b.py"]),
        ("hx", ["/p/a b.py:7"]),
        ("code", ["--wait", "--goto", "/p/a b.py:7"]),
    ],
)
def test_each_editor_is_told_the_line_its_own_way(editor: str, words: list[str]) -> None:
    assert at_line([editor, "-x"], "/p/a b.py", 7) == [editor, "-x", *words]
    assert at_line([editor], "/p/a", 0)[-1] == "/p/a"


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
    edit_file(cast("App[Any]", stage), "/p/a.py", 3)
    assert told.read_text() == "+3 /p/a.py\n"
    assert stage.aside == 1
    monkeypatch.setenv("EDITOR", script(tmp_path / "bad", "exit 3"))
    with pytest.raises(EditorFailed, match="bad ended with exit status 3"):
        edit_file(cast("App[Any]", stage), "/p/a.py")
    with pytest.raises(EditorFailed, match="needs a terminal"):
        edit_file(cast("App[Any]", Stage(able=False)), "/p/a.py")
