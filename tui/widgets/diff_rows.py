"""A unified diff as numbered lines."""

from __future__ import annotations

import re

from tui.widgets.text_rows import TextRow

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def rows(diff: str, *, named: bool = False) -> list[TextRow]:
    """Number the lines of a unified diff: before the change, and after it; 0 is none.

    What is outside of its hunks, and names the files, stays where it changes several files or
    `named` is set: who shows the change of one file may know its name. How long a hunk is, its head
    says, so a removed line `-- x` is no file's name.
    """
    lines = diff.rstrip("\n").split("\n")
    several = named or sum(line.startswith("+++ ") for line in lines) > 1
    found: list[TextRow] = []
    old = new = old_left = new_left = 0
    for line in lines:
        if begin := _HUNK.match(line):
            old, new = int(begin[1]), int(begin[3])
            old_left, new_left = int(begin[2] or 1), int(begin[4] or 1)
            found.append(TextRow(line, (0, 0), "faint"))
        elif old_left <= 0 and new_left <= 0:
            if several or not line.startswith(("--- ", "+++ ", "diff ", "index ")):
                found.append(TextRow(line, (0, 0), "muted"))
        elif line.startswith("+"):
            found.append(TextRow(line, (0, new), "added"))
            new, new_left = new + 1, new_left - 1
        elif line.startswith("-"):
            found.append(TextRow(line, (old, 0), "removed"))
            old, old_left = old + 1, old_left - 1
        elif line.startswith(" ") or not line:
            found.append(TextRow(line, (old, new)))
            old, new, old_left, new_left = old + 1, new + 1, old_left - 1, new_left - 1
        else:
            # `\ No newline at end of file`, and where a long diff was cut.
            found.append(TextRow(line, (0, 0), "muted"))
    return found
