"""What holds for all tests."""

from __future__ import annotations

import gc
import os

from hypothesis import settings

# No test asserts a time, and on a busy machine one example may take long.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# Pictures of the app are compared in all colours, whatever terminal the tests run in.
os.environ["COLORTERM"] = "truecolor"

# Whoever runs the tests may have a keyring; it is not theirs to write to.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"

# Thousands of tests and all that they import stay to the end: the collector need not look at them
# while they are made, nor again and again while they run.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()
