"""Files that several agents have changed are told to each of them, for a day."""

from __future__ import annotations

from pathlib import Path

from agent.isolation.overlaps import SECONDS, Overlaps

REPOSITORY, HERE, THERE = Path("/r/.git"), Path("/r"), Path("/r.worktrees/b")


def test_from_a_change_to_its_end() -> None:
    now = 1000.0
    overlaps = Overlaps(lambda: now)

    def told(agent: str) -> list[tuple[str, tuple[str, ...], bool]]:
        return [(each.path, each.agents, each.apart) for each in overlaps.of(agent, str.upper)]

    assert overlaps.note("a", REPOSITORY, HERE, [b"x", b"y"], now) == set()
    assert told("a") == []
    assert overlaps.note("b", REPOSITORY, THERE, [b"x"], now) == {"a", "b"}
    assert overlaps.note("b", REPOSITORY, THERE, [b"x"], now) == set(), "that is no news"
    assert told("a") == [("x", ("B",), True)]
    assert told("b") == [("x", ("A",), True)]
    assert overlaps.note("c", Path("/other/.git"), Path("/other"), [b"x"], now) == set()
    assert overlaps.note("c", REPOSITORY, HERE, [b"x", b"y"], now + 1) == {"a", "b", "c"}
    assert told("a") == [("x", ("B", "C"), False), ("y", ("C",), False)]

    assert overlaps.take_back("c", REPOSITORY, [b"y", b"z"]) == {"a", "c"}
    assert told("a") == [("x", ("B", "C"), False)]
    assert overlaps.forget("c") == {"a", "b"}
    assert (told("a"), told("c")) == ([("x", ("B",), True)], [])

    now += SECONDS - 10
    overlaps.note("b", REPOSITORY, THERE, [b"x"], now)
    now += 20
    assert (told("a"), told("b")) == ([], [])
    assert overlaps.note("a", REPOSITORY, HERE, [b"x"], now) == {"a", "b"}
    assert told("a") == [("x", ("B",), True)]
    assert overlaps.forget("b") == {"a"}
    assert overlaps.forget("a") == set()
    assert (overlaps._edits, told("a")) == ({}, [])
