"""What a model may be asked about pairs that the rules leave open, and what its choices come to.

The rules say first what may be chosen: a pair is asked about only if something may, and a choice
that is not on its list counts as none. So nothing that is chosen goes against a rule: what a tool
observed never takes the place of what the person stated, pinned memories stay, who wins by the
rules is the only one that may win, and what rules out that two texts are the same still does. A
pair without a choice is left for the person, and nothing in it changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, TypeAlias

from memory.dream.comparing import compare, no_merge, no_rivals
from memory.dream.consolidate import Decisions, Proposal, Supersession, merged, winner
from memory.dream.orient import Memory
from memory.dream.reading import Reading, read
from memory.orders import takes_over
from memory.trust import RANK, may_supersede

Outcome: TypeAlias = Literal["keep_both", "supersede", "merge"]
Pair: TypeAlias = tuple[str, str]

BY_MODEL = "chosen by the model among what the rules allow"
"""The reason of an operation that a model decided."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes of a pair; `id` is the memory that wins or that the other is merged into."""

    outcome: Outcome
    id: str = ""


KEEP_BOTH = Choice("keep_both")


@dataclass(frozen=True, slots=True)
class Question:
    """A pair, and what may be chosen."""

    one: Memory
    other: Memory
    choices: tuple[Choice, ...]

    @property
    def ids(self) -> Pair:
        """The two, in the order of the proposal."""
        return self.one.id, self.other.id


@dataclass(frozen=True, slots=True)
class Judged:
    """What was chosen, by pair; pairs that are not there were not decided."""

    choices: Mapping[Pair, Choice] = field(default_factory=dict)
    told: str = ""
    """What was asked and what became of it, in a few words for the person."""


class Judge(Protocol):
    """Somebody with judgement: a model, in whatever way it is asked."""

    async def judge(self, dream_id: int, questions: Sequence[Question]) -> Judged:
        """Choose for each pair one of its choices, or leave it out. Raises nothing of its own."""
        ...


def questions(
    memories: Iterable[Memory], decisions: Decisions, passed_over: Collection[Pair] = ()
) -> list[Question]:
    """The pairs among the proposals in which something may be chosen, in their order.

    Args:
        memories: all that the dream looks at.
        decisions: what the rules decided and left open; what they change is asked about no more.
        passed_over: pairs that are the person's, whatever the rules allow.
    """
    known = {memory.id: memory for memory in memories}
    taken = _taken(decisions)
    found = []
    for proposal in decisions.proposals:
        if proposal.ids in passed_over or taken.intersection(proposal.ids):
            continue
        one, other = (known[member] for member in proposal.ids)
        if takes_over(one.text) or takes_over(other.text):
            # Who speaks to the reader of a memory is not read by a model.
            continue
        if choices := _choices(one, other):
            found.append(Question(one, other, (KEEP_BOTH, *choices)))
    return found


def settled(
    decisions: Decisions, asked: Sequence[Question], choices: Mapping[Pair, Choice]
) -> tuple[Decisions, dict[Pair, Choice]]:
    """The decisions with what was chosen in them, and the choices that count.

    A memory changes once in a dream: of several choices that concern it the first counts.
    """
    result = replace(
        decisions,
        merges=list(decisions.merges),
        supersessions=list(decisions.supersessions),
    )
    counted: dict[Pair, Choice] = {}
    taken: set[str] = set()
    for question in asked:
        choice = choices.get(question.ids)
        if choice is None or choice not in question.choices:
            continue
        if choice != KEEP_BOTH:
            if taken.intersection(question.ids):
                continue
            taken.update(question.ids)
            _carry_out(question, choice, result)
        counted[question.ids] = choice
    result.proposals = [p for p in decisions.proposals if p.ids not in counted]
    return result, counted


def without(proposals: Iterable[Proposal], kept: Collection[Pair]) -> list[Proposal]:
    """Proposals without the pairs of which both were chosen to be kept before."""
    return [proposal for proposal in proposals if proposal.ids not in kept]


def _taken(decisions: Decisions) -> set[str]:
    taken = {member for merge in decisions.merges for member in (merge.into, *merge.gone)}
    return taken | {member for s in decisions.supersessions for member in (s.loser, s.winner)}


def _choices(one: Memory, other: Memory) -> list[Choice]:
    readings = {memory.id: read(memory.text, memory.name or memory.project)
                for memory in (one, other)}  # fmt: skip
    found = [
        Choice("supersede", won.id)
        for won, lost in ((one, other), (other, one))
        if _may_win(won, lost, readings)
    ]
    return found + [
        Choice("merge", into.id)
        for into, gone in ((one, other), (other, one))
        if _may_take_in(into, gone, readings)
    ]


def _may_win(won: Memory, lost: Memory, readings: Mapping[str, Reading]) -> bool:
    if lost.pinned or not may_supersede(won.source, lost.source):
        return False
    if no_rivals(readings[won.id], readings[lost.id]):
        return False
    by_rule = winner(won, lost)
    if by_rule is None:
        # Of the same moment; what is open between a tool and the person is the person's.
        open_to_both = won.created_at == lost.created_at
        if not open_to_both or {won.source, lost.source} == {"user_stated", "tool_observed"}:
            return False
    elif by_rule[0].id != won.id:
        return False
    found = compare(readings[won.id], readings[lost.id])
    return found.replacing in (0, 1)


def _may_take_in(into: Memory, gone: Memory, readings: Mapping[str, Reading]) -> bool:
    if gone.pinned or RANK[into.source] < RANK[gone.source]:
        return False
    if no_merge(readings[into.id], readings[gone.id]):
        return False
    merge = merged(into.id, (gone.id,), {into.id: into, gone.id: gone}, readings, "")
    # What is added would count as said by whoever said the rest.
    return not merge.appended or (into.source == gone.source and not into.pinned)


def _carry_out(question: Question, choice: Choice, decisions: Decisions) -> None:
    one, other = question.one, question.other
    gone = other if choice.id == one.id else one
    if choice.outcome == "supersede":
        decisions.supersessions.append(Supersession(gone.id, choice.id, BY_MODEL, BY_MODEL))
        return
    memories = {memory.id: memory for memory in (one, other)}
    readings = {key: read(m.text, m.name or m.project) for key, m in memories.items()}
    decisions.merges.append(merged(choice.id, (gone.id,), memories, readings, BY_MODEL))
