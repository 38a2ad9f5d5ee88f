"""Keeps pydantic from looking through all installed packages for plugins of its own.

Its plugins observe validation; a front end has no use for them, and the search loads the readers
of packages, archives, mail and tables: a tenth of the app's memory, and of its time to a live pane.
"""

from __future__ import annotations

import sys
from types import ModuleType

LOADER = "pydantic.plugin._loader"
"""Where pydantic 2 asks for its plugins; under another name, nothing but the search comes back."""


def without_plugins() -> None:
    """Answer pydantic's question for plugins with none, if it has not been asked yet."""
    if LOADER not in sys.modules:
        loader = ModuleType(LOADER, "No plugins.")
        loader.get_plugins = tuple  # type: ignore[attr-defined]
        sys.modules[LOADER] = loader
