"""The Markdown files that tell the model how to work: those shipped, or the person's own.

A file of the same name below the person's configuration directory (`prompts/system.md`,
`prompts/tools/terminal_run.md`) takes the place of the shipped one for sessions born later. A
session that has begun keeps its prompts, and is told where its tools changed. Roles
(`prompts/coordinator.md`, `prompts/worker.md`) are read anew each time they are given; a project
may have its own below `.tungsten`, which count where the person trusts its directory.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from agent.files.regular_file import read_regular

IN_PROJECT = Path(".tungsten", "prompts")
"""Where a project keeps prompts of its own, below its top directory."""

MAX_BYTES = 64 * 1024
"""Longest part of a person's or a project's file that is read."""


@dataclass(frozen=True, slots=True)
class PromptFiles:
    """Reads prompts by name, for instance `system` or `tools/file_read`."""

    overrides: Path | None = None

    def read(self, name: str, project: Path | None = None) -> str:
        """Give the text of a prompt, without blank lines around it.

        Args:
            name: without its ending.
            project: top directory of a trusted project, whose file comes before the person's. One
                that leads out of the project by a link is not read.

        Raises:
            FileNotFoundError: no such prompt is shipped or overridden.
            OSError: a file that is there cannot be read.
        """
        if project is not None:
            theirs = project / IN_PROJECT / f"{name}.md"
            if theirs.is_file() and theirs.resolve().is_relative_to(project.resolve()):
                return _text(theirs)
        if self.overrides is not None:
            own = self.overrides / f"{name}.md"
            if own.is_file():
                return _text(own)
        shipped = resources.files("agent").joinpath("prompts", *f"{name}.md".split("/"))
        return shipped.read_text(encoding="utf-8").strip()

    def tool(self, name: str) -> str:
        """Give the description of a tool."""
        return self.read(f"tools/{name}")


def _text(path: Path) -> str:
    return read_regular(path, MAX_BYTES).decode(errors="replace").strip()
