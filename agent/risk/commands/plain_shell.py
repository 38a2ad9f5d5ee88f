# ruff: noqa: E501 - patterns read better unbroken
"""Text for shells that have words of their own, as sh would be given it."""

from __future__ import annotations

import re

from agent.risk.commands.zsh import plain_zsh
from agent.risk.evaluation.call import Call

_FISH_KEEPS = re.compile(
    r"(?:^|[;&|({\n]|\b(?:and|or|not|begin|then|do|else))[ \t]{0,40}(?:(?:builtin|command)[ \t]{1,40})?"
    r"(?:set\s+(?:-\S+\s+)*(?:-\w*U\w*|--universal)\b|fish_add_path\b(?!.{0,200}(?:\s-\w*[Ppvn]\b|--path\b))"
    r"|funcsave\b|fish_config\s+\w+\s+(?:save|choose)|abbr\b.{0,200}\s-\w*U|fisher\s+(?:install|update)"
    r"|alias\s+(?:-s|--save)\b|vared\b)"
)
"""What fish keeps for every later shell of the person."""
_SOURCED = re.compile(r"(?<=\|)(\s*)source(?=\s*(?:$|[;&|]))")
"""In fish a pipe into `source` is run; elsewhere `source` reads no pipe."""


def plain_shell(call: Call, shell: str, text: str) -> str:
    """Say in other words what one shell alone understands, and judge what these have no word for.

    Args:
        call: the command that has the text run.
        shell: the shell's name.
        text: what it runs.

    Returns:
        A text of the same length.
    """
    if shell.startswith("zsh"):
        return plain_zsh(call, text)
    if shell == "fish":
        if _FISH_KEEPS.search(text):
            call.high("changes what every later fish shell does")
        return _SOURCED.sub(r"\1sh    ", text)
    if shell in ("nu", "elvish"):
        # They write a program of the system as `^rm` and `e:rm`.
        return re.sub(r"(?<![^;|&({\s])(\^|e:)(?=\w)", lambda match: " " * len(match[1]), text)
    return text
