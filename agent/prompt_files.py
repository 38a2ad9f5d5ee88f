"""The Markdown files that tell the model how to work: those shipped, or the person's own.

A file of the same name below the person's configuration directory (`prompts/system.md`,
`prompts/tools/terminal_run.md`) takes the place of the shipped one for sessions born later. A
session that has begun keeps its prompts, and is told where its tools changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PromptFiles:
    """Reads prompts by name, for instance `system` or `tools/file_read`."""

    overrides: Path | None = None

    def read(self, name: str) -> str:
        """Give the text of a prompt, without blank lines around it.

        Raises:
            FileNotFoundError: no such prompt is shipped or overridden.
        """
        if self.overrides is not None:
            own = self.overrides / f"{name}.md"
            if own.is_file():
                return own.read_text(encoding="utf-8", errors="replace").strip()
        shipped = resources.files("agent").joinpath("prompts", *f"{name}.md".split("/"))
        return shipped.read_text(encoding="utf-8").strip()

    def tool(self, name: str) -> str:
        """Give the description of a tool."""
        return self.read(f"tools/{name}")
