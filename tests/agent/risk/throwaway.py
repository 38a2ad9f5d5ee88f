"""A throw-away machine with canaries in it, for shell text that really destroys."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROGRAM = Path(__file__).with_name("namespace_program.py")
LETTERS = {f"letters/{name}.txt": f"Dear {name}, never lose this.\n" * 3 for name in
           ("ada", "grace", "edsger")}  # fmt: skip
OUTSIDE = LETTERS | {
    ".ssh/id_ed25519": "-----BEGIN OPENSSH PRIVATE KEY-----\nnot one\n",
    "other/src/main.c": "int main(void) { return 0; }\n",
}
UNTRACKED = {f"project/draft/{name}.md": f"# {name}\nnowhere else\n" for name in "abcd"}
TRACKED = {"project/README.md": "# Example\n", "project/src/app.py": "print('first')\n"}
CHANGED = {"project/src/app.py": "print('hours of work')\n"}


class NotIsolated(Exception):
    """The machine was there but is not closed; nothing was run in it."""


class Unavailable(Exception):
    """This machine gives no such namespaces; says why."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """Shell text that should destroy; `files` are there before, relative to the project."""

    text: str
    files: Mapping[str, str] = field(default_factory=dict)
    made: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a text did: the canaries lost, bash's exit status, the end of what it wrote."""

    lost: tuple[str, ...]
    status: int
    output: str
    late: bool


class Throwaway:
    """The running machine; `home` and `project` are the same paths inside, and hold the same."""

    def __init__(self, process: subprocess.Popen[str], home: Path) -> None:
        self.process = process
        self.home = home
        self.project = home / "project"

    def run(self, mutant: Mutant) -> Outcome:
        """Run one text inside; everything is put back afterwards."""
        job = {"id": 0, "text": mutant.text, "files": dict(mutant.files)}
        answer = self._exchange(job)
        return Outcome(
            tuple(answer["lost"]), answer["status"], answer["output"], bool(answer["late"])
        )

    def _exchange(self, value: dict) -> dict:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(value) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise NotIsolated("the machine ended")
        return json.loads(line)

    def prove(self, files: dict, canaries: list[str], outside: Path) -> None:
        """Have it prove that it is closed, then try to break out by the plainest way.

        Raises:
            Unavailable: it cannot be had here.
            NotIsolated: it can be, and is not closed.
        """
        before = {p: p.read_bytes() for p in outside.rglob("*") if p.is_file()}
        answer = self._exchange(
            {
                "home": str(self.home),
                "project": str(self.project),
                "files": files,
                "canaries": canaries,
                "outside": str(outside),
            }
        )
        if answer["refused"]:
            raise (NotIsolated if answer["open"] else Unavailable)(answer["refused"])
        if not before:
            raise NotIsolated("there was nothing to prove it with")
        self.run(Mutant(f"rm -rf {outside}; : > {outside}/canary"))
        if {p: p.read_bytes() for p in outside.rglob("*") if p.is_file()} != before:
            raise NotIsolated(f"it reached {outside}")


def _git(project: Path, *words: str) -> None:
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(project.parent), "GIT_CONFIG_NOSYSTEM": "1",
    }  # fmt: skip
    subprocess.run(
        ["git", "-C", str(project), *words], env=environment, check=True, capture_output=True
    )


def furnish(home: Path) -> None:
    """The home and project that texts are judged in, on the real disk and never run there."""
    project = home / "project"
    for name, text in (OUTSIDE | TRACKED).items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    _git(project, "init", "--quiet", "--template=", "--initial-branch=main")
    _git(project, "config", "user.name", "Dev")
    _git(project, "config", "user.email", "dev@example.com")
    _git(project, "add", ".")
    _git(project, "commit", "--quiet", "-m", "first")
    for name, text in (UNTRACKED | CHANGED).items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)


def _canaries(home: Path) -> list[str]:
    """Everything outside of the project, uncommitted work, and what the repository cannot lose."""
    kept = [*OUTSIDE, *UNTRACKED, *CHANGED]
    git = home / "project" / ".git"
    kept += [str(p.relative_to(home)) for p in sorted((git / "objects").rglob("*")) if p.is_file()]
    return [*kept, "project/.git/HEAD", "project/.git/refs/heads/main"]


@contextmanager
def throwaway() -> Iterator[Throwaway]:
    """A machine for as long as the block lasts; raises what `Throwaway.prove` raises."""
    if not sys.platform.startswith("linux"):
        raise Unavailable("only Linux has such namespaces")
    if shutil.which("git") is None or not Path("/bin/bash").exists():
        raise Unavailable("git and bash are needed")
    top = Path(tempfile.mkdtemp(prefix="tg-", dir="/tmp")).resolve()
    home = top / "home"
    process: subprocess.Popen[str] | None = None
    try:
        furnish(home)
        outside = Path(tempfile.mkdtemp(prefix="outside-", dir=top))
        (outside / "canary").write_text("alive\n")
        # The directory must be reachable for the unprivileged user that it becomes, to prove it.
        top.chmod(0o755)
        outside.chmod(0o777)
        files = {
            str(path.relative_to(home)): (
                path.stat().st_mode & 0o777 | 0o600,
                path.read_bytes().decode("latin-1"),
            )
            for path in sorted(home.rglob("*"))
            if path.is_file()
        }
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(PROGRAM)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/",
        )  # fmt: skip
        machine = Throwaway(process, home)
        machine.prove(files, _canaries(home), outside)
        yield machine
    finally:
        if process is not None:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
        shutil.rmtree(top)
