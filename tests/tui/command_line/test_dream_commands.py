"""`tungsten dream`, over files and over the store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tui.command_line.commands import cli

SET = Path(__file__).parents[2] / "memory" / "dream_sets" / "labelled"


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


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Tungsten of its own, and a project whose file is gone."""
    monkeypatch.setenv("TUNGSTEN_HOME", str(tmp_path / "t"))
    project = tmp_path / "harbor"
    project.mkdir()
    (project / ".python-version").write_text("3.12.4\n")
    for text in (
        "The invoice service is written in Kotlin.",
        "Invoice service: written in Kotlin",
        "Harbor runs on Python 3.9.",
    ):
        assert cli(["memory", "add", text, "--project", str(project)]) == 0
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *line: str) -> Any:
    capsys.readouterr()
    assert cli(["dream", *line, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def listed(capsys: pytest.CaptureFixture[str]) -> Any:
    capsys.readouterr()
    assert cli(["memory", "list", "--status", "all", "--json"]) == 0
    return json.loads(capsys.readouterr().out)["memories"]


def test_planned_applied_and_undone(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = listed(capsys)
    seen = said(capsys, "plan")
    assert [len(seen[part]) for part in ("merged", "flagged", "kept")] == [1, 1, 2]
    assert listed(capsys) == before
    assert said(capsys, "status")["last_dream"] is None
    done = said(capsys, "apply")["dream"]
    assert (done["outcome"], done["summary"]) == ("done", "1 merged, 1 to look at")
    assert [row["kind"] for row in done["operations"]] == ["merge", "flag"]
    assert {memory["status"] for memory in listed(capsys)} == {"active", "merged"}
    assert said(capsys, "status")["last_dream"] == done
    assert said(capsys, "undo", "--operation", "2") == {"dream": done["id"], "undone": 1}
    states = [row["state"] for row in said(capsys, "status")["last_dream"]["operations"]]
    assert states == ["applied", "undone"]
    assert said(capsys, "undo", str(done["id"])) == {"dream": done["id"], "undone": 1}
    assert listed(capsys) == before
    assert cli(["dream", "undo", "--operation", "9"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert cli(["dream", "undo"]) == 0
    assert capsys.readouterr().out == f"nothing of dream {done['id']} is left to undo\n"


def test_a_plan_counts_with_its_nouns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUNGSTEN_HOME", str(tmp_path / "t"))
    assert cli(["memory", "add", "I like tabs.", "--everywhere"]) == 0
    capsys.readouterr()
    assert cli(["dream", "plan"]) == 0
    assert capsys.readouterr().out == "1 memory stays\n"
    # Alone, it says how it stands.
    assert cli(["dream"]) == 0
    assert capsys.readouterr().out.startswith("AutoDream: auto; ")


def test_status_says_why_not(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, "status")
    assert [(gate["name"], gate["open"]) for gate in found["gates"]] == [
        ("idle", False),
        ("gap", False),
        ("sessions", False),
    ]
    assert (found["mode"], found["why_not"]) == ("auto", "no session yet")


@pytest.mark.parametrize("mode", ["off", "recall"])
def test_a_dream_that_the_settings_forbid(
    store: Path, capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    from agent import paths

    paths.find().config_file.parent.mkdir(parents=True, exist_ok=True)
    paths.find().config_file.write_text(f'[dream]\nmode = "{mode}"\n')
    before = listed(capsys)
    assert cli(["dream", "apply"]) == 1
    errors = capsys.readouterr().err
    assert f'mode is "{mode}"' in errors
    assert errors.count("\n") == 1
    assert listed(capsys) == before


def test_evidence_alone_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["dream", "plan", "--evidence", "e.json"]) == 2
