"""What the cockpit draws between its areas: a title, and the rule above the prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from tui.conversation.empty_states import is_program
from tui.drawing.arrangement import SMALLEST, Arrangement
from tui.drawing.text import Piece, between, fit, one_line, strip_of
from tui.keys import actions
from tui.themes.theme import Paint

if TYPE_CHECKING:
    from agent.protocol.agents import AgentSummary
    from agent.protocol.gates import Question

_STEP, _NOW = (
    actions.label(actions.by_id(action).keys[0]) for action in ("prompt.after_step", "prompt.now")
)
"""The keys with which an agent that works hears something before its turn has ended."""


def draw_too_small(y: int, width: int, height: int, styles: Paint) -> Strip:
    """Draw a line of a window that has no room for the areas."""
    if y != max(0, (height - 1) // 2):
        return Strip.blank(width, styles.blank)
    text = (
        f"Tungsten needs {SMALLEST.width}×{SMALLEST.height}, this is {width}×{height}. "
        "Nothing is lost."
    )
    if len(text) > width:
        text = f"needs {SMALLEST.width}×{SMALLEST.height}, is {width}×{height}"
    left = max(0, (width - len(text)) // 2)
    return strip_of([(" " * left, styles.blank), (fit(text, width), styles.text)], width)


def draw_title(
    agent: AgentSummary | None, areas: Arrangement, width: int, styles: Paint, *, focused: bool
) -> Strip:
    """Draw whose conversation it is, and the key of a terminal that is hidden."""
    if agent is None:
        return Strip.blank(width, styles.blank)
    left: list[Piece] = [(f" {one_line(agent.name)}", styles.focus if focused else styles.strong)]
    right: list[Piece] = []
    if areas.terminal is None and agent.panes:
        right = [(f"{actions.shown('view.terminal')} terminal ", styles.faint)]
    return between(left, right, width, styles.blank)


def draw_rule(area: Region, split: Region | None, said: tuple[str, Style], styles: Paint) -> Strip:
    """Draw the rule above the prompt, with what it says, and where the split line meets it."""
    left, style = said
    label: list[Piece] = [("──", styles.rule)]
    if left:
        label += [(f" {left} ", style)]
    line = list(between(label, [], area.width, Style.null()))
    used = sum(segment.cell_length for segment in line[: len(label)])
    pieces: list[Piece] = [(s.text, s.style or styles.rule) for s in line[: len(label)]]
    rest = "─" * (area.width - used)
    joint = split.x - area.x - used if split is not None else -1
    if 0 <= joint < len(rest):
        rest = rest[:joint] + "┴" + rest[joint + 1 :]
    pieces.append((rest, styles.rule))
    return strip_of(pieces, area.width)


def rule_label(
    agent: AgentSummary | None,
    question: Question | None,
    typed: str,
    styles: Paint,
    *,
    in_pane: bool,
    gate_open: bool,
    written: str,
) -> tuple[str, Style]:
    """Say what becomes of what is written now.

    Args:
        agent: whom it is for.
        question: what it would answer.
        typed: what stands in the prompt.
        styles: of the theme in force.
        in_pane: whether the person types in the pane.
        gate_open: whether a gate lies over the cockpit, for which Esc is.
        written: whether it is about a `prompt`, a `command` or, empty, nothing that is written.
    """
    if in_pane:
        return "you type in the pane", styles.attention
    if question is not None:
        options = "  ".join(
            f"{number} {one_line(option)}" for number, option in enumerate(question.options, 1)
        )
        text = one_line(question.text)
        return f"▲ {text}" + (f"  {options}" if options else ""), styles.attention
    if typed.startswith("!"):
        return "a shell command of your own, through the gate", styles.attention
    if agent is None:
        return "", styles.faint
    if is_program(agent):
        return _program_label(agent), styles.muted
    runs = agent.state in {"working", "waiting"}
    waits = len(agent.queued) + len(agent.steering)
    if runs and agent.kind == "model" and written == "prompt":
        before = f"{waits} {'waits' if waits == 1 else 'wait'} · " if waits else ""
        keys = f"{_STEP} after this step · {_NOW} now"
        return f"{before}Enter queues · {keys}", styles.muted if waits else styles.faint
    if waits:
        sooner = f" · {_STEP} sooner" if agent.queued else ""
        hastens = runs and not written and agent.hosted is None
        keys = f"{sooner} · {_NOW} now" if hastens else ""
        return f"{_waiting(agent)}{keys}", styles.muted
    if agent.hosted is not None and agent.hosted.kind:
        # What it waits for stands last, where there may be no room for all of it; the list of a
        # small window has none at all.
        keys = f"it waits in its terminal · {actions.shown('pane.take')} types there"
        what = f" · {one_line(agent.activity)}" if agent.activity else ""
        return f"{keys}{what}", styles.attention
    if agent.state == "working":
        interrupt = actions.shown("turn.interrupt")
        esc = "" if gate_open else f" · {interrupt} interrupts"
        return f"working · Enter queues{esc}", styles.faint
    return "", styles.faint


def _waiting(agent: AgentSummary) -> str:
    """Say what waits to be heard, and until when."""
    steering, queued = len(agent.steering), len(agent.queued)
    prompts = "prompt" if steering + queued == 1 else "prompts"
    if not steering:
        words = f"{queued} {prompts} queued"
    elif not queued:
        words = f"{steering} {prompts} after this step"
    else:
        words = f"{steering} after this step, {queued} queued"
    return f"{words} · ↑ takes {'it' if prompts == 'prompt' else 'them'} back"


def _program_label(agent: AgentSummary) -> str:
    """Say what the keys do for a program, or how it ended: the list may have no room for it."""
    if agent.state == "working":
        take, interrupt = actions.shown("pane.take"), actions.shown("turn.interrupt")
        keys = f"{take} types into it · {interrupt} presses ^C in it"
        return f"a program · {keys}"
    return f"a program · {one_line(agent.activity)}" if agent.activity else "a program"
