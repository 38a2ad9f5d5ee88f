"""docs/keys.md and docs/configuration.md say what the code says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from agent.settings.config import Config
from tui.keys import actions

ROOT = Path(__file__).parents[2]


def test_the_reference_pages_are_as_they_would_be_written() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/reference_docs.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_they_leave_nothing_out() -> None:
    keys = (ROOT / "docs" / "keys.md").read_text(encoding="utf-8")
    for action in actions.DEFAULTS:
        assert f"| `{action.id}` |" in keys
    settings = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for name in Config.model_fields:
        if name not in {"api_key", "auth_token"}:
            assert name in settings
