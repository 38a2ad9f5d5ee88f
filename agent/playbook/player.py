"""The agent that plays a playbook, step after step, until one fails or is denied."""

from __future__ import annotations

import asyncio
import contextlib
import re
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from agent.actions import OpenPane, ReadScreen
from agent.agents.live_agent import log
from agent.agents.stepped_agent import SteppedAgent
from agent.context.turn_text import one_line
from agent.errors import AgentError
from agent.playbook.file import Playbook, parse
from agent.playbook.steps import (
    AnyStep,
    Close,
    Expect,
    Expected,
    Open,
    Press,
    Pressed,
    Run,
    Screenshot,
    Type,
    Until,
    Wait,
    title_of,
    verb_of,
)
from agent.protocol.agents import AgentState
from agent.protocol.commands.gates import Decide
from agent.protocol.conversation import BlockKind, ToolStatus
from agent.protocol.events import Event, GateOpened
from agent.protocol.gates import Gate
from agent.risk.keys import is_key
from agent.steps.steps import Outcome, Picture, Step
from agent.steps.steps import Wait as WaitFor
from agent.tools import terminal
from agent.tools.inputs import (
    TerminalClose,
    TerminalRun,
    TerminalType,
    TerminalWait,
)
from memory.errors import StorageError
from tungsten.errors import TerminalError
from tungsten.outcome import ForText

SETTLED = (ToolStatus.DONE, ToolStatus.FAILED)


class PlaybookAgent(SteppedAgent):
    """A playbook being played. Its text is part of the session's record."""

    _gates: dict[str, Gate]
    _names: dict[str, str]
    _at: str = ""
    _playing: tuple[AnyStep, int] | None = None

    @property
    def source(self) -> str:
        """The playbook's text."""
        return str(self.record.extra.get("playbook", {}).get("source", ""))

    @property
    def recorded(self) -> bool:
        """Whether its panes are recorded: where it was asked for, or all are."""
        wanted = bool(self.record.extra.get("playbook", {}).get("record"))
        return wanted or super().recorded

    @property
    def file(self) -> str:
        """What its file is called."""
        return str(self.record.extra.get("playbook", {}).get("file", "playbook"))

    async def launch(self) -> None:
        """Begin to play."""
        self._gates = {}
        await self.become(AgentState.WORKING, "starting")
        playbook = await asyncio.to_thread(parse, self.source, self.file)
        self.spawn(self._play(playbook), "play")

    async def again(self) -> None:
        """Play once more, from the beginning."""
        await self.launch()

    # Playing ------------------------------------------------------------------------------------

    async def _play(self, playbook: Playbook) -> None:
        unlisten = self.services.hub.listen(self._heard)
        self._names = {}
        self._at = ""
        try:
            state, said = await self._steps(playbook)
        except asyncio.CancelledError:
            if self.closing:
                raise
            state, said = AgentState.IDLE, "interrupted"
        except (AgentError, StorageError, TerminalError, OSError) as error:
            state, said = AgentState.FAILED, one_line(error)
        finally:
            unlisten()
            self._playing = None
        kind = BlockKind.NOTICE if state is not AgentState.FAILED else BlockKind.ERROR
        try:
            await self.conversation.add(kind, said)
            await self.become(state, said)
        except StorageError as error:
            log.warning("%s", error)

    async def _steps(self, playbook: Playbook) -> tuple[AgentState, str]:
        count = len(playbook.steps)
        for number, step in enumerate(playbook.steps, 1):
            await self.hold()
            self._playing = (step, number)
            verb, title = verb_of(step), title_of(step)
            await self.become(AgentState.WORKING, f"{number}/{count} {verb}: {title}")
            outcome = await self._take(step, number)
            if outcome.status is not ToolStatus.DONE:
                where = f"{self.file}:{playbook.lines[number - 1]}"
                first = outcome.text.partition("\n")[0]
                denied = outcome.status is ToolStatus.DENIED
                what = f"was {outcome.decision}" if denied else f"failed: {first}"
                rest = f"; {count - number} not played" if number < count else ""
                text = f"step {number} ({where}, {verb}: {title}) {what}{rest}"
                return AgentState.FAILED, text
        return AgentState.DONE, f"{count} {'step' if count == 1 else 'steps'} done"

    async def _take(self, step: AnyStep, number: int) -> Outcome:
        tool_use_id = f"step-{number}-{uuid.uuid4().hex[:12]}"
        try:
            planned = await self._plan(step, tool_use_id)
        except (AgentError, TerminalError, OSError) as error:
            outcome = Outcome(ToolStatus.FAILED, one_line(error))
            await self.conversation.add(BlockKind.ERROR, f"step {number}: {outcome.text}")
            return outcome
        given = step.model_dump(mode="json", exclude_defaults=True)
        outcome = await self.take(planned, tool_use_id, verb_of(step), given)
        if outcome.status is ToolStatus.DONE:
            self._follow(step, outcome)
        return outcome

    def _follow(self, step: AnyStep, outcome: Outcome) -> None:
        """Keep the names of panes."""
        match step:
            case Open(open=name) if outcome.pane_id:
                self._names[name] = self._at = outcome.pane_id
            case Close(close=name):
                if self._names.pop(name, "") == self._at:
                    self._at = next(reversed(self._names.values()), "")

    def judge(self, step: Step, tool_use_id: str, outcome: Outcome) -> Outcome:
        """Hold an outcome against what the playbook expects."""
        if self._playing is None or not tool_use_id.startswith("step-"):
            return outcome
        match self._playing[0]:
            case Run(status=status, timeout=timeout) if outcome.status in SETTLED:
                if outcome.exit_status is None:
                    wrong = outcome.text.partition("\n")[0] or f"no end within {timeout:g} s"
                elif status in ("any", outcome.exit_status):
                    return replace(outcome, status=ToolStatus.DONE)
                else:
                    wrong = f"exit status {outcome.exit_status} instead of {status}"
                    return _wrong(outcome, wrong)
                return replace(outcome, status=ToolStatus.FAILED, text=outcome.text or wrong)
            case Wait() | Expect() if outcome.met is False:
                return replace(outcome, status=ToolStatus.FAILED)
            case _:
                return outcome

    # Planning -----------------------------------------------------------------------------------

    async def _pane(self, name: str | None, tool_use_id: str) -> str:
        if name is not None:
            self._at = self._names[name]
        elif not self._at:
            self._at = await self.first_pane(tool_use_id)
        return self._at

    async def _plan(self, step: AnyStep, tool_use_id: str) -> Step:
        """Say what a step comes to: an action on one of the playbook's own panes."""
        planned: Step
        if isinstance(step, Open):
            directory = (self.directory / step.directory).resolve()
            planned = Step(OpenPane(directory))
        elif isinstance(step, Close):
            pane_id = self._names[step.close]
            planned = terminal.plan(TerminalClose(pane=pane_id), pane_id, self.directory)
        else:
            pane_id = await self._pane(step.pane, tool_use_id)
            planned = self._plan_on(step, pane_id)
        return replace(planned, title=title_of(step))

    def _plan_on(self, step: Run | Type | Press | Wait | Expect | Screenshot, pane_id: str) -> Step:
        match step:
            case Run(run=command, timeout=timeout, why=why):
                run = TerminalRun(command=command, timeout=timeout, why=why)
                return terminal.plan(run, pane_id, self.directory)
            case Type() | Press():
                typed = TerminalType(keys=list(keys_of(step)), why=step.why)
                return terminal.plan(typed, pane_id, self.directory)
            case Wait(wait=Until(text=text, idle=idle), timeout=timeout):
                wait = TerminalWait(text=text, idle=idle, timeout=timeout)
                return terminal.plan(wait, pane_id, self.directory)
            case Wait(wait=word, timeout=timeout):
                wait = TerminalWait(prompt=word == "prompt", exit=word == "exit", timeout=timeout)
                return terminal.plan(wait, pane_id, self.directory)
            case Expect(timeout=timeout):
                until = ForText(pattern_of(step))
                return Step(ReadScreen(pane_id), WaitFor(until, timeout, title_of(step)))
            case Screenshot(screenshot=name):
                path = self.outputs.directory / f"{name}.png"
                return Step(ReadScreen(pane_id), Picture(path))

    # People -------------------------------------------------------------------------------------

    def _heard(self, event: Event) -> None:
        if isinstance(event, GateOpened) and event.gate.agent_id == self.id:
            self._gates[event.gate.id] = event.gate
            self.alone()

    def alone(self) -> None:
        """Deny what waits for a person when no person is there."""
        if self.services.person_there():
            return
        for gate in self._gates.values():
            self.spawn(self._deny(gate), "deny")
        self._gates = {}

    async def _deny(self, gate: Gate) -> None:
        message = (
            f"No person is present to approve a {gate.risk.value} action "
            f"({'; '.join(gate.reasons) or gate.action})."
        )
        # Decided or withdrawn meanwhile: then there is nothing left to deny.
        with contextlib.suppress(AgentError):
            await self.services.gates.decide(
                Decide(gate_id=gate.id, decision="deny", message=message, by="nobody")
            )

    # After a restart ----------------------------------------------------------------------------

    async def resume(self) -> None:
        """Say where an earlier engine stopped; nothing is played again by itself."""
        self._gates = {}
        await super().resume()
        if self._state in (AgentState.WORKING, AgentState.WAITING):
            text = "The engine ended while this was played; what had begun is unknown. Look first."
            await self.conversation.add(BlockKind.ERROR, text)
            await self.become(AgentState.FAILED, text)


def keys_of(step: Type | Press) -> Sequence[str]:
    """What a step types, in the items of a key action: a text is never taken for a key's name."""
    if isinstance(step, Press):
        return step.press
    keys: list[str] = []
    for item in step.type:
        if isinstance(item, Pressed):
            keys.extend(item.press)
        elif is_key(item):
            keys.extend((item[:1], item[1:]))
        else:
            keys.append(item)
    return (*keys, *(step.press or ()))


def pattern_of(step: Expect) -> str:
    """The regular expression over the screen's text that an `expect` step comes to."""
    wanted = step.expect if isinstance(step.expect, Expected) else Expected(text=step.expect)
    pattern = r"\A"
    if wanted.absent is not None:
        pattern += rf"(?![\s\S]*{re.escape(wanted.absent)})"
    if wanted.text is not None:
        pattern += rf"[\s\S]*{re.escape(wanted.text)}"
    return pattern


def _wrong(outcome: Outcome, what: str) -> Outcome:
    text = f"{what}\n{outcome.text}"
    return replace(outcome, status=ToolStatus.FAILED, text=text)


def record_of(source: str, file: str, *, record: bool) -> dict[str, Any]:
    """What a session keeps of its playbook."""
    return {"playbook": {"source": source, "file": file, "record": record}}
