"""What an action gave, made fit for the model: masked, and cut with a mark where it is too long."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from agent.sessions.session import clean
from tungsten.recordings.masking import mask

MAX_CHARACTERS = 24_000
"""Longest text of one tool result: about 6,000 tokens."""

HEAD_SHARE = 0.4
"""Part of a cut text taken from its beginning; errors and summaries stand at the end."""


class Outputs:
    """Keeps what was cut, as files that the agent can page with `file_read`."""

    def __init__(self, directory: Path, *, inherited: Sequence[Path] = ()) -> None:
        """`inherited`: directories of those whose conversation is the beginning of this one."""
        self.directory = directory
        self._inherited = inherited

    def hold(self, path: Path) -> bool:
        """Whether a file is one that its own conversation names; `path` is resolved."""
        places = (self.directory, *self._inherited)
        return any(path.is_relative_to(place.resolve()) for place in places)

    def fit(self, text: str, name: str, limit: int = MAX_CHARACTERS) -> str:
        """Mask secrets; store a text that is too long and give its two ends instead.

        Args:
            text: whole.
            name: for the file, unique within the session.
            limit: most characters kept.
        """
        text = mask(clean(text))
        if len(text) <= limit:
            return text
        head = text[: int(limit * HEAD_SHARE)]
        tail = text[-(limit - len(head)) :]
        left = len(text) - len(head) - len(tail)
        where = self._keep(text, name)
        return f"{head}\n[… {left:,} of {len(text):,} characters cut; {where} …]\n{tail}"

    def path(self, name: str, ending: str) -> Path:
        """Where a file of this name goes, whatever characters the name has."""
        safe = re.sub(r"[^\w.-]", "_", name)[:80] or "output"
        return self.directory / f"{safe}.{ending}"

    def _keep(self, text: str, name: str) -> str:
        path = self.path(name, "txt")
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            return f"the rest could not be stored ({error.strerror})"
        return f"the whole text is in {path}, read it with file_read"
