"""Gather: which pairs are worth a comparison, without comparing all with all.

An inverted index of each room leads from a memory to those that share its rarest words; besides,
memories whose texts are the same but for their values meet by a digest of the rest, however common
their words are. Both are bounded for each memory, so the work grows with the number of memories
that are looked at, not with its square.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from memory.dream.orient import Room
from memory.dream.reading import Reading

POSTINGS = 24
"""Memories of one word that are looked at from another, nearest in time first."""

RAREST = 7
"""Words of a memory that are followed."""

CANDIDATES = 8
"""Pairs that one memory brings up."""

LARGE = 2000
"""Memories in a room from which on one brings up half as many: its nearest are nearer there."""

NEIGHBOURS = 4
"""Memories of the same frame that are looked at, nearest in time first."""


@dataclass(slots=True)
class Pair:
    """Two memories of one room, the older first, and how much rare wording they share (0 to 1)."""

    one: str
    other: str
    score: float


def _terms(reading: Reading) -> list[str]:
    terms = [token.key for token in reading.tokens]
    # The first letters of long words, so that forms the stemmer does not know meet as well.
    terms += ["~" + term[:5] for term in terms if len(term) > 6 and term.isalpha()]
    return list(dict.fromkeys(terms))


def gather(room: Room) -> Iterator[Pair]:
    """The pairs of a room to compare, each once; with `room.new`, those in which one is new."""
    members = room.members
    readings = [room.readings[memory.id] for memory in members]
    postings: defaultdict[str, list[int]] = defaultdict(list)
    by_frame: defaultdict[int, list[int]] = defaultdict(list)
    terms = [_terms(reading) for reading in readings]
    frames = [_frames(reading) for reading in readings]
    for place, mine in enumerate(terms):
        for term in mine:
            postings[term].append(place)
        for frame in frames[place]:
            by_frame[frame].append(place)
    total = len(members)
    rarity = {
        term: math.log1p(total / len(found)) * (0.4 if term[0] == "~" else 1.0)
        for term, found in postings.items()
    }
    weight = [math.sqrt(sum(rarity[term] ** 2 for term in mine)) or 1.0 for mine in terms]
    fresh = room.new
    seen: set[int] = set()
    bring_up = CANDIDATES if total < LARGE else CANDIDATES // 2
    for place, memory in enumerate(members):
        if fresh is not None and memory.id not in fresh:
            continue
        scores: defaultdict[int, float] = defaultdict(float)
        for term in sorted(terms[place], key=rarity.__getitem__, reverse=True)[:RAREST]:
            worth = rarity[term] ** 2
            for other in _near(postings[term], place, POSTINGS):
                scores[other] += worth
        scores.pop(place, None)
        mine_weight = weight[place]
        shares = [score / (mine_weight * weight[other]) for other, score in scores.items()]
        # The numbers alone are sorted: as pairs, thousands of them would be looked at in vain.
        least = sorted(shares)[-bring_up] if len(shares) > bring_up else 0.0
        best = [
            (share, other) for share, other in zip(shares, scores, strict=True) if share >= least
        ]
        best.sort(reverse=True)
        found = {other: share for share, other in best[:bring_up]}
        for frame in frames[place]:
            for other in _near(by_frame[frame], place, NEIGHBOURS):
                found.setdefault(other, 0.5)
        for other, score in found.items():
            first, second = sorted((place, other))
            # One number for a pair keeps what was seen small.
            number = first * total + second
            if first != second and number not in seen:
                seen.add(number)
                yield Pair(members[first].id, members[second].id, min(1.0, score))


def _near(places: list[int], place: int, count: int) -> list[int]:
    if len(places) <= count:
        return places
    middle = bisect_left(places, place)
    start = max(0, min(middle - count // 2, len(places) - count))
    return places[start : start + count]


def _frames(reading: Reading) -> list[int]:
    """Digests of the text without its values, and without its last word of weight."""
    heavy = [token for token in reading.tokens if not token.light]
    frames = [hash(reading.normal)]
    frame = frozenset(token.key for token in heavy if not token.hard)
    if len(frame) >= 2 or (frame and len(frame) < len(heavy)):
        frames.append(hash(frame))
    if len(heavy) >= 2:
        frames.append(hash(frozenset(token.key for token in heavy[:-1])))
    return frames
