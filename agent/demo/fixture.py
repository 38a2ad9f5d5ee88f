"""The repository that the demo works in: real git, a real bug, a real remote.

    <directory>/origin.git   the remote, bare
    <directory>/tea          branch main, amended after it was pushed: only force can push it
    <directory>/tea-fix      worktree on branch fix-clock
    <directory>/tea-notes    worktree on branch notes

Identity and every other setting live in the repository's own configuration, so that neither a
person's git settings nor their absence change what happens.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.demo.project import AMENDED_CHANGES, FILES, PUSHED_CHANGES
from agent.errors import AgentError

GIT_SECONDS = 60.0

_SETTINGS = {
    "user.name": "Tungsten demo",
    "user.email": "demo@tungsten.invalid",
    "commit.gpgsign": "false",
    "push.gpgsign": "false",
    "push.default": "simple",
    "core.hooksPath": os.devnull,
    "core.pager": "cat",
    "core.editor": "true",
    "core.autocrlf": "false",
    "core.fsmonitor": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
}


class FixtureFailed(AgentError):
    """The demo's repository cannot be made."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """Where everything is, and the commits that the outcome is compared with (full hashes)."""

    directory: Path
    base: str
    pushed: str
    amended: str

    @property
    def origin(self) -> Path:
        """The bare remote."""
        return self.directory / "origin.git"

    @property
    def main(self) -> Path:
        """Checkout of branch main."""
        return self.directory / "tea"

    @property
    def fix(self) -> Path:
        """Worktree of the agent that mends the bug."""
        return self.directory / "tea-fix"

    @property
    def notes(self) -> Path:
        """Worktree of the agent that drives a program."""
        return self.directory / "tea-notes"

    def to_json(self) -> dict[str, str]:
        """Plain values, to be read back with `from_json`."""
        return {name: str(value) for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, value: dict[str, str]) -> Fixture:
        """Read what `to_json` gave.

        Raises:
            KeyError, TypeError: it is not that.
        """
        return cls(Path(value["directory"]), value["base"], value["pushed"], value["amended"])


def build(directory: Path) -> Fixture:
    """Make the repository below an empty directory. Takes about half a second; blocks.

    Raises:
        FixtureFailed: git is missing, or one of its commands failed.
    """
    origin, main = directory / "origin.git", directory / "tea"
    _init(origin, "--bare")
    _init(main)
    for name, content in FILES.items():
        path = main / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    base = _commit(main, "Steep tea")
    (main / "CHANGES.md").write_text(PUSHED_CHANGES, encoding="utf-8")
    pushed = _commit(main, "Note the changes")
    git(main, "remote", "add", "origin", str(origin))
    git(main, "push", "--quiet", "--set-upstream", "origin", "main")
    (main / "CHANGES.md").write_text(AMENDED_CHANGES, encoding="utf-8")
    amended = _commit(main, "Note the changes", "--amend")
    git(main, "worktree", "add", "--quiet", "-b", "fix-clock", "../tea-fix", base)
    git(main, "worktree", "add", "--quiet", "-b", "notes", "../tea-notes", base)
    return Fixture(directory, base, pushed, amended)


def git(directory: Path, *arguments: str) -> str:
    """Run git, untouched by the person's own settings, and return its output.

    Raises:
        FixtureFailed: it failed; the text holds its own words.
    """
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=directory,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=GIT_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        missing = "git is not installed: install git" if directory.is_dir() else f"no {directory}"
        raise FixtureFailed(f"The demo cannot work here ({missing}).") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FixtureFailed(f"git {arguments[0]} did not work: {error}") from error
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"status {done.returncode}"
        raise FixtureFailed(f"git {arguments[0]} failed: {said}")
    return done.stdout.strip()


def _init(directory: Path, *options: str) -> None:
    directory.mkdir(parents=True)
    # An empty template: a person's own may plant hooks.
    git(directory, "init", "--quiet", "--template=", *options)
    git(directory, "symbolic-ref", "HEAD", "refs/heads/main")
    settings = directory / ("config" if "--bare" in options else ".git/config")
    with settings.open("a", encoding="utf-8") as file:
        # Written at once: each `git config` is a process of its own.
        for name, value in _SETTINGS.items():
            section, _, key = name.partition(".")
            file.write(f'[{section}]\n\t{key} = "{value}"\n')


def _commit(directory: Path, message: str, *options: str) -> str:
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "--message", message, *options)
    return git(directory, "rev-parse", "HEAD")


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {
        **kept,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
