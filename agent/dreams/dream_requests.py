"""What the engine does about dreams for a front end: shows them as a diff, undoes, settles.

What the person looked at and wants as it is, and pairs of which they want both, are kept in the
journal, under `REVIEWED`; the last word about a thing counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from agent.errors import CommandRefused
from agent.protocol.memory import (
    AcceptOperation,
    DreamOperation,
    DreamPart,
    ListDreams,
    PastDream,
    PlanDream,
    ReadDream,
    ReopenProposal,
    Request,
    SettleProposal,
    Side,
    UndoDream,
)
from memory.dream import review
from memory.dream.operations import changes_of
from memory.dream.review import Pair, Part

if TYPE_CHECKING:
    from agent.engine.engine_parts import Parts
    from memory.database import Database
    from memory.versions import Memory

REVIEWED = "dream_review"
"""Kind of the journal's entries about what the person decided."""


@dataclass(slots=True)
class Decided:
    """What the person decided, read from the journal."""

    accepted: dict[int, set[int]] = field(default_factory=dict)
    """Operations by dream."""
    apart: set[str] = field(default_factory=set)
    """Keys of the pairs of which they want both."""


async def carry_out(request: Request, parts: Parts) -> dict[str, JsonValue]:
    """Carry out one request about dreams.

    Raises:
        AgentError, StorageError: it was not done; the text is one line for the person.
    """
    database, clock = parts.database, parts.clock
    match request:
        case ListDreams(count=count):
            return {"dreams": await _dreams(database, count)}
        case ReadDream(dream_id=dream_id, first=first, count=count):
            return await _dream(database, dream_id, first, count)
        case PlanDream(count=count):
            return await _plan(parts, count)
        case UndoDream(dream_id=dream_id, operation=operation):
            from agent.dreams import dreaming

            _, undone = await dreaming.undo(database, clock, dream_id, operation)
            return {"undone": undone}
        case AcceptOperation(dream_id=dream_id, operation=operation):
            done, _ = await database.read(lambda db: review.numbers(db, dream_id))
            if operation not in done:
                raise CommandRefused(f"dream {dream_id} has no operation {operation}")
            await _note(database, dream=dream_id, accepted=operation)
        case SettleProposal(dream_id=dream_id, number=number, stays=stays):
            if stays:
                await database.dreams.write(
                    lambda db: review.settle(db, dream_id, number, stays, clock())
                )
            else:
                pair = (await database.read(lambda db: review.pairs(db, dream_id, [number])))[0]
                await _note(database, dream=dream_id, apart=pair.key)
        case ReopenProposal(dream_id=dream_id, number=number):
            pair = (await database.read(lambda db: review.pairs(db, dream_id, [number])))[0]
            if pair.key in (await _decided(database)).apart:
                await _note(database, dream=dream_id, together=pair.key)
            else:
                await database.dreams.write(lambda db: review.reopen(db, dream_id, number, clock()))
        case _:
            raise CommandRefused(f"The engine does not know how to do {request.type}.")
    return {}


async def _note(database: Database, **data: Any) -> None:
    await database.journal.append(REVIEWED, None, data)


async def _decided(database: Database) -> Decided:
    decided = Decided()
    for entry in await database.journal.entries(kinds=[REVIEWED]):
        data = entry.data or {}
        if isinstance(accepted := data.get("accepted"), int):
            decided.accepted.setdefault(int(data["dream"]), set()).add(accepted)
        if isinstance(apart := data.get("apart"), str):
            decided.apart.add(apart)
        if isinstance(together := data.get("together"), str):
            decided.apart.discard(together)
    return decided


async def _dreams(database: Database, count: int) -> JsonValue:
    found = await database.read(lambda db: review.recent(db, count))
    decided = await _decided(database)
    return [
        PastDream(
            id=told.dream.id,
            started_at=told.dream.started_at,
            ended_at=told.dream.ended_at,
            outcome=told.dream.outcome or "",
            summary=told.dream.summary,
            asked=told.dream.asked,
            operations=told.operations,
            undone=told.undone,
            accepted=len(decided.accepted.get(told.dream.id, ())),
            proposals=told.proposals,
        ).model_dump(mode="json")
        for told in found
    ]


async def _dream(database: Database, dream_id: int, first: int, count: int) -> dict[str, JsonValue]:
    done, left = await database.read(lambda db: review.numbers(db, dream_id))
    operations = done[first : first + count]
    start = max(0, first - len(done))
    proposals = left[start : start + count - len(operations)]
    parts, pairs = await database.read(
        lambda db: (
            review.applied(db, dream_id, operations),
            review.pairs(db, dream_id, proposals),
        )
    )
    decided = await _decided(database)
    accepted = decided.accepted.get(dream_id, set())
    rows: list[JsonValue] = [
        _operation(number, parts[number], number in accepted).model_dump(mode="json")
        for number in operations
    ]
    rows += [_pair(pair, decided.apart).model_dump(mode="json") for pair in pairs]
    return {"operations": rows, "total": len(done) + len(left)}


async def _plan(parts: Parts, count: int) -> dict[str, JsonValue]:
    from agent.dreams import dreaming

    database = parts.database
    plan = await dreaming.preview(database, parts.clock)
    changes = changes_of(plan)
    total = len({change.operation for change in changes}) + len(plan.proposals)
    shown = [change for change in changes if change.operation <= count]
    rows: list[JsonValue] = []
    imagined = await database.read(lambda db: review.imagined(db, shown))
    rows += [
        _operation(number, found, accepted=False).model_dump(mode="json")
        for number, found in imagined.items()
    ]
    apart = (await _decided(database)).apart
    pairs = await database.read(
        lambda db: [
            review.left_open(db, number, one.kind, one.ids, one.likeness)
            for number, one in enumerate(plan.proposals[: count - len(rows)], 1)
        ]
    )
    rows += [_pair(pair, apart).model_dump(mode="json") for pair in pairs]
    return {"operations": rows, "total": total}


def _operation(number: int, parts: Sequence[Part], accepted: bool) -> DreamOperation:
    change = parts[0].change
    state: str = change.state
    if accepted and state == "applied":
        state = "accepted"
    return DreamOperation(
        number=number,
        kind=change.kind,
        state=state,
        reason=change.reason,
        drift=change.drift,
        evidence=change.evidence,
        parts=tuple(
            DreamPart(
                memory_id=part.change.memory_id,
                before=_side(part.before),
                after=_side(part.after),
                other=_side(part.other),
            )
            for part in parts
        ),
    )


def _pair(pair: Pair, apart: set[str]) -> DreamOperation:
    state = "open"
    if pair.gone:
        state = "accepted"
    elif pair.settled:
        state = "settled"
    elif pair.key in apart:
        state = "declined"
    return DreamOperation(
        number=pair.number,
        kind=pair.kind,
        proposal=True,
        state=state,
        likeness=pair.likeness,
        gone=pair.gone,
        parts=tuple(
            DreamPart(memory_id=one.id, before=_side(one)) for one in (pair.one, pair.other)
        ),
    )


def _side(memory: Memory | None) -> Side | None:
    if memory is None:
        return None
    return Side(
        id=memory.id,
        text=memory.text,
        status=memory.status,
        source=memory.source,
        created_at=memory.created_at,
        confirmations=memory.confirmations,
    )
