"""Gives a hosted agent a prompt, and says whether it was submitted.

The text is pasted, looked for in the input field where the profile tells how that looks, submitted
by one key, and confirmed by what the agent then says or shows. Nothing is pressed twice.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

from agent.errors import AgentError
from agent.hosted.observer import Observer
from agent.hosted.profile import Profile, Region
from agent.hosted.screen_rules import Frame, within
from agent.hosted.status import Source
from agent.protocol.agents import AgentState
from tungsten.adopted.adopted_pane import AdoptedPane
from tungsten.pane import Pane
from tungsten.programs.foreground import Foreground

ECHO_SECONDS = 3.0
"""How long a program may take to show what was pasted."""

CONFIRM_SECONDS = 6.0
"""How long it may take to show that it was submitted."""

AGREE_SECONDS = 2.0
"""How long what says that it rests and what says otherwise may take to agree: hooks tell of the end
of a turn before its last picture is drawn."""

SHOWN = 24
"""Characters of a prompt's line that are looked for in the input field, where longer ones wrap."""

_PLACEHOLDER = re.compile(r"\[pasted|\d+ lines", re.IGNORECASE)
"""What agents show in the place of a long paste."""

TAKES_PROMPTS = frozenset({AgentState.IDLE, AgentState.DONE, AgentState.FAILED})
"""States in which what is typed goes into the input field."""


class NotDelivered(AgentError):
    """The prompt did not reach the agent, or nothing shows that it did; says which."""


class AtWork(NotDelivered):
    """It has begun to work meanwhile, and nothing was typed: it may be told once it rests."""


async def deliver(
    text: str,
    *,
    name: str,
    profile: Profile,
    pane: Pane | AdoptedPane,
    observer: Observer,
    clock: Callable[[], float],
    allowed: Callable[[], Awaitable[None]],
) -> None:
    """Submit a prompt.

    Args:
        text: what to say.
        name: of the agent, for what the person is told.
        profile: how it is spoken to.
        pane: where it runs.
        observer: what is known of it.
        clock: seconds since the epoch.
        allowed: awaited right before anything is typed, and again before it is submitted; raises
            when nothing may be.

    Raises:
        AtWork: it works, and nothing was typed.
        NotDelivered: it is not known to have been submitted.
        TerminalError: the pane cannot be reached.
    """
    prompt = profile.prompt
    await observer.look_now()
    await observer.until(lambda: not _at_odds(observer), AGREE_SECONDS)
    _check_state(observer, name, profile)
    _check_foreground(await pane.foreground(), name)
    await allowed()
    typed = clock()
    if prompt.paste:
        await pane.paste(text)
    else:
        await pane.send_text(" ".join(text.split("\n")))
    if not await observer.until(lambda: _shows(profile, observer.frame, text), ECHO_SECONDS):
        raise NotDelivered(
            f"{name} does not show what was typed in its input field, so it was not submitted: "
            "look at its terminal."
        )
    if prompt.settles:
        # By its own clock: a busy machine makes that slower, and its echo as well.
        await observer.ended(prompt.settles + max(0.0, clock() - typed))
    await allowed()
    _check_waiting(observer, name)
    sent = clock()
    await pane.send_keys(prompt.submit)
    if not await observer.until(lambda: _confirmed(profile, observer, text, sent), CONFIRM_SECONDS):
        raise NotDelivered(
            f"{name} was typed to, but nothing shows that it took it: look at its terminal before "
            "you send it again."
        )


def _at_odds(observer: Observer) -> bool:
    """Whether something says that it takes prompts, and something else that it does not."""
    rests = any(each.state in TAKES_PROMPTS for each in observer.evidence.values())
    return rests and observer.state().state is AgentState.UNKNOWN


def _check_state(observer: Observer, name: str, profile: Profile) -> None:
    _check_waiting(observer, name)
    found = observer.state()
    if found.state in TAKES_PROMPTS or not profile.rules:
        return
    refused = AtWork if found.state is AgentState.WORKING else NotDelivered
    raise refused(
        f"{name} does not show that it takes a prompt ({found.reason or found.state}): "
        "look at its terminal, or type there."
    )


def _check_waiting(observer: Observer, name: str) -> None:
    shown = observer.shown
    if observer.state().state is AgentState.WAITING or (
        shown is not None and shown.state is AgentState.WAITING
    ):
        raise NotDelivered(f"{name} asks something: answer that first.")


def _check_foreground(found: Foreground, name: str) -> None:
    if found.kind in ("shell", "dead", "password", "ssh"):
        what = "has ended" if found.kind == "dead" else f"{found.name} has its keyboard"
        raise NotDelivered(f"{name} cannot be spoken to: {what}.")


def typed_in(profile: Profile, frame: Frame | None) -> str | None:
    """What stands in the input field; None where it is not seen, or nobody knows how it looks."""
    if frame is None or not profile.prompt.input:
        return None
    pattern = re.compile(profile.prompt.input)
    for line in reversed(frame.lines):
        if found := pattern.search(line):
            return ((found["text"] if "text" in pattern.groupindex else found[0]) or "").strip()
    return None


def _shows(profile: Profile, frame: Frame | None, text: str) -> bool:
    if not profile.prompt.input:
        return frame is not None
    typed = typed_in(profile, frame)
    if not typed:
        return False
    first = " ".join(text.split("\n")[0].split())[:SHOWN]
    last = " ".join(text.rstrip().split("\n")[-1].split())[-SHOWN:]
    held = " ".join(typed.split())
    return first in held or held in first or last in held or bool(_PLACEHOLDER.search(held))


def _confirmed(profile: Profile, observer: Observer, text: str, sent: float) -> bool:
    if observer.closed:
        # What was said made it end.
        return True
    works = any(
        evidence.at >= sent
        and not evidence.once
        and evidence.state in (AgentState.WORKING, AgentState.WAITING)
        for evidence in observer.evidence.values()
    )
    if "working" in profile.prompt.confirmed_by and works:
        return True
    screen = observer.evidence.get(Source.SCREEN)
    if "cleared" not in profile.prompt.confirmed_by or screen is None or screen.at < sent:
        return False
    return _cleared(profile, observer.frame, text)


def _cleared(profile: Profile, frame: Frame | None, text: str) -> bool:
    """Whether the input field is seen, and what was typed does not stand in it."""
    field = profile.prompt.field
    if frame is None or field == Region():
        return typed_in(profile, frame) is not None and not _shows(profile, frame, text)
    lines = within(field, frame.lines)
    return bool(lines) and not _shows(profile, replace(frame, lines=lines), text)
