"""What each key means at a gate, and what is said of one that means nothing there."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase
from typing import TYPE_CHECKING

from tui.gate.exact_view import FAR
from tui.gate.keys_offered import (
    approving,
    can_answer,
    can_edit,
    can_rule,
    can_unfold,
    is_high,
)
from tui.keys import actions
from tui.keys.key_names import is_character

if TYPE_CHECKING:
    from agent.protocol.gates import Gate
    from tui.gate.rule_offer import RuleOffer

SCROLL_KEYS = {
    "up": -1,
    "down": 1,
    "pageup": -8,
    "pagedown": 8,
    "home": -FAR,
    "end": FAR,
} | {
    key: rows
    for action, rows in (("gate.scroll_up", -1), ("gate.scroll_down", 1))
    for key in actions.by_id(action).keys
    if is_character(key)
}

HARMLESS = {
    key: verb
    for verb in ("look", "next", "previous", "tree")
    for key in actions.by_id(f"gate.{verb}").keys
}

_MESSAGE, _EDIT, _ALWAYS, _TREE = (
    frozenset(actions.by_id(f"gate.{verb}").keys)
    for verb in ("deny_message", "edit", "always", "tree")
)
_GATE_KEYS = frozenset(
    key
    for verb in ("approve_high", "approve", "deny", "deny_message", "edit", "always", "tree")
    for key in actions.by_id(f"gate.{verb}").keys
) | frozenset(
    key
    for action in actions.DEFAULTS
    if action.id in {"gate.approve", "gate.approve_high", "gate.deny"}
    for key in action.keys
)
"""Keys that mean something at some gate, or did before a person chose others: where they mean
nothing, they go no further."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the dialog shows when a key comes.

    Attributes:
        gate: the one that is decided about.
        offer: the rule that is offered for it, in its place.
        ruleless: why there is no rule for it, once it was looked for; None before.
        several: whether further gates wait.
        peeking: whether the dialog is folded, so that the pane can be seen.
    """

    gate: Gate
    offer: RuleOffer | None
    ruleless: str | None
    several: bool
    peeking: bool

    def meaning(self, key: str) -> str:
        """The verb of a key; `wrong` for one that would mean something at another gate."""
        if key in SCROLL_KEYS:
            return "scroll"
        harmless = HARMLESS.get(key, "")
        if harmless == "tree":
            if can_unfold(self.gate) and not self.peeking:
                return harmless
        elif harmless == "look" or (harmless and self.several):
            return harmless
        return self._deciding().get(key, "wrong" if key in _GATE_KEYS else "")

    def _deciding(self) -> dict[str, str]:
        """Keys that work only after a silence, with the verb of each."""
        if self.offer is not None:
            kept = {} if self.offer.why_not else dict.fromkeys(_ALWAYS, "keep")
            return dict.fromkeys(_EDIT, "rule") | kept
        approve = actions.by_id("gate.approve_high" if is_high(self.gate) else "gate.approve")
        keys = dict.fromkeys(approve.keys, "approve")
        keys |= dict.fromkeys(actions.by_id("gate.deny").keys, "deny")
        keys |= dict.fromkeys(_MESSAGE, "message") if can_answer(self.gate) else {}
        keys |= dict.fromkeys(_EDIT, "edit") if can_edit(self.gate) else {}
        ruled = can_rule(self.gate) and self.ruleless is None
        return keys | dict.fromkeys(_ALWAYS, "always") if ruled else keys

    def what_instead(self, key: str) -> str:
        """Say what can be done where a key that was meant for the gate does nothing."""
        if self.offer is not None:
            edit, always = actions.shown("gate.edit"), actions.shown("gate.always")
            way = f"{edit} changes the rule" if self.offer.why_not else f"{always} keeps the rule"
            return f"{actions.label(key)} does nothing here: {way}, Esc goes back"
        if key in _ALWAYS and is_high(self.gate):
            return "HIGH is decided each time: no rule lifts it"
        if key in _ALWAYS and self.ruleless is not None:
            return f"There is no rule for this: {self.ruleless}"
        if key in _ALWAYS:
            return "There is no rule for this: it is decided each time"
        if key in _EDIT:
            message = actions.shown("gate.deny_message")
            why = self.gate.fixed or "Only a command can be changed"
            return f"{why}: {message} denies and says what to do instead"
        if key in _TREE:
            return "There is nothing to unfold: what is shown is all of it"
        if key in _MESSAGE and not can_answer(self.gate):
            deny = actions.shown("gate.deny")
            return f"It is your own command: there is nobody to tell. {deny} does not run it"
        approve = approving(self.gate)
        capital = f" (Shift+{approve.lower()})" if approve in ascii_uppercase else ""
        return f"{self.gate.risk.value} needs {approve}{capital}: nothing was decided"
