from __future__ import annotations

from pathlib import Path

import pytest

from agent.risk import Context

HOME = Path("/home/dev")
PROJECT = HOME / "project"


@pytest.fixture(scope="session")
def context() -> Context:
    """A developer in a trusted project that need not exist."""
    return Context(cwd=PROJECT, home=HOME, project=PROJECT)
