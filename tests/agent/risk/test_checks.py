"""Which commands say by their exit status how the work stands, and which are known to change it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.risk import Context, assess_command

HERE = Path("/home/someone/project")
CONTEXT = Context(cwd=HERE, home=HERE.parent, project=HERE)


def judged(command):
    return assess_command(command, CONTEXT)


@pytest.mark.parametrize(
    "command",
    [
        "pytest -q",
        "python -m pytest tests/test_a.py::test_b",
        "python3.12 -m unittest discover",
        "python3 -B -X dev -Wd -m unittest -q",
        ".venv/bin/pytest",
        "cd sub && env CI=1 timeout 60 make test",
        "bash -c 'npm test'",
        "npm run lint:fast",
        "pnpm test",
        "cargo clippy --all",
        "go vet ./...",
        "ruff check .",
        "black --check .",
        "tsc --noEmit",
        "cmake --build build",
        "gcc -Wall -c a.c",
        "true && (mypy --strict agent)",
        "uv run pytest",
    ],
)
def test_a_check(command):
    assert judged(command).checks


@pytest.mark.parametrize(
    "command",
    [
        "ls",
        "cat test_a.py",
        "grep pytest Makefile",
        "echo pytest",
        "pytest --version",
        "make clean",
        "npm install",
        "npm run dev",
        "black .",
        "ruff format .",
        "ruff check --fix .",
        "git commit -m 'make test pass'",
        "python3 app.py",
        "python3 -B app.py -m pytest",
        "python3 -m http.server",
        "false",
    ],
)
def test_no_check(command):
    assert not judged(command).checks


@pytest.mark.parametrize(
    "command",
    [
        "sed -i s/a/b/ a.py",
        "echo x > a.py",
        "cat >> a.py <<EOF\nx\nEOF",
        "cp a.py b.py",
        "git checkout -- a.py",
        "git apply fix.patch",
        "black .",
        "ruff check --fix",
        "tee a.py < b.py",
    ],
)
def test_an_edit(command):
    assert judged(command).edits


@pytest.mark.parametrize(
    "command", ["ls", "cat a.py", "git status", "git log", "echo x > /dev/null", "pytest -q"]
)
def test_no_edit(command):
    assert not judged(command).edits
