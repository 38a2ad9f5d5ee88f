"""What a command printed, read back from the screen and its history."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace

from tungsten.errors import CommandFailed, PaneGone
from tungsten.screen.frame import Frame, strip_styles
from tungsten.shell import marks
from tungsten.tmux.control_client import ControlClient

MAX_LINES = 10_000
"""Screen lines of output read back at most; what came before them is left out."""

MAX_CHARACTERS = 1_000_000
"""Characters of output kept at most, from its end."""

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a command line stood.

    Attributes:
        row: line of the prompt's end, counted from the oldest line of the history.
        history: lines of history then.
        width: columns then.
        command: the command line, or what stands in that row of it.
        prompt: what a person sees of the prompt before it.
        alternate: whether the screen was the alternate one, left on by an earlier program.
        whole: all of the command line, where `command` is only its end.
        marked: the number of its prompt, where the shell marks what output begins behind
            (`marks.begins`), else 0.
    """

    row: int
    history: int
    width: int
    command: str = ""
    prompt: str = ""
    alternate: bool = False
    whole: str = ""
    marked: int = 0

    def somewhere(self) -> Anchor:
        """Give the same with a row that is only known to be found by the text in it."""
        return replace(self, width=0)


async def read_output(
    client: ControlClient, pane_id: str, shown: Frame, anchor: Anchor, prompt: str | None
) -> tuple[str, bool]:
    """Read the text between the command line and the cursor, or the prompt there.

    Args:
        client: the connection.
        pane_id: the pane.
        shown: a frame taken after the end.
        anchor: where the command line was typed.
        prompt: what a person sees of the prompt that follows; None if there is none yet.

    Returns:
        the text, and whether its beginning is missing.

    Raises:
        PaneGone: there is no such pane.
        ServerGone: the server ended.
    """
    if shown.alternate and anchor.alternate and prompt is not None:
        # Such a screen keeps no history: the command may have scrolled anywhere, or away.
        screen, _ = await _read(client, pane_id, shown, anchor, whole=True)
        return _between(screen, anchor, prompt, moved=True)
    if shown.alternate or anchor.alternate:
        # The screen of a full-screen program; or the one before it came back meanwhile.
        return "", anchor.alternate and not shown.alternate
    lines = None if anchor.marked else _rows(shown, anchor)
    if lines is None or not _begins(lines, anchor):
        lines, shown = await _read(client, pane_id, shown, anchor)
    moved = _has_moved(shown, anchor)
    if not moved and not _begins(lines, anchor) and shown.history_size >= anchor.history:
        # A full history drops its oldest lines without a word, so the row is another one now.
        lines, shown = await _read(client, pane_id, shown, anchor, whole=True)
        moved = True
    return _between(lines, anchor, prompt, moved=moved)


def without_filling(text: str, omitted: str, width: int) -> str:
    """Leave out what a shell writes to begin a row where output ended within one.

    Args:
        text: output, as far as the prompt that follows.
        omitted: the shell's sign for a missing newline; empty if it has none.
        width: columns of the terminal.
    """
    before, sign, filling = text.rpartition(omitted) if omitted else ("", "", "")
    row = (before.rpartition("\n")[2] + sign + filling.removesuffix("\n")).expandtabs()
    filled = bool(sign) and filling.strip(" ") == "\n" and columns(row) % width == 0
    return before if filled else text


def _rows(shown: Frame, anchor: Anchor) -> list[str] | None:
    """Take the rows from a frame, if all are in it and none may go on in the next."""
    first = anchor.row - shown.history_size
    if _has_moved(shown, anchor) or not 0 <= first <= shown.cursor_y:
        return None
    lines = [
        strip_styles(line)
        for line in shown.lines[-shown.height :][first:][: shown.cursor_y + 1 - first]
    ]
    # A row that is full may be joined with the one below it; only tmux knows.
    if any(columns(line) >= shown.width or "\t" in line for line in lines):
        return None
    return lines


def _has_moved(shown: Frame, anchor: Anchor) -> bool:
    return shown.width != anchor.width or shown.history_size < anchor.history


def _begins(lines: list[str], anchor: Anchor) -> bool:
    """Say whether the typed command stands in the first line, or there is the mark behind it."""
    if anchor.marked:
        return _after_mark(lines, anchor.marked) is not None
    if anchor.whole:
        return bool(lines) and lines[0].rstrip() == anchor.command
    return bool(lines) and _place(_first_word(anchor), lines[0]) >= 0


def _place(typed: str, line: str) -> int:
    """Find what was typed in a line: how much stands before it, -1 if it is not there.

    A wide character that did not fit into a row any more has left a blank before it there.
    """
    typed, line = typed.rstrip(), line.rstrip()
    if not typed.isascii():
        typed, line = "".join(typed.split()), "".join(line.split())
    return line.find(typed)


def _first_word(anchor: Anchor) -> str:
    return anchor.command.split("\n")[0].split("\t")[0].rstrip()


async def _read(
    client: ControlClient, pane_id: str, shown: Frame, anchor: Anchor, *, whole: bool = False
) -> tuple[list[str], Frame]:
    """Capture from the anchor, or from as far as is kept, to the cursor, rows joined.

    They have their styles where one is a mark.
    """
    lines: list[str] = []
    styles = ("-e",) if anchor.marked else ()
    for _ in range(_TRIES):
        first = anchor.row - shown.history_size
        moved = whole or _has_moved(shown, anchor)
        if shown.alternate:
            first = 0
        elif moved or first < -MAX_LINES or first > shown.cursor_y:
            first = -min(MAX_LINES, shown.history_size)
        captured, tail = await client.guarded(
            (
                *("capture-pane", "-p", "-J", *styles, "-t", pane_id),
                *("-S", str(first), "-E", str(shown.cursor_y)),
            ),
            "#{history_size} #{cursor_y}",
            pane_id,
        )
        if isinstance(captured, CommandFailed):
            raise PaneGone(pane_id)
        lines = captured
        history, _, y = tail.partition(" ")
        if int(history) == shown.history_size:
            break
        # Something still prints: measure again from where the history is now.
        shown = replace(shown, history_size=int(history), cursor_y=int(y))
    return lines, shown


def _between(
    lines: list[str], anchor: Anchor, prompt: str | None, *, moved: bool
) -> tuple[str, bool]:
    text = (
        _after_mark(lines, anchor.marked)
        if anchor.marked
        else _after_command(lines, anchor, search=moved)
    )
    missing = text is None
    if text is None:
        text = strip_styles("\n".join(lines))
    if prompt is not None:
        text = _before_prompt(text, prompt)
    if len(text) > MAX_CHARACTERS:
        return text[-MAX_CHARACTERS:], True
    return text, missing


def _after_mark(lines: list[str], number: int) -> str | None:
    """Take what is below the row that the shell has marked; None if there is no such row."""
    mark = marks.begins(number)
    for index, line in enumerate(lines):
        if mark.search(line):
            return strip_styles("\n".join(lines[index + 1 :]))
    return None


def _after_command(lines: list[str], anchor: Anchor, *, search: bool) -> str | None:
    """Leave out the typed command; None if it is not there any more."""
    if search and anchor.whole:
        text = "\n".join(lines)
        end = _end_of(anchor.whole, text)
        if end is None:
            return None
        return text[end:].partition("\n")[2]
    typed = anchor.command.split("\n")
    prompt = anchor.prompt.rpartition("\n")[2]
    first = _first_word(anchor)
    if not search:
        if not _begins(lines, anchor):
            return None
        joined = [] if anchor.whole else _first_output(lines, anchor, prompt)
        return "\n".join([*joined, *lines[len(typed) :]])
    for index in range(len(lines) - 1, -1, -1):
        if _place(prompt + first, lines[index]) == 0:
            return "\n".join(lines[index + len(typed) :])
    return None


def _end_of(typed: str, text: str) -> int | None:
    """Find where a typed line ends that may be broken into rows, or joined, at any place."""
    at = [index for index, character in enumerate(text) if not character.isspace()]
    wanted = "".join(typed.split())
    found = "".join([text[index] for index in at]).rfind(wanted)
    return None if not wanted or found < 0 else at[found + len(wanted) - 1] + 1


def _first_output(lines: list[str], anchor: Anchor, prompt: str) -> list[str]:
    """Find output on the command's own line, where a full row made the terminal join them."""
    typed = anchor.command.split("\n")
    last = typed[-1]
    if len(lines) < len(typed) or not last:
        return []
    before = prompt if len(typed) == 1 else ""
    # readline writes a tab as blanks.
    shown = (before + last).expandtabs()
    if columns(shown) % anchor.width:
        return []
    above = columns(before) // anchor.width * anchor.width
    joined = lines[len(typed) - 1][len(shown) - above :]
    # readline puts one blank there to make the terminal wrap; without any, nothing is joined.
    return ["" if joined == " " else joined] if joined else []


def columns(text: str) -> int:
    """Count the cells that text takes in a terminal, tabs aside."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(character)
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )


def _before_prompt(text: str, prompt: str) -> str:
    if prompt and text.endswith(prompt):
        return text.removesuffix(prompt)
    blank = prompt.rstrip()
    if blank and text.rstrip().endswith(blank):
        return text.rstrip().removesuffix(blank)
    at = text.rfind(prompt) if prompt else -1
    if at >= 0:
        return text[:at]
    # The prompt draws itself in ways we cannot follow: leave its lines out.
    count = prompt.count("\n") + 1
    kept = text.split("\n")[:-count]
    return "\n".join(kept) + ("\n" if kept else "")
