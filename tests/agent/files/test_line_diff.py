"""Diffs of anybody's lines: right, and never slow."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from agent.files import line_diff
from agent.files.line_diff import unified


def test_long_ones_are_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_diff, "MOST_LINES", -1)
    source = random.Random(7)
    lines = [f"{number}\n" for number in range(6)]
    cases = [([], ["1\n"]), (["1\n"], []), (["1\n", "2\n"], ["2\n"])]
    for _ in range(40):
        before = source.choices(lines, k=source.randrange(12))
        after = list(before)
        for _ in range(source.randrange(3)):
            at = source.randrange(len(after) + 1)
            after[at : at + source.randrange(3)] = source.choices(lines, k=source.randrange(3))
        cases.append((before, after))
    for before, after in cases:
        diff = "".join(unified(before, after, "f", "f"))
        assert bool(diff) is (before != after)
        if diff:
            (tmp_path / "f").write_text("".join(before))
            subprocess.run(
                ["git", "apply", "-p0", "--unidiff-zero", "-"],
                input=diff, text=True, check=True, cwd=tmp_path,
                env=os.environ | {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)},
            )  # fmt: skip
            assert (tmp_path / "f").read_text() == "".join(after), (before, after)


@pytest.mark.timeout(60)
def test_lines_that_repeat_end_at_once() -> None:
    # Takes difflib hours: its time grows with the cube of these.
    size = 200_000
    before = [f"{number % 150}\n" for number in range(size)]
    after = [f"{number * 7 % 149}\n" for number in range(1, size)]
    assert len(list(unified(before, after, "f", "f"))) == 3 + len(before) + len(after)
