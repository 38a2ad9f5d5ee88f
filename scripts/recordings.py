"""Makes docs/recordings/: three jobs as a person does them, recorded by the project's own recorder.

Usage: python scripts/recordings.py [FOLDER]. The real program runs in a real tmux; a person types.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import workshop  # noqa: E402

from tests.journeys.person import AT_THE_SHELL, Person  # noqa: E402
from tests.journeys.scripted_model import ScriptedModel  # noqa: E402
from tungsten.recordings import asciicast  # noqa: E402

SIZES = {"first_gate": (80, 24), "grid": (100, 28), "playbook": (80, 24)}
"""Columns and rows of each job's terminal."""

LOOK = 1.5
"""Seconds in which whoever watches reads what has just come up."""

MOST_BYTES = 200_000
"""A recording is kept in the repository: no larger than this."""

PLAYBOOK = """name: Release check
about: the tests pass and the report can be drawn
steps:
  - run: python3 -m unittest
  - run: git log --oneline
  - run: python3 report.py
  - expect: {text: Invoices settled}
"""


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "recordings"
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    for job in JOBS:
        with ScriptedModel() as model:
            columns, rows = SIZES[job.__name__]
            variables = {} if job is first_gate else model.variables
            person = Person(columns, rows, **variables)
            try:
                workshop.prepare(person, model)
                if job is grid:
                    workshop.begin(person)
                    person.press("Escape")
                    person.wait_gone("A approve")
                    person.quit()
                    person.press("C-l")
                _record(person, job, folder / f"{job.__name__.replace('_', '-')}.cast")
            finally:
                person.leave()


def first_gate(person: Person) -> None:
    """From the first start to the first gate that is decided."""
    person.settings("animations = false\n")
    write(person, "tungsten")
    person.wait("Built-in demo model", workshop.PATIENCE)
    time.sleep(LOOK)
    person.press("Enter")
    person.wait(r"(?s)git push --force.*A approve", workshop.PATIENCE)
    time.sleep(2 * LOOK)
    person.press("d")
    person.wait_gone("A approve")
    time.sleep(2 * LOOK)


def grid(person: Person) -> None:
    """All terminals at once, typing into one of them, and into an agent."""
    write(person, "tungsten")
    person.wait("A approve", workshop.PATIENCE)
    time.sleep(LOOK)
    person.press("Escape")
    person.wait_gone("A approve")
    person.press("view.grid")
    person.wait("Grid +4 all")
    person.settle()
    time.sleep(LOOK)
    person.press("3")
    person.wait("▎3")
    time.sleep(LOOK)
    person.press("t")
    person.wait("you type here")
    for line in ("import ledger", "ledger.total([{'cents': 250}, {'cents': 199}])"):
        write(person, line)
    person.wait("449")
    time.sleep(LOOK)
    person.press("pane.return")
    person.wait_gone("you type here")
    time.sleep(LOOK)
    person.press("1")
    person.wait("▎1")
    person.press("Enter")
    person.wait("two tests")
    time.sleep(LOOK)
    person.press("app.quit")
    person.wait(AT_THE_SHELL)


def playbook(person: Person) -> None:
    """Terminal work that was written down once, played without a screen and without a model."""
    (person.project / "check.yaml").write_text(PLAYBOOK)
    write(person, "cat check.yaml")
    time.sleep(2 * LOOK)
    write(person, "tungsten play check.yaml; echo exit status $?")
    person.wait(r"exit status \d")
    time.sleep(LOOK)
    write(person, "tungsten risk explain 'git push --force origin main'")
    person.wait(AT_THE_SHELL)
    time.sleep(2 * LOOK)


JOBS = (first_gate, grid, playbook)


def write(person: Person, line: str) -> None:
    """Type a line as fast as people do, and press Enter."""
    for character in line:
        person.type(character)
        time.sleep(0.04)
    time.sleep(0.3)
    person.press("Enter")


def _record(person: Person, job: Callable[[Person], None], path: Path) -> None:
    raw = person.root / path.name
    # What is recorded is the terminal that the person sits at: tmux sends it only what changes,
    # a fraction of what the program draws; 256 colours take less room than all, and this
    # terminal's blanks less than spaces.
    person.emulator("set-option", "-g", "default-terminal", "xterm-256color")
    person.emulator("respawn-pane", "-k", "-t", "%0")
    person.when(lambda: person.attached, "the client")
    person.wait(AT_THE_SHELL)
    _by_hand(person, "record", "%0", str(raw), "--title", (job.__doc__ or "").strip(), "--detach")
    job(person)
    _by_hand(person, "record", "%0", str(raw), "--stop")
    path.unlink(missing_ok=True)
    _by_hand(person, "export", str(raw), str(path))
    path.chmod(0o644)
    check(path)
    print(f"{path.name}  {path.stat().st_size:,} bytes  {asciicast.length(path):.0f} s")


def _by_hand(person: Person, *words: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "tungsten", "--socket", str(person.around), *words],
        env=person.environment,
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    )


def check(path: Path) -> None:
    """Refuse a recording that is too large, or that tells where it was made.

    Raises:
        ValueError: it is, or does.
    """
    import socket

    text = path.read_text()
    if len(text.encode()) > MOST_BYTES:
        raise ValueError(f"{path}: {len(text.encode()):,} bytes")
    for told in (str(ROOT), str(Path.home()), socket.gethostname()):
        if told.strip("/") and f"{told}" in text:
            raise ValueError(f"{path}: tells {told}")


if __name__ == "__main__":
    main()
