"""Asking the model something that belongs to no conversation: one question, one whole answer.

It is budgeted and counted as turns are: the request stands in the log of usage from before it is
made. Nobody waits for it, so it is given up soon.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agent.errors import AgentError
from agent.model.client import ModelClient
from agent.model.events import MessageEnded, TurnUsage
from agent.sessions.session import text_block
from agent.settings.config import Config
from agent.settings.models import ModelNotSetUp
from agent.usage.budget import Apart, Budgets
from tungsten.recordings.masking import mask

if TYPE_CHECKING:
    from agent.agents.services import ModelSource

SECONDS = 180.0
"""How long one answer may take, waits and repeats included."""

ANSWER_TOKENS = 8_000
"""Most tokens of an answer, its thinking included."""


_FENCE = re.compile(r"```(?:json)?\n(.*)\n```", re.DOTALL)


class NoAnswer(AgentError):
    """There is no whole answer; says why in a few words."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who is asked, if the person has set up a model that can be: the demo's cannot."""

    client: ModelClient
    model: str
    budgets: Budgets
    most: int
    seconds: float = SECONDS

    async def ask(self, apart: Apart, system: str, text: str) -> str:
        """Ask once and give the whole answer's text.

        Args:
            apart: whom it counts for.
            system: what is to be done.
            text: the data; secrets in it are masked.

        Raises:
            NoAnswer: none came, or not a whole one.
            BudgetSpent, ModelError, StorageError: it could not be asked.
        """
        endpoint = self.client.endpoint
        row = await self.budgets.ask_apart(apart, self.model, endpoint)
        broken, last = TurnUsage(), TurnUsage()
        counting: set[asyncio.Task[None]] = set()

        def began(usage: TurnUsage) -> None:
            nonlocal broken, last
            broken, last = broken + last, usage
            # At once: what follows may never come.
            counting.add(
                asyncio.create_task(
                    self.budgets.count_apart(row, self.model, self.model, broken + usage, endpoint)
                )
            )

        stream = self.client.stream(
            model=self.model,
            system=system,
            tools=[],
            messages=[{"role": "user", "content": [text_block(mask(text))]}],
            max_tokens=min(self.most, ANSWER_TOKENS),
            began=began,
        )
        ended: MessageEnded | None = None
        try:
            async with asyncio.timeout(self.seconds), aclosing(stream) as events:
                async for event in events:
                    if isinstance(event, MessageEnded):
                        ended = event
        except TimeoutError as error:
            raise NoAnswer("it did not answer in time") from error
        finally:
            # What cannot be written down is told when the whole is counted.
            await asyncio.gather(*counting, return_exceptions=True)
        if ended is None:
            raise NoAnswer("its answer ended early")
        answered = str(ended.message.get("model") or self.model)
        await self.budgets.count_apart(row, self.model, answered, broken + ended.usage, endpoint)
        if ended.stop_reason == "refusal":
            raise NoAnswer("it refused to answer")
        if ended.stop_reason not in ("end_turn", "stop_sequence"):
            raise NoAnswer(f"its answer is not whole ({ended.stop_reason})")
        content = ended.message["content"]
        return "".join(str(b.get("text", "")) for b in content if b.get("type") == "text")


def rows_of(answer: str, name: str) -> list[dict[str, Any]]:
    """The objects in the one array of an answer that is one JSON object, and nothing besides.

    Raises:
        NoAnswer: it is anything else.
    """
    text = answer.strip()
    if fenced := _FENCE.fullmatch(text):
        text = fenced[1]
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    rows = found.get(name) if isinstance(found, dict) and set(found) == {name} else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise NoAnswer("its answer is not in the format")
    return rows


def as_data(name: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows of data between marks that nothing in them can end, one a line."""
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    text = "\n".join(lines).replace("<", "\\u003c").replace(">", "\\u003e")
    return f"<{name}>\n{text}\n</{name}>"


async def asker(models: ModelSource, budgets: Budgets, config: Config) -> Asker | None:
    """Who may be asked apart; None where no model is set up, or only the demo's."""
    try:
        client = await models.client(demo=False)
    except ModelNotSetUp:
        return None
    if client.endpoint.provider == "demo" or not client.endpoint.model:
        return None
    return Asker(client, client.endpoint.model, budgets, config.max_tokens)
