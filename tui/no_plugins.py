"""Keeps libraries from loading what a front end has no use for.

Pydantic looks through all installed packages for plugins that observe validation; the search loads
the readers of packages, archives, mail and tables: a tenth of the app's memory, and of its time to
a live pane. Textual's text area loads tree-sitter where it is installed, to colour programs.
Asyncio and `secrets` load OpenSSL, another tenth; the app talks through Unix sockets, without TLS.
"""

from __future__ import annotations

import sys
from _operator import _compare_digest
from types import ModuleType

LOADER = "pydantic.plugin._loader"
"""Where pydantic 2 asks for its plugins; under another name, nothing but the search comes back."""


def without_plugins() -> None:
    """Have pydantic find no plugins, and no OpenSSL behind `secrets`, unless they are loaded."""
    if LOADER not in sys.modules:
        loader = ModuleType(LOADER, "No plugins.")
        loader.get_plugins = tuple  # type: ignore[attr-defined]
        sys.modules[LOADER] = loader
    if "hmac" not in sys.modules:
        # `secrets` takes one function from it: where there is no OpenSSL, this one.
        stand_in = ModuleType("hmac")
        stand_in.compare_digest = _compare_digest  # type: ignore[attr-defined]
        sys.modules["hmac"] = stand_in
        import secrets  # noqa: F401 - for pydantic

        del sys.modules["hmac"]


def without_parser() -> None:
    """Have Textual find no tree-sitter, as in an environment without it."""
    sys.modules.setdefault("tree_sitter", None)  # type: ignore[arg-type]


def without_tls() -> None:
    """Load asyncio as in an environment without OpenSSL; what imports `ssl` later finds it."""
    if "ssl" not in sys.modules:
        sys.modules["ssl"] = None  # type: ignore[assignment]
        import asyncio  # noqa: F401 - as long as it cannot find it

        del sys.modules["ssl"]
