"""Whose project instructions carry the operator's authority: those that the person wrote or trusts.

A model follows what a system message says as it follows whoever runs the program ("Not a place for
untrusted content", mid-conversation system messages in the API's documentation).
"""

from __future__ import annotations

from pathlib import Path

from agent.instructions import Instructions
from agent.services import Services


async def may_instruct(found: Instructions, project: Path | None, services: Services) -> bool:
    """Whether instructions are all the person's: files of their own, or of a project they trust.

    Args:
        found: as they are on disk now.
        project: the tree that they lie in; None where it is no project.
        services: which know what is trusted, and what agents wrote.
    """
    paths = [file.path for file in found.files]
    if any(path in services.written for path in paths):
        # An agent must not give itself authority.
        return False
    if all(path.parent == services.paths.config for path in paths):
        return True
    return project is not None and await services.database.directories.is_trusted(project)
