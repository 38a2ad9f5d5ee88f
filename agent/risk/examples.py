"""Tries the examples that stand beside a rule.

A rule that does not say what was meant is found when it is read, not when it is needed.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from agent.risk.assessment import Context
from agent.risk.classify import assess_command
from agent.risk.rules import Rule, Rules, match_domain, match_path


def tried(rules: Rules, *, home: Path, project: Path) -> Rules:
    """The same rules; `problem` names every example that its rule does not hold to.

    Examples of `Bash` rules are command lines, of `Read` and `Edit` rules paths from `project` on,
    of `Fetch` rules addresses or hosts.
    """
    problems = [rules.problem] if rules.problem else []
    for name, found in (("deny", rules.deny), ("ask", rules.ask), ("allow", rules.allow)):
        for rule in found:
            for example in rule.match:
                if not covers(name, rule, example, home=home, project=project):
                    problems.append(f"the {name} rule {rule.text} does not match “{example}”")
            for example in rule.not_match:
                if covers(name, rule, example, home=home, project=project):
                    problems.append(f"the {name} rule {rule.text} matches “{example}”")
    return replace(rules, problem="; ".join(problems))


def covers(listed: str, rule: Rule, example: str, *, home: Path, project: Path) -> bool:
    """Whether a rule of a list (`deny`, `ask`, `allow`) applies to an example."""
    if rule.kind in ("Read", "Edit"):
        path = example.replace("~", str(home), 1) if example.startswith("~") else example
        path = posixpath.normpath(posixpath.join(str(project), path))
        return match_path((rule,), rule.kind, path, str(home), str(project)) is not None
    if rule.kind == "Fetch":
        host = urlsplit(example).hostname if "://" in example else example.partition("/")[0]
        return match_domain((rule,), host or "") is not None
    alone = Rules(allow=(rule,)) if listed == "allow" else Rules(deny=(rule,))
    found = assess_command(example, Context(project, home, project, rules=alone))
    return found.allowed if listed == "allow" else found.denied_by is not None
