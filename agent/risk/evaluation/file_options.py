"""Files that the options of a program name, judged as the shell's own would be.

`curl -D FILE` is `> FILE`, `date -f FILE` is `cat FILE`, `eslint -c FILE` runs it. The rules of the
programs judge what else they do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.programs.files import COMPILERS, FILE_OPTIONS, SETTINGS, FileOptions
from agent.risk.shell.syntax import UNKNOWN

_NO_FILE = frozenset(["", "-", "/dev/stdout", "/dev/stderr", "/dev/stdin", "%"])


def named_files(call: Call, program: str) -> None:
    """Judge every file that an option of `program` names, by what the program does with it."""
    entry = FILE_OPTIONS.get(program)
    if entry is None or (len(call.argv) < 2 and program not in SETTINGS):
        return
    operands: list[str] = []
    for option, text in _options(call.argv, entry):
        if not option:
            operands.append(text)
        elif option in entry.writes:
            if text not in _NO_FILE and not text.startswith("/dev/fd/"):
                _writes(call, program, text)
        elif option in entry.reads:
            if text not in _NO_FILE:
                call.reads(text)
        elif option in entry.code:
            _loads(call, text)
        elif text.partition("@")[1] and re.fullmatch(r"\w*", text.partition("@")[0]):
            call.reads(text.partition("@")[2])
    if entry.last and len(operands) >= entry.last:
        _written(call, operands[-1])
    if program in SETTINGS:
        found_settings(call, program)


def files_of(call: Call, argv: list[str]) -> None:
    """`npx eslint -c x.js`, `python -m mypy`: the files that options of a carried program name."""
    if argv and argv[0] in FILE_OPTIONS:
        own, call.argv = call.argv, argv
        try:
            named_files(call, argv[0])
        finally:
            call.argv = own


def _writes(call: Call, program: str, text: str) -> None:
    """What a compiler makes of the project's code is the project's, and is run as such."""
    if text.startswith("|"):
        call.hook(text.lstrip("|"))
        return
    files = call.evaluator.files
    path = call.place(text).path
    before = path in files
    call.writes(text)
    if program in COMPILERS and not before and "-E" not in call.argv:
        files.pop(path, None)


def _options(argv: list[str], entry: FileOptions) -> Iterator[tuple[str, str]]:
    """Options of the table with their values, and operands under no name."""
    wanted = entry.wanted
    at, count = 1, len(argv)
    while at < count:
        word = argv[at]
        at += 1
        following = argv[at] if at < count else None
        if word == "--":
            yield from (("", operand) for operand in argv[at:])
            return
        if word[:1] != "-" or word == "-":
            if entry.leads:
                return
            yield "", word
        elif word[:2] == "--" or not entry.letters:
            name, equals, text = word.partition("=")
            if word[:2] == "--" and name not in wanted and name not in entry.others:
                name = _unabbreviated(name, wanted)
            if name in wanted:
                if equals:
                    yield name, text
                elif following is not None:
                    at += 1
                    yield name, following
            elif name in entry.others:
                at += not equals
            elif word[:2] != "--" and (short := word[:2]) in wanted and len(word) > 2:
                yield short, word[2:]
        else:
            for place, letter in enumerate(word[1:], 2):
                if letter not in entry.letters:
                    continue
                value = word[place:]
                if not value and following is not None:
                    at += 1
                    value = following
                if f"-{letter}" in wanted:
                    yield f"-{letter}", value
                break


@lru_cache(maxsize=1_024)
def _unabbreviated(name: str, wanted: frozenset[str]) -> str:
    """The option of the table that `--outp` is short for, if there is one."""
    if len(name) < 5:
        return name
    return next((full for full in sorted(wanted) if full.startswith(name)), name)


def _written(call: Call, text: str) -> None:
    """The last operand: a file that is written, with what it is converted to before a colon."""
    argv = call.argv
    if argv[-1] != text or argv[-2] == "-i" or argv[1] == "identify":
        return
    text = re.sub(r"^[a-z0-9]{2,8}:(?!//)", "", text)
    if text not in _NO_FILE and "://" not in text and text[:1] != "|":
        call.writes(text)


_DATA = re.compile(r".*\.(?:cfg|ini|toml|ya?ml|json)|.*rc|.*\.flake8")
_CODE = re.compile(r".*\.(?:[cm]?[jt]sx?|py|rb|lua|pl)")
_NAMES_CODE = re.compile(
    r"(?m)^[\s{\"',-]*(?:load-plugins|plugins?|init-hook|init-import|extensions?|local-plugins|paths|require|extends"
    r"|inherit_\w+|parser|processor|format(?:ter)?|rulesDirectory|customSyntax|jsPlugins)[\"']?\s*[:=]\s*(.*)$"
    r"|local-plugins"
)
_NAME = re.compile(r"[\w./@-]+")


def _loads(call: Call, text: str) -> None:
    """The program runs a file, a module of the project, or what a file of settings names."""
    for name in text.split(","):
        if UNKNOWN in name:
            call.opaque("which code it loads cannot be known")
        elif _DATA.fullmatch(name):
            _settings(call, name, named=True)
        elif name and _of_agent(call, name):
            call.high("loads code that the agent wrote or fetched", f"loads {shown(name)}")
        elif name:
            call.medium(f"loads code from {shown(name)}")


def _of_agent(call: Call, name: str) -> bool:
    """A file, or a module below the working directory, was written or fetched by the agent."""
    evaluator = call.evaluator
    module = name.partition(":")[0].replace(".", "/")
    tried = (name, f"{module}.py", f"{module}/__init__.py", f"{name}.js", f"{name}.cjs")
    for path in (call.place(one).path for one in tried):
        if path in evaluator.files or Path(path) in evaluator.context.written:
            return True
        if evaluator.came(path):
            return True
    return False


def _settings(call: Call, path: str, *, named: bool) -> None:
    """A file of settings is data, but may name code that is loaded.

    Args:
        call: the command.
        path: the file.
        named: the command names it; otherwise it is found where the command runs.
    """
    evaluator = call.evaluator
    place = call.place(path)
    written = place.path in evaluator.files or Path(place.path) in evaluator.context.written
    from agent.risk.commands.script_files import read_script

    content = (
        evaluator.files[place.path]
        if place.path in evaluator.files
        else read_script(place.path, evaluator.digests)
    )
    if not isinstance(content, str):
        if written or content is False:
            call.high("takes settings from a file that cannot be judged", f"uses {shown(path)}")
        elif named:
            call.medium(f"takes settings from {shown(path)}")
        return
    for match in _NAMES_CODE.finditer(content):
        names = _NAME.findall((match[1] or "") + content[match.end() : match.end() + 400])
        if written or any(_of_agent(call, name) for name in names[:64] if name.strip("./-")):
            call.high("loads code that settings of the agent name", f"uses {shown(path)}")
        elif named:
            call.medium(f"loads code that {shown(path)} names")


def found_settings(call: Call, program: str) -> None:
    """Settings that a program finds where it runs: code, and what names code."""
    evaluator = call.evaluator
    if UNKNOWN in call.cwd:
        return
    for name in SETTINGS.get(program, ()):
        path = call.place(name).path
        if not _CODE.fullmatch(name):
            _settings(call, name, named=False)
        elif path in evaluator.files or Path(path) in evaluator.context.written:
            from agent.risk.commands.script_files import run_file

            run_file(call, name)
            call.medium(f"runs {name}, which the agent wrote")
