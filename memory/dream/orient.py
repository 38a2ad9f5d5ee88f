"""Orient: what is there to be put in order, and what the world says now.

Both come as plain values, so that the same dream runs over a store, over files and in tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from memory.dream.reading import Reading, read

Source: TypeAlias = Literal["user_stated", "tool_observed", "agent_inferred"]

SOURCES: tuple[Source, ...] = ("user_stated", "tool_observed", "agent_inferred")


class BadInput(Exception):
    """The memories or the evidence are not in the format; the message says where."""


@dataclass(frozen=True, slots=True)
class Memory:
    """A live memory as a dream sees it; times are seconds since the epoch."""

    id: str
    text: str
    scope: str
    project: str | None
    source: Source
    created_at: float
    confirmations: int = 1
    last_confirmed_at: float = 0.0
    type: str = "project"
    pinned: bool = False
    name: str = ""
    """What its project is called in sentences, if not as `project`."""

    @property
    def room(self) -> tuple[str, str]:
        """Only memories of one room are ever compared."""
        return self.scope, (self.project or "") if self.scope != "user" else ""


@dataclass(frozen=True, slots=True)
class Rename:
    """A file or directory that has another path now."""

    id: str
    old: str
    new: str


Doer: TypeAlias = Literal["person", "agent"]


@dataclass(frozen=True, slots=True)
class Event:
    """What was done or said lately: kind is "command", one that ended well, or "user"."""

    id: str
    at: float
    project: str | None
    kind: str
    text: str
    by: Doer = "person"
    """What an agent does is believed less, and says nothing of what the person likes."""


@dataclass(frozen=True, slots=True)
class ProjectState:
    """A project's repository as it is now."""

    paths: frozenset[str] = frozenset()
    branches: frozenset[str] = frozenset()
    deleted_branches: Mapping[str, str] = field(default_factory=dict)
    """Name → the evidence's id."""
    renames: tuple[Rename, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[str, ...] = ()
    config: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the world at `now`."""

    now: float
    projects: Mapping[str, ProjectState] = field(default_factory=dict)
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Room:
    """Memories that may be compared: those of one scope and project, oldest first, read once."""

    members: Sequence[Memory]
    readings: Mapping[str, Reading]
    new: frozenset[str] | None
    """Ids made or changed since the last dream; None when all are to be looked at."""

    @property
    def looked_at(self) -> int:
        """How many of them are looked at."""
        return len(self.members) if self.new is None else len(self.new)


def orient(memories: Iterable[Memory], new: frozenset[str] | None = None) -> list[list[Memory]]:
    """Sort memories by scope and project, and within by age.

    Args:
        memories: the live ones, each id once.
        new: those that the last dream has not seen; rooms without any are left out.
    """
    rooms: dict[tuple[str, str], list[Memory]] = {}
    for memory in memories:
        rooms.setdefault(memory.room, []).append(memory)
    found = [
        members
        for _, members in sorted(rooms.items())
        if new is None or any(memory.id in new for memory in members)
    ]
    for members in found:
        members.sort(key=lambda memory: (memory.created_at, memory.id))
    return found


def enter(members: Sequence[Memory], new: frozenset[str] | None = None) -> Room:
    """Read the memories of a room; with `new`, these and the ones that share their words."""
    if new is not None:
        members = _beside(members, new)
    readings = {memory.id: read(memory.text, memory.name or memory.project) for memory in members}
    if new is not None:
        new = frozenset(memory.id for memory in members if memory.id in new)
    return Room(members, readings, new)


_WORD = re.compile(r"[^\W_]{3,}|\d+")

_SIGNS = 4
"""First letters of a word that stand for its forms."""

_BESIDE = 60
"""Known memories of a room that are read for each new one."""


def _beside(members: Sequence[Memory], new: frozenset[str]) -> list[Memory]:
    """The new memories of a room, and of the others those that share most of their words.

    The others are looked at by the first letters of their words alone, which costs a small part of
    reading them.
    """
    fresh = [memory for memory in members if memory.id in new]
    wanted = {sign for memory in fresh for sign in _signs(memory.text)}
    shared = []
    common: dict[str, int] = {}
    for place, memory in enumerate(members):
        signs = wanted.intersection(_signs(memory.text))
        if signs:
            shared.append((place, signs))
            for sign in signs:
                common[sign] = common.get(sign, 0) + 1
    ranked = sorted(
        ((sum(1 / common[sign] for sign in signs), place) for place, signs in shared), reverse=True
    )
    chosen = {place for _, place in ranked[: _BESIDE * len(fresh)]}
    return [m for place, m in enumerate(members) if place in chosen or m.id in new]


def _signs(text: str) -> set[str]:
    return {word[:_SIGNS] for word in _WORD.findall(text.lower())}


def moment(text: object, where: str) -> float:
    """An ISO 8601 date or time as seconds since the epoch; without a zone it is UTC.

    Raises:
        BadInput: it is neither.
    """
    try:
        parsed = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        raise BadInput(f"{where}: {text!r} is not a date or time") from None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return parsed.timestamp()


def memories_from(document: object) -> list[Memory]:
    """The memories in a document of the exchange format.

    Raises:
        BadInput: a field is missing or of the wrong kind, or an id occurs twice.
    """
    found: list[Memory] = []
    seen: set[str] = set()
    for number, row in enumerate(_list(_object(document, "memories").get("memories"), "memories")):
        where = f"memory {number + 1}"
        fields = _object(row, where)
        identifier, text = fields.get("id"), fields.get("text")
        if not isinstance(identifier, str) or not isinstance(text, str):
            raise BadInput(f"{where}: id and text must be strings")
        if identifier in seen:
            raise BadInput(f"{where}: the id {identifier} occurs twice")
        seen.add(identifier)
        source = fields.get("source", "agent_inferred")
        if source not in SOURCES:
            raise BadInput(f"{where}: source must be one of {', '.join(SOURCES)}")
        created = moment(fields.get("created_at"), where)
        confirmed = fields.get("last_confirmed_at")
        project = fields.get("project")
        try:
            confirmations = int(fields.get("confirmations", 1))
        except (TypeError, ValueError):
            raise BadInput(f"{where}: confirmations must be a number") from None
        found.append(
            Memory(
                id=identifier,
                text=text,
                scope=str(fields.get("scope", "project" if project else "user")),
                project=None if project is None else str(project),
                source=source,
                created_at=created,
                confirmations=confirmations,
                last_confirmed_at=moment(confirmed, where) if confirmed else created,
                type=str(fields.get("type", "project")),
                pinned=bool(fields.get("pinned", False)),
            )
        )
    return found


def evidence_from(document: object) -> Evidence:
    """The evidence in a document of the exchange format; whatever is left out is unknown.

    Raises:
        BadInput: a part is of the wrong kind.
    """
    top = _object(document, "evidence")
    projects: dict[str, ProjectState] = {}
    for name, row in _object(top.get("projects") or {}, "projects").items():
        state = _object(row, f"project {name}")
        projects[name] = ProjectState(
            paths=frozenset(map(str, _list(state.get("paths"), "paths"))),
            branches=frozenset(map(str, _list(state.get("branches"), "branches"))),
            deleted_branches={
                str(_object(item, "deleted branch").get("name")): str(item.get("id"))
                for item in _list(state.get("deleted_branches"), "deleted_branches")
            },
            renames=tuple(
                Rename(str(item.get("id")), str(item.get("from")), str(item.get("to")))
                for item in (
                    _object(entry, "rename") for entry in _list(state.get("renames"), "renames")
                )
            ),
            versions=_strings(state.get("versions"), "versions"),
            commands=tuple(map(str, _list(state.get("commands"), "commands"))),
            config=_strings(state.get("config"), "config"),
        )
    events = []
    for number, entry in enumerate(_list(top.get("events"), "events")):
        item = _object(entry, f"event {number + 1}")
        project = item.get("project")
        events.append(
            Event(
                id=str(item.get("id")),
                at=moment(item.get("at"), f"event {number + 1}"),
                project=None if project is None else str(project),
                kind=str(item.get("kind", "command")),
                text=str(item.get("text", "")),
                by="agent" if item.get("by") == "agent" else "person",
            )
        )
    now = moment(top["now"], "now") if "now" in top else max((e.at for e in events), default=0.0)
    return Evidence(now, projects, tuple(events))


def _object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadInput(f"{where}: an object is expected")
    return value


def _list(value: object, where: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadInput(f"{where}: a list is expected")
    return value


def _strings(value: object, where: str) -> dict[str, str]:
    return {str(key): str(item) for key, item in _object(value or {}, where).items()}
