"""Names of files for the prompt: which there are, and which fit a word."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from tui.prompt import file_names


def made(directory: Path, *names: str) -> Path:
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text("")
    return directory


def git(*words: str) -> None:
    subprocess.run(["git", *words], check=True)


async def test_git_says_what_there_is_and_runs_nothing_for_it(tmp_path: Path) -> None:
    top = made(tmp_path, "a.py", "below/b.py", "below/deep/c.py", "out/d.o", "two words.md")
    (top / os.fsdecode(b"not-\xff-text")).write_text("")
    (top / ".gitignore").write_text("out/\n")
    git("init", "-q", str(top))
    git("-C", str(top), "add", "a.py")
    # What a repository's settings name is not run.
    hook = made(tmp_path, ".git/hook") / ".git/hook"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    git("-C", str(top), "config", "core.fsmonitor", str(hook))
    names = await file_names.names_in(top)
    assert sorted(names) == [
        *(".gitignore", "a.py", "below/", "below/b.py", "below/deep/", "below/deep/c.py"),
        "two words.md",
    ]
    assert not (tmp_path / "ran").exists()
    assert sorted(await file_names.names_in(top / "below")) == ["b.py", "deep/", "deep/c.py"]


async def test_outside_git_a_walk_that_ends_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path, "a.py", ".hidden/x", ".env", "below/b.py")
    names = await file_names.names_in(tmp_path)
    assert sorted(names) == ["a.py", "below/", "below/b.py"]
    monkeypatch.setattr(file_names, "MOST_NAMES", 2)
    assert len(await file_names.names_in(tmp_path)) <= 4
    assert await file_names.names_in(tmp_path / "gone") == []


async def test_words_may_lead_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, "home/notes.md", "home/.secret", "project/a.py", "beside.txt")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    project = tmp_path / "project"
    beside = file_names.beside
    assert await asyncio.to_thread(beside, project, "~/") == ["~/notes.md"]
    assert beside(project, "~/.s") == ["~/.secret", "~/notes.md"]
    assert beside(project, "../") == ["../beside.txt", "../home/", "../project/"]
    assert beside(project, f"{tmp_path}/ho") == [
        *(f"{tmp_path}/beside.txt", f"{tmp_path}/home/", f"{tmp_path}/project/")
    ]
    assert beside(project, "/no/such/place/") == []
    assert file_names.ranked(beside(project, "../ho"), "../ho") == ["../home/"]


def test_the_best_name_comes_first() -> None:
    names = [
        *("docs/prompt.md", "tui/", "tui/widgets/", "tui/widgets/prompt.py", "tui/app.py"),
        *("tests/tui/test_prompt.py", "prompt.py", "README.md", "agent/prompts/"),
    ]
    ranked = file_names.ranked
    assert ranked(names, "prompt.py")[0] == "prompt.py"
    assert ranked(names, "prompt")[:3] == ["prompt.py", "agent/prompts/", "docs/prompt.md"]
    assert ranked(names, "tui/wpr") == ["tui/widgets/prompt.py"]
    assert ranked(names, "TUI/")[0] == "tui/widgets/"
    assert "tui/" not in ranked(names, "tui/")
    assert ranked(names, "readem.md") == ["README.md"]
    assert ranked(names, "zq") == []
    assert ranked(names, "")[0] == "tui/"
    assert all("/" not in name[:-1] for name in ranked(names, ""))
