"""The narrowest rule that would let an action run without asking, or why there is none.

A rule covers one command by its exact words, or one file by its path. What is offered is tried on
the action itself before anybody sees it: a rule that would not have spared this question is none.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agent.actions import Action, ReadFile, RunCommand, TypeKeys, WriteFile
from agent.risk.assessment import Context, Risk
from agent.risk.classify import assess
from agent.risk.evaluate import Evaluator
from agent.risk.evaluation.call import Call
from agent.risk.policy import decide
from agent.risk.rules import Rules, parse
from agent.risk.shell.syntax import UNKNOWN, Redirect

MAX_COMMAND = 2_000
"""Characters of a command from which on nobody would read its rule."""

_GLOB = re.compile(r"([*?\[])")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A rule for an allow list; without one, `why_not` is one line that says why."""

    rule: str = ""
    why_not: str = ""


class _Listener(Evaluator):
    """Notes every command that is judged, at every wrapper level."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.heard: list[tuple[str, ...]] = []

    def dispatch(self, call: Call, *, direct: bool = True) -> None:
        """Note the dequoted words, then judge."""
        self.heard.append(tuple(call.argv))
        super().dispatch(call, direct=direct)


def suggest(action: Action, context: Context) -> Suggestion:
    """Find the narrowest rule for an action in its place; never raises for odd commands."""
    if context.project is None:
        return Suggestion(why_not="rules are kept for a project, and this directory is in none")
    match action:
        case RunCommand(command=command):
            found = _for_command(command, context)
        case WriteFile(path=path):
            found = _for_path("Edit", path, context.project, context.home)
        case ReadFile(path=path):
            found = _for_path("Read", path, context.project, context.home)
        case TypeKeys():
            found = Suggestion(why_not="no rule covers keys: what they do depends on the screen")
        case _:
            found = Suggestion(why_not="no rule covers this kind of action")
    if not found.rule:
        return found
    why_not = objection(action, context, found.rule)
    return Suggestion(why_not=why_not) if why_not else found


def objection(action: Action, context: Context, rule: str) -> str:
    """Say why a rule on the allow list would not let an action run; empty when it would."""
    more = parse({"allow": [rule]})
    if more.problem:
        return "this is no rule: write Bash(words), Edit(path) or Read(path)"
    found = assess(action, replace(context, rules=_allowing(context.rules, more)))
    if found.risk is Risk.HIGH:
        return "this is HIGH, and no rule lifts that"
    if found.denied_by is not None:
        return f"your rule {found.denied_by} denies it"
    if found.asked_by is not None:
        return f"it is asked about because of {found.asked_by}"
    if decide(found, "careful", "agent").outcome != "run":
        return "this rule would not let it run without asking"
    return ""


def _allowing(rules: Rules, more: Rules) -> Rules:
    return replace(rules, allow=rules.allow + more.allow)


def _for_command(command: str, context: Context) -> Suggestion:
    if len(command) > MAX_COMMAND:
        return Suggestion(why_not="the command is too long for a rule that one can read")
    if not command.isprintable():
        return Suggestion(why_not="it has several lines; a rule covers one command")
    listener = _Listener(context)
    try:
        if context.history:
            listener.remember(context.history)
            listener.heard.clear()
        listener.run(command)
    except Exception:  # noqa: BLE001 - what cannot be read gets no rule
        return Suggestion(why_not="the command cannot be read to the end")
    commands = set(listener.heard)
    if len(commands) > 1:
        return Suggestion(why_not=f"it runs {len(commands)} commands; a rule covers one")
    if not commands:
        return Suggestion(why_not="no command in it could be named in a rule")
    script = listener.scripts[-1]
    groups = [redirect for group in script.groups for redirect in group.redirects]
    alone = [redirect for each in script.commands for redirect in each.redirects]
    if not all(map(_of_descriptors, (*groups, *alone))):
        return Suggestion(why_not="it redirects to or from a file, which a rule cannot tell")
    if any(part.assigns for part in script.commands):
        return Suggestion(why_not="it sets variables, which a rule cannot tell")
    return _of_words(commands.pop())


def _of_descriptors(redirect: Redirect) -> bool:
    """`2>&1` and its like concern no file."""
    target = redirect.target.text if redirect.target is not None else None
    return redirect.operator in (">&", "<&") and target is not None and target.isdigit()


def _of_words(words: Sequence[str]) -> Suggestion:
    if any(UNKNOWN in word for word in words):
        return Suggestion(why_not="a word of it is known only when it runs")
    if any(not word or word.split() != [word] for word in words):
        return Suggestion(why_not="a word of it holds spaces or nothing, which a rule cannot say")
    exact = " ".join(_GLOB.sub(r"[\1]", word) for word in words)
    return Suggestion(f"Bash({exact})")


def _for_path(kind: str, path: Path, project: Path, home: Path) -> Suggestion:
    if set(str(path)) & set("*?"):
        return Suggestion(why_not="its name holds * or ?, which mean more in a rule")
    if path.is_relative_to(project):
        shown = path.relative_to(project).as_posix()
        # Without a slash it would be any file of that name, in every directory.
        return Suggestion(f"{kind}({shown if '/' in shown else posixpath.join('.', shown)})")
    if path.is_relative_to(home):
        return Suggestion(f"{kind}(~/{path.relative_to(home).as_posix()})")
    return Suggestion(f"{kind}({path.as_posix()})")
