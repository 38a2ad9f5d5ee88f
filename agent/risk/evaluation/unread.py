"""Which deny rule concerns what no budget was left for: plain words and plain text have to do.

It can only refuse more than reading all of it would: such a text waits for a person in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from agent.risk.evaluation.breathing import CHUNK, breathe
from agent.risk.rules import Rule, match_denied
from agent.risk.shell.syntax import UNKNOWN

if TYPE_CHECKING:
    from agent.risk.shell.syntax import Command, Script

_OVERLAP = 1_000
"""Characters by which pieces of a text overlap, so that no rule's words are cut apart."""


def denied_command(
    rules: Sequence[Rule], scripts: Iterable[Script]
) -> tuple[Rule, Script, Command] | None:
    """The first command that was found, judged or not, which a rule denies by its plain words."""
    for script in scripts:
        for number, command in enumerate(script.commands):
            if not number & 1_023:
                breathe()
            words = [UNKNOWN if word.text is None else word.text for word in command.words]
            rule = match_denied(rules, words) if words else None
            if rule is not None:
                return rule, script, command
    return None


def denied_text(rules: Sequence[Rule], text: str) -> tuple[Rule, int, int] | None:
    """The first rule whose words stand behind each other in a text, and where they do."""
    for rule in rules:
        if rule.kind != "Bash" or not rule.words:
            continue
        words = [re.escape(word).replace(r"\*", r"[^\s;&|]*") for word in rule.words]
        pattern = re.compile(r"(?<![\w.-])" + r"[ \t]+".join(words) + r"(?![\w-])")
        for at in range(0, len(text), CHUNK):
            found = pattern.search(text, at, at + CHUNK + _OVERLAP)
            if found is not None:
                return rule, found.start(), found.end()
    return None
