"""What a person must know of a gate beside its text: why, what it does, where, what for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from tui.gate.said_once import said_once, without
from tui.gate.words import short_path
from tui.keys import actions
from tungsten.screen.printable import visible

if TYPE_CHECKING:
    from agent.protocol.gates import Gate
    from tui.gate.rule_offer import RuleOffer

LONGEST_FACT = 2_000
"""Characters of a reason or an intent that are shown; what happens itself is never cut."""
LABEL_WIDTH = 9
"""Cells of the words before the facts."""


def facts(gate: Gate, width: int, home: str, offer: RuleOffer | None = None) -> list[Content]:
    """Write what is known of a gate, and of a rule for it, as lines of at most `width` cells."""
    rows: list[tuple[str, Content]] = []
    if offer is not None:
        rows.append(("always", Content.assemble((visible(offer.rule), "bold $text-success"))))
        rows.append(("", Content(visible(offer.words()))))
    if gate.original:
        rows.append(("instead", Content(f"of {_bounded(gate.original)}")))
    why, effect = said_once(gate.reasons, without(gate.text, gate.effect, gate.reasons))
    if why:
        rows.append(("why", Content(_bounded(why))))
    if effect:
        rows.append(("effect", Content(_bounded(effect))))
    if gate.presses:
        denies = f"denying presses {gate.deny_presses}" if gate.deny_presses else "none to deny"
        pressed = f"{gate.presses} once, in its own dialog; {denies}"
        rows.append(("key", Content(_bounded(pressed))))
    if gate.fixed and gate.action == "run_command":
        key = actions.shown("gate.deny_message")
        rows.append(("edit", Content(f"no: {_bounded(gate.fixed)}; {key} denies and says why")))
    place = short_path(gate.cwd, home)
    if gate.pane_id:
        running = f"pane {gate.pane_id}" + (f", {gate.foreground}" if gate.foreground else "")
        place = f"{place} · {running}" if place else running
    if place:
        rows.append(("where", Content(visible(place))))
    if gate.intent:
        said = (f"“{_bounded(gate.intent)}”", "italic $muted")
        rows.append(("it says", Content.assemble(said)))
    lines: list[Content] = []
    for label, content in rows:
        for number, line in enumerate(content.wrap(max(20, width - LABEL_WIDTH))):
            name = label if number == 0 else ""
            lines.append(Content.assemble((name.ljust(LABEL_WIDTH), "$text-accent"), line))
    return lines


def _bounded(text: str) -> str:
    """Words about the action, each character shown; far longer ones than the dialog are cut."""
    return visible(text if len(text) <= LONGEST_FACT else f"{text[:LONGEST_FACT]}…")
