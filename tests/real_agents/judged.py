"""What the screen rules of the shipped profiles make of recorded frames, beside what was true."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.hosted.profile import Profile
from agent.hosted.profile_files import SHIPPED, read, runs
from agent.hosted.screen_rules import Frame, ScreenMatch, match
from tests.real_agents import frame_files
from tests.real_agents.frame_files import Recorded

SEEN_SIZES = ((80, 24), (100, 30))
"""Frames of these sizes were looked at to write the rules."""


@dataclass(frozen=True)
class Judged:
    """A frame of an agent, and what the rules say of it."""

    agent: str
    profile: Profile
    frame: Recorded
    said: ScreenMatch

    @property
    def mistaken(self) -> bool:
        """Whether its looks alone are taken for a permission that nobody asks for."""
        return self.said.kind == "permission" and self.frame.kind != "permission"

    @property
    def in_front(self) -> Sequence[str]:
        """The program that ran in front: the agent, or the shell that it was started from."""
        return ("bash",) if self.frame.state == "gone" else self.profile.start.split()

    @property
    def false_approval(self) -> bool:
        """Whether a permission could be given that nobody asks for."""
        return self.mistaken and runs(self.profile, self.in_front)

    @property
    def wait_missed(self) -> bool:
        """Whether a person is told that there is nothing to do while the agent waits."""
        return self.frame.state == "waiting" and self.said.state in ("idle", "done")

    @property
    def wait_found(self) -> bool:
        return self.said.state == "waiting" and self.said.kind == self.frame.kind

    @property
    def held_out(self) -> bool:
        """Whether it is of the third that the rules were not written from.

        At the first try they found 88 of 92 waits in 228 of these, called one thing a permission
        that was none (`gone/copied-alone`, of gemini), and no wait a rest.
        """
        frame = self.frame
        name = f"{self.agent} {frame.scene} {frame.size}"
        return frame.size not in SEEN_SIZES and zlib.crc32(name.encode()) % 9 < 5

    def told(self) -> str:
        columns, rows = self.frame.size
        said = f"{self.said.state} {self.said.kind or ''} ({self.said.rule or self.said.reason})"
        return (
            f"{self.agent} {self.frame.scene} {columns}x{rows}: "
            f"is {self.frame.state} {self.frame.kind}, said to be {said}"
        )


def judged() -> list[Judged]:
    """Judge every recorded frame."""
    found = []
    for path in sorted(frame_files.FOLDER.glob("*.txt")):
        agent = path.name.partition("-")[0]
        profile = read(SHIPPED / f"{agent}.toml")
        for frame in frame_files.read(path):
            width, shown = frame.size[0], frame.cursor_shown
            seen = Frame(frame.lines, frame.cursor, frame.title, width, shown)
            found.append(Judged(agent, profile, frame, match(profile, seen)))
    return found


def table(frames: Iterable[Judged]) -> str:
    """For each agent: how many frames, how many waits of them, how many of those were found."""
    by_agent: dict[str, list[Judged]] = {}
    for each in frames:
        by_agent.setdefault(each.agent, []).append(each)
    lines = [f"{'agent':10}{'frames':>8}{'waits':>8}{'found':>8}{'false':>8}{'as idle':>9}"]
    for agent, some in sorted(by_agent.items()):
        waits = [each for each in some if each.frame.state == "waiting"]
        found = sum(each.wait_found for each in waits)
        wrong = sum(each.false_approval for each in some)
        missed = sum(each.wait_missed for each in some)
        lines.append(f"{agent:10}{len(some):8}{len(waits):8}{found:8}{wrong:8}{missed:9}")
    return "\n".join(lines)
