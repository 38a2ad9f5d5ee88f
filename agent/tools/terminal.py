"""The terminal tools: what the model wrote becomes an action on one of the agent's own panes."""

from __future__ import annotations

import re
from pathlib import Path

from agent.actions import ClosePane, OpenPane, ReadScreen, RunCommand, TypeKeys
from agent.sessions.session import clean
from agent.steps.steps import Look, Picture, Plain, Run, Step, Wait
from agent.tools.inputs import (
    TerminalClose,
    TerminalOpen,
    TerminalRead,
    TerminalRun,
    TerminalType,
    TerminalWait,
)
from tungsten.pane import ForExit, ForIdle, ForPrompt, ForText, RunResult
from tungsten.screen.frame import Frame
from tungsten.screen.history import Passage

Input = TerminalClose | TerminalOpen | TerminalRead | TerminalRun | TerminalType | TerminalWait

LOST = (
    "[the beginning is lost: it printed more lines than a terminal keeps; run it again into a file "
    "and read that]"
)
"""Told where output is gone for good, before what is left of it."""


def plan(
    tool: Input, pane_id: str, directory: Path, *, picture: Path | None = None, remark: str = ""
) -> Step:
    """Say what a terminal tool use comes to on pane `pane_id` (ignored by `terminal_open`).

    Args:
        tool: what is wanted.
        pane_id: where.
        directory: where a new pane starts.
        picture: where a picture goes, if one is wanted and can be had.
        remark: what to tell where it cannot.
    """
    match tool:
        case TerminalOpen():
            return Step(OpenPane(directory), title=str(directory))
        case TerminalClose():
            return Step(ClosePane(pane_id), title=pane_id)
        case TerminalRun():
            command = clean(tool.command)
            return Step(
                RunCommand(command, pane_id),
                Run(tool.timeout),
                title=_one_line(command),
                intent=_one_line(tool.why),
            )
        case TerminalType():
            keys = tuple(clean(key) for key in tool.keys if key)
            return Step(
                TypeKeys(keys, pane_id),
                Plain(),
                title=_one_line(" ".join(keys)),
                intent=_one_line(tool.why),
            )
        case TerminalRead(history=history, above=above):
            look = Look(history, remark, above) if picture is None else Picture(picture, history)
            return Step(ReadScreen(pane_id), look, title=pane_id)
        case TerminalWait():
            wait = _wait(tool)
            return Step(ReadScreen(pane_id), wait, title=f"{pane_id} · {wait.described}")


def _wait(tool: TerminalWait) -> Wait:
    if tool.text is not None:
        return Wait(
            ForText(re.escape(tool.text)), tool.timeout, f"text {_one_line(tool.text, 60)!r}"
        )
    if tool.prompt:
        return Wait(ForPrompt(), tool.timeout, "the shell prompt")
    if tool.exit:
        return Wait(ForExit(), tool.timeout, "the end of the program")
    assert tool.idle is not None
    return Wait(ForIdle(tool.idle), tool.timeout, f"{tool.idle:g} s of quiet")


def _one_line(text: str, limit: int = 300) -> str:
    line = " ".join(clean(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def screen_text(pane_id: str, frame: Frame) -> str:
    """Write a screen for the model: one header line, then the lines without trailing blanks."""
    header = f"pane {pane_id} · {frame.width}×{frame.height}"
    if frame.dead:
        header += " · its program has ended"
    elif frame.cursor_visible:
        header += f" · cursor at line {frame.cursor_y + 1}, column {frame.cursor_x + 1}"
    lines = [line.rstrip() for line in frame.text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join([header, *lines]) if lines else f"{header}\n(the screen is empty)"


def passage_text(pane_id: str, passage: Passage, *, more: bool) -> str:
    """Write lines that have scrolled off for the model; `more`: tmux dropped older ones."""
    if not passage.lines:
        header = f"pane {pane_id} · there are {passage.size:,} lines above the screen"
    else:
        first = passage.above + len(passage.lines)
        header = f"pane {pane_id} · lines {first:,} to {passage.above + 1:,} above the screen"
        header += f", of {passage.size:,}"
    if more:
        header += "; older ones are kept only where a pane is recorded"
    return "\n".join([header, *passage.lines])


def run_text(pane_id: str, result: RunResult, timeout: float | None) -> str:
    """Write what became of a command for the model."""
    output = "\n".join(line.rstrip() for line in result.output.split("\n")).strip("\n")
    match result.ended:
        case "prompt":
            told = "ended" if result.exit_status is None else f"exit {result.exit_status}"
            first = f"{told} · {result.seconds:.1f} s · pane {pane_id}"
        case "timeout":
            limit = f"{timeout:g} s" if timeout is not None else "the time limit"
            first = f"still running after {limit} in pane {pane_id}; its output so far:"
        case "incomplete":
            first = f"not run: the shell wanted more text (an open quote?); cancelled in {pane_id}"
        case "pane_died":
            first = f"the shell of pane {pane_id} ended with it (exit {result.exit_status})"
        case _:
            first = f"interrupted after {result.seconds:.1f} s in pane {pane_id}"
    if result.truncated:
        first += f"\n{LOST}"
    return f"{first}\n{output}" if output else f"{first}\n(no output)"
