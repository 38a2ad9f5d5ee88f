"""Where links lead: those on the disk, and those that the judged text makes."""

from __future__ import annotations

import os
import posixpath
import re
import stat

from agent.risk.paths import Ground, resolve
from agent.risk.shell.syntax import UNKNOWN


class Links:
    """Where symbolic links on the disk lead; remembers every directory it looked at."""

    __slots__ = ("_answers", "_directories", "_ground", "_made")

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._answers: dict[str, str | None] = {}
        self._directories: dict[str, tuple[str, bool]] = {"": ("", True)}
        """Directory → its real path and whether it is there."""
        self._made: dict[str, str] = {}

    def followed(self, path: str) -> str | None:
        """Where symbolic links lead from a path, in the words of the ground.

        Args:
            path: resolved; need not exist, then its directory is followed.

        Returns:
            The real path, None when it is the path itself or cannot be told.
        """
        if path in self._answers:
            return self._answers[path]
        answer: str | None = self._linked(path) if self._made else None
        if answer is not None:
            return answer
        if path[:1] == "/" and not _UNFOLLOWED.search(path):
            try:
                answer = self._named(self._real(path)[0], path)
            except (OSError, ValueError):
                answer = None
        self._answers[path] = answer
        return answer

    def make(self, path: str, target: str) -> None:
        """A command makes a link, symbolic or hard: from now on the path is the target."""
        if path != target and not f"{target}/".startswith(f"{path}/"):
            self._made[path] = target
            self._answers.clear()

    def _linked(self, path: str) -> str | None:
        above, below = path, ""
        while above:
            if above in self._made:
                return self._made[above] + below
            above, _, last = above.rpartition("/")
            below = f"/{last}{below}"
        return None

    def climbed(self, text: str, cwd: str) -> str | None:
        """Like `followed` for a path with `..` in it, which the system takes after the links."""
        if ".." not in text or UNKNOWN in text or not _CLIMBS.search(text):
            return None
        path = resolve(text, cwd, self._ground.home)
        if path[:1] != "/" or _UNFOLLOWED.search(path):
            return None
        if text.startswith("~/"):
            text = self._ground.home + text[1:]
        try:
            return self._named(os.path.realpath(posixpath.join(cwd, text)), path)
        except (OSError, ValueError):
            return None

    def _real(self, path: str) -> tuple[str, bool]:
        known = self._directories
        # Without recursion, because a path may have a great many components.
        waiting: list[str] = []
        at = len(path)
        while (head := path[:at]) not in known:
            waiting.append(head)
            at = head.rfind("/")
        real, there = known[head]
        for whole in reversed(waiting):
            real = f"{real}{whole[whole.rfind('/') :]}"
            if there:
                try:
                    if stat.S_ISLNK(os.lstat(real).st_mode):
                        real = os.path.realpath(real).rstrip("/")
                except OSError:
                    there = False
            known[whole] = (real, there)
        return real, there

    def _named(self, real: str, path: str) -> str | None:
        """Home and project may themselves be reached through links: keep their names."""
        if real == path:
            return None
        for place in (self._ground.project, self._ground.home):
            if place:
                base = self._real(place)[0]
                if f"{real}/".startswith(f"{base}/"):
                    real = place + real[len(base) :]
                    break
        return None if real == path else real or "/"


_UNFOLLOWED = re.compile(r"[*?\[\0]|^/(?:dev|proc|sys)/")
_CLIMBS = re.compile(r"[^/.][^/]*/+(?:\./+)*\.\.(?:/|$)")
