# ruff: noqa: E501 - patterns read better unbroken
"""What files in forms of their own run: justfile, Procfile, Ninja, Ant, Terraform, Earthfile, tox."""

from __future__ import annotations

import re

from agent.risk.commands.runner_code import PIECE, PLACEHOLDER, shebang
from agent.risk.commands.script_code import code
from agent.risk.commands.script_files import run_file
from agent.risk.commands.task_settings import picked
from agent.risk.commands.task_texts import Unreadable, parsed
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import quote
from agent.risk.programs.runners import Runner

MAX_VALUE = 2_000
"""Characters of the value of one variable that is put in."""


def justfile(call: Call, text: str, runner: Runner) -> None:
    """Recipes of just: those that run, what is evaluated on the way, and the shell that is set."""
    tasks: dict[str, str] = {}
    parameters: dict[str, str] = {}
    variables = {m[1]: m[2] or m[3] or "" for m in _JUST_SET.finditer(text)}
    variables |= {m[1]: m[2] for word in call.argv[1:] if (m := _JUST_GIVEN.fullmatch(word))}
    name = ""
    for line in text.replace("\\\n", " ").splitlines():
        if line[:1] in (" ", "\t") and name:
            tasks[name] += line.strip() + "\n"
            continue
        if match := re.match(r"set\s+(?:windows-)?shell\s*:=\s*\[(.*)\]", line):
            call.run([*(a or b for a, b in PIECE.findall(match[1])), "true"])
        for match in re.finditer(r"`([^`]+)`", line):
            call.shell(PLACEHOLDER.sub("made-file", match[1]))
        match = re.match(r"@?([\w-]+)((?:\s[^:]*)?):(?!=)([^#]*)", line)
        name = match[1] if match else "" if line.strip() else name
        if match:
            parameters[name] = match[2]
            tasks[name] = "".join(f"#needs {need}\n" for need in re.findall(r"[\w-]+", match[3]))
    for name, taken in parameters.items():
        tasks[name] = _filled_in(tasks[name], taken, variables, _behind(call.argv, name))
    for body in picked(call, tasks, runner):
        plain = re.sub(r"(?m)^#needs .*\n", "", body)
        plain = PLACEHOLDER.sub("made-file", plain)
        first = plain.partition("\n")[0]
        if first.startswith("#!"):
            shebang(call, first, plain)
        else:
            call.shell(re.sub(r"(?m)^[@-]+\s*", "", plain))


_JUST_SET = re.compile(
    r"(?m)^(?:export\s+)?([A-Za-z_][\w-]*)\s*:=\s*(?:\"([^\"\n]*)\"|'([^'\n]*)')\s*$"
)
_JUST_GIVEN = re.compile(r"([A-Za-z_][\w-]*)=(.*)", re.S)
_PARAMETER = re.compile(
    r"([*+]?)(\$?)([A-Za-z_][\w-]*)(?:\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|([^\s'\"]+)))?"
)
_EXPRESSION = re.compile(r"\{\{([^{}]*)\}\}")
_TERM = re.compile(r"\s*(?:([A-Za-z_][\w-]*)(?!\s*\()|'([^']*)'|\"([^\"]*)\"|(\+)|(/))\s*")


def _behind(argv: list[str], name: str) -> list[str]:
    """The words behind a recipe's name, which are its arguments."""
    return argv[argv.index(name, 1) + 1 :] if name in argv[1:] else []


def _filled_in(body: str, parameters: str, variables: dict[str, str], words: list[str]) -> str:
    """A recipe of just with what the line and the file say for its parameters and variables."""
    known, exported, words = dict(variables), "", list(words)
    for match in _PARAMETER.finditer(parameters):
        several, export, name = match[1], match[2], match[3]
        default = next((text for text in match.groups()[3:] if text is not None), None)
        given = " ".join(words) if several else words[0] if words else None
        words = [] if several else words[1:]
        value = given or default
        if value is None:
            known.pop(name, None)
            continue
        known[name] = value[:MAX_VALUE]
        if export:
            exported += f"{name}={quote(known[name])}\n"
    return exported + _EXPRESSION.sub(lambda m: _valued(m[1], known), body)


def _valued(expression: str, known: dict[str, str]) -> str:
    """What an expression of just comes to: names and texts that are joined by `+` and `/`."""
    expression = re.sub(r"^\s*quote\(\s*([\w-]+)\s*\)\s*$", r"\1", expression)
    found, at = "", 0
    while at < len(expression):
        term = _TERM.match(expression, at)
        if term is None or (term[1] is not None and term[1] not in known):
            return "made-file"
        literal = term[2] if term[2] is not None else term[3] or ""
        found += known[term[1]] if term[1] else "/" if term[5] else literal
        at = term.end()
    return found


def tox_settings(call: Call, text: str, runner: Runner) -> None:
    """`commands` and variables of tox's environments."""
    for match in re.finditer(r"(?m)^(commands\w*|set_?env)[ \t]*=[ \t]*(.*(?:\n[ \t]+.*|\n(?=[ \t]+\S))*)", text):  # fmt: skip
        for line in match[2].replace("\\\n", " ").splitlines():
            line = PLACEHOLDER.sub(_of_tox, line.strip().lstrip("-! "))
            if line and match[1].startswith("commands"):
                call.shell(line)
            elif re.match(r"[A-Za-z_]\w*\s*=", line):
                name, _, set_to = line.partition("=")
                call.shell(f"{name.strip()}={quote(set_to.strip())} true")


def _of_tox(match: re.Match[str]) -> str:
    return {"{homedir}": "~", "{toxinidir}": ".", "{/}": "/"}.get(match[0], "made-file")


def procfile(call: Call, text: str, runner: Runner) -> None:
    """`name: command` in each line."""
    for line in text.splitlines():
        match = re.match(r"\s*[\w-]+:\s*(.+)", line)
        if match:
            call.shell(match[1])
        elif line.strip() and not line.lstrip().startswith("#"):
            raise Unreadable(line)


def ninja(call: Call, text: str, runner: Runner) -> None:
    """Commands of Ninja's rules, with the variables of the file."""
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


def xml_build(call: Call, text: str, runner: Runner) -> None:
    """Programs, scripts and deleted directories in Ant's and Maven's files."""
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


def terraform_data(call: Call, text: str, runner: Runner) -> None:
    """`data "external"` runs a program when a plan is made."""
    text = "".join(_outside(re.sub(r"(?m)^[ \t]*(?:#|//).*$", "", text), "/*", "*/")[0])
    for match in re.finditer(r"\bdata\s+\"?external\"?", text):
        found = _PROGRAM.search(text[match.end() : match.end() + MAX_BLOCK])
        if found is None or found[2]:
            call.opaque("which program it runs cannot be known")
            continue
        words = [re.sub(r"\$\{[^}]*\}", "made-file", a or b) for a, b in PIECE.findall(found[1])]
        if words:
            call.run(words)


def earthfile(call: Call, text: str, runner: Runner) -> None:
    """What an Earthfile runs on this machine, behind LOCALLY."""
    local = False
    for line in text.replace("\\\n", " ").splitlines():
        if re.match(r"[\w.-]+:", line):
            local = False
        words = line.strip()
        local = local or words.startswith("LOCALLY")
        if local and (match := re.match(r"RUN\s+(?:--\S+\s+)*(.+)", words)):
            call.shell(match[1])


def go_generate(call: Call, text: str, runner: Runner) -> None:
    """`//go:generate` commands in Go source."""
    for match in re.finditer(r"(?m)^//go:generate[ \t]+(.+)$", text):
        if not match[1].startswith("-command"):
            call.shell(match[1])


_MADE_BY_TAG = re.compile(r"!!python/(?:object|module|apply)\S*")
"""Tags with which YAML calls Python; `!!python/name:` only names something."""


def mkdocs(call: Call, text: str, runner: Runner) -> None:
    """`hooks` of MkDocs are Python files that are loaded with its settings."""
    if _MADE_BY_TAG.search(text):
        call.high("takes settings that call Python")
    bare = re.sub(r"(?m)!(?:!python/name:|ENV\b|relative\b)[ \t]*\S*", "made", text)
    data = parsed(bare, "yaml")
    hooks = data.get("hooks") if isinstance(data, dict) else None
    for hook in hooks if isinstance(hooks, list) else ():
        if isinstance(hook, str):
            run_file(call, hook, "python")


def phpunit(call: Call, text: str, runner: Runner) -> None:
    """The code that PHPUnit loads before the tests."""
    for match in re.finditer(r"\bbootstrap\s*=\s*[\"']([^\"'<>]+)[\"']", text):
        run_file(call, match[1], "php")


def redis(call: Call, text: str, runner: Runner) -> None:
    """Settings of Redis, which are those of its options."""
    words = []
    for line in text.splitlines():
        name, *rest = line.split("#")[0].split() or [""]
        if name:
            words += [f"--{name.lower()}", *(word.strip("\"'") for word in rest)]
    call.run([call.argv[0], *words])
