"""`tungsten worktrees`: listed, compared, merged and removed at a shell, and nothing lost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.paths import Paths, find
from agent.protocol.agents import AgentState
from tests.agent.isolation.trees import git
from tests.stubs import scenes
from tests.stubs.scripted_engine import ScriptedEngine
from tests.tui.conftest import engine_in_a_thread
from tui.command_line.commands import cli

Said = tuple[int, str, str]


@pytest.fixture
def project(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one worktree beside it, in which the test stands."""
    root = paths.runtime.parent
    monkeypatch.setenv("TUNGSTEN_HOME", str(root / "t"))
    monkeypatch.setenv("HOME", str(root))
    top = root / "project"
    top.mkdir()
    git(top, "init", "-q", "--template=", "-b", "main")
    git(top, "config", "user.name", "t")
    git(top, "config", "user.email", "t@example.org")
    (top / ".gitignore").write_text("*.secret\n")
    (top / "a").write_text("one\n")
    git(top, "add", ".")
    git(top, "commit", "-qm", "first")
    git(top, "worktree", "add", "-q", "-b", "agent/fix", str(tree(top)))
    monkeypatch.chdir(top)
    return top


@pytest.fixture
def tungsten(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def run(*words: str) -> Said:
        status = cli(["worktrees", *words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def tree(project: Path) -> Path:
    return project.with_name("project.worktrees") / "fix"


def test_from_the_list_to_the_removal(project: Path, tungsten: Callable[..., Said]) -> None:
    mine = tree(project)
    assert tungsten() == (
        0,
        f"{project}  main · the repository itself\n{mine}  agent/fix · nothing is in it yet\n",
        "",
    )
    (mine / "a").write_text("two\n")
    (mine / "new").write_text("x\x1b[2J\n")
    (mine / "key.secret").write_text("s\n")
    _, out, _ = tungsten()
    assert "not committed: a, new · ignored by git, and nothing makes it again: key.secret" in out
    [main, other] = json.loads(tungsten("--json")[1])["worktrees"]
    assert (main["path"], main["main"], main["branch"]) == (str(project), True, "main")
    assert (other["uncommitted"], other["ignored"]) == (["a", "new"], ["key.secret"])
    assert (other["unmerged"], other["gone"], other["agents"]) == (0, False, [])

    # By its directory's name, its branch's and its path.
    for name in ("fix", "agent/fix", str(mine)):
        status, out, _ = tungsten("diff", name)
        assert (status, "new, not tracked: 'new'\n" in out) == (0, True)
        assert "-one\n+two\n" in out
    assert tungsten("merge", "fix")[2].startswith("tungsten: commit first: not committed: a, new")
    git(mine, "add", ".")
    git(mine, "commit", "-qm", "second")
    assert "1 commit not merged" in tungsten()[1]
    merged = f"agent/fix is merged into main in {project}\n"
    assert tungsten("merge", "agent/fix") == (0, merged, "")
    assert (project / "a").read_text() == "two\n"

    # What would be lost is told with a code, which counts for just that.
    status, _, err = tungsten("remove", "fix")
    code = re.search(r"--lose (\w{8})$", err.strip())
    assert (status != 0, code is not None, "key.secret" in err) == (True, True, True)
    assert code is not None
    (mine / "other.secret").write_text("s\n")
    assert tungsten("remove", "fix", "--lose", code[1])[0] != 0
    assert mine.exists()
    (mine / "other.secret").unlink()
    assert tungsten("remove", "fix", "--lose", code[1]) == (0, f"{mine} is removed\n", "")
    assert not mine.exists()
    assert git(project, "branch", "--list", "agent/fix") == ""


def test_one_line_says_what_cannot_be(
    project: Path, tungsten: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in (("diff", "nosuch"), ("merge", "nosuch"), ("remove", "nosuch")):
        status, out, err = tungsten(*words)
        assert (status != 0, out) == (True, "")
        assert err == (
            "tungsten: no worktree here is called nosuch: tungsten worktrees lists them\n"
        )
    assert "the repository itself: it is not removed" in tungsten("remove", str(project))[2]
    other = project.parent / "elsewhere" / "fix"
    git(project, "worktree", "add", "-q", "--detach", str(other))
    assert "several worktrees are called fix: say its path" in tungsten("diff", "fix")[2]
    monkeypatch.chdir(project.parent)
    status, _, err = tungsten()
    assert (status != 0, err.count("\n")) == (True, 1)


def test_a_worktree_in_which_an_agent_works_stays(
    project: Path, tungsten: Callable[..., Said]
) -> None:
    mine = tree(project)
    agent = scenes.MENDER.model_copy(
        update={"name": "mender", "directory": str(mine), "state": AgentState.IDLE}
    )
    places = find()
    places.create()
    engine = ScriptedEngine(
        places.engine_socket, scenes.BUSY.model_copy(update={"agents": (agent,), "gates": ()})
    )
    with engine_in_a_thread(engine):
        assert f"{mine}  agent/fix · mender · nothing is in it yet\n" in tungsten()[1]
        status, _, err = tungsten("remove", "fix")
        assert (status != 0, "mender works in" in err, "archive it first" in err) == (
            True,
            True,
            True,
        )
    assert mine.exists()
    assert tungsten("remove", "fix")[0] == 0
