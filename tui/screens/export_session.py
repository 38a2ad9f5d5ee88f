"""Into which file a session is written."""

from __future__ import annotations

from pathlib import Path

from tui.gate.host import send
from tui.screens.place import PlaceScreen


class ExportSession(PlaceScreen):
    """Writes a session as Markdown; a file that is there is only replaced at a second Enter.

    Args:
        session_id: which one.
        name: what it is called.
    """

    def __init__(self, session_id: str, name: str) -> None:
        from agent.sessions.session_export import file_name

        self._session_id = session_id
        self._may_replace: Path | None = None
        super().__init__(
            f"Export {name}",
            "What was said and done in it, as Markdown. Secrets are masked, and only you can read "
            "the file.",
            "write it",
            Path.home(),
            f"~/{file_name(name, session_id)}",
            self._write,
            what="file",
        )

    async def _write(self, path: Path) -> tuple[str, str]:
        from agent.protocol.commands import sessions

        overwrite = path == self._may_replace
        command = sessions.ExportSession(
            agent_id=self._session_id, file=str(path), overwrite=overwrite
        )
        result, problem = await send(self, command)
        if problem:
            return "", problem
        if result["exists"]:
            self._may_replace = path
            return "", f"{path} is there already. Enter once more replaces it."
        return f"Written to {path}, readable by you only", ""
