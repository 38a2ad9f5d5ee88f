"""Whose project instructions carry the operator's authority: those that the person wrote or trusts.

A model follows what a system message says as it follows whoever runs the program ("Not a place for
untrusted content", mid-conversation system messages in the API's documentation). So every file
counts that the instructions are made of, and every link on the way to one; where it cannot be
known who wrote one of them, none of them has it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from agent.instructions import Instructions
from agent.services import Services


async def may_instruct(found: Instructions, project: Path | None, services: Services) -> bool:
    """Whether instructions are all the person's: files of their own, or of a project they trust.

    What an agent wrote never is; what a line of one unpacked, fetched or had git bring is once the
    person trusts the project anew.

    Args:
        found: as they are on disk now.
        project: the tree that they lie in; None where it is no project.
        services: which know what is trusted, and what agents wrote and brought.
    """
    if found.has_other_names or not found.read.isdisjoint(services.written):
        # An agent must not give itself authority.
        return False
    since: float | None = 0.0
    if any(file.path.parent != services.paths.config for file in found.files):
        directories = services.database.directories
        since = None if project is None else await directories.trusted_since(project)
    if since is None:
        return False
    return not await asyncio.to_thread(services.brought.may_be, found.read, since)
