"""The command where the surroundings are poor: no directory, no characters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

START = [sys.executable, "-c", "from tui.cli import main; main()"]


def environment(**more: str) -> dict[str, str]:
    root = str(Path(__file__).parents[3])
    return {**os.environ, "PYTHONPATH": root, "TERM": "xterm", **more}


def test_text_that_the_locale_does_not_have_is_replaced() -> None:
    done = subprocess.run(
        [*START, "risk", "explain", "rm -rf /etc # ✗ ü"],
        env=environment(LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii"),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert "HIGH" in done.stdout
    assert done.stderr == ""


def test_the_app_does_not_open_in_a_directory_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    ours, theirs = os.openpty()
    try:
        done = subprocess.run(
            ["sh", "-c", 'rmdir "$0" && exec "$@"', str(gone), *START],
            cwd=gone,
            env=environment(TUNGSTEN_HOME=str(tmp_path / "t")),
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=30,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 2
    assert "does not exist any more" in done.stderr
    assert done.stderr.count("\n") == 1
