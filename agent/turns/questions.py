"""Questions that agents ask the person, waiting for their answers."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence

from agent.errors import AgentUnknown
from agent.hub import Hub
from agent.protocol.commands.gates import Answer
from agent.protocol.events import QuestionAsked, QuestionClosed
from agent.protocol.gates import Question
from memory.database import Database


class Questions:
    """Every open question of the engine."""

    def __init__(self, database: Database, hub: Hub, clock: Callable[[], float]) -> None:
        self._database = database
        self._hub = hub
        self._clock = clock
        self._open: dict[str, tuple[Question, str, asyncio.Future[str]]] = {}

    async def ask(
        self,
        agent_id: str,
        agent_name: str,
        text: str,
        options: Sequence[str],
        *,
        tool_use_id: str,
        closing: Callable[[], bool] = lambda: False,
    ) -> str:
        """Ask, wait as long as it takes, and give the answer.

        Args:
            agent_id: who asks.
            agent_name: its name.
            text: the question.
            options: answers to choose from.
            tool_use_id: ties it to the conversation, and to the same question of an earlier engine.
            closing: whether the engine ends; a question that nobody waits for any more is then left
                for the next one, which asks it again.
        """
        asked = await self._database.journal.question_asked(
            uuid.uuid4().hex[:12], agent_id, {"tool_use_id": tool_use_id}
        )
        question = Question(
            id=str(asked.subject),
            agent_id=agent_id,
            agent_name=agent_name,
            asked_at=asked.at,
            text=text,
            options=tuple(options),
        )
        answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._open[question.id] = (question, tool_use_id, answered)
        self._hub.publish(QuestionAsked(question=question))
        try:
            return await answered
        except asyncio.CancelledError:
            if question.id in self._open and not closing():
                await self._database.journal.question_withdrawn(question.id)
            raise
        finally:
            self._open.pop(question.id, None)
            self._hub.publish(QuestionClosed(question_id=question.id, agent_id=agent_id))

    async def answer(self, command: Answer) -> None:
        """Take the person's answer; the first one wins.

        Raises:
            AgentUnknown: the question was answered or withdrawn already.
        """
        found = self._open.pop(command.question_id, None)
        if found is None:
            raise AgentUnknown("This question is not open any more; your answer changes nothing.")
        question, tool_use_id, answered = found
        try:
            await self._database.journal.question_answered(
                question.id, {"tool_use_id": tool_use_id, "answer": command.text}
            )
        except BaseException:
            self._open[command.question_id] = found
            raise
        if not answered.done():
            answered.set_result(command.text)
