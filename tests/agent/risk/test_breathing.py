"""A text is judged without holding up other threads, and leaves the collector as it was.

What happens to the machine meanwhile is not charged to the text.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace

import pytest

from agent.risk import Context, Paste, Risk, assess_command, assess_keys, evaluate
from agent.risk.evaluation import findings
from agent.risk.evaluation.breathing import CHUNK
from agent.risk.evaluation.deception import deception, readable
from agent.risk.evaluation.findings import MAX_SECONDS
from agent.risk.rules import parse


def test_the_collector_rests_while_a_long_text_is_judged(context: Context) -> None:
    walks: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            walks.append(info["generation"])

    gc.callbacks.append(note)
    try:
        assess_command("; ".join(f"grep x{n} src/*.py" for n in range(4_000)), context)
        walked = len(walks)
        assess_keys([Paste("; ".join(f"grep x{n} src/*.py" for n in range(4_000)))], context)
    finally:
        gc.callbacks.remove(note)
    assert walked <= 2
    assert gc.isenabled()


def test_other_threads_are_let_in_while_a_long_text_is_judged(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaths: list[None] = []
    monkeypatch.setattr(evaluate, "breathe", lambda: breaths.append(None))
    assess_command("; ".join(f"grep x{n} src/*.py" for n in range(4_000)), context)
    assert len(breaths) == 4_000 // 128


def test_a_collector_that_was_off_stays_off(context: Context) -> None:
    gc.disable()
    try:
        assess_command("ls; " * 5_000, context)
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize("at", [0, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK - 1])
@pytest.mark.parametrize("hidden", ["\u200b", "\x07", "\r"])
def test_what_hides_is_found_in_every_piece(at: int, hidden: str) -> None:
    text = "a" * at + hidden + "b" * (3 * CHUNK - at)
    found = deception(text)
    assert found is not None
    assert found[1] == at
    assert deception("a" * at + "\r\n" + "b" * CHUNK) is None
    assert "\r" not in readable(text)


@pytest.mark.parametrize(
    "text",
    [
        "rm " + "*a" * 50_000,
        "rm " + "/a" * 5_000,
        "{a,b}" * 20_000,
        "a\r" * 200_000,
        "x;" * 200_000,
    ],
)
def test_what_is_too_much_is_high(context: Context, text: str) -> None:
    assert assess_command(text, context).risk is Risk.HIGH


class Clock:
    """Stands for the processor time of the thread."""

    def __init__(self, at_each_look: Callable[[int], float]) -> None:
        self.now, self.looks, self.step = 0.0, 0, at_each_look

    def thread_time(self) -> float:
        self.looks += 1
        self.now += self.step(self.looks)
        return self.now


DENY = {"deny": ["Bash(git push:*)"]}


def short(position: int) -> str:
    """388 commands, one of which a rule denies."""
    return "\n".join(
        ["echo a"] * (position - 1) + ["git -C sub push"] + ["echo a"] * (388 - position)
    )


@pytest.mark.parametrize("stopped_at", range(1, 8))
def test_a_machine_that_was_stopped_spends_no_budget(
    stopped_at: int, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(lambda look: 60.0 if look == stopped_at else 0.001)
    monkeypatch.setattr(findings, "time", clock)
    answer = assess_command(short(383), replace(context, rules=parse(DENY)))
    assert clock.looks > 6
    assert answer.denied_by == "Bash(git push:*)"
    assert answer.risk is Risk.MEDIUM


@pytest.mark.parametrize("position", [1, 64, 200, 383])
def test_what_is_slow_to_judge_is_high_and_still_denied(
    position: int, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(lambda look: MAX_SECONDS)
    monkeypatch.setattr(findings, "time", clock)
    answer = assess_command(short(position), replace(context, rules=parse(DENY)))
    assert answer.risk is Risk.HIGH
    assert any("took too long" in reason for reason in answer.reasons)
    assert answer.denied_by == "Bash(git push:*)"
    assert assess_command(short(position), context).denied_by is None


def test_a_walk_of_the_collector_is_not_charged(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(lambda look: 0.0)

    def walked(phase: str, info: dict[str, int]) -> None:
        clock.now += 0.5

    monkeypatch.setattr(findings, "time", clock)
    before = gc.get_threshold()
    gc.callbacks.append(walked)
    gc.set_threshold(100, 1, 1)
    try:
        answer = assess_command(short(383), context)
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(walked)
    assert answer.risk is Risk.MEDIUM
