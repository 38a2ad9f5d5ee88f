"""What `tungsten rules` and `tungsten trust` tell of what a person decided beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agent.errors import AgentError
from agent.gates.rule_files import RuleFiles, Standing
from agent.paths import Paths
from memory.database import Database
from memory.errors import StorageError
from tungsten.screen.printable import visible_line

NO_RULES = "There are no rules. w in a gate keeps one, and [rules] in {config} holds your own."


class NoSuchRule(AgentError):
    """A rule to be taken away does not stand where it could be."""


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules that concern a project, and why everything asks instead, empty when they hold."""

    standing: tuple[Standing, ...]
    problem: str


def found(paths: Paths, home: Path, project: Path | None) -> Rules:
    """Read the rules of a project, or those for everything when it is None."""
    files = RuleFiles(paths, home)
    return Rules(files.standing(project), files.for_project(project).problem)


def told(rules: Rules, config: Path) -> str:
    """Write the rules by file, each with whether it is in force."""
    lines: list[str] = []
    file: Path | None = None
    for each in rules.standing:
        if each.file != file:
            file = each.file
            lines += ["", visible_line(str(file))] if lines else [visible_line(str(file))]
        why = f"  (not in force: {each.why_not})" if each.why_not else ""
        lines.append(f"  {each.listed:<6} {visible_line(each.rule)}{why}")
    if not rules.standing:
        lines.append(NO_RULES.format(config=visible_line(str(config))))
    if rules.problem:
        lines += ["", f"Everything asks until this is mended: {visible_line(rules.problem)}"]
    return "\n".join(lines)


def removable(rules: Rules, rule: str) -> Standing:
    """The rule that `w` in a gate kept and that may be taken away.

    Raises:
        NoSuchRule: there is none, or it stands in a file that a person writes; says where.
    """
    same = [each for each in rules.standing if each.rule == rule.strip()]
    for each in same:
        if each.kept:
            return each
    if same:
        raise NoSuchRule(f"{rule} stands in {same[0].file}, which you write: delete its line there")
    raise NoSuchRule(f"There is no rule {rule} here; tungsten rules lists them")


async def trusted(paths: Paths) -> list[Path]:
    """The directories that the person trusts, sorted.

    Raises:
        AgentError: the database cannot be read.
    """
    if not paths.database.is_file():
        return []
    try:
        async with await Database.open(paths.database) as database:
            return await database.directories.list()
    except StorageError as error:
        raise AgentError(str(error)) from error
