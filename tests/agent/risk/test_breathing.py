"""A long text is judged without holding up other threads, and leaves the collector as it was."""

from __future__ import annotations

import gc

import pytest

from agent.risk import Context, Paste, Risk, assess_command, assess_keys, evaluate
from agent.risk.evaluation.breathing import CHUNK
from agent.risk.evaluation.deception import deception, readable


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
