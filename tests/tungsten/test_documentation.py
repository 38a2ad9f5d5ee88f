"""What the documentation of the package shows, run as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "terminal.md").read_text("utf-8")


def test_the_example_prints_what_it_says(
    tmp_path: Path, runtime: Path, environment: dict[str, str]
) -> None:
    found = re.search(r"```python\n(.*?)```\n\n```\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    program = tmp_path / "example.py"
    program.write_text(found[1])
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=runtime,
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert (done.stdout, done.stderr) == (found[2], "")
