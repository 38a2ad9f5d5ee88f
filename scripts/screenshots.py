"""Makes the pictures in screenshots/: the real app in a real tmux, the demo running in it.

Usage: python scripts/screenshots.py [FOLDER]. Each picture is taken at three sizes.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import workshop  # noqa: E402
from draw_screen import capture  # noqa: E402

from tests.journeys.person import PROGRAM, Person  # noqa: E402
from tests.journeys.scripted_model import ScriptedModel  # noqa: E402

SIZES = ((80, 24), (120, 40), (200, 50))


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "screenshots"
    folder.mkdir(exist_ok=True)
    for columns, rows in SIZES:
        person = Person(columns, rows, COLORTERM="truecolor")
        try:
            walk(person, partial(take, person, folder))
        finally:
            person.leave()
        with ScriptedModel() as model:
            person = Person(columns, rows, COLORTERM="truecolor", **model.variables)
            try:
                workshop.prepare(person, model)
                look_round(person, partial(take, person, folder))
            finally:
                person.leave()


REMEMBERED = (
    "The nightly settlement job starts at 02:30.",
    "The nightly settlement job starts at 03:15.",
    "Invoice service: written in Kotlin",
    "The invoice service is written in Kotlin.",
    "Staging listens on port 5433; production is read only.",
    "I like short answers, and tests before code.",
    "Release notes say what people notice, in their words, one line each.",
)
"""What the person has remembered at a shell, for the last pictures."""


def remember(person: Person) -> None:
    """Remember something, and have it put in order."""
    for words in (*(("memory", "add", text) for text in REMEMBERED), ("dream", "apply")):
        subprocess.run(
            [PROGRAM, *words],
            env=person.environment,
            cwd=person.project,
            check=True,
            capture_output=True,
        )


def take(person: Person, folder: Path, name: str) -> None:
    """Picture the screen as it is now."""
    path = folder / f"{name}-{person.columns}x{person.rows}.png"
    capture(str(person.socket), path)
    print(path.name)


def walk(person: Person, take: Callable[[str], None]) -> None:
    """From the first screen through the demo to its end."""
    person.start()
    person.wait("Built-in demo model")
    person.settle()
    take("first-run")
    person.press("Enter")
    person.wait("git push --force", timeout=90)
    person.settle()
    take("gate")
    person.press("Escape")
    person.wait_gone("A approve")
    person.press("M-1")
    person.settle()
    take("cockpit")
    person.press("C-g")
    person.settle()
    take("inbox")
    for key, name in (
        ("F1", "help"),
        ("C-p", "palette"),
        ("C-n", "new-agent"),
        ("M-u", "usage"),
    ):
        person.press("Escape")
        person.settle()
        person.press(key)
        person.settle()
        take(name)
    person.press("Escape")
    person.settle()
    person.press("M-3")
    person.settle()
    person.press("C-g")
    person.wait("what waits for you")
    person.press("Enter")
    person.wait("A approve")
    person.settle()
    person.press("d")
    person.wait("Done differently", timeout=60)
    person.settle()
    take("done")
    remember(person)
    for key, name in (("M-r", "memories"), ("M-z", "dream")):
        person.press(key)
        person.settle()
        take(name)
        person.press("Escape")
        person.settle()


def look_round(person: Person, take: Callable[[str], None]) -> None:
    """Several agents, one of them at the gate: the grid, searches, the gate's views, themes."""

    def show(name: str, *keys: str) -> None:
        for key in keys:
            person.press(key)
            person.settle()
        take(name)

    workshop.begin(person)
    person.settle()
    # Held until nothing follows it, as every letter of a gate.
    person.press("gate.tree")
    person.wait("← HIGH")
    show("gate-tree")
    person.press("Escape")
    person.wait_gone("A approve")
    show("grid", "view.grid")
    person.press("Escape")
    person.settle()
    person.press("agent.1")
    person.wait("two tests")
    person.press("focus.next", "conversation.search")
    person.type("tests")
    show("search", "Enter")
    person.press("Escape")
    person.settle()
    person.press("conversation.prompt")
    person.do("/tour")
    person.wait("What you see")
    show("tour", "Right", "Right")
    person.press("Escape")
    person.settle()
    person.press("agent.sessions")
    person.settle()
    person.type("settled")
    person.settle()
    take("sessions")
    person.press("Escape")
    person.settle()
    show("usage-bars", "app.usage", "Down")
    person.press("Escape")
    person.settle()
    for theme in ("light", "ansi-16", "dark"):
        person.do(f"/theme {theme}")
        person.settle()
        if theme != "dark":
            take(f"cockpit-{theme}")
    workshop.start(person, "hours", "")
    person.do("/mode careful")
    person.wait("careful *$|careful *\\n")
    person.do(workshop.MOVE_HOUR)
    person.wait("a approve", workshop.PATIENCE)
    person.settle()
    take("gate-sides")
    for seen in ("run a command", "write a file", "run a command"):
        person.press("a")
        person.wait(rf"wants to {seen}(?s:.*)a approve", workshop.PATIENCE)
        person.settle()
    person.press("gate.always")
    person.wait("would have")
    show("gate-always")


if __name__ == "__main__":
    main()
