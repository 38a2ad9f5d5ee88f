"""The list of live agents: who is on it, found by id, kind, name or pane."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from agent.agents.live_agent import LiveAgent
from agent.agents.names import free_name
from agent.errors import AgentError, AgentUnknown
from memory.database import Database
from memory.errors import NotFound
from memory.sessions import SessionRecord

A = TypeVar("A", bound=LiveAgent)

MAX_NAME = 60
"""Longest name of an agent, in characters."""


class NameUnusable(AgentError):
    """A name is empty, too long, or taken."""


class AgentList:
    """The live agents, in the order in which they came; iterating is safe while some come or go."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._live: dict[str, LiveAgent] = {}

    def __iter__(self) -> Iterator[LiveAgent]:
        return iter(tuple(self._live.values()))

    def add(self, agent: LiveAgent) -> None:
        """Put an agent on the list, in the place of one with its id."""
        self._live[agent.id] = agent

    def remove(self, agent_id: str) -> None:
        """Take an agent off the list, if it is there."""
        self._live.pop(agent_id, None)

    def find(self, agent_id: str | None) -> LiveAgent | None:
        """Give an agent of the list; None when it is not there."""
        return None if agent_id is None else self._live.get(agent_id)

    def get(self, agent_id: str) -> LiveAgent:
        """Give an agent of the list.

        Raises:
            AgentUnknown: it is not there.
        """
        agent = self._live.get(agent_id)
        if agent is None:
            raise AgentUnknown(f"There is no agent {agent_id} on the list: resume it first.")
        return agent

    def of_kind(self, kind: type[A], agent_id: str) -> A:
        """Give an agent of the list that can do what only its kind can.

        Raises:
            AgentUnknown: it is not there, or of another kind.
        """
        agent = self.get(agent_id)
        if not isinstance(agent, kind):
            raise AgentUnknown(f"{agent.name} is an agent of another kind.")
        return agent

    def workers_of(self, agent_id: str) -> list[LiveAgent]:
        """The workers of an agent that are on the list, in the order they were started."""
        return [agent for agent in self._live.values() if agent.record.parent == agent_id]

    def owner_of(self, pane_id: str) -> LiveAgent | None:
        """Whose pane it is, where it lives."""
        return next(
            (agent for agent in self._live.values() if agent.panes.has_living(pane_id)), None
        )

    async def record(self, agent_id: str) -> SessionRecord:
        """The record of a session, as it is stored, also of one that is not on the list.

        Raises:
            AgentUnknown: there is no such session.
        """
        try:
            return await self._database.sessions.get(agent_id)
        except NotFound as error:
            raise AgentUnknown(
                f"There is no session {agent_id}: /sessions in the app lists all."
            ) from error

    def name_of(self, agent_id: str) -> str:
        """What the person calls an agent of the list; empty for any other."""
        agent = self._live.get(agent_id)
        return agent.name if agent is not None else ""

    def is_taken(self, name: str) -> bool:
        """Whether an agent of the list has that name."""
        return any(agent.name == name for agent in self._live.values())

    def given_name(self, given: str, *, but: str = "") -> str:
        """Check a name that the person gives, in one line; `but` is the id of who may have it now.

        Raises:
            NameUnusable: it is too long, not printable, or taken.
        """
        name = " ".join(given.split())
        if len(name) > MAX_NAME or not name.isprintable():
            raise NameUnusable(f"A name has at most {MAX_NAME} printable characters.")
        if any(agent.name == name for agent in self._live.values() if agent.id != but):
            raise NameUnusable(f"There is an agent named {name} already: choose another name.")
        return name

    def free_name(self, directory: Path, wanted: str = "") -> str:
        """Find a name that no other has: what is wanted or the directory's, numbered if taken."""
        return free_name(directory, {agent.name for agent in self._live.values()}, wanted)
