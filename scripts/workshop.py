"""What is to be seen in pictures and recordings: a small project, and five agents that work in it.

A scripted model says the agents' words; the files, the terminals, git and the gate are real.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from tests.journeys.person import Person  # noqa: E402
from tests.journeys.scripted_model import ScriptedModel, run, use  # noqa: E402

SETTINGS = """mode = "standard"
animations = false

[prices."tungsten-demo"]
input = 3
output = 15
"""

LEDGER = '''"""Invoices, and when they are settled."""

from datetime import time

SETTLED_AT = time(2, 30)


def total(lines):
    """Add up the lines of an invoice, in cents."""
    return sum(line["cents"] for line in lines)


def settled(now):
    """Whether the nightly settlement has run."""
    return now >= SETTLED_AT
'''

TESTS = """import unittest
from datetime import time

import ledger


class LedgerTest(unittest.TestCase):
    def test_total_adds_cents(self):
        self.assertEqual(ledger.total([{"cents": 250}, {"cents": 199}]), 449)

    def test_total_of_nothing(self):
        self.assertEqual(ledger.total([]), 0)

    def test_not_settled_at_midnight(self):
        self.assertFalse(ledger.settled(time(0, 0)))

    def test_settled_at_dawn(self):
        self.assertTrue(ledger.settled(time(6, 0)))
"""

REPORT = """days = {"Mon": 31, "Tue": 44, "Wed": 27, "Thu": 52, "Fri": 61, "Sat": 12, "Sun": 7}
print("\\033[1mInvoices settled\\033[0m")
for day, count in days.items():
    colour = 32 if count > 40 else 33 if count > 20 else 31
    print(f"{day}  \\033[{colour}m{'█' * (count // 3)}\\033[0m {count}")
"""

OLD_HOUR = LEDGER[LEDGER.index("SETTLED_AT =") :]
NEW_HOUR = '''SETTLED_AT = time(3, 15)
ON_MONDAYS = time(4, 0)


def total(lines):
    """Add up the lines of an invoice, in cents."""
    return sum(line["cents"] for line in lines)


def settled(now, monday=False):
    """Whether the nightly settlement has run; on Mondays it is later."""
    return now >= (ON_MONDAYS if monday else SETTLED_AT)
'''

LAST_TEST = TESTS[TESTS.index("    def test_settled_at_dawn") :]
ONE_MORE = """
    def test_later_on_mondays(self):
        self.assertFalse(ledger.settled(time(3, 30), monday=True))
"""

PUBLISH = (
    'python3 -m unittest -q && git add -A && git commit -qm "Settle at 03:15" '
    "&& git push --force origin main"
)
"""Four commands, of which one needs a person; shown at the gate, and there denied."""

TASKS = (
    "Run the ledger tests",
    "Draw a report of the week",
    "Open a Python prompt for me",
    "Publish the new hour",
)
"""What the agents are told, the first one's first; each prompt holds one script's text."""

PATIENCE = 120.0
"""Seconds that a step may take; a loaded machine takes its time."""

MOVE_HOUR = "Settlement moved to 03:15, mend the ledger"
"""What one more agent is told, which works in careful mode."""


def prepare(person: Person, model: ScriptedModel) -> None:
    """Write the project, and what the model will say about it."""
    for name, text in (("ledger.py", LEDGER), ("test_ledger.py", TESTS), ("report.py", REPORT)):
        (person.project / name).write_text(text)
    person.git(person.project, "add", ".")
    person.git(person.project, "commit", "-q", "-m", "Settle invoices at night")
    person.settings(SETTINGS)
    tests, report, prompt, publish = TASKS
    model.script(
        tests,
        run("python3 -m unittest -v"),
        "All four tests pass. `settled` is only tested at **midnight** and at **dawn**; the hour "
        "between is not covered:\n\n- 02:29 should not be settled\n- 02:30 should be\n\n"
        "Shall I add these two tests?",
    )
    model.script(
        report,
        run("git log --oneline && python3 report.py"),
        "Friday is the busiest day: 61 invoices were settled, five times as many as on Saturday.",
    )
    model.script(
        prompt,
        use("terminal_type", keys=["python3 -q", "Enter"]),
        "A Python prompt is open. `import ledger` works from there.",
    )
    model.script(
        publish,
        run(PUBLISH, why="replace what the remote has by the amended commit"),
        "I leave the remote as it is.",
    )
    model.script(
        MOVE_HOUR,
        use("file_edit", path="ledger.py", old_text=OLD_HOUR, new_text=NEW_HOUR),
        run("python3 -m unittest"),
        use("file_edit", path="test_ledger.py", old_text=LAST_TEST, new_text=LAST_TEST + ONE_MORE),
        run("python3 -m unittest"),
        "The hour is changed.",
    )


def begin(person: Person) -> None:
    """Open the app and start the agents, one after the other, each when the one before is done."""
    person.type("tungsten")
    person.press("Enter")
    person.wait("Say what to do", PATIENCE)
    tests, report, prompt, publish = TASKS
    person.do(tests)
    person.wait("two tests", PATIENCE)
    person.do("/rename tests")
    person.wait("✓ tests")
    start(person, "report", report)
    person.wait("Friday is", PATIENCE)
    start(person, "python", prompt)
    person.wait("prompt is open", PATIENCE)
    start(person, "publish", publish)
    person.wait("git push --force", PATIENCE)


def start(person: Person, name: str, task: str) -> None:
    """Start one more agent, by the dialog for it."""
    person.press("agent.new")
    person.wait("First task")
    person.press("Down")
    person.type(task)
    person.press("Down")
    person.type(name)
    person.wait(rf"Name +{name}")
    person.press("C-s")
    person.wait_gone("First task")
