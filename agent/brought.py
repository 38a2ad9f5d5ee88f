"""When agents' lines put files in place that nobody here had written, and where."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from memory.directories import git_top_level

SLACK = 1.0
"""Seconds by which the time of a file may be earlier than the line that made it: the system counts
the times of files in ticks of its own."""


@dataclass(slots=True)
class Brought:
    """What the lines of all agents brought, in this engine and earlier ones.

    Attributes:
        fetched: directories whose contents came from elsewhere or out of an archive, each with
            when a line last did so, in seconds since the epoch.
        trees: directories below which a line may have changed any file, for one in a work tree of
            git all of that, with when it began.
    """

    fetched: dict[str, float] = field(default_factory=dict)
    trees: dict[str, list[float]] = field(default_factory=dict)

    def note(self, at: float, fetched: Iterable[str], trees: Iterable[str]) -> None:
        """Note what a line brings that begins at a moment."""
        self.fetched.update(dict.fromkeys(fetched, at))
        for tree in trees:
            self.trees.setdefault(tree, []).append(at)

    def may_be(self, paths: Iterable[Path], since: float) -> bool:
        """Whether one of some paths may be what a line brought at or after a moment.

        Where something was fetched, anything below may be. What git and archives leave alone is
        as it was; so of the trees only what changed after the line began.
        """
        paths = tuple(paths)
        for root, at in self.fetched.items():
            if at >= since and any(path.is_relative_to(root) for path in paths):
                return True
        for tree, times in self.trees.items():
            first = min((at for at in times if at >= since), default=None)
            if first is None:
                continue
            top = git_top_level(Path(tree)) or Path(tree)
            if any(path.is_relative_to(top) and _changed(path, first) for path in paths):
                return True
        return False


def _changed(path: Path, since: float) -> bool:
    """Whether a file, or a link, changed since; what cannot be looked at may have."""
    try:
        # No program can set this time back.
        found = os.lstat(path)
    except OSError:
        return True
    return not stat.S_ISDIR(found.st_mode) and found.st_ctime >= since - SLACK
