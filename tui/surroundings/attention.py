"""Calls the person when the terminal is out of their sight: a bell and a desktop notification."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tui.drawing.text import one_line

if TYPE_CHECKING:
    from tui.app import TungstenApp

LONGEST = 200
"""Characters of a notification; terminals cut or drop longer ones."""


def tell_person(app: TungstenApp, text: str) -> None:
    """Ring, and show `text` on the desktop, unless the terminal has the focus."""
    if app.app_focus or app.is_headless:
        return
    app.bell()
    _write(app, notification(text, os.environ))


def tell_terminal(app: TungstenApp) -> None:
    """Tell the terminal what all agents do, where it is one that wants to know."""
    if app.terminal_status is None and not app.is_headless:
        from tui.surroundings.terminal_status import TerminalStatus, bears

        app.terminal_status = bears(os.environ) and TerminalStatus(lambda text: _write(app, text))
    if app.terminal_status:
        app.terminal_status.show(app.state)


def _write(app: TungstenApp, sequence: str) -> None:
    driver = app._driver  # noqa: SLF001  # Textual has no public way to write past its screen.
    if driver is not None:
        driver.write(sequence)
        driver.flush()


def notification(text: str, environment: os._Environ[str] | dict[str, str]) -> str:
    """Build the escape sequence that shows `text` as a desktop notification.

    OSC 9 (iTerm2, kitty, WezTerm, Ghostty, Windows Terminal) for most, OSC 777 (urxvt, foot, VTE)
    for those that ask for it by their name; wrapped for tmux, which passes it on when its option
    `allow-passthrough` is on.
    """
    shown = one_line(text)[:LONGEST].replace(";", ",")
    terminal = environment.get("TERM", "")
    if terminal.startswith(("rxvt", "foot")) or environment.get("VTE_VERSION"):
        sequence = f"\x1b]777;notify;Tungsten;{shown}\x1b\\"
    else:
        sequence = f"\x1b]9;{shown}\x07"
    if environment.get("TMUX"):
        sequence = "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return sequence
