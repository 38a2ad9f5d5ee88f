"""What was run lately as evidence: believed little, and only where it is plain."""

from __future__ import annotations

import pytest

from memory.dream.drift import Drift, drifts
from memory.dream.orient import Doer, Event, Evidence, Memory
from memory.dream.reading import read

DAY = 86_400.0
NOW = 1_800_000_000.0
TESTS = "Tests run with `make check`."


def flagged(
    text: str, *runs: tuple[Doer, str, int], project: str = "harbor", scope: str = "project"
) -> list[Drift]:
    """What is flagged of one memory, 30 days old, after runs of a day each, so often."""
    lines = [(by, line) for by, line, times in runs for _ in range(times)]
    events = tuple(
        Event(f"run:{number}", NOW - (40 - number % 40) * 0.5 * DAY, "harbor", "command", line, by)
        for number, (by, line) in enumerate(lines, 1)
    )
    of = project if scope == "project" else None
    memory = Memory("m", text, scope, of, "user_stated", NOW - 30 * DAY, 1, NOW - 30 * DAY)
    return drifts([memory], {"m": read(text, project)}, Evidence(NOW, {}, events))


def test_ten_runs_by_another_command_speak_against_how_tests_run() -> None:
    [drift] = flagged(TESTS, ("agent", "pytest -q", 10))
    assert drift.kind == "behaviour"
    assert drift.evidence == tuple(f"run:{number}" for number in range(1, 11))
    assert flagged(TESTS, ("person", "uv run pytest", 4))
    assert flagged("The test suite is run with `tox`.", ("person", "cargo test", 5))
    assert flagged("`npm test` runs all tests.", ("agent", "pnpm run test", 12))


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        (TESTS, [("agent", "pytest -q", 9)]),
        (TESTS, [("agent", "pytest", 30), ("agent", "make check", 1)]),
        (TESTS, [("agent", "pytest tests/test_fees.py", 50)]),
        (TESTS, [("agent", "pytest -k fees", 50)]),
        (TESTS, [("agent", "make check", 50)]),
        (TESTS, [("agent", "ruff check", 50), ("person", "make lint", 50)]),
        (TESTS, [("agent", "echo pytest", 50), ("agent", "pytest && make deploy", 50)]),
        ("Tests do not run with `make check`.", [("agent", "pytest", 50)]),
        ("Tests run with `make check` or `tox`.", [("agent", "pytest", 50)]),
        ("The tests of fees live in `tests/fees`.", [("agent", "pytest", 50)]),
        ("`make check` lints.", [("agent", "pytest", 50)]),
    ],
)
def test_what_is_not_plain_flags_nothing(text: str, runs: list[tuple[Doer, str, int]]) -> None:
    assert flagged(text, *runs) == []


def test_another_project_and_older_runs_speak_against_nothing() -> None:
    assert flagged(TESTS, ("person", "pytest", 40), project="lantern") == []
    old = tuple(Event(f"run:{n}", NOW - 35 * DAY, "harbor", "command", "pytest") for n in range(9))
    memory = Memory("m", TESTS, "project", "harbor", "user_stated", NOW - 30 * DAY, 1, NOW)
    assert drifts([memory], {"m": read(TESTS, "harbor")}, Evidence(NOW, {}, old)) == []


def test_what_agents_do_says_little_and_nothing_of_what_the_person_likes() -> None:
    text = "We run our containers with Docker."
    assert flagged(text, ("agent", "podman ps", 4)) == []
    assert flagged(text, ("agent", "podman ps", 5))
    assert flagged(text, ("person", "podman ps", 2))
    likes = "The user prefers Docker and runs it for everything."
    assert flagged(likes, ("agent", "podman ps", 30), scope="user") == []
    assert flagged(likes, ("person", "podman ps", 2), scope="user")
