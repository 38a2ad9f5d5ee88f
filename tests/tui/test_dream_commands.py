"""`tungsten dream plan` over files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tui.commands import cli

SET = Path(__file__).parents[1] / "memory" / "dream_sets" / "labelled"


def test_a_plan_over_files(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["dream", "plan", "--memories", str(SET / "memories.json")]
    assert cli([*line, "--evidence", str(SET / "evidence.json"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    memories = json.loads((SET / "memories.json").read_text("utf-8"))["memories"]
    gone = {q["id"] for q in found["quarantined"]} | {s["loser"] for s in found["superseded"]}
    gone |= {member for merge in found["merged"] for member in merge["from"]}
    assert set(found["kept"]) | gone == {memory["id"] for memory in memories}
    assert found["flagged"]
    assert cli(line) == 0
    said = capsys.readouterr().out
    assert "supersede" in said
    assert "flag " not in said


def test_files_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for content, said in (
        (None, "No such file"),
        ("{", "is not JSON"),
        ("[]", "an object is expected"),
        ('{"memories": [{"id": 1}]}', "id and text must be strings"),
    ):
        path = tmp_path / "m.json"
        if content is not None:
            path.write_text(content)
        assert cli(["dream", "plan", "--memories", str(path)]) == 1
        errors = capsys.readouterr().err
        assert said in errors
        assert errors.count("\n") == 1
