"""Captured lines to styled runs: SGR sequences in, (text, style) pieces out.

A style set on one line holds on the next until it is changed, so each line is read with the style
carried into it. Screens change little from frame to frame: results are cached per carried style
and line, and styles are interned, so that equal styles are the same object.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass

_SEQUENCE = re.compile(
    r"\x1b\[([0-9;:]*)m|\x1b\[[0-9;:?<=>]*[ -/]*[@-~]"
    r"|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[()].|\x1b[^\[]|([\x0e\x0f])"
)

_LINES = str.maketrans("`afgijklmnopqrstuvwxyz{|}~", "◆▒°±␉┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·")
"""The line-drawing characters of the terminal's alternate set (terminfo `acsc`, vt100 names)."""

Color = int | tuple[int, int, int] | None
"""A colour: None is the terminal's own, 0 to 255 an index, a triple red, green and blue."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a run of text looks.

    Attributes:
        underline: 0 none, 1 single, 2 double, 3 curly, 4 dotted, 5 dashed.
    """

    fg: Color = None
    bg: Color = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: int = 0
    blink: bool = False
    reverse: bool = False
    conceal: bool = False
    strike: bool = False
    overline: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one style."""

    text: str
    style: Style


PLAIN = Style()
"""The style that a screen starts with."""

_interned: dict[Style, Style] = {PLAIN: PLAIN}
_FIELDS = tuple(Style.__dataclass_fields__)


def parse_line(line: str, carried: Style = PLAIN) -> tuple[tuple[Run, ...], Style]:
    """Split one captured line into runs.

    Args:
        line: text with SGR sequences, without its line end.
        carried: the style that the line before ended with.

    Returns:
        the runs, none of them empty, and the style to carry into the next line.
    """
    return _parse(line, carried)


def parse_lines(lines: Iterable[str]) -> list[tuple[Run, ...]]:
    """Split all lines of a frame into runs, from its first line on."""
    carried = PLAIN
    parsed = []
    for line in lines:
        runs, carried = _parse(line, carried)
        parsed.append(runs)
    return parsed


def forget() -> None:
    """Empty the cache of parsed lines; what is known of styles stays."""
    _parse.cache_clear()


@functools.lru_cache(maxsize=8192)
def _parse(line: str, carried: Style) -> tuple[tuple[Run, ...], Style]:
    if "\x1b" not in line and "\x0e" not in line and "\x0f" not in line:
        return ((Run(line, carried),) if line else ()), carried
    runs: list[Run] = []
    style = carried
    drawing = False
    at = 0
    for match in _SEQUENCE.finditer(line):
        start = match.start()
        if start > at:
            _append(runs, line[at:start], style, drawing=drawing)
        at = match.end()
        if match[2] is not None:
            drawing = match[2] == "\x0e"
        elif match[1] is not None:
            style = _changed(style, match[1])
    if at < len(line):
        _append(runs, line[at:], style, drawing=drawing)
    return tuple(runs), style


def _append(runs: list[Run], text: str, style: Style, *, drawing: bool) -> None:
    if drawing:
        text = text.translate(_LINES)
    if runs and runs[-1].style is style:
        runs[-1] = Run(runs[-1].text + text, style)
    else:
        runs.append(Run(text, style))


@functools.lru_cache(maxsize=4096)
def _changed(style: Style, parameters: str) -> Style:
    """Apply one SGR sequence (ECMA-48 8.3.117, and xterm's colours)."""
    values = {name: getattr(style, name) for name in _FIELDS}
    # A colon binds sub-parameters to their number; a semicolon separates numbers.
    groups = [[_number(part) for part in group.split(":")] for group in parameters.split(";")]
    position = 0
    while position < len(groups):
        group = groups[position]
        code = group[0]
        position += 1
        if code in (38, 48, 58):
            if len(group) > 1:
                color = _color(group[1:])
            else:
                rest = [part[0] for part in groups[position:]]
                taken = 2 if rest[:1] == [5] else 4 if rest[:1] == [2] else len(rest)
                color = _color(rest[:taken])
                position += taken
            if code != 58:
                values["fg" if code == 38 else "bg"] = color
        elif code == 4 and len(group) > 1:
            values["underline"] = min(group[1], 5)
        else:
            _plain(values, code)
    changed = Style(**values)
    return _interned.setdefault(changed, changed)


_SET: dict[int, tuple[str, object]] = {
    1: ("bold", True),
    2: ("dim", True),
    3: ("italic", True),
    4: ("underline", 1),
    5: ("blink", True),
    6: ("blink", True),
    7: ("reverse", True),
    8: ("conceal", True),
    9: ("strike", True),
    21: ("underline", 2),
    23: ("italic", False),
    24: ("underline", 0),
    25: ("blink", False),
    27: ("reverse", False),
    28: ("conceal", False),
    29: ("strike", False),
    39: ("fg", None),
    49: ("bg", None),
    53: ("overline", True),
    55: ("overline", False),
}


def _plain(values: dict[str, object], code: int) -> None:
    if code == 0:
        values.update({name: getattr(PLAIN, name) for name in _FIELDS})
    elif code in _SET:
        name, value = _SET[code]
        values[name] = value
    elif code == 22:
        values["bold"] = values["dim"] = False
    elif 30 <= code <= 37:
        values["fg"] = code - 30
    elif 40 <= code <= 47:
        values["bg"] = code - 40
    elif 90 <= code <= 97:
        values["fg"] = code - 82
    elif 100 <= code <= 107:
        values["bg"] = code - 92


def _number(text: str) -> int:
    return int(text) if text else 0


def _color(numbers: list[int]) -> Color:
    if numbers[:1] == [5] and len(numbers) > 1:
        return min(numbers[1], 255)
    if numbers[:1] == [2] and len(numbers) > 3:
        red, green, blue = (min(number, 255) for number in numbers[-3:])
        return red, green, blue
    return None
