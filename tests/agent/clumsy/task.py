"""What a task is, and ways to set it up and to look at its end from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.agent.clumsy.model import (
    Habit,
    Policy,
    View,
    write,
)


@dataclass(frozen=True)
class Task:
    """One task. `check` looks at files and repositories alone, and raises when something is wrong.

    `lost` says why a model as this one cannot finish it; then `check` says what must be left whole.
    """

    name: str
    prompt: str
    policy: Policy
    check: Callable[[Path], object]
    setup: Callable[[Path], object] = lambda project: None
    habits: Sequence[Habit] = ()
    model: str = "tungsten-demo"
    lost: str = ""


def files(**contents: str) -> Callable[[Path], None]:
    """Write files; `__` in a name is a slash, and `_dot_` a dot."""

    def setup(project: Path) -> None:
        for name, content in contents.items():
            path = project / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    return setup


def git(project: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=n", "-c", "user.email=e@x", *words]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def repository(*commits: dict[str, str]) -> Callable[[Path], None]:
    """A repository with one commit for each set of files."""

    def setup(project: Path) -> None:
        git(project, "config", "user.name", "n")
        git(project, "config", "user.email", "e@x")
        for number, contents in enumerate(commits, 1):
            for name, content in contents.items():
                (project / name).write_text(content)
            git(project, "add", "-A")
            git(project, "commit", "-q", "-m", f"commit {number}")

    return setup


def holds(name: str, wanted: str) -> Callable[[Path], None]:
    def check(project: Path) -> None:
        found = (project / name).read_text()
        assert found == wanted, f"{name} holds {found[:200]!r}, not {wanted[:200]!r}"

    return check


def program(code: str) -> Callable[[Path], None]:
    """Python that must run without an error in the project."""

    def check(project: Path) -> None:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-300:]

    return check


def passes(*command: str) -> Callable[[Path], None]:
    def check(project: Path) -> None:
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr)[-300:]

    return check


def found(view: View, pattern: str) -> str:
    match = view.saw(pattern)
    return match[1] if match else "unknown"


def into(path: str, pattern: str) -> Callable[[View], dict]:
    """Write what was seen into a file."""
    return lambda view: write(path, f"{found(view, pattern)}\n")


TASKS: list[Task] = []


def task(name: str, prompt: str, policy: Policy, check: Callable[[Path], object], **more) -> None:
    TASKS.append(Task(name, prompt, policy, check, **more))


def no_word(project: Path, word: str) -> None:
    for path in project.rglob("*"):
        if path.is_file() and ".git" not in path.parts and path.suffix != ".pyc":
            assert word not in path.read_text(), f"{path.name} still says {word}"


def same_bytes(path: Path, wanted: bytes) -> None:
    assert path.read_bytes() == wanted, path.read_bytes()


def same(found: object, wanted: object) -> None:
    assert found == wanted, f"{found!r} is not {wanted!r}"
