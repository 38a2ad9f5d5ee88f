"""Says once that a newer version of an agent no longer looks as its profile knows it.

A profile names the versions that its screen rules were recorded with. Where a newer one stands
still on a screen that no rule matches, its state is unknown, and the person is told so, with that
screen; for each version once.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from agent.hosted.profile import Profile, Versions
from agent.hosted.screen_rules import Frame, ScreenMatch
from agent.protocol.agents import AgentState
from agent.protocol.conversation import BlockKind
from agent.protocol.events import Notice

if TYPE_CHECKING:
    from agent.hosted.hosted_agent import HostedAgent

DRIFTED = "hosted_drifted"
"""Kind of the journal's entry on a version that was told of."""

STILL_SECONDS = 5.0
"""How long an unknown screen must stand still; agents begin with screens that pass by."""

VERSION_SECONDS = 15.0
"""How long a program may take to print its version."""


def number(version: str) -> tuple[int, ...]:
    """Read a version as numbers that compare."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:6])


def is_newer(version: str, recorded: Sequence[str]) -> bool:
    """Whether a version is newer than all that were recorded; no if none was."""
    return bool(version) and bool(recorded) and number(version) > max(map(number, recorded))


async def running_version(versions: Versions) -> str:
    """Ask an agent's program for its version; empty where it does not say."""
    if not versions.command:
        return ""
    try:
        process = await asyncio.create_subprocess_exec(
            *versions.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return ""
    try:
        async with asyncio.timeout(VERSION_SECONDS):
            said, _ = await process.communicate()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        return ""
    found = re.search(versions.pattern, said.decode("utf-8", "replace"))
    if found is None:
        return ""
    return found["version"] if "version" in found.re.groupindex else found[0]


def told(profile: Profile, version: str, frame: Frame) -> str:
    """What the person reads: what is so, what it means, what to do, and the screen."""
    known = ", ".join(profile.versions.recorded)
    screen = "\n".join(frame.lines).rstrip()
    return (
        f"{profile.title} {version} shows a screen that its profile does not know (it was recorded "
        f"with {known}): its state is unknown until the profile is extended. Look at its terminal, "
        f"and see docs/hosted.md.\n\n{screen}"
    )


class DriftAlarm:
    """Watches the looks at one agent's screen."""

    def __init__(self, agent: HostedAgent) -> None:
        self._agent = agent
        self._still: asyncio.TimerHandle | None = None
        self._version: str | None = None
        self._over = not (agent.profile.rules and agent.profile.versions.recorded)

    def looked(self, shown: ScreenMatch, frame: Frame) -> None:
        """Take note of a look at a screen at rest."""
        if self._still is not None:
            self._still.cancel()
            self._still = None
        blank = not any(frame.lines)
        if self._over or blank or shown.matched or shown.state is not AgentState.UNKNOWN:
            return
        loop = asyncio.get_running_loop()
        self._still = loop.call_later(STILL_SECONDS, self._stands, frame)

    def close(self) -> None:
        """Watch no more."""
        self._over = True
        if self._still is not None:
            self._still.cancel()

    def _stands(self, frame: Frame) -> None:
        if not self._over:
            self._agent.spawn(self._tell(frame), "drift")

    async def _tell(self, frame: Frame) -> None:
        agent = self._agent
        profile = agent.profile
        if self._version is None:
            self._version = await running_version(profile.versions)
        version = self._version
        if self._over or not is_newer(version, profile.versions.recorded):
            self._over = True
            return
        self._over = True
        journal = agent.services.database.journal
        of = {"profile": profile.name, "version": version}
        known = await journal.entries(kinds=(DRIFTED,))
        if any({key: entry.data.get(key) for key in of} == of for entry in known):
            return
        text = told(profile, version, frame)
        await journal.append(DRIFTED, agent.id, {**of, "screen": list(frame.lines)})
        agent.services.hub.publish(Notice(level="warning", text=text.partition("\n")[0]))
        await agent.conversation.add(BlockKind.NOTICE, text)
