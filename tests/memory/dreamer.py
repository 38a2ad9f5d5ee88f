"""A program that plans and applies a dream over a database, as an engine does.

`python dreamer.py DATABASE [DIE_AT]`: first takes up what was left, then dreams. A line goes out
before and after the plan and the apply. With DIE_AT, the process kills itself with SIGKILL after so
many virtual machine instructions of SQLite.
"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from writer import die_after

from memory import Database
from memory.dream.orient import Evidence
from memory.dream.store import DreamStore


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def main(path: Path) -> None:
    async with await Database.open(path, holds_secret=lambda _: False) as database:
        dreams = DreamStore(database, lambda: 1_800_000_000.0)
        say("opened")
        say(f"resumed {await dreams.resume()}")
        planned = await dreams.plan(Evidence(0.0))
        say(f"planned {planned.dream_id} {planned.operations}")
        say(f"applied {await dreams.apply(planned.dream_id)}")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        die_after(int(sys.argv[2]))
    asyncio.run(main(Path(sys.argv[1])))
