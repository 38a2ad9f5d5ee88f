"""Functions of the text that print numbers and nothing else: `fact`, `fib`, `gcd`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.risk.arguments import wordlist
from agent.risk.shell.syntax import LITERAL, NUMBER, QUOTED, VARIABLE, Command, Word

if TYPE_CHECKING:
    from agent.risk.evaluation.outputs import Outputs

MAX_GROUPS = 256
"""Groups of a text among which a function is looked for; in a larger one no function is known."""

_SILENT = frozenset(
    wordlist("[ test : true false return local declare typeset shift let break continue")
)


def prints_numbers(outputs: Outputs, name: str) -> bool:
    """Whether every body that a function may have prints only what it counts, or was given."""
    if name in outputs.counted:
        return True
    if len(outputs.groups) > MAX_GROUPS:
        return False
    bodies = [
        (script, group)
        for script, group in outputs.groups.values()
        if group.function == name and group.kind != "`"
    ]
    outermost = not outputs.counted
    outputs.counted.add(name)
    try:
        return bool(bodies) and all(
            _numeric(outputs, command, name)
            for script, group in bodies
            for command in script.commands[group.first : group.last]
            if command.depth == group.depth
        )
    finally:
        # Each function is looked at once: what is no number makes the whole answer no.
        if outermost:
            outputs.counted.clear()


def _numeric(outputs: Outputs, command: Command, name: str) -> bool:
    if any(outputs.expander.doubted(word.parts) for word in command.assigns):
        return False
    if command.kind != "simple" or not command.words:
        return True
    head, *rest = command.words
    if head.text == name or head.text in _SILENT:
        return not any(outputs.expander.doubted(word.parts) for word in rest)
    return head.text == "echo" and bool(rest) and all(_number(outputs, word) for word in rest)


def _number(outputs: Outputs, word: Word) -> bool:
    if word.text is not None:
        return word.text.isdigit() or word.text == "-n"
    return not outputs.expander.doubted(word.parts) and all(
        part.kind in (NUMBER, VARIABLE) or (part.kind in (LITERAL, QUOTED) and not part.text)
        for part in word.parts
    )
