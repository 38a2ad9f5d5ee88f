"""A dialog on a hosted agent's screen: which one it is, what it asks about, and its answers.

What it asks about is told exactly or not at all. A line that is cut off, folded or broken may hide
what matters most, so where anything on the screen could be more of the command, it is not known.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agent.hosted.profile import SETTLES_SECONDS, Asks, Meaning, Profile, Rule
from agent.hosted.screen_rules import Frame, Offered, ScreenMatch, match
from agent.hosted.status import Kind
from agent.protocol.agents import AgentState
from tungsten.screen import frame as capture
from tungsten.screen.cells import character_width

FORGED = "its command may begin further up: another beginning of a dialog stands in it or above it"

UNTOLD = "what it asks about cannot be told from its screen"

ROOM = 10
"""Columns that must be free behind a command: with fewer, it may have been cut off or broken there.
More than borders and margins of the agents' dialogs take."""

_EDGE = frozenset("│┃|║▌▐")
"""What draws the sides of a box."""

_SIDES = "│┃║▌▐ "

_FRAME = re.compile(r"[\s\u2500-\u259f]+")
"""Blanks and what boxes are drawn with (Unicode's Box Drawing and Block Elements)."""

_NUMBERED = re.compile(r"\d+(\s|$)")
"""A line of a file or of a change, as dialogs show them."""

HEAD = 4
"""Lines of several words in which a dialog says what file it is about."""

ALL = 12
"""Lines with text that are looked at for that, those of one word too."""

_CUT = re.compile(r"…|\.\.\.$|\b(?:lines?|chars|characters) (?:more|hidden|omitted)\b")
"""What says that something was left out."""


@dataclass(frozen=True, slots=True)
class Dialog:
    """A dialog as it was looked at.

    Attributes:
        rule: the name of the rule that found it.
        kind: what it waits for.
        first: its first line on the screen, from 0.
        last: the line behind its last.
        lines: those lines, as they stand.
        answers: what it offers.
        command: the command that it asks about, where that is known exactly; else empty.
        doubt: why it is not known; empty where it is.
        subject: everything on the screen that may be part of the command, line by line; empty where
            it cannot be told what may be.
        fingerprint: tells it from every other dialog: SHA-256, hex.
        changing: which of the lines may change meanwhile, counted from the first.
        heading: the line that asks, where its lines begin with the screen; else empty.
        settles: seconds for which it must have stood before it takes a key.
    """

    rule: str
    kind: Kind
    first: int
    last: int
    lines: tuple[str, ...]
    answers: tuple[Offered, ...]
    command: str
    doubt: str
    subject: tuple[str, ...]
    fingerprint: str
    changing: frozenset[int] = frozenset()
    heading: str = ""
    settles: float = SETTLES_SECONDS

    def is_for(self, command: str) -> bool:
        """Whether it asks about just this command, wherever that is broken into lines."""
        if self.command or not self.subject:
            return bool(self.command) and self.command == command.strip()
        pattern = r"\s*".join(map(re.escape, self.subject))
        return re.fullmatch(pattern, command.strip()) is not None

    def answer(self, means: Meaning) -> Offered | None:
        """The answer that means this; None where none does by one key, or where several do."""
        found = [each for each in self.answers if each.means == means and each.acts_alone]
        return found[0] if len(found) == 1 else None

    @property
    def text(self) -> str:
        """What asks, where that is not the first line, and its lines without empty ones around."""
        lines = "\n".join(self.lines).strip("\n")
        return f"{self.heading}\n\n{lines}" if self.heading else lines


def read(profile: Profile, shown: capture.Frame) -> Dialog | None:
    """Find the dialog that a picture without history shows; None where it shows none for sure."""
    frame = Frame.of(shown)
    return of_match(profile, match(profile, frame), frame)


def of_match(profile: Profile, found: ScreenMatch, frame: Frame) -> Dialog | None:
    """Make a dialog of what the rules have found on a screen."""
    if found.state is not AgentState.WAITING or found.kind is None:
        return None
    rule = next(rule for rule in profile.rules if rule.name == found.rule)
    first = next(iter(found.dialog), "")
    begins = _begins(rule, frame.lines[: found.first], first)
    if begins is not None:
        found = replace(found, first=begins, dialog=frame.lines[begins : found.last])
        return _dialog(profile, rule, found, ("", FORGED, ()))
    width = frame.width
    command, doubt = "", UNTOLD
    subject: tuple[str, ...] = ()
    heading = next(filter(undrawn, found.dialog), "")
    if rule.asks is not None and re.search(rule.asks.heading, heading):
        parts = _parts(rule, rule.asks, found.dialog)
        subject = _subject(rule.asks, parts)
        command, doubt = _command(rule.asks, parts, width)
    return _dialog(profile, rule, found, (command, doubt, subject))


def _begins(rule: Rule, above: Sequence[str], first: str) -> int | None:
    """Where else a dialog may begin whose lowest first line stands right behind these lines.

    A command of several lines, or a reason, may hold what looks like the beginning of a dialog, so
    that what stands above that would not be seen. Where a dialog is indented, a line that is not
    tells that its true beginning is not further up, off the screen.
    """
    asks = rule.asks
    if asks is None:
        return None
    # Above a dialog that is drawn between lines others may stand, and the screen's own.
    beginnings = (asks.heading,) if asks.between else (asks.heading, rule.region.begins)
    looks = [re.compile(each) for each in beginnings if each]
    for row, line in enumerate(above):
        if any(each.search(line) for each in looks):
            return row
    outside = any(line and not line[0].isspace() for line in above)
    return None if outside or asks.between or not first[:1].isspace() else 0


def _dialog(
    profile: Profile, rule: Rule, found: ScreenMatch, told: tuple[str, str, tuple[str, ...]]
) -> Dialog:
    assert found.kind is not None
    command, doubt, subject = told
    changing = [re.compile(pattern) for pattern in rule.changing]
    kept = [_without(changing, line) for line in found.dialog]
    offered = [(each.key, each.means, each.label) for each in found.answers]
    said = json.dumps([profile.name, rule.name, found.kind, kept, offered], ensure_ascii=False)
    return Dialog(
        rule=rule.name,
        kind=found.kind,
        first=found.first,
        last=found.last,
        lines=found.dialog,
        answers=found.answers,
        command=command,
        doubt=doubt,
        subject=subject,
        fingerprint=hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest(),
        changing=frozenset(
            number
            for number, (line, left) in enumerate(zip(found.dialog, kept, strict=True))
            if line != left
        ),
        heading=found.heading,
        settles=rule.settles,
    )


def _without(changing: list[re.Pattern[str]], line: str) -> str:
    for pattern in changing:
        line = pattern.sub("", line)
    return line


def is_about(dialog: Dialog, text: str, cwd: str) -> bool:
    """Whether a dialog seems to be about what a hook asks.

    This decides which item in the inbox stands for the dialog, never what is pressed. A short
    command is no part of a longer one, and a file is its whole path.

    Args:
        dialog: as it was looked at.
        text: a command line, the absolute path of a file, or what else the person reads.
        cwd: where the agent is; what a dialog calls a file is relative to it.
    """
    if dialog.subject:
        # Where the screen tells what may be the command, it is that and nothing else.
        return dialog.is_for(text)
    if text.startswith("/") and _file(dialog, text, cwd):
        return True
    sought = undrawn(text)
    return bool(sought) and sought in _paragraphs(dialog)


def _file(dialog: Dialog, path: str, cwd: str) -> bool:
    """Whether its head names a file; what stands below that may be what is written into it."""
    head: list[str] = []
    for line in dialog.lines:
        text = _FRAME.sub(" ", line).strip()
        # A line of one word may be a part of a long path.
        if _NUMBERED.match(text) or sum(" " in each for each in head) == HEAD or len(head) == ALL:
            break
        head += [text] if text else []
    words = [line.split() for line in head]
    # A long path may have been broken where lines end, more than once.
    broken = itertools.chain(*(_joined(words[at:]) for at in range(len(words))))
    named = (word.strip("\"'`()?,:;") for word in (*itertools.chain(*words), *broken))
    return any(path == os.path.normpath(os.path.join(cwd, word)) for word in named if word)  # noqa: PTH118


def _joined(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """What the last word of the first line may go on to, through lines that hold one word alone."""
    word = lines[0][-1]
    for line in lines[1:]:
        word += line[0]
        yield word
        if len(line) > 1:
            return


def _paragraphs(dialog: Dialog) -> set[str]:
    """What stands between empty lines and edges of boxes, without blanks; also without its `$`."""
    parts = [""]
    for line in dialog.lines:
        text = undrawn(line)
        parts = [*parts[:-1], parts[-1] + text] if text else [*parts, ""]
    return {*parts, *(part.removeprefix("$") for part in parts)}


def undrawn(text: str) -> str:
    """Take out blanks, line ends, and what boxes are drawn with."""
    return _FRAME.sub("", text)


def _parts(rule: Rule, asks: Asks, lines: tuple[str, ...]) -> tuple[str, ...] | None:
    """The lines that may be part of the command; None where it cannot be told which may."""
    if asks.between:
        edges = [row for row, line in enumerate(lines) if re.search(asks.between, line)]
        if len(edges) != 2:
            return None
        return tuple(line for line in lines[edges[0] + 1 : edges[1]] if line.strip())
    known = [*asks.beside, *(answer.pattern for answer in rule.answers)]
    patterns = [re.compile(each) for each in known]
    return tuple(
        line
        for line in lines
        if re.search(asks.command, line)
        or (undrawn(line) and not any(each.search(line) for each in patterns))
    )


def _subject(asks: Asks, parts: tuple[str, ...] | None) -> tuple[str, ...]:
    said = re.search(asks.command, parts[0]) if parts else None
    if said is None or parts is None:
        return ()
    return tuple(part.strip(_SIDES) for part in (said["text"], *parts[1:]))


def _command(asks: Asks, parts: tuple[str, ...] | None, width: int) -> tuple[str, str]:
    """The command that a dialog asks about and nothing, or nothing and why that is not known."""
    if parts is None:
        return "", "it cannot be told where its command begins and ends"
    found = [(line, said) for line in parts if (said := re.search(asks.command, line)) is not None]
    if len(found) != 1 or not found[0][1]["text"].strip():
        return "", "its command is not on one line of the screen"
    line, said = found[0]
    strange = next((part for part in parts if part is not line), None)
    if strange is not None:
        return "", f"this may be part of its command, too: {strange.strip()[:60]}"
    command = said["text"].strip()
    if not (undrawn(command[0]) and undrawn(command[-1])):
        return "", "its command is drawn in a way that is not known"
    if not command.isprintable():
        return "", "its command holds characters that cannot be seen"
    if _CUT.search(command):
        return "", "its command is shown shortened"
    if _columns(line[: said.end("text")].rstrip()) > _edge(line, width) - ROOM:
        return "", "its command fills the line, and may go on where it cannot be seen"
    return command, ""


def _edge(line: str, width: int) -> int:
    """The column at which what a line shows must end."""
    return _columns(line) - 1 if line and line[-1] in _EDGE else width


def _columns(text: str) -> int:
    return sum(map(character_width, text))
