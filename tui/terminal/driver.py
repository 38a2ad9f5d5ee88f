"""Reads the terminal to the last key, also where another program is about to have it.

Textual 8.2 (`LinuxDriver.run_input_thread`, `disable_input`) looks at the terminal no more for a
tenth of a second before it gives it away, and then throws away what came meanwhile. It also ends
the app over a byte that is not UTF-8.
"""

from __future__ import annotations

import os
import selectors
import signal
import time
from codecs import getincrementaldecoder

from textual.drivers.linux_driver import LinuxDriver

from tui.keys.paste import WholePastes

LOOKS_UP_SECONDS = 0.1
"""How often the thread that reads looks whether it is to end, as Textual's."""

LAST_SECONDS = 0.1
"""How long it reads on, once the terminal was told to report no mouse: its last reports are on
their way, and mean nothing to the program that follows."""


class Driver(LinuxDriver):
    """Textual's driver; what is typed while the terminal changes hands reaches the app."""

    _lends = False

    def suspend_application_mode(self) -> None:
        """Give the terminal to another program for a while."""
        self._lends = True
        try:
            super().suspend_application_mode()
        finally:
            self._lends = False

    def disable_input(self) -> None:
        """Stop reading; only when the app ends is what comes too late thrown away."""
        if not self._lends:
            super().disable_input()
        elif not self.exit_event.is_set():
            signal.signal(signal.SIGWINCH, signal.SIG_DFL)
            self._disable_mouse_support()
            self.exit_event.set()
            if self._key_thread is not None:
                self._key_thread.join()
            self.exit_event.clear()

    def run_input_thread(self) -> None:
        """Read until told to stop, in a thread of its own."""
        parser = WholePastes(self._debug)
        decode = getincrementaldecoder("utf-8")(errors="replace").decode

        def read(seconds: float) -> None:
            # Half a character is nothing yet, and nothing would end the stream.
            if selector.select(seconds) and (text := decode(os.read(self.fileno, 4096))):
                for message in parser.feed(text):
                    self.process_message(message)
            for message in parser.tick():
                self.process_message(message)

        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                read(LOOKS_UP_SECONDS)
            end = time.monotonic() + LAST_SECONDS
            while self._lends and (left := end - time.monotonic()) > 0:
                read(left)
