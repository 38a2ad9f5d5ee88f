"""A command line that can't be understood names the help of the very subcommand that was meant."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from agent.paths import Paths, find
from agent.protocol.agents import AgentState
from agent.protocol.snapshot import Setup
from tests.stubs import scenes
from tests.stubs.scripted_engine import ScriptedEngine
from tests.tui.conftest import engine_in_a_thread
from tui.command_line.agents_listing import listing
from tui.command_line.commands import cli


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
        ("hook install nosuch", "tungsten hook install"),
    ],
)
def test_the_help_that_is_named(line: str, helped: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(line.split()) == 2
    said = capsys.readouterr().err
    assert said.endswith(f"(see {helped} --help)\n")
    assert said.count("\n") == 1
    assert "Value error" not in said


def test_a_group_alone_says_what_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["hook"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("Usage: tungsten hook")
    assert "install" in said
    assert "--help)" not in said


def test_the_help_of_all_cuts_nothing_off_in_a_small_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert cli(["--help"]) == 0
    rows = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert len(rows) > 20
    assert [row for row in rows if row.endswith("...") or row.startswith("   ")] == []


def test_a_home_that_cannot_be_used_says_what_to_do(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TUNGSTEN_HOME", str(tmp_path / "file"))
    assert cli(["memory", "list"]) == 1
    said = capsys.readouterr().err
    file = tmp_path / "file"
    what = "is no directory: move it away, or set TUNGSTEN_HOME to another."
    assert said == f"tungsten: {file} {what}\n"


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
    file = find().config_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('[profiles.local]\nbase_url = "http://127.0.0.1:1"\nmodel = "m"\n')
    assert cli(line.split()) == 2
    assert capsys.readouterr() == ("", 'tungsten: there is no profile "nope": known are local\n')


@pytest.mark.parametrize("more", [[], ["--headless"]])
def test_the_demo_model_cannot_coordinate(
    more: list[str],
    capsys: pytest.CaptureFixture[str],
    paths: Paths,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TUNGSTEN_HOME", str(paths.runtime.parent))
    setup = Setup(provider="demo", model="tungsten-demo")
    engine = ScriptedEngine(find().engine_socket, scenes.EMPTY.model_copy(update={"setup": setup}))
    with engine_in_a_thread(engine):
        assert cli(["run", "--coordinate", "release it", *more]) == 2
    said = "".join(capsys.readouterr())
    assert "demo model cannot coordinate workers: choose another with /model" in said
    assert said.count("\n") == 1
    assert engine.commands == []


def test_ctrl_c_while_libraries_load_is_no_traceback() -> None:
    code = """
import sys
from tui import cli

class Interrupted:
    def find_spec(self, name, path, target=None):
        if name == "tui.command_line.commands":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupted())
sys.argv = ["tungsten", "ls"]
cli.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_long_line_of_an_agent_is_cut_for_a_terminal_alone() -> None:
    said = "Done. " + 40 * "I wrote 宽字符 down. "
    agent = scenes.MENDER.model_copy(update={"state": AgentState.DONE, "activity": said})
    (whole,) = listing([agent])
    assert whole.endswith(said.strip())
    heading, cut = listing([agent], 80)
    assert heading.split() == ["STATE", "NAME", "DIRECTORY", "DOES"]
    assert cell_len(cut) <= 80
    assert cut.endswith("…")
    does = cut[heading.index("DOES") :].removesuffix("…")
    assert said.startswith(does)
    assert cut[heading.index("DIRECTORY") :].startswith(agent.directory)
    assert all(cell_len(line) <= 60 for line in listing([agent], 60))
