# ruff: noqa: E501 - patterns read better unbroken
"""Which of the tasks in a file of settings run, and the commands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from agent.risk.arguments import split, wordlist
from agent.risk.commands.languages import run_text
from agent.risk.commands.runner_code import DANGEROUS, PLACEHOLDER, shebang
from agent.risk.commands.script_files import run_file
from agent.risk.commands.task_texts import parsed
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import quote
from agent.risk.programs.runners import Runner


def picked(call: Call, tasks: dict[str, Any], runner: Runner) -> Iterator[Any]:
    """Tasks that the words of the command name, with those that they mention."""
    names = {key.partition("\0")[0]: key for key in tasks}
    words = {part for word in call.argv[1:] for part in (word, *word.split(":"), word.lstrip("+"))}
    pending = [names[word] for word in words if word in names]
    verbs = [key for key in tasks if key.startswith(("pre-", "post-", "pre_", "post_"))]
    if not runner.picks:
        pending = list(tasks)
    elif verbs:
        pending += verbs
    if not pending and not split(call.argv, runner.options)[1]:
        pending = [names["default"]] if "default" in names else list(tasks)[:1]
    done: set[str] = set()
    while pending:
        key = pending.pop()
        if key in done:
            continue
        done.add(key)
        yield tasks[key]
        mentioned = set(re.findall(r"[\w.:-]+", str(tasks[key])))
        pending += [names[name] for name in names if name in mentioned]


_RUNS = re.compile(
    r"(?:.*[_-])?(?:run|sh|shell|bash|exec|entry|entrypoint|program|cmds?|commands?|scripts?|preconditions|status|composite"
    r"|sequence|chain|hooks?|args|executable|before|after|on|web|enter|leave|cd|preinstall|postinstall|panes|windows|pre|post"
    r"|shell_command.*|shell_command_before)"
)
"""Keys under which a text is a command."""
_TELLS = frozenset(
    wordlist(
        """description desc summary help name title id depends depends_on depends-on depends_post deps
        requires inputs input outputs output sources generates dir cwd working_directory working-directory
        platforms aliases alias prompt msg message label language types types_or files exclude stages glob
        root tags version repo rev repos_url keywords authors license url image need_stdout on_success
        windows_shell task"""
    )
)
"""Keys that only tell something."""
_TASKS = frozenset(wordlist("tasks scripts jobs"))
_WORDS = frozenset(wordlist("command cmd program executable exec entry entrypoint args"))
"""Keys under which a list is the words of one command, unless its first holds a blank."""
_FILES = frozenset(wordlist("file source script_file script-file"))


def task_settings(call: Call, text: str, runner: Runner) -> None:
    """Judge the tasks that run, and what a file of settings runs besides."""
    data = parsed(text, runner.form)
    if runner.table:
        tool = data.get("tool") if isinstance(data, dict) else None
        data = tool.get(runner.table) if isinstance(tool, dict) else None
    if isinstance(data, list):
        data = {"hooks": data}
    if not isinstance(data, dict):
        return
    tasks: dict[str, Any] = {}
    _collect(call, data, tasks, runner, 0)
    for node in picked(call, tasks, runner):
        _commands(call, node, task=True)


def _collect(call: Call, node: Any, tasks: dict[str, Any], runner: Runner, depth: int) -> None:
    """Tasks by their names; commands that stand elsewhere are judged at once."""
    if isinstance(node, list):
        for each in node:
            _collect(call, each, tasks, runner, depth)
        return
    if not isinstance(node, dict):
        return
    if not runner.picks:
        _commands(call, node, task=False)
        return
    for key, value_of in node.items():
        name = key.partition("\0")[0]
        if name in _TASKS and isinstance(value_of, dict):
            for task, inner in value_of.items():
                tasks[task if task not in tasks else f"{task}\0{len(tasks)}"] = inner
        elif name in ("pre-install-commands", "post-install-commands", "preconditions"):
            _commands(call, value_of, task=True)
        elif name in ("hooks", "vars", "env", "environment", "activation"):
            _commands(call, {name: value_of}, task=False)
        else:
            _collect(call, value_of, tasks, runner, depth + 1)


def commands_in(call: Call, data: Any) -> None:
    """Judge the commands in settings of any program: what stands under keys that sound like it."""
    _commands(call, data, task=False)


def _commands(call: Call, node: Any, *, task: bool, words_of: bool = False) -> None:
    """Judge the commands of one task.

    Args:
        call: the command that runs it.
        node: what the settings say.
        task: a text or a list right here is commands; otherwise the keys tell.
        words_of: a list may be the words of one command.
    """
    if isinstance(node, str):
        _text(call, node, sure=task)
    elif isinstance(node, list):
        words = [each for each in node if isinstance(each, str)]
        if (
            words_of
            and task
            and words
            and len(words) == len(node)
            and not re.search(r"\s", words[0].strip())
        ):
            call.run([PLACEHOLDER.sub("made-file", word) for word in words])
            node = [word for word in words[1:] if re.search(r"\s", word)]
        for each in node:
            _commands(call, each, task=task)
    elif isinstance(node, dict):
        entry, rest = node.get("entry", node.get("command")), node.get("args")
        if isinstance(entry, str) and isinstance(rest, list):
            call.shell(" ".join([entry, *(quote(word) for word in rest if isinstance(word, str))]))
        for key, inner in node.items():
            name = key.partition("\0")[0].lower()
            if name in ("env", "environment") and isinstance(inner, dict):
                _environment(call, inner)
            elif name in _FILES and isinstance(inner, str):
                run_file(call, inner)
            elif name == "expr" and isinstance(inner, str):
                run_text(call, inner, "python")
            elif name in _TELLS:
                _commands(call, inner if not isinstance(inner, str) else "", task=False)
            else:
                known = bool(_RUNS.fullmatch(name)) or (task and not isinstance(inner, str))
                _commands(call, inner, task=known, words_of=name in _WORDS)


_METHOD = re.compile(r"[A-Za-z_][\w\\]*::\w+")
"""A method that composer calls."""
_CALLABLE = re.compile(r"([\w.]+):[\w.]+(?:\(.*\))?", re.S)


def _text(call: Call, text: str, *, sure: bool) -> None:
    text = PLACEHOLDER.sub("made-file", text).strip()
    if not text or _METHOD.fullmatch(text):
        return
    if sure and (match := _CALLABLE.fullmatch(text)):
        base = match[1].replace(".", "/")
        for path in (f"{base}.py", f"{base}/__init__.py", f"src/{base}.py"):
            if call.evaluator.of_agent(call.place(path).path):
                run_file(call, path, "python")
    elif sure or DANGEROUS.match(text):
        if text.startswith("#!"):
            shebang(call, text, text)
        else:
            call.shell(re.sub(r"(?m)^[@-]+\s*(?=\w)", "", text))


def _environment(call: Call, variables: dict[str, Any]) -> None:
    for name, text in variables.items():
        if isinstance(text, str) and re.fullmatch(r"[A-Za-z_]\w*", name):
            call.shell(f"{name}={quote(PLACEHOLDER.sub('x', text))} true")
        elif isinstance(text, dict):
            _commands(call, text, task=False)
