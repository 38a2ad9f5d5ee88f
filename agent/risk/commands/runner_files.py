# ruff: noqa: E501 - patterns read better unbroken
"""What task runners and build tools run from files that an agent made.

A file that an agent made is not trusted by its name: `rake` is judged by the Rakefile that the agent
wrote. What cannot be read of it is HIGH. Files that no agent made are left to the rules of the
programs.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator
from itertools import islice

from agent.risk.arguments import value, wordlist
from agent.risk.commands.any_settings import settings_text
from agent.risk.commands.runner_code import (
    build_backend,
    code_of,
    groovy,
    in_tree_backend,
    notebook,
    python_tasks,
    snakemake,
)
from agent.risk.commands.runner_forms import (
    earthfile,
    go_generate,
    justfile,
    mkdocs,
    ninja,
    phpunit,
    procfile,
    redis,
    terraform_data,
    tox_settings,
    xml_build,
)
from agent.risk.commands.script_files import read_script, runs_later
from agent.risk.commands.task_settings import task_settings
from agent.risk.commands.task_texts import Unreadable
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.programs.runners import RUNNERS, Runner
from agent.risk.shell.syntax import UNKNOWN

MAX_FILES = 128
"""Files that are read for one command."""
MAX_TEXT = 200_000
"""Characters of one file that are read."""

_ASKS = frozenset(wordlist("--version --help -h -V --list --list-all --summary version help"))


def runs_from(call: Call, program: str) -> None:
    """Judge what a program of `RUNNERS` runs from files that an agent made."""
    argv = call.argv
    if len(argv) == 2 and argv[1] in _ASKS:
        return
    for runner in RUNNERS[program]:
        if runner.verbs and runner.verbs.isdisjoint(argv[1:6]):
            continue
        if runner.form in ("backend", "in-tree") and not _builds(argv):
            continue
        if runner.form == "in-tree":
            in_tree_backend(call)
            continue
        for number, path in enumerate(_own(call, runner, program)):
            if number >= MAX_FILES:
                call.opaque(f"{program} runs from more of the agent's files than can be read")
                break
            _run(call, runner, path)


def _builds(argv: list[str]) -> bool:
    """The package that is built stands in a directory, or is the one at hand."""
    if "pip" not in argv[:2] and argv[0].rpartition("/")[2] not in ("pip", "pip3"):
        return True
    return any(_DIRECTORY.match(word) for word in argv[2:])


_DIRECTORY = re.compile(r"(?:-e|--editable=)?(?:\.{1,2}(?:[/\[]|$)|[/~])|[\w.-]+/")


def _own(call: Call, runner: Runner, program: str) -> Iterator[str]:
    """Paths of the files that it runs from and that an agent made."""
    evaluator = call.evaluator
    named = value(call.argv, *runner.options) if runner.options else []
    for text in named:
        path = call.place(text).path
        if UNKNOWN in path:
            call.opaque(f"which file {program} runs from cannot be known")
        elif evaluator.of_agent(path):
            yield path
    for word in call.argv[1:] if runner.operands else ():
        if _FILE.search(word) and evaluator.of_agent(path := call.place(word).path):
            yield path
    cwd = call.cwd
    if named or UNKNOWN in cwd:
        return
    top = evaluator.ground.project or cwd
    directories = [cwd]
    while (above := directories[-1].rpartition("/")[0]) and f"{above}/".startswith(f"{top}/"):
        directories.append(above)
    patterns = [name for name in runner.files if name.startswith("*")]
    for name in runner.files:
        if name not in patterns:
            for directory in directories:
                if evaluator.of_agent(path := f"{directory}/{name}"):
                    yield path
                    break
    if patterns:
        # Only what was written since it was judged last: a line may do both thousands of times.
        key = f"{program}:{runner.form}"
        since, count = evaluator.taken_up.get(key, -1), len(evaluator.files)
        evaluator.taken_up[key] = count
        later = list(islice(reversed(evaluator.files), max(0, count - since)))
        own = evaluator.own_files() if since < 0 else later
        for path in own:
            name = path.rpartition("/")[2]
            if path.startswith((f"{top}/", f"{cwd}/")) and any(
                fnmatch.fnmatchcase(
                    path if "/" in pattern else name, pattern if "." in pattern else pattern[1:]
                )
                for pattern in patterns
            ):
                yield path


_FILE = re.compile(r"\.\w{1,8}$")


def _run(call: Call, runner: Runner, path: str) -> None:
    evaluator = call.evaluator
    runs_later(call, path)
    known = path in evaluator.files
    text = evaluator.files[path] if known else read_script(path, evaluator.digests)
    name = path.rpartition("/")[2]
    if text is None and not known:
        return
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        if runner.form != "backend":
            call.high("runs from a file that the agent made and that cannot be read", f"runs {shown(name)}")  # fmt: skip
        return
    entry = f"runner:{path}:{' '.join(call.argv[1:]) if runner.picks else ''}"
    if entry in evaluator.reading:
        return
    state = evaluator.state
    before = state.cwd
    evaluator.reading.add(entry)
    try:
        state.cwd = path.rpartition("/")[0] or "/"
        _FORMS.get(runner.form, code_of)(call, text, runner)
        call.medium(f"runs what {shown(name)} says")
    except (Unreadable, RecursionError):
        call.high("runs from a file that the agent made and that cannot be read", f"runs {shown(name)}")  # fmt: skip
    finally:
        state.cwd = before
        evaluator.reading.discard(entry)


def any_program(call: Call, text: str, runner: Runner) -> None:
    """Settings in a form that programs share."""
    settings_text(call, text, "")


_FORMS: dict[str, Callable[[Call, str, Runner], None]] = {
    "python": python_tasks, "groovy": groovy, "snakemake": snakemake, "backend": build_backend, "notebook": notebook, "just": justfile,
    "toml": task_settings, "json": task_settings, "yaml": task_settings, "ini": tox_settings, "procfile": procfile,
    "mkdocs": mkdocs, "phpunit": phpunit, "redis": redis, "settings": any_program,
    "ninja": ninja, "xml": xml_build, "hcl": terraform_data, "earthly": earthfile, "go-generate": go_generate,
}  # fmt: skip
"""How what a file runs is found; code in any other language is read by what it calls."""
