"""A program that writes to a database as an engine does, and says what it has done.

`python writer.py DATABASE NAME COUNT [DIE_AT]`: each round appends a row, starts an action, ends
it and adds usage. A line `NAME ROUND STEP` goes out after each step that was confirmed. With
DIE_AT, the process kills itself with SIGKILL at that point inside SQLite: after so many virtual
machine instructions, counted over all its statements, in whatever transaction that falls.
"""

import asyncio
import os
import signal
import sqlite3
import sys
from pathlib import Path

from memory import Database, SessionRecord


def die_after(steps: int) -> None:
    """Have SQLite kill this process after `steps` virtual machine instructions."""
    left = steps

    def look() -> int:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    connect = sqlite3.connect

    def watched(*args: object, **options: object) -> sqlite3.Connection:
        connection = connect(*args, **options)  # type: ignore[call-overload]
        connection.set_progress_handler(look, 1)
        return connection

    sqlite3.connect = watched  # type: ignore[assignment]


async def write(path: Path, name: str, count: int) -> None:
    def say(number: int, step: str) -> None:
        sys.stdout.write(f"{name} {number} {step}\n")
        sys.stdout.flush()

    async with await Database.open(path, busy_seconds=20) as database:
        if name not in {record.id for record in await database.sessions.list()}:
            await database.sessions.create(SessionRecord(name, name, "/"))
        done = len(await database.sessions.rows(name))
        say(done, "opened")
        for number in range(done + 1, done + count + 1):
            await database.sessions.append(name, "user", f"{name} {number} " + "é" * 2000)
            say(number, "row")
            await database.journal.action_started(f"{name}-{number}", name, {"n": number})
            say(number, "started")
            await database.journal.action_ended(f"{name}-{number}", {})
            say(number, "ended")
            await database.usage.add(name, "m", 1, 1, 1, 1, 0.5)
            say(number, "usage")
            await database.sessions.update(name, activity=f"round {number}")


if __name__ == "__main__":
    if len(sys.argv) > 4:
        die_after(int(sys.argv[4]))
    asyncio.run(write(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
