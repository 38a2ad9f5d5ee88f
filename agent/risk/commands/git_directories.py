"""Settings and hooks that git takes from a place other than the project's own repository."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from agent.risk.commands.git_settings import git_setting, runs_something
from agent.risk.commands.script_files import read_script
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.paths import Zone
from agent.risk.shell.syntax import UNKNOWN

_SECTION = re.compile(r'\[\s*([\w.-]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\]')
_SETTING = re.compile(r"([A-Za-z][\w-]*)[ \t]*(?:=[ \t]*((?:\\\n|[^\n])*))?")
_USUAL = re.compile(r"git-lfs (?:clean|smudge|filter-process)(?: --skip)?(?: -- %f|)")
"""What `git lfs install` sets."""

_CONFIGURATIONS = {
    "GIT_DIR": ("config", "config.worktree"),
    "GIT_COMMON_DIR": ("config",),
    "XDG_CONFIG_HOME": ("git/config",),
    "HOME": (".gitconfig", ".config/git/config"),
}
"""Files that git reads below the directory that a variable names (git-config(1), FILES)."""

_THEIRS = (Zone.HOME, Zone.OUTSIDE, Zone.SYSTEM)
"""Where a person's own repositories are; an agent's writing there is a matter of its own."""


def git_place(call: Call, name: str, values: tuple[str, ...]) -> None:
    """Judge what git takes from the directory that a variable names."""
    for value in values:
        if not value or (name == "HOME" and value == call.evaluator.ground.home):
            continue
        if UNKNOWN in call.place(value).path:
            if name in ("GIT_DIR", "GIT_COMMON_DIR"):
                call.opaque("which repository git takes its settings from cannot be known")
            continue
        root = call.place(value).path
        if name in ("GIT_DIR", "GIT_COMMON_DIR"):
            _repository(call, root)
        else:
            for inner in _CONFIGURATIONS[name]:
                _configuration(call, f"{root}/{inner}")


def git_surroundings(call: Call) -> None:
    """Judge the settings that git takes because of variables and the directory that it runs in."""
    variables = call.evaluator.state.variables
    for name in _CONFIGURATIONS:
        if values := variables.get(name):
            git_place(call, name, values)
    for root in _found(call):
        _repository(call, root)


def _found(call: Call) -> Iterator[str]:
    """The repository that git finds from the directory up, with those just made on the way."""
    level, project = call.cwd, call.evaluator.ground.project
    if UNKNOWN in level:
        return
    files = call.evaluator.files
    while level:
        inner = f"{level}/.git"
        there = _is(call, level, bool)
        directory = there and _is(call, inner, stat.S_ISDIR)
        pointer = there and _is(call, inner, stat.S_ISREG)
        if level == project and (directory or pointer):
            return
        if inner in files or pointer:
            text = files[inner] if inner in files else read_script(inner, call.evaluator.digests)
            if isinstance(text, str) and text.startswith("gitdir:"):
                named = text[7:].strip()
                yield call.place(named if named[:1] == "/" else f"{level}/{named}").path
            else:
                call.high("takes git's settings from a repository that cannot be known")
            return
        yield inner
        if directory:
            return
        if f"{level}/config" in files or (there and _is(call, f"{level}/HEAD", stat.S_ISREG)):
            yield level
        if level == project:
            return
        level = level.rpartition("/")[0]


def _is(call: Call, path: str, kind: Callable[[int], bool]) -> bool:
    """Whether a path is of a kind on the disk, asked once while one text is judged."""
    modes = call.evaluator.modes
    if path not in modes:
        try:
            modes[path] = os.stat(path).st_mode  # noqa: PTH116 - for each of thousands of commands
        except (OSError, ValueError):
            modes[path] = 0
    return kind(modes[path])


def _repository(call: Call, root: str) -> None:
    project = call.evaluator.ground.project
    own = f"{project}/.git"
    if project and f"{root}/".startswith(f"{own}/"):
        return
    nested = project and root.startswith(f"{project}/")
    if root.endswith("/.git") and not nested and call.place(root).zone in _THEIRS:
        return
    above = root[: -len("/.git")] if root.endswith("/.git") else root
    there = _is(call, above, bool) and _is(call, root, bool)
    for name in _CONFIGURATIONS["GIT_DIR"]:
        _configuration(call, f"{root}/{name}", there=there)
    hooks = f"{root}/hooks"
    names: list[str] = []
    if there and _is(call, hooks, stat.S_ISDIR):
        with contextlib.suppress(OSError):
            names = [path.name for path in Path(hooks).iterdir()]
    if any(not name.endswith(".sample") for name in names) or _written(call, hooks):
        call.high("has git run the hooks of another repository", f"takes hooks of {shown(root)}")


def _written(call: Call, hooks: str) -> bool:
    """Whether this text writes a file into a directory of hooks."""
    # A line of ten thousand commands must not look through all files for each: only at new ones.
    evaluator = call.evaluator
    new = max(0, len(evaluator.files) - evaluator.looked_at)
    for path in islice(reversed(evaluator.files), new):
        if "/hooks/" in path:
            evaluator.hooked.update(str(above) for above in Path(path).parents)
    evaluator.looked_at = len(evaluator.files)
    return hooks in evaluator.hooked


def _noted(call: Call, path: str) -> bool:
    """Whether the agent wrote a file since a person looked last."""
    written = call.evaluator.context.written
    return bool(written) and Path(path) in written


def _configuration(call: Call, path: str, *, there: bool = True) -> None:
    """Judge one file of settings: those that run programs count as if they were given here.

    Args:
        call: the command.
        path: the file.
        there: its directory is on the disk.
    """
    files = call.evaluator.files
    text: str | bool | None
    if path in files:
        text = files[path]
        text = False if text is None else text
    else:
        found = there and _is(call, path, bool)
        text = read_script(path, call.evaluator.digests) if found else None
        if text is None and (call.evaluator.came(path) or _noted(call, path)):
            text = False
    if text is None:
        return
    if not isinstance(text, str) or UNKNOWN in text:
        call.high("takes git's settings from a file that cannot be known", f"takes {shown(path)}")
        return
    if path in call.evaluator.reading:
        return
    call.evaluator.reading.add(path)
    try:
        for name, value in settings(text):
            if runs_something(name) and not _USUAL.fullmatch(value):
                git_setting(call, name, value)
    finally:
        call.evaluator.reading.discard(path)


def settings(text: str) -> Iterator[tuple[str, str]]:
    """Names and values in a file of git's settings; a value that is not said is `true`."""
    section, at = "", 0
    while at < len(text):
        if text[at] in " \t\r\n\ufeff":
            at += 1
        elif text[at] in "#;":
            at = text.find("\n", at)
            at = len(text) if at < 0 else at
        elif match := _SECTION.match(text, at):
            inner = match[2]
            section = match[1] if inner is None else f"{match[1]}.{inner}"
            at = match.end()
        elif match := _SETTING.match(text, at):
            value = match[2]
            if value is None:
                value = "true"
            value = value.replace("\\\n", "").strip()
            if value[:1] == '"' and value[-1:] == '"':
                value = value[1:-1]
            yield f"{section}.{match[1]}", value.replace('\\"', '"').replace("\\\\", "\\")
            at = match.end()
        else:
            at += 1
