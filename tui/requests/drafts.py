"""Requests about what stands in the prompt: what was sent before, and the person's own editor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.requests.sending import beside

if TYPE_CHECKING:
    from tui.app import TungstenApp

SOUGHT = 60
"""Characters of a draft that are taken for words to be sought."""


async def sent_prompts(app: TungstenApp) -> None:
    """Find what was sent in any session, and write it into the prompt."""
    if app.screen is not app.cockpit or not app.known:
        return
    from tui.screens.sent_prompts import SentPromptsScreen

    prompt = app.cockpit.prompt
    draft = prompt.text.strip()
    sought = "" if "\n" in draft or len(draft) > SOUGHT or draft.startswith("/") else draft

    def chosen(text: str | None) -> None:
        if text is not None:
            prompt.write_instead(text)

    await app.push_screen(SentPromptsScreen(sought, clock=app.now), chosen)


async def edit_draft(app: TungstenApp) -> None:
    """Have the person's own editor change what stands in the prompt."""
    if app.screen is not app.cockpit:
        return
    from tui.prompt.drafts import edited_prefix
    from tui.terminal.editor import EditorFailed, edit

    prompt = app.cockpit.prompt
    app.keep_draft()
    app.save_now()
    draft = prompt.expanded()
    try:
        edited = edit(app, draft, app.paths.data, edited_prefix(app.focused_id))
    except EditorFailed as error:
        app.say(str(error), "error")
        return
    finally:
        app.taken_back(keep_text=True)
        app.cockpit.set_focus(prompt)
        app.action_redraw()
    if not edited.problem:
        prompt.write_back(edited.text)
        return
    said = f"{edited.problem}: the prompt is as it was"
    if edited.text != draft and prompt.keep_aside(edited.text):
        said += ", and Up brings what was written there"
    app.say(said, "warning")


@beside
async def paste_picture(app: TungstenApp) -> None:
    """Name the clipboard's picture in the prompt; an agent whose model sees is shown it."""
    from tui.prompt.clipboard_picture import NoPicture, from_clipboard

    try:
        path = await from_clipboard(app.paths.data / "pictures")
    except NoPicture as error:
        app.say(str(error), "warning")
        return
    except OSError as error:
        app.say(f"The picture can't be kept: {error.strerror or error}", "error")
        return
    app.cockpit.prompt.mention(str(path))
    app.say("The picture goes with the prompt, to a model that takes images")
