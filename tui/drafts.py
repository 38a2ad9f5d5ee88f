"""What the app remembers by itself: half-written prompts and the layout, in one small file.

The file is replaced atomically, so that `kill -9` at any moment leaves the last whole version.
Several apps may share it: each writes only the keys it changed.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from agent.regular_file import read_regular

MAX_BYTES = 64 * 1024 * 1024
"""Far longer than whatever was typed."""


class InterfaceState:
    """Drafts by agent, and a few choices, kept in a file.

    Values are plain JSON. A missing or unreadable file reads as empty: nothing in it is worth
    stopping the app for.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values = self._read()
        self._changed: dict[str, Any] = {}

    def get(self, key: str, default: Any = None) -> Any:
        """Read a value; `default` when there is none."""
        return self._values.get(key, default)

    def set(self, key: str, value: Any) -> bool:
        """Change a value (None forgets it); says whether anything is to be saved."""
        if self._values.get(key) == value:
            return bool(self._changed)
        self._changed[key] = value
        if value is None:
            self._values.pop(key, None)
        else:
            self._values[key] = value
        return True

    def save(self) -> None:
        """Write what changed since the last time.

        Raises:
            OSError: the file can't be written; the changes are kept for the next attempt.
        """
        if not self._changed:
            return
        values = self._read()
        for key, value in self._changed.items():
            if value is None:
                values.pop(key, None)
            else:
                values[key] = value
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="surrogatepass") as file:
                file.write(text)
            Path(name).replace(self._path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
        self._changed.clear()

    def _read(self) -> dict[str, Any]:
        try:
            text = read_regular(self._path, MAX_BYTES).decode("utf-8", "surrogatepass")
            values = json.loads(text)
        except (OSError, ValueError):
            return {}
        return values if isinstance(values, dict) else {}


def draft_key(agent_id: str) -> str:
    """Name the draft of an agent; the empty id is the prompt without an agent."""
    return f"draft:{agent_id}"
