"""The files of the demo's repository: a small project with a real bug that its tests find."""

from __future__ import annotations

FILES = {
    "README.md": """\
# Tea

How long tea steeps, and how that reads on a kitchen clock.

    python3 -m unittest
""",
    ".gitignore": "__pycache__/\n",
    "tea/__init__.py": '"""Tea, steeped for the right time."""\n',
    "tea/steep.py": '''\
"""Steeping times."""

SECONDS = {"white": 60, "green": 120, "oolong": 185, "black": 240}


def steep_seconds(kind, cups=1):
    """Seconds for one pot; every further cup takes ten seconds more."""
    if kind not in SECONDS:
        raise ValueError(f"no tea called {kind!r}")
    return SECONDS[kind] + 10 * (cups - 1)
''',
    "tea/clock.py": '''\
"""The kitchen clock."""


def as_clock(seconds):
    """Minutes and seconds as a clock shows them, for instance 3:05."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}:{rest}"
''',
    "tests/__init__.py": "",
    "tests/test_tea.py": """\
import unittest

from tea.clock import as_clock
from tea.steep import steep_seconds


class TeaTest(unittest.TestCase):
    def test_each_further_cup_takes_longer(self):
        self.assertEqual(steep_seconds("black", cups=3), 260)

    def test_unknown_tea_is_an_error(self):
        with self.assertRaises(ValueError):
            steep_seconds("coffee")

    def test_whole_minutes(self):
        self.assertEqual(as_clock(630), "10:30")

    def test_seconds_have_two_digits(self):
        self.assertEqual(as_clock(185), "3:05")


if __name__ == "__main__":
    unittest.main()
""",
}

PUSHED_CHANGES = "# Changes\n\n- Oolong steeps for 185 secnods. TODO: ask Mei\n"
"""CHANGES.md as it was pushed, to be amended afterwards."""

AMENDED_CHANGES = "# Changes\n\n- Oolong steeps for 185 seconds.\n"
