"""Refuses to build a distribution that would ship a file nobody meant to ship."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGES = ("agent", "memory", "tui", "tungsten")
ALLOWED_SUFFIXES = frozenset({".md", ".py", ".sh", ".sql", ".tcss"})
ALLOWED_NAMES = frozenset({"py.typed", "tmux.conf", "tungsten.js"})
PROFILES = Path("agent/hosted/profiles")
"""Where TOML is shipped; anywhere else it might be somebody's settings."""
IGNORED_DIRECTORIES = frozenset({"__pycache__"})


class AllowList(BuildHookInterface[Any]):
    """Checks every file of the packages against the kinds of file that they may hold."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Stop the build, naming each file that is not on the list.

        Raises:
            ValueError: the packages hold such files.
        """
        if version == "editable":
            return  # nothing is shipped: the packages are used where they are
        strays = [str(path) for path in strays_below(Path(self.root))]
        if strays:
            raise ValueError(
                "not on the list of files to ship (hatch_build.py): " + ", ".join(sorted(strays))
            )


def strays_below(root: Path) -> list[Path]:
    """Files of the packages, relative to `root`, that a distribution must not hold."""
    found = []
    for package in PACKAGES:
        for path in (root / package).rglob("*"):
            relative = path.relative_to(root)
            if path.is_dir() and not path.is_symlink():
                continue
            if IGNORED_DIRECTORIES.intersection(relative.parts):
                continue
            hidden = any(part.startswith(".") for part in relative.parts)
            allowed = path.suffix in ALLOWED_SUFFIXES or path.name in ALLOWED_NAMES
            profile = path.suffix == ".toml" and relative.parent == PROFILES
            if hidden or path.is_symlink() or not (allowed or profile):
                found.append(relative)
    return found
