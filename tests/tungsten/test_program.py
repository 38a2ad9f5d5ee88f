from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tungsten.program import command


def test_the_command_is_one_that_works_where_the_program_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "a b" / "bin" / "tungsten"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(program.parent.parent)
    monkeypatch.setattr(sys, "argv", ["bin/tungsten"])
    assert command() == "bin/tungsten"
    monkeypatch.setattr(sys, "argv", [str(program), "ls"])
    assert command() == "bin/tungsten"
    monkeypatch.chdir(program.parent)
    monkeypatch.setattr(sys, "argv", ["./tungsten"])
    assert command() == "./tungsten"
    monkeypatch.setattr(sys, "argv", [str(program), "ls"])
    monkeypatch.chdir("/usr")
    assert command() == f"'{program}'"
    (tmp_path / "tungsten").symlink_to(program)
    assert command() == "tungsten"
    # Another one of that name is not this one.
    (tmp_path / "tungsten").unlink()
    (tmp_path / "tungsten").write_bytes(program.read_bytes())
    (tmp_path / "tungsten").chmod(0o755)
    assert command().endswith("bin/tungsten'")
    monkeypatch.setattr(sys, "argv", ["pytest"])
    assert command() == "tungsten"
