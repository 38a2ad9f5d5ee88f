"""Uses the tools that one message names, and tells the model what came of each.

When the turn is cancelled meanwhile, what was under way is closed so that the transcript stays
valid; when the engine itself ends, nothing is: the next engine finds everything as after a crash.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Protocol, cast

from agent.agents.workers import Workers
from agent.context.turn_text import note, one_line
from agent.errors import AgentError
from agent.memories.remembering import AgentMemory
from agent.messages.sendable import ContentBlock
from agent.panes.panes import Panes
from agent.protocol.conversation import BlockKind, ToolStatus
from agent.sessions.conversation import Conversation
from agent.sessions.session import Session, tool_result
from agent.steps.output import Outputs
from agent.steps.owner import Owner
from agent.steps.perform import Performer
from agent.steps.recovery import INTERRUPTED, Recovered, recover
from agent.steps.steps import Outcome, Step
from agent.tools import files, terminal
from agent.tools.inputs import (
    READ_ONLY,
    AskPerson,
    FileEdit,
    FileList,
    FileRead,
    FileSearch,
    FileWrite,
    MemorySave,
    MemorySearch,
    TerminalOpen,
    TerminalRead,
    ToolInput,
    WorkerMessage,
    WorkerReport,
    WorkerStart,
    WorkerStop,
    WorkerWait,
)
from agent.tools.registry import InvalidToolInput, parse
from agent.turns.asking import Asking
from agent.turns.questions import Questions
from agent.turns.shown import tool_call
from memory.database import Database
from tungsten.errors import TerminalError
from tungsten.recordings.masking import mask

SHOWN_RESULT = 8_000
"""Characters of a result kept for the conversation as the person sees it."""

SHOWN_DIFF = 200_000
"""Characters of a diff kept for the conversation."""

NOT_RUN = "not run: the turn had failed before."
NOT_BEGUN = "interrupted by the person before it began; nothing was done."
BROKEN_INPUT = (
    "your tool input was cut off or is not a JSON object; nothing was run. Write it again, "
    "shorter if it was long."
)


class ToolOwner(Owner, Protocol):
    """The agent that uses them."""

    notes: list[str]
    """Facts that it must be told."""

    async def take_notes(self) -> list[str]:
        """Told when the facts have been told."""

    async def asking(self, question: str | None) -> None:
        """Told when a question to the person opens, and with None when it is answered."""

    async def work(self, activity: str) -> None:
        """Told what the turn is doing, in a few words."""


class ToolUses:
    """The tool uses of one agent's turns."""

    def __init__(
        self,
        owner: ToolOwner,
        *,
        session: Session,
        conversation: Conversation,
        performer: Performer,
        panes: Panes,
        outputs: Outputs,
        questions: Questions,
        workers: Workers,
        database: Database,
        memory: AgentMemory,
        asking: Asking,
    ) -> None:
        self._owner = owner
        self._session = session
        self._conversation = conversation
        self._performer = performer
        self._panes = panes
        self._outputs = outputs
        self._questions = questions
        self._workers = workers
        self._database = database
        self._memory = memory
        self._asking = asking
        self._image_room = 0

    async def use(
        self, uses: list[ContentBlock], recovered: Mapping[str, Recovered]
    ) -> dict[str, Outcome]:
        """Use the tools of one message, and give what came of each; `answer` tells the model.

        Cancelled, it has told the model by itself.
        """
        outcomes: dict[str, Outcome] = {}
        drawn = [known for known in recovered.values() if known.outcome and known.outcome.picture]
        self._image_room = self._session.image_room() - len(drawn)

        async def one(use: ContentBlock) -> None:
            tool_use_id = use["id"]
            try:
                outcome = (
                    Outcome(ToolStatus.FAILED, BROKEN_INPUT)
                    if tool_use_id in self._session.held
                    else await self._use(use, recovered.get(tool_use_id, Recovered()))
                )
            except asyncio.CancelledError:
                outcomes[tool_use_id] = Outcome(ToolStatus.INTERRUPTED, INTERRUPTED)
                raise
            outcomes[tool_use_id] = outcome
            await self._show_outcome(use, outcome)

        try:
            for group in _groups(uses):
                if len(group) == 1:
                    await one(group[0])
                    continue
                async with asyncio.TaskGroup() as tasks:
                    for use in group:
                        tasks.create_task(one(use))
        except asyncio.CancelledError:
            if not self._owner.closing:
                for use in uses:
                    outcome = outcomes.setdefault(
                        use["id"], Outcome(ToolStatus.INTERRUPTED, NOT_BEGUN)
                    )
                    await self._show_outcome(use, outcome)
                await self.answer(uses, outcomes)
            raise
        except BaseExceptionGroup as group_of_errors:
            # Errors of tools are outcomes; what arrives here is storage that failed.
            raise group_of_errors.exceptions[0] from group_of_errors
        return outcomes

    async def answer(
        self, uses: list[ContentBlock], outcomes: Mapping[str, Outcome], told: str = ""
    ) -> None:
        """Append what came of tool uses, with what the agent is told beside it."""
        content = []
        pictures = []
        for use in uses:
            outcome = outcomes[use["id"]]
            text, png = mask(outcome.text), None
            if outcome.picture is not None:
                pictures.append(outcome.picture)
                try:
                    png = await asyncio.to_thread(outcome.picture.read_bytes)
                except OSError as error:
                    text = f"the picture cannot be read ({one_line(error)}); as text:\n{text}"
            content.append(tool_result(use["id"], text, is_error=outcome.is_error, png=png))
        notes = [*self._owner.notes, *([told] if told else [])]
        if notes:
            content.append(note(notes))
        await self._session.append_user(content)
        for picture in pictures:
            # The transcript has it now.
            with contextlib.suppress(OSError):
                await asyncio.to_thread(picture.unlink)
        await self._owner.take_notes()

    async def close(self, uses: list[ContentBlock], reason: str) -> None:
        """Answer tool uses that must not run, so that the transcript stays valid."""
        if not uses:
            return
        for use in uses:
            await self._show_outcome(use, Outcome(ToolStatus.FAILED, f"not run: {reason}"))
        await self._session.append_user(
            [tool_result(use["id"], f"not run: {reason}", is_error=True) for use in uses]
        )

    async def settle(self) -> None:
        """Answer the tool uses that a turn which failed has left behind."""
        uses = self._session.unanswered()
        if not uses:
            return
        known = await recover(self._database, self._owner.id, [use["id"] for use in uses])
        outcomes = {}
        for use in uses:
            found = known.get(use["id"], Recovered())
            await self._close_unknown(use["id"], found)
            outcomes[use["id"]] = found.outcome or Outcome(ToolStatus.FAILED, NOT_RUN)
            await self._show_outcome(use, outcomes[use["id"]])
        await self.answer(uses, outcomes)

    async def _use(self, use: ContentBlock, known: Recovered) -> Outcome:
        """Use one tool, or say what an earlier engine made of it."""
        tool_use_id, name = use["id"], use["name"]
        await self._close_unknown(tool_use_id, known)
        if known.unfinished is not None and name == "worker_start":
            return self._workers.begun(self._key(tool_use_id))
        if known.outcome is not None:
            return known.outcome
        await self._owner.hold()
        try:
            tool = parse(name, use.get("input"))
            if isinstance(tool, AskPerson):
                return await self._ask(tool, tool_use_id, known.answer)
            if isinstance(tool, WorkerWait | WorkerReport):
                return await self._look_at_workers(use, tool)
            step = await self._plan(tool, tool_use_id)
        except (AgentError, TerminalError, OSError) as error:
            return Outcome(ToolStatus.FAILED, one_line(error))
        self._title(use, step.title, diff=step.diff)
        await self._owner.work(f"{name.partition('_')[2]}: {step.title}")
        return await self._performer.perform(
            step,
            tool_use_id=tool_use_id,
            progress=lambda fields: self._progress(tool_use_id, fields),
            reopened=known.gate,
            decision=known.decision,
        )

    async def _close_unknown(self, tool_use_id: str, known: Recovered) -> None:
        """Record of an action without an outcome that it is unknown."""
        if known.unfinished is None or known.outcome is None:
            return
        await self._database.journal.action_ended(
            known.unfinished,
            {
                "tool_use_id": tool_use_id,
                "outcome": "unknown",
                "decision": known.outcome.decision,
                "risk": known.outcome.risk,
                "reasons": list(known.outcome.reasons),
            },
        )

    def _key(self, tool_use_id: str) -> str:
        """Name a use of the last message for good, also where an endpoint gives ids twice."""
        return f"{len(self._session.messages)}/{tool_use_id}"

    async def _look_at_workers(self, use: ContentBlock, tool: WorkerWait | WorkerReport) -> Outcome:
        """Wait for workers, or read what one says: nothing happens, so it is done again at will."""
        if isinstance(tool, WorkerReport):
            self._title(use, tool.worker)
            text = self._workers.report(tool)
        else:
            title = f"{tool.until} of {', '.join(tool.workers) or 'the workers'}"
            self._title(use, title)
            self._progress(use["id"], {"status": ToolStatus.RUNNING})
            await self._owner.work(f"waits for {title}")
            text = await self._workers.wait(tool)
        return Outcome(ToolStatus.DONE, self._outputs.fit(text, use["id"]))

    async def _plan(self, tool: ToolInput, tool_use_id: str) -> Step:
        directory = self._owner.directory
        if isinstance(tool, WorkerMessage | WorkerStart | WorkerStop):
            return self._workers.plan(tool, self._key(tool_use_id))
        if isinstance(tool, FileEdit | FileList | FileRead | FileSearch | FileWrite):
            try:
                return await asyncio.to_thread(files.plan, tool, directory, self._performer.seen)
            except files.FileRefused:
                # Why an edit does not fit tells what is in the file.
                path = files.resolve(tool.path, directory)
                if isinstance(tool, FileEdit) and self._performer.judging.asks_to_read(path):
                    text = f"{tool.path}: what is in it needs leave to be read; file_read it first"
                    raise files.FileRefused(text) from None
                raise
        if isinstance(tool, MemorySave | MemorySearch):
            return await self._memory.plan(tool)
        pane_id = getattr(tool, "pane", None)
        if isinstance(tool, TerminalOpen):
            pane_id = ""
        elif pane_id is None:
            pane_id = await self._first_pane(tool_use_id)
        if isinstance(tool, TerminalRead) and tool.picture:
            remark = await self._no_picture()
            picture = None if remark else self._outputs.path(tool_use_id, "png")
            return terminal.plan(tool, pane_id, directory, picture=picture, remark=remark)
        return terminal.plan(cast(terminal.Input, tool), pane_id, directory)

    async def _first_pane(self, tool_use_id: str) -> str:
        """The agent's first living pane; opens one, as an action, when there is none."""
        pane_id = self._panes.first()
        if pane_id is None:
            step = terminal.plan(TerminalOpen(), "", self._owner.directory)
            outcome = await self._performer.perform(step, tool_use_id=f"{tool_use_id}/pane")
            if outcome.pane_id is None:
                raise InvalidToolInput(outcome.text)
            pane_id = outcome.pane_id
        return pane_id

    async def _no_picture(self) -> str:
        """Say why the model cannot be sent one more picture; empty where it can."""
        takes, model = await self._asking.takes_images()
        if not takes:
            return f"no picture: {model or 'this model'} is not known to take images; as text:"
        if self._image_room <= 0:
            return "no picture: this conversation holds as many as can be sent; as text:"
        self._image_room -= 1
        return ""

    async def _ask(self, tool: AskPerson, tool_use_id: str, answer: str | None) -> Outcome:
        if answer is None:
            self._progress(tool_use_id, {"status": ToolStatus.RUNNING, "title": tool.question})
            await self._owner.asking(tool.question)
            try:
                answer = await self._questions.ask(
                    self._owner.id,
                    self._owner.name,
                    tool.question,
                    tool.options,
                    tool_use_id=tool_use_id,
                    closing=lambda: self._owner.closing,
                )
            finally:
                await self._owner.asking(None)
        return Outcome(ToolStatus.DONE, f"The person answers: {answer}", decision="answered by you")

    # Showing ------------------------------------------------------------------------------------

    def _progress(self, tool_use_id: str, fields: dict[str, object]) -> None:
        block_id = self._conversation.tool_block(tool_use_id)
        if block_id is not None:
            self._conversation.change_tool(block_id, **fields)

    def _title(self, use: ContentBlock, title: str, *, diff: str = "") -> None:
        self._block(use)
        self._progress(use["id"], {"title": title, "diff": diff[:SHOWN_DIFF]})

    def _block(self, use: ContentBlock) -> int:
        found = self._conversation.tool_block(use["id"])
        if found is not None:
            return found
        return self._conversation.open(BlockKind.TOOL, tool=tool_call(use))

    async def _show_outcome(self, use: ContentBlock, outcome: Outcome) -> None:
        result = outcome.text
        if len(result) > SHOWN_RESULT:
            result = f"{result[: SHOWN_RESULT // 2]}\n[…]\n{result[-SHOWN_RESULT // 2 :]}"
        fields: dict[str, object] = {
            "status": outcome.status,
            "result": result,
            "exit_status": outcome.exit_status,
            "seconds": outcome.seconds,
        }
        for name in ("decision", "risk", "reasons", "pane_id"):
            value = getattr(outcome, name)
            if value:
                fields[name] = value
        if outcome.picture is not None:
            fields["title"] = outcome.text.partition("\n")[0]
        block_id = self._block(use)
        self._conversation.change_tool(block_id, **fields)
        await self._conversation.store(block_id)


def _groups(uses: list[ContentBlock]) -> list[list[ContentBlock]]:
    """Neighbouring uses of tools that only read may run side by side; all others alone."""
    groups: list[list[ContentBlock]] = []
    for use in uses:
        reads = use.get("name") in READ_ONLY
        if reads and groups and groups[-1][0].get("name") in READ_ONLY:
            groups[-1].append(use)
        else:
            groups.append([use])
    return groups
