"""Engines that are killed at a chosen write to their database.

Started by `test_killed_engines.py`. For each line of standard input, a JSON object with the
arguments of an engine, a write and a file, a real engine is forked off. It kills itself with
SIGKILL right before that write: the one of that number, the first entry of that kind or row of that
role, or with `all ` the first rows that are written together and end with that role; right after it
with a minus; 0 lives on. Each write that came to its end is noted in the file: what was then in the
database, and must be there for ever. Prints a line, pid and what the engine said once it answered.
The engine before is killed first. All is imported once and then forked.
"""

from __future__ import annotations

import json
import os
import signal
import sys

import agent.agents.agents
import agent.commands.for_agents
import agent.demo.demo  # noqa: F401
import tungsten.terminal  # noqa: F401
from agent.engine.engine import main as be_the_engine
from agent.model.on_demand import load_sdk
from memory.connection import Connection
from memory.journal import Entry, Journal
from memory.sessions import Sessions
from memory.transcript import Row


def arm(kill, path):
    """Have this process die at a write, and note those that were made."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    count = 0
    write = Connection.write

    async def counted(self, unit):
        nonlocal count
        count += 1
        mine = count
        die_if(mine == kill)
        result = await write(self, unit)
        die_if(isinstance(kill, int) and mine == -kill)
        os.write(file, json.dumps(noted(result)).encode() + b"\n")
        return result

    Connection.write = counted
    if isinstance(kill, str):
        for owner, method, kind_of in (
            (Journal, "_append", lambda kind, *_: kind),
            (Journal, "_close", lambda _, kind, *__: kind),
            (Sessions, "append", lambda _, role, *__: role),
            (Sessions, "append_all", lambda _, entries: f"all {entries[-1][0]}"),
        ):
            setattr(owner, method, deadly(getattr(owner, method), kind_of, kill))


def deadly(method, kind_of, kill):
    async def called(self, *arguments, **options):
        kind = kind_of(*arguments)
        die_if(kill == kind)
        result = await method(self, *arguments, **options)
        die_if(kill == f"-{kind}")
        return result

    return called


def die_if(now):
    if now:
        os.kill(os.getpid(), signal.SIGKILL)


def noted(result):
    match result:
        case Row():
            return ["row", result.session_id, result.seq, result.prefix_sha256]
        case Entry():
            return ["entry", result.seq, result.chain]
        case _:
            return ["write"]


def forked(arguments, kill, path):
    """Fork an engine; gives its pid and what it says once it answers, or why it does not."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.setsid()
            os.close(read_end)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(2, 1)
            arm(kill, path)
            be_the_engine([*arguments, "--ready", str(write_end)])
            status = 0
        finally:
            os._exit(status)
    os.close(write_end)
    with os.fdopen(read_end) as said:
        return pid, said.read()


def main():
    load_sdk()
    # Waited for only here, so that its pid is nobody else's as long as it may be killed.
    last = None
    for line in sys.stdin:
        end(last)
        last, said = forked(**json.loads(line))
        sys.stdout.write(json.dumps([last, said]) + "\n")
        sys.stdout.flush()
    end(last)


def end(pid):
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
