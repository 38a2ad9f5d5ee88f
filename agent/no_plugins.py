"""Keeps pydantic from looking through all installed packages for plugins that observe validation.

The search loads the readers of packages, archives, mail and tables: a tenth of the app's memory,
and a twentieth of the time to a live engine. Nothing of ours is a plugin.
"""

from __future__ import annotations

import sys
from types import ModuleType

LOADER = "pydantic.plugin._loader"
"""Where pydantic 2 asks for its plugins; under another name, nothing but the search comes back."""


def without_plugins() -> None:
    """Have pydantic find no plugins, unless they are loaded already."""
    if LOADER not in sys.modules:
        loader = ModuleType(LOADER, "No plugins.")
        loader.get_plugins = tuple  # type: ignore[attr-defined]
        sys.modules[LOADER] = loader
