"""What the code in files of runners runs: by its calls, and by texts in it that are commands."""

from __future__ import annotations

import re

from agent.risk.arguments import split
from agent.risk.commands.languages import language_of, run_text
from agent.risk.commands.script_code import SAYS, code
from agent.risk.commands.script_files import read_script, run_file
from agent.risk.commands.task_texts import parsed
from agent.risk.evaluation.call import Call
from agent.risk.programs.runners import Runner

_STRING = re.compile(r'"((?:\\.|[^"\\\n]){1,2000})"|\'((?:\\.|[^\'\\\n]){1,2000})\'')
_LONG = re.compile(r'"""(.*?)"""|\'\'\'(.*?)\'\'\'', re.S)
_TAKEN = re.compile(
    r"(?:\b(?:sh|local|rule|actions?|Execute|Command|exec_command|commandLine|executable|shell|cmd|cmds|run|sudo|command|commands|bash)"
    r"|addSystemCommand)\b['\"]?[\s(:=\[{,&.]*$"
)
"""Code before a string that says that the string is run."""
DANGEROUS = re.compile(
    r"\s*(?:sudo\s+)?(?:\S*/)?(?:rm|doas|dd|mkfs\S*|shred|chmod|chown|curl|wget|nc|ssh|scp|kill|pkill"
    r"|killall|bash|sh|zsh|crontab|dropdb)\s+\S"
)
PLACEHOLDER = re.compile(r"\$?\{\{?[^{}]*\}\}?")


def code_of(call: Call, text: str, runner: Runner) -> None:
    """Code in a language: what it calls, and its texts that are commands."""
    form = runner.form
    if form == "zig":
        text = text.replace("&.{", "(")
    strict = call.strict
    # `spawn` and `load` are no programs in languages that are compiled.
    call.strict = strict and not runner.operands
    try:
        run_text(call, text, form)
    finally:
        call.strict = strict
    _texts(call, text)


def python_tasks(call: Call, text: str, runner: Runner) -> None:
    """Python in which tasks are given as texts: `c.run('pytest')`, `'actions': […]`."""
    run_text(call, text, "python")
    _texts(call, text)


def _texts(call: Call, text: str) -> None:
    """Texts in code that are handed to what runs them, or that begin like a dangerous command."""
    strict, call.strict = call.strict, False
    text = re.sub(r"(?m)^[ \t]*(?:#|//).*$", "", text)
    try:
        for match in _LONG.finditer(text):
            before = text[max(0, match.start() - 40) : match.start()]
            if _SCRIPT.search(before):
                call.shell(PLACEHOLDER.sub("made-file", match[1] or match[2] or ""))
        text = _LONG.sub('""', text)
        for match in _STRING.finditer(text):
            literal = match[1] or match[2]
            before = text[max(0, match.start() - 40) : match.start()]
            told = DANGEROUS.match(literal) and not SAYS.search(before)
            if not (_TAKEN.search(before) or told):
                continue
            following = _MORE.match(text, match.end())
            words = [a or b for a, b in PIECE.findall(following[0])] if following else []
            literal = PLACEHOLDER.sub("made-file", literal)
            if words and not re.search(r"\s", literal):
                call.run([literal, *words])
            else:
                call.shell(literal)
    finally:
        call.strict = strict


_SCRIPT = re.compile(r"(?:shell|script|exec|run|sh|bash|local|cmd|command)\b[\s(:=]*$")
_MORE = re.compile(
    r"(?:\s*(?:[,;]\s*)?(?:[\[(]\s*)?(?:\"[^\"\n]{0,500}\"|'[^'\n]{0,500}')(?!\s*:))+"
)
PIECE = re.compile(r"\"([^\"]{0,500})\"|'([^']{0,500})'")


def groovy(call: Call, text: str, runner: Runner) -> None:
    """Groovy: Gradle deletes trees with `delete 'x'`, too."""
    code_of(call, text, runner)
    for match in re.finditer(r"\bdelete[ \t(]{1,8}([\"'])([^\"'\n]{1,500})\1", text):
        call.deletes(re.sub(r"\$\{?[\w.]+\}?", "build", match[2]), recursive=True)


def snakemake(call: Call, text: str, runner: Runner) -> None:
    """Rules of Snakemake, which are no Python, with their shell texts."""
    code(call, text, "snakemake")
    _texts(call, text)


def build_backend(call: Call, text: str, runner: Runner) -> None:
    """What builds a package: its unknown pieces are judged as those of tests are."""
    strict, call.strict = call.strict, False
    try:
        run_text(call, text, "python")
    finally:
        call.strict = strict


def in_tree_backend(call: Call) -> None:
    """What builds a package, where `pyproject.toml` says that it stands in the package itself.

    The keys are those of PEP 517, `build-backend` and `backend-path`.
    """
    evaluator = call.evaluator
    named = [word for word in split(call.argv)[1] if "/" in word or word == "."]
    for top in dict.fromkeys([call.cwd, *(call.place(word).path for word in named)]):
        path = f"{top}/pyproject.toml"
        text = evaluator.files[path] if path in evaluator.files else read_script(path, {})
        if not isinstance(text, str) or "backend-path" not in text:
            continue
        data = parsed(text, "toml")
        system = data.get("build-system")
        system = system if isinstance(system, dict) else {}
        module = str(system.get("build-backend", "")).partition(":")[0].replace(".", "/")
        directories = system.get("backend-path")
        for directory in directories if isinstance(directories, list) else ():
            for ending in (".py", "/__init__.py"):
                found = call.place(f"{top}/{directory}/{module}{ending}").path
                if evaluator.of_agent(found):
                    run_file(call, found, "python")


def notebook(call: Call, text: str, runner: Runner) -> None:
    """The cells of a notebook that hold code."""
    data = parsed(text, "json")
    cells = data.get("cells") if isinstance(data, dict) else None
    for cell in cells if isinstance(cells, list) else ():
        source = cell.get("source", "") if isinstance(cell, dict) else ""
        lines = "".join(map(str, source)) if isinstance(source, list) else str(source)
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            for match in re.finditer(r"(?m)^[ \t]*(?:!|%sx |%system )(.+)$", lines):
                call.shell(match[1])
            plain = re.sub(r"(?m)^[ \t]*[!%?].*$", "", lines)
            shells = lines.lstrip().startswith(("%%bash", "%%sh", "%%script"))
            run_text(call, plain, "shell" if shells else "python")


def shebang(call: Call, first: str, text: str) -> None:
    """A text that says in its first line what runs it."""
    run_text(call, text, language_of("", text) if first else "shell")
