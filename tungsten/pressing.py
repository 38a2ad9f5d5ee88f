"""One key, pressed while a screen still shows what was looked at, and else none.

Whoever looks at a screen and then presses a key presses it into whatever is there by then. So the
server is told what was seen together with the key: tmux compares and presses in one step, with no
output of any program in between. What it cannot see is output that a program has written and tmux
has not read yet, so a picture should be taken right before, which has tmux read what is there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tungsten.errors import CommandFailed, KeyUnknown, PaneGone
from tungsten.keys import STATE, check_alive, either
from tungsten.screen.frame import Frame, strip_styles
from tungsten.tmux.control_client import ControlClient

_BLANKS = " \t\n\v\f\r"
"""What tmux takes off the end of a line before it compares (isspace(3))."""

_BRACKETED = frozenset(".[]*+?(){|$\\")
_NAMED = re.compile(r"Enter|Escape|Space|Tab|BTab|Up|Down|Left|Right|C-[a-z]")

_STATE = "#{pane_pid} #{pane_dead}#{pane_in_mode}#{pane_input_off}#{pane_synchronized} "
_STATE += "#{pane_width} #{pane_height} #{cursor_x} #{cursor_y} #{alternate_on} #{history_size} "
_STATE += "#{C/r:^$}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What must still be so at the very moment of the key.

    Attributes:
        pid: the process that the pane was started with.
        frame: the picture of its screen that was looked at, without history.
        changing: numbers of lines, from 0, that may change meanwhile.
    """

    pid: int
    frame: Frame
    changing: frozenset[int] = frozenset()

    def condition(self) -> str:
        """Write it as a format of tmux.

        All lines that hold text must be where they were, no more of them below (the cursor and the
        first empty line tell), and the pane alive, not in copy mode, taking input, and not passing
        its keys on to others (`synchronize-panes`).
        """
        frame = self.frame
        lines = plain_lines(frame)
        # tmux gives the number of the first line that matches, from 1, and 0 where none does.
        at = {line: number for number, line in reversed(list(enumerate(lines, 1)))}
        told = [_STATE]
        wanted = [
            f"{self.pid} 0000 {frame.width} {frame.height} {frame.cursor_x} {frame.cursor_y} "
            f"{int(frame.alternate)} {frame.history_size} {at.get('', 0)}"
        ]
        kept = [line for number, line in enumerate(lines) if number not in self.changing]
        for line in dict.fromkeys(filter(None, kept)):
            told.append(f"#{{C/r:{_whole(line)}}}")
            wanted.append(str(at[line]))
        return f"#{{==:{'|'.join(told)},{'|'.join(wanted)}}}"


def plain_lines(frame: Frame) -> tuple[str, ...]:
    """Give a picture's lines as text, without styles and without blanks at their ends."""
    plain = strip_styles("\n".join(frame.lines)).split("\n")
    return tuple(line.rstrip(_BLANKS) for line in plain)


def is_one_key(key: str) -> bool:
    """Say whether a name stands for one key: a character that is shown, or a key of tmux's."""
    return (len(key) == 1 and key.isprintable()) or _NAMED.fullmatch(key) is not None


async def press_if(client: ControlClient, pane_id: str, key: str, condition: str) -> bool:
    """Press one key if a format is true in that pane at that moment; says whether it was pressed.

    Raises:
        KeyUnknown: it is not one key.
        PaneDead: the program has ended.
        PaneGone: there is no such pane.
        OutcomeUnknown: the connection broke, and nothing tells whether it was pressed.
        ServerGone: the server ended.
    """
    if not is_one_key(key):
        raise KeyUnknown(key)
    literal = ("-l",) if len(key) == 1 else ()
    press = ("send-keys", "-t", pane_id, *literal, "--", key)
    refuse = ("display-message", "-p", "-t", pane_id, STATE)
    try:
        said = await client.command(*either(pane_id, condition, press, refuse))
    except CommandFailed as error:
        if error.message.startswith("can't find pane"):
            raise PaneGone(pane_id) from None
        raise
    if said:
        check_alive(said, pane_id)
    return not said


def _whole(line: str) -> str:
    """Write a line as a regular expression for all of it, in a format of tmux."""
    return f"^{''.join(map(_escaped, line))}$"


def _escaped(character: str) -> str:
    if character == "^":
        return r"\^"
    if character == "#":
        # Two of them before a bracket would be left alone, as the beginning of a style.
        return "[##]"
    if character in ",}":
        return f"#{character}"
    return f"[{character}]" if character in _BRACKETED else character
