"""Captured lines to styled runs: SGR sequences in, (text, style) pieces out.

A style set on one line holds on the next until it is changed, so each line is read with the style
carried into it. Screens change little from frame to frame: results are cached per carried style
and line. A line that is new is read as a walk from style to style: each style knows where the
sequences that followed it so far lead, so a program's few styles are worked out once.

Text comes out in the widths that tmux gave it (see `_widths`), counted one character at a time.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

_PLAIN_SEQUENCE = re.compile(r"\x1b\[([0-9;:]*)m")
_SEQUENCE = re.compile(
    r"\x1b\[([0-9;:]*)m|\x1b\[[0-9;:?<=>]*[ -/]*[@-~]"
    r"|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[()].|\x1b[^\[]|([\x0e\x0f])"
)

_LINES = str.maketrans("`afgijklmnopqrstuvwxyz{|}~", "◆▒°±␉┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·")
"""The line-drawing characters of the terminal's alternate set (terminfo `acsc`, vt100 names)."""

_MOST_STYLES = 20_000
"""How many styles to remember; a picture in true colours would fill the memory with them."""

_MOST_LINES = 2048
"""How many lines to remember: some frames of several panes. Who draws them keeps what was drawn."""

_DIRECTION = "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069"
"""Marks of direction: a terminal that obeys them turns all of the row around, ours as well."""
_JOINING = re.compile(f"[\u200d\u20e3\ufe0e\ufe0f\U0001f3fb-\U0001f3ff{_DIRECTION}]")
_CLUSTER = re.compile(
    f"\u200d[^\x1b]?|[\u20e3\ufe0e{_DIRECTION}]|([^\x1b]?)\ufe0f|([\U0001f3fb-\U0001f3ff])",
    re.DOTALL,
)

Color = int | tuple[int, int, int] | None
"""A colour: None is the terminal's own, 0 to 255 an index, a triple red, green and blue."""


class Style(NamedTuple):
    """How a run of text looks.

    Attributes:
        underline: 0 none, 1 single, 2 double, 3 curly, 4 dotted, 5 dashed.
        drawing: line-drawing characters are shifted in. Only a style carried from line to line
            says so; the text of a run is translated already.
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
    drawing: bool = False


class Run(NamedTuple):
    """Text in one style."""

    text: str
    style: Style


PLAIN = Style()
"""The style that a screen starts with."""


class _State:
    """A style, and the states that sequences lead to from it."""

    __slots__ = ("after", "style")

    def __init__(self, style: Style) -> None:
        self.style = style
        self.after: dict[str, _State] = {}


_states: dict[Style, _State] = {}
_new_run = functools.partial(tuple.__new__, Run)


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


@functools.lru_cache(maxsize=_MOST_LINES)
def _parse(line: str, carried: Style) -> tuple[tuple[Run, ...], Style]:
    if not line.isascii() and _JOINING.search(line) is not None:
        line = display(line)
    pieces = _PLAIN_SEQUENCE.split(line)
    if (
        line.count("\x1b") * 2 + 1 != len(pieces)
        or carried.drawing
        or "\x0e" in line
        or "\x0f" in line
    ):
        return _parse_any(line, carried)
    state = _states.get(carried) or _state(carried)
    style = state.style
    text = pieces[0]
    # The style of text that is not put into a run yet, since more of the same may follow.
    held = style
    runs: list[Run] = []
    for index in range(1, len(pieces), 2):
        state = state.after.get(pieces[index]) or _follow(state, pieces[index])
        piece = pieces[index + 1]
        if piece:
            if not text:
                text = piece
                held = state.style
            elif state.style is held:
                text += piece
            else:
                runs.append(_new_run((text, held)))
                text = piece
                held = state.style
    if text:
        runs.append(_new_run((text, held)))
    return tuple(runs), state.style


def _parse_any(line: str, carried: Style) -> tuple[tuple[Run, ...], Style]:
    """Read a line that holds more than SGR sequences, or begins with line drawing."""
    runs: list[Run] = []
    # No SGR sequence changes the shift, so the states know nothing of it.
    begun = carried._replace(drawing=False)
    state = _states.get(begun) or _state(begun)
    drawing = carried.drawing
    at = 0
    for match in _SEQUENCE.finditer(line):
        _append(runs, line[at : match.start()], state.style, drawing=drawing)
        at = match.end()
        if match[2] is not None:
            drawing = match[2] == "\x0e"
        elif match[1] is not None:
            state = state.after.get(match[1]) or _follow(state, match[1])
    _append(runs, line[at:], state.style, drawing=drawing)
    return tuple(runs), state.style._replace(drawing=True) if drawing else state.style


def _append(runs: list[Run], text: str, style: Style, *, drawing: bool) -> None:
    if not text:
        return
    if drawing:
        text = text.translate(_LINES)
    if runs and runs[-1].style is style:
        runs[-1] = Run(runs[-1].text + text, style)
    else:
        runs.append(Run(text, style))


# -- widths ------------------------------------------------------------------------------------


class _Widths:
    """What the server's tmux makes of characters that join others."""

    folds = False
    """Whether a skin tone joins the emoji before it and a variation selector 16 widens (3.6 on).

    Before, a skin tone has two cells of its own and the selector none.
    """


_widths = _Widths()


def follow_tmux(version: tuple[int, int]) -> None:
    """Count widths as this version of tmux does; a machine has one tmux, so this holds for all."""
    folds = version >= (3, 6)
    if folds != _widths.folds:
        _widths.folds = folds
        forget()


def display(text: str) -> str:
    """Replace what joins characters, so that widths counted one by one are those tmux counted.

    Terminals and libraries disagree about emoji of several characters; each row stays aligned
    when only the first is kept and blanks make up for what tmux gave to the rest. Marks of
    direction go: tmux gives them no cell, and what stands beside the pane is not theirs to turn.
    """
    return _CLUSTER.sub(_cluster, text)


def _cluster(match: re.Match[str]) -> str:
    base, tone = match.groups()
    if tone is not None:
        return "" if _widths.folds else "  "
    if base is None:
        return ""
    if _JOINING.match(base):
        base = display(base)
    return f"{base} " if _widths.folds and base and _is_narrow(base) else base


def _is_narrow(character: str) -> bool:
    return unicodedata.east_asian_width(character) not in "WF"


# -- sequences ---------------------------------------------------------------------------------


def _state(style: Style) -> _State:
    if len(_states) > _MOST_STYLES:
        # Each holds the states after it: all go, and those in use come back.
        for state in _states.values():
            state.after.clear()
        _states.clear()
    return _states.setdefault(style, _State(style))


def _follow(state: _State, parameters: str) -> _State:
    """Find where one SGR sequence leads (ECMA-48 8.3.117, and xterm's colours)."""
    style = _changed(state.style, parameters)
    following = _states.get(style) or _state(style)
    state.after[parameters] = following
    return following


def _changed(style: Style, parameters: str) -> Style:
    if parameters in ("", "0"):
        return PLAIN
    if ":" not in parameters and parameters.startswith(("38;2;", "48;2;")):
        numbers = parameters.split(";")
        if len(numbers) == 5:
            color = _color([_number(number) for number in numbers[1:]])
            if numbers[0] == "38":
                return tuple.__new__(Style, (color, *style[1:]))
            return tuple.__new__(Style, (style[0], color, *style[2:]))
    values = style._asdict()
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
    return Style(**values)


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
        values.update(PLAIN._asdict())
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
