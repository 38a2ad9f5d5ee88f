"""A picture of a real display, for programs that draw more than characters."""

from __future__ import annotations

import contextlib
import os
import sys

from PIL import Image

from tungsten.errors import DisplayMissing
from tungsten.screen import picture


def png(*, monitor: int = 0, display: str | None = None) -> bytes:
    """Picture a display as PNG, scaled down to what a model sees; blocks, so give it a thread.

    Args:
        monitor: 0 is all monitors together, 1 the first, and so on.
        display: the X display, such as `:1`; the environment's own if None. Linux only.

    Raises:
        DisplayMissing: there is no display, it cannot be read, or it has no such monitor.
    """
    # Imported here: it looks for the system's graphics libraries.
    import mss

    if sys.platform.startswith("linux") and not (display or os.environ.get("DISPLAY")):
        waylands = "WAYLAND_DISPLAY" in os.environ
        raise DisplayMissing("only X displays can be read" if waylands else "DISPLAY is not set")
    try:
        with contextlib.ExitStack() as stack:
            named = mss.MSS() if display is None else mss.MSS(display=display)
            screen = stack.enter_context(named)
            monitors = screen.monitors
            if not 0 <= monitor < len(monitors):
                raise DisplayMissing(f"it has {len(monitors) - 1} monitors, not {monitor}")
            shot = screen.grab(monitors[monitor])
    except (mss.ScreenShotError, OSError) as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise DisplayMissing(reason or "it cannot be read") from error
    image = Image.frombytes("RGB", shot.size, shot.bgra, "raw", "BGRX")
    return picture.encode(picture.fitted(image))
