"""What a person does in an agent's panes: each shown as a block, outside the agent's turns."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from typing import TYPE_CHECKING

from agent import actions
from agent.actions import Action, RunCommand
from agent.errors import AgentError
from agent.gates.gate import Binding, Decision
from agent.protocol.conversation import BlockKind, ToolCall, ToolStatus
from agent.protocol.gates import Gate
from agent.steps.recovery import UNKNOWN, Recovered, recover
from agent.steps.steps import Outcome, Run, Step
from agent.tools.inputs import MAX_COMMAND
from memory.errors import StorageError

if TYPE_CHECKING:
    from agent.agents.live_agent import LiveAgent

log = logging.getLogger("agent.agents")

OWN = "own_"
"""Begin of ids that stand in the place of a tool use's for what the model did not ask for."""

HOOK = "hook_"
"""Begin of ids for what another program asked about, which carries it out itself."""

LET_GO = "the engine ended: it asks in its own pane"

PERSON = "person"
"""Name of the tool in blocks that show a person's own `!command`."""

PROGRAM = "program"
"""Name of the tool in blocks that show the start of an agent's program."""

QUEUED = "waits for your command before it"
NEVER_BEGAN = "not run: the engine ended before it began; nothing was done."


class CommandTooLong(AgentError):
    """No line editor takes it, and nobody could judge it at a gate."""


class PersonsActions:
    """The actions of the person's on one agent's panes."""

    def __init__(self, agent: LiveAgent) -> None:
        self._agent = agent
        self._turn = asyncio.Lock()
        """Held by the person's command that runs; further ones wait for it in their order."""

    async def run(self, command: str) -> None:
        """Start a person's command in the first pane; what becomes of it is shown as a block."""
        if len(command) > MAX_COMMAND:
            raise CommandTooLong(
                f"The command has {len(command):,} characters, {MAX_COMMAND:,} are possible: put "
                "it into a file and run that."
            )
        conversation, panes = self._agent.conversation, self._agent.panes
        pane_id = panes.first() or await panes.open()
        tool_use_id = f"{OWN}{uuid.uuid4().hex[:16]}"
        step = Step(
            RunCommand(command, pane_id),
            Run(None),
            title=" ".join(command.split())[:300],
            actor="person",
        )
        # Stored before it is confirmed: whatever happens to the engine, the person is told of it.
        block_id = self._block(tool_use_id, step.title)
        try:
            await conversation.store(block_id)
        except StorageError as error:
            conversation.change_tool(block_id, status=ToolStatus.FAILED, result=str(error))
            raise
        self.do(step, tool_use_id)

    def do(
        self,
        step: Step,
        tool_use_id: str,
        reopened: tuple[Gate, Binding] | None = None,
        decision: Decision | None = None,
    ) -> None:
        """Begin an action, which goes its way to the gate and on.

        Args:
            step: what to do.
            tool_use_id: names it in the conversation and the journal; begins with `OWN`.
            reopened: a gate for it that an earlier engine left open.
            decision: a decision on it that an earlier engine did not come to use.
        """
        block_id = self._block(tool_use_id, step.title)
        work = self._as_person(step, tool_use_id, block_id, reopened, decision)
        self._agent.spawn(work, "person")

    def _block(self, tool_use_id: str, title: str) -> int:
        """The block that shows an action of the person's; opened where there is none yet."""
        conversation = self._agent.conversation
        return conversation.tool_block(tool_use_id) or conversation.open(
            BlockKind.TOOL, tool=ToolCall(tool_use_id=tool_use_id, name=PERSON, title=title)
        )

    async def _as_person(
        self,
        step: Step,
        tool_use_id: str,
        block_id: int,
        reopened: tuple[Gate, Binding] | None,
        decision: Decision | None,
    ) -> None:
        conversation = self._agent.conversation
        try:
            async with contextlib.AsyncExitStack() as stack:
                if isinstance(step.action, RunCommand) and reopened is None:
                    if self._turn.locked():
                        conversation.change_tool(block_id, decision=QUEUED)
                    await stack.enter_async_context(self._turn)
                outcome = await self._agent.performer.perform(
                    step,
                    tool_use_id=tool_use_id,
                    progress=lambda fields: conversation.change_tool(block_id, **fields),
                    reopened=reopened,
                    decision=decision,
                )
        except asyncio.CancelledError:
            if self._agent.closing:
                raise
            outcome = Outcome(ToolStatus.INTERRUPTED, "interrupted")
        except StorageError as error:
            outcome = Outcome(ToolStatus.FAILED, str(error))
        if outcome.status in (ToolStatus.DONE, ToolStatus.FAILED):
            # First, since whoever sees the outcome may speak of it at once.
            await self._note_result(step, outcome)
        await self._agent.show_outcome(block_id, outcome)

    async def _note_result(self, step: Step, outcome: Outcome) -> None:
        ran = f"The person ran `{step.action.text}` in pane {outcome.pane_id or '?'}:"
        try:
            await self._agent.note(f"{ran}\n{outcome.text[:2000]}")
        except StorageError as error:
            log.warning("%s", error)

    async def recover(self) -> None:
        """Bring back what a person asked for and an earlier engine did not come to finish."""
        agent = self._agent
        journal = agent.services.database.journal
        pending = {use["id"] for use in agent.session.unanswered()}
        for entry in await journal.unfinished_actions(agent.id):
            tool_use_id = str(entry.data.get("tool_use_id", ""))
            if tool_use_id not in pending:
                ended = {key: entry.data.get(key) for key in ("tool_use_id", "action", "risk")}
                await journal.action_ended(str(entry.subject), {**ended, "outcome": "unknown"})
                if tool_use_id.startswith(OWN):
                    block_id = self._block(tool_use_id, entry.data["text"])
                    await agent.show_outcome(block_id, Outcome(ToolStatus.UNKNOWN, UNKNOWN))
        asked = set()
        for entry in await journal.open_gates(agent.id):
            tool_use_id = str(entry.data.get("tool_use_id", ""))
            if tool_use_id in pending:
                continue
            gate = Gate.model_validate(entry.data["gate"])
            if tool_use_id.startswith(OWN):
                asked.add(tool_use_id)
                reopened = (gate, Binding(**entry.data["binding"]))
                agent.go_on(actions.read(entry.data["action"]), tool_use_id, reopened)
            else:
                why = LET_GO if tool_use_id.startswith(HOOK) else "no longer needed"
                await agent.services.gates.withdraw(gate.id, why, agent.id)
        left = {
            tool_use_id: block_id
            for tool_use_id, block_id in agent.conversation.unfinished(PERSON, PROGRAM).items()
            if tool_use_id not in asked
        }
        known = await recover(agent.services.database, agent.id, left)
        for tool_use_id, block_id in left.items():
            found = known.get(tool_use_id, Recovered())
            if found.outcome is None and found.decision is not None and found.asked is not None:
                # Decided, and not come to: it still counts.
                agent.go_on(actions.read(found.asked), tool_use_id, decision=found.decision)
                continue
            outcome = found.outcome or Outcome(ToolStatus.INTERRUPTED, NEVER_BEGAN)
            await agent.show_outcome(block_id, outcome)

    def go_on(
        self,
        action: Action,
        tool_use_id: str,
        reopened: tuple[Gate, Binding] | None = None,
        decision: Decision | None = None,
    ) -> None:
        """Ask again whether a person's own action may happen, or act on what was decided."""
        step = Step(action, Run(None), title=" ".join(action.text.split()), actor="person")
        self.do(step, tool_use_id, reopened, decision)
