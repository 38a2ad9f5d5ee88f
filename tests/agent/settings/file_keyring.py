"""A backend of the library `keyring` for tests: real to its callers, kept in a file."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class Keyring(KeyringBackend):
    """Keeps passwords in the file that `TEST_KEYRING` names; `locked` and `silent` are its moods.

    A silent one answers nobody, as one does that waits for its person on a screen that nobody sees.
    """

    priority = 5  # type: ignore[assignment]
    mood = ""

    def _kept(self) -> dict[str, str]:
        if self.mood == "silent":
            threading.Event().wait()
        if self.mood == "locked":
            raise KeyringLocked("no secret of anybody belongs into this message")
        path = Path(os.environ["TEST_KEYRING"])
        kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        return kept

    def _write(self, kept: dict[str, str]) -> None:
        Path(os.environ["TEST_KEYRING"]).write_text(json.dumps(kept))

    def get_password(self, service: str, username: str) -> str | None:
        return self._kept().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._write({**self._kept(), f"{service} {username}": password})

    def delete_password(self, service: str, username: str) -> None:
        kept = self._kept()
        if kept.pop(f"{service} {username}", None) is None:
            raise PasswordDeleteError("there is none")
        self._write(kept)
