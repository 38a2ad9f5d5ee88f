"""What is known of a hosted agent: evidence from several sources, and the one state it gives.

Sources are graded: the process itself, a hook, the Program Status Protocol (OSC 7501), the title
and notifications, the screen. What a lower grade says never overrules a higher one that spoke
later. Where it speaks later and says otherwise, nobody knows: the state is unknown, with both
sides as the reason, and never idle.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from agent.protocol.agents import AgentState

SETTLING = 1.0
"""Seconds for which a lower grade may say otherwise than a higher one that says working or
waiting: programs draw a moment before or after they report."""


class Kind(StrEnum):
    """What a waiting agent waits for."""

    PERMISSION = "permission"
    QUESTION = "question"
    LOGIN = "login"
    OTHER = "other"


class Source(StrEnum):
    """Who says so."""

    PROCESS = "process"
    """The program itself has ended."""
    HOOK = "hook"
    """The agent's own hook or plugin."""
    PROGRAM_STATUS = "program-status"
    """OSC 7501."""
    NOTIFICATION = "notification"
    """OSC 9, 99 or 777: said once, not held up."""
    TITLE = "title"
    """OSC 0 or 2."""
    SCREEN = "screen"

    @property
    def grade(self) -> int:
        """How far it is believed; the higher, the more."""
        return _GRADES[self]


_GRADES = {
    Source.PROCESS: 5,
    Source.HOOK: 4,
    Source.PROGRAM_STATUS: 3,
    Source.NOTIFICATION: 2,
    Source.TITLE: 2,
    Source.SCREEN: 1,
}

RESTING = frozenset({AgentState.IDLE, AgentState.DONE})
"""States in which a person is told that nothing is to be done."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one source said of an agent's state.

    Attributes:
        source: who.
        state: what it said; unknown where it was looked at and says nothing.
        at: when it was last seen to say so, in seconds since the epoch.
        kind: what is waited for, with `waiting`.
        detail: its own words in one line: a rule's name, a message, a tool.
        since: when it began to say so; `at` unless given.
        once: whether it told of a moment and says nothing when that is over, as a notification
            does, or a hook that is asked only about some things. Any later word of another source
            then counts before it; but only one that says working ends what it waits for.
    """

    source: Source
    state: AgentState
    at: float
    kind: Kind | None = None
    detail: str = ""
    since: float | None = None
    once: bool = False

    @property
    def begun(self) -> float:
        """When it began to say so."""
        return self.at if self.since is None else self.since

    def said(self) -> str:
        """Source and state in words, such as `hook: waiting (permission)`."""
        kind = f" ({self.kind})" if self.kind is not None else ""
        return f"{self.source}: {self.state}{kind}"


@dataclass(frozen=True, slots=True)
class HostedState:
    """The one state of a hosted agent.

    Attributes:
        state: what it is doing, as far as is known.
        kind: what it waits for, with `waiting`.
        source: whose word it is; None where there is none.
        at: when that began to be said; 0 where nothing was.
        age: seconds since then.
        reason: why it is this state, in one line.
        settles: seconds after which the same evidence may mean something else; None if it will not.
    """

    state: AgentState
    kind: Kind | None = None
    source: Source | None = None
    at: float = 0.0
    age: float = 0.0
    reason: str = ""
    settles: float | None = None


NOTHING = HostedState(AgentState.UNKNOWN, reason="nothing has been heard of it yet")


def fuse(evidence: Iterable[Evidence], now: float) -> HostedState:
    """Give the one state that all evidence together means, in whatever order it is given.

    Only the latest word of each source counts. A program that has ended is done or failed. Else
    the highest grade that knows something decides, unless a lower one that spoke later says
    otherwise: then the state is unknown.
    """
    said = _latest(evidence)
    claims = [each for each in said if each.state is not AgentState.UNKNOWN]
    claims = [each for each in claims if not _overtaken(each, claims, now)]
    if not claims:
        silent = max(said, key=_order, default=None)
        if silent is None:
            return NOTHING
        reason = silent.detail or f"the {silent.source} says nothing of its state"
        return _state(silent, AgentState.UNKNOWN, now, reason)
    first = max(claims, key=_order)
    if first.source is Source.PROCESS:
        return _state(first, first.state, now, first.detail)
    against = [each for each in claims if _contradicts(each, first)]
    if not against:
        return _told(_clearest(first, claims), now)
    # The one that would be missed most stands for all.
    other = max(against, key=lambda each: (each.state is AgentState.WAITING, each.at, _order(each)))
    held = now - min(each.begun for each in against)
    if first.state not in RESTING and held < SETTLING and other.state is not AgentState.WAITING:
        found = _state(first, first.state, now, first.detail)
        return HostedState(
            found.state, found.kind, found.source, found.at, found.age, found.reason,
            SETTLING - max(held, 0.0),
        )  # fmt: skip
    reason = f"{first.said()}, but {other.said()}"
    return _state(other, AgentState.UNKNOWN, now, reason)


def _latest(evidence: Iterable[Evidence]) -> list[Evidence]:
    """The last words of each source; several where it said several things at one time."""
    by_source: dict[Source, list[Evidence]] = {}
    for each in evidence:
        known = by_source.setdefault(each.source, [])
        if not known or each.at > known[0].at:
            by_source[each.source] = [each]
        elif each.at == known[0].at and each not in known:
            known.append(each)
    return [each for known in by_source.values() for each in known]


def _order(each: Evidence) -> tuple[int, float, str, str, str, float, bool, str]:
    """Who is believed first: by grade, then the later; the rest makes one order of any."""
    words = (each.state, each.kind or "", each.detail)
    return each.source.grade, each.at, *words, -each.begun, each.once, each.source


def _overtaken(each: Evidence, claims: list[Evidence], now: float) -> bool:
    """Whether it told of a moment that is over by what others say since.

    That it works is over only once another has said for a while that it rests.
    """
    works = each.state is AgentState.WORKING
    return each.once and any(
        other.at > each.at
        and (each.state is not AgentState.WAITING or other.state is AgentState.WORKING)
        and not (works and other.state in RESTING and now - other.begun < SETTLING)
        for other in claims
    )


def _contradicts(each: Evidence, first: Evidence) -> bool:
    """Whether it says otherwise, and `first` has not had the last word of the two."""
    if each.state is first.state or {each.state, first.state} <= RESTING:
        return False
    if each.source.grade == first.source.grade:
        # Neither is believed more: the later one counts, but does not make a wait a rest.
        rests = each.state is AgentState.WAITING and first.state in RESTING
        return each.at == first.at or rests
    return each.at > first.at


def _clearest(first: Evidence, claims: list[Evidence]) -> Evidence:
    """Who says what is waited for, where the one that is believed most says only that it waits."""
    if first.state is not AgentState.WAITING or first.kind not in (None, Kind.OTHER):
        return first
    clear = [
        each for each in claims if each.state is first.state and each.kind not in (None, Kind.OTHER)
    ]
    return max(clear, key=_order, default=first)


def _told(of: Evidence, now: float) -> HostedState:
    return _state(of, of.state, now, of.detail)


def _state(of: Evidence, state: AgentState, now: float, reason: str) -> HostedState:
    kind = of.kind if state is AgentState.WAITING else None
    return HostedState(state, kind, of.source, of.begun, max(0.0, now - of.begun), reason)
