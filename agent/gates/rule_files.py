"""The rules in force in a project: the person's own, what they always allow there, and its own.

| file | holds | may |
|---|---|---|
| `config.toml`, `[rules]` | the person's rules for everything | deny, ask, allow |
| `rules/PROJECT-ID.toml` beside it | what the person always allows in one project | allow |
| `.tungsten/rules.toml` in the project | the project's own rules | deny, ask |

Read again when one of them changes. A file that cannot be read, or a rule whose examples do not
hold, makes everything ask and says so.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agent.errors import AgentError
from agent.files.git import common_directory
from agent.paths import Paths
from agent.risk.examples import tried
from agent.risk.rules import Rules, join, parse
from agent.settings.config import Config, ConfigError, read_table, validate
from agent.settings.settings import Rules as Settings

PROJECT_FILE = Path(".tungsten") / "rules.toml"
"""A project's own rules, beside its code."""

_HEADER = """\
# What you always allow in {project}.
# One rule a line; delete a line and it asks again.
"""


class RuleNotKept(AgentError):
    """A rule cannot be written down."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One rule where it stands; `listed` is its list, `kept` whether `w` in a gate wrote it there.

    `why_not` says why it is not in force, empty when it is.
    """

    rule: str
    listed: str
    file: Path
    kept: bool = False
    why_not: str = ""


class RuleFiles:
    """Rules by project, read again when their files change."""

    def __init__(self, paths: Paths, home: Path) -> None:
        self._paths = paths
        self._home = home
        self._known: dict[Path, tuple[tuple[object, ...], Rules]] = {}

    def for_project(self, project: Path | None) -> Rules:
        """The rules in force where `project` is the tree that may be worked in; never raises."""
        root = project or self._home
        files = [self._paths.config_file]
        if project is not None:
            files += [self._allowed_file(project), project / PROJECT_FILE]
        stamps = tuple(_stamp(file) for file in files)
        known = self._known.get(root)
        if known is not None and known[0] == stamps:
            return known[1]
        rules = _rules(files[0], _settings)
        if project is not None:
            kept = _rules(files[1], _table)
            rules = replace(
                rules,
                allow=rules.allow + kept.allow,
                problem="; ".join(filter(None, (rules.problem, kept.problem))),
            )
            rules = join(rules, _rules(files[2], _table))
        rules = tried(rules, home=self._home, project=root)
        self._known[root] = (stamps, rules)
        return rules

    def always_allow(self, project: Path, rule: str) -> Path:
        """Write a rule down for a project, all its worktrees together; returns the file.

        Raises:
            RuleNotKept: it is no rule, or the file cannot be written.
        """
        if parse({"allow": [rule]}).problem:
            raise RuleNotKept(f"{rule!r} is no rule: expected Bash(command:*) or the like")
        file = self._allowed_file(project)
        try:
            kept = _table(file).get("allow", [])
            self._write(project, file, [*kept, *([] if rule in kept else [rule])])
        except (OSError, ConfigError) as error:
            raise RuleNotKept(f"the rule was not kept: {error}") from error
        return file

    def remove(self, project: Path, rule: str) -> Path:
        """Take away a rule that was kept for a project; returns the file.

        Raises:
            RuleNotKept: the file cannot be read or written.
        """
        file = self._allowed_file(project)
        try:
            kept = _table(file).get("allow", [])
            self._write(project, file, [each for each in kept if _text(each) != rule])
        except (OSError, ConfigError) as error:
            raise RuleNotKept(f"the rule was not taken away: {error}") from error
        return file

    def standing(self, project: Path | None) -> tuple[Standing, ...]:
        """Every rule that concerns a project, in force or not, by the file it stands in."""
        found = _standing(_rules(self._paths.config_file, _settings), self._paths.config_file)
        if project is not None:
            file = self._allowed_file(project)
            only = "only allow rules count in this file"
            found += _standing(_rules(file, _table), file, kept=True, deny=only, ask=only)
            tighten = "a project may only tighten"
            file = project / PROJECT_FILE
            found += _standing(_rules(file, _table), file, allow=tighten)
        return found

    @staticmethod
    def _write(project: Path, file: Path, rules: Sequence[object]) -> None:
        lines = "".join(f"  {_toml(each)},\n" for each in rules)
        text = _HEADER.format(project=project) + f"allow = [\n{lines}]\n"
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = file.with_suffix(".new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(file)

    def _allowed_file(self, project: Path) -> Path:
        shared = common_directory(project) or project
        name = hashlib.sha256(os.fsencode(shared)).hexdigest()[:16]
        return self._paths.config / "rules" / f"{name}.toml"


def _text(entry: object) -> object:
    return entry["rule"] if isinstance(entry, Mapping) else entry


def _toml(entry: object) -> str:
    """Write a text or a table with examples; JSON's texts and lists are TOML's too."""
    if isinstance(entry, Mapping):
        parts = (f"{key} = {json.dumps(each, ensure_ascii=False)}" for key, each in entry.items())
        return f"{{ {', '.join(parts)} }}"
    return json.dumps(entry, ensure_ascii=False)


def _standing(
    rules: Rules, file: Path, *, kept: bool = False, **why_not: str
) -> tuple[Standing, ...]:
    return tuple(
        Standing(rule.text, listed, file, kept and listed == "allow", why_not.get(listed, ""))
        for listed in ("deny", "ask", "allow")
        for rule in getattr(rules, listed)
    )


def _rules(file: Path, read: Callable[[Path], Mapping[str, Any]]) -> Rules:
    if file.exists() and not file.is_file():
        # Opening a pipe would wait for its other end.
        return Rules(problem=f"{file}: is no file, so its rules cannot be read")
    try:
        return parse(read(file))
    except ConfigError as error:
        return Rules(problem=str(error))


def _settings(file: Path) -> Mapping[str, Any]:
    text, values = read_table(file)
    validate(Config, values, text, str(file))
    found: Mapping[str, Any] = values.get("rules", {})
    return found


def _table(file: Path) -> Mapping[str, Any]:
    text, values = read_table(file)
    validate(Settings, values, text, str(file))
    return values


def _stamp(file: Path) -> object:
    """What differs when a file was changed; None when there is none."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        return error.errno
    return (found.st_ino, found.st_size, found.st_mtime_ns)
