"""Gives the terminal back when the app is killed, which it cannot do itself then.

A small shell waits at the end of a pipe that only the app holds. When the pipe ends without a word
that the terminal was given back in order, the shell resets what the app had set. It has a session
of its own, so that what is meant for the app's process group does not reach it.
"""

from __future__ import annotations

import contextlib
import os

RESET = (
    # Mouse, window sizes, pastes, focus, line wrap and synchronised output, as Textual sets them
    # (LinuxDriver, 8.2); kitty's keyboard protocol; the main screen, the cursor, plain text.
    r"\033[?2026l\033[?1000l\033[?1003l\033[?1015l\033[?1006l\033[?1016l\033[?2048l\033[?2004l"
    r"\033[?1004l\033[?7h\033[<u\033[?1049l\033[?25h\033[0m"
)

_WAIT = f"""
looks() {{
    while read -r what count; do
        [ "$what" = voluntary_ctxt_switches: ] && echo "$count"
    done < "/proc/$shell/status"
}}
exec 3<&1
shell=$1
while read -r on; do
    last=$on
    [ "$on" = 1 ] && raw=$(stty -g <&3)
done
[ "$last" = 1 ] || exit 0
printf '{RESET}'
[ "$raw" = "$(stty -g <&3)" ] && stty sane <&3
before=$(looks)
set -- $(stty size <&3) && stty rows $(($1 + 1)) <&3 || exit
sleep 0.2
for again in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ "$(looks)" = "$before" ] && [ "$before" ] || break
    sleep 0.2
done
stty rows "$1" <&3
"""
"""Line settings are reset only where they are still the app's: most shells do it themselves.

A shell that was faster has written its prompt onto the screen that goes away with the app; told of
a change of size (SIGWINCH), the line editors of bash, zsh and fish draw it once more. readline does
so only where it finds another size than before (`rl_resize_terminal`, 8.2). So the other size stays
for a moment, and on a busy machine until the shell has had its turn: Linux counts how often a
process began to wait. Elsewhere, and where it never does, the moment has to do.
"""


class TerminalGuard:
    """One app's guard; does nothing where it cannot be started."""

    def __init__(self) -> None:
        self._pipe = -1
        self._process = 0

    def begin(self, terminal: str) -> None:
        """Guard a terminal, given by its path; the app has set it up by now."""
        with contextlib.suppress(OSError, NotImplementedError):
            ours = os.open(terminal, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
            reading, self._pipe = os.pipe()
            try:
                self._process = os.posix_spawn(
                    "/bin/sh",
                    ["sh", "-c", _WAIT, "sh", str(os.getppid())],
                    os.environ,
                    file_actions=[
                        (os.POSIX_SPAWN_DUP2, reading, 0),
                        (os.POSIX_SPAWN_DUP2, ours, 1),
                        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                    ],
                    setsid=True,
                )
            finally:
                os.close(reading)
                os.close(ours)
        self.tell(set_up=True)

    def tell(self, *, set_up: bool) -> None:
        """Say whether the terminal is set up for the app now, or given back."""
        if self._pipe >= 0:
            with contextlib.suppress(OSError):
                os.write(self._pipe, b"1\n" if set_up else b"0\n")

    def end(self) -> None:
        """Say that the terminal was given back for good."""
        self.tell(set_up=False)
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
        if self._process:
            with contextlib.suppress(OSError):
                os.waitpid(self._process, 0)
            self._process = 0
