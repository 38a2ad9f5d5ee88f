"""Keeps libraries from loading what a front end has no use for.

Pydantic looks through all installed packages for plugins that observe validation; the search loads
the readers of packages, archives, mail and tables: a tenth of the app's memory, and of its time to
a live pane. Textual's text area loads tree-sitter where it is installed, to colour programs.
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


def without_parser() -> None:
    """Have Textual find no tree-sitter, as in an environment without it."""
    sys.modules.setdefault("tree_sitter", None)  # type: ignore[arg-type]
