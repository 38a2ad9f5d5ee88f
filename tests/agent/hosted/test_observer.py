"""What an observer tells between two looks at a screen."""

from __future__ import annotations

import time

from agent.hosted.observer import Observer
from agent.hosted.profile import Profile
from agent.hosted.screen_rules import Frame
from agent.hosted.status import Evidence, HostedState, Source
from agent.protocol.agents import AgentState
from tungsten.osc import Osc

PROFILE = Profile.model_validate(
    {
        "name": "m",
        "title": "m",
        "start": "m",
        "titles": [{"pattern": "^idle", "state": "idle"}],
        "rules": [
            {
                "name": "permission",
                "state": "waiting",
                "kind": "permission",
                "region": {"begins": "^Do you"},
                "all": ["Yes"],
            },
            {"name": "ready", "state": "idle", "region": {"lines": 1}, "all": ["^>"]},
        ],
    }
)


async def test_a_dialog_stands_until_the_screen_is_looked_at_again() -> None:
    screen = [Frame(("Do you want", "1. Yes"))]
    told: list[HostedState] = []

    async def look() -> Frame:
        return screen[0]

    async def answer() -> None:
        """No program asks."""

    observer = Observer(PROFILE, look=look, answer=answer, changed=told.append, clock=time.time)
    try:
        await observer.look_now()
        assert observer.state().state is AgentState.WAITING
        # However often a program says so, and whoever says it.
        for osc in (Osc(0, b"idle"), Osc(7501, b"state=idle"), Osc(7501, b"state=done")):
            observer.printed([osc])
            assert observer.state().state is AgentState.UNKNOWN
        observer.hear(Evidence(Source.HOOK, AgentState.IDLE, time.time()))
        assert observer.state().state is AgentState.UNKNOWN
        assert AgentState.IDLE not in {each.state for each in told}
        screen[0] = Frame(("> ",))
        await observer.look_now()
        assert observer.state().state is AgentState.IDLE
    finally:
        await observer.close()
