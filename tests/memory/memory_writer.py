"""A program that writes memories, and says what was confirmed: see `writer.py`.

`python memory_writer.py DATABASE NAME COUNT [DIE_AT]`: each round adds a memory, changes it,
forgets it, and keeps one of what a session said, up to a row. With DIE_AT, the process kills itself
with SIGKILL at that point inside SQLite.
"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from writer import die_after

from memory import Database, Memory, SessionRecord


async def write(path: Path, name: str, count: int) -> None:
    def say(number: int, step: str) -> None:
        sys.stdout.write(f"{name} {number} {step}\n")
        sys.stdout.flush()

    async with await Database.open(
        path, busy_seconds=20, holds_secret=lambda text: False
    ) as database:
        memories = database.memories
        await database.sessions.create(SessionRecord(id=name, name=name, directory="/"))
        for number in range(count):
            memory = Memory(
                f"{name}-{number}", f"Writer {name} keeps thing {number}.", session_id=name
            )
            await memories.add(memory, by="agent")
            say(number, "added")
            await memories.change(
                memory.id, by="agent", text=f"Writer {name} moved thing {number}."
            )
            say(number, "changed")
            await memories.forget(memory.id)
            say(number, "forgotten")
            heard = f"Session {name} told of thing {number}."
            await memories.learn(name, number + 1, [Memory(f"{name}-heard-{number}", heard)])
            say(number, "heard")


if __name__ == "__main__":
    if len(sys.argv) > 4:
        die_after(int(sys.argv[4]))
    asyncio.run(write(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
