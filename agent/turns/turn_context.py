"""What a turn begins with beside the person's words.

Roles, project instructions, pictures that the words mention, and tools that have changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agent.agents.live_agent import log
from agent.context import instructions
from agent.context.authority import may_instruct
from agent.context.instructions import Instructions
from agent.context.mentioned_pictures import Pictures, not_shown, pictures_in, read_pictures
from agent.context.turn_text import one_line, role, system_message, told_instructions
from agent.errors import AgentError
from agent.messages.prefix import serialise
from agent.messages.sendable import ContentBlock, Message
from agent.protocol.agents import InstructionFile
from agent.protocol.commands.prompts import COORDINATE
from agent.tools.registry import changes, definitions
from agent.turns.asking import Asking
from memory.digest import sha256

if TYPE_CHECKING:
    from agent.agents.live_agent import LiveAgent


class TurnContext:
    """Reads what the next turn of one agent begins with."""

    def __init__(self, agent: LiveAgent, asking: Asking) -> None:
        self._agent = agent
        self._asking = asking

    async def pictures(self, prompts: Sequence[str]) -> Pictures:
        """The pictures that prompts mention, for a model that takes images."""
        paths = pictures_in(prompts)
        if not paths:
            return Pictures()
        try:
            takes, model = await self._asking.takes_images()
        except AgentError:
            # The turn will say what is missing.
            return Pictures()
        if not takes:
            return not_shown(paths, model)
        room = self._agent.session.image_room()
        return await asyncio.to_thread(read_pictures, paths, self._agent.directory, room)

    async def roles(self, prompts: Sequence[str]) -> list[ContentBlock]:
        """Read the roles that begin with this turn; one that was given in the same words counts.

        Raises:
            AgentError: the file of a role cannot be read.
        """
        if self._agent.record.parent is not None:
            name = "" if self._agent.session.messages else "worker"
        else:
            name = "coordinator" if any(COORDINATE.match(text) for text in prompts) else ""
        if not name:
            return []
        # In a work tree of its own it is its coordinator's project that the person trusts.
        kept = self._agent.record.extra.get("project")
        project = Path(kept) if kept else self._agent.project()
        if project and not await self._agent.services.database.directories.is_trusted(project):
            project = None
        try:
            text = await asyncio.to_thread(self._agent.services.prompts.read, name, project)
        except OSError as error:
            raise AgentError(f"The prompt {name}.md cannot be read: {one_line(error)}") from error
        block = role(name, text)
        told = any(block in message["content"] for message in self._agent.session.messages)
        return [] if told else [block]

    async def read_instructions(self) -> Instructions:
        """Read the project instructions as they are on disk now, and show which are in force."""
        found = await asyncio.to_thread(
            instructions.read,
            self._agent.directory,
            self._agent.services.home,
            config=self._agent.services.paths.config,
        )
        self._agent.instructions = tuple(
            InstructionFile(path=str(file.path), tokens=file.tokens) for file in found.files
        )
        return found

    async def instructed(self, found: Instructions, known: str) -> tuple[str, list[Message]]:
        """Say project instructions: as text within a user message, or as messages behind it."""
        told = told_instructions(found, known)
        # Workers of one task begin alike, up to their briefs: what one has cached, others read.
        agent = self._agent
        begins_alike = agent.record.parent is not None and not agent.session.messages
        if not told or begins_alike:
            return told, []
        if not await may_instruct(found, agent.project(), agent.services):
            return told, []
        if not await self._asking.takes_system():
            return told, []
        return "", [system_message(told, reminds=found.sha256 == known)]

    async def in_force(self) -> tuple[Instructions, Sequence[str]]:
        """Project instructions as they are on disk, and facts told before that still count."""
        found = await self.read_instructions()
        try:
            now = await asyncio.to_thread(definitions, self._agent.services.prompts.tool)
        except OSError as error:
            log.warning("the tools' descriptions cannot be read: %s", one_line(error))
            return found, ()
        same = serialise(now) == serialise(self._agent.session.tools)
        return found, () if same else (changes(self._agent.session.tools, now),)

    async def announce_tools(self) -> None:
        """Note, once, where the tools differ from those that the agent knows of."""
        try:
            now = await asyncio.to_thread(definitions, self._agent.services.prompts.tool)
        except OSError as error:
            log.warning("the tools' descriptions cannot be read: %s", one_line(error))
            return
        agent = self._agent
        digest = sha256(serialise(now))
        if digest == agent.record.extra.get("tools_told", sha256(agent.record.tools_json)):
            return
        agent.notes.append(changes(agent.session.tools, now))
        # In one write, or a kill between two would lose the announcement or repeat it.
        await agent.save_extra(notes=agent.notes, tools_told=digest)
