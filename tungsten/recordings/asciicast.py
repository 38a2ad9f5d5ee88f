"""Recordings of terminals as asciicast v2: a header line, then one JSON array for each event.

The format is asciinema's (https://docs.asciinema.org/manual/asciicast/v2), so that any of its
players shows our recordings and ours shows any of theirs. Reading takes one line at a time: the
length of a recording costs no memory.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tungsten.errors import RecordingUnreadable

VERSION = 2

OUTPUT = "o"
INPUT = "i"
RESIZE = "r"
MARKER = "m"
"""The format's event codes; a reader passes over others."""

MAX_LINE = 64 * 1024 * 1024
"""Bytes of one line at most; our recorder writes less than half a million."""

LARGEST = 10_000
"""Columns or lines at most: no pane of tmux may have more (its WINDOW_MAXIMUM)."""

LATEST = 253_402_300_799
"""The last second of the year 9999 of Unix time: a later one is no date."""

TAIL = 1 << 20
"""Bytes at a recording's end in which its last event is looked for."""

_RESIZED = re.compile("[0-9]{1,5}x[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class Header:
    """What a recording says about itself.

    Attributes:
        width: columns at the beginning.
        height: lines at the beginning.
        timestamp: when it began, seconds of Unix time.
        title: what it shows.
        command: what was recorded.
        idle_time_limit: the longest pause, in seconds, that a player should make.
        env: variables of the recorded program, such as TERM.
    """

    width: int
    height: int
    timestamp: int | None = None
    title: str = ""
    command: str = ""
    idle_time_limit: float | None = None
    env: Mapping[str, str] = field(default_factory=dict)

    def line(self) -> str:
        """Write it as the first line of a recording, newline included."""
        fields: dict[str, Any] = {
            "version": VERSION,
            "width": self.width,
            "height": self.height,
        }
        for name in ("timestamp", "idle_time_limit", "command", "title", "env"):
            value = getattr(self, name)
            if value not in (None, "", {}):
                fields[name] = value
        return json.dumps(fields, ensure_ascii=False) + "\n"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a recording.

    Attributes:
        time: seconds since its beginning.
        code: `o` printed, `i` typed, `r` resized, `m` a marker.
        data: the text; for a resize `COLUMNSxLINES`.
    """

    time: float
    code: str
    data: str

    def line(self) -> str:
        """Write it as a line of a recording, newline included."""
        return json.dumps([round(self.time, 6), self.code, self.data], ensure_ascii=False) + "\n"

    @property
    def size(self) -> tuple[int, int]:
        """The columns and lines of a resize."""
        width, _, height = self.data.partition("x")
        return int(width), int(height)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording on the disk."""

    path: Path
    header: Header

    def events(self) -> Iterator[Event]:
        """Read the events one by one, up to the last line that is complete.

        Raises:
            RecordingUnreadable: a line is damaged.
        """
        last = 0.0
        for number, text in _lines(self.path):
            if number == 1 or not text.strip():
                continue
            event = _event(self.path, number, text)
            # Two processes may write: a line may be a little older than the one before it.
            last = max(last, event.time)
            yield Event(last, event.code, event.data)


def read(path: Path) -> Recording:
    """Open a recording.

    Raises:
        RecordingUnreadable: there is none, or it is of another format.
    """
    first = next(_lines(path), None)
    if first is None:
        raise RecordingUnreadable(path, 1, "there is no complete header line")
    return Recording(path, _header(path, first[1]))


def length(path: Path) -> float:
    """Give the seconds from a recording's beginning to its last event; reads only its end.

    Raises:
        RecordingUnreadable: it cannot be read, or its end is damaged.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - TAIL, 0))
            *lines, _ = file.read(TAIL).split(b"\n")
    except OSError as error:
        raise RecordingUnreadable(path, 1, error.strerror or "cannot be read") from error
    # The first of them is the header, or a part of a line.
    times = [_event(path, 0, line.decode("utf-8", "replace")).time for line in lines[1:] if line]
    if not times and size > TAIL:
        return max((event.time for event in read(path).events()), default=0.0)
    return max(times, default=0.0)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Give complete lines with their numbers; what a killed recorder left half is no line."""
    number = 0
    try:
        # As bytes: a character that was cut in two may stand in a last line that is no line.
        with path.open("rb") as file:
            while line := file.readline(MAX_LINE):
                number += 1
                if line.endswith(b"\n"):
                    yield number, line.decode()
                elif len(line) == MAX_LINE:
                    raise RecordingUnreadable(path, number, "the line is too long")
    except UnicodeDecodeError:
        raise RecordingUnreadable(path, number, "it is not UTF-8") from None
    except OSError as error:
        raise RecordingUnreadable(path, 1, error.strerror or "cannot be read") from error


def _header(path: Path, text: str) -> Header:
    found = _parse(path, 1, text)
    if not isinstance(found, dict):
        raise RecordingUnreadable(path, 1, "the header is no JSON object")
    version = found.get("version")
    if version != VERSION:
        named = str(version)[:9] if isinstance(version, int | float) else "no number"
        raise RecordingUnreadable(path, 1, f"the version is {named}, not 2")
    width, height = _extent(found.get("width")), _extent(found.get("height"))
    if not width or not height:
        reason = f"width and height must be whole numbers from 1 to {LARGEST}"
        raise RecordingUnreadable(path, 1, reason)
    timestamp, limit = _seconds(found.get("timestamp")), _seconds(found.get("idle_time_limit"))
    env = found.get("env")
    return Header(
        width=width,
        height=height,
        timestamp=int(timestamp) if timestamp is not None and timestamp <= LATEST else None,
        title=_text(found.get("title") or ""),
        command=_text(found.get("command") or ""),
        idle_time_limit=limit,
        env={_text(k): _text(v) for k, v in env.items()} if isinstance(env, dict) else {},
    )


def _event(path: Path, number: int, text: str) -> Event:
    found = _parse(path, number, text)
    match found:
        case [at, str() as code, str() as data] if (time := _seconds(at)) is not None:
            event = Event(time, code, _text(data))
        case _:
            raise RecordingUnreadable(path, number, "an event is [seconds, code, text]")
    if code == RESIZE and not (
        _RESIZED.fullmatch(data) and all(0 < extent <= LARGEST for extent in event.size)
    ):
        reason = f"{data[:20]!r} is no COLUMNSxLINES from 1 to {LARGEST}"
        raise RecordingUnreadable(path, number, reason)
    return event


def _parse(path: Path, number: int, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise RecordingUnreadable(path, number, "it is no JSON") from None
    except RecursionError:
        raise RecordingUnreadable(path, number, "its brackets are nested too deeply") from None


def _extent(value: Any) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 < value <= LARGEST else 0


def _seconds(value: Any) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _text(value: Any) -> str:
    """Half a surrogate pair, which JSON can hold, is no text: nobody could write it again."""
    return str(value).encode("utf-8", "replace").decode()
