"""What the first frame imports stays small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("module", ["tui.terminal.pane_view", "tui.gate.keyboard"])
def test_needs_no_models_and_no_tmux_library(module: str) -> None:
    code = (
        f"import sys, {module}; "
        "print(sorted({'pydantic', 'libtmux', 'anthropic', 'aiosqlite'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
