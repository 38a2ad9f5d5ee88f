"""How one block of a conversation is drawn."""

from __future__ import annotations

import json
from itertools import islice

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from agent.sessions import finding
from tui.conversation.folding import DIFFS, FOLDED, RESULTS, WHOLE, can_fold
from tui.conversation.transcript import Entry
from tui.drawing.text import (
    Piece,
    between,
    clean,
    cuts,
    duration,
    fit,
    fit_path,
    one_line,
    strip_of,
    wrap,
)
from tui.keys import actions
from tui.themes.theme import Paint
from tui.widgets.code import diff_lines, diff_size
from tungsten.screen.printable import counted

INDENT = 2
"""Columns left of every block; the mark of the chosen block is drawn there."""

ROOMY = 48
"""Columns from which a folded tool call tells how long it took."""

PART = 10_000
"""Characters of one text that are laid out at once; 1 MB at once would take a second."""

REVERTS = "↶"
"""Stands before how many files a step changed that can be put back."""

LONG_WORD = 20
"""Characters of a word on average beyond which a text is not one of words with spaces."""

LONGEST_REASON = 4
"""Lines that a folded tool call shows of why it was denied or could not be done."""

BY_RULE = "by your rule"
"""What `ToolCall.decision` holds where an allow rule let an action run."""

APPROVED = "approved by you"
"""What `ToolCall.decision` says of an action that a person let through."""

CHANGED = "approved by you, changed"
"""What it says where the person wrote the command that they let through."""

ANSWERED = "The person answers: "
"""What stands before an answer in the result that the agent gets."""

TOOL_GLYPHS = {
    "preparing": "◌",
    "gated": "▲",
    "held": "▲",
    "running": "●",
    "done": "✓",
    "failed": "✗",
    "denied": "⊘",
    "interrupted": "⊘",
    "unknown": "?",
}


def draw(
    entry: Entry,
    width: int,
    paint: Paint,
    *,
    shown: frozenset[str] = FOLDED,
    chosen: bool = False,
    marked: bool = False,
    part: int = 0,
) -> list[Strip]:
    """Draw a block for a conversation of `width` columns, with the blank line that follows it.

    Of a very long one, just one of its `parts` is laid out.

    Args:
        entry: The block.
        width: Columns of the conversation.
        paint: Styles of the theme.
        shown: What of it is unfolded: see `Folding.shown`.
        chosen: Whether the keyboard is on it.
        marked: Whether it is in the range that is to be copied.
        part: Which part of a very long one.
    """
    room = max(8, width - INDENT - 1)
    count = parts(entry, shown)
    part = min(part, count - 1)
    lines = _lines(entry, room, paint, shown, part)
    if entry.pictures and shown == WHOLE and part == count - 1:
        from tui.widgets.inline_pictures import lines as pictures

        ground = _said_ground(paint) if entry.kind == "user" else paint.blank
        lines += pictures(entry.pictures, room, paint, ground)
    if count > 1:
        ways = " · ".join(
            f"{actions.shown(name)} {word}"
            for name, word, there in (
                ("block.next_part", "goes on", part < count - 1),
                ("block.previous_part", "goes back", part > 0),
            )
            if there
        )
        style = paint.faint + (_said_ground(paint) if entry.kind == "user" else Style.null())
        lines.append([(f"part {part + 1} of {count} · {ways}", style)])
    fill = paint.bar if entry.kind == "user" else paint.blank
    mark: Piece = ("▎ ", paint.focus) if chosen else ("  ", paint.blank)
    if marked:
        mark = ("┃ ", paint.focus)
    strips: list[Strip] = []
    for number, line in enumerate(lines):
        edge = mark if chosen or marked else ("› ", paint.focus) if _spoken(entry, number) else mark
        if entry.kind == "user":
            edge = (edge[0], edge[1] + _said_ground(paint))
        strips.append(strip_of([edge, *line], width, fill))
    if not can_fold(entry) or shown:
        strips.append(Strip.blank(width, paint.blank))
    return strips


def _said_ground(paint: Paint) -> Style:
    return Style(bgcolor=paint.bar.bgcolor)


def copied(entry: Entry) -> str:
    """Return the text that copying a block gives."""
    tool = entry.tool
    if tool is None:
        return entry.text
    parts = [tool.title, tool.diff, tool.result]
    return "\n".join(part for part in parts if part)


def parts(entry: Entry, shown: frozenset[str]) -> int:
    """Count the parts in which a block is shown: 1 but for very long ones."""
    return max(sum(1 for _ in cuts(text, PART)) for text in _cut_texts(entry, shown))


def _cut_texts(entry: Entry, shown: frozenset[str]) -> tuple[str, ...]:
    match entry.kind:
        case "tool" if shown and (tool := entry.tool) is not None:
            if shown == WHOLE:
                return tool.title, tool.diff, tool.result, tool.input_json
            return tool.diff if DIFFS in shown else "", tool.result if RESULTS in shown else ""
        case "thinking" if shown:
            return (entry.text,)
        case "user" | "notice" | "error":
            return (entry.text,)
        case _:
            return ("",)


def _part(text: str, part: int) -> str:
    """Return one part of a text, empty when it has fewer."""
    if len(text) <= PART:
        return "" if part else text
    start, end = next(islice(cuts(text, PART), part, None), (0, 0))
    return text[start:end]


def _spoken(entry: Entry, number: int) -> bool:
    return entry.kind == "user" and number == 0


def _lines(
    entry: Entry, width: int, paint: Paint, shown: frozenset[str], part: int
) -> list[list[Piece]]:
    match entry.kind:
        case "tool":
            return _tool(entry, width, paint, shown, part)
        case "user":
            return wrap([(clean(_part(entry.text, part)), paint.bar)], width)
        case "thinking":
            return _thinking(entry, width, paint, bool(shown), part)
        case "notice":
            return _notice(_part(entry.text, part), width, paint, part)
        case "error":
            text = wrap([(clean(_part(entry.text, part)), paint.bad)], width - 2)
            return [
                [("✗ " if number == 0 else "  ", paint.bad), *line]
                for number, line in enumerate(text)
            ]
        case _:
            return _markdown(entry, width, paint)


def _notice(text: str, width: int, paint: Paint, part: int) -> list[list[Piece]]:
    """Draw what Tungsten says: a paragraph, and what it hands on below that, as a model wrote it.

    A summary that the conversation goes on from is such; what is said itself is no Markdown, where
    the name of a file would lose its underscores.
    """
    said, _, handed_on = ("", "", text) if part else text.partition("\n\n")
    lines = wrap([(clean(said), paint.muted)], width) if said else []
    if handed_on:
        from tui.widgets.markdown import GrowingMarkdown

        lines += [[]] if said else []
        lines += GrowingMarkdown(width, paint).lines(handed_on)
    return lines


def _markdown(entry: Entry, width: int, paint: Paint) -> list[list[Piece]]:
    # Its parser is sixty modules, which a session without an answer does not need.
    from tui.widgets.markdown import GrowingMarkdown

    growing = entry.markdown
    if (
        not isinstance(growing, GrowingMarkdown)
        or growing.width != width
        or growing.paint is not paint
    ):
        growing = GrowingMarkdown(width, paint)
        entry.markdown = growing
    lines = growing.lines(entry.text)
    if entry.streaming:
        lines = [*lines[:-1], [*(lines[-1] if lines else []), ("▌", paint.working)]]
    return lines


def _thinking(
    entry: Entry, width: int, paint: Paint, unfolded: bool, part: int
) -> list[list[Piece]]:
    head: list[Piece] = [("∴ ", paint.faint), ("thinking", paint.muted)]
    if entry.streaming:
        head[1] = ("thinking…", paint.working)
    words = _length(entry.text)
    if not unfolded:
        left = [*head, ("  ", paint.blank), (_start(entry.text, width), paint.faint)]
        line = between(left, [(f"  {words}", paint.faint)], width, paint.blank)
        return [[(segment.text, segment.style or paint.blank) for segment in line]]
    head.append((f"  {words}", paint.faint))
    inner = wrap(
        [(clean(_part(entry.text, part)).strip(), paint.muted + Style(italic=True))], width - 2
    )
    return [head, *([("  ", paint.blank), *line] for line in inner)]


def _length(text: str) -> str:
    """Say how long a text is: in words, or in characters where it is written without spaces."""
    words = len(text.split())
    if len(text) > LONG_WORD * words:
        return counted(len(text), "character")
    return counted(words, "word")


def _start(text: str, cells: int) -> str:
    return fit(one_line(text[: 4 * max(cells, 1)]), cells)


def _tool(
    entry: Entry, width: int, paint: Paint, shown: frozenset[str], part: int
) -> list[list[Piece]]:
    tool = entry.tool
    if tool is None:
        return [[(_start(entry.text, width), paint.text)]]
    asks = tool.name == finding.QUESTION
    status = "gated" if asks and tool.status == "running" else tool.status
    head: list[Piece] = [
        (f"{TOOL_GLYPHS[status]} ", _tool_style(status, paint)),
        (f"{finding.verb(one_line(tool.name))} ", paint.muted),
        (_start(tool.title, width), paint.text if tool.status != "denied" else paint.muted),
    ]
    if asks and tool.result.startswith(ANSWERED):
        answer = tool.result[:PART].removeprefix(ANSWERED)
        # Its start is told whatever the length of the question.
        head[2] = (_start(tool.title, max(width // 2, width - cell_len(answer) - 16)), paint.text)
        head.append((f"  {_start(answer, width)}", paint.bar))
    right: list[Piece] = [(" ", paint.blank)]
    word, style = _tool_word(status, tool.exit_status, paint)
    if word:
        right.append((f" {word}", style))
    elif tool.status == "preparing" and tool.decision:
        right.append((f" {one_line(tool.decision)}", paint.muted))
    if tool.decision == APPROVED and tool.status in {"running", "done", "failed"}:
        right.append((" approved", paint.muted))
    elif tool.decision == CHANGED and tool.status in {"running", "done", "failed"}:
        who = " changed by you," if width >= ROOMY else " changed,"
        right.append((f"{who} approved", paint.muted))
    elif BY_RULE in tool.decision and tool.status in {"running", "done", "failed"}:
        right.append((f" {BY_RULE}", paint.muted))
    if tool.changed:
        files = f" {counted(tool.changed, 'file')}" if width >= ROOMY else str(tool.changed)
        right.append((f" {REVERTS}{files}", paint.muted))
    if tool.seconds is not None and width >= ROOMY:
        right.append((f" {duration(tool.seconds)}", paint.faint))
    if tool.risk is not None:
        risk = paint.attention if tool.risk == "HIGH" else paint.muted
        right.append((f" {tool.risk}", risk))
    if tool.diff:
        added, removed = diff_size(tool.diff)
        counts = [(f"  +{added}", paint.good), (f" -{removed}", paint.bad)]
        # What a file's name ends with tells more than what it begins with.
        used = sum(cell_len(text) for text, _ in (*head[:2], *counts, *right))
        title, style = one_line(tool.title[-4 * width :]), head[2][1]
        head[2:] = [(fit_path(title, max(8, width - used)), style), *counts]
    first = between(head, right, width, paint.blank)
    lines: list[list[Piece]] = [[(text, style or paint.blank) for text, style, _ in first]]
    if shown != WHOLE and tool.status == "denied" and ": " in tool.decision:
        # Why, and what to do instead, is what the agent goes on from.
        said = wrap([(one_line(_part(tool.decision, 0)), paint.muted)], width - 2)
        lines += [[("  ", paint.blank), *line] for line in said[:LONGEST_REASON]]
    if not shown and tool.status == "failed" and tool.exit_status is None:
        # Of a command that ran, its status says enough.
        why = next((row for row in tool.result[:PART].splitlines() if row.strip()), "")
        if why:
            said = wrap([(one_line(why), paint.muted)], width - 2)
            lines += [[("  ", paint.blank), *line] for line in said[:LONGEST_REASON]]
    if shown:
        body = _tool_body(entry, width - 2, paint, shown, part)
        lines += [[("  ", paint.blank), *line] for line in body]
    return lines


def _tool_body(
    entry: Entry, width: int, paint: Paint, shown: frozenset[str], part: int
) -> list[list[Piece]]:
    tool = entry.tool
    assert tool is not None
    lines: list[list[Piece]] = []
    whole = shown == WHOLE
    if whole:
        long = len(tool.title) > width or "\n" in tool.title
        title = _part(tool.title, part)
        if title and (long or cell_len(one_line(title)) + len(tool.name) + 20 > width):
            lines += wrap([(clean(title), paint.text)], width)
        if part == 0:
            if tool.decision:
                lines += wrap([(clean(tool.decision), paint.muted)], width)
            for reason in tool.reasons:
                lines += wrap([("because ", paint.faint), (clean(reason), paint.muted)], width)
    if (whole or DIFFS in shown) and (diff := _part(tool.diff, part)):
        for pieces in diff_lines(diff, paint):
            for line in wrap(pieces, width):
                style = line[0][1] if line else paint.blank
                used = sum(cell_len(text) for text, _ in line)
                lines.append([*line, (" " * (width - used), style)])
    elif whole and not tool.diff and not tool.result:
        lines += _input(tool.input_json, width, paint, part)
    if (whole or RESULTS in shown) and (result := _part(tool.result, part)):
        for row in clean(result).rstrip("\n").split("\n"):
            for line in wrap([(row, paint.muted)], width - 1):
                lines.append([("▏", paint.faint), *line])
    return lines or [[("nothing to show yet" if part == 0 else "", paint.faint)]]


def _input(input_json: str, width: int, paint: Paint, part: int) -> list[list[Piece]]:
    if len(input_json) > PART:
        return wrap([(clean(_part(input_json, part)), paint.muted)], width)
    try:
        values = json.loads(input_json) if input_json and part == 0 else {}
    except ValueError:
        values = {}
    lines: list[list[Piece]] = []
    if isinstance(values, dict):
        for name, value in values.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            lines += wrap([(f"{name}: ", paint.faint), (clean(text), paint.muted)], width)
    return lines


def _tool_style(status: str, paint: Paint) -> Style:
    match status:
        case "gated" | "held":
            return paint.attention
        case "running" | "preparing":
            return paint.working
        case "done":
            return paint.good
        case "failed":
            return paint.bad
        case _:
            return paint.muted


def _tool_word(status: str, exit_status: int | None, paint: Paint) -> tuple[str, Style]:
    match status:
        case "gated":
            return "waits for you", paint.attention
        case "held":
            return "waits: you have the keyboard", paint.attention
        case "running":
            return "running", paint.working
        case "failed" if exit_status is not None:
            return f"exit {exit_status}", paint.bad
        case "failed":
            return "failed", paint.bad
        case "denied" | "interrupted":
            return status, paint.muted
        case "unknown":
            return "outcome unknown", paint.attention
        case "done" if exit_status:
            return f"exit {exit_status}", paint.bad
        case _:
            return "", paint.muted
