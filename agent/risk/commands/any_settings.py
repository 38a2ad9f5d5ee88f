# ruff: noqa: E501 - patterns read better unbroken
"""Files of settings that an agent made, for programs whose settings no table knows.

Most forms of settings say a command under a key that sounds like one. What stands there is judged
as the command that it would be; what cannot be read that way says nothing.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise

from agent.risk.commands.languages import language_of, run_text
from agent.risk.commands.script_files import read_script
from agent.risk.commands.task_settings import commands_in
from agent.risk.commands.task_texts import Unreadable, parsed
from agent.risk.evaluation.call import Call
from agent.risk.shell.syntax import UNKNOWN

MAX_TEXT = 200_000
"""Characters of one file that are read."""

_OPTION = re.compile(
    r"--?(?:[\w]+-)*(?:config|conf|configfile|config-file|config-path|rcfile|rc|settings|settings-file|init-file|plugin-config|profile)"
)
_SHORT = frozenset(["-c", "-C", "-F"])
_VARIABLES = ("CONFIG", "CONFIG_FILE", "CONFIG_PATH", "CONF", "RC", "RCFILE", "SETTINGS")
_LINE = re.compile(
    r"(?mi)^[ \t]*(?:set[ \t]+|(?:cmd|map|bind)[ \t]+\S+[ \t]+(?=[$&!%]))?([\w.-]*(?:exec|command|cmd|hook|run|shell|script|program|filter|handler|pager|editor|opener|"
    r"notify|on[-_]\w+|(?:pre|post)[-_]\w+|startup|start|stop)[\w.-]*)?[ \t]*[:=]?[ \t]*(?:exec:)?(\S.*)$"
)
_VALUE = re.compile(r"^[\"']?[$&!%@]?[ \t]*(.+?)[\"']?[ \t]*,?$")
_CODE = (".py", ".js", ".cjs", ".mjs", ".ts", ".rb", ".lua", ".pl", ".el", ".php")


def settings_of_agent(call: Call, argv: list[str]) -> None:
    """Judge the settings that an agent made and that a command is told of by an option or a variable."""
    program = argv[0].rpartition("/")[2]
    variables = call.evaluator.state.variables
    named = list(_named(argv, len(argv) - call.handed))
    prefix = re.sub(r"\W", "_", program).upper()
    for suffix in _VARIABLES:
        named += variables.get(f"{prefix}_{suffix}") or ()
    for name in named:
        path = call.place(name).path
        if UNKNOWN not in path and call.evaluator.of_agent(path):
            judge_settings(call, path)


def _named(argv: list[str], own: int) -> Iterator[str]:
    for before, word in pairwise(argv[:own]):
        option, equals, rest = word.partition("=")
        if equals and _OPTION.fullmatch(option):
            yield rest
        elif word[:1] != "-" and (before in _SHORT or _OPTION.fullmatch(before)):
            yield word


def judge_settings(call: Call, path: str) -> None:
    """Judge what a file of settings has its program run."""
    evaluator = call.evaluator
    known = path in evaluator.files
    text = evaluator.files[path] if known else read_script(path, evaluator.digests)
    entry = f"any:{path}"
    if not isinstance(text, str) or len(text) > MAX_TEXT or entry in evaluator.reading:
        return
    evaluator.reading.add(entry)
    try:
        if path.endswith(_CODE):
            run_text(call, text, language_of(path, text))
        else:
            settings_text(call, text, path.rpartition(".")[2].lower())
    finally:
        evaluator.reading.discard(entry)


def settings_text(call: Call, text: str, form: str) -> None:
    """Judge the commands in a text of settings.

    Args:
        call: the command.
        text: the settings.
        form: ending of the file's name; any form is tried when it is none that is known.
    """
    strict, call.strict = call.strict, False
    try:
        for each in _FORMS.get(form, ("toml", "yaml")):
            try:
                data = parsed(text, each)
            except Unreadable:
                continue
            if isinstance(data, (dict, list)):
                commands_in(call, data)
                break
        if form not in _FORMS:
            _lines(call, text)
    finally:
        call.strict = strict


_FORMS = {
    "json": ("json",),
    "jsonc": ("json",),
    "toml": ("toml",),
    "yaml": ("yaml",),
    "yml": ("yaml",),
}


def _lines(call: Call, text: str) -> None:
    for match in _LINE.finditer(text):
        key, rest = match[1], match[2]
        if match[0].lstrip()[0] in "#;[" or (key is None and rest[0] not in "$!&%"):
            continue
        value = _VALUE.match(rest)
        if value is not None and _whole(value[1]):
            call.shell(value[1])


def _whole(text: str) -> bool:
    try:
        return len(shlex.split(text)) > 1 or "/" in text
    except ValueError:
        return False
