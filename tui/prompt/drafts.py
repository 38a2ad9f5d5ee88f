"""What the app remembers by itself: prompts not taken by the engine yet, the layout; in one file.

The file is replaced atomically, so that `kill -9` at any moment leaves the last whole version.
Several apps may share it: each writes only the keys it changed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from agent.files.regular_file import read_regular

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
        self._unanswered: dict[str, list[str]] = {}
        self._number = 0
        self._edited: list[Path] = []
        """Files of editors whose texts are among what changed."""

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
        while self._edited:
            with contextlib.suppress(OSError):
                self._edited.pop().unlink()

    def sent(self, agent_id: str, text: str) -> int:
        """Keep a prompt until `answered`: whoever ends first, app or engine, it is not lost.

        Returns the number to name to `answered`.
        """
        self._number += 1
        self._unanswered = {**self._unanswered, str(self._number): [agent_id, text]}
        self.set(_sent_key(os.getpid()), self._unanswered)
        return self._number

    def answered(self, number: int) -> None:
        """Let go of a prompt: the engine took it, or it stands in the prompt again."""
        kept = {key: sent for key, sent in self._unanswered.items() if key != str(number)}
        self._unanswered = kept
        self.set(_sent_key(os.getpid()), kept or None)

    def take_back(self) -> bool:
        """Put prompts that apps which ended had no answer to before the drafts of their agents.

        Returns whether there were any. Nobody knows whether the engine still took them, so that
        only the person may send them again.
        """
        found = False
        for key in [key for key in self._values if key.startswith(_SENT)]:
            process = key.removeprefix(_SENT)
            if process.isdecimal() and int(process) != os.getpid() and _runs(int(process)):
                continue
            sent = self._values[key]
            # Each goes before what is there, so that the first one comes to stand first.
            for agent_id, text in reversed(_texts(sent)):
                found = True
                self.put_before(draft_key(agent_id), text)
            self.set(key, None)
        return found

    def take_edited(self) -> bool:
        """Put what stood in editors whose apps were killed where Up finds it with their agents.

        Returns whether there was anything that is not the draft itself.
        """
        found = False
        for path in sorted(self._path.parent.glob(".prompt-*.md")):
            name = _EDITED.fullmatch(path.name)
            if name is None or (int(name[1]) != os.getpid() and _runs(int(name[1]))):
                continue
            try:
                text = read_regular(path, MAX_BYTES).decode("utf-8", "replace").removesuffix("\n")
            except OSError:
                continue
            self._edited.append(path)
            kept = self.get(draft_key(name[2]), "")
            draft = kept if isinstance(kept, dict) else {"text": kept}
            aside = draft.get("aside")
            others = aside if isinstance(aside, list) else []
            if text.strip() and text not in (draft.get("text"), *others):
                found = True
                self.set(draft_key(name[2]), {**draft, "aside": [*others, text]})
        return found

    def put_before(self, key: str, text: str) -> None:
        """Put a text before the draft that is kept, on lines of its own."""
        draft = self.get(key)
        if isinstance(draft, dict) and isinstance(draft.get("text"), str):
            self.set(key, {**draft, "text": f"{text}\n{draft['text']}"})
        else:
            self.set(key, f"{text}\n{draft}" if isinstance(draft, str) and draft else text)

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


def layout_key(directory: Path) -> str:
    """Name the layout of the project that holds a directory: its repository, or the directory.

    Touches the disk once for each directory above.
    """
    for candidate in (directory, *directory.parents):
        # `.git` is a file in a work tree of its own, which has a layout of its own.
        if os.path.lexists(candidate / ".git"):
            return f"layout:{candidate}"
    return f"layout:{directory}"


def edited_prefix(agent_id: str) -> str:
    """Begin the name of a file in which this app has a draft of an agent edited."""
    return f".prompt-{os.getpid()}-{agent_id}-"


_EDITED = re.compile(r"\.prompt-(\d+)-(\w*)-\w+\.md")

_SENT = "sent:"


def _sent_key(process: int) -> str:
    """Name what one app has sent; each has a key of its own, since each writes only its own."""
    return f"{_SENT}{process}"


def _texts(sent: Any) -> list[tuple[str, str]]:
    """Read agents and texts, in the order in which they were sent."""
    if not isinstance(sent, dict):
        return []
    found = []
    for entry in sent.values():
        match entry:
            case [str(agent_id), str(text)]:
                found.append((agent_id, text))
            case _:
                pass
    return found


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
