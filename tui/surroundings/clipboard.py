"""Text for the person's clipboard: through the terminal, and through a tmux around the app.

A terminal takes copied text as OSC 52. tmux passes that on only where `set-clipboard` is `on`; by
default it drops it without a word, so there the text goes to tmux itself, as one of its buffers.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App

SECONDS = 2.0
"""How long tmux may take to answer."""

_ASKED = "#{set-clipboard} #{client_termfeatures}"


async def copy(app: App[Any], text: str) -> str:
    """Copy a text, and return where it went, as the end of a sentence.

    That is empty outside of tmux: whether a terminal takes it, no terminal tells.
    """
    app.copy_to_clipboard(text)
    socket = os.environ.get("TMUX", "").rsplit(",", 2)[0]
    if not socket:
        return ""
    program = shutil.which("tmux")
    answer = await _tmux(program, socket, "display-message", "-p", _ASKED)
    if answer is None:
        return "; but the tmux around Tungsten does not answer, and may have dropped it"
    setting, _, features = answer.strip().partition(" ")
    if setting == "on":
        return " to a tmux buffer and the clipboard"
    sent = await _tmux(program, socket, "load-buffer", "-w", "-", text=text)
    if sent is None:
        # tmux before 3.2 has no -w.
        sent = await _tmux(program, socket, "load-buffer", "-", text=text)
        features = ""
    if sent is None:
        return "; but tmux dropped it: `set -g set-clipboard on` lets it through"
    if setting != "off" and "clipboard" in features.split(","):
        return " to a tmux buffer and the clipboard"
    return " to a tmux buffer, not the clipboard"


async def _tmux(program: str | None, socket: str, *words: str, text: str = "") -> str | None:
    """Run a tmux command and return what it prints; None when it fails or hangs."""
    if program is None:
        return None
    try:
        process = await asyncio.create_subprocess_exec(
            *(program, "-u", "-S", socket, *words),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(SECONDS):
            output, _ = await process.communicate(text.encode("utf-8", "replace"))
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return output.decode("utf-8", "replace") if process.returncode == 0 else None
