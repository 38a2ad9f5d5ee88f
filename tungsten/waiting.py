"""Wait for something to happen on a pane: text, a prompt, quiet, its end, its bell."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

from tungsten.errors import CommandFailed, PaneGone
from tungsten.outcome import ForBell, ForExit, ForIdle, ForPrompt, ForText, Until
from tungsten.programs.dialogue import Dialogue
from tungsten.tmux.watch import Watch

if TYPE_CHECKING:
    from tungsten.pane import Pane

Watching = Callable[[], Awaitable[Watch]]
"""Gives the watch over the panes' server, once it is needed."""


async def happens(pane: Pane, watching: Watching, until: Until) -> str | None:
    """Wait until something happens, however long that takes.

    Returns:
        the text that matched, empty for all but `ForText`; None when the program ended first.

    Raises:
        PaneGone: there is no such pane.
        ServerGone: the server ended.
    """
    if isinstance(until, ForExit):
        await _until_dead(pane)
        return ""
    if isinstance(until, ForBell):
        return await _until_bell(pane, watching)
    if isinstance(until, ForPrompt) and until.inside:
        async with printing(pane, watching) as printed:
            return "" if await Dialogue(pane, printed).until_ready() else None
    if isinstance(until, ForPrompt):
        return "" if await pane.shell.until_prompt() else None
    if isinstance(until, ForIdle):
        await _until_idle(pane, watching, until.seconds)
        return ""
    return await _until_text(pane, watching, re.compile(until.pattern, re.MULTILINE))


async def has_happened(pane: Pane, until: Until) -> str | None:
    """Look whether something is so just now; None as well where only time or a bell would tell.

    Returns:
        the text that matches, empty for all but `ForText`.

    Raises:
        PaneGone: there is no such pane.
        ServerGone: the server ended.
    """
    # Whatever was told until now is read before the answer to this.
    text = await pane.text()
    shell = pane.shell
    if isinstance(until, ForText):
        found = re.compile(until.pattern, re.MULTILINE).search(text)
        return None if found is None else found[0]
    if isinstance(until, ForExit | ForIdle):
        return "" if shell.dead else None
    if isinstance(until, ForPrompt) and not until.inside:
        return "" if shell.at_prompt and not shell.dead else None
    return None


@contextlib.asynccontextmanager
async def printing(
    pane: Pane, watching: Watching, rang: Callable[[], None] | None = None
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Give a coroutine function that returns after the next output, or end, of the pane."""
    changed = asyncio.Event()
    watch = await watching()

    async def printed() -> None:
        waking = asyncio.ensure_future(pane.shell.changed())
        setting = asyncio.ensure_future(changed.wait())
        try:
            await asyncio.wait((waking, setting), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waking.cancel()
            setting.cancel()
        changed.clear()

    try:
        await watch.add(pane.window_id, changed.set, rang)
    except CommandFailed:
        raise PaneGone(pane.id) from None
    try:
        yield printed
    finally:
        await watch.remove(pane.window_id, changed.set)


async def _until_bell(pane: Pane, watching: Watching) -> str | None:
    rang = asyncio.Event()
    async with printing(pane, watching, rang.set) as printed:
        while not rang.is_set():
            pane.shell.check()
            if pane.shell.dead:
                return None
            await printed()
    return ""


async def _until_dead(pane: Pane) -> None:
    while not pane.shell.dead:
        pane.shell.check()
        await pane.shell.changed()


async def _until_idle(pane: Pane, watching: Watching, seconds: float) -> None:
    async with printing(pane, watching) as printed:
        while not pane.shell.dead:
            pane.shell.check()
            try:
                async with asyncio.timeout(seconds):
                    await printed()
            except TimeoutError:
                return


async def _until_text(pane: Pane, watching: Watching, pattern: re.Pattern[str]) -> str | None:
    if (found := pattern.search(await pane.text())) is not None:
        # There already; nothing has to be followed.
        return found[0]
    async with printing(pane, watching) as printed:
        while True:
            pane.shell.check()
            ended = pane.shell.dead
            found = pattern.search(await pane.text())
            if found is not None:
                return found[0]
            if ended:
                return None
            await printed()
