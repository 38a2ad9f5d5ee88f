"""A command line that can't be understood names the help of the very subcommand that was meant."""

from __future__ import annotations

import pytest

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
    ],
)
def test_the_help_that_is_named(line: str, helped: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(line.split()) == 2
    said = capsys.readouterr().err
    assert said.endswith(f"(see {helped} --help)\n")
    assert said.count("\n") == 1
