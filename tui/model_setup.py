"""Asking for a model: before the engine has answered, when a prompt finds none, or as wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.events import Key, Paste

from tui.screens.first_run import FirstRunScreen
from tungsten.screen.printable import one_line

if TYPE_CHECKING:
    from agent.protocol.client_lines import Command
    from agent.protocol.snapshot import Setup
    from tui.app import TungstenApp


async def offer(app: TungstenApp, then: Command | None = None) -> None:
    """Ask without having been asked to: what the person is writing goes on into the prompt."""
    await ask(app, then)
    screen = app.screen
    if isinstance(screen, FirstRunScreen) and app.cockpit.prompt.text:
        screen.say_kept()


def in_use(setup: Setup) -> str:
    """Say which model answers now, and where; empty while none was chosen."""
    match setup.provider:
        case "none":
            return ""
        case "demo":
            return "the built-in demo model"
        case "anthropic":
            return f"{one_line(setup.model)} at Anthropic"
        case "endpoint":
            model = one_line(setup.model) or "no model named"
            return f"{model} at {one_line(setup.base_url)}"


async def ask(app: TungstenApp, then: Command | None = None, *, said: str = "") -> None:
    """Let the person choose a model, and send `then` once one was chosen.

    A prompt in `then` for which none was chosen is put into the prompt: nothing written is lost.
    """

    def chosen(outcome: str | None) -> None:
        if outcome == "demo" and screen.demo_agents:
            app.look_at(screen.demo_agents[0])
        if outcome is not None:
            from tui.requests.newcomer import offer_tour

            offer_tour(app)
        if then is None or outcome is None:
            return
        if outcome == "configured":
            app.send_first(then)
        elif written := getattr(then, "prompt", ""):
            app.cockpit.prompt.put_back(written)

    screen = FirstRunScreen(typing_into_prompt(app), in_use(app.state.setup) if app.known else "")
    if not isinstance(app.screen, FirstRunScreen):
        await app.push_screen(screen, chosen)
        if said:
            screen.progress(said)


def typing_into_prompt(app: TungstenApp) -> Callable[[Key | Paste], None]:
    """Let what is typed over a card arrive in the prompt, which need not be there yet."""

    def type_into(event: Key | Paste) -> None:
        prompt = app.cockpit.prompt
        if isinstance(event, Paste):
            prompt.insert(event.text.replace("\r\n", "\n").replace("\r", "\n"))
        elif event.key == "backspace":
            prompt.action_delete_left()
        elif event.character is not None:
            prompt.insert(event.character)

    return type_into


def withdraw(app: TungstenApp) -> None:
    """Take the question back; what was to follow it is not sent."""
    if isinstance(app.screen, FirstRunScreen):
        app.screen.dismiss(None)
