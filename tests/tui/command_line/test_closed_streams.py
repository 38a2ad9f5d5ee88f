"""The command line works for who has closed its standard streams, and writes into nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SAYS = """
import os, sys
from tungsten.standard_streams import open_missing
open_missing()
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
assert file > 2, file
os.write(1, b"for nobody")
os.write(2, b"for nobody")
assert sys.stdin.read() == ""
print("nor this", file=sys.stderr)
"""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_no_file_takes_the_number_of_a_stream(closed: str, tmp_path: Path) -> None:
    file = tmp_path / "database"
    line = f'"$0" -c "$1" "$2" {closed}'
    done = subprocess.run(
        ["sh", "-c", line, sys.executable, SAYS, str(file)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0
    assert file.read_bytes() == b""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("words", "status"), [("ls", 1), ("", 2)])
def test_a_command_ends_with_its_own_status(
    closed: str, words: str, status: int, tmp_path: Path
) -> None:
    line = f'"$0" -m tui.cli {words} {closed}'
    surroundings = {**os.environ, "TUNGSTEN_HOME": str(tmp_path)}
    done = subprocess.run(
        ["sh", "-c", line, sys.executable],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=surroundings,
        check=False,
    )
    assert done.returncode == status
    assert b"Traceback" not in done.stderr
