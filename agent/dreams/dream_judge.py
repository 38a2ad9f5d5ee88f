"""The model in a dream: it is told of pairs and of what may be chosen, and its choices are read.

It never writes a word that is kept: an answer names a pair, an outcome and an id that were listed,
or counts as none. What is asked is capped for each dream, and what could not be asked, was not
answered or not in the format is left for the person.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.context.prompt_files import PromptFiles
from agent.context.turn_text import one_line
from agent.errors import AgentError
from agent.memories.memory_report import moment
from agent.settings.settings import Limits
from agent.turns.asking_apart import Asker, NoAnswer, as_data, rows_of
from agent.usage.budget import Apart, BudgetSpent
from memory.database import Database
from memory.dream.judging import Choice, Judged, Pair, Question
from memory.dream.orient import Memory
from memory.errors import StorageError
from memory.usage import UsageTotals

PAIRS = 20
"""Pairs of one request, at most."""

CHARACTERS = 24_000
"""Characters of the memories in one request, beside a single pair that has more."""

log = logging.getLogger(__name__)


class ModelJudge:
    """A `memory.dream.judging.Judge` that asks the person's model.

    Args:
        asker: who is asked.
        prompts: where `consolidate.md` is.
        limits: for each dream.
        database: where it is counted.
    """

    def __init__(
        self, asker: Asker, prompts: PromptFiles, limits: Limits, database: Database
    ) -> None:
        self._asker = asker
        self._prompts = prompts
        self._limits = limits
        self._database = database

    async def judge(self, dream_id: int, questions: Sequence[Question]) -> Judged:
        """Ask about as many pairs as the limits allow, the first ones first."""
        apart = Apart(self._limits, dream_id=dream_id)
        choices: dict[Pair, Choice] = {}
        problem = ""
        try:
            system = self._prompts.read("consolidate")
            for batch in _batches(questions):
                text = as_data("pairs", map(_row, range(1, len(batch) + 1), batch))
                choices |= chosen(await self._asker.ask(apart, system, text), batch)
        except BudgetSpent:
            problem = "the limit of a dream or of the day is reached"
        except NoAnswer as error:
            problem = str(error)
        except (AgentError, StorageError, OSError) as error:
            problem = one_line(error).rstrip(".")
            log.warning("the model could not be asked in a dream: %s", problem)
        used = await self._database.usage.totals(dream_id=dream_id)
        left = len(questions) - len(choices)
        return Judged(choices, told(self._asker.model, used, len(choices), left, problem))


def told(model: str, used: UsageTotals, decided: int, left: int, problem: str) -> str:
    """What was asked, what it took and what came of it, as one line."""
    parts = [
        f"{model}: {_count(used.requests, 'request')}, {used.tokens:,} tokens"
        + ("" if used.cost is None or used.unpriced else f", ${used.cost:.4f}"),
        f"{_count(decided, 'pair')} decided",
    ]
    if left:
        parts.append(f"{left} left for you")
    if problem:
        parts.append(problem)
    return "; ".join(parts)


def chosen(answer: str, asked: Sequence[Question]) -> dict[Pair, Choice]:
    """What an answer chooses of what was listed; what is not, or is said twice, is no choice.

    Raises:
        NoAnswer: it is not in the format.
    """
    found: dict[int, Choice | None] = {}
    for row in rows_of(answer, "answers"):
        number = row.get("pair")
        if type(number) is not int or not 1 <= number <= len(asked):
            continue
        words = [row.get("outcome"), row.get("id", "")]
        choice = next((c for c in asked[number - 1].choices if [c.outcome, c.id] == words), None)
        found[number] = None if number in found else choice
    return {asked[number - 1].ids: choice for number, choice in found.items() if choice is not None}


def _batches(questions: Sequence[Question]) -> Iterator[list[Question]]:
    batch: list[Question] = []
    room = CHARACTERS
    for question in questions:
        size = len(question.one.text) + len(question.other.text)
        if batch and (len(batch) == PAIRS or size > room):
            yield batch
            batch, room = [], CHARACTERS
        batch.append(question)
        room -= size
    if batch:
        yield batch


def _row(number: int, question: Question) -> Mapping[str, Any]:
    return {
        "pair": number,
        "memories": [_memory(question.one), _memory(question.other)],
        "choices": [
            {"outcome": choice.outcome} | ({"id": choice.id} if choice.id else {})
            for choice in question.choices
        ],
    }


def _memory(memory: Memory) -> Mapping[str, Any]:
    return {
        "id": memory.id,
        "text": memory.text,
        "source": memory.source,
        "learned": moment(memory.created_at).partition("T")[0],
        "confirmations": memory.confirmations,
    }


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
