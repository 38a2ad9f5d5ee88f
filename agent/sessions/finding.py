"""Words in a conversation: what of a block is looked through, and where in it they stand.

Light to import. The engine counts with it over a whole session, a front end over the blocks that
it shows, so that both mean the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from agent.protocol.conversation import ToolCall

LONGEST = 200
"""Characters of the words that are sought; whoever seeks more has pasted something by mistake."""

PERSON = "person"
"""Name of the tool call of a command that the person ran with `!`."""

QUESTION = "ask_person"
SIGNS = r"[*_`~\[]"
"""Signs with which Markdown writes styles."""

MARKUP = SIGNS + "{0,3}"
"""What may stand before and after a space between two words."""


class Readable(Protocol):
    """A block, or what a front end holds of one."""

    @property
    def text(self) -> str:
        """What was said."""

    @property
    def tool(self) -> ToolCall | None:
        """The tool that was used."""


class Place(NamedTuple):
    """Where words begin: in which of the block's `texts`, and at which character of it."""

    text: int
    offset: int


def pattern(words: str) -> re.Pattern[str] | None:
    """Compile what finds words: upper and lower case are one, so are a space and a line's end.

    Between two words Markdown's own characters may stand, since they are not seen: `one **two**`
    reads "one two". None where nothing is sought.
    """
    parts = [re.escape(part) for part in words[:LONGEST].split()]
    return re.compile(joined(parts, [r"\s++"] * (len(parts) - 1)), re.IGNORECASE) if parts else None


def joined(parts: Sequence[str], gaps: Sequence[str]) -> str:
    """Write what finds parts with gaps and `MARKUP` between them, in time that is linear in a text.

    A part may itself be signs of `MARKUP`, so that there are several ways to read them: each part
    is atomic, together with the gap behind it. No reading is lost, since all end at the same place.
    """
    first, *others = parts
    if not others:
        return first
    between = [
        f"(?>{MARKUP}{part}{MARKUP}{gap})" for part, gap in zip(others[:-1], gaps[1:], strict=True)
    ]
    return f"{first}{MARKUP}{gaps[0]}{''.join(between)}{MARKUP}{others[-1]}"


def verb(name: str) -> str:
    """Shorten a tool's name to what it does, as it is shown: `terminal_run` reads `run`."""
    if name == QUESTION:
        return "ask"
    if name == PERSON:
        return "!"
    for family in ("terminal_", "file_"):
        if name.startswith(family):
            return name.removeprefix(family)
    return name


def texts(block: Readable) -> tuple[str, ...]:
    """What of a block is looked through, in the order in which it is shown."""
    tool = block.tool
    if tool is None:
        return (block.text,)
    return f"{verb(tool.name)} {tool.title}", tool.decision, *tool.reasons, tool.diff, tool.result


def places(block: Readable, sought: re.Pattern[str]) -> Iterator[Place]:
    """Find where words stand in a block, in order; none overlaps another."""
    for number, text in enumerate(texts(block)):
        for found in sought.finditer(text):
            yield Place(number, found.start())


def count(block: Readable, sought: re.Pattern[str]) -> int:
    """How often words stand in a block."""
    return sum(1 for _ in places(block, sought))
