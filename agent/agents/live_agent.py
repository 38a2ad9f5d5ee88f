"""One agent of the list: what it is doing, its panes, its gates; the base of both kinds."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast, get_args

from agent.actions import Action
from agent.agents import pane_recovery
from agent.agents.permits import Permits
from agent.agents.persons_actions import PERSON, PersonsActions
from agent.agents.services import Services
from agent.agents.workers import Workers
from agent.errors import AgentError
from agent.files.git import branch
from agent.gates.gate import Binding, Decision
from agent.isolation.worktrees import Worktree
from agent.memories.remembering import AgentMemory
from agent.panes.panes import Panes
from agent.panes.recordings import NotRecorded
from agent.protocol.agents import AgentState, AgentSummary, InstructionFile, Mode
from agent.protocol.conversation import BlockKind
from agent.protocol.events import AgentChanged
from agent.protocol.gates import Gate
from agent.protocol.usage import Usage
from agent.risk import Risk
from agent.sessions.conversation import Conversation
from agent.sessions.fork import origins
from agent.sessions.plain import plain_line
from agent.sessions.session import Session
from agent.steps.judging import Surroundings
from agent.steps.output import Outputs
from agent.steps.perform import Performer
from agent.steps.steps import Outcome
from agent.turns import steering
from agent.usage.budget import budget_of
from agent.usage.usage_watch import usage_of
from memory.directories import git_top_level
from memory.errors import StorageError
from memory.sessions import SessionRecord
from tungsten.wall import Wall, around

log = logging.getLogger("agent.agents")

SHOWN_QUEUED = 1_000
"""Characters of a queued prompt that front ends are told; they get all of it by taking it back."""

Kind = Literal["model", "command", "playbook", "mcp"]


def kind_of(record: SessionRecord) -> Kind:
    """Where a session's steps come from; an unknown word, of another version, is a model."""
    return cast(Kind, record.kind) if record.kind in get_args(Kind) else "model"


class PromptEmpty(AgentError):
    """There is nothing to say."""


class LiveAgent:
    """What both kinds of agent have in common."""

    def __init__(self, record: SessionRecord, session: Session, services: Services) -> None:
        self.record = record
        self.services = services
        self.session = session
        self.id = record.id
        self.directory = Path(record.directory)
        self.conversation = Conversation(record.id, session, services.hub, services.clock)
        self.panes = Panes(
            record.name,
            self.directory,
            services.terminal,
            self.panes_changed,
            self._wall,
            recording=services.recordings.running,
            opened=self._pane_opened,
            ended=services.recordings.ended,
        )
        outputs = services.paths.data / "outputs"
        self.outputs = Outputs(
            outputs / record.id, inherited=[outputs / each for each in origins(record)]
        )
        self.workers = Workers(self, services.fleet)
        self.memory = AgentMemory(
            services.database,
            record.id,
            self.directory,
            "off" if record.demo else services.config.dream.mode,
            services.clock,
        )
        project = self.project()
        self.performer = Performer(
            self,
            panes=self.panes,
            gates=services.gates,
            database=services.database,
            hub=services.hub,
            outputs=self.outputs,
            surroundings=Surroundings(
                home=services.home,
                own=services.own,
                rules=partial(services.rules.for_project, project),
                written=services.written,
                fetched=services.fetched,
                project=project,
            ),
            running=services.running,
            memory=self.memory.carry_out,
            clock=services.clock,
            workers=self.workers,
            locks=services.file_locks,
            snapshots=None if record.demo else services.snapshots,
        )
        self.usage = Usage()
        self.context_tokens = int(record.extra.get("context_tokens", 0))
        self.context_window: int | None = record.extra.get("context_window")
        self.instructions: tuple[InstructionFile, ...] = ()
        self.queue_held = bool(record.extra.get("queue_held"))
        """Whether what is queued waits for the person's next word, as after an interrupt."""
        self._read_waiting()
        self._state = AgentState(record.state)
        self._activity = record.activity
        self._since = record.since
        self._waits: list[str] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self.persons = PersonsActions(self)
        self.permits = Permits(self)

    @property
    def walled(self) -> bool:
        """Whether its panes stand behind a wall."""
        return bool(self.record.extra.get("wall"))

    def _wall(self) -> Wall | None:
        """Plan the wall around a new pane.

        Raises:
            NoWall: one is wanted and cannot be had.
        """
        if not self.walled:
            return None
        wanted = self.services.config.wall
        return around(
            self.project() or self.directory,
            home=self.services.home,
            own=self.services.own,
            hide=wanted.hide,
            show=wanted.show,
            network=wanted.network,
        )

    @property
    def recorded(self) -> bool:
        """Whether its panes are recorded from their beginning."""
        return self.services.config.recording.mode == "on"

    async def _pane_opened(self, pane_id: str) -> None:
        if self.recorded:
            try:
                await self.record_pane(pane_id, on=True)
            except AgentError as error:
                # A full disk must not keep anybody from working.
                await self.conversation.add(BlockKind.ERROR, str(error))

    async def record_pane(self, pane_id: str, *, on: bool) -> None:
        """Record a pane from now on, or no longer.

        Raises:
            NotYourPane: it belongs to someone else, or is closed.
            NotRecorded: it cannot be recorded; says why.
        """
        recordings = self.services.recordings
        self.panes.own(pane_id)
        amiss = ""
        if on:
            await recordings.start(self.id, self.name, pane_id)
        else:
            amiss = await recordings.finish(pane_id)
        self.panes.show_recording(pane_id, on=on)
        self.publish()
        if amiss:
            raise NotRecorded(f"{pane_id} is no longer recorded, and {amiss}")

    async def end_recordings(self) -> list[str]:
        """End the recordings of its panes, and give the files of all that it has."""
        for pane_id in tuple(self.panes.record):
            if pane_id in self.services.recordings:
                with contextlib.suppress(NotRecorded):
                    await self.record_pane(pane_id, on=False)
        return [str(path) for path in await self.services.recordings.of(self.id)]

    def project(self) -> Path | None:
        """The tree that it may work in; nobody's home directory, nor everything, is a project."""
        top = git_top_level(self.directory) or self.directory
        return None if top in (self.services.home, Path("/")) else top

    # What the gate asks -------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """What the person calls it."""
        return self.record.name

    @property
    def effort_from_now_on(self) -> str:
        """The effort of its next turn; empty: its model's own, or it has no model."""
        return ""

    @property
    def mode(self) -> Mode:
        """How much runs without a person."""
        return Mode(self.record.mode)

    @property
    def ceiling(self) -> Risk | None:
        """A worker's level, above which the person is asked; None for who is no worker."""
        if self.record.parent is None:
            return None
        # What another version may have written counts as the least.
        return Risk.__members__.get(str(self.record.extra.get("ceiling")), Risk.LOW)

    @property
    def closing(self) -> bool:
        """Whether the engine is about to end."""
        return self.services.closing

    @property
    def spoken_to(self) -> bool:
        """Whether the person has said or done anything here after the first prompt."""
        said = sum(
            block.kind is BlockKind.USER or (block.tool is not None and block.tool.name == PERSON)
            for block in self.conversation.blocks
        )
        return said > 1

    @property
    def demo(self) -> bool:
        """Whether it belongs to the demo."""
        return self.record.demo

    @property
    def model(self) -> str:
        """The model it asks."""
        return self.record.model or ("" if self.demo else self.services.models.default_model)

    @property
    def hook_hold(self) -> float | None:
        """Seconds for which a hook of a program in its panes waits; None: as for any such."""
        return None

    async def hold(self) -> None:
        """Return when agents may act."""
        if not self.services.go.is_set():
            self.publish()
            await self.services.go.wait()
            self.publish()

    async def waiting(self, gate: Gate | None, *, doing: str | None = None) -> None:
        """Note that one more gate waits for the person, or one less; and what it does now."""
        if gate is None:
            self._waits = self._waits[1:]
            if doing is not None:
                self._activity = doing
        else:
            self._waits = [*self._waits, f"approve: {' '.join(gate.text.split())}"[:200]]
            self._since = gate.opened_at
        self.publish()

    async def asking(self, question: str | None) -> None:
        """Note that one more question waits for the person, or one less."""
        if question is None:
            self._waits = self._waits[1:]
        else:
            self._waits = [*self._waits, f"asks: {plain_line(question)}"]
            self._since = self.services.clock()
        self.publish()

    # State --------------------------------------------------------------------------------------

    @property
    def state(self) -> AgentState:
        """What it is doing."""
        return AgentState.WAITING if self._waits else self._state

    @property
    def at_rest(self) -> bool:
        """Whether it has ended its turn, and no prompt waits that begins another by itself."""
        if self.state in (AgentState.DONE, AgentState.IDLE):
            return not self.queued or self.queue_held
        return self.state in (AgentState.FAILED, AgentState.UNKNOWN)

    @property
    def own_worktree(self) -> Worktree | None:
        """The git work tree that was made for it, if one was."""
        made = self.record.extra.get("worktree")
        return Worktree(Path(made["path"]), made["branch"]) if made else None

    def summary(self) -> AgentSummary:
        """Everything that a list shows about it."""
        return AgentSummary(
            id=self.id,
            name=self.name,
            directory=str(self.directory),
            kind=kind_of(self.record),
            model=self.model if self.record.kind == "model" else "",
            effort=self.effort_from_now_on,
            mode=self.mode,
            state=self.state,
            activity=self._waits[0] if self._waits else self._activity,
            since=self._since,
            created_at=self.record.created_at,
            archived=self.record.archived,
            paused=not self.services.go.is_set() and self._state is AgentState.WORKING,
            demo=self.demo,
            parent=self.record.parent,
            panes=self.panes.summaries,
            allowed_panes=self.permits.summaries,
            queued=tuple(text[:SHOWN_QUEUED] for text in self.queued),
            steering=tuple(each.text[:SHOWN_QUEUED] for each in self.steering),
            usage=self.usage,
            budget=budget_of(self.record),
            over_budget=bool(self.record.extra.get("over_budget")),
            context_tokens=self.context_tokens,
            context_window=self.context_window,
            branch=branch(self.directory),
            instructions=self.instructions,
            wall=self.walled,
            last_block=self.conversation.last_block,
            overlaps=self.services.overlaps.of(self.id, self.services.fleet.name_of),
        )

    def publish(self) -> None:
        """Tell everyone how things stand."""
        if not self.record.archived:
            self.services.hub.publish(AgentChanged(agent=self.summary()))

    async def become(self, state: AgentState, activity: str) -> None:
        """Enter a state, and store it."""
        before, stored = self.state, self.record.state
        self._state, self._activity = state, " ".join(activity.split())[:200]
        if self.state is not before:
            self._since = self.services.clock()
        self.publish()
        if state is not AgentState.WORKING or stored != state:
            # What a working agent is about changes by the second and is worth nothing tomorrow.
            await self.save(state=state, activity=self._activity, since=self._since)

    async def read_usage(self) -> None:
        """Bring the sums of tokens and money up to date."""
        totals = await self.services.database.usage.totals(session_id=self.id)
        self.usage = usage_of(totals)

    async def save(self, **changes: Any) -> None:
        """Store changed fields of the session's record."""
        self.record = await self.services.database.sessions.update(self.id, **changes)

    async def save_extra(self, **changes: Any) -> None:
        """Store changed fields of our own part of the record."""
        await self.save(extra={**self.record.extra, **changes})

    def _read_waiting(self) -> None:
        extra = self.record.extra
        self.queued: list[str] = list(extra.get("queued", []))
        self.steering = steering.read(extra)
        self.notes: list[str] = list(extra.get("notes", []))

    async def redacted(self, extra: dict[str, Any]) -> None:
        """Keep no more than is left of the record now that words were removed for good."""
        self.record = replace(self.record, extra=extra)
        self._read_waiting()
        self.publish()
        # What was under way to the store meanwhile may have held them still.
        await self.save(extra=extra)

    def keyboard_left(self) -> None:
        """Note that a person who typed in a pane does so no longer."""

    async def note(self, text: str) -> None:
        """Keep a fact that the agent must be told with the next thing it is told."""
        if text not in self.notes:
            self.notes.append(text)
            await self.save_extra(notes=self.notes)

    async def take_notes(self) -> list[str]:
        """Give the facts to be told, once."""
        notes, self.notes = self.notes, []
        if notes:
            await self.save_extra(notes=[])
        return notes

    async def panes_changed(self) -> None:
        """Store which panes it has, and tell everyone."""
        self.record = replace(self.record, pane_ids=tuple(self.panes.record))
        for pane_id in self.panes.record:
            self.services.panes_opened(self.id, pane_id)
        self.publish()
        await self.save(
            pane_ids=tuple(self.panes.record),
            extra={**self.record.extra, "panes": self.panes.record},
        )

    # Commands -----------------------------------------------------------------------------------

    async def prompt(self, text: str) -> None:
        """Take what the person says."""
        raise NotImplementedError

    async def unqueue(self) -> list[str]:
        """Give the queued prompts back and forget them."""
        return []

    async def interrupt(self) -> None:
        """Stop what is going on; the transcript stays valid."""
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def resume(self) -> None:
        """Go on from where an earlier engine left it."""
        await self.permits.recover()
        await self.find_panes()
        await self.persons.recover()

    async def rename(self, name: str) -> None:
        """Take another name."""
        await self.save(name=name)
        self.publish()

    async def set_mode(self, mode: Mode) -> None:
        """Change how much runs without a person; counts from the next action."""
        if mode is self.mode:
            return
        await self.save(mode=mode)
        self.publish()
        await self.note(f"The person set your mode to {mode}; it decides what runs without them.")

    async def halt(self) -> None:
        """Begin nothing more by itself; what runs in the panes goes on."""

    async def stop(self) -> None:
        """End the turn and the panes; returns when the processes are gone.

        So do panes that a person split off in a real tmux: nobody would find them again.

        Raises:
            AgentError: a process cannot be ended; names it.
        """
        await self.interrupt()
        await self.permits.forget()
        stubborn = await self.panes.end()
        await self.panes_changed()
        if stubborn:
            await self.become(AgentState.UNKNOWN, f"still running: {', '.join(stubborn)}")
            raise AgentError(f"{self.name}: these would not end: {', '.join(stubborn)}")
        await self.become(AgentState.IDLE, "stopped")

    def spawn(self, work: Any, name: str) -> None:
        """Run a coroutine on behalf of this agent, ended by `interrupt` and `close`."""
        self.owns(asyncio.create_task(work, name=f"{self.id} {name}"))

    def owns(self, task: asyncio.Task[Any]) -> None:
        """Have a task ended with the others of this agent."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End all tasks without tidying up; `services.closing` is set by now."""
        await self.interrupt()

    # A person's own command ---------------------------------------------------------------------

    async def run_as_person(self, command: str) -> None:
        """Start a person's command in the first pane; what becomes of it is shown as a block."""
        await self.persons.run(command)

    def go_on(
        self,
        action: Action,
        tool_use_id: str,
        reopened: tuple[Gate, Binding] | None = None,
        decision: Decision | None = None,
    ) -> None:
        """Go on with a person's action that an earlier engine did not come to finish."""
        self.persons.go_on(action, tool_use_id, reopened, decision)

    async def show_outcome(self, block_id: int, outcome: Outcome) -> None:
        """Finish a tool block that is not part of a turn."""
        fields: dict[str, Any] = {
            "status": outcome.status,
            "result": outcome.text[-8000:],
            "exit_status": outcome.exit_status,
            "seconds": outcome.seconds,
            "risk": outcome.risk,
            "reasons": outcome.reasons,
            "decision": outcome.decision,
            "pane_id": outcome.pane_id,
        }
        self.conversation.change_tool(block_id, **fields)
        try:
            await self.conversation.store(block_id)
        except StorageError as error:
            log.warning("%s", error)

    # Panes --------------------------------------------------------------------------------------

    async def find_panes(self) -> None:
        """Take back the panes that still live, and tell the agent of those that do not."""
        await pane_recovery.find_panes(self)

    async def pane_died(self, pane_id: str, status: int | None) -> None:
        """Note that the first process of a pane ended."""
        self.panes.died(pane_id, status)
        self.publish()

    async def server_gone(self) -> bool:
        """Note that tmux ended; says whether that cost this agent a pane."""
        if not self.panes.server_gone():
            return False
        self.publish()
        await self.note(
            "The tmux server ended and took your panes along; a new one is opened when needed."
        )
        return True
