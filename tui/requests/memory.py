"""Requests about memories and dreams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.protocol.commands.engine import DreamNow
from tui.keys import actions
from tui.requests.sending import beside, directory, send

if TYPE_CHECKING:
    from tui.app import TungstenApp


@beside
async def dream(app: TungstenApp) -> None:
    """Dream now, whatever the gates say."""
    if await send(app, DreamNow()) is not None:
        app.say("AutoDream puts memories in order; agents go on meanwhile")


@beside
async def set_memory_mode(app: TungstenApp, name: str) -> None:
    """Change how much is remembered."""
    from agent.protocol.memory import MEANING, SetMemoryMode, asking

    mode = next((mode for mode in MEANING if mode == name.removesuffix(" only")), None)
    if mode is None:
        app.say(f"There is no mode {name} of memory: {', '.join(MEANING)}", "warning")
    elif await send(app, asking(SetMemoryMode(mode=mode))) is not None:
        app.say(f"Memory is {name}: {MEANING[mode]}")


async def remember(app: TungstenApp) -> None:
    """Let the person write what is to be remembered."""
    app.say("Type /remember and one fact, clear by itself: agents here are told it")
    if not app.cockpit.prompt.text:
        app.cockpit.prompt.begin("/remember ")


@beside
async def remember_text(app: TungstenApp, text: str) -> None:
    """Remember what the person says, for the project at hand; a refused text stays."""
    from agent.protocol.memory import AddMemory, asking

    if await send(app, asking(AddMemory(text=text, directory=directory(app)))) is None:
        if not app.cockpit.prompt.text:
            app.cockpit.prompt.put_back(f"/remember {text}")
        return
    key = actions.shown("app.memories")
    app.say(f"Remembered for this project; {key} shows what is")


async def memories(app: TungstenApp) -> None:
    """Show what agents remember."""
    if app.screen is not app.cockpit or not app.known:
        return
    from tui.screens.memories import MemoriesScreen

    def chosen(agent_id: str | None) -> None:
        if agent_id is not None:
            app.look_at(agent_id)

    await app.push_screen(MemoriesScreen(directory(app), clock=app.now), chosen)


async def dreams(app: TungstenApp) -> None:
    """Show what dreams did."""
    if app.screen is app.cockpit and app.known:
        from tui.screens.dreams import DreamsScreen

        await app.push_screen(DreamsScreen(clock=app.now))
