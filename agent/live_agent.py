"""One agent of the list: what it is doing, its panes, its gates; the base of both kinds."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast, get_args

from agent import actions, processes, steering
from agent.actions import Action, RunCommand
from agent.budget import budget_of
from agent.conversation import Conversation
from agent.errors import AgentError
from agent.fork import origins
from agent.gate import Binding, Decision
from agent.git import branch
from agent.isolation.worktrees import Worktree
from agent.judging import Surroundings
from agent.output import Outputs
from agent.panes import TMUX_SECONDS, Panes
from agent.perform import Performer
from agent.permits import Permits
from agent.plain import plain_line
from agent.protocol.agents import AgentState, AgentSummary, InstructionFile, Mode, PaneSummary
from agent.protocol.conversation import BlockKind, ToolCall, ToolStatus
from agent.protocol.events import AgentChanged
from agent.protocol.gates import Gate
from agent.protocol.usage import Usage
from agent.recovery import UNKNOWN, Recovered, lines, recover
from agent.remembering import AgentMemory
from agent.risk import Risk
from agent.services import Services
from agent.session import Session
from agent.steps import Outcome, Run, Step
from agent.tools.inputs import MAX_COMMAND
from agent.usage_watch import usage_of
from agent.workers import Workers
from memory.directories import git_top_level
from memory.errors import StorageError
from memory.sessions import SessionRecord
from tungsten.errors import TerminalError
from tungsten.wall import Wall, around

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


Kind = Literal["model", "command", "playbook", "mcp"]


def kind_of(record: SessionRecord) -> Kind:
    """Where a session's steps come from; an unknown word, of another version, is a model."""
    return cast(Kind, record.kind) if record.kind in get_args(Kind) else "model"


class PromptEmpty(AgentError):
    """There is nothing to say."""


TAKE_BACK_SECONDS = 2.0
"""How long a shell may take to say what is on its line, and to clear it, after a restart."""

SHOWN_QUEUED = 1_000
"""Characters of a queued prompt that front ends are told; they get all of it by taking it back."""


class CommandTooLong(AgentError):
    """No line editor takes it, and nobody could judge it at a gate."""


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
            self._panes_changed,
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
        self._persons_turn = asyncio.Lock()
        """Held by the person's command that runs; further ones wait for it in their order."""
        self._orphaned: tuple[PaneSummary, ...] = ()
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
        if on:
            await recordings.start(self.id, self.name, pane_id)
        else:
            await recordings.finish(pane_id)
        self.panes.show_recording(pane_id, on=on)
        self.publish()

    async def end_recordings(self) -> list[str]:
        """End the recordings of its panes, and give the files of all that it has."""
        for pane_id in tuple(self.panes.record):
            if pane_id in self.services.recordings:
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

    async def _panes_changed(self) -> None:
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
        await self._find_panes()
        await self._recover_own_actions()

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
        beside: dict[str, int] = {}
        with contextlib.suppress(AgentError, TerminalError, TimeoutError):
            async with asyncio.timeout(TMUX_SECONDS):
                beside = await self.panes.beside()
        pids = [*self.panes.record.values(), *beside.values()]
        running = await asyncio.to_thread(processes.below, pids)
        for pane_id in tuple(self.panes.record):
            try:
                async with asyncio.timeout(TMUX_SECONDS):
                    await self.panes.close(pane_id)
            except (AgentError, TerminalError, TimeoutError):
                self.panes.forget(pane_id)
        for pane_id in beside:
            with contextlib.suppress(AgentError, TerminalError, TimeoutError):
                async with asyncio.timeout(TMUX_SECONDS):
                    await self.panes.close_beside(pane_id)
        stubborn = await processes.end(running)
        await self._panes_changed()
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
        if len(command) > MAX_COMMAND:
            raise CommandTooLong(
                f"The command has {len(command):,} characters, {MAX_COMMAND:,} are possible: put "
                "it into a file and run that."
            )
        pane_id = self.panes.first() or await self.panes.open()
        tool_use_id = f"{OWN}{uuid.uuid4().hex[:16]}"
        step = Step(
            RunCommand(command, pane_id),
            Run(None),
            title=" ".join(command.split())[:300],
            actor="person",
        )
        # Stored before it is confirmed: whatever happens to the engine, the person is told of it.
        block_id = self._person_block(tool_use_id, step.title)
        try:
            await self.conversation.store(block_id)
        except StorageError as error:
            self.conversation.change_tool(block_id, status=ToolStatus.FAILED, result=str(error))
            raise
        self._spawn_person(step, tool_use_id)

    def _spawn_person(
        self,
        step: Step,
        tool_use_id: str,
        reopened: tuple[Gate, Binding] | None = None,
        decision: Decision | None = None,
    ) -> None:
        block_id = self._person_block(tool_use_id, step.title)
        work = self._as_person(step, tool_use_id, block_id, reopened, decision)
        self.spawn(work, "person")

    def _person_block(self, tool_use_id: str, title: str) -> int:
        """The block that shows an action of the person's; opened where there is none yet."""
        return self.conversation.tool_block(tool_use_id) or self.conversation.open(
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
        try:
            async with contextlib.AsyncExitStack() as stack:
                if isinstance(step.action, RunCommand) and reopened is None:
                    if self._persons_turn.locked():
                        self.conversation.change_tool(block_id, decision=QUEUED)
                    await stack.enter_async_context(self._persons_turn)
                outcome = await self.performer.perform(
                    step,
                    tool_use_id=tool_use_id,
                    progress=lambda fields: self.conversation.change_tool(block_id, **fields),
                    reopened=reopened,
                    decision=decision,
                )
        except asyncio.CancelledError:
            if self.closing:
                raise
            outcome = Outcome(ToolStatus.INTERRUPTED, "interrupted")
        except StorageError as error:
            outcome = Outcome(ToolStatus.FAILED, str(error))
        if outcome.status in (ToolStatus.DONE, ToolStatus.FAILED):
            # First, since whoever sees the outcome may speak of it at once.
            await self._note_result(step, outcome)
        await self.show_outcome(block_id, outcome)

    async def _note_result(self, step: Step, outcome: Outcome) -> None:
        ran = f"The person ran `{step.action.text}` in pane {outcome.pane_id or '?'}:"
        try:
            await self.note(f"{ran}\n{outcome.text[:2000]}")
        except StorageError as error:
            log.warning("%s", error)

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

    async def _recover_own_actions(self) -> None:
        """Bring back what a person asked for and an earlier engine did not come to finish."""
        journal = self.services.database.journal
        pending = {use["id"] for use in self.session.unanswered()}
        for entry in await journal.unfinished_actions(self.id):
            tool_use_id = str(entry.data.get("tool_use_id", ""))
            if tool_use_id not in pending:
                ended = {key: entry.data.get(key) for key in ("tool_use_id", "action", "risk")}
                await journal.action_ended(str(entry.subject), {**ended, "outcome": "unknown"})
                if tool_use_id.startswith(OWN):
                    block_id = self._person_block(tool_use_id, entry.data["text"])
                    await self.show_outcome(block_id, Outcome(ToolStatus.UNKNOWN, UNKNOWN))
        asked = set()
        for entry in await journal.open_gates(self.id):
            tool_use_id = str(entry.data.get("tool_use_id", ""))
            if tool_use_id in pending:
                continue
            gate = Gate.model_validate(entry.data["gate"])
            if tool_use_id.startswith(OWN):
                asked.add(tool_use_id)
                reopened = (gate, Binding(**entry.data["binding"]))
                self._go_on(actions.read(entry.data["action"]), tool_use_id, reopened)
            else:
                why = LET_GO if tool_use_id.startswith(HOOK) else "no longer needed"
                await self.services.gates.withdraw(gate.id, why, self.id)
        left = {
            tool_use_id: block_id
            for tool_use_id, block_id in self.conversation.unfinished(PERSON, PROGRAM).items()
            if tool_use_id not in asked
        }
        known = await recover(self.services.database, self.id, left)
        for tool_use_id, block_id in left.items():
            found = known.get(tool_use_id, Recovered())
            if found.outcome is None and found.decision is not None and found.asked is not None:
                # Decided, and not come to: it still counts.
                self._go_on(actions.read(found.asked), tool_use_id, decision=found.decision)
                continue
            outcome = found.outcome or Outcome(ToolStatus.INTERRUPTED, NEVER_BEGAN)
            await self.show_outcome(block_id, outcome)

    def _go_on(
        self,
        action: Action,
        tool_use_id: str,
        reopened: tuple[Gate, Binding] | None = None,
        decision: Decision | None = None,
    ) -> None:
        """Ask again whether a person's own action may happen, or act on what was decided."""
        step = Step(action, Run(None), title=" ".join(action.text.split()), actor="person")
        self._spawn_person(step, tool_use_id, reopened, decision)

    # Panes --------------------------------------------------------------------------------------

    async def _find_panes(self) -> None:
        """Take back the panes that still live, and tell the agent of those that do not."""
        recorded = self.record.extra.get("panes", {})
        try:
            gone = await self.panes.adopt(recorded)
        except TerminalError as error:
            await self.conversation.add(BlockKind.ERROR, str(error))
            return
        for pane_id in self.panes.record:
            self.panes.show_recording(pane_id, on=pane_id in self.services.recordings)
        if self.panes.record:
            await self._remember_lines()
            await self._take_lines_back()
        for pane_id in gone:
            await self.note(
                f"Pane {pane_id} is gone, with what ran in it; another is opened when needed."
            )
        if gone:
            await self._panes_changed()

    async def _remember_lines(self) -> None:
        """Note what the panes' shells were given before: it may still run, and decide what runs."""
        for given in await lines(self.services.database, self.id):
            before = self.panes.own(given.pane_id).history.lines if (
                given.pane_id in self.panes
            ) else ()  # fmt: skip
            if self.panes.remember(given.pane_id, given.pid, given.text):
                await self.performer.lines.gave(given, before)
        if not self.services.running.any:
            return
        for pane_id in self.panes.record:
            with contextlib.suppress(AgentError, TerminalError, TimeoutError):
                async with asyncio.timeout(TAKE_BACK_SECONDS):
                    pane = await self.panes.tmux(pane_id)
                    if (await pane.foreground()).pid == self.panes.own(pane_id).pid:
                        self.services.running.prompted(self.panes.own(pane_id).pid)

    async def _take_lines_back(self) -> None:
        """Clear what an earlier engine had typed at a prompt and did not come to enter.

        It stood in the way of every further command, and an Enter of a person would have run it.
        """
        for entry in await self.services.database.journal.unfinished_actions(self.id):
            data = entry.data
            pane_id = str(data.get("pane_id", ""))
            if data.get("action") != "run_command" or pane_id not in self.panes:
                continue
            if self.panes.record[pane_id] != data.get("pid"):
                continue
            with contextlib.suppress(AgentError, TerminalError, TimeoutError):
                async with asyncio.timeout(TAKE_BACK_SECONDS):
                    pane = await self.panes.tmux(pane_id)
                    await pane.take_back(str(data.get("text", "")))

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
