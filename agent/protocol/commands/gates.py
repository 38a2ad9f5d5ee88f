"""Commands that decide, answer and allow."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agent.protocol.wire import Wire


class Decide(Wire):
    """Answer a gate. Single use; refused when the gate is already closed."""

    type: Literal["decide"] = "decide"
    gate_id: str
    decision: Literal["approve", "deny"]
    message: str = ""
    by: Literal["person", "nobody"] = "person"
    """`nobody`: the front end denies by itself, as no person is there; it can approve nothing."""
    edited: str = ""
    """With `approve`: the command to take instead. Nothing runs yet: it is judged, and a new gate
    about it, which `replaces` this one, waits for a decision of its own."""


class SuggestRule(Wire):
    """Ask what rule would let a gate's action run without asking, and what it would have spared.

    Result: `{"rule", "why_not", "spared", "asked"}`: a rule for the project's allow list, or one
    line that says why there is none; how many of the last `asked` questions in this project it
    would have answered. With `rule`, that one is tried instead.
    """

    type: Literal["suggest_rule"] = "suggest_rule"
    gate_id: str
    rule: str = Field(default="", max_length=4_000)


class AlwaysAllow(Wire):
    """Approve a MEDIUM gate once, and keep a rule that lets such actions run in its project.

    Refused, with nothing decided, when the rule would not let this very action run.
    Result: `{"file": str}`, where the rule is kept.
    """

    type: Literal["always_allow"] = "always_allow"
    gate_id: str
    rule: str = Field(max_length=4_000)


class Answer(Wire):
    """Answer an agent's question."""

    type: Literal["answer"] = "answer"
    question_id: str
    text: str


class TrustDirectory(Wire):
    """Remember that the person trusts (or no longer trusts) a directory."""

    type: Literal["trust_directory"] = "trust_directory"
    directory: str
    trusted: bool
