"""One task without a screen: the agent works, nobody is asked, and the exit status tells.

Nothing here waits for a person: a gate is denied the moment it opens, a question is answered with
the news that nobody is there. When the engine dies midway, the next one takes the turn up again
and this follows it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json as json_module
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import IO, Any

from agent.engine.client import EngineClient
from agent.errors import AgentError, CommandRefused, EngineGone
from agent.paths import Paths
from agent.protocol.agents import AgentState, AgentSummary, Mode
from agent.protocol.commands.agents import ArchiveAgent, CreateAgent, StopAgent
from agent.protocol.commands.gates import Answer, Decide
from agent.protocol.commands.prompts import COORDINATE, ReadTranscript
from agent.protocol.conversation import Block, BlockKind
from agent.protocol.events import (
    ActionReported,
    AgentChanged,
    AgentRemoved,
    BlockChanged,
    Event,
    GateOpened,
    Notice,
    QuestionAsked,
)
from agent.protocol.gates import Gate, Question
from agent.protocol.snapshot import Snapshot
from agent.protocol.usage import Budget
from agent.settings.variables import difference
from agent.usage.budget_words import with_options
from tungsten.screen.printable import clean, visible_line

STOP_SECONDS = 15.0
"""How long to wait for an agent's processes to be gone before leaving anyway."""

RECONNECTS = 5
"""How often a connection may be lost before the job counts as failed."""

NOBODY = "No person is present to answer; decide for yourself, or say what is missing and finish."


CANNOT_COORDINATE = (
    "The demo model cannot coordinate workers: choose another with /model in the app, or leave "
    "--coordinate away."
)

PAUSED = "All agents are held: let them go on in the app (/pause), then run this again."


class Exit(IntEnum):
    """What the exit status says."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    DENIED = 3
    BUDGET = 4
    """Spent, or impossible to keep because the model has no known price."""


async def run(
    paths: Paths,
    task: str,
    *,
    directory: Path,
    model: str = "",
    json: bool = False,
    budget: Budget | None = None,
    mode: Mode | None = None,
    wall: bool | None = None,
    out: IO[str] | None = None,
) -> int:
    """Give one agent one task and follow it to its end.

    Args:
        paths: Whose engine; started when none runs.
        task: What the agent shall do.
        directory: Where it works.
        model: Instead of the configured one.
        json: Print one JSON object a line instead of text for people.
        budget: What it may use; the request that would go beyond it is not made.
        mode: None means standard: who starts a job here and goes away trusts the directory; careful
            would deny every step.
        wall: Whether its panes stand behind a wall; None: as the settings say.
        out: Where to print; standard output unless given.

    Returns:
        An `Exit`. Cancelling the task stops the agent first.
    """
    printer = _Printer(out or sys.stdout, json)
    problem = _usage_problem(task, directory)
    if problem:
        printer.result(Exit.USAGE, problem)
        return Exit.USAGE
    try:
        client = await EngineClient.connect(paths, client="headless")
    except AgentError as error:
        printer.result(Exit.FAILED, str(error))
        return Exit.FAILED
    create = CreateAgent(
        directory=str(directory.absolute()),  # noqa: ASYNC240 - asks no disk
        model=model,
        prompt=task,
        mode=mode or Mode.STANDARD,
        wall=wall,
        budget=budget or Budget(),
    )
    job = _Job(client, printer)
    with stopped_by_signals():
        try:
            status = await job.run(create)
        finally:
            await job.clean_up()
    printer.result(status, job.last_line, job.agent)
    return status


@dataclass(slots=True)
class _Job:
    client: EngineClient
    printer: _Printer
    agent_id: str = ""
    agent: AgentSummary | None = None
    last_line: str = ""
    _workers: set[str] = field(default_factory=set)
    _seen_working: bool = False
    _denied: bool = False
    _answered: set[str] = field(default_factory=set)
    _shown: set[int] = field(default_factory=set)

    async def run(self, create: CreateAgent) -> Exit:
        snapshot = self.client.welcome.snapshot
        if snapshot is not None:
            self.last_line = difference(snapshot.engine.environment, os.environ)
            if self.last_line:
                return Exit.FAILED
        if snapshot is not None and snapshot.paused:
            self.last_line = PAUSED
            return Exit.FAILED
        if snapshot is not None and cannot_coordinate(snapshot, create.prompt):
            self.last_line = CANNOT_COORDINATE
            return Exit.USAGE
        if snapshot is not None and not snapshot.setup.model and not create.model:
            self.last_line = snapshot.setup.problem
            return Exit.FAILED
        try:
            await self._create(create)
        except (CommandRefused, EngineGone) as error:
            self.last_line = str(error)
            return Exit.FAILED
        for _ in range(RECONNECTS):
            async for line in self.client.events():
                status = await self._take(line.event)
                if status is not None:
                    return status
            try:
                status = await self._reconnect()
            except AgentError as error:
                self.last_line = str(error)
                return Exit.FAILED
            if status is not None:
                return status
        self.last_line = "The engine ended again and again."
        return Exit.FAILED

    async def _create(self, create: CreateAgent) -> None:
        creating = asyncio.create_task(self.client.send(create))
        try:
            created = await asyncio.shield(creating)
        except asyncio.CancelledError:
            # What was begun must be known, or it could not be stopped.
            with contextlib.suppress(AgentError, TimeoutError):
                created = await asyncio.wait_for(creating, STOP_SECONDS)
                self.agent_id = str(created["agent_id"])
            raise
        self.agent_id = str(created["agent_id"])

    async def clean_up(self) -> None:
        """Take the agent off the list, its processes with it; the session stays on disk."""
        try:
            if self.agent_id:
                with contextlib.suppress(AgentError, TimeoutError):
                    async with asyncio.timeout(STOP_SECONDS):
                        await self.client.send(StopAgent(agent_id=self.agent_id))
                        await self.client.send(ArchiveAgent(agent_id=self.agent_id))
        finally:
            await self.client.close()

    async def _reconnect(self) -> Exit | None:
        await self.client.close()
        self.client = await self.client.again()
        snapshot = self.client.welcome.snapshot
        return None if snapshot is None else await self._catch_up(snapshot)

    async def _catch_up(self, snapshot: Snapshot) -> Exit | None:
        """Go on from a snapshot, after the engine itself was replaced."""
        self._workers |= {a.id for a in snapshot.agents if a.parent == self.agent_id}
        for gate in snapshot.gates:
            await self._deny(gate)
        for question in snapshot.questions:
            await self._answer(question)
        for agent in snapshot.agents:
            if agent.id == self.agent_id:
                await self._missed_text()
                return await self._changed(agent)
        self.last_line = "The agent is gone."
        return Exit.FAILED

    async def _missed_text(self) -> None:
        with contextlib.suppress(AgentError):
            answer = await self.client.send(ReadTranscript(agent_id=self.agent_id))
            blocks = answer.get("blocks", [])
            for block in blocks if isinstance(blocks, list) else []:
                self._show(Block.model_validate(block))

    async def _take(self, event: Event) -> Exit | None:
        match event:
            case AgentChanged(agent=agent) if agent.id == self.agent_id:
                return await self._changed(agent)
            case AgentChanged(agent=agent) if agent.parent == self.agent_id:
                self._workers.add(agent.id)
            case AgentRemoved(agent_id=agent_id) if agent_id == self.agent_id:
                self.last_line = "The agent was removed."
                return Exit.FAILED
            case GateOpened(gate=gate):
                await self._deny(gate)
            case QuestionAsked(question=question):
                await self._answer(question)
            case BlockChanged(agent_id=agent_id, block=block) if agent_id == self.agent_id:
                self._show(block)
            case ActionReported(agent_id=agent_id) if self._is_ours(agent_id):
                if event.decision in {"denied", "refused"}:
                    self._denied = True
                self.printer.action(event, worker=agent_id != self.agent_id)
            case Notice(level="error", text=text):
                self.printer.notice(text)
            case _:
                pass
        return None

    async def _changed(self, agent: AgentSummary) -> Exit | None:
        first = self.agent is None
        self.agent = agent
        if first:
            self.printer.started(agent)
        match agent.state:
            case AgentState.WORKING | AgentState.WAITING:
                self._seen_working = True
                return None
            case AgentState.FAILED | AgentState.UNKNOWN:
                self.last_line = with_options(agent.activity) or "The agent failed."
                return Exit.BUDGET if agent.over_budget else Exit.FAILED
            case AgentState.DONE:
                self.last_line = self.last_line or agent.activity
                return Exit.DENIED if self._denied else Exit.DONE
            case AgentState.IDLE if self._seen_working and (
                not agent.queued or agent.activity == "interrupted"
            ):
                self.last_line = agent.activity or "The agent was interrupted."
                return Exit.FAILED
            case _:
                return None

    def _is_ours(self, agent_id: str) -> bool:
        return agent_id == self.agent_id or agent_id in self._workers

    async def _deny(self, gate: Gate) -> None:
        if not self._is_ours(gate.agent_id) or gate.id in self._answered:
            return
        self._answered.add(gate.id)
        self._denied = True
        message = (
            f"No person is present to approve a {gate.risk.value} action "
            f"({'; '.join(gate.reasons) or gate.action}). Do without it, or finish and say so."
        )
        # Closed by someone else meanwhile: then it is decided, which is all that is needed.
        with contextlib.suppress(CommandRefused, EngineGone):
            await self.client.send(
                Decide(gate_id=gate.id, decision="deny", message=message, by="nobody")
            )

    async def _answer(self, question: Question) -> None:
        if not self._is_ours(question.agent_id) or question.id in self._answered:
            return
        self._answered.add(question.id)
        self.printer.question(question)
        with contextlib.suppress(CommandRefused, EngineGone):
            await self.client.send(Answer(question_id=question.id, text=NOBODY))

    def _show(self, block: Block) -> None:
        if block.streaming or block.id in self._shown:
            return
        if block.kind in {BlockKind.ASSISTANT, BlockKind.NOTICE, BlockKind.ERROR} and block.text:
            self._shown.add(block.id)
            if block.kind is BlockKind.ERROR:
                block = block.model_copy(update={"text": with_options(block.text)})
            self.printer.text(block)
            if block.kind is not BlockKind.NOTICE:
                self.last_line = block.text


class _Printer:
    """JSON lines for programs, or plain lines for people."""

    def __init__(self, out: IO[str], json: bool) -> None:
        self._out = out
        self._json = json
        self._held = ""

    def started(self, agent: AgentSummary) -> None:
        fields = {
            "type": "started",
            "agent": agent.name,
            "agent_id": agent.id,
            "directory": agent.directory,
            "model": agent.model,
            "mode": agent.mode.value,
        }
        where = f"{agent.name} works in {agent.directory} with {agent.model}"
        self._print(fields, f"{where}, mode {agent.mode.value}")

    def action(self, event: ActionReported, *, worker: bool = False) -> None:
        outcome: str = event.outcome
        if event.exit_status is not None:
            outcome += f", exit status {event.exit_status}"
        what = visible_line(event.text)
        if event.outcome == "started" and not self._json:
            # A person reads how it ended.
            return
        line = f"[{event.risk.value} {event.decision}] {event.action}: {what} → {outcome}"
        if event.decision in ("denied", "refused") and event.reasons:
            line += f" ({'; '.join(event.reasons)})"
        self._print(action_fields(event), f"{event.agent_name}: {line}" if worker else line)

    def question(self, question: Question) -> None:
        fields = {"type": "question", "text": question.text, "options": list(question.options)}
        self._print(fields, f"asked, and told that nobody is there: {question.text}")

    def text(self, block: Block) -> None:
        if block.kind is BlockKind.ERROR and not self._json:
            # The result may say the same, and a person need not read it twice.
            if self._held != block.text:
                self._print({}, "")
                self._held = block.text
            return
        self._print({"type": "text", "kind": block.kind.value, "text": block.text}, block.text)

    def notice(self, text: str) -> None:
        self._print({"type": "notice", "text": text}, text)

    def result(self, status: Exit, text: str, agent: AgentSummary | None = None) -> None:
        fields: dict[str, Any] = {
            "type": "result",
            "status": status.name.lower(),
            "exit_status": int(status),
            "text": text,
        }
        if agent is not None:
            fields["agent_id"] = agent.id
            fields["usage"] = agent.usage.model_dump(mode="json")
        if self._held == text:
            self._held = ""
        explained = {
            Exit.DONE: "done",
            Exit.FAILED: f"failed: {text}",
            Exit.USAGE: f"usage: {text}",
            Exit.DENIED: "ended, but something was denied",
            Exit.BUDGET: f"stopped: {text}",
        }
        self._print(fields, explained[status])

    def _print(self, fields: Mapping[str, Any], line: str) -> None:
        text = json_module.dumps(fields) if self._json else line
        for each in filter(None, (self._held, text)):
            self._out.write(clean(each) + "\n")
        self._held = ""
        self._out.flush()


def action_fields(event: ActionReported) -> dict[str, Any]:
    """Give an action as JSON output tells it: agent, what, risk, decision, outcome and more."""
    fields = event.model_dump(mode="json")
    return {
        "type": "action",
        "agent": fields.pop("agent_name"),
        "what": fields.pop("text"),
        **{name: value for name, value in fields.items() if name != "type"},
    }


def cannot_coordinate(snapshot: Snapshot, prompt: str) -> bool:
    """Whether a prompt has the built-in demo model coordinate, which it cannot."""
    return snapshot.setup.provider == "demo" and COORDINATE.match(prompt) is not None


def _usage_problem(task: str, directory: Path) -> str:
    if not task.strip():
        return "Say what to do."
    if not directory.is_dir():
        return f"There is no directory {directory}."
    return ""


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Let SIGTERM, and SIGHUP of a closed terminal, cancel the running task, as Ctrl-C does.

    So the agent is stopped. A SIGHUP that is ignored (nohup(1)) stays so.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    with contextlib.ExitStack() as handled:
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                    loop.add_signal_handler(number, task.cancel)
                    handled.callback(loop.remove_signal_handler, number)
        yield
