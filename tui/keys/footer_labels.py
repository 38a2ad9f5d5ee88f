"""Which actions make sense in the cockpit now, and what the footer calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.conversation.empty_states import retry_words
from tui.keys import actions

if TYPE_CHECKING:
    from tui.drawing.arrangement import Alone
    from tui.screens.cockpit import CockpitScreen

_IN_THE_GRID = frozenset({"app.help", "app.quit", "app.retry", "gate.inbox", "agent.new"})
"""Actions that the footer names beside those of the grid."""


def footer_label(cockpit: CockpitScreen, action: actions.ActionKey) -> str:
    """Name an action for the footer; empty when it makes no sense now."""
    agent, said = cockpit.agent, cockpit.conversation
    elsewhere = action.context == actions.ANYWHERE and action.id not in _IN_THE_GRID
    if cockpit.choices.grid and elsewhere:
        return ""
    if cockpit.gate_open and action.context == actions.GRID:
        return ""
    match action.id:
        case "turn.interrupt":
            runs = agent is not None and agent.state in {"working", "waiting"}
            sensible = runs and not cockpit.gate_open
        case "pane.take" | "pane.type" | "grid.type":
            pane = cockpit.terminal.pane
            sensible = agent is not None and pane is not None and not (pane.dead or pane.socket)
            if action.id == "grid.type" and (cockpit.grid is None or cockpit.grid.empty):
                sensible = False
        case "prompt.clear":
            sensible = bool(cockpit.prompt.text.strip())
        case "pane.attach":
            sensible = bool(agent is not None and agent.panes)
        case "gate.inbox":
            sensible = bool(cockpit.host.state.gates or cockpit.host.state.questions)
        case "view.terminal":
            return _side_label(cockpit, action, "terminal") if agent is not None else ""
        case "view.conversation":
            return _side_label(cockpit, action, "conversation")
        case "view.grid":
            # One terminal is seen already.
            sensible = sum(bool(each.panes) for each in cockpit.host.state.agents) > 1
        case "app.retry":
            return retry_words(cockpit.host.problem) if cockpit.host.problem else ""
        case "app.memories":
            sensible = not cockpit.host.problem
        case "grid.gate":
            state = cockpit.host.state
            waiting = {gate.agent_id for gate in state.gates}
            waiting |= {question.agent_id for question in state.questions}
            sensible = agent is not None and agent.id in waiting
        case "grid.zoom":
            sensible = cockpit.grid is not None and not cockpit.grid.empty
        case "grid.filter":
            sensible = any(each.panes for each in cockpit.host.state.agents)
        case "grid.page":
            sensible = cockpit.grid is not None and cockpit.grid.pages > 1
        case "block.fold" | "block.fold_all":
            return said.fold_labels[action.id] if said.has_blocks else ""
        case "block.copy" | "block.open" | "conversation.search":
            sensible = bool(said.has_blocks)
        case _:
            sensible = True
    return action.label if sensible else ""


def _side_label(cockpit: CockpitScreen, action: actions.ActionKey, side: Alone) -> str:
    """Say what the key of a side does: bring it up, give it all the room, or end that."""
    areas = cockpit.arrangement
    if getattr(areas, side) is None:
        return action.label
    view = cockpit.terminal.view
    if cockpit.focused is not (cockpit.conversation if side == "conversation" else view):
        return ""
    if areas.conversation is not None and areas.terminal is not None:
        return "maximise"
    return "split" if cockpit.choices.alone else ""
