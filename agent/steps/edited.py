"""A command that the person changed before they approved it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from agent.actions import RunCommand
from agent.errors import AgentError
from agent.steps.steps import Elsewhere, Outcome, Step
from agent.tools.inputs import MAX_COMMAND

EDIT_TOLD = "The person changed your command. What was decided on instead is:"
"""First line of a result after an edit; the command, and what came of it, follow."""


class CannotEdit(AgentError):
    """What a person wrote cannot take the place of what is asked about."""


def edited_step(step: Step, command: str) -> Step:
    """The step with another command, for the same pane.

    Raises:
        CannotEdit: only a command can be changed, and only into one.
    """
    action, how = step.action, step.how
    if isinstance(how, Elsewhere) and how.instead is None:
        why = how.fixed or "its own program runs it as it is"
        raise CannotEdit(f"This can't be changed: {why}; deny it with a message instead.")
    if not isinstance(action, RunCommand):
        raise CannotEdit("Only a command can be changed; deny this one with a message instead.")
    if not command.strip() or len(command) > MAX_COMMAND:
        raise CannotEdit(f"A command has 1 to {MAX_COMMAND:,} characters: change it again.")
    title = " ".join(command.split())[:300]
    if isinstance(how, Elsewhere) and how.instead is not None:
        how = replace(how, tell=partial(how.instead, command))
    return replace(step, action=replace(action, command=command), how=how, title=title)


def told_of_edit(original: Step, step: Step, outcome: Outcome) -> Outcome:
    """Tell the agent that the person changed its command, if they did."""
    if step.action == original.action:
        return outcome
    return replace(outcome, text=f"{EDIT_TOLD}\n{step.action.text}\n\n{outcome.text}")
