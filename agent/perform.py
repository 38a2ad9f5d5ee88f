"""The one place where an agent's action becomes an effect.

Every step goes the same way: look at where it would happen → judge it → let it run, ask the
person, or refuse → look again → write "started" → do it → write "ended". Whatever cannot be
judged is judged HIGH, and a change between judging and doing starts the way over.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from agent.actions import (
    Action,
    ClosePane,
    PatchFiles,
    ReadFile,
    ReadScreen,
    RunCommand,
    TypeKeys,
    WriteFile,
)
from agent.conversation import shortened
from agent.edited import CannotEdit, edited_step, told_of_edit
from agent.effects import Effects, MemoryEffects, NotRun
from agent.errors import AgentError
from agent.gate import Binding, Decision, Gates
from agent.hub import Hub
from agent.isolation.snapshots import TreeSnapshots
from agent.output import Outputs
from agent.panes import OwnPane, Panes
from agent.pieces import Pieces
from agent.protocol.agents import Mode
from agent.protocol.conversation import ToolStatus
from agent.protocol.events import ActionReported, Notice
from agent.protocol.gates import DecidedBy, Gate, RiskLevel, Span
from agent.readers import reader_name, shows_further_panes, standing
from agent.recovery import FILES_MADE, LINE_TYPED, GivenLine
from agent.risk import Assessment, Context, Risk, Rules, Verdict, above, assess, decide
from agent.risk.evaluation.past import Past
from agent.risk.running import runs_in_turn
from agent.running_lines import Begun, RunningLines
from agent.shared_files import FileLocks, Seen
from agent.steps import Effect, Elsewhere, Outcome, Progress, Step
from agent.turn_text import one_line
from agent.workers import Workers
from memory.database import Database
from tungsten.errors import OutcomeUnknown, TerminalError
from tungsten.foreground import Foreground
from tungsten.pane import ForPrompt

MAX_LOOKS = 5
"""Times that an action is judged anew because its surroundings changed; then it is given up."""

BY_RULE = "by your rule"
"""What the decision says of an action that ran without asking because of an allow rule."""

START_SECONDS = 20.0
"""How long a new shell may take to show its first prompt."""

LARGE = 20_000
"""Characters from which on judging happens in a thread: it holds the loop for milliseconds."""


UNKNOWN_LINE = "\N{REPLACEMENT CHARACTER}"
"""Stands for a line, or a screen, that cannot be told."""


class Changed(Exception):
    """Between judging and doing, something changed; nothing was done."""


class Owner(Protocol):
    """The agent on whose behalf steps are taken."""

    id: str
    directory: Path

    @property
    def name(self) -> str:
        """What the person calls it."""

    @property
    def mode(self) -> Mode:
        """How much runs without a person, now."""

    @property
    def ceiling(self) -> Risk | None:
        """What goes to a person in every mode when it is above this; None without such a level."""

    @property
    def closing(self) -> bool:
        """Whether the engine is about to end, so that nothing may be tidied up."""

    async def hold(self) -> None:
        """Return when agents may act; waits while they are paused."""

    async def waiting(self, gate: Gate | None, *, doing: str | None = None) -> None:
        """Told when a gate of this agent opens, and with None when it is decided.

        Then also what it does now, where that is no longer what was asked about.
        """


@dataclass(slots=True)
class Surroundings:
    """What judging needs beside the place itself; one per agent, what was made shared by all."""

    home: Path
    own: tuple[Path, ...]
    rules: Callable[[], Rules]
    written: set[Path]
    fetched: dict[str, float]
    project: Path | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """An action, judged at one moment in one place."""

    binding: Binding
    assessment: Assessment
    context: Context | None = None
    """None where nothing had to be judged."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an open gate is about."""

    step: Step
    looked: Looked
    over: str = ""
    """That it is above the agent's level; empty when it is not."""


class Performer:
    """Takes the steps of one agent, and of a person on that agent's panes."""

    def __init__(
        self,
        owner: Owner,
        *,
        panes: Panes,
        gates: Gates,
        database: Database,
        hub: Hub,
        outputs: Outputs,
        surroundings: Surroundings,
        running: RunningLines,
        memory: MemoryEffects,
        clock: Callable[[], float],
        workers: Workers,
        locks: FileLocks,
        snapshots: TreeSnapshots | None = None,
    ) -> None:
        self._owner = owner
        self._panes = panes
        self._gates = gates
        self._journal = database.journal
        self._hub = hub
        self._outputs = outputs
        self._surroundings = surroundings
        self._running = running
        self._snapshots = snapshots
        self.seen = Seen()
        self._effects = Effects(
            panes,
            surroundings.written,
            self.asks_to_read,
            self._typed,
            workers=workers,
            seen=self.seen,
            locks=locks,
            memory=memory,
        )
        self._clock = clock
        self._asked: dict[str, Asked] = {}

    def gate_of(self, step: Step) -> str | None:
        """The open gate that asks about a step, None without one."""
        return next((key for key, each in self._asked.items() if each.step is step), None)

    def asked(self, gate_id: str) -> Asked | None:
        """What one of this agent's open gates is about."""
        return self._asked.get(gate_id)

    async def judge_edited(self, asked: Asked, command: str) -> Assessment:
        """Judge what a person made of a command; nothing happens.

        Raises:
            CannotEdit: it is no command, or cannot be one; or a rule of the person's denies it.
        """
        step = edited_step(asked.step, command)
        looked = await self._look(step)
        verdict = self._decide(looked.assessment, step)
        if verdict.outcome == "refuse":
            raise CannotEdit(f"The changed command is refused: {verdict.reason}.")
        return looked.assessment

    def _decide(self, assessment: Assessment, step: Step) -> Verdict:
        return decide(assessment, self._owner.mode, step.actor, self._owner.ceiling)

    def _over(self, step: Step, assessment: Assessment) -> str:
        return above(assessment, self._owner.ceiling) if step.actor == "agent" else ""

    async def gave(self, given: GivenLine, history: tuple[str, ...]) -> None:
        """Note a line that an earlier engine gave one of the shells, after those of `history`."""
        around = self._surroundings
        if not self._running.started_since(given.pid, given.at):
            return
        context = Context(
            cwd=Path(given.cwd) if given.cwd else self._owner.directory,
            home=around.home,
            project=around.project,
            own=around.own,
            history=history,
            written=frozenset(around.written),
            fetched=frozenset(around.fetched),
            rules=around.rules(),
        )
        action = RunCommand(given.text, given.pane_id)
        found = await asyncio.to_thread(assess, action, context)
        self._running.begin(given.pid, given.text, context, found, at=given.at)

    async def perform(
        self,
        step: Step,
        *,
        tool_use_id: str,
        progress: Progress = lambda fields: None,
        reopened: tuple[Gate, Binding] | None = None,
        decision: Decision | None = None,
    ) -> Outcome:
        """Take one step, or say why not.

        Args:
            step: what to do.
            tool_use_id: ties journal entries to the conversation.
            progress: told of changes while it goes on.
            reopened: a gate for this very step that an earlier engine left open.
            decision: a decision on this very step that an earlier engine did not come to use.

        Returns:
            What became of it; errors of the terminal and of files are outcomes, too.
        """
        try:
            return await self._perform(step, tool_use_id, progress, reopened, decision)
        finally:
            if reopened is not None and not self._owner.closing:
                # Closed by now, unless it turned out that nobody needs to be asked any more.
                await self._gates.withdraw(reopened[0].id, "no longer needed", self._owner.id)

    async def _perform(
        self,
        step: Step,
        tool_use_id: str,
        progress: Progress,
        reopened: tuple[Gate, Binding] | None,
        decision: Decision | None,
    ) -> Outcome:
        looked: Looked | None = None
        original, replaced = step, None
        looks = 0
        try:
            while looks < MAX_LOOKS:
                looks += 1
                looked = await self._look(step)
                progress(_judged(looked.assessment))
                verdict = self._decide(looked.assessment, step)
                if verdict.outcome == "refuse":
                    refused = self._refused(step, looked, verdict.reason)
                    return told_of_edit(original, step, refused)
                # What a person wrote themselves they also see judged, however harmless it is.
                asks = verdict.outcome == "gate" or reopened is not None or replaced is not None
                if decision is None and asks:
                    progress({"status": ToolStatus.GATED, "title": step.title})
                    gate = reopened or (self._gate(step, looked, original, replaced), None)
                    decision = await self._ask(step, looked, tool_use_id, *gate)
                    reopened = None
                    if decision.edited:
                        step, replaced = edited_step(original, decision.edited), gate[0]
                        decision, looks = None, 0
                        continue
                if decision is None:
                    decision = Decision(looked.binding, approved=True, by="policy")
                if not decision.approved:
                    return told_of_edit(original, step, self._denied(step, looked, decision))
                await self._keyboard_free(step.action, progress)
                if step.actor == "agent":
                    await self._owner.hold()
                outcome = await self._deliver(
                    step, looked, decision, tool_use_id, progress, verdict.by_rule
                )
                if outcome is not None:
                    return told_of_edit(original, step, outcome)
                decision = None
        except (AgentError, TerminalError, OSError) as error:
            return self._not_run(step, looked, one_line(error))
        return self._not_run(step, looked, "its surroundings kept changing; look, then try again")

    def _taken(self, action: Action) -> bool:
        """Whether a person types in the pane that this would type in."""
        if not isinstance(action, RunCommand | TypeKeys) or action.pane_id not in self._panes:
            return False
        return not self._panes.own(action.pane_id).keyboard.free.is_set()

    async def _keyboard_free(self, action: Action, progress: Progress) -> None:
        """Wait while a person types in the pane that this would type in."""
        if isinstance(action, RunCommand | TypeKeys) and self._taken(action):
            progress({"status": ToolStatus.HELD, "decision": "waits: you have the keyboard"})
            await self._panes.own(action.pane_id).keyboard.free.wait()

    def asks_to_read(self, path: Path) -> bool:
        """Whether reading a file would need a person."""
        around = self._surroundings
        context = Context(
            cwd=self._owner.directory,
            home=around.home,
            project=around.project,
            own=around.own,
            rules=around.rules(),
        )
        found = assess(ReadFile(path), context)
        asks = found.risk is Risk.HIGH or above(found, self._owner.ceiling) != ""
        return asks or found.denied_by is not None or found.asked_by is not None

    async def _typed(self, pane_id: str, line: str) -> None:
        """Note a line that keys give a shell, also for the next engine."""
        own = self._panes.own(pane_id)
        if line.strip():
            data = {"pane_id": pane_id, "pid": own.pid, "line": line}
            await self._journal.append(LINE_TYPED, self._owner.id, data)
            await self._begin(pane_id, line)
            own.remember(line)

    async def _begin(self, pane_id: str, line: str) -> None:
        """Note that keys give a shell a line, which runs from now on."""
        looked = await self._look(Step(RunCommand(line, pane_id), title=line))
        if looked.context is not None:
            shell = self._panes.own(pane_id).pid
            self._running.begin(shell, line, looked.context, looked.assessment)
            await self._makes(looked.assessment)

    async def _makes(self, found: Assessment) -> None:
        """Note what a line makes before it does, since another agent may run it at once."""
        around = self._surroundings
        files = [path for path in found.writes if Path(path) not in around.written]
        below = list(found.fetches)
        if files or below:
            around.written.update(map(Path, files))
            around.fetched.update(dict.fromkeys(below, self._clock()))
            data = {"files": files, "below": below}
            await self._journal.append(FILES_MADE, self._owner.id, data)

    # Looking and judging ------------------------------------------------------------------------

    async def _look(self, step: Step) -> Looked:
        action = step.action
        if isinstance(step.how, Elsewhere):
            binding, foreground = Binding(action.digest(), cwd=str(step.how.cwd)), None
        else:
            binding, foreground = await self._place(action, by_person=step.actor == "person")
        if isinstance(action, ReadFile) and self._outputs.hold(action.path):
            return Looked(binding, Assessment(Risk.LOW, ("reads the rest of its own results",)))
        context = await self._context(action, binding, foreground)
        if isinstance(step.how, Elsewhere):
            context = replace(context, foreground=step.how.shell)
        try:
            if len(action.text) > LARGE or context.running:
                assessment = await asyncio.to_thread(assess, action, context)
            else:
                assessment = assess(action, context)
        except Exception as error:  # noqa: BLE001 - a judge that died lets nothing through
            reason = f"could not be judged ({type(error).__name__})"
            assessment = Assessment(Risk.HIGH, (reason,), "cannot be known")
        return Looked(binding, assessment, context)

    async def _place(self, action: Action, *, by_person: bool) -> tuple[Binding, Foreground | None]:
        """Say where the action would happen now, and refuse what cannot happen there at all."""
        match action:
            case RunCommand() | TypeKeys() if action.pane_id:
                pane = await self._panes.seen(action.pane_id)
                own = self._panes.own(action.pane_id)
                if isinstance(action, RunCommand):
                    # Refuses what only panes of the agent's own can do.
                    await self._panes.tmux(action.pane_id)
                if own.fresh:
                    waited = await pane.wait(ForPrompt(), START_SECONDS)
                    if waited.ended == "timeout":
                        raise self._no_prompt(action.pane_id)
                    own.fresh = False
                foreground = await pane.foreground()
                _check_ready(action, foreground, own, by_person=by_person)
                if not foreground.cwd:
                    raise NotRun(f"it cannot be told in which directory {action.pane_id} is")
                line: str | None = ""
                if isinstance(action, TypeKeys):
                    # Where the shell cannot say it, what was approved is what stood on the screen.
                    tells = _is_prompt(foreground, own) and own.adopted is None
                    line = await pane.line() if tells else standing(await pane.capture())
                binding = Binding(
                    action.digest(),
                    action.pane_id,
                    foreground.pid or 0,
                    foreground.name,
                    str(foreground.cwd or ""),
                    UNKNOWN_LINE if line is None else line,
                )
                return binding, foreground
            case ReadScreen(pane_id=pane_id) | ClosePane(pane_id=pane_id):
                self._panes.own(pane_id)
                return Binding(action.digest(), pane_id), None
            case _:
                return Binding(action.digest(), cwd=str(self._owner.directory)), None

    def _no_prompt(self, pane_id: str) -> NotRun:
        """Tell the person what holds everything up; gives what the agent is told."""
        slow = f"has not shown its first prompt after {START_SECONDS:g} s"
        text = f"{self._owner.name}: the shell in pane {pane_id} {slow}: look at that pane, and at "
        text += "what its start-up file (such as ~/.bashrc) does or waits for."
        self._hub.publish(Notice(level="error", text=text))
        return NotRun(
            f"the shell of pane {pane_id} {slow}: its start-up file (such as ~/.bashrc) takes long "
            "or waits for something; terminal_read it, terminal_wait for its prompt, try again"
        )

    async def _context(
        self, action: Action, binding: Binding, foreground: Foreground | None
    ) -> Context:
        around = self._surroundings
        running = await asyncio.to_thread(self._running.now) if self._running.any else ()
        past: Past | None = None
        screen = ""
        line: str | None = None
        name = foreground.name if foreground is not None else "bash"
        if isinstance(action, RunCommand) and action.pane_id:
            past = self._panes.own(action.pane_id).history
        if isinstance(action, TypeKeys) and foreground is not None:
            # What a shell recalls is unknown: a person may have run something in between.
            pane = await self._panes.seen(action.pane_id)
            own_pane = self._panes.own(action.pane_id)
            screen = (await pane.capture()).text
            if _is_prompt(foreground, own_pane):
                past = own_pane.history
                told = own_pane.adopted is None and binding.line != UNKNOWN_LINE
                line = binding.line if told else None
                screen = UNKNOWN_LINE
            else:
                name = reader_name(foreground, around.project)
            if own_pane.unsent and foreground.kind in ("repl", "reader", "shell", "ssh"):
                # A screen can be printed over, so it cannot say what was typed before.
                screen = UNKNOWN_LINE
        return Context(
            cwd=Path(binding.cwd) if binding.cwd else self._owner.directory,
            home=around.home,
            project=around.project,
            foreground=name,
            history=past.lines if past is not None else (),
            recalls=False,
            forgotten=past is not None and past.full,
            screen=screen,
            line=line,
            own=around.own,
            written=frozenset(around.written),
            fetched=frozenset(around.fetched),
            running=running,
            rules=around.rules(),
            echo=foreground.kind != "password" if foreground is not None else True,
        )

    # Deciding -----------------------------------------------------------------------------------

    async def _ask(
        self,
        step: Step,
        looked: Looked,
        tool_use_id: str,
        gate: Gate,
        binding: Binding | None,
    ) -> Decision:
        """Wait for the person; `binding` is that of a gate which an earlier engine opened."""
        if binding is not None:
            waiting = self._gates.ask_again(gate, binding)
        else:
            waiting = self._gates.ask(
                gate, looked.binding, tool_use_id=tool_use_id, action=step.action
            )
        self._asked[gate.id] = Asked(step, looked, self._over(step, looked.assessment))
        await self._owner.waiting(gate)
        doing: str | None = ""
        try:
            decision = await waiting
            if decision.approved and not decision.edited:
                doing = f"run: {step.title}" if gate.replaces else None
            return decision
        except asyncio.CancelledError:
            if not self._owner.closing:
                await self._gates.withdraw(gate.id, "the turn was interrupted")
            raise
        finally:
            self._asked.pop(gate.id, None)
            await self._owner.waiting(None, doing=doing)

    def _gate(self, step: Step, looked: Looked, original: Step, replaced: Gate | None) -> Gate:
        assessment = looked.assessment
        over = self._over(step, assessment)
        elsewhere = step.how.pane_id if isinstance(step.how, Elsewhere) else ""
        return Gate(
            id=uuid.uuid4().hex[:12],
            agent_id=self._owner.id,
            agent_name=self._owner.name,
            opened_at=self._clock() if replaced is None else replaced.opened_at,
            risk=RiskLevel(assessment.risk.name),
            action=step.action.kind,
            text=step.action.text,
            spans=tuple(
                Span(start=span.start, end=span.end, reason=span.reason)
                for span in assessment.spans
            ),
            reasons=(over, *assessment.reasons) if over else assessment.reasons,
            effect=assessment.effect,
            cwd=looked.binding.cwd,
            pane_id=looked.binding.pane_id or elsewhere or None,
            foreground=looked.binding.foreground,
            intent=step.intent,
            diff=shortened(step.diff),
            actor=step.actor,
            replaces="" if replaced is None else replaced.id,
            original="" if replaced is None else original.action.text,
            presses=step.how.presses if isinstance(step.how, Elsewhere) else "",
            deny_presses=step.how.deny_presses if isinstance(step.how, Elsewhere) else "",
        )

    def _refused(self, step: Step, looked: Looked, reason: str) -> Outcome:
        self._report(step, looked, "refused", "policy", "not run")
        return Outcome(
            ToolStatus.DENIED,
            f"refused: {reason}. Nothing was done.",
            decision=f"refused: {reason}",
            risk=RiskLevel(looked.assessment.risk.name),
            reasons=looked.assessment.reasons,
        )

    def _denied(self, step: Step, looked: Looked, decision: Decision) -> Outcome:
        self._report(step, looked, "denied", decision.by, "not run")
        if decision.by == "nobody":
            text = "denied, since nobody is there to approve it; nothing was done."
            text += f" {decision.message}" if decision.message else ""
            told = "denied: nobody was there"
        else:
            text = "denied by the person; nothing was done."
            text += f' The person says: "{decision.message}"' if decision.message else ""
            told = f"denied by you: {decision.message}" if decision.message else "denied by you"
        return Outcome(
            ToolStatus.DENIED,
            text,
            decision=told,
            message=decision.message,
            risk=RiskLevel(looked.assessment.risk.name),
            reasons=looked.assessment.reasons,
        )

    def _not_run(self, step: Step, looked: Looked | None, reason: str) -> Outcome:
        fields: dict[str, Any] = {}
        if looked is not None:
            fields["risk"] = RiskLevel(looked.assessment.risk.name)
            fields["reasons"] = looked.assessment.reasons
        return Outcome(ToolStatus.FAILED, f"not done: {reason}", decision="not run", **fields)

    # Doing --------------------------------------------------------------------------------------

    async def _deliver(
        self,
        step: Step,
        looked: Looked,
        decision: Decision,
        tool_use_id: str,
        progress: Progress,
        by_rule: str,
    ) -> Outcome | None:
        """Carry the step out; None when something changed and it must be judged anew."""
        action = step.action
        word: Literal["approved", "ran"] = "approved" if decision.by == "person" else "ran"
        level = RiskLevel(looked.assessment.risk.name)
        told = "approved by you" if decision.by == "person" else f"ran ({level})"
        if by_rule and decision.by == "policy":
            told = f"ran ({level}) {BY_RULE} {by_rule}"
        progress({"status": ToolStatus.RUNNING, "decision": told})
        begun: Begun | None = None

        async def check() -> None:
            nonlocal begun
            now = await self._look(step)
            if self._taken(action):
                raise Changed("you have taken the keyboard of its pane")
            place = now.binding
            if decision.by == "policy" and place.pid != self._panes.record.get(place.pane_id):
                # What a program shows goes on changing; only what a person saw must be the same.
                place = replace(place, line=looked.binding.line)
            difference = decision.spend(place)
            # A rule that the person has kept with this very approval changes no more than this.
            seen = now.assessment
            before = replace(looked.assessment, allowed=seen.allowed, allowed_by=seen.allowed_by)
            if not difference and now.assessment != before:
                difference = "what it would do is not what it was"
            if difference:
                raise Changed(difference)
            if isinstance(action, RunCommand) and action.pane_id and now.context is not None:
                shell = self._panes.own(action.pane_id).pid
                begun = self._running.begin(shell, action.command, now.context, now.assessment)

        async def submit(line: str) -> None:
            if decision.by == "person" or not line.strip():
                return
            now = await self._look(
                replace(step, action=RunCommand(line, looked.binding.pane_id), diff="")
            )
            if self._decide(now.assessment, step).outcome != "run":
                raise NotRun(
                    "the line that the keys made was not submitted, since it needs a decision of "
                    "its own; it stands there still: press C-c, then use terminal_run"
                )

        action_id = uuid.uuid4().hex
        ended: dict[str, Any] = {
            "tool_use_id": tool_use_id,
            "action": action.kind,
            "decision": told,
            "risk": level,
            "reasons": list(looked.assessment.reasons),
            **_told_of_work(step, looked.assessment),
        }
        if step.actor == "agent" and isinstance(action, RunCommand | TypeKeys | PatchFiles):
            await self._makes(looked.assessment)
        try:
            await self._journal.action_started(
                action_id,
                self._owner.id,
                {
                    "tool_use_id": tool_use_id,
                    "action": action.kind,
                    "text": action.text,
                    "digest": looked.binding.digest,
                    "pane_id": looked.binding.pane_id,
                    "pid": self._panes.record.get(looked.binding.pane_id, 0),
                    "cwd": looked.binding.cwd,
                    "foreground": looked.binding.foreground,
                    "risk": level,
                    "reasons": list(looked.assessment.reasons),
                    "decision": word,
                    "by": decision.by,
                    "gate_id": decision.gate_id,
                    "actor": step.actor,
                },
            )
        except asyncio.CancelledError:
            if not self._owner.closing:
                # What was begun to be written is written all the same, and before this.
                await self._journal.action_ended(action_id, {**ended, "outcome": "not run"})
            raise
        self._report(step, looked, word, decision.by, "started")
        started = time.monotonic()
        ending: Literal["ok", "failed", "unknown"]
        try:
            async with self._kept(step, looked, tool_use_id, progress):
                effect = await self._effects.carry_out(
                    step, check, submit, self._pieces(action, looked, decision)
                )
        except Changed as change:
            await self._journal.action_ended(action_id, {**ended, "outcome": "not run"})
            self._report(step, looked, word, decision.by, "not run")
            if decision.by == "person":
                progress({"decision": f"asked again: {change}"})
            return None
        except asyncio.CancelledError:
            if not self._owner.closing:
                try:
                    await self._effects.stop_command(step)
                finally:
                    seconds = time.monotonic() - started
                    await self._journal.action_ended(
                        action_id, {**ended, "outcome": "interrupted", "seconds": seconds}
                    )
                    self._report(step, looked, word, decision.by, "unknown", seconds=seconds)
            raise
        except OutcomeUnknown as error:
            effect = Effect(one_line(error), ok=False)
            status, ending = ToolStatus.UNKNOWN, "unknown"
        except (AgentError, TerminalError, OSError) as error:
            effect = Effect(f"failed: {one_line(error)}", ok=False)
            status, ending = ToolStatus.FAILED, "failed"
        else:
            status = ToolStatus.DONE if effect.ok else ToolStatus.FAILED
            ending = "ok" if effect.ok else "failed"
        if begun is not None and effect.exit_status is not None:
            self._running.over(begun)
        elif isinstance(action, RunCommand) and effect.pane_id and not action.pane_id:
            self._starts(effect.pane_id, action.command, looked)
        seconds = time.monotonic() - started
        text = self._outputs.fit(effect.text, tool_use_id)
        outcome = Outcome(
            status,
            text,
            decision=told,
            risk=level,
            reasons=looked.assessment.reasons,
            exit_status=effect.exit_status,
            seconds=seconds,
            pane_id=effect.pane_id or looked.binding.pane_id or None,
            met=effect.met,
            picture=effect.picture,
            **_told_of_work(step, looked.assessment),
        )
        await self._journal.action_ended(
            action_id,
            {
                **ended,
                "outcome": ending,
                "status": outcome.status,
                "result": text,
                "exit_status": outcome.exit_status,
                "seconds": seconds,
                "pane_id": outcome.pane_id,
                "picture": None if outcome.picture is None else str(outcome.picture),
            },
        )
        self._report(
            step,
            looked,
            word,
            decision.by,
            ending,
            exit_status=effect.exit_status,
            seconds=seconds,
        )
        return outcome

    def _kept(
        self, step: Step, looked: Looked, tool_use_id: str, progress: Progress
    ) -> contextlib.AbstractAsyncContextManager[None]:
        """Keep the trees that a step may change, so that it can be reverted."""
        if self._snapshots is None:
            return contextlib.nullcontext()
        where = {"tool_use_id": tool_use_id, "cwd": looked.binding.cwd}
        risk = looked.assessment.risk
        return self._snapshots.around(self._owner, step, risk=risk, progress=progress, **where)

    def _starts(self, pane_id: str, command: str, looked: Looked) -> None:
        """Note that a new pane runs a command for as long as it lives."""
        if looked.context is not None and pane_id in self._panes:
            shell = self._panes.own(pane_id).pid
            self._running.begin(shell, command, looked.context, looked.assessment)

    def _pieces(self, action: Action, looked: Looked, decision: Decision) -> Pieces | None:
        """Give who judges each piece of a line that may turn out to run something else."""
        if not isinstance(action, RunCommand) or not action.pane_id or looked.context is None:
            return None
        found = looked.assessment
        left_open = decision.by == "person" and Pieces.worth_asking(found)
        if not left_open and not (found.reads and runs_in_turn(action.command)):
            return None
        pid = self._panes.own(action.pane_id).pid
        return Pieces(action, looked.context, pid, found.reads, left_open=left_open)

    def _report(
        self,
        step: Step,
        looked: Looked,
        decision: Literal["ran", "approved", "denied", "refused"],
        by: DecidedBy,
        outcome: Literal["started", "ok", "failed", "not run", "unknown"],
        *,
        exit_status: int | None = None,
        seconds: float | None = None,
    ) -> None:
        self._hub.publish(
            ActionReported(
                agent_id=self._owner.id,
                agent_name=self._owner.name,
                action=step.action.kind,
                text=step.action.text,
                risk=RiskLevel(looked.assessment.risk.name),
                decision=decision,
                by=by,
                outcome=outcome,
                reasons=looked.assessment.reasons,
                exit_status=exit_status,
                seconds=seconds,
            )
        )


def _judged(assessment: Assessment) -> dict[str, object]:
    return {"risk": RiskLevel(assessment.risk.name), "reasons": assessment.reasons}


def _told_of_work(step: Step, assessment: Assessment) -> dict[str, Any]:
    """Whether a step checks the work, and whether it changes it: only what is true is told."""
    edits = assessment.edits or isinstance(step.action, WriteFile)
    return {
        **({"checks": True} if assessment.checks else {}),
        **({"edits": True} if edits else {}),
    }


def _is_prompt(foreground: Foreground, own: OwnPane) -> bool:
    """Whether the pane's own shell has the keyboard for its prompt, or is about to.

    In a pane of the person's, any shell is as unknown as another.
    """
    if own.adopted is not None:
        return foreground.kind == "shell"
    return foreground.pid == own.pid and foreground.kind != "reader"


def _check_ready(
    action: RunCommand | TypeKeys, foreground: Foreground, own: OwnPane, *, by_person: bool
) -> None:
    """Refuse what cannot work there.

    Whether the pane's own shell is at its prompt right now is for `Pane.run` to say: while it
    draws one it looks busy for an instant.
    """
    if foreground.kind == "dead":
        raise NotRun(f"pane {action.pane_id} is dead; open another with terminal_open")
    if own.adopted is not None and shows_further_panes(foreground):
        raise NotRun(
            f"{foreground.name} in pane {action.pane_id} shows further panes, in which "
            "nothing that is typed can be judged"
        )
    if isinstance(action, RunCommand) and foreground.pid not in (0, own.pid):
        if by_person:
            raise NotRun(
                f"{foreground.name} runs there: /type types into it, or look at another pane"
            )
        raise NotRun(
            f"pane {action.pane_id} is busy: {foreground.name} runs there "
            f"({foreground.kind}); wait for it (terminal_wait), type into it (terminal_type), "
            "or use another pane"
        )
