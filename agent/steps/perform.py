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
from dataclasses import replace
from typing import Any, Literal

from agent.actions import Action, PatchFiles, RunCommand, TypeKeys
from agent.agents.workers import Workers
from agent.context.turn_text import one_line
from agent.errors import AgentError
from agent.files.shared_files import FileLocks, Seen
from agent.gates.gate import Binding, Decision, Gates
from agent.gates.own_gates import OwnGates
from agent.hub import Hub
from agent.isolation.snapshots import TreeSnapshots
from agent.panes.panes import Panes
from agent.protocol.conversation import ToolStatus
from agent.protocol.gates import DecidedBy, Gate, RiskLevel
from agent.risk import Assessment
from agent.risk.running import runs_in_turn
from agent.steps.edited import edited_step, told_of_edit
from agent.steps.effects import Effects, MemoryEffects
from agent.steps.given_lines import GivenLines
from agent.steps.judging import Judging, Looked, Surroundings
from agent.steps.outcomes import Decided, Ended, denied, not_run, refused, reported, told_of_work
from agent.steps.output import Outputs
from agent.steps.owner import Owner
from agent.steps.pieces import Pieces
from agent.steps.running_lines import Begun, RunningLines
from agent.steps.steps import Effect, NotRun, Outcome, Progress, Step, TakenBack
from memory.database import Database
from tungsten.errors import OutcomeUnknown, TerminalError

MAX_LOOKS = 5
"""Times that an action is judged anew because its surroundings changed; then it is given up."""

BY_RULE = "by your rule"
"""What the decision says of an action that ran without asking because of an allow rule."""


class Changed(Exception):
    """Between judging and doing, something changed; nothing was done."""


class Performer:
    """Takes the steps of one agent, and of a person on that agent's panes.

    Attributes:
        judging: looks at steps and judges them.
        lines: what the agent's shells were given.
        gates: its open gates.
        seen: the files that it has read, as it saw them.
    """

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
        self._journal = database.journal
        self._hub = hub
        self._outputs = outputs
        self._snapshots = snapshots
        self.judging = Judging(
            owner,
            panes=panes,
            hub=hub,
            outputs=outputs,
            surroundings=surroundings,
            running=running,
        )
        self.lines = GivenLines(
            owner,
            panes=panes,
            judging=self.judging,
            surroundings=surroundings,
            running=running,
            journal=database.journal,
            clock=clock,
        )
        self.gates = OwnGates(owner, gates=gates, judging=self.judging, clock=clock)
        self.seen = Seen()
        self._effects = Effects(
            panes,
            surroundings.written,
            self.judging.asks_to_read,
            self.lines.typed,
            workers=workers,
            seen=self.seen,
            locks=locks,
            memory=memory,
        )

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
                await self.gates.not_needed(reopened[0])

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
                looked = await self.judging.look(step)
                progress(_judged(looked.assessment))
                verdict = self.judging.decide(looked.assessment, step)
                if verdict.outcome == "refuse":
                    self._report(step, looked, "refused", "policy", "not run")
                    return told_of_edit(original, step, refused(looked, verdict.reason))
                # What a person wrote themselves they also see judged, however harmless it is.
                asks = verdict.outcome == "gate" or reopened is not None or replaced is not None
                if decision is None and asks:
                    progress({"status": ToolStatus.GATED, "title": step.title})
                    gate = reopened or (self.gates.gate(step, looked, original, replaced), None)
                    decision = await self.gates.ask(step, looked, original, tool_use_id, *gate)
                    reopened = None
                    if decision.edited:
                        step, replaced = edited_step(original, decision.edited), gate[0]
                        decision, looks = None, 0
                        continue
                if decision is None:
                    decision = Decision(looked.binding, approved=True, by="policy")
                if not decision.approved:
                    self._report(step, looked, "denied", decision.by, "not run")
                    return told_of_edit(original, step, denied(looked, decision))
                await self._keyboard_free(step.action, progress)
                if step.actor == "agent":
                    await self._owner.hold()
                outcome = await self._deliver(
                    step,
                    looked,
                    decision,
                    tool_use_id,
                    progress,
                    verdict.by_rule,
                    changed=step.action != original.action,
                )
                if outcome is not None:
                    return told_of_edit(original, step, outcome)
                decision = None
        except (AgentError, TerminalError, OSError) as error:
            return not_run(looked, one_line(error))
        return not_run(looked, "its surroundings kept changing; look, then try again")

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

    # Doing --------------------------------------------------------------------------------------

    async def _deliver(
        self,
        step: Step,
        looked: Looked,
        decision: Decision,
        tool_use_id: str,
        progress: Progress,
        by_rule: str,
        *,
        changed: bool,
    ) -> Outcome | None:
        """Carry the step out; None when something changed and it must be judged anew.

        `changed`: the person wrote what is done now, instead of what was asked for.
        """
        action = step.action
        word: Literal["approved", "ran"] = "approved" if decision.by == "person" else "ran"
        level = RiskLevel(looked.assessment.risk.name)
        told = f"ran ({level})"
        if decision.by == "person":
            told = "approved by you, changed" if changed else "approved by you"
        if by_rule and decision.by == "policy":
            told = f"ran ({level}) {BY_RULE} {by_rule}"
        progress({"status": ToolStatus.RUNNING, "decision": told})
        begun: Begun | None = None

        async def check() -> None:
            nonlocal begun
            now = await self.judging.look(step)
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
            if isinstance(action, RunCommand) and action.pane_id:
                begun = self.lines.begin(action.pane_id, action.command, now)

        async def submit(line: str) -> None:
            if decision.by == "person" or not line.strip():
                return
            now = await self.judging.look(
                replace(step, action=RunCommand(line, looked.binding.pane_id), diff="")
            )
            if self.judging.decide(now.assessment, step).outcome != "run":
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
            **told_of_work(step, looked.assessment),
        }
        if step.actor == "agent" and isinstance(action, RunCommand | TypeKeys | PatchFiles):
            await self.lines.makes(looked.assessment)
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
        except asyncio.CancelledError as cancelled:
            if not self._owner.closing:
                try:
                    await self._effects.stop_command(step)
                finally:
                    seconds = time.monotonic() - started
                    await self._journal.action_ended(
                        action_id, {**ended, "outcome": "interrupted", "seconds": seconds}
                    )
                    ended_as: Ended = "not run" if isinstance(cancelled, TakenBack) else "unknown"
                    self._report(step, looked, word, decision.by, ended_as, seconds=seconds)
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
            self.lines.over(begun)
        elif isinstance(action, RunCommand) and effect.pane_id and not action.pane_id:
            self.lines.starts(effect.pane_id, action.command, looked)
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
            **told_of_work(step, looked.assessment),
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
        decision: Decided,
        by: DecidedBy,
        outcome: Ended,
        *,
        exit_status: int | None = None,
        seconds: float | None = None,
    ) -> None:
        """Tell every front end."""
        self._hub.publish(
            reported(
                *(self._owner, step, looked, decision, by, outcome),
                exit_status=exit_status,
                seconds=seconds,
            )
        )


def _judged(assessment: Assessment) -> dict[str, object]:
    return {"risk": RiskLevel(assessment.risk.name), "reasons": assessment.reasons}
