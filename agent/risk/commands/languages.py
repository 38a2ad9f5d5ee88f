# ruff: noqa: E501 - tables and patterns read better unbroken
"""Which language a text is in, and who judges it."""

from __future__ import annotations

import re

from agent.risk import python_code, sql
from agent.risk.commands.script_code import code
from agent.risk.evaluation.call import Call


def run_text(call: Call, text: str, language: str) -> None:
    """Judge text that an interpreter of `language` runs."""
    if language in ("shell", "source"):
        call.shell(text, here=language == "source")
    elif language == "python":
        python_code.judge(call, text)
    elif language == "doctest":
        lines = re.findall(r"(?m)^[ \t]*(?:>>>|\.\.\.) ?(.*)$", text)
        python_code.judge(call, "\n".join(lines))
    elif language in ("psql", "mysql", "sqlite", "mongo", "cql"):
        sql.judge(call, text, language)
    elif language == "powershell":
        from agent.risk.commands.powershell import text as powershell_text

        powershell_text(call, text)
    elif language == "sed":
        from agent.risk.commands.text_editing import sed_script

        sed_script(call, text)
    elif language == "gdb":
        from agent.risk.commands.interpreters import debugger_text

        debugger_text(call, text)
    elif language == "make":
        call.medium("runs make")
    else:
        code(call, text, language)


_ENDINGS = {
    "py": "python", "sh": "shell", "bash": "shell", "zsh": "shell", "js": "node", "mjs": "node", "cjs": "node",
    "ts": "node", "rb": "ruby", "pl": "perl", "php": "php", "lua": "lua", "r": "R", "R": "R", "pyw": "python",
    "tsx": "node", "awk": "awk", "ksh": "shell", "command": "shell", "sql": "psql", "ps1": "powershell",
}  # fmt: skip


def language_of(path: str, text: str) -> str:
    """Language of a script, by its first line, else by its ending; shell when nothing tells."""
    first = text[:200].partition("\n")[0]
    if first.startswith("#!"):
        match = re.search(r"\b(python|node|deno|bun|ruby|perl|php|lua|Rscript|awk|make|tsx)", first)
        if match:
            return {"deno": "node", "bun": "node", "tsx": "node", "Rscript": "R"}.get(
                match[1], match[1]
            )
        return "shell"
    return _ENDINGS.get(path.rpartition(".")[2] if "." in path.rpartition("/")[2] else "", "shell")
