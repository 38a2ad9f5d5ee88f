# ruff: noqa: E501 - tables and patterns read better unbroken
"""Judges SQL by its statements: what drops, truncates, exposes or leaves the database."""

from __future__ import annotations

import re

from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown

_STRINGS = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*(?!!).*?\*/", re.S
)
_HIGH: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I | re.S), reason)
    for pattern, reason in (
        (r"^\s*remove\s+(?:database|namespace|table|user|access|index|field)\b", "drops a database, its data or its users"),
        (r"^\s*drop\s+(?:database|schema|table|keyspace|user|role|owned|index\s+concurrently|materialized|tablespace|collection|view|type|function|extension|publication|subscription|server)", "drops a database, its data or its users"),
        (r"^\s*truncate\b", "empties a table"),
        (r"^\s*(?:with\b.*?)?delete\s+from\s+[^;]*$(?<!\0)", "deletes rows"),
        (r"^\s*update\s+[^;]*\bset\b", "changes rows"),
        (r"^\s*alter\s+(?:user|role|system|database|default\s+privileges|login)", "changes who may do what"),
        (r"^\s*(?:grant|revoke)\b|^\s*set\s+(?:session\s+|local\s+)?(?:role|authorization)\b", "changes who may do what"),
        (r"^\s*merge\b.*\bon\s+true\b.*\bthen\s+delete\b", "empties a table"),
        (r"^\s*create\s+(?:user|role|login|extension|or\s+replace\s+language|language)", "changes who may do what"),
        (r"\bcopy\b.*\b(?:to|from)\s+program\b", "has the database run a command"),
        (r"^\s*copy\b.*\bto\s+'", "writes a file on the database server"),
        (r"\binto\s+(?:outfile|dumpfile)\b", "writes a file on the database server"),
        (r"\b(?:load_file|pg_read_file|pg_read_server_files|lo_export|lo_import|pg_ls_dir|pg_read_binary_file|xp_cmdshell|sys_exec|sys_eval|load_extension|writefile|readfile|edit|dblink|pg_terminate_backend|fts3_tokenizer|sp_oacreate)\s*\(", "reaches out of the database"),
        (r"\bxp_cmdshell\b", "has the database run a command"),
        (r"^\s*(?:shutdown|kill|reset\s+(?:master|slave)|purge\s+binary|flush\s+(?:privileges|logs|tables)|set\s+password|set\s+global|change\s+master|install\s+plugin)\b", "changes the database server"),
        (r"^\s*alter\s+table\s+.*\bdrop\b", "drops a column"),
        (r"^\s*alter\s+table\s+\S+(?:\s+on\s+cluster\s+\S+)?\s+delete\s+where\b", "deletes rows"),
        (r"^\s*alter\s+table\s+\S+(?:\s+on\s+cluster\s+\S+)?\s+update\b", "changes rows"),
        (r"^\s*alter\s+table\s+.*\bdisable\s+row\s+level", "changes who may do what"),
        (r"^\s*pragma\s+writable_schema", "changes the database's own tables"),
        (r"^\s*do\s*(?:\$|'|language)|^\s*execute\s+immediate", "runs code in the database"),
        (r"\bsystem\s*\(|^\s*system\s+", "has the database client run a command"),
    )
)  # fmt: skip
_ONLY_DATA = ("drops a", "empties a table", "deletes rows", "changes rows")
"""Beginnings of the reasons that are about the data in a database alone."""
_WHERE = re.compile(r"\bwhere\b(?!\s*\(*\s*(?:1\s*=\s*1|true|1|not\s+false)\s*\)*\s*$)", re.I)
_MONGO = re.compile(
    r"\.(?:drop|_drop\w*|_truncate|truncate|dropDatabase|deleteMany|remove|dropCollection|dropUser|dropIndexes|dropRole|shutdownServer|createUser|grantRolesToUser|"
    r"updateUser|changeUserPassword|fsyncLock|renameCollection)\s*\(|\bshell(?:Exec)?\s*\(|\brun\s*\(|run(?:NonMongo)?Program|eval\s*\(|adminCommand|runCommand\s*\(\s*\{\s*drop|"
    r"child_process|require\s*\(|(?:updateMany|deleteMany|findOneAndDelete)\s*\(\s*\{\s*\}",
)


def judge(call: Call, text: str, dialect: str, *, passing: bool = False) -> None:
    """Judge SQL text in a dialect (`psql`, `mysql`, `sqlite`, `mongo`, `cql`).

    Args:
        call: the command.
        text: statements.
        dialect: whose they are.
        passing: the database is a temporary one, so its rows and tables are no loss.
    """
    if dialect == "mongo":
        if _MONGO.search(text):
            call.high("drops or changes a database", f"runs {shown(text)}")
        else:
            call.medium("runs a database statement")
        return
    _client_files(call, text, dialect)
    problem = statement_risk(text, dialect)
    if passing and problem.startswith(_ONLY_DATA):
        call.medium("runs a database statement")
    elif problem:
        call.high(problem, f"database: {problem}")
    elif re.match(
        r"^\s*(?:select|show|explain|describe|desc|values|pragma|with|use|\\[dl]|\.(?:tables|schema|mode|headers))",
        text,
        re.I,
    ):
        call.low()
    else:
        call.medium("runs a database statement")


_CLIENT_WRITES = re.compile(
    r"(?m)\\(?:o|out|w|write|g|gx|s)[ \t]+(?!\|)(?:\([^)]*\)[ \t]*)?([^\s\\;|]+)"
    r"|(?i:\\copy\b[^\n]*?\bto[ \t]+(?!std|pstd|program\b)(?:'([^']+)'|([^\s;]+)))"
    r"|\\lo_export[ \t]+\S+[ \t]+(\S+)"
)
_CLIENT_READS = re.compile(
    r"(?i)\\copy\b[^\n]*?\bfrom[ \t]+(?!std|pstd|program\b)(?:'([^']+)'|([^\s;]+))"
    r"|\\lo_import[ \t]+(\S+)|\bload\s+data\s+(?:\w+\s+)*?infile\s+['\"]([^'\"]+)"
)
_FILE_READS = re.compile(
    r"(?im)^\s*\.import\s+(?:-\S+\s+)*(?!['\"]?\|)['\"]?([^\s'\"]+)|\battach\s+(?:database\s+)?['\"]([^'\"]+)"
    r"|\b(?:read_\w+|glob|sniff_csv|parquet_\w+)\s*\(\s*\[?\s*'([^']+)'|\bfrom\s+'([^']+)'"
)
_STORES = re.compile(r"(?i)cookies|login data|places\.sqlite|key4|keychain")


def _client_files(call: Call, text: str, dialect: str) -> None:
    """The files that a database's client itself reads and writes."""
    if dialect == "psql":
        for match in _CLIENT_WRITES.finditer(text):
            call.writes(next(filter(None, match.groups())))
    if dialect in ("psql", "mysql"):
        for match in _CLIENT_READS.finditer(text):
            call.reads(next(filter(None, match.groups())))
    if dialect in ("sqlite", "mysql"):
        for match in _FILE_READS.finditer(text):
            path = next(filter(None, match.groups()))
            call.reads(path)
            if _STORES.search(path):
                call.high("opens somebody else's stored data", f"opens {shown(path)}")


def statement_risk(text: str, dialect: str) -> str:
    """What is dangerous in SQL text, empty when nothing is."""
    escapes = _escapes(text, dialect)
    if escapes:
        return escapes
    bare = _STRINGS.sub(
        lambda m: (
            " "
            if m[0][:2] in ("--", "/*")
            else "'x'"
            if m[0][0] == "'"
            else m[0]
            if m[0][0] == '"'
            else "'x'"
        ),
        text,
    )
    bare = re.sub(r"/\*!\d*(.*?)\*/", r" \1 ", bare, flags=re.S)
    for statement in bare.split(";"):
        if not statement.strip():
            continue
        for pattern, reason in _HIGH:
            if pattern.search(statement):
                if reason in ("deletes rows", "changes rows"):
                    if _WHERE.search(statement):
                        continue
                    return reason + " without saying which"
                if reason.startswith("drops a database") and re.match(
                    r"^\s*drop\s+(?:view|type|function)", statement, re.I
                ):
                    return reason
                return reason
    return ""


def _escapes(text: str, dialect: str) -> str:
    r"""Client commands that leave SQL: `\\!`, `.shell`, `\\copy … program`, pagers."""
    for line in text.splitlines() or [text]:
        bare = line.strip()
        if dialect in ("psql", "mysql"):
            if re.search(r"\\!", bare) or (
                dialect == "mysql"
                and re.match(r"(?i)^(?:system|pager|tee|source|\\P|\\T|\\\.)\b", bare)
            ):
                return "has the database client run a command"
            if re.search(r"\\(?:copy)\b.*\bprogram\b", bare, re.I):
                return "has the database client run a command"
            if (
                re.search(r"\\(?:o|g|gx|w)\s*\|", bare)
                or re.search(r"\\set\s+\w+\s+`", bare)
                or ("`" in bare and bare.startswith("\\"))
            ):
                return "has the database client run a command"
            if re.search(r"\\gexec\b", bare):
                return "runs statements that cannot be known"
            if re.match(r"^\\(?:i|ir|include|include_relative)\b", bare):
                return "runs a file of statements"
            if re.match(r"^\\(?:e|ef|ev|edit|password|setenv)\b", bare):
                return "leaves the database client"
        if dialect == "sqlite" and re.match(
            r"^\.(?:sh|she|shel|shell|sy|sys|syst|syste|system|load|archive|ar|log|restore)\b", bare
        ):
            return "has the database client run a command"
        if dialect == "mysql" and re.match(r"^\.(?:shell|system|sh|sys)\b", bare):
            return "has the database client run a command"
        if dialect == "sqlite" and re.match(
            r"^\.(?:www|excel)\b|^\.(?:once|output)\s+-[-\w]*[xew]", bare
        ):
            return "has the database client run a command"
        if dialect == "sqlite" and re.match(r"^\.(?:output|once|excel|import)\s+['\"]?\|", bare):
            return "has the database client run a command"
        if dialect == "sqlite" and re.match(r"^\.(?:read)\b", bare):
            return "runs a file of statements"
    return ""


_FILES = re.compile(
    r"(?im)^\s*\.(?:o[a-z]*|bac[a-z]*|sav?e?|cl[a-z]*|tra?c?e?|log?)\s+([^\n]*)"
    r"|\bvacuum\b[^;\n]*?\binto\s+['\"]([^'\"]+)"
)


def written(text: str) -> list[str]:
    """Files that sqlite's client writes: `.output FILE`, `.backup main FILE`, `vacuum into 'FILE'`."""
    files = []
    for match in _FILES.finditer(text):
        words = (match[2] or match[1] or "").split()
        told = [word.strip("'\"") for word in words if not word.startswith("-")]
        if told and not told[-1].startswith("|") and told[-1] not in ("stdout", "off", "on"):
            files.append(told[-1])
    return files


def last_statement_end(text: str) -> int:
    """Where the last complete statement ends: after the last `;` outside of quotes and comments."""
    bare = _STRINGS.sub(lambda m: "x" * len(m[0]), text)
    return bare.rfind(";") + 1
