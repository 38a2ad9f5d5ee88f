"""Runs pytest and fails when the run leaves a process, a socket or a temporary file behind.

Usage: python scripts/run_tests.py [--lint] [pytest arguments]. Every process that the tests start
carries a mark in its environment, names the run's temporary directory or works below it, so what is
left behind is told from what others do on the same machine.

With `--lint` the checks of `make lint` run beside the tests, in the time that those wait for
terminals, and what they said comes last; the run fails when one of them does.

Tests of real terminals wait for real programs, and beside others on a busy machine one may run out
of patience. A few that failed in a parallel run are therefore run once more, alone, and named; a
test that fails alone fails the run.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import psutil

MARK = "TUNGSTEN_TEST_RUN"
SHARED_TEMPORARY = Path("/tmp")
OURS = ("tg-", "tungsten-")
NOT_FOR_TESTS = {"TMUX", "TMUX_PANE", "TUNGSTEN_HOME", "PYTHONDONTWRITEBYTECODE"}
"""Variables that would tie the tests to a server or home of somebody, or have each of the hundreds
of programs that they start compile all of Tungsten anew."""

AGAIN = 8
"""Most failed tests that are run again; more are no matter of patience."""


def main() -> int:
    # Started in the background, this would begin by ignoring them, and so would all tests.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    mark = uuid.uuid4().hex
    arguments = sys.argv[1:]
    lint = None
    if "--lint" in arguments:
        arguments.remove("--lint")
        lint = Lint()
    # Socket paths must stay short (sun_path), whatever TMPDIR the machine has.
    temporary = Path(tempfile.mkdtemp(prefix="tgrun-", dir=SHARED_TEMPORARY))
    before = stray_paths()
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in NOT_FOR_TESTS and not name.startswith("ANTHROPIC_")
    }
    # Programs that tests drive write their histories into a home, and not into the tester's.
    home = temporary / "home"
    home.mkdir()
    environment |= {MARK: mark, "TMPDIR": str(temporary), "TMUX_TMPDIR": str(temporary)}
    environment["HOME"] = str(home)
    cache = temporary / "cache"
    command = [sys.executable, "-m", "pytest", f"--basetemp={temporary / 'pytest'}"]
    command += ["-o", f"cache_dir={cache}", "-p", "tests.forked_workers", *arguments]
    try:
        status = subprocess.run(command, env=environment, check=False).returncode
        failed = last_failed(cache)
        if status == 1 and "--workers" in arguments and 0 < len(failed) <= AGAIN:
            print(f"again, alone: {', '.join(failed)}", file=sys.stderr)
            alone = [*command, "--workers=1", "--last-failed", "--last-failed-no-failures=none"]
            # Of a few tests, the snapshots of all others are unused; the first run looked at those.
            alone += ["--snapshot-warn-unused"]
            status = subprocess.run(alone, env=environment, check=False).returncode
        shutil.rmtree(cache, ignore_errors=True)
        leaks = [f"process {line}" for line in stray_processes(mark, temporary)]
        shutil.rmtree(temporary / "pytest", ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)
        for theirs in temporary.glob("fish.*"):
            # fish keeps a directory for its user and never removes it.
            shutil.rmtree(theirs, ignore_errors=True)
        leaks += [f"file {path}" for path in sorted(temporary.iterdir())]
        leaks += [f"file {path}" for path in sorted(stray_paths() - before)]
    except KeyboardInterrupt:
        # The tests heard it, too, and have said so.
        return 128 + signal.SIGINT
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    for leak in leaks:
        print(f"left behind: {leak}", file=sys.stderr)
    clean = lint is None or lint.end()
    return status or int(bool(leaks) or not clean)


class Lint:
    """`scripts/lint.py`, which gives way to the tests and keeps what it says until it is asked."""

    def __init__(self) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as it runs
        command = ["nice", "-n", "5", sys.executable, str(Path(__file__).with_name("lint.py"))]
        self._process = subprocess.Popen(command, stdout=self._said, stderr=subprocess.STDOUT)

    def end(self) -> bool:
        """Wait for it and print what it said; whether all was clean."""
        status = self._process.wait()
        self._said.seek(0)
        print(self._said.read().decode(), end="", flush=True)
        return status == 0


def last_failed(cache: Path) -> list[str]:
    try:
        return list(json.loads((cache / "v" / "cache" / "lastfailed").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return []


def stray_paths() -> set[Path]:
    return {path for path in SHARED_TEMPORARY.iterdir() if path.name.startswith(OURS)}


def stray_processes(mark: str, temporary: Path) -> list[str]:
    found = []
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        try:
            words = process.cmdline()
            marked = process.environ().get(MARK) == mark
            below = process.cwd().startswith(str(temporary))
        except psutil.Error:
            continue
        if marked or below or any(str(temporary) in word for word in words):
            found.append(f"{process.pid}: {' '.join(words)[:200]}")
            process.kill()
    return found


if __name__ == "__main__":
    sys.exit(main())
