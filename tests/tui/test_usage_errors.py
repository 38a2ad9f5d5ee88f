"""A command line that can't be understood names the help of the very subcommand that was meant."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agent import paths
from tui.commands import cli


@pytest.mark.parametrize(
    ("line", "helped"),
    [
        ("--bogus", "tungsten"),
        ("nosuch", "tungsten"),
        ("run --bogus", "tungsten run"),
        ("run task --mode odd", "tungsten run"),
        ("demo --pace fast", "tungsten demo"),
        ("risk nosuch", "tungsten risk"),
        ("risk check", "tungsten risk check"),
        ("stop", "tungsten stop"),
        ("attach one two", "tungsten attach"),
    ],
)
def test_the_help_that_is_named(line: str, helped: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(line.split()) == 2
    said = capsys.readouterr().err
    assert said.endswith(f"(see {helped} --help)\n")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "line",
    [["no\x1b[2Jsuch"], ["stop", "x\x1b]0;t\x07"], ["risk", "explain", "echo \x1b]52;c;eA==\x07"]],
)
def test_no_word_of_a_command_line_commands_the_terminal(
    line: list[str],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TUNGSTEN_HOME", str(tmp_path))
    cli(line)
    said = "".join(capsys.readouterr())
    assert all(each.isprintable() for each in said.split("\n"))


@pytest.mark.parametrize("line", ["--profile nope ls", "--profile nope", "run x --profile nope"])
def test_a_profile_that_does_not_exist_is_named_before_anything_else(
    line: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TUNGSTEN_HOME", str(tmp_path))
    assert cli(line.split()) == 2
    assert capsys.readouterr().err == (
        'tungsten: there is no profile "nope": config.toml has none\n'
    )
    file = paths.find().config_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('[profiles.local]\nbase_url = "http://127.0.0.1:1"\nmodel = "m"\n')
    assert cli(line.split()) == 2
    assert capsys.readouterr() == ("", 'tungsten: there is no profile "nope": known are local\n')


def test_ctrl_c_while_libraries_load_is_no_traceback() -> None:
    code = """
import sys
from tui import cli

class Interrupted:
    def find_spec(self, name, path, target=None):
        if name == "tui.commands":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupted())
sys.argv = ["tungsten", "ls"]
cli.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
