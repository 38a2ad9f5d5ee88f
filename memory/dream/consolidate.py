"""Consolidate: merge what is the same, decide what contradicts, leave the rest for a decision.

Who wins a contradiction follows from explicit rules alone:

1. stated by the user or observed by a tool wins over inferred by an agent;
2. among equals, one that was confirmed at least three times, and again after a rival that was seen
   once, wins over that rival;
3. otherwise the later one wins;
4. but what a tool observed never takes the place of what the user stated: such a pair is left open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from memory.dream.comparing import Comparison, compare
from memory.dream.gather import Pair
from memory.dream.orient import SOURCES, Memory, Room
from memory.dream.reading import Reading

ProposalKind: TypeAlias = Literal["merge", "supersede"]

CONFIRMED = 3
"""Confirmations from which an earlier memory can outlast a rival seen once."""

PROPOSALS = 1.25
"""Most pairs that are left for a decision, for each memory that was looked at."""

EACH = 4
"""Most pairs that are left for a decision about any one memory, as its best ones."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Memories that say the same; `text` is what the one that stays says then."""

    into: str
    gone: tuple[str, ...]
    text: str
    appended: tuple[str, ...]
    """Those of `gone` whose texts were put behind that of `into`, in this order."""
    why: str


@dataclass(frozen=True, slots=True)
class Supersession:
    """A memory whose place another one takes."""

    loser: str
    winner: str
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pair that the rules cannot decide."""

    kind: ProposalKind
    ids: tuple[str, str]
    why: str
    likeness: float


@dataclass(slots=True)
class Decisions:
    """All that was decided and left open."""

    merges: list[Merge] = field(default_factory=list)
    supersessions: list[Supersession] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)

    def extend(self, other: Decisions) -> None:
        """Add what was decided elsewhere."""
        self.merges += other.merges
        self.supersessions += other.supersessions
        self.proposals += other.proposals


def winner(one: Memory, other: Memory) -> tuple[Memory, str] | None:
    """Who wins a contradiction and by which rule; None where the rules leave it open."""
    if (one.source == "agent_inferred") != (other.source == "agent_inferred"):
        won = other if one.source == "agent_inferred" else one
        return won, "stated_over_inferred"
    earlier, later = sorted((one, other), key=lambda memory: (memory.created_at, memory.id))
    if earlier.created_at == later.created_at:
        return None
    outlasts = (
        earlier.confirmations >= CONFIRMED
        and earlier.last_confirmed_at > later.created_at
        and later.confirmations <= 1
    )
    won, lost, rule = (earlier, later, "more_confirmed") if outlasts else (later, earlier, "later")
    if won.source == "tool_observed" and lost.source == "user_stated":
        return None
    return won, rule


def consolidate(pairs: Iterable[Pair], room: Room) -> Decisions:
    """Decide the pairs that were gathered in a room."""
    memories = {memory.id: memory for memory in room.members}
    readings = room.readings
    same: list[tuple[Pair, Comparison]] = []
    against: list[tuple[Pair, Comparison]] = []
    undecided: list[tuple[float, Pair, Comparison]] = []
    for pair in pairs:
        found = compare(readings[pair.one], readings[pair.other])
        if found.verdict == "same":
            same.append((pair, found))
        elif found.verdict == "contradiction":
            against.append((pair, found))
        else:
            undecided.append((found.likeness + 0.5 * pair.score, pair, found))
    decisions = Decisions()
    clusters = _clusters(same, against)
    group_of = {member: group for group in clusters for member in group}
    left_open = _supersede(against, memories, group_of, decisions)
    superseded = {supersession.loser for supersession in decisions.supersessions}
    apart = _merge(clusters, same, memories, readings, superseded, decisions)
    into = {member: merge.into for merge in decisions.merges for member in merge.gone}
    decisions.supersessions = [
        replace(s, winner=into.get(s.winner, s.winner)) for s in decisions.supersessions
    ]
    group = {member: number for number, members in enumerate(clusters) for member in members}
    decided = {frozenset((s.loser, s.winner)) for s in decisions.supersessions}

    def done(pair: Pair) -> bool:
        one = group.get(pair.one)
        together = one is not None and one == group.get(pair.other)
        together = together and pair.one not in apart and pair.other not in apart
        return together or frozenset((pair.one, pair.other)) in decided

    for pair, comparison in left_open:
        if not done(pair):
            undecided.append((2.0 + comparison.likeness, pair, comparison))
    for pair, comparison in same:
        if not done(pair):
            undecided.append((2.0 + comparison.likeness, pair, comparison))
    _propose(undecided, done, superseded, room.looked_at, decisions)
    return decisions


def _clusters(
    same: Sequence[tuple[Pair, Comparison]], against: Sequence[tuple[Pair, Comparison]]
) -> list[list[str]]:
    """Groups of memories that say the same, none of which holds a contradiction."""
    rivals: dict[str, set[str]] = {}
    for pair, _ in against:
        rivals.setdefault(pair.one, set()).add(pair.other)
        rivals.setdefault(pair.other, set()).add(pair.one)
    group: dict[str, list[str]] = {}
    for pair, _ in sorted(same, key=lambda item: (-item[1].likeness, item[0].one, item[0].other)):
        one, other = group.get(pair.one, [pair.one]), group.get(pair.other, [pair.other])
        if one is other:
            continue
        few, many = sorted((one, other), key=len)
        if any(rivals[member].intersection(many) for member in few if member in rivals):
            continue
        many.extend(few)
        for member in (*few, pair.one, pair.other):
            group[member] = many
    distinct = {id(members): members for members in group.values()}
    return [sorted(members) for members in distinct.values()]


def _standing(member: str, memories: Mapping[str, Memory], group: Sequence[str]) -> Memory:
    """A memory with what its duplicates add to its standing: the best source, the latest time."""
    mine = [memories[other] for other in group]
    best = min(SOURCES.index(m.source) for m in mine)
    trusted = [m for m in mine if (m.source == "agent_inferred") == (best == 2)]
    return replace(
        memories[member],
        source=SOURCES[best],
        created_at=max(m.created_at for m in trusted),
        confirmations=sum(m.confirmations for m in mine),
        last_confirmed_at=max(m.last_confirmed_at for m in mine),
    )


@dataclass(frozen=True, slots=True)
class _Beaten:
    """By what a memory lost, and in which comparison."""

    winner: str
    rule: str
    pair: Pair
    comparison: Comparison


def _supersede(
    against: Sequence[tuple[Pair, Comparison]],
    memories: Mapping[str, Memory],
    group_of: Mapping[str, list[str]],
    decisions: Decisions,
) -> list[tuple[Pair, Comparison]]:
    """Decide contradictions; what the rules leave open is given back."""
    left_open: list[tuple[Pair, Comparison]] = []
    beaten: dict[str, _Beaten] = {}
    rivals: dict[str, set[str]] = {}
    for pair, comparison in sorted(
        against, key=lambda item: (-item[1].likeness, item[0].one, item[0].other)
    ):
        groups = {each: group_of.get(each, [each]) for each in (pair.one, pair.other)}
        one, other = (_standing(each, memories, group) for each, group in groups.items())
        decided = winner(one, other)
        if decided is not None and comparison.replacing:
            # The statement that something was replaced is itself the later word on it.
            replacing = one if comparison.replacing == 1 else other
            if decided[0].id != replacing.id:
                decided = None
        stays = {each for each, group in groups.items() if any(memories[m].pinned for m in group)}
        if decided is None or not stays <= {decided[0].id}:
            left_open.append((pair, comparison))
            continue
        won, rule = decided
        lost = pair.other if won.id == pair.one else pair.one
        rivals.setdefault(lost, set()).add(won.id)
        current = beaten.get(lost)
        if current is None or _beats(won.id, current.winner, memories):
            beaten[lost] = _Beaten(won.id, rule, pair, comparison)
    # What says the same goes with it, and none goes twice.
    fates = dict(beaten)
    for lost in sorted(beaten):
        for member in group_of.get(lost, [lost]):
            fates.setdefault(member, beaten[lost])
    for lost in sorted(fates):
        fate = fates[lost]
        seen = {lost}
        end = fate.winner
        while end in fates and end not in seen:
            seen.add(end)
            end = fates[end].winner
        if end in seen:
            if lost in beaten:
                left_open.append((fate.pair, fate.comparison))
            continue
        if end not in rivals.get(lost, ()):
            end = fate.winner
        end = _who_says_it(end, lost, memories, group_of)
        decisions.supersessions.append(Supersession(lost, end, fate.rule, fate.comparison.why))
    return left_open


def _who_says_it(
    won: str, lost: str, memories: Mapping[str, Memory], group_of: Mapping[str, list[str]]
) -> str:
    """The winner, or who says the same where only that one may take the place of `lost`."""
    if memories[lost].source != "user_stated" or memories[won].source != "tool_observed":
        return won
    alike = (each for each in group_of.get(won, ()) if memories[each].source == "user_stated")
    return next(alike, won)


def _beats(one: str, other: str, memories: Mapping[str, Memory]) -> bool:
    decided = winner(memories[one], memories[other])
    return decided is not None and decided[0].id == one


def _merge(
    clusters: Sequence[Sequence[str]],
    same: Sequence[tuple[Pair, Comparison]],
    memories: Mapping[str, Memory],
    readings: Mapping[str, Reading],
    superseded: set[str],
    decisions: Decisions,
) -> set[str]:
    """Merge what says the same; gives those that stay apart all the same, for a decision."""
    why = {frozenset((pair.one, pair.other)): comparison.why for pair, comparison in same}
    apart: set[str] = set()
    for members in clusters:
        if any(member in superseded for member in members):
            # They go together: each is superseded for itself, and nothing of them is merged.
            continue
        into = _survivor(members, memories, readings)
        gone = tuple(member for member in members if member != into)
        # What the person said does not come to stand as somebody else's, not even a pinned one's.
        theirs = memories[into].source == "user_stated"
        stays = {
            member
            for member in gone
            if memories[member].pinned or (memories[member].source == "user_stated" and not theirs)
        }
        for member in _appended(into, gone, memories, readings):
            # The person's memory must not come to say what only somebody else said.
            if memories[into].pinned or (theirs and memories[member].source != "user_stated"):
                stays.add(member)
        apart |= stays
        gone = tuple(member for member in gone if member not in stays)
        if gone:
            told = {why[key] for a in gone for b in members if (key := frozenset((a, b))) in why}
            decisions.merges.append(merged(into, gone, memories, readings, "; ".join(sorted(told))))
    return apart


def merged(
    into: str,
    gone: tuple[str, ...],
    memories: Mapping[str, Memory],
    readings: Mapping[str, Reading],
    why: str,
) -> Merge:
    """The merge of some memories into one of them, no detail of theirs lost."""
    appended = _appended(into, gone, memories, readings)
    text = joined(memories[into].text, (memories[member].text for member in appended))
    return Merge(into, gone, text, appended, why)


def _survivor(
    members: Sequence[str], memories: Mapping[str, Memory], readings: Mapping[str, Reading]
) -> str:
    """Who stays: a pinned one, else the person's, who says most, the best source, the first."""

    def rank(member: str) -> tuple[bool, bool, float, int, float, str]:
        memory = memories[member]
        says = sum(token.weight for token in readings[member].tokens if not token.light)
        source = SOURCES.index(memory.source)
        persons = memory.source == "user_stated"
        return not memory.pinned, not persons, -says, source, memory.created_at, member

    return min(members, key=rank)


def joined(text: str, others: Iterable[str]) -> str:
    """One text behind the other, as sentences."""
    for other in others:
        separator = " " if text.rstrip().endswith((".", "!", "?")) else ". "
        text = text.rstrip() + separator + other
    return text


def _appended(
    into: str,
    gone: Sequence[str],
    memories: Mapping[str, Memory],
    readings: Mapping[str, Reading],
) -> tuple[str, ...]:
    """Whose texts must be added so that no detail goes: those that say something besides."""
    known = {token.key for token in readings[into].tokens}
    known |= {word.strip(".,;:()`'\"") for word in memories[into].text.lower().split()}
    found = []
    for member in gone:
        extra = {
            token.key
            for token in readings[member].tokens
            if token.key not in known and not token.light
        }
        if extra:
            found.append(member)
            known |= extra
    return tuple(found)


def _propose(
    undecided: list[tuple[float, Pair, Comparison]],
    done: Callable[[Pair], bool],
    superseded: set[str],
    looked_at: int,
    decisions: Decisions,
) -> None:
    undecided.sort(key=lambda item: (-item[0], item[1].one, item[1].other))
    budget = int(looked_at * PROPOSALS)
    counts: dict[str, int] = {}
    for _, pair, comparison in undecided:
        if len(decisions.proposals) >= budget:
            break
        if done(pair) or comparison.verdict == "distinct":
            continue
        if pair.one in superseded and pair.other in superseded:
            continue
        if min(counts.get(pair.one, 0), counts.get(pair.other, 0)) >= EACH:
            continue
        counts[pair.one] = counts.get(pair.one, 0) + 1
        counts[pair.other] = counts.get(pair.other, 0) + 1
        looks_like_one = comparison.supersede or comparison.verdict == "contradiction"
        kind: ProposalKind = "supersede" if looks_like_one else "merge"
        decisions.proposals.append(
            Proposal(kind, (pair.one, pair.other), comparison.why, round(comparison.likeness, 4))
        )
