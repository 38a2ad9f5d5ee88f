"""How much a model thinks: what of that it takes, and how a request says it.

Source: "Thinking", "Effort" and "Per-message effort" in Anthropic's documentation, and its pages on
each model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Level: TypeAlias = Literal["low", "medium", "high", "xhigh", "max"]
"""Efforts, from least to most."""

Setting: TypeAlias = Literal["auto", "on", "off", ""]
"""auto: where the model is known to decide itself how much it thinks; on: wherever it is; off;
empty: nothing is said of it."""

LEVELS: tuple[Level, ...] = ("low", "medium", "high", "xhigh", "max")

ADAPTIVE = {"type": "adaptive", "display": "summarized"}
"""The model decides how much it thinks. What it thought is told, in short, so that it can be shown;
newer models keep it to themselves unless they are asked."""

_ALL = LEVELS
_NO_XHIGH: tuple[Level, ...] = ("low", "medium", "high", "max")
_UP_TO_HIGH: tuple[Level, ...] = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Thinking:
    """What a model takes."""

    adaptive: bool = False
    """Whether it can decide itself how much it thinks."""

    off: Literal["", "disabled", "between_tools"] | None = ""
    """The type of `thinking` that keeps it from that; empty: to say nothing; None: nothing does."""

    levels: tuple[Level, ...] = ()
    """Efforts that it takes."""

    in_messages: bool = False
    """Whether an effort can be said within the conversation, which keeps the prompt cache."""

    def parameter(self, setting: Setting) -> dict[str, Any] | None:
        """The request's `thinking`; None where there is nothing to say."""
        if setting == "off":
            return {"type": self.off} if self.off else None
        wanted = setting == "on" or (setting == "auto" and self.adaptive)
        return dict(ADAPTIVE) if wanted else None

    def levels_with(self, setting: Setting) -> tuple[Level, ...]:
        """Efforts that it takes: the highest ones only while it thinks."""
        if setting == "off" and self.off:
            return tuple(level for level in self.levels if level in _UP_TO_HIGH)
        return self.levels

    def in_messages_with(self, setting: Setting) -> bool:
        """Whether an effort can be said within the conversation."""
        return self.in_messages and not (setting == "off" and self.off == "between_tools")


NOTHING = Thinking()
"""What a server that is not known takes."""

EVERYTHING = Thinking(True, "disabled", LEVELS, in_messages=True)


def by_number(line: str, number: tuple[int, int]) -> Thinking:
    """What a model of Anthropic's takes, by its line and number; newer ones are like the newest."""
    match line:
        case "fable" | "mythos":
            return Thinking(True, None, _ALL, in_messages=number >= (5, 1))
        case "opus" if number >= (5, 5):
            return Thinking(True, None, _ALL, in_messages=True)
        case "opus" if number >= (5, 0):
            return Thinking(True, "disabled", _ALL, in_messages=True)
        case "opus" if number >= (4, 7):
            return Thinking(True, "", _ALL)
        case "opus" if number == (4, 5):
            return Thinking(levels=_UP_TO_HIGH)
        case "sonnet" if number >= (5, 5):
            return Thinking(True, "between_tools", _ALL, in_messages=True)
        case "sonnet" | "haiku" if number >= (5, 0):
            return Thinking(True, "disabled", _ALL)
        case "opus" | "sonnet" if number >= (4, 6):
            return Thinking(True, "", _NO_XHIGH)
        case _:
            return NOTHING


def told_by(capabilities: object) -> Thinking:
    """What a model list says, as far as it has sense; an effort within messages it never tells."""
    types = _at(capabilities, "thinking", "types")
    efforts = _at(capabilities, "effort")
    off: tuple[Literal["disabled", "between_tools"], ...] = ("disabled", "between_tools")
    return Thinking(
        _supported(types, "adaptive"),
        next((each for each in off if _supported(types, each)), ""),
        tuple(level for level in LEVELS if _supported(efforts, level)),
    )


def _at(told: object, *names: str) -> object:
    for name in names:
        told = told.get(name) if isinstance(told, Mapping) else None
    return told


def _supported(told: object, name: str) -> bool:
    return _at(told, name, "supported") is True
