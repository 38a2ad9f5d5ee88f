"""A program in a pane that starts hooks as another maker's agent does, when a test tells it to.

`hooked_agent.py SOCKET`: listens there. One JSON line for each connection: `{"argv": [...],
"stdin": text}` starts a hook, by a shell as agents do; the answer is `{"status", "stdout"}`. When
the connection is closed before, the hook is ended, as agents do with a hook they need no more.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import sys


async def serve(reader, writer):
    asked = json.loads(await reader.readline())
    process = await asyncio.create_subprocess_shell(
        shlex.join(asked["argv"]),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    talking = asyncio.create_task(process.communicate(asked["stdin"].encode()))
    gone = asyncio.create_task(reader.read(1))
    await asyncio.wait({talking, gone}, return_when=asyncio.FIRST_COMPLETED)
    if not talking.done():
        os.killpg(process.pid, signal.SIGKILL)
        await talking
    gone.cancel()
    said = {"status": process.returncode, "stdout": talking.result()[0].decode()}
    writer.write(json.dumps(said).encode() + b"\n")
    writer.close()


async def main():
    server = await asyncio.start_unix_server(serve, sys.argv[1])
    async with server:
        await server.serve_forever()


asyncio.run(main())
