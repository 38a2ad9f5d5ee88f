"""An engine of their own, for tests that host what others have published."""

from __future__ import annotations

from tests.agent.conftest import connect, home, paths, short_dir

__all__ = ["connect", "home", "paths", "short_dir"]
