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
from typing import Any

from agent.risk.arguments import split, value, wordlist
from agent.risk.commands.languages import run_text
from agent.risk.commands.script_code import code
from agent.risk.commands.script_files import read_script, run_file, runs_later
from agent.risk.commands.task_texts import Unreadable, parsed
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import quote, shown
from agent.risk.programs.runners import RUNNERS, Runner
from agent.risk.shell.syntax import UNKNOWN

MAX_FILES = 128
"""Files that are read for one command."""
MAX_TEXT = 200_000
"""Characters of one file that are read."""
MAX_VALUE = 2_000
"""Characters of the value of one variable that is put in."""

_ASKS = frozenset(wordlist("--version --help -h -V --list --list-all --summary version help"))


def runs_from(call: Call, program: str) -> None:
    """Judge what a program of `RUNNERS` runs from files that an agent made."""
    argv = call.argv
    if len(argv) == 2 and argv[1] in _ASKS:
        return
    for runner in RUNNERS[program]:
        if runner.verbs and runner.verbs.isdisjoint(argv[1:6]):
            continue
        if runner.form == "backend" and not _builds(argv):
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
                fnmatch.fnmatchcase(name, pattern if "." in pattern else pattern[1:])
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
        _FORMS.get(runner.form, _code)(call, text, runner)
        call.medium(f"runs what {shown(name)} says")
    except (Unreadable, RecursionError):
        call.high("runs from a file that the agent made and that cannot be read", f"runs {shown(name)}")  # fmt: skip
    finally:
        state.cwd = before
        evaluator.reading.discard(entry)


_STRING = re.compile(r'"((?:\\.|[^"\\\n]){1,2000})"|\'((?:\\.|[^\'\\\n]){1,2000})\'')
_LONG = re.compile(r'"""(.*?)"""|\'\'\'(.*?)\'\'\'', re.S)
_TAKEN = re.compile(
    r"(?:\b(?:sh|local|rule|actions?|Execute|Command|exec_command|commandLine|executable|shell|cmd|cmds|run|sudo|command|commands|bash)"
    r"|addSystemCommand)\b['\"]?[\s(:=\[{,&.]*$"
)
"""Code before a string that says that the string is run."""
_DANGEROUS = re.compile(
    r"\s*(?:sudo\s+)?(?:\S*/)?(?:rm|doas|dd|mkfs\S*|shred|chmod|chown|curl|wget|nc|ssh|scp|kill|pkill"
    r"|killall|bash|sh|zsh|crontab|dropdb)\s+\S"
)
_PLACEHOLDER = re.compile(r"\$?\{\{?[^{}]*\}\}?")


def _code(call: Call, text: str, runner: Runner) -> None:
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


def _python(call: Call, text: str, runner: Runner) -> None:
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
                call.shell(_PLACEHOLDER.sub("made-file", match[1] or match[2] or ""))
        text = _LONG.sub('""', text)
        for match in _STRING.finditer(text):
            literal = match[1] or match[2]
            before = text[max(0, match.start() - 40) : match.start()]
            if not (_TAKEN.search(before) or _DANGEROUS.match(literal)):
                continue
            following = _MORE.match(text, match.end())
            words = [a or b for a, b in _PIECE.findall(following[0])] if following else []
            literal = _PLACEHOLDER.sub("made-file", literal)
            if words and not re.search(r"\s", literal):
                call.run([literal, *words])
            else:
                call.shell(literal)
    finally:
        call.strict = strict


_SCRIPT = re.compile(r"(?:shell|script|exec|run|sh|bash|local|cmd|command)\b[\s(:=]*$")
_MORE = re.compile(r"(?:\s*[,;]?\s*[\[(]?\s*(?:\"[^\"\n]{0,500}\"|'[^'\n]{0,500}')(?!\s*:))+")
_PIECE = re.compile(r"\"([^\"]{0,500})\"|'([^']{0,500})'")


def _groovy(call: Call, text: str, runner: Runner) -> None:
    _code(call, text, runner)
    for match in re.finditer(r"\bdelete[ \t(]{1,8}([\"'])([^\"'\n]{1,500})\1", text):
        call.deletes(re.sub(r"\$\{?[\w.]+\}?", "build", match[2]), recursive=True)


def _snakemake(call: Call, text: str, runner: Runner) -> None:
    code(call, text, "snakemake")
    _texts(call, text)


def _backend(call: Call, text: str, runner: Runner) -> None:
    """What builds a package: its unknown pieces are judged as those of tests are."""
    strict, call.strict = call.strict, False
    try:
        run_text(call, text, "python")
    finally:
        call.strict = strict


def _notebook(call: Call, text: str, runner: Runner) -> None:
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


def _just(call: Call, text: str, runner: Runner) -> None:
    tasks: dict[str, str] = {}
    name = ""
    for line in text.replace("\\\n", " ").splitlines():
        if line[:1] in (" ", "\t") and name:
            tasks[name] += line.strip() + "\n"
            continue
        if match := re.match(r"set\s+(?:windows-)?shell\s*:=\s*\[(.*)\]", line):
            call.run([*(a or b for a, b in _PIECE.findall(match[1])), "true"])
        for match in re.finditer(r"`([^`]+)`", line):
            call.shell(_PLACEHOLDER.sub("made-file", match[1]))
        match = re.match(r"@?([\w-]+)((?:\s[^:]*)?):(?!=)([^#]*)", line)
        name = match[1] if match else "" if line.strip() else name
        if match:
            tasks[name] = "".join(f"#needs {need}\n" for need in re.findall(r"[\w-]+", match[3]))
    for body in _picked(call, tasks, runner):
        plain = re.sub(r"(?m)^#needs .*\n", "", body)
        plain = _PLACEHOLDER.sub("made-file", plain)
        first = plain.partition("\n")[0]
        if first.startswith("#!"):
            _shebang(call, first, plain)
        else:
            call.shell(re.sub(r"(?m)^[@-]+\s*", "", plain))


def _shebang(call: Call, first: str, text: str) -> None:
    from agent.risk.commands.languages import language_of

    run_text(call, text, language_of("", text) if first else "shell")


def _picked(call: Call, tasks: dict[str, Any], runner: Runner) -> Iterator[Any]:
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


def _settings(call: Call, text: str, runner: Runner) -> None:
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
    for node in _picked(call, tasks, runner):
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
            call.run([_PLACEHOLDER.sub("made-file", word) for word in words])
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
    text = _PLACEHOLDER.sub("made-file", text).strip()
    if not text or _METHOD.fullmatch(text):
        return
    if sure and (match := _CALLABLE.fullmatch(text)):
        base = match[1].replace(".", "/")
        for path in (f"{base}.py", f"{base}/__init__.py", f"src/{base}.py"):
            if call.evaluator.of_agent(call.place(path).path):
                run_file(call, path, "python")
    elif sure or _DANGEROUS.match(text):
        if text.startswith("#!"):
            _shebang(call, text, text)
        else:
            call.shell(re.sub(r"(?m)^[@-]+\s*(?=\w)", "", text))


def _environment(call: Call, variables: dict[str, Any]) -> None:
    for name, text in variables.items():
        if isinstance(text, str) and re.fullmatch(r"[A-Za-z_]\w*", name):
            call.shell(f"{name}={quote(_PLACEHOLDER.sub('x', text))} true")
        elif isinstance(text, dict):
            _commands(call, text, task=False)


def _ini(call: Call, text: str, runner: Runner) -> None:
    for match in re.finditer(r"(?m)^(commands\w*|set_?env)[ \t]*=[ \t]*(.*(?:\n[ \t]+.*|\n(?=[ \t]+\S))*)", text):  # fmt: skip
        for line in match[2].replace("\\\n", " ").splitlines():
            line = _PLACEHOLDER.sub(_of_tox, line.strip().lstrip("-! "))
            if line and match[1].startswith("commands"):
                call.shell(line)
            elif re.match(r"[A-Za-z_]\w*\s*=", line):
                name, _, set_to = line.partition("=")
                call.shell(f"{name.strip()}={quote(set_to.strip())} true")


def _of_tox(match: re.Match[str]) -> str:
    return {"{homedir}": "~", "{toxinidir}": ".", "{/}": "/"}.get(match[0], "made-file")


def _procfile(call: Call, text: str, runner: Runner) -> None:
    for line in text.splitlines():
        match = re.match(r"\s*[\w-]+:\s*(.+)", line)
        if match:
            call.shell(match[1])
        elif line.strip() and not line.lstrip().startswith("#"):
            raise Unreadable(line)


def _ninja(call: Call, text: str, runner: Runner) -> None:
    text = text.replace("$\n", " ")
    found = re.findall(r"(?m)^[ \t]*(\w+)[ \t]*=[ \t]*(.*)$", text)
    variables = {name: given[:MAX_VALUE] for name, given in found}
    for command in (given for name, given in found if name == "command"):
        for _ in range(4):
            if len(command) > 10 * MAX_VALUE:
                raise Unreadable("a command is too long")
            command = re.sub(
                r"(?<!\$)\$(?:\{(\w+)\}|(\w+))",
                lambda m: variables.get(m[1] or m[2], "made-file"),
                command,
            )
        call.shell(command.replace("$$", "$"))


_TAG = re.compile(r"<(exec|executable|delete|move|copy|echo|script|source|java|arg|argument|arguments|commandlineArgs)\b([^<>]{0,4000}?)(/?)>([^<]*)", re.I)  # fmt: skip


def _outside(text: str, opens: str, closes: str) -> tuple[list[str], list[str]]:
    """The pieces outside of, and those between, two signs.

    Raises:
        Unreadable: one is opened and not closed.
    """
    outside: list[str] = []
    inside: list[str] = []
    at = 0
    while (start := text.find(opens, at)) >= 0:
        end = text.find(closes, start + len(opens))
        if end < 0:
            raise Unreadable("something is not closed")
        outside.append(text[at:start])
        inside.append(text[start + len(opens) : end])
        at = end + len(closes)
    outside.append(text[at:])
    return outside, inside


def _xml(call: Call, text: str, runner: Runner) -> None:
    text = "".join(_outside(text, "<!--", "-->")[0])
    if "<!ENTITY" in text:
        raise Unreadable("entities")
    outside, inside = _outside(text, "<![CDATA[", "]]>")
    for inner in inside:
        code(call, inner, "groovy")
    text = "".join(outside)
    text = re.sub(r"=\s*'([^'\"<>]*)'", r'="\1"', text)
    properties = dict(
        re.findall(r"<property\s+name=\"([^\"]*)\"\s+(?:value|location)=\"([^\"]*)\"", text)
    )
    properties |= {"basedir": ".", "project.basedir": ".", "project.build.directory": "target",
                   "user.home": "~", "env.HOME": "~"}  # fmt: skip

    properties = {name: given[:MAX_VALUE] for name, given in properties.items()}

    def plain(given: str) -> str:
        for _ in range(4):
            if len(given) > 10 * MAX_VALUE:
                raise Unreadable("a value is too long")
            given = re.sub(r"\$\{([\w.]+)\}", lambda m: properties.get(m[1], "made-file"), given)
        for name, sign in (("lt", "<"), ("gt", ">"), ("quot", '"'), ("apos", "'"), ("amp", "&")):
            given = given.replace(f"&{name};", sign)
        return given.strip()

    argv: list[str] = []
    strict, call.strict = call.strict, False

    def done() -> None:
        if argv:
            call.run(argv)
            argv.clear()

    for match in _TAG.finditer(text):
        tag = match[1].lower()
        attributes = {k: plain(v) for k, v in re.findall(r"(\w+)\s*=\s*\"([^\"]*)\"", match[2])}
        body = plain(match[4])
        if tag in ("exec", "executable"):
            program = attributes.get("executable") or (body if tag == "executable" else "")
            if program:
                done()
                argv.append(program)
                argv += attributes.get("command", "").split()
        elif tag in ("arg", "argument"):
            if argv and (one := attributes.get("value") or body):
                argv.append(one)
            if argv:
                argv += attributes.get("line", "").split()
        elif tag == "commandlineargs":
            argv += body.split() if argv else []
        elif tag == "delete":
            if where := attributes.get("dir"):
                call.deletes(where, recursive=True)
            if where := attributes.get("file"):
                call.deletes(where)
        elif tag in ("move", "copy", "echo"):
            for where in (attributes.get("tofile"), attributes.get("todir"), attributes.get("file") if tag == "echo" else None):  # fmt: skip
                if where:
                    call.writes(where)
        elif tag in ("script", "source") and body:
            code(call, body, "groovy")
    done()
    call.strict = strict


MAX_BLOCK = 4_000
"""Characters behind the name of a block within which it says its program."""
_PROGRAM = re.compile(r"\bprogram\s*=\s*(?:\[([^\]]*)\]|([^\[\n]+))")


def _hcl(call: Call, text: str, runner: Runner) -> None:
    """`data "external"` runs a program when a plan is made."""
    text = "".join(_outside(re.sub(r"(?m)^[ \t]*(?:#|//).*$", "", text), "/*", "*/")[0])
    for match in re.finditer(r"\bdata\s+\"?external\"?", text):
        found = _PROGRAM.search(text[match.end() : match.end() + MAX_BLOCK])
        if found is None or found[2]:
            call.opaque("which program it runs cannot be known")
            continue
        words = [re.sub(r"\$\{[^}]*\}", "made-file", a or b) for a, b in _PIECE.findall(found[1])]
        if words:
            call.run(words)


def _earthly(call: Call, text: str, runner: Runner) -> None:
    local = False
    for line in text.replace("\\\n", " ").splitlines():
        if re.match(r"[\w.-]+:", line):
            local = False
        words = line.strip()
        local = local or words.startswith("LOCALLY")
        if local and (match := re.match(r"RUN\s+(?:--\S+\s+)*(.+)", words)):
            call.shell(match[1])


def _go_generate(call: Call, text: str, runner: Runner) -> None:
    for match in re.finditer(r"(?m)^//go:generate\s+(.+)$", text):
        if not match[1].startswith("-command"):
            call.shell(match[1])


_FORMS: dict[str, Callable[[Call, str, Runner], None]] = {
    "python": _python, "groovy": _groovy, "snakemake": _snakemake, "backend": _backend, "notebook": _notebook, "just": _just,
    "toml": _settings, "json": _settings, "yaml": _settings, "ini": _ini, "procfile": _procfile,
    "ninja": _ninja, "xml": _xml, "hcl": _hcl, "earthly": _earthly, "go-generate": _go_generate,
}  # fmt: skip
"""How what a file runs is found; code in any other language is read by what it calls."""
