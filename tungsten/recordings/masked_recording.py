"""A recording without the secrets in it, for a model to read.

A secret is rarely in one event: what is typed is echoed a character at a time, in colours. So the
text of many events is looked at as one, without its escape sequences, and each secret is replaced
where it stands. Like `masking` this lowers a risk and is no boundary: what a program paints in
pieces, not in reading order, is not recognised. Input is left out altogether, and so is what a
terminal is told and does not show: titles, directories, reports of a shell's edited line, links.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import itertools
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tungsten.errors import RecordingRefused, RecordingUnreadable
from tungsten.recordings import asciicast, masking
from tungsten.recordings.asciicast import Event, Recording

WINDOW = 1 << 18
"""Characters looked at together; a secret is found whole if it lies within so many."""

_HIDDEN = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_k][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?"
    # A shell's line editor writes a blank and a return where a long line goes on below.
    r"|[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]| \r(?!\n)"
)
UNSEEN = re.compile(
    # All but the colours of the palette (4, 104) and of the screen (10 to 12, 110 to 112).
    r"\x1b(?:\](?!(?:(?:10)?4|1?1[0-2])[;\x07\x1b])|[PX^_k])[^\x07\x1b]*(?:\x07|\x1b\\)?"
)
"""What a terminal is told and does not show: titles, links, directories, clipboards, images."""

FILL = "•"
"""What stands for the rest of a secret that is longer than the words for it."""

_KEY_BEGIN = "-----BEGIN PRIVATE KEY-----\n"
_KEY_LINE = "-----BEGIN "
_OVERLAP = 128
"""Characters kept back where a line is longer than what can be held."""


def export(source: Path, target: Path) -> None:
    """Write a copy of a recording without secrets into a new file, whole or not at all.

    Raises:
        RecordingUnreadable: the source is no recording, or damaged.
        RecordingRefused: the target exists or cannot be written.
    """
    lines = _copied(source)
    try:
        _write_new(target, lines)
    except OSError as error:
        raise RecordingRefused(
            f"{target} cannot be written ({error.strerror}). Export into another file."
        ) from error


def _copied(source: Path) -> Iterator[str]:
    """The lines of a recording without the secrets in it."""
    recording = asciicast.read(source)
    header = dataclasses.replace(
        recording.header,
        title=masking.mask(recording.header.title),
        command=masking.mask(recording.header.command),
        env={
            name: masking.mask(f"{name}={value}").partition("=")[2]
            for name, value in recording.header.env.items()
        },
    )
    return itertools.chain((header.line(),), (event.line() for event in events(recording)))


def _write_new(target: Path, lines: Iterable[str]) -> None:
    """Write a file that is not there yet; others see it once all of it is on the disk."""
    # Unlike a look before, this never takes the place of what is there.
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    beside = ""
    try:
        file, beside = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
        with os.fdopen(file, "w", encoding="utf-8", newline="\n") as output:
            output.writelines(lines)
            output.flush()
            os.fsync(output.fileno())
        Path(beside).replace(target)
    except BaseException:
        for left in filter(None, (beside, str(target))):
            with contextlib.suppress(OSError):
                Path(left).unlink()
        raise


def hide(text: str) -> str:
    """Mask secrets in text with escape sequences, in as many cells as they had."""
    removed = _removed(text, inside_key=False)
    return "".join(removed.get(at, character) for at, character in enumerate(text))


def main(source: str, target: str) -> int:
    """Put a copy without secrets in the place of a recording, once that has ended.

    Returns:
        the status to exit with.
    """
    made = Path(f"{target}.part")
    with contextlib.suppress(OSError):
        os.nice(10)
    try:
        made.unlink(missing_ok=True)
        with Path(source).open("rb") as recorded:
            # The recorder holds it to its last line, also where tmux does not answer.
            fcntl.flock(recorded, fcntl.LOCK_SH)
            file = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(file, "w", encoding="utf-8", newline="\n") as output:
                output.writelines(_copied(Path(source)))
        made.rename(target)
        Path(source).unlink()
    except (RecordingUnreadable, RecordingRefused, OSError) as error:
        sys.stderr.write(f"{error}\n")
        with contextlib.suppress(OSError):
            # On a full disk its room is needed.
            made.unlink()
        return 1
    return 0


def events(recording: Recording, *, window: int = WINDOW) -> Iterator[Event]:
    """Read a recording's events with secrets masked and input left out.

    Raises:
        RecordingUnreadable: a line is damaged.
    """
    held: list[Event] = []
    size = 0
    inside_key = False
    for event in recording.events():
        if event.code == asciicast.INPUT:
            continue
        held.append(event)
        size += len(event.data)
        if size < window:
            continue
        settled, still_inside = _settled(held, inside_key=inside_key)
        if settled == 0 and size > 4 * window:
            settled = max(size - _OVERLAP, 1)
        elif settled == 0:
            continue
        else:
            still_inside = False
        ready, held = _split(held, settled)
        yield from _masked(ready, inside_key=inside_key)
        inside_key = still_inside
        size = sum(len(kept.data) for kept in held)
    yield from _masked(held, inside_key=inside_key)


def _settled(held: list[Event], *, inside_key: bool) -> tuple[int, bool]:
    """Say up to where no secret depends on what follows.

    Returns:
        characters of printed data, up to the end of a line; 0 if there is no such line; and
        whether a private key is open at the end.
    """
    text, places = _plain(_raw(held))
    hidden = _hidden(text, inside_key=inside_key)
    opened = bool(hidden) and hidden[-1][1] == len(text)
    open_key = opened and (_KEY_LINE in text[: hidden[-1][0]] or (inside_key and len(hidden) == 1))
    at = hidden[-1][0] if opened else len(text)
    while (at := text.rfind("\n", 0, at)) >= 0:
        inside = any(start <= at < end for start, end in hidden)
        # A name may wait for its value on the next line.
        if not inside and not text[:at].rstrip().endswith(("=", ":", ">")):
            return places[at] + 1, open_key
    return 0, open_key


def _split(held: list[Event], at: int) -> tuple[list[Event], list[Event]]:
    """Cut events after so many characters of printed data; one event may become two."""
    for index, event in enumerate(held):
        if event.code != asciicast.OUTPUT:
            continue
        if at < len(event.data):
            first, second = (
                dataclasses.replace(event, data=event.data[:at]),
                dataclasses.replace(event, data=event.data[at:]),
            )
            return [*held[:index], *([first] if at else [])], [second, *held[index + 1 :]]
        at -= len(event.data)
    return held, []


def _masked(held: list[Event], *, inside_key: bool) -> Iterator[Event]:
    removed = _removed(_raw(held), inside_key=inside_key)
    at = 0
    for event in held:
        data = event.data
        if event.code == asciicast.MARKER:
            data = masking.mask(data)
        elif event.code == asciicast.OUTPUT:
            if removed:
                data = "".join(removed.get(at + i, character) for i, character in enumerate(data))
            at += len(event.data)
        yield dataclasses.replace(event, data=data)


def _removed(raw: str, *, inside_key: bool) -> dict[int, str]:
    """Say what takes the place of which characters."""
    text, places = _plain(raw)
    removed: dict[int, str] = {}
    for start, end in _hidden(text, inside_key=inside_key):
        removed |= dict(zip(places[start:end], _mask(text[start:end]), strict=True))
    for match in UNSEEN.finditer(raw):
        removed |= dict.fromkeys(range(*match.span()), "")
    return removed


def _mask(secret: str) -> list[str]:
    """Give what stands for each character; as many cells as before, so that nothing moves."""
    if len(secret) < len(masking.MASK):
        return [masking.MASK, *[""] * (len(secret) - 1)]
    shown = masking.MASK.ljust(len(secret), FILL)
    return [old if old in "\r\n" else new for old, new in zip(secret, shown, strict=True)]


def _hidden(text: str, *, inside_key: bool) -> list[tuple[int, int]]:
    """Find the secrets in text that may begin within a private key."""
    if not inside_key:
        return masking.spans(text)
    before = len(_KEY_BEGIN)
    found = masking.spans(_KEY_BEGIN + text)
    return [(max(start - before, 0), end - before) for start, end in found if end > before]


def _raw(held: list[Event]) -> str:
    return "".join(event.data for event in held if event.code == asciicast.OUTPUT)


def _plain(raw: str) -> tuple[str, list[int]]:
    """Leave out what is not read; gives the text and the place in `raw` of each character."""
    pieces: list[str] = []
    places: list[int] = []
    at = 0
    for match in _HIDDEN.finditer(raw):
        pieces.append(raw[at : match.start()])
        places.extend(range(at, match.start()))
        at = match.end()
    pieces.append(raw[at:])
    places.extend(range(at, len(raw)))
    return "".join(pieces), places
