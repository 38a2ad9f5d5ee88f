"""What stands on the line at a pane's cursor, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tungsten.programs import prompts
from tungsten.programs.foreground import Foreground
from tungsten.screen.frame import Frame, strip_styles

Confidence = Literal["reported", "behind a prompt", "on the screen"]


@dataclass(frozen=True, slots=True)
class CursorLine:
    """The text of a line that is being typed.

    Attributes:
        text: what was typed, as far as can be told.
        confidence: `reported`: the shell's line editor says so (readline, ZLE, fish).
            `behind a prompt`: it is on the screen behind what is known as the prompt of the program
            that reads; whatever prints can imitate it, and more may stand in rows above.
            `on the screen`: all of the cursor's row, prompt and output among it.
    """

    text: str
    confidence: Confidence


def seen(foreground: Foreground, shown: Frame) -> CursorLine:
    """Read the line off the screen, where nothing reports it."""
    rows = strip_styles("\n".join(shown.lines)).split("\n")
    row = rows[len(shown.lines) - shown.height + shown.cursor_y].rstrip()
    known = prompts.known(foreground)
    for pattern in () if known is None else (known.first, known.more):
        # tmux leaves out the blank that ends a prompt.
        found = None if pattern is None else pattern.match(f"{row} ")
        if found is not None:
            return CursorLine(row[found.end() :], "behind a prompt")
    return CursorLine(row, "on the screen")
