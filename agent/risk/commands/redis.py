"""Redis servers write and load what their options and files of settings say."""

from __future__ import annotations

from collections.abc import Iterator

from agent.risk.commands.side_effects import loads_code
from agent.risk.evaluation.call import Call

_WRITTEN = ("logfile", "pidfile", "unixsocket")


def redis_server(call: Call) -> None:
    """`redis-server --dir D --dbfilename F`: the directory, and the files in it that it writes."""
    call.medium("starts a local server")
    options = dict(_options(call.argv))
    directory = options.get("dir", [call.cwd])[:1] or [call.cwd]
    if "dir" in options or "dbfilename" in options or "appendfilename" in options:
        for name in ("dbfilename", "appendfilename"):
            for file in options.get(name, ["dump.rdb"])[:1]:
                call.writes(f"{directory[0].rstrip('/')}/{file}")
    for name in _WRITTEN:
        for file in options.get(name, ())[:1]:
            if file:
                call.writes(file)
    for module in options.get("loadmodule", ())[:1]:
        loads_code(call, module)


def _options(argv: list[str]) -> Iterator[tuple[str, list[str]]]:
    at = 1
    while at < len(argv):
        word = argv[at]
        at += 1
        if word.startswith("--"):
            start = at
            while at < len(argv) and not argv[at].startswith("--"):
                at += 1
            yield word[2:].lower(), argv[start:at]
