"""A program that watches the gates of a database and dreams, as an engine does.

`python dream_engine.py DATABASE PHASE`: the process kills itself with SIGKILL when a front end
would be told that the dream has reached PHASE.
"""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from agent.dreams.dream_watch import DreamWatch
from agent.hub import Hub
from agent.protocol.events import DreamChanged, Event
from agent.settings.settings import Dream
from memory import Database

OPEN = Dream(idle_minutes=0, gap_hours=0, sessions=0)


async def main(path: Path, phase: str) -> None:
    async with await Database.open(path, holds_secret=lambda _: False) as database:
        hub = Hub()

        def heard(event: Event) -> None:
            if isinstance(event, DreamChanged) and event.dream.phase == phase:
                os.kill(os.getpid(), signal.SIGKILL)

        hub.listen(heard)
        watch = DreamWatch(database, hub, OPEN, clock=time.time)
        await watch.start()
        watch.let_dream()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
