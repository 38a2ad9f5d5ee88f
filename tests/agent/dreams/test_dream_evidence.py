"""What real repositories tell a dream."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from agent.dreams import dream_evidence as evidence
from agent.files import project_files
from memory.database import Database
from memory.dream.dreaming import dream
from memory.dream.store import as_seen
from memory.versions import Memory

AT = 1_800_000_000.0


def git(directory: Path, *words: str) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.test", *words],
        cwd=directory,
        env=environment | {"GIT_CONFIG_GLOBAL": "/dev/null"},
        check=True,
        capture_output=True,
    )


def write(directory: Path, name: str, text: str) -> None:
    (directory / name).parent.mkdir(parents=True, exist_ok=True)
    (directory / name).write_text(text, "utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a moved file, a deleted branch and files of settings."""
    top = tmp_path / "harbor"
    top.mkdir()
    git(top, "init", "-q", "-b", "main")
    write(top, "src/fees.py", "".join(f"RATE_{n} = {n}\n" for n in range(30)))
    write(top, ".python-version", "3.12.4\n")
    write(top, "compose.yaml", "services:\n  db:\n    image: docker.io/library/postgres:16.3\n")
    write(top, "Makefile", ".PHONY: check\ncheck: build\n\ttrue\nbuild:\nX := 1\n")
    write(top, "config/default.toml", 'retry_limit = 5\nname = "x"\n[cache]\nttl = 300\n')
    write(top, "config/production.yaml", "retry_limit: 9\n")
    write(top, ".gitignore", "local.d/\n")
    git(top, "add", ".")
    git(top, "commit", "-qm", "one")
    git(top, "checkout", "-qb", "feature/fees")
    (top / "src/pricing").mkdir()
    git(top, "mv", "src/fees.py", "src/pricing/fees.py")
    git(top, "commit", "-qm", "two")
    git(top, "checkout", "-q", "main")
    git(top, "merge", "-q", "--ff-only", "feature/fees")
    git(top, "branch", "-qd", "feature/fees")
    write(top, "src/new.py", "")
    write(top, "local.d/notes.md", "")
    return top


async def test_a_repository(project: Path) -> None:
    state = await evidence.look(project, ["See local.d/notes.md, ../out.md and src/gone.py."])
    assert state is not None
    assert {"src/pricing/fees.py", "src/new.py", "local.d/notes.md"} <= state.paths
    assert not {"src/fees.py", "src/gone.py", "../out.md"} & state.paths
    assert state.branches == {"main"}
    assert state.deleted_branches == {"feature/fees": "branch:feature/fees"}
    assert [(r.old, r.new) for r in state.renames] == [("src/fees.py", "src/pricing/fees.py")]
    assert state.versions == {"python": "3.12.4", "postgresql": "16.3"}
    assert set(state.commands) == {"make check", "make build"}
    assert state.config == {"retry_limit": "5", "cache_ttl": "300", "retry_limit.production": "9"}


async def test_memories_that_the_repository_disagrees_with_are_flagged(project: Path) -> None:
    told = {
        "path": "The fee table is in src/fees.py.",
        "branch": "Fee work goes on in the branch feature/fees.",
        "version": "It runs on Python 3.9.",
        "config": "retry_limit is 7.",
        "command": "Releases are built with `make release`.",
        "": "The fee table is in src/pricing/fees.py, and `make check` runs on Python 3.12.",
    }
    memories = [
        Memory(f"m-{kind}", text, scope="project", project=str(project), source="tool_observed",
               created_at=AT)
        for kind, text in told.items()
    ]  # fmt: skip
    world = await evidence.gather(memories, AT)
    plan = dream([as_seen(memory) for memory in memories], world)
    assert {d.id: d.kind for d in plan.drifts} == {f"m-{kind}": kind for kind in told if kind}


async def test_nothing_of_the_repository_is_run(project: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external", "gpg.program", "core.pager", "core.sshCommand"):
        git(project, "config", key, str(program))
    git(project, "config", "log.showSignature", "true")
    write(project, ".gitattributes", "*.py diff=own filter=own\n")
    for key in ("diff.own.textconv", "diff.own.command", "filter.own.clean"):
        git(project, "config", key, str(program))
    hook = project / ".git/hooks/post-index-change"
    hook.write_text(program.read_text())
    hook.chmod(0o755)
    ran.unlink(missing_ok=True)
    before = (project / ".git/index").read_bytes()
    state = await evidence.look(project)
    assert state is not None
    assert state.paths
    assert not ran.exists()
    assert (project / ".git/index").read_bytes() == before


async def test_what_is_not_known_is_left_out(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await evidence.look(tmp_path / "none") is None
    plain = tmp_path / "plain"
    plain.mkdir()
    state = await evidence.look(plain)
    assert state is not None
    assert (state.paths, state.branches, state.renames) == (frozenset(), frozenset(), ())
    one = tmp_path / "one"
    git(tmp_path, "clone", "-q", "--single-branch", str(project), str(one))
    state = await evidence.look(one)
    assert state is not None
    assert not state.branches
    assert state.paths
    monkeypatch.setattr("agent.files.git_answer.MOST_BYTES", 10)
    state = await evidence.look(project)
    assert state is not None
    assert (state.paths, state.renames) == (frozenset(), ())


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({".nvmrc": "v20\n", "Dockerfile": "FROM --platform=x node:20.11-alpine AS b\n"}, "20"),
        ({".nvmrc": "18\n", "Dockerfile": "FROM node:20\n"}, None),
        ({".nvmrc": "lts/*\n"}, None),
        ({".tool-versions": "nodejs 22.1.0\n"}, "22.1.0"),
        ({"package.json": '{"dependencies": {"node": "^22.1.0"}}'}, "22"),
    ],
)
def test_versions(tmp_path: Path, files: dict[str, str], said: str | None) -> None:
    for name, text in files.items():
        write(tmp_path, name, text)
    assert project_files.versions(tmp_path).get("node") == said


def test_files_that_are_not_what_they_seem(tmp_path: Path) -> None:
    write(tmp_path, "package.json", "[" * 100_000)
    write(tmp_path, "config.yaml", "a: &a [x]\nb: [*a, *c")
    write(tmp_path, "config.toml", "= 1")
    write(tmp_path, "settings.json", '{"api_token": "ghp_0123456789abcdefghijABCDEFGHIJ012345"}')
    write(tmp_path, "Makefile", "include more.mk\ncheck:\n")
    os.mkfifo(tmp_path / "Dockerfile")
    write(tmp_path, "requirements.txt", "django==5.0\n" + "#" * project_files.MAX_BYTES)
    assert project_files.versions(tmp_path) == {}
    assert project_files.commands(tmp_path) == ()
    assert project_files.config(tmp_path) == {}


async def test_what_ran_well_lately_is_evidence_of_its_project(tmp_path: Path) -> None:
    project = tmp_path / "harbor"
    (project / "src").mkdir(parents=True)
    async with await Database.open(
        tmp_path / "t.db", clock=lambda: AT, holds_secret=lambda _: False
    ) as database:
        for number, (command, where, status, actor) in enumerate(
            [
                ("pytest -q", project / "src", 0, "agent"),
                ("make check", project, 1, "agent"),
                ("ls", tmp_path, 0, "person"),
                ("top", project, None, "agent"),
            ]
        ):
            name = str(number)
            started = {"action": "run_command", "text": command, "cwd": str(where), "actor": actor}
            await database.journal.action_started(name, None, started)
            ended = {"action": "run_command", "exit_status": status}
            await database.journal.action_ended(name, ended)
        runs = await database.journal.runs(AT - 1, 10)
        assert await database.journal.runs(AT + 1, 10) == []
        assert [run.command for run in await database.journal.runs(0, 1)] == ["ls"]
    memory = Memory("m", "Tests run with `tox`.", scope="project", project=str(project))
    world = await evidence.gather([memory], AT, runs)
    assert [(event.text, event.project, event.by) for event in world.events] == [
        ("pytest -q", str(project), "agent"),
        ("ls", str(tmp_path), "person"),
    ]
