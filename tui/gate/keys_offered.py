"""The line of keys below a gate: what each does now, in the words there is room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

if TYPE_CHECKING:
    from agent.protocol import Gate
    from tui.gate.rule_offer import RuleOffer

Key = tuple[str, str, str]
"""A key, what it does, and the verb of the dialog's action that a click on it runs."""


def is_high(gate: Gate) -> bool:
    """Whether approving it has a key of its own."""
    return gate.risk.value == "HIGH"


def can_edit(gate: Gate) -> bool:
    """Whether it is about something that a person can write differently."""
    return gate.action == "run_command"


def keys_offered(gate: Gate, width: int, *, others: bool, peeking: bool) -> Content:
    """Name the keys that decide and move.

    Args:
        gate: the one shown.
        width: of the dialog, in cells.
        others: whether further gates wait.
        peeking: whether the dialog is folded, so that the pane can be seen.
    """
    seen = "pane" if gate.pane_id is not None else "agent"
    say, look = "deny with a message", f"look at the {seen}"
    if width < 100:
        say, look = ("deny, say why", seen) if width >= 60 else ("why", seen)
    keys: list[Key] = [
        ("A" if is_high(gate) else "a", "approve", "approve"),
        ("d", "deny", "deny"),
        ("m", say, "message"),
    ]
    if can_edit(gate):
        keys.append(("e", "edit", "edit"))
    if not is_high(gate):
        keys.append(("w", "always", "always"))
    keys.append(("l", "back to the gate" if peeking else look, "look"))
    if others:
        keys += [("n", "next", "next"), ("p", "previous", "previous")]
    keys.append(("Esc", "later", "later"))
    return key_line(keys, "  " if width < 100 else "   ")


def keys_of_offer(offer: RuleOffer, width: int) -> Content:
    """Name the keys while a rule is shown."""
    keep = "approve, and always allow this" if width >= 60 else "always allow"
    keys: list[Key] = [] if offer.why_not else [("w", keep, "keep")]
    keys += [("e", "change the rule" if width >= 60 else "change", "rule"), ("Esc", "back", "")]
    return key_line(keys)


def key_line(keys: list[Key], between: str = "   ") -> Content:
    """Write keys in one line; those with a verb can be clicked."""
    parts: list[Content] = []
    for key, label, verb in keys:
        part = Content.assemble((key, "bold $text-accent"), " ", label)
        if verb:
            part = Content.from_markup(
                f"[@click=gate('{verb}')][bold $text-accent]$key[/] $label[/]", key=key, label=label
            )
        parts.append(part)
    return Content(between).join(parts)
