"""Looks at where a step would happen, and judges it there.

Whatever cannot be judged is judged HIGH.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from agent.actions import Action, ClosePane, ReadFile, ReadScreen, RunCommand, TypeKeys
from agent.gates.gate import Binding
from agent.hub import Hub
from agent.panes.panes import OwnPane, Panes
from agent.panes.readers import reader_name, shows_further_panes, standing
from agent.protocol.events import Notice
from agent.risk import Assessment, Context, Risk, Rules, Verdict, above, assess, decide
from agent.risk.evaluation.past import Past
from agent.steps.edited import CannotEdit, edited_step
from agent.steps.output import Outputs
from agent.steps.owner import Owner
from agent.steps.running_lines import RunningLines
from agent.steps.steps import Elsewhere, NotRun, Step
from tungsten.pane import ForPrompt
from tungsten.programs.foreground import Foreground

START_SECONDS = 20.0
"""How long a new shell may take to show its first prompt."""

LARGE = 20_000
"""Characters from which on judging happens in a thread: it holds the loop for milliseconds."""

UNKNOWN_LINE = "\N{REPLACEMENT CHARACTER}"
"""Stands for a line, or a screen, that cannot be told."""


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


class Judging:
    """Judges the steps of one agent, and of a person on that agent's panes; nothing happens."""

    def __init__(
        self,
        owner: Owner,
        *,
        panes: Panes,
        hub: Hub,
        outputs: Outputs,
        surroundings: Surroundings,
        running: RunningLines,
    ) -> None:
        self._owner = owner
        self._panes = panes
        self._hub = hub
        self._outputs = outputs
        self._surroundings = surroundings
        self._running = running

    async def look(self, step: Step) -> Looked:
        """Judge a step as things stand now, where it would happen.

        Raises:
            NotRun, AgentError, TerminalError: it cannot happen there at all.
        """
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

    async def edited(self, step: Step, command: str) -> Assessment:
        """Judge what a person made of a command; nothing happens.

        Raises:
            CannotEdit: it is no command, or cannot be one; or a rule of the person's denies it.
        """
        step = edited_step(step, command)
        looked = await self.look(step)
        verdict = self.decide(looked.assessment, step)
        if verdict.outcome == "refuse":
            raise CannotEdit(f"The changed command is refused: {verdict.reason}.")
        return looked.assessment

    def decide(self, assessment: Assessment, step: Step) -> Verdict:
        """Whether a step may run, needs the person, or is refused."""
        return decide(assessment, self._owner.mode, step.actor, self._owner.ceiling)

    def over(self, step: Step, assessment: Assessment) -> str:
        """That a step is above the agent's level; empty when it is not."""
        return above(assessment, self._owner.ceiling) if step.actor == "agent" else ""

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
