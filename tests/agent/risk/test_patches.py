"""A patch writes what it names: it is read, and each of its targets is judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.risk import Context, Risk, assess_command

NEW = "diff --git a/{0} b/{0}\nnew file mode 100755\n--- /dev/null\n+++ b/{0}\n@@ -0,0 +1 @@\n+x\n"

WAYS = [
    "patch -p1 < n.patch",
    "patch -p1 -i n.patch",
    "patch -sp1 -in.patch",
    "patch --strip=1 --input n.patch",
    "cat n.patch | patch -p1",
    "git apply n.patch",
    "git apply < n.patch",
    "git am n.patch",
    "git am -3 < n.patch",
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app" / "src").mkdir(parents=True)
    return tmp_path / "app"


def judged(project: Path, command: str, *written: Path) -> Risk:
    context = Context(cwd=project, home=project.parent, project=project, written=frozenset(written))
    return assess_command(command, context).risk


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("target", "risk"),
    [
        (".git/hooks/post-commit", Risk.HIGH),
        (".github/workflows/ci.yml", Risk.HIGH),
        ("src/new.py", Risk.MEDIUM),
    ],
)
def test_targets_of_a_patch_file(project: Path, way: str, target: str, risk: Risk) -> None:
    (project / "n.patch").write_text(NEW.format(target))
    assert judged(project, way) is risk


def test_a_patch_is_applied_where_it_says(project: Path) -> None:
    (project / "n.patch").write_text(NEW.format("hooks/post-commit"))
    assert judged(project, "patch -p1 < n.patch") is Risk.MEDIUM
    assert judged(project, "patch -d .git -p1 < n.patch") is Risk.HIGH
    assert judged(project, "git apply --directory=.git n.patch") is Risk.HIGH
    (project / "src" / "m.patch").write_text(NEW.format(".github/workflows/ci.yml"))
    assert judged(project, "patch -d src -p1 -i m.patch") is Risk.HIGH
    assert judged(project, "cd src && git am m.patch") is Risk.HIGH


def test_one_that_cannot_be_read(project: Path) -> None:
    patch = project / "n.patch"
    patch.write_bytes(b"\0\1\2")
    assert judged(project, "git apply n.patch") is Risk.MEDIUM
    assert judged(project, "git apply n.patch", patch) is Risk.HIGH


def test_what_was_read_is_named(project: Path) -> None:
    (project / "n.patch").write_text(NEW.format("src/new.py"))
    context = Context(cwd=project, home=project.parent, project=project)
    reads = [path for path, _ in assess_command("git apply n.patch", context).reads]
    assert reads == [project / "n.patch"]
