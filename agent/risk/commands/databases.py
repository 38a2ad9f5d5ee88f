# ruff: noqa: E501 - tables and patterns read better unbroken
"""Rules for database clients: statements from options, files and standard input."""

from __future__ import annotations

import re

from agent.risk import sql
from agent.risk.arguments import split, value
from agent.risk.commands.script_files import read_script, run_file
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.evaluation.verbs import DESTROYING, pieces
from agent.risk.paths import Zone
from agent.risk.shell.syntax import UNKNOWN


def sqlite(call: Call) -> None:
    """`sqlite3 db 'statements'`."""
    argv = call.argv
    operands = split(
        argv, ("-cmd", "-init", "-separator", "-newline", "-nullvalue", "-vfs", "-escape")
    )[1]
    for text in value(argv, "-cmd"):
        sql.judge(call, text, "sqlite")
    for path in value(argv, "-init"):
        run_file(call, path, "sqlite")
    passing = False
    if operands:
        place = call.place(operands[0])
        passing = operands[0] == ":memory:" or (place.zone is Zone.TEMPORARY and not place.several)
        if (operands[0] != ":memory:" and (place.own or place.secret)) or re.search(
            r"cookies|login data|places\.sqlite|key4|Keychain|tungsten", operands[0], re.I
        ):
            call.high("opens somebody else's stored data", f"opens {shown(operands[0])}")
    for text in operands[1:]:
        sql.judge(call, text, "sqlite", passing=passing)
    for text in (*operands[1:], *value(argv, "-cmd")):
        for path in sql.written(text):
            call.writes(path)
    if len(operands) < 2:
        database_input(call, "sqlite")
    call.low() if len(operands) > 1 else call.medium("opens a database")


def database_input(call: Call, dialect: str) -> None:
    """A database client that reads statements from a pipe or file."""
    feed = call.feed()
    if feed.kind == "text":
        sql.judge(call, feed.text, dialect)
        for path in sql.written(feed.text) if dialect == "sqlite" else ():
            call.writes(path)
    elif feed.kind == "file":
        for path in feed.paths:
            _named(call, path)
            text = (
                read_script(call.place(path).path, call.evaluator.digests)
                if UNKNOWN not in path
                else None
            )
            if isinstance(text, str):
                sql.judge(call, text, dialect)
            else:
                call.medium(f"runs the statements of {shown(path)}")
    elif feed.kind == "remote":
        call.high("runs statements that come from another machine")
    elif feed.kind == "unknown":
        if _WRITES_STATEMENTS.search(_stages(call)):
            call.high("runs statements that destroy, which another command writes")
        call.medium("runs statements that cannot be known")


_WRITES_STATEMENTS = re.compile(
    r"(?i)\b(?:drop\s+(?:table|database|schema|index|view|user|role)|truncate|delete\s+from)\b"
)


def _stages(call: Call) -> str:
    """What stands before a command in its pipeline."""
    command, script = call.command, call.script
    if command is None or script is None or command.pipe is None:
        return ""
    first, last = command.pipe
    inside = script.commands[first:last]
    return script.text[inside[0].start : inside[-1].end] if inside else ""


def _named(call: Call, path: str) -> None:
    """A file of statements that cannot be read may say by its name what it does."""
    if not DESTROYING.isdisjoint(pieces(path.rpartition("/")[2])):
        call.high("runs statements that destroy, by their file's name", f"runs {shown(path)}")


def database(call: Call) -> None:
    """`psql`, `mysql`, `cqlsh`, `clickhouse-client`."""
    argv = call.argv
    if argv[-1] in ("--help", "--version"):
        call.low()
        return
    program = argv[0].rpartition("/")[2]
    dialect = (
        "psql"
        if program in ("psql", "pgcli", "cockroach")
        else "mongo"
        if program in ("mongosh", "mongo", "arangosh")
        else "mysql"
    )
    names = {
        "psql": ("-c", "--command"), "pgcli": ("-c",), "mongosh": ("--eval",), "mongo": ("--eval",),
        "sqlcmd": ("-Q", "-q"), "clickhouse-client": ("-q", "--query"), "clickhouse": ("-q", "--query"), "duckdb": ("-c", "-s"), "bq": (),
        "cockroach": ("-e", "--execute"), "sqlplus": (), "snowsql": ("-q",), "influx": ("-execute", "--execute"), "usql": ("-c",), "trino": ("--execute",), "presto": ("--execute",), "beeline": ("-e",), "hive": ("-e",), "impala-shell": ("-q",), "cypher-shell": (), "surreal": (), "arangosh": ("--javascript.execute-string",), "snow": ("-q", "--query"), "osql": ("-Q", "-q"), "tsql": (), "vsql": ("-c",), "nzsql": ("-c",), "ysqlsh": ("-c",), "cql": ("-e",), "ksql": ("-e",), "mysqlsh": ("-e", "--execute", "--sql"),
    }.get(program, ("-e", "--execute", "--init-command"))  # fmt: skip
    texts = value(argv, *names)
    if program in ("snow", "surreal") and not texts and "sql" not in argv[1:4]:
        from agent.risk.evaluation.unlisted import shared

        shared(call, "snow")
        return
    if program == "sqlplus":
        for path in (a[1:] for a in argv[1:] if a.startswith("@")):
            _named(call, path)
    if program == "influx" and split(argv)[1]:
        from agent.risk.evaluation.unlisted import simple

        simple(call, program)
        return
    if program in ("cypher-shell", "duckdb"):
        texts += split(argv, ("-u", "-p", "-a", "-c"))[1][(1 if program == "duckdb" else 0) :]
    for text in texts:
        if program == "cypher-shell" and re.search(r"detach\s+delete|drop\s+|delete\b", text, re.I):
            call.high("drops or changes a database")
        if UNKNOWN in text and not text.strip(UNKNOWN + " "):
            call.opaque("which statements run cannot be known")
        sql.judge(call, text, dialect)
        if re.search(r"(?i)^\s*drop\s+(?:keyspace|table|stream|measurement)", text):
            call.high("drops a database or its data")
    for path in value(argv, "-f", "--file"):
        text_of = (
            read_script(call.place(path).path, call.evaluator.digests)
            if UNKNOWN not in path
            else None
        )
        if path.startswith("/dev/fd/sub:"):
            run_file(call, path, dialect)
        elif isinstance(text_of, str):
            sql.judge(call, text_of, dialect)
        elif call.place(path).path in call.evaluator.files:
            run_file(call, path, dialect)
        else:
            _named(call, path)
            call.medium(f"runs the statements of {shown(path)}")
    for text in value(argv, "--pager"):
        call.shell(text)
    if not texts:
        database_input(call, dialect)
        call.medium("opens a database")
