"""What one picture of a screen tells by the rules of a profile: state, dialog and its answers.

All rules are tried. An input field is on many screens, so a rule that says idle, done or failed
gives way to one that says working or waiting; where some say working and some waiting, nothing is
known. Among rules that say the same the first of the file counts.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from agent.hosted.profile import Meaning, Profile, Region, Rule
from agent.hosted.status import Kind
from agent.protocol.agents import AgentState
from tungsten.screen import frame as capture


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of a screen as rules see it.

    Attributes:
        lines: its text, without styles and trailing blanks, from the top.
        cursor: column and line of the cursor, from 0.
        title: what the program calls its terminal.
        width: columns of the screen; 0 if that is not known.
        cursor_shown: whether the program shows its cursor.
    """

    lines: tuple[str, ...]
    cursor: tuple[int, int] = (0, 0)
    title: str = ""
    width: int = 0
    cursor_shown: bool = True

    @classmethod
    def of(cls, shown: capture.Frame) -> Frame:
        """Reduce a capture of a pane to this; history above its screen is left out."""
        plain = capture.strip_styles("\n".join(shown.lines[-shown.height :])).split("\n")
        lines = tuple(line.rstrip() for line in plain)
        cursor = (shown.cursor_x, shown.cursor_y)
        return cls(lines, cursor, shown.title, shown.width, shown.cursor_visible)


@dataclass(frozen=True, slots=True)
class Offered:
    """An answer that a dialog offers now.

    Attributes:
        key: the one key that gives it, by tmux's name.
        means: what it does.
        label: what the dialog calls it.
        acts_alone: whether nothing has to follow the key.
    """

    key: str
    means: Meaning
    label: str
    acts_alone: bool


@dataclass(frozen=True, slots=True)
class ScreenMatch:
    """What a screen tells.

    Attributes:
        state: unknown where no rule matches, or where rules contradict each other.
        rule: the name of the rule that decided; empty where none did.
        kind: what is waited for, with `waiting`.
        first: the first line of the region, from 0.
        last: the line behind its last.
        dialog: the lines of the region.
        heading: the line with the cursor, where that tells what is asked: in a region that begins
            with the screen; else empty.
        answers: what the dialog offers, in the order of the rule.
        matched: the names of all rules that match, in the file's order.
        reason: in one line, why it is this state.
    """

    state: AgentState
    rule: str = ""
    kind: Kind | None = None
    first: int = 0
    last: int = 0
    dialog: tuple[str, ...] = ()
    heading: str = ""
    answers: tuple[Offered, ...] = ()
    matched: tuple[str, ...] = ()
    reason: str = ""

    def said(self) -> str:
        """In one line what a person should read of it: what is asked, or why it is unknown."""
        if self.state is AgentState.UNKNOWN:
            return self.reason
        if self.state is not AgentState.WAITING:
            return ""
        lines = (self.heading, *self.dialog)
        words = (" ".join(_FRAME.sub(" ", line).split()).strip("- ") for line in lines)
        return next((line for line in words if line), "")


_FRAME = re.compile("[\u2500-\u259f|+]")
"""What dialogs are drawn with: box drawing and block elements, or plain characters."""

_GIVES_WAY = {AgentState.WORKING: 0, AgentState.WAITING: 0, AgentState.FAILED: 1}
"""What says more comes first; all else gives way to that."""


def match(profile: Profile, frame: Frame) -> ScreenMatch:
    """Say what a screen tells by a profile's rules; pure, and the same for the same screen."""
    found = [(rule, lines) for rule in profile.rules if (lines := _where(rule, frame)) is not None]
    if not found:
        seen = "no rule matches the screen" if profile.rules else "its profile has no screen rules"
        return ScreenMatch(AgentState.UNKNOWN, reason=seen)
    names = tuple(rule.name for rule, _ in found)
    least = min(_GIVES_WAY.get(rule.state, 2) for rule, _ in found)
    strongest = [(rule, lines) for rule, lines in found if _GIVES_WAY.get(rule.state, 2) == least]
    if len({rule.state for rule, _ in strongest}) > 1:
        both = " and ".join(f"{rule.name} ({rule.state})" for rule, _ in strongest)
        return ScreenMatch(
            AgentState.UNKNOWN, matched=names, reason=f"rules contradict each other: {both}"
        )
    rule, (first, last) = strongest[0]
    dialog = frame.lines[first:last]
    return ScreenMatch(
        state=rule.state,
        rule=rule.name,
        kind=rule.kind,
        first=first,
        last=last,
        dialog=dialog,
        heading=_heading(rule, frame),
        answers=_offered(rule, dialog),
        matched=names,
        reason=f"rule {rule.name} matches the screen",
    )


def within(region: Region, lines: tuple[str, ...]) -> tuple[str, ...]:
    """The lines of a region of a screen; none where the screen has no such region."""
    place = _region(region, lines)
    return () if place is None else lines[place[0] : place[1]]


def _where(rule: Rule, frame: Frame) -> tuple[int, int] | None:
    """The lines that a rule matches in, as first and the one behind the last; None if not."""
    if rule.title and not _compiled(rule.title).search(frame.title):
        return None
    place = _region(rule.region, frame.lines)
    if place is None:
        return None
    first, last = place
    lines = frame.lines[first:last]
    if not all(_in_some(pattern, lines) for pattern in rule.all):
        return None
    if rule.any and not any(_in_some(pattern, lines) for pattern in rule.any):
        return None
    if any(_in_some(pattern, lines) for pattern in rule.none):
        return None
    if not _stands(rule, frame, first <= frame.cursor[1] < last):
        return None
    if rule.cursor_line and not _compiled(rule.cursor_line).search(_at(frame)):
        return None
    return place


def _stands(rule: Rule, frame: Frame, inside: bool) -> bool:
    """Whether the cursor is where the rule wants it."""
    match rule.cursor:
        case "any":
            return True
        case "parked":
            # Who hides it leaves it behind the cell that was drawn last, wherever that is.
            column = frame.cursor[0]
            return 0 < frame.width <= column or (column > 0 and not frame.cursor_shown)
        case wanted:
            return inside is (wanted == "inside")


def _heading(rule: Rule, frame: Frame) -> str:
    bounded = rule.region.begins or rule.region.lines is not None
    return _at(frame) if rule.cursor_line and not bounded else ""


def _at(frame: Frame) -> str:
    """The line with the cursor; empty where a program has parked it beyond the last."""
    row = frame.cursor[1]
    return frame.lines[row] if row < len(frame.lines) else ""


def _region(region: Region, lines: tuple[str, ...]) -> tuple[int, int] | None:
    last = len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    first = 0
    if region.lines is not None:
        first = last
        left = region.lines
        while first and left:
            first -= 1
            left -= bool(lines[first].strip())
    if region.begins:
        begins = _compiled(region.begins)
        at = next((row for row in range(last - 1, first - 1, -1) if begins.search(lines[row])), -1)
        if at < 0:
            return None
        first = at
    if region.ends:
        ends = _compiled(region.ends)
        rows = range(first + 1, last) if region.begins else range(last - 1, first - 1, -1)
        at = next((row for row in rows if ends.search(lines[row])), -1)
        if at < 0:
            return None
        if region.bottom and at + 1 < last:
            return None
        last = at + 1
    return first, last


def _offered(rule: Rule, dialog: tuple[str, ...]) -> tuple[Offered, ...]:
    found = []
    for answer in rule.answers:
        pattern = _compiled(answer.pattern)
        for line in dialog:
            if said := pattern.search(line):
                label = said["label"] if "label" in pattern.groupindex else line
                found.append(
                    Offered(answer.key, answer.means, (label or "").strip(), answer.acts_alone)
                )
                break
    return tuple(found)


def _in_some(pattern: str, lines: tuple[str, ...]) -> bool:
    compiled = _compiled(pattern)
    return any(compiled.search(line) for line in lines)


@functools.lru_cache(maxsize=2048)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
