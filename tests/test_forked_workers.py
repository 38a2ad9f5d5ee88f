"""Tests of the plugin that runs all others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = """
import os
from pathlib import Path

import pytest

@pytest.fixture(scope="session", autouse=True)
def house():
    yield
    Path(os.environ["TORN_DOWN"], str(os.getpid())).touch()

@pytest.mark.parametrize("number", range(40))
def test_passes(number, tmp_path):
    assert not list(tmp_path.iterdir())
    (tmp_path / "own").touch()
    os.write(1, b"not to be seen")

def test_fails():
    os.write(1, b"said before it failed")
    assert 1 == 2

def test_ends_its_process():
    os._exit(7)

@pytest.mark.parametrize("number", range(20))
def test_passes_too(number):
    pass
"""


def test_every_test_is_run_and_told_of_though_a_worker_is_lost(tmp_path: Path) -> None:
    (tmp_path / "test_all.py").write_text(TESTS)
    (tmp_path / "torn").mkdir()
    command = [sys.executable, "-m", "pytest", "-p", "tests.forked_workers", "--workers", "3"]
    command += ["-p", "no:cacheprovider", "--rootdir", str(tmp_path), "-c", "/dev/null"]
    command += [f"--basetemp={tmp_path / 'base'}", str(tmp_path / "test_all.py")]
    environment = {"PATH": "/usr/bin:/bin", "TORN_DOWN": str(tmp_path / "torn")}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout
    assert "2 failed, 60 passed" in done.stdout
    assert "assert 1 == 2" in done.stdout
    assert "said before it failed" in done.stdout
    assert "the process that ran it ended: 7" in done.stdout
    assert "not to be seen" not in done.stdout
    # The lost one could not; the one that took its place and the two others did.
    assert len(list((tmp_path / "torn").iterdir())) == 3
