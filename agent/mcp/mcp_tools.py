"""The tools that another program may use over MCP: the terminal ones, and two that only look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from agent.tools.inputs import INPUTS, Pane, ToolInput
from agent.tools.registry import InvalidToolInput, one_line_of


class TerminalScreenshot(ToolInput):
    """`terminal_screenshot`."""

    pane: Pane = None


class TerminalPanes(ToolInput):
    """`terminal_panes`."""


TOOLS: dict[str, type[ToolInput]] = {
    **{name: model for name, model in INPUTS.items() if name.startswith("terminal_")},
    "terminal_panes": TerminalPanes,
    "terminal_screenshot": TerminalScreenshot,
}
"""What another program may use, by name."""


def parse(name: str, value: Mapping[str, Any]) -> ToolInput:
    """Check a tool use.

    Raises:
        InvalidToolInput: one line that says what is wrong.
    """
    model = TOOLS.get(name)
    if model is None:
        raise InvalidToolInput(f"there is no tool {name!r}; the tools are {', '.join(TOOLS)}")
    try:
        return model.model_validate(dict(value))
    except ValidationError as error:
        raise InvalidToolInput(f"{name}: {one_line_of(error)}") from error
