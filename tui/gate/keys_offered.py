"""The line of keys below a gate: what each does now, in the words there is room for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from textual.content import Content

from tui.keys import actions

if TYPE_CHECKING:
    from agent.protocol.gates import Gate
    from tui.gate.rule_offer import RuleOffer

Key = tuple[str, str, str]
"""A key, what it does, and the verb of the dialog's action that a click on it runs."""


def is_high(gate: Gate) -> bool:
    """Whether approving it has a key of its own."""
    return gate.risk.value == "HIGH"


def approving(gate: Gate) -> str:
    """The key that approves it, as people read it."""
    return actions.shown("gate.approve_high" if is_high(gate) else "gate.approve")


def can_edit(gate: Gate) -> bool:
    """Whether it is about something that a person can write differently."""
    return gate.action == "run_command" and not gate.fixed


def can_unfold(gate: Gate) -> bool:
    """Whether it holds commands, each of which has a risk of its own."""
    return gate.action == "run_command"


def can_answer(gate: Gate) -> bool:
    """Whether there is somebody else to be told why not."""
    return gate.actor != "person"


def can_rule(gate: Gate) -> bool:
    """Whether a rule may lift it: HIGH is lifted by none, and rules are of commands and files."""
    return not is_high(gate) and gate.action in {"run_command", "write_file", "read_file"}


def keys_offered(
    gate: Gate,
    room: int,
    *,
    others: bool,
    peeking: bool,
    ruled: bool = True,
    unfolded: bool = False,
) -> Content:
    """Name the keys that decide and move.

    Args:
        gate: the one shown.
        room: cells that a row may take; the words are as long as one row allows.
        others: whether further gates wait.
        peeking: whether the dialog is folded, so that the pane can be seen.
        ruled: False when it has been looked for a rule, and there is none.
        unfolded: whether the tree of its commands is shown.
    """
    seen = "pane" if gate.pane_id is not None else "agent"
    wordings = (
        ("deny with a message", f"look at the {seen}", "   "),
        ("deny with a message", f"look at the {seen}", "  "),
        ("deny, say why", seen, "  "),
        ("say why", seen, "  "),
        ("why", seen, "  "),
    )
    for say, look, between in wordings:
        keys: list[Key] = [
            (approving(gate), "approve", "approve"),
            (actions.shown("gate.deny"), "deny" if can_answer(gate) else "do not run it", "deny"),
        ]
        if can_answer(gate):
            keys.append((actions.shown("gate.deny_message"), say, "message"))
        if can_edit(gate):
            keys.append((actions.shown("gate.edit"), "edit", "edit"))
        if ruled and can_rule(gate):
            keys.append((actions.shown("gate.always"), "always", "always"))
        if can_unfold(gate) and not peeking:
            keys.append((actions.shown("gate.tree"), "fold" if unfolded else "tree", "tree"))
        keys.append((actions.shown("gate.look"), "back to the gate" if peeking else look, "look"))
        if others:
            keys += [
                (actions.shown("gate.next"), "next", "next"),
                (actions.shown("gate.previous"), "previous", "previous"),
            ]
        keys.append(("Esc", "later", "later"))
        line = key_line(keys, between)
        if line.cell_length <= room:
            return line
    return _in_rows(keys, between, room)


def _in_rows(keys: list[Key], between: str, room: int) -> Content:
    """Write keys in as many rows as they need; none is broken off its word."""
    rows: list[list[Key]] = [[]]
    for key in keys:
        if rows[-1] and key_line([*rows[-1], key], between).cell_length > room:
            rows.append([])
        rows[-1].append(key)
    return Content("\n").join(key_line(row, between) for row in rows)


def keys_of_offer(offer: RuleOffer, room: int) -> Content:
    """Name the keys while a rule is shown."""
    keep = "approve, and always allow this" if room >= 54 else "always allow"
    keys: list[Key] = [] if offer.why_not else [(actions.shown("gate.always"), keep, "keep")]
    change = "change the rule" if room >= 54 else "change"
    keys += [(actions.shown("gate.edit"), change, "rule"), ("Esc", "back", "")]
    return key_line(keys)


def key_line(keys: list[Key], between: str = "   ") -> Content:
    """Write keys in one line; those with a verb can be clicked."""
    return Content(between).join(_written(*key) for key in keys)


@lru_cache(maxsize=64)
def _written(key: str, label: str, verb: str) -> Content:
    """One key and what it does; the same few are written each time a gate is drawn."""
    if not verb:
        # As a key that can be clicked: the style of links comes before its accent.
        return Content.assemble((key, "bold $foreground"), " ", label)
    return Content.from_markup(
        f"[@click=gate('{verb}')][bold $text-accent]$key[/] $label[/]", key=key, label=label
    )
