"""Questions of other agents' hooks, taken through the same gate as every other action.

What happens to one question, in order: whose it is (by the kernel's word on who asks, never by
what is said), what is asked, what it would do, what rules and mode say; and then at most one word
back. `allow` is said in one case only: our own gate let exactly this through, by policy or by the
person, while the hook still waits. In all others the agent's own prompt stands.

A question can end without our answer: the person answers in the agent's own pane (the hook goes
away, or the agent tells that it went on), the hook is let go after a time, the engine ends. What
is let go is answered by key, if something can press it; else the person is told where to answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agent.agents.live_agent import LiveAgent
from agent.agents.persons_actions import HOOK
from agent.context.turn_text import one_line
from agent.engine.peer import age, ancestors
from agent.errors import AgentError
from agent.hook.adapter import Adapter, Asked, Heard, Released, parse
from agent.hook.adapters import ADAPTERS
from agent.hook.tools import MAX_TITLE, Planned, plan
from agent.protocol.agents import AgentState
from agent.protocol.conversation import BlockKind, ToolCall, ToolStatus
from agent.protocol.events import Notice
from agent.sessions.conversation import shortened
from agent.sessions.session import clean
from agent.steps.steps import Effect, Elsewhere, NotRun, Outcome, Step, TakenBack
from memory.errors import StorageError
from tungsten.errors import TerminalError

IN_PANE = "answered in its own pane"
ASKS_IN_PANE = "the time to answer here is over: it asks in its own pane"
WENT_AWAY = "its program does not ask any more"

EDIT_RAN = "The person changed a command of yours before it ran. What ran in its place is:"

MAX_OPEN = 16
"""Questions of one agent that may be open at once; more get the agent's own prompt."""

GRACE_SECONDS = 2.0
"""How much longer a hook is held that has no gate: what was decided just now must be written."""

SHOWN_INPUT = 4_000
"""Characters of one text of a tool's input kept for the conversation."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """One hook that waits: what it said, who it is, and how it is told.

    Attributes:
        agent: the word behind `tungsten hook`.
        payload: what the agent wrote, data alone.
        pid: the process, by the kernel's word; None where it is not known.
        gone: done when the process has gone away.
        held: tells it that a person is asked, and for how many seconds at most.
    """

    agent: str
    payload: bytes
    pid: int | None
    gone: asyncio.Future[None]
    held: Callable[[int], None]


@dataclass(slots=True)
class _Open:
    asked: Asked
    step: Step
    pane_id: str
    task: asyncio.Task[Outcome]
    released: Released | None = None
    """Set once the hook was let go and the question stays."""
    command: str = ""
    """What the person had it run instead of what it asked about."""


@dataclass(slots=True)
class Hooks:
    """All questions of all agents' hooks; `agents` gives those that are on the list now.

    `began` is told the agent, the pane and what the person reads of each question, and `ended` the
    same at its end, and whether it was answered, by a word of ours or a key.
    """

    agents: Callable[[], Iterable[LiveAgent]]
    began: Callable[[str, str, str], None] = lambda agent_id, pane_id, text: None
    ended: Callable[[str, str, str, bool], None] = lambda agent_id, pane_id, text, answered: None
    by_key: Callable[[LiveAgent], bool] = lambda agent: agent.services.answer_by_key is not None
    """Whether something can press the keys of an agent's own prompt."""
    in_pane: Callable[[LiveAgent], None] = lambda agent: None
    """Told of an agent that the person has answered in its own pane."""
    _alive: set[tuple[str, str]] = field(default_factory=set)
    """Agents and panes whose hook, of a kind that asks, was heard of."""
    _open: dict[str, list[_Open]] = field(default_factory=dict)
    _remarks: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    """What models are to be told, by agent, conversation and thread."""

    async def serve(self, call: Call) -> bytes:
        """Give what a hook is to print; nothing where the agent's own prompt shall stand."""
        adapter = ADAPTERS.get(call.agent)
        place = await asyncio.to_thread(self._place, call.pid)
        value = parse(call.payload) if call.payload else {}
        if adapter is None or place is None:
            return b""
        if value is None:
            # What cannot be read can be no answer, and no question that a person could answer.
            return b""
        agent, pane_id = place
        if adapter.asks:
            self._alive.add((agent.id, pane_id))
        said = adapter.read(value)
        if isinstance(said, Heard):
            began = agent.services.clock() - age(call.pid)
            await self.heard(agent, replace(said, began=began))
            return self._remark(adapter, agent, said)
        if said is None or len(self._open.get(agent.id, ())) >= MAX_OPEN:
            return b""
        return await self._ask(adapter, agent, pane_id, said, call)

    def _place(self, pid: int | None) -> tuple[LiveAgent, str] | None:
        """The agent in whose pane a process runs, and that pane; None where it is in none."""
        above = ancestors(pid)
        for agent in tuple(self.agents()):
            for pane_id, first in agent.panes.record.items():
                if first in above and agent.panes.has_living(pane_id):
                    return agent, pane_id
        return None

    # What agents tell ---------------------------------------------------------------------------

    async def heard(self, agent: LiveAgent, heard: Heard) -> None:
        """Take in what an agent tells; questions that are answered by now are dismissed."""
        for each in tuple(self._open.get(agent.id, ())):
            if _settled(each.asked, heard):
                await self._dismiss(agent, each, IN_PANE)
        agent.services.hook_heard(agent, heard)
        if heard.done is not None or heard.settles == "turn":
            # What it was let do is over: the tree is as that left it.
            agent.services.snapshots.settle_soon(agent.id)

    def lives_in(self, agent_id: str, pane_id: str) -> bool:
        """Whether a hook that asks was heard of in a pane."""
        return (agent_id, pane_id) in self._alive

    def asks_in(self, agent_id: str, pane_id: str) -> tuple[str, ...]:
        """What is asked for a pane now, each as the person reads it."""
        asked = self._open.get(agent_id, ())
        return tuple(each.step.action.text for each in asked if each.pane_id == pane_id)

    async def answered_in_pane(
        self,
        agent: LiveAgent,
        pane_id: str,
        about: Callable[[str], bool] | None = None,
    ) -> None:
        """Dismiss what is asked for a pane whose prompt is known to have been answered.

        `about` says of what the person reads in a question whether that prompt was for it. Without
        it, the pane shows none any more: then what a hook was let go with is over, and what is
        decided by now and waits for its prompt is not.
        """
        for each in tuple(self._open.get(agent.id, ())):
            if each.pane_id != pane_id:
                continue
            if about is None:
                left = (
                    each.released is not None
                    and agent.performer.gates.of_step(each.step) is not None
                )
            else:
                left = about(each.step.action.text)
            if left:
                await self._dismiss(agent, each, IN_PANE)

    async def _dismiss(self, agent: LiveAgent, each: _Open, why: str) -> None:
        gate_id = agent.performer.gates.of_step(each.step)
        if gate_id is not None:
            await agent.services.gates.withdraw(gate_id, why, agent.id)
        if why == IN_PANE:
            self.in_pane(agent)
        # What has no gate is judged, or held up by a pause, or being told just now.
        each.task.cancel()

    def _remark(self, adapter: Adapter, agent: LiveAgent, heard: Heard) -> bytes:
        """Tell the model of commands that the person changed, once its agent says what it did."""
        thread = heard.done.thread if heard.done is not None else ""
        place = (agent.id, heard.session, thread)
        told = self._remarks.get(place)
        said = adapter.remark(heard.event, "\n\n".join(told)) if told else b""
        if said:
            del self._remarks[place]
        return said

    # What agents ask ----------------------------------------------------------------------------

    async def _ask(
        self, adapter: Adapter, agent: LiveAgent, pane_id: str, asked: Asked, call: Call
    ) -> bytes:
        cwd = _directory(asked.cwd) or agent.directory
        planned = await asyncio.to_thread(plan, asked, cwd)
        open_one: _Open | None = None

        async def tell() -> Effect:
            assert open_one is not None
            if open_one.released is not None:
                try:
                    return await self._by_key(agent, open_one.released, allow=True)
                except TakenBack:
                    if not agent.closing:
                        _warn(agent, "approved, but its own prompt was gone; nothing was pressed")
                    raise
            if call.gone.done():
                return Effect(WENT_AWAY, ok=False)
            return Effect(f"allowed: {adapter.title} goes on with it")

        async def instead(command: str) -> Effect:
            assert open_one is not None
            if open_one.released is not None:
                raise NotRun(f"nothing ran: {_let_go(adapter)}")
            effect = await tell()
            open_one.command = command
            return effect

        takes = _takes_another(adapter, asked)
        step = Step(
            planned.action,
            Elsewhere(
                planned.cwd or cwd,
                pane_id,
                _shell(),
                tell,
                instead=instead if takes else None,
                fixed="" if takes else f"{adapter.title} runs a command only as it asked",
            ),
            title=planned.title,
            intent=clean(asked.intent)[:500],
            diff=planned.diff,
        )
        tool_use_id = f"{HOOK}{uuid.uuid4().hex[:16]}"
        performing = self._perform(agent, step, tool_use_id, call, _hold(adapter, agent))
        task = asyncio.create_task(performing, name=f"{agent.id} {tool_use_id}")
        open_one = _Open(asked, step, pane_id, task)
        self._open.setdefault(agent.id, []).append(open_one)
        self.began(agent.id, pane_id, planned.action.text)
        task.add_done_callback(lambda _: self._forget(agent.id, open_one))
        agent.owns(task)
        return await self._await(adapter, agent, open_one, planned, tool_use_id, call)

    async def _perform(
        self, agent: LiveAgent, step: Step, tool_use_id: str, call: Call, hold: float
    ) -> Outcome:
        told = False

        def progress(fields: dict[str, object]) -> None:
            nonlocal told
            if fields.get("status") is ToolStatus.GATED and not told:
                # Once: a command that the person changes is asked about anew.
                told = True
                call.held(math.ceil(hold))
                _tell_waiting(agent, step.title)

        return await agent.performer.perform(step, tool_use_id=tool_use_id, progress=progress)

    async def _await(
        self,
        adapter: Adapter,
        agent: LiveAgent,
        each: _Open,
        planned: Planned,
        tool_use_id: str,
        call: Call,
    ) -> bytes:
        """Wait for what comes first: an answer of ours, the end of the hook, or of its time."""
        until: set[asyncio.Future[Any]] = {each.task, call.gone}
        hold = _hold(adapter, agent)
        await asyncio.wait(until, timeout=hold, return_when=asyncio.FIRST_COMPLETED)
        gate_id = agent.performer.gates.of_step(each.step)
        if not each.task.done() and gate_id is None:
            # Being judged still, or decided this moment.
            await asyncio.wait(until, timeout=GRACE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            gate_id = agent.performer.gates.of_step(each.step)
        if not each.task.done():
            if call.gone.done():
                await self._dismiss(agent, each, IN_PANE)
            elif gate_id is None or not self.by_key(agent):
                await self._dismiss(agent, each, ASKS_IN_PANE)
                _tell_waiting(agent, planned.title)
            elif agent.performer.gates.is_changed(gate_id):
                # What the agent's own prompt stands for is not what the person wrote.
                await self._dismiss(agent, each, ASKS_IN_PANE)
                _tell_waiting(agent, planned.title)
                _warn(agent, f"the command as you changed it is not run: {_let_go(adapter)}")
            else:
                # Let go; the question stays, since something can answer the agent's own prompt.
                if _takes_another(adapter, each.asked):
                    agent.performer.gates.fix(gate_id, _let_go(adapter))
                each.released = Released(
                    gate_id, each.pane_id, adapter.name, each.asked.tool, planned.action.text
                )
                agent.spawn(self._later(agent, each, planned, tool_use_id), tool_use_id)
            return b""
        outcome = await self._settle(agent, each, planned, tool_use_id)
        if outcome is None or call.gone.done():
            return b""
        agent.services.hook_heard(agent, Heard("answered", AgentState.WORKING))
        if outcome.status is ToolStatus.DONE and each.command:
            assert adapter.change is not None
            place = (agent.id, each.asked.session, each.asked.thread)
            told = f"{EDIT_RAN}\n{each.command}\n\nYours was:\n{each.step.action.text}"
            self._remarks.setdefault(place, []).append(told)
            return adapter.change(each.asked.input, each.command)
        if outcome.status is ToolStatus.DONE:
            return adapter.allow()
        return adapter.deny(outcome.text) if outcome.status is ToolStatus.DENIED else b""

    async def _later(
        self, agent: LiveAgent, each: _Open, planned: Planned, tool_use_id: str
    ) -> None:
        """See a question through whose hook was let go."""
        await asyncio.wait({each.task})
        outcome = await self._settle(agent, each, planned, tool_use_id)
        if outcome is not None and outcome.status is ToolStatus.FAILED:
            _warn(agent, outcome.text)
        if outcome is not None and outcome.status is ToolStatus.DENIED:
            assert each.released is not None
            try:
                pressed = await self._by_key(
                    agent, each.released, allow=False, message=outcome.message
                )
                problem = "" if pressed.ok else pressed.text
            except (AgentError, TerminalError) as error:
                problem = f"its own prompt is not answered: {one_line(error)}"
            if problem:
                _warn(agent, problem)

    async def _by_key(
        self, agent: LiveAgent, released: Released, *, allow: bool, message: str = ""
    ) -> Effect:
        assert agent.services.answer_by_key is not None
        return await agent.services.answer_by_key(agent, released, allow, message)

    async def _settle(
        self, agent: LiveAgent, each: _Open, planned: Planned, tool_use_id: str
    ) -> Outcome | None:
        """What came of a question, shown in the conversation; None where it was dismissed."""
        try:
            outcome = each.task.result()
        except asyncio.CancelledError:
            return None
        except (AgentError, StorageError, TerminalError) as error:
            log.warning("%s: a question of its hook failed: %s", agent.id, error)
            return None
        block_id = agent.conversation.open(
            BlockKind.TOOL,
            tool=ToolCall(
                tool_use_id=tool_use_id,
                name=clean(each.asked.tool),
                title=" ".join(each.command.split())[:MAX_TITLE] or planned.title,
                input_json=_shown(each.asked.input),
            ),
        )
        await agent.show_outcome(block_id, outcome)
        return outcome

    def _forget(self, agent_id: str, each: _Open) -> None:
        left = [one for one in self._open.get(agent_id, ()) if one is not each]
        if left:
            self._open[agent_id] = left
        else:
            self._open.pop(agent_id, None)
        settled = not each.task.cancelled() and each.task.exception() is None
        said = settled and each.task.result().status in (ToolStatus.DONE, ToolStatus.DENIED)
        self.ended(agent_id, each.pane_id, each.step.action.text, said)


def _takes_another(adapter: Adapter, asked: Asked) -> bool:
    """Whether an agent's hook can answer with another command than it asked about."""
    return adapter.change is not None and isinstance(asked.input, Mapping)


def _let_go(adapter: Adapter) -> str:
    """Why an agent takes no other command any more."""
    return f"{adapter.title} waits for its hook no longer, and runs a command only as it asked"


def _warn(agent: LiveAgent, text: str) -> None:
    agent.services.hub.publish(Notice(level="warning", text=f"{agent.name}: {text}"))


def _hold(adapter: Adapter, agent: LiveAgent) -> float:
    """Seconds for which an agent's hook waits for the person."""
    return adapter.hold if agent.hook_hold is None else agent.hook_hold


def _tell_waiting(agent: LiveAgent, title: str) -> None:
    waits = Heard("PermissionRequest", AgentState.WAITING, "permission", title, once=True)
    agent.services.hook_heard(agent, waits)


def _settled(asked: Asked, heard: Heard) -> bool:
    """Whether what an agent tells means that a question of it is answered."""
    if heard.session != asked.session:
        return False
    match heard.settles:
        case "tool":
            done = heard.done
            return done is not None and (done.thread, done.key) == (asked.thread, asked.key)
        case "turn":
            return not asked.thread
        case "request":
            return bool(asked.request) and heard.request == asked.request
        case _:
            return False


def _shown(given: object) -> str:
    """A tool's input for the conversation, as a JSON object that is not too long."""
    values = dict(given) if isinstance(given, Mapping) else {"input": given}
    values = {
        name: shortened(value, SHOWN_INPUT) if isinstance(value, str) else value
        for name, value in values.items()
    }
    text = json.dumps(values, ensure_ascii=True, default=str)
    if len(text) > 4 * SHOWN_INPUT:
        text = json.dumps({"input": shortened(text, SHOWN_INPUT)}, ensure_ascii=True)
    return text


def _directory(text: str) -> Path | None:
    """Where an agent says that it is, if there is such a place."""
    if not text.startswith("/") or "\0" in text:
        return None
    found = Path(text)
    return found if found.is_dir() else None


def _shell() -> str:
    """The shell that agents give commands to: the person's, where it is one that they know."""
    name = Path(os.environ.get("SHELL", "")).name
    return "zsh" if name == "zsh" else "bash"
