"""The risk gate: every action becomes LOW, MEDIUM or HIGH here, in code, before it happens."""

from agent.risk.assessment import Assessment, Context, KeysAssessment, Paste, Risk, Span
from agent.risk.classify import assess, assess_command
from agent.risk.keystrokes import assess_keys
from agent.risk.policy import Verdict, above, decide
from agent.risk.rules import Rule, Rules

__all__ = [
    "Assessment",
    "Context",
    "KeysAssessment",
    "Paste",
    "Risk",
    "Rule",
    "Rules",
    "Span",
    "Verdict",
    "above",
    "assess",
    "assess_command",
    "assess_keys",
    "decide",
]
