"""What the prompt can complete where its cursor is: a command, what a command takes, a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from agent.context import mentions
from tui.drawing.text import one_line
from tui.keys import actions
from tui.widgets.row_list import Row

if TYPE_CHECKING:
    from tui.app import TungstenApp


@dataclass(frozen=True, slots=True)
class Completing:
    """The stretch of the cursor's line that is completed, and the word it stands for.

    A `command` and an `argument` are the whole text; `start` and `end` are columns.
    """

    kind: Literal["command", "argument", "file"]
    start: int
    end: int
    word: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What may become of a command that is being written.

    Attributes:
        row: as the menu shows it; its id tells it from others.
        text: the prompt's text then.
        runs: whether that is all there is to write, so that Enter carries it out.
    """

    row: Row
    text: str
    runs: bool = True


def completing(text: str, line: str, column: int) -> Completing | None:
    """What is completed at a cursor.

    Args:
        text: all that is written.
        line: the cursor's line of it.
        column: where the cursor stands in that line.
    """
    if text.startswith("/") and "\n" not in text:
        name, space, rest = text.partition(" ")
        if not space:
            return Completing("command", 0, len(text), text)
        action = actions.by_slash(name[1:])
        if action is not None and action.id in _TAKES:
            return Completing("argument", len(name) + 1, len(text), rest)
    begun = mentions.begun(line[:column])
    if begun is None:
        return None
    closed = begun.quoted and line[column : column + 1] == '"'
    return Completing("file", begun.start, column + closed, begun.path)


def choices(app: TungstenApp, text: str) -> list[Choice]:
    """What a text that begins with a slash may become, what is meant most likely first."""
    name, space, rest = text.partition(" ")
    if not space:
        commands = actions.slash_commands(text)
        width = max((len(command.slash) for command in commands), default=0)
        return [_command(command, width) for command in commands]
    action = actions.by_slash(name[1:])
    if action is None or action.id not in _TAKES:
        return []
    found = _TAKES[action.id](app, name, rest)
    return [_alone(action), *found] if not rest.strip() else found


def file_row(name: str) -> Row:
    """How the menu shows a file."""
    return Row(name, f" {one_line(name)}")


def _command(action: actions.ActionKey, width: int) -> Choice:
    description = action.description
    row = Row(
        action.id,
        f" /{action.slash:<{width}}",
        f"{action.argument}  {description}" if action.argument else description,
        actions.label(action.keys[0]) if action.keys else "",
    )
    return Choice(row, f"/{action.slash}")


def _alone(action: actions.ActionKey) -> Choice:
    key = actions.label(action.keys[0]) if action.keys else ""
    return Choice(Row("", f" /{action.slash}", action.description, key), f"/{action.slash}")


def _listed(name: str, word: str, values: Sequence[tuple[str, str]], now: str = "") -> list[Choice]:
    """Choices of a command that takes one of some words, each with what it means."""
    word = word.lower()
    begin = [pair for pair in values if pair[0].startswith(word)]
    hold = [pair for pair in values if word in pair[0] and pair not in begin]
    width = max((len(value) for value, _ in values), default=0)
    return [
        Choice(
            Row(value, f" {value:<{width}}", means, "now" if value == now else ""),
            f"{name} {value}",
        )
        for value, means in begin + hold
    ]


def _modes(app: TungstenApp, name: str, rest: str) -> list[Choice]:
    from tui.requests.agents import MEANING, MODES

    now = app.focused_agent.mode if app.focused_agent is not None else ""
    return _listed(name, rest, [(mode.value, MEANING[mode]) for mode in MODES], now)


def _efforts(app: TungstenApp, name: str, rest: str) -> list[Choice]:
    from tui.requests.limits import EFFORTS

    now = app.focused_agent.effort if app.focused_agent is not None else ""
    return _listed(name, rest, EFFORTS, now)


def _memory_modes(_app: TungstenApp, name: str, rest: str) -> list[Choice]:
    from agent.protocol.memory import MEANING

    return _listed(name, rest, list(MEANING.items()))


def _limits(app: TungstenApp, name: str, rest: str) -> list[Choice]:
    """Names of limits where one is due; behind each stands a number, which is the person's own."""
    from tui.requests.limits import LIMITS, said

    before, _, word = rest.rpartition(" ")
    if len(before.split()) % 2:
        return []
    written = f"{name} {before} " if before else f"{name} "
    width = max(map(len, LIMITS))
    found = [
        Choice(Row(limit, f" {limit:<{width}}", means), f"{written}{limit} ", runs=False)
        for limit, means in LIMITS.items()
        if limit.startswith(word.lower())
    ]
    if not before and "off".startswith(word.lower()):
        agent = app.focused_agent
        now = said(agent.budget) if agent is not None else ""
        found.append(
            Choice(
                Row("off", f" {'off':<{width}}", f"without any; {now}" if now else ""),
                f"{name} off",
            )
        )
    return found


def _name(app: TungstenApp, name: str, rest: str) -> list[Choice]:
    agent = app.focused_agent
    if agent is None or rest:
        return []
    now = one_line(agent.name)
    return [Choice(Row(now, f" {now}", "its name now, to be changed"), f"{name} {now}", runs=False)]


def _words(_app: TungstenApp, _name: str, _rest: str) -> list[Choice]:
    return []


_TAKES = {
    "agent.mode": _modes,
    "agent.effort": _efforts,
    "agent.budget": _limits,
    "agent.rename": _name,
    "app.memories": _memory_modes,
    "app.remember": _words,
    "agent.coordinate": _words,
}
"""What completes the words behind a command's name."""
