"""Which profile a new program has: the one that was chosen, or the one that its command names."""

from __future__ import annotations

from typing import Any

from agent.hosted.profile_files import profile_files
from agent.paths import Paths
from agent.protocol.commands.agents import CreateAgent


def choose(
    command: CreateAgent, extra: dict[str, Any], paths: Paths
) -> tuple[CreateAgent, dict[str, Any]]:
    """Give what is to be started, and what its record holds.

    Raises:
        ProfileUnknown: a profile was chosen that there is not.
    """
    known = profile_files(paths.profiles).now()
    if command.profile:
        profile = known.get(command.profile)
        if not command.command.strip():
            command = command.model_copy(update={"command": profile.start})
    elif (found := known.recognise(command.command)) is not None:
        profile = found
    else:
        return command, extra
    return command, {**extra, "profile": profile.name}
