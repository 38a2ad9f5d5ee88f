"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# No test asserts a time, and on a busy machine one example may take long.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
