"""Keeps libraries from loading what a front end has no use for.

Textual's text area loads tree-sitter where it is installed, to colour programs. Asyncio and
`secrets` load OpenSSL, a tenth of the app's memory; the app talks through Unix sockets, without
TLS. For pydantic's plugins see `agent.no_plugins`.
"""

from __future__ import annotations

import sys
from _operator import _compare_digest
from types import ModuleType

from agent import no_plugins


def without_plugins() -> None:
    """Have pydantic find no plugins, and no OpenSSL behind `secrets`, unless they are loaded."""
    no_plugins.without_plugins()
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
