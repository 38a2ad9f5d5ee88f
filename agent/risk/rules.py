# ruff: noqa: E501 - tables and patterns read better unbroken
"""The user's own rules: `Bash(git push:*)`, `Read(~/.ssh/**)`, `Edit(...)`, `Fetch(domain:...)`.

Order is fixed: deny, then ask, then allow. A deny rule refuses, an ask rule makes a person decide,
an allow rule never lifts a built-in HIGH. Rules that cannot be read make everything ask.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

_RULE = re.compile(r"\s*(Bash|Read|Edit|Fetch)\s*(?:\((.*)\))?\s*", re.S)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `words` is the command prefix of a Bash rule, `pattern` a path or domain.

    `match` and `not_match` are examples of what it must cover and must not; `agent.risk.examples`
    tries them.
    """

    text: str
    kind: str
    words: tuple[str, ...] = ()
    exact: bool = False
    pattern: str = ""
    match: tuple[str, ...] = ()
    not_match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules in force; `problem` is one line that says what could not be read, empty when fine."""

    deny: tuple[Rule, ...] = ()
    ask: tuple[Rule, ...] = ()
    allow: tuple[Rule, ...] = ()
    problem: str = ""

    @property
    def empty(self) -> bool:
        """No rule at all, and nothing wrong."""
        return not (self.deny or self.ask or self.allow or self.problem)


def parse(data: object) -> Rules:
    """Read rules from `{"deny": [...], "ask": [...], "allow": [...]}`; never raises.

    An entry is a text, or `{"rule": text, "match": [...], "not_match": [...]}`. What cannot be understood is named in `Rules.problem`; the rules that could be are kept.
    """
    if not isinstance(data, Mapping):
        return Rules(problem="rules must be a table with deny, ask and allow lists")
    problems = [
        f"unknown rule list “{key}”: expected deny, ask or allow"
        for key in data
        if key not in ("deny", "ask", "allow")
    ]
    lists: dict[str, list[Rule]] = {"deny": [], "ask": [], "allow": []}
    for key, found in lists.items():
        entries = data.get(key, [])
        if isinstance(entries, str) or not isinstance(entries, Iterable):
            problems.append(f"{key} must be a list of rules")
            continue
        for entry in entries:
            rule = _rule(entry)
            if rule is None:
                problems.append(
                    f"cannot read the {key} rule {entry!r}: expected Bash(command:*), "
                    "Read(path), Edit(path) or Fetch(domain:name)"
                )
            else:
                found.append(rule)
    return Rules(
        tuple(lists["deny"]), tuple(lists["ask"]), tuple(lists["allow"]), "; ".join(problems)
    )


def join(user: Rules, project: Rules) -> Rules:
    """User and project rules together; a project may only tighten, its allow list is ignored."""
    return Rules(
        user.deny + project.deny,
        user.ask + project.ask,
        user.allow,
        "; ".join(p for p in (user.problem, project.problem) if p),
    )


def _rule(entry: object) -> Rule | None:
    if isinstance(entry, Mapping):
        return _with_examples(entry)
    if not isinstance(entry, str):
        return None
    match = _RULE.fullmatch(entry)
    if match is None:
        return None
    kind, inside = match.group(1), match.group(2)
    if inside is None:
        return Rule(entry, kind, pattern="*")
    inside = inside.strip()
    if not inside:
        return None
    if kind == "Fetch":
        if not inside.startswith("domain:") or not inside[7:].strip():
            return None
        return Rule(entry, kind, pattern=inside[7:].strip().lower())
    if kind in ("Read", "Edit"):
        return Rule(entry, kind, pattern=inside)
    exact = True
    if inside.endswith((":*", " *")):
        inside, exact = inside[:-2], False
    elif inside == "*":
        return Rule(entry, kind, pattern="*")
    words = tuple(inside.split())
    return Rule(entry, kind, words, exact) if words else None


def _with_examples(entry: Mapping[object, object]) -> Rule | None:
    if not {"rule"} <= set(entry) <= {"rule", "match", "not_match"}:
        return None
    examples = []
    for name in ("match", "not_match"):
        found = entry.get(name, ())
        if not isinstance(found, list | tuple) or not all(isinstance(each, str) for each in found):
            return None
        examples.append(tuple(found))
    rule = _rule(entry["rule"]) if isinstance(entry["rule"], str) else None
    return None if rule is None else replace(rule, match=examples[0], not_match=examples[1])


def match_command(rules: Sequence[Rule], argv: Sequence[str]) -> Rule | None:
    """The first Bash rule that covers a dequoted command, by its full or its base name.

    Global options that stand before a subcommand do not hide it: `git -C x push` matches `git push`.
    """
    if not argv:
        return None
    head = posixpath.basename(argv[0])
    for rule in rules:
        if rule.kind != "Bash":
            continue
        words = rule.words
        if not words:
            return rule
        if not (fnmatch.fnmatchcase(argv[0], words[0]) or fnmatch.fnmatchcase(head, words[0])):
            continue
        if rule.exact:
            if len(argv) == len(words) and _covers(words[1:], argv[1:]):
                return rule
        elif _covers(words[1:], argv[1:]):
            return rule
    return None


def match_denied(rules: Sequence[Rule], argv: Sequence[str]) -> Rule | None:
    """Like `match_command`, and also with options between the words (deny and ask rules)."""
    found = match_command(rules, argv)
    if found is not None or not argv:
        return found
    head = posixpath.basename(argv[0])
    for rule in rules:
        if rule.kind != "Bash" or len(rule.words) < 2:
            continue
        if not (
            fnmatch.fnmatchcase(argv[0], rule.words[0]) or fnmatch.fnmatchcase(head, rule.words[0])
        ):
            continue
        if rule.words[1].startswith("-"):
            if all(word in argv for word in rule.words[1:]):
                return rule
            continue
        rest = list(argv[1:])
        while rest and rest[0].startswith("-"):
            if _covers(rule.words[1:], rest[1:]) or _covers(rule.words[1:], rest[2:]):
                return rule
            rest = rest[1:]
            if rest and not rest[0].startswith("-"):
                rest = rest[1:]
    return None


def _covers(words: Sequence[str], argv: Sequence[str]) -> bool:
    if len(words) > len(argv):
        return False
    return all(fnmatch.fnmatchcase(a, w) for w, a in zip(words, argv, strict=False))


def match_path(rules: Sequence[Rule], kind: str, path: str, home: str, root: str) -> Rule | None:
    """The first Read or Edit rule whose pattern covers an absolute path.

    `~` is the home directory, other relative patterns count from `root`, `**` crosses directories.
    """
    for rule in rules:
        if rule.kind != kind:
            continue
        pattern = rule.pattern
        if pattern in ("*", "**"):
            return rule
        if pattern.startswith("~"):
            pattern = home + pattern[1:]
        elif pattern.startswith("//"):
            pattern = pattern[1:]
        elif not pattern.startswith("/"):
            pattern = (f"{root}/" if "/" in pattern else "**/") + pattern.removeprefix("./")
        if _glob(pattern).fullmatch(path):
            return rule
        if pattern.endswith("/**") and path == pattern[:-3]:
            return rule
    return None


def _glob(pattern: str) -> re.Pattern[str]:
    pieces = []
    at = 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            pieces.append("(?:.*/)?")
            at += 3
        elif pattern.startswith("**", at):
            pieces.append(".*")
            at += 2
        elif pattern[at] == "*":
            pieces.append("[^/]*")
            at += 1
        elif pattern[at] == "?":
            pieces.append("[^/]")
            at += 1
        else:
            pieces.append(re.escape(pattern[at]))
            at += 1
    return re.compile("".join(pieces), re.S)


def match_domain(rules: Sequence[Rule], host: str) -> Rule | None:
    """The first Fetch rule that covers a host or one of its parent domains."""
    host = host.lower()
    for rule in rules:
        if rule.kind == "Fetch" and (
            rule.pattern == "*"
            or fnmatch.fnmatchcase(host, rule.pattern)
            or host.endswith("." + rule.pattern.removeprefix("*."))
        ):
            return rule
    return None
