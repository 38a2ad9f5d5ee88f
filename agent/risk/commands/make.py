# ruff: noqa: SIM102 - tables and patterns read better unbroken
"""Rules for `make`: the recipes that the targets run."""

from __future__ import annotations

import re
from pathlib import Path

from agent.risk.arguments import split, spread, value
from agent.risk.commands.runner_forms import justfile
from agent.risk.commands.script_files import read_script, runs_later
from agent.risk.evaluation.call import Call
from agent.risk.paths import Zone
from agent.risk.programs.runners import RUNNERS
from agent.risk.shell.syntax import UNKNOWN

_VALUED = ("-C", "-f", "-I", "-o", "-W", "-E")


_CHANGES_WHAT_RUNS = re.compile(r"-[EfCI]|--(?:ev|fi|ma|di|inc)\S*|\.?SHELL(?:FLAGS)?[:+?]*=.*")


def flags_run(text: str) -> bool:
    """`MAKEFLAGS`: options that have make read another file, or run text.

    The first word may go without a dash: `MAKEFLAGS=ks`.
    """
    if UNKNOWN in text or "$(" in text or "${" in text or "`" in text:
        return True
    words = text.split()
    if words and words[0][:1] != "-" and "=" not in words[0]:
        words[0] = f"-{words[0]}"
    options = spread(["make", *words], _VALUED)[1:]
    return any(_CHANGES_WHAT_RUNS.fullmatch(option) for option in options)


_VARIABLE = re.compile(r"[A-Za-z_]\w*[:+?!]*$")


def _given(call: Call, name: str, text: str) -> None:
    """`make NAME=text`: recipes see it as a variable of make's and of their environment."""
    if name.endswith("!"):
        call.shell(text)
    elif "$(" not in text:
        call.evaluator.variable(name.rstrip(":+?"), (text,), call, exported=True)


def make(call: Call) -> None:
    """`make`: the recipes of its file, as far as they are there to be read."""
    argv = call.argv = (
        [call.argv[0], *spread(call.argv, _VALUED)[1:]]
        if call.argv[0].endswith("make")
        else call.argv
    )
    for argument in argv[1:]:
        name, equals, text = argument.partition("=")
        if argument == "-E" or name.startswith("--ev"):
            call.high("has make run text from the command line")
        if argument in ("-c", "--command") and argv[0] == "just":
            call.run(argv[argv.index(argument) + 1 :])
        if name == "--shell" and argv[0] == "just":
            call.high("has just run recipes with another shell")
        if argv[0] == "just" and name in ("--chooser", "--shell-command"):
            call.hook(text or "".join(value(argv, name)[:1]))
        if argv[0] == "just" and name == "--set":
            call.shell(" ".join(argv[argv.index(argument) + 2 :][:1]))
        if equals and _VARIABLE.match(name):
            _given(call, name, text)
        if name.rstrip(":+?") in ("SHELL", ".SHELLFLAGS", "MAKEFLAGS", "GNUMAKEFLAGS") and equals:
            call.high(f"{name} makes later commands run something else")
        elif equals and _VARIABLE.match(name) and re.search(r"[$`;|&]", text):
            call.shell(text)
        if name.upper() in ("PREFIX", "DESTDIR") and call.place(text).zone in (
            Zone.SYSTEM,
            Zone.OUTSIDE,
        ):
            call.high("installs into the system")
    targets = split(
        argv, ("-C", "-f", "-j", "-o", "-W", "-I", "--directory", "--file", "--makefile")
    )[1]
    targets = [t for t in targets if "=" not in t and not t.isdigit()]
    if (
        any(
            re.fullmatch(r"(?:un)?install|publish|deploy\S*|release|upload|push", t)
            for t in targets
        )
        and argv[0] == "make"
    ):
        if "install" in targets and not any(
            a.startswith(("DESTDIR=", "PREFIX=", "prefix=")) for a in argv
        ):
            _makefile(call, targets)
    _makefile(call, targets)
    call.medium("runs make")


_FILES = {
    "make": (("-f", "--file", "--makefile"), ("GNUmakefile", "makefile", "Makefile")),
    "just": (("-f", "--justfile"), ("justfile", "Justfile", ".justfile")),
    "task": (("-t", "--taskfile"), ("Taskfile.yml", "Taskfile.yaml")),
}
"""Options that name the file of recipes, and the names that are looked for without one."""


def _makefile(call: Call, targets: list[str]) -> None:
    directory = value(call.argv, "-C", "--directory")
    base = call.place(directory[-1]).path if directory else call.cwd
    if "install" in targets and call.evaluator.came(base):
        call.high("installs what was just fetched")
    program = call.argv[0].rpartition("/")[2]
    options, usual = _FILES.get(program, _FILES["make"])
    names = value(call.argv, *options) or list(usual)
    if any("://" in name for name in names):
        call.high("runs recipes that come from another machine")
    for name in names:
        if UNKNOWN in name:
            call.opaque("which makefile runs cannot be known")
            continue
        if UNKNOWN in base:
            continue
        if name == "-" or name.startswith("/dev/"):
            feed = call.feed()
            if feed.kind == "text" and not name.startswith("/dev/fd/sub:"):
                recipes(call, feed.text, targets)
            else:
                call.high("has make run text that is not in a file")
            return
        path = name if name.startswith("/") else f"{base}/{name}"
        evaluator = call.evaluator
        key = call.place(path).path
        runs_later(call, key)
        text: str | bool | None
        known = False
        if key in evaluator.files:
            text = evaluator.files[key]
            known = True
            if text is None:
                call.high("runs a makefile that was just written or fetched")
                return
        else:
            text = read_script(key, call.evaluator.digests)
        if text is False:
            call.high("runs a makefile that is too long or not text")
            return
        # A recipe may have make run again, for another target of the same file.
        entry = f"make:{key}:{' '.join(targets)}"
        if not isinstance(text, str) or entry in evaluator.reading:
            continue
        evaluator.reading.add(entry)
        strict, state = call.strict, evaluator.state
        call.strict = strict and (known or Path(key) in evaluator.context.written)
        before, state.cwd = state.cwd, base
        try:
            if program == "just":
                justfile(call, text, RUNNERS["just"][0])
            else:
                recipes(call, text, targets)
        finally:
            call.strict, state.cwd = strict, before
            evaluator.reading.discard(entry)
        return


_FLAGS_SET = re.compile(r"^(?:override |export )*(?:GNU)?MAKEFLAGS\s*[:?+]*=\s*(.*)$")
_SHELL_SET = re.compile(r"^(?:override |export )*[\w.]+\s*!=\s*(.*)$")
_SHELL_CALL = re.compile(r"\$[({]shell ((?:[^(){}]|\([^()]*\))*)[)}]")


_REFERENCE = re.compile(r"\$[({]([A-Za-z_][\w.]*)[)}]")


def recipes(call: Call, text: str, targets: list[str]) -> None:
    """Judge the recipes that the targets (or the first one) may run."""
    text = text.replace("\\\n", " ")
    rules: dict[str, tuple[list[str], list[str]]] = {}
    variables: dict[str, str] = {}
    defaults: set[str] = set()
    first = ""
    current: list[str] | None = None
    before = "\t"
    for line in text.splitlines():
        if line.startswith(before) and current is not None:
            current.append(line[1:].strip())
            continue
        if match := _FLAGS_SET.match(line):
            if flags_run(re.sub(r"\$[({](?!shell)[^(){}]*[)}]", "", match[1])):
                call.high("MAKEFLAGS makes the makefile run something else")
            continue
        if match := _SHELL_SET.match(line):
            call.shell(match[1])
            continue
        if match := re.match(r"^\.RECIPEPREFIX\s*[:?]?:?=\s*(\S?)", line):
            before = match[1] or "\t"
            continue
        match = re.match(r"^([A-Za-z_][\w.]*)\s*([:?+]?):?=\s*(.*)$", line)
        if match:
            if match[2] == "?":
                defaults.add(match[1])
            else:
                defaults.discard(match[1])
            variables[match[1]] = match[3]
            for inner in _SHELL_CALL.findall(match[3]):
                call.shell(inner)
            continue
        for inner in _SHELL_CALL.findall(line):
            call.shell(inner)
        match = re.match(r"^([^\s:#=][^:=]*):(?!=)\s*([^#;]*)(?:;(.*))?", line)
        if match:
            needs = match[2].split()
            current = [match[3].strip()] if match[3] else []
            for name in match[1].split():
                rules.setdefault(name, ([], current))[0].extend(needs)
                if rules[name][1] is not current:
                    rules[name][1].extend(current)
                if not first and not name.startswith("."):
                    first = name
    # The environment counts where the file gives only a default; with -e, more than the file.
    if any(re.match(r"-[a-zA-Z]*e|--environment-overrides", a) for a in call.argv[1:]):
        defaults = set(variables)
    for name in {*defaults, *_REFERENCE.findall(text)} - (variables.keys() - defaults):
        known = call.evaluator.state.variables.get(name)
        if known is not None and len(known) == 1 and UNKNOWN not in known[0]:
            variables[name] = known[0]
    # What the command line says counts more than what the file says.
    given = (a.partition("=") for a in call.argv[1:] if re.match(r"^[A-Za-z_][\w.]*=", a))
    variables.update({name: value_of for name, _, value_of in given})
    pending = targets or [first]
    done: set[str] = set()
    while pending and len(done) < 500:
        name = pending.pop()
        if name in done or name not in rules:
            continue
        done.add(name)
        needs, lines = rules[name]
        pending.extend(needs)
        for line in lines:
            body = line.lstrip("@-+ ")
            for _ in range(4):
                replaced = _REFERENCE.sub(lambda m: variables.get(m[1], m[0]), body)
                if replaced == body:
                    break
                body = replaced
            body = re.sub(r"\$[({]MAKE[)}]", "make", body)
            body = re.sub(r"\$[({]shell ([^()]*)[)}]", r"$(\1)", body)
            body = re.sub(r"\$[@<^?*]|\$[({][^)}]*[)}]", "made-file", body).replace("$$", "$")
            call.shell(body)
