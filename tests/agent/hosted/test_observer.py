"""What an observer tells between two looks at a screen."""

from __future__ import annotations

import asyncio
import time

from hypothesis import given
from hypothesis import strategies as st

from agent.hosted.observer import (
    LONGEST_SECONDS,
    MOST_ANSWERS,
    MOST_CHANGES,
    QUIET_SECONDS,
    RESTLESS,
    Observer,
)
from agent.hosted.profile import Profile, Telling
from agent.hosted.screen_rules import Frame, ScreenMatch
from agent.hosted.status import RESTING, SETTLING, Evidence, HostedState, Kind, Source
from agent.protocol.agents import AgentState
from tungsten.programs.osc import Osc

PROFILE = Profile.model_validate(
    {
        "name": "m",
        "title": "m",
        "start": "m",
        "titles": [
            {"pattern": "^idle", "state": "idle"},
            {"pattern": "^asks", "state": "waiting", "kind": "permission"},
        ],
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


async def test_a_dialog_that_is_left_by_a_key_leaves_nothing_in_doubt() -> None:
    """A person at the pane leaves it before the hook could ask about it, and nobody reports it."""
    screen = [Frame(("Do you want", "1. Yes"))]
    now = 100.0

    async def look() -> Frame:
        return screen[0]

    async def answer() -> None:
        """No program asks."""

    observer = Observer(PROFILE, look=look, answer=answer, changed=print, clock=lambda: now)
    try:
        observer.hear(Evidence(Source.HOOK, AgentState.WORKING, now))
        now += 1
        await observer.look_now()
        assert observer.state().state is AgentState.UNKNOWN
        screen[0] = Frame(("> ",))
        now += 1
        await observer.look_now()
        observer.waits_no_longer()
        assert observer.state().state is AgentState.WORKING
        now += SETTLING
        assert observer.state().state is AgentState.IDLE
    finally:
        await observer.close()


DIALOG = (Frame(("Do you want", "1. Yes")), b"asks")
REST = (Frame(("> ",)), b"ready")


@given(
    start=st.floats(0, 0.5),
    heard=st.floats(0, 2),
    stands=st.floats(0.05, 1),
    looks=st.lists(st.floats(0, 4), max_size=6),
    titled=st.booleans(),
)
async def test_a_hook_that_is_heard_late_tells_of_no_dialog_that_is_over(
    start: float, heard: float, stands: float, looks: list[float], titled: bool
) -> None:
    """Its dialog stands from the first second on, and is left by a key, which nobody reports."""
    now, drawn, states = 0.0, REST, [AgentState.UNKNOWN]

    async def look() -> Frame:
        return drawn[0]

    async def answer() -> None:
        """No program asks."""

    observer = Observer(
        PROFILE, look=look, answer=answer, changed=lambda state: None, clock=lambda: now
    )
    began = 1 + start
    ends = began + stands
    waits = Evidence(
        Source.HOOK, AgentState.WAITING, began + heard, Kind.PERMISSION, "", began, once=True
    )
    events = [(1.0, "dialog"), (ends, "rest"), (waits.at, "hook"), (10.0, "look"), (20.0, "look")]
    events += [(1 + at, "look") for at in looks]
    seen, known = False, titled
    try:
        observer.hear(Evidence(Source.HOOK, AgentState.WORKING, now))
        for at, event in sorted(events, key=lambda each: each[0]):
            now = at
            if event in ("dialog", "rest"):
                drawn = DIALOG if event == "dialog" else REST
                observer.printed([Osc(0, drawn[1])] if titled else [])
            elif event == "hook":
                observer.hear(waits)
            else:
                shown = await observer.look_now()
                assert shown is not None
                over = seen and shown.state is not AgentState.WAITING
                seen = shown.state is AgentState.WAITING
                known = known or over
                if over:
                    # As `DialogGates` does.
                    observer.waits_no_longer()
            states.append(observer.state().state)
            if 1 <= now < ends and (seen or titled or waits.at <= now):
                assert states[-1] not in RESTING
        # Where nothing saw the dialog but the hook, nobody knows that it is over.
        assert states[-1] is (AgentState.IDLE if known else AgentState.UNKNOWN)
    finally:
        await observer.close()


async def test_a_flood_of_questions_is_answered_one_by_one() -> None:
    answered, at_once, most = 0, 0, 0
    free = asyncio.Event()

    async def look() -> None:
        return None

    async def answer() -> None:
        nonlocal answered, at_once, most
        at_once += 1
        most = max(most, at_once)
        await free.wait()
        at_once -= 1
        answered += 1

    observer = Observer(PROFILE, look=look, answer=answer, changed=print, clock=time.time)
    try:
        for _ in range(100):
            observer.printed([Osc(7501, b"?")])
            await asyncio.sleep(0)
        free.set()
        for _ in range(20):
            await asyncio.sleep(0)
        assert (most, answered) == (1, MOST_ANSWERS)
        observer.printed([Osc(7501, b"?")])
        for _ in range(5):
            await asyncio.sleep(0)
        assert answered == MOST_ANSWERS + 1, "later ones are answered again"
    finally:
        await observer.close()


async def test_a_screen_that_comes_to_rest_as_it_is_looked_at_is_looked_at_again() -> None:
    rested = asyncio.Event()

    async def look() -> Frame:
        return Frame(("> ",))

    async def answer() -> None:
        """No program asks."""

    def looked(shown: ScreenMatch, frame: Frame) -> None:
        rested.set()

    observer = Observer(
        PROFILE, look=look, answer=answer, changed=print, looked=looked, clock=time.time
    )
    try:
        observer.printed(())
        # It has printed for long, and does for the last time just before it is looked at.
        observer._unseen_since -= LONGEST_SECONDS
        observer._printed_at += 0.9 * QUIET_SECONDS
        async with asyncio.timeout(5):
            await rested.wait()
    finally:
        await observer.close()


async def test_a_title_that_turns_is_no_change_of_state() -> None:
    told: list[HostedState] = []

    async def look() -> None:
        return None

    async def answer() -> None:
        """No program asks."""

    profile = PROFILE.model_copy(
        update={"titles": (Telling.model_validate({"pattern": "^.", "state": "working"}),)}
    )
    observer = Observer(profile, look=look, answer=answer, changed=told.append, clock=time.time)
    try:
        for number in range(20 * MOST_CHANGES):
            observer.printed([Osc(0, f"{number} at it".encode())])
        assert observer.state().state is AgentState.WORKING
        assert len(told) < MOST_CHANGES
    finally:
        await observer.close()


async def test_a_flood_of_states_is_unknown_and_told_of_once() -> None:
    told: list[HostedState] = []

    async def look() -> None:
        return None

    async def answer() -> None:
        """No program asks."""

    observer = Observer(PROFILE, look=look, answer=answer, changed=told.append, clock=time.time)
    try:
        for number in range(20 * MOST_CHANGES):
            observer.printed([Osc(7501, (b"state=blocked", b"state=working")[number % 2])])
        assert len(told) == MOST_CHANGES + 1
        assert observer.state() == told[-1] == RESTLESS
        # Once it has been calm it counts again, also if nothing more is heard.
        observer._restless_until = 0.0
        observer._tell()
        assert told[-1].state is AgentState.WORKING
        for number in range(MOST_CHANGES):
            assert observer.state().state is told[-1].state
            observer.printed([Osc(7501, (b"state=blocked", b"state=working")[number % 2])])
        assert len(told) == 2 * MOST_CHANGES + 2
    finally:
        await observer.close()


async def test_a_clock_that_is_set_back_makes_no_dialog_a_rest() -> None:
    """What is said from then on counts, though it seems to be of an earlier time."""
    now, screen = 4000.0, Frame(("> ",))

    async def look() -> Frame:
        return screen

    async def answer() -> None:
        """No program asks."""

    observer = Observer(
        PROFILE, look=look, answer=answer, changed=lambda state: None, clock=lambda: now
    )
    try:
        observer.hear(Evidence(Source.HOOK, AgentState.IDLE, now))
        await observer.look_now()
        assert observer.state().state is AgentState.IDLE
        now = 400.0
        observer.hear(Evidence(Source.HOOK, AgentState.WORKING, now))
        assert observer.state().state is AgentState.WORKING
        now = 402.0
        screen = Frame(("Do you want", "1. Yes"))
        observer.hear(Evidence(Source.HOOK, AgentState.WAITING, now, Kind.PERMISSION, once=True))
        await observer.look_now()
        assert observer.state().state is AgentState.WAITING
        now = 100.0
        screen = Frame(("> ",))
        await observer.look_now()
        observer.waits_no_longer()
        assert observer.state().state is AgentState.IDLE
    finally:
        await observer.close()


async def test_a_hook_that_is_heard_late_tells_of_no_rest_in_the_next_turn() -> None:
    """The turn's end and what the next turn begins with may be heard the other way round."""
    now = 100.0

    async def look() -> None:
        return None

    async def answer() -> None:
        """No program asks."""

    def said(state: AgentState, began: float, kind: Kind | None = None) -> None:
        nonlocal now
        now += 0.1
        once = state is AgentState.WAITING
        observer.hear(Evidence(Source.HOOK, state, now, kind, "", began, once=once))

    observer = Observer(
        PROFILE, look=look, answer=answer, changed=lambda state: None, clock=lambda: now
    )
    try:
        said(AgentState.WORKING, 90.0)
        said(AgentState.WAITING, 98.0, Kind.PERMISSION)
        said(AgentState.IDLE, 97.0)
        assert observer.state().state is AgentState.WAITING
        said(AgentState.WORKING, 98.5)
        said(AgentState.WORKING, 99.0)
        said(AgentState.IDLE, 98.8)
        assert observer.state().state is AgentState.WORKING
        # Nor does one that is so slow to start that it begins with the next dialog.
        observer.printed([Osc(0, b"asks")])
        said(AgentState.IDLE, 99.5)
        assert observer.state().state is AgentState.UNKNOWN
        assert "title: waiting (permission)" in observer.state().reason
        observer.printed([Osc(0, b"ready")])
        assert observer.state().state is AgentState.IDLE
    finally:
        await observer.close()
