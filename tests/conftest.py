"""What holds for all tests."""

from __future__ import annotations

import os

from hypothesis import settings

# No test asserts a time, and on a busy machine one example may take long.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# Pictures of the app are compared in all colours, whatever terminal the tests run in.
os.environ["COLORTERM"] = "truecolor"
