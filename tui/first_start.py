"""Whether this is a start without a model: told from the disk, before there is an engine to ask."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from agent.files.regular_file import read_regular

if TYPE_CHECKING:
    from agent.paths import Paths

CHOOSING = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL")
"""The variables of which one is enough; see `agent.settings.models`."""

MOST_SETTINGS = 1_000_000
"""Bytes of settings that are looked through; no person writes more."""


def without_model(paths: Paths, environment: Mapping[str, str]) -> bool:
    """Say whether the engine that this app will start certainly has no model.

    False where an engine may run already, since it was started elsewhere; and in doubt: then the
    engine's own word decides.
    """
    return not (
        any(environment.get(name) for name in CHOOSING)
        or paths.credentials_file.exists()
        or paths.engine_socket.exists()
        or _may_name_endpoint(paths.config_file)
    )


def _may_name_endpoint(settings: Path) -> bool:
    try:
        return b"base_url" in read_regular(settings, MOST_SETTINGS)
    except FileNotFoundError:
        return False
    except OSError:
        return True
