"""The person's own editor on a draft, for real: an app inside tmux gives its terminal to it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from tui.terminal.editor import EditorFailed, command

ROOT = Path(__file__).parents[3]
HOST = Path(__file__).with_name("editor_host.py")

EDITOR = """#!/bin/sh
# Does what the file beside it says, once the person presses Enter.
trap '' INT
printf 'EDITING %s\\n' "$(cat "$1")"
read -r line
. "$(dirname "$0")/script"
"""


def test_the_whole_draft_comes_back_and_a_failing_editor_loses_nothing(
    outer: Any, python: str, tmp_path: Path
) -> None:
    editor, script, drafts = tmp_path / "my editor", tmp_path / "script", tmp_path / "drafts"
    editor.write_text(EDITOR)
    editor.chmod(0o755)
    drafts.mkdir()
    variables = f"PYTHONPATH={ROOT} VISUAL={shlex.quote(shlex.quote(str(editor)))}"
    person = outer.start(f"env {variables} {shlex.quote(python)} {HOST} {drafts}")
    outer.wait_for(person, "ready")
    outer.keys(person, "half a thought")
    outer.wait_for(person, "half a thought")

    script.write_text("printf 'a whole\\nthought \u2192\\n' > \"$1\"")
    outer.keys(person, "F5")
    outer.wait_for(person, "EDITING half a thought")
    outer.keys(person, "C-c", "Enter")
    outer.wait_for(person, "edited: 'a whole\\nthought \u2192'")
    # Undo gives back what was written before.
    outer.keys(person, "C-z")
    outer.wait_for(person, "half a thought")

    script.write_text('echo unfinished >> "$1"; exit 3')
    outer.keys(person, "F5")
    outer.wait_for(person, "EDITING half a thought")
    outer.keys(person, "Enter")
    outer.wait_for(person, "ended with exit status 3: 'half a thought'")
    outer.keys(person, "Up")
    outer.wait_for(person, "unfinished")
    outer.keys(person, "Down")

    script.write_text('rm "$1"')
    outer.keys(person, "F5")
    outer.wait_for(person, "EDITING half a thought")
    outer.keys(person, "Enter")
    outer.wait_for(person, "the prompt is as it was: 'half a thought'")
    assert list(drafts.iterdir()) == []

    for write, what in (
        ("head -c 5000000 /dev/zero | tr '\\0' x", "left more than 1 MB"),
        ("printf 'caf\\351'", "left what is no UTF-8 text"),
        ("printf 'a\\0b'", "left what is no text"),
    ):
        script.write_text(f'{write} > "$1"')
        outer.keys(person, "F5")
        outer.wait_for(person, "EDITING half a thought")
        outer.keys(person, "Enter")
        outer.wait_for(person, f"{what}: the prompt is as it was")
        outer.wait_for(person, ": 'half a thought'")
        (kept,) = drafts.iterdir()
        assert kept.name.startswith("edited-")
        kept.unlink()


def test_which_editor_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command({"VISUAL": "sh -c 'x y'", "EDITOR": "cat"}) == ["sh", "-c", "x y"]
    assert command({"VISUAL": " ", "EDITOR": "cat -n"}) == ["cat", "-n"]
    with pytest.raises(EditorFailed, match="EDITOR names no-such-editor"):
        command({"EDITOR": "no-such-editor --wait"})
    with pytest.raises(EditorFailed, match="cannot be read"):
        command({"EDITOR": "vim 'half"})
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EditorFailed, match="set EDITOR"):
        command({})
