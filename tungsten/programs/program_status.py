"""The Program Status Protocol, OSC 7501: a program tells its terminal what it is doing.

    ESC ] 7501 ; state=blocked:kind=permission:app=build:msg=QnVpbGQ/ ST     a report
    ESC ] 7501 ; ? ST                                                        asks for support

Revision 0.3 of 7 October 2026, https://www.superlogical.com/rex/docs/build/program-status. A
report replaces the whole record of its `id` (none: the root); `state=clear` removes it and what is
below it. `msg` and `title` are base64 of UTF-8. A report that breaks a limit, holds invalid base64
or a control character is discarded whole; an unknown key is ignored, an unknown `kind` is absent.
A terminal that knows the protocol answers the question with the same bytes.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

CODE: Final = 7501

QUERY: Final = "\x1b]7501;?\x1b\\"
"""What a program asks, and what the terminal answers."""

ProgramState = Literal["idle", "working", "done", "blocked", "error"]
BlockedKind = Literal["permission", "question", "auth"]

MAX_KEY = 16
MAX_TITLE = 192
MAX_TITLE_ENCODED = 256
MAX_MESSAGE = 2048
MAX_MESSAGE_ENCODED = 2732
MAX_ID = 128
MAX_DEPTH = 8
MAX_RECORDS = 256
"""Limits of the revision, in bytes, segments and records."""

_SEGMENT = re.compile(r"[A-Za-z0-9_.+-]{1,32}")
_PERCENT = re.compile(r"[0-9]{1,3}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_STATES = frozenset(get_args(ProgramState))
_KINDS = frozenset(get_args(BlockedKind))
_URGENCY: tuple[ProgramState, ...] = ("blocked", "working", "error", "done", "idle")


@dataclass(frozen=True, slots=True)
class Report:
    """What a program said of itself, or of the part of its work that `id` names.

    Attributes:
        state: what it is doing.
        id: path of the part; empty for the whole.
        kind: what it needs the person for, with `blocked`.
        progress: percent, with `working` and `blocked`; None where it cannot be said.
        app: the program's name for itself.
        title: what the part is called.
        message: what it says, in one line.
    """

    state: ProgramState
    id: str = ""
    kind: BlockedKind | None = None
    progress: int | None = None
    app: str = ""
    title: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Clear:
    """Remove the record of `id` and all below it; of the root, everything."""

    id: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """Does the terminal know the protocol?"""


class _Discarded(ValueError):
    """The whole report counts for nothing."""


def parse(body: bytes) -> Report | Clear | Query | None:
    """Read what follows `7501;`; None where it is to be discarded."""
    if body.strip() == b"?":
        return Query()
    try:
        return _report(body.decode("utf-8"))
    except ValueError:
        return None


def _report(body: str) -> Report | Clear | None:
    pairs: dict[str, str] = {}
    for pair in body.split(":"):
        key, sign, value = pair.partition("=")
        key = key.strip()
        if not sign:
            continue
        if len(key) > MAX_KEY:
            raise _Discarded
        if key.isascii() and key.islower() and key.isalpha():
            pairs[key] = value.strip()
    where = pairs.get("id", "")
    if "id" in pairs and not _is_id(where):
        raise _Discarded
    app = pairs.get("app", "")
    if len(app.encode()) > 32:
        raise _Discarded
    title = _text(pairs.get("title", ""), MAX_TITLE_ENCODED, MAX_TITLE)
    message = _text(pairs.get("msg", ""), MAX_MESSAGE_ENCODED, MAX_MESSAGE)
    state = pairs.get("state", "")
    if state == "clear":
        return Clear(where)
    if state not in _STATES:
        return None
    kind = pairs.get("kind", "")
    percent = pairs.get("progress", "")
    counts = state in ("working", "blocked") and _PERCENT.fullmatch(percent)
    return Report(
        cast(ProgramState, state),
        where,
        cast(BlockedKind, kind) if state == "blocked" and kind in _KINDS else None,
        int(percent) if counts and int(percent) <= 100 else None,
        app if _SEGMENT.fullmatch(app) else "",
        title,
        message,
    )


def encode(report: Report | Clear) -> str:
    """Write a report as a program prints it; a text that is too long is cut.

    Raises:
        ValueError: its id or its app cannot be written.
    """
    if report.id and not _is_id(report.id):
        raise ValueError(f"not an id of the Program Status Protocol: {report.id!r}")
    pairs = ["state=" + ("clear" if isinstance(report, Clear) else report.state)]
    if report.id:
        pairs.append(f"id={report.id}")
    if isinstance(report, Report):
        if report.app:
            if not _SEGMENT.fullmatch(report.app):
                raise ValueError(f"not an app of the Program Status Protocol: {report.app!r}")
            pairs.append(f"app={report.app}")
        if report.kind is not None and report.state == "blocked":
            pairs.append(f"kind={report.kind}")
        if report.progress is not None and report.state in ("working", "blocked"):
            pairs.append(f"progress={min(100, max(0, report.progress))}")
        for key, text, most in (
            ("title", report.title, MAX_TITLE),
            ("msg", report.message, MAX_MESSAGE),
        ):
            if encoded := _encoded(text, most):
                pairs.append(f"{key}={encoded}")
    return f"\x1b]{CODE};{':'.join(pairs)}\x1b\\"


class Records:
    """What one terminal was told, by id, the least lately told first."""

    def __init__(self) -> None:
        self._records: OrderedDict[str, Report] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._records)

    def take(self, said: Report | Clear) -> None:
        """Replace a record, or remove some; where there are too many, one that matters least goes.

        So parts that come and go hide none that waits for the person.
        """
        if isinstance(said, Clear):
            for each in tuple(self._records):
                if not said.id or each == said.id or each.startswith(f"{said.id}/"):
                    del self._records[each]
            return
        self._records[said.id] = said
        self._records.move_to_end(said.id)
        while len(self._records) > MAX_RECORDS:
            del self._records[self._least()]

    def _least(self) -> str:
        """The one that was told longest ago of those in the least urgent state."""
        for state in reversed(_URGENCY):
            for each, report in self._records.items():
                if report.state == state:
                    return each
        return next(iter(self._records))

    def ended(self) -> None:
        """The program has ended: what was only going on is over, results stay."""
        for each, report in tuple(self._records.items()):
            if report.state in ("working", "blocked"):
                del self._records[each]

    def clear(self) -> None:
        """Forget everything, as a full reset does."""
        self._records.clear()

    def foremost(self) -> Report | None:
        """The record that a person should see: who is blocked first, then who works.

        Among those of one state it is the root, else the one told last.
        """
        for state in _URGENCY:
            same = [each for each in self._records.values() if each.state == state]
            if same:
                return next((each for each in same if not each.id), same[-1])
        return None


def _is_id(text: str) -> bool:
    parts = text.split("/")
    return (
        len(text.encode()) <= MAX_ID
        and len(parts) <= MAX_DEPTH
        and all(_SEGMENT.fullmatch(part) for part in parts)
    )


def _text(value: str, most_encoded: int, most: int) -> str:
    if len(value) > most_encoded or not _BASE64.fullmatch(value):
        raise _Discarded
    bare = value.rstrip("=")
    try:
        raw = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        raise _Discarded from None
    text = raw.decode("utf-8")
    if len(raw) > most or any(unicodedata.category(character) == "Cc" for character in text):
        raise _Discarded
    # What is invisible or turns the direction of writing could hide or reorder what is around it.
    return "".join(c for c in text if unicodedata.category(c) != "Cf")


def _encoded(text: str, most: int) -> str:
    visible = "".join(
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
        for c in text
        if unicodedata.category(c) not in ("Cf", "Cs")
    )
    raw = " ".join(visible.split()).encode("utf-8")[:most]
    return base64.b64encode(raw.decode("utf-8", "ignore").encode("utf-8")).decode("ascii")
