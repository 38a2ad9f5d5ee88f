# ruff: noqa: E501 - tables and patterns read better unbroken
"""Rules for the shell's own commands: directories, variables, aliases, traps, options."""

from __future__ import annotations

import re

from agent.risk.arguments import after_options, split, value, wordlist
from agent.risk.commands.argument_runners import stage_paths
from agent.risk.commands.reading import echo
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.environments import shows_environment
from agent.risk.evaluation.findings import shown
from agent.risk.evaluation.name_lists import names_fed, names_in
from agent.risk.shell.compounds import RESERVED
from agent.risk.shell.syntax import ARRAY, UNKNOWN


def trap(call: Call) -> None:
    """`trap 'text' SIGNAL`: the text runs later."""
    rest = after_options(call.argv)
    if len(rest) > 1 and rest[0] not in ("-", ""):
        call.shell(rest[0])
    call.low()


def alias(call: Call) -> None:
    """`alias name=text`: judged as if it were called with something unknown."""
    state = call.evaluator.state
    if any(re.match(r"^-\w*[gs]", a) for a in call.argv[1:]):
        call.high("makes words of later commands mean something else")
    for argument in call.argv[1:]:
        name, equals, text = argument.partition("=")
        if UNKNOWN in name:
            call.opaque("names a command in a way that cannot be known")
        if not equals:
            continue
        if name in RESERVED or not _ALIAS_NAME.fullmatch(name):
            call.high("makes words of the shell mean something else")
        state.name(name, text)
        if text.strip() not in _PLAIN_MEANINGS:
            call.shell(text + ' "$__unknown"')
    call.low()


_ALIAS_NAME = re.compile(r"[\w.,:@%+~?!/-]+|\[")
_PLAIN_MEANINGS = frozenset(
    (
        *("rm -i", "rm -I", "cp -i", "mv -i", "rm -iv", "cp -iv", "mv -iv"),
        *wordlist("ls git vim grep code docker kubectl npm make cd nvim python python3 pip pnpm"),
    )
)


def unalias(call: Call) -> None:
    """`unalias name`, `unset -f name`: from now on the program of that name may be meant."""
    state = call.evaluator.state
    names = set(call.argv[1:])
    everything = any(UNKNOWN in n for n in names) or "-a" in names
    state.settled = frozenset() if everything else state.settled - names
    for name in state.functions:
        if everything or name in names:
            state.functions[name] = False
    call.low()


def declare(call: Call) -> None:
    """`export`, `declare`, `local`, `readonly`: assignments as arguments."""
    evaluator = call.evaluator
    if not [a for a in call.argv[1:] if a[:1] != "-"]:
        shows_environment(call)
    conditional = call.command is not None and call.command.group is not None
    reference = any(re.match(r"^-\w*n", a) for a in call.argv[1:]) and call.argv[0] != "export"
    if reference:
        for argument in call.argv[1:]:
            evaluator.steering(argument.partition("=")[2], call)
    variables = evaluator.state.variables
    kinds = "".join(a[1:] for a in call.argv[1:] if re.match(r"^-[A-Za-z]+$", a))
    unsure = _doubted_values(call)
    for argument in call.argv[1:]:
        if argument.startswith(("-", "+")):
            continue
        name, equals, text = argument.partition("=")
        name = name.rstrip("+")
        if "A" in kinds:
            variables.keyed |= {name}
        elif "a" in kinds:
            variables.keyed -= {name}
        if "i" in kinds:
            variables.integers |= {name}
        if not equals:
            continue
        if name in variables.integers:
            evaluator.expander.count(text if unsure else text.replace(UNKNOWN, " "))
        if kinds and set(kinds) & set("aA"):
            _elements(call, name, text, unsure=unsure)
        if reference:
            if UNKNOWN in text and unsure:
                call.opaque(f"{name} stands for a variable that cannot be known")
            evaluator.state.variables.set(
                name, evaluator.state.variables.get(text) or (UNKNOWN,), add=False
            )
            _refer(call, name, text)
            continue
        evaluator.state.variables.set(
            name, (text,), add=conditional, given=UNKNOWN in text and not unsure
        )
        evaluator.variable(name, [text], call, exported=True)
    call.low()


def _doubted_values(call: Call) -> bool:
    """Something that may be any text, from a file or a program, is assigned."""
    words = call.command.words if call.command is not None else []
    return not words or any(call.evaluator.expander.doubted(word.parts) for word in words)


def _elements(call: Call, name: str, text: str, *, unsure: bool) -> None:
    """`declare -a a=$text`: text in parentheses is read as elements, and expanded for that."""
    words = call.command.words if call.command is not None else []
    if any(part.kind == ARRAY for word in words for part in word.parts):
        return
    if UNKNOWN in text and unsure:
        call.opaque(f"makes elements of {name} from text that cannot be known")
    elif text.lstrip().startswith("(") and re.search(r"[$`<>]", text):
        call.shell(f"{name}={text}")


def _refer(call: Call, name: str, target: str) -> None:
    """A name reference: what the target gets later counts too, so its value is unknown."""
    variables = call.evaluator.state.variables
    variables.set(name, (*(variables.get(target) or ()), UNKNOWN), add=False)


def read(call: Call) -> None:
    """`read`, `mapfile`: variables take what comes in."""
    argv = call.argv
    for text in value(argv, "-C"):
        if argv[0] in ("mapfile", "readarray"):
            # It is given the number of a line, and the line.
            call.shell(text if text.strip() == "" else f'{text} "$__unknown" "$__unknown"')
    whole = argv[0] in ("mapfile", "readarray")
    valued = ("-d", "-n", "-O", "-s", "-u", "-C", "-c") if whole else _READ_VALUED
    names = split(argv, valued)[1] + ([] if whole else value(argv, "-a"))
    feed = call.feed()
    values: tuple[str, ...]
    if feed.kind == "text":
        lines = feed.text.split("\n")
        values = tuple(dict.fromkeys([*lines, *feed.text.split(), " ".join(lines).strip()]))
    else:
        named = [*names_fed(call.evaluator, feed), *_opened(call)]
        values = tuple(dict.fromkeys([*stage_paths(call), *named]))
    given = _from_given(call)
    for name in names:
        if re.fullmatch(r"[A-Za-z_]\w*", name):
            variables = call.evaluator.state.variables
            values = values or (UNKNOWN,)
            variables.set(name, values, add=False, given=given)
            if name in variables.integers:
                call.evaluator.expander.count(name)
            if whole and feed.kind == "text":
                variables.arrays[name] = tuple(feed.text.splitlines())
            call.evaluator.steering(name, call)
    call.low()


def _opened(call: Call) -> list[str]:
    """`exec 3< list; read -u 3 name`: the names that matter in what a descriptor was opened on."""
    found: list[str] = []
    for number in value(call.argv, "-u"):
        for command in call.script.commands[:128] if call.script is not None else ():
            for redirect in command.redirects:
                if redirect.fd == number and redirect.operator == "<" and redirect.target:
                    for path in call.evaluator.expander.text(redirect.target):
                        found += names_in(call.evaluator, path)
    return found


def _from_given(call: Call) -> bool:
    """What is read is a here-string of what the text was given."""
    redirects = call.command.redirects if call.command is not None else []
    last = next((r for r in reversed(redirects) if r.fd in ("", "0")), None)
    return (
        last is not None
        and last.operator == "<<<"
        and last.target is not None
        and not call.evaluator.expander.doubted(last.target.parts)
    )


_READ_VALUED = ("-p", "-d", "-n", "-N", "-t", "-u", "-i", "-a")


_NAMING = {"printf": "-v", "wait": "-p"}


def naming(call: Call) -> None:
    """`printf -v name`, `wait -p name`, `getopts letters name`: a variable takes what comes out."""
    argv = call.argv
    program = argv[0].rpartition("/")[2]
    if program == "printf":
        echo(call)
    names = argv[2:3] if program == "getopts" else value(argv, _NAMING[program])
    for name in names:
        if UNKNOWN in name:
            call.medium("sets a variable whose name cannot be known")
            continue
        call.evaluator.steering(name, call)
        printed = None
        if program == "printf" and "-v" in argv[:2]:
            printed = call.evaluator.output(call_of(call, ["printf", *argv[3:]]))
        values = (UNKNOWN if printed is None else printed,)
        call.evaluator.state.variables.set(
            name.partition("[")[0], values, add=False, given=not _doubted_values(call)
        )
        call.evaluator.variable(name, values, call, exported=False)
    call.low()


def call_of(call: Call, argv: list[str]) -> Call:
    """Another command, standing where this one does."""
    return Call(
        call.evaluator, argv, call.command, call.script, call.where, call.depth, strict=call.strict
    )


def cd(call: Call) -> None:
    """`cd`, `pushd`: later paths are judged from there."""
    operands = split(call.argv)[1]
    state = call.evaluator.state
    state.left = state.cwd if _perhaps(call) else ""
    if not operands:
        state.cwd = call.evaluator.ground.home
    elif operands[0] == "-":
        state.cwd = "/" + UNKNOWN
    else:
        path = call.place(operands[0]).path
        # No system has a directory with a longer path, and every later path would be as long.
        state.cwd = path if len(path) <= 1024 else "/" + UNKNOWN
    call.low()


def _perhaps(call: Call) -> bool:
    """A command may not be reached, or runs in a shell of its own: a pipe, the background."""
    command, script = call.command, call.script
    if command is None or script is None:
        return False
    return (
        command.joiner in ("&&", "||")
        or command.piped
        or command.pipe is not None
        or _ENDS_BESIDE.match(script.text, command.end) is not None
    )


_ENDS_BESIDE = re.compile(r"[ \t]*(?:&(?![&>])|\|(?!\|))")


def unset(call: Call) -> None:
    """`unset HISTFILE` erases traces."""
    if any(a.startswith("HIST") for a in call.argv[1:]):
        call.high("erases traces of what was done")
    unalias(call)


def set_builtin(call: Call) -> None:
    """`set`, `shopt`: options of the shell."""
    text = " ".join(call.argv[1:])
    if not text:
        shows_environment(call)
    if re.search(r"\+o history|-u.*histappend", text):
        call.high("erases traces of what was done")
    if re.search(r"(?:^|\s)-\w*o\s+vi\b", text):
        call.high(_REBINDS)
    if call.argv[1:2] == ["--"]:
        for number, word in enumerate(call.argv[2:12], 1):
            call.evaluator.state.variables.set(str(number), (word,), add=False)
        call.evaluator.state.variables.set("@", (" ".join(call.argv[2:]),), add=False)
        call.evaluator.state.variables.set("*", (" ".join(call.argv[2:]),), add=False)
    call.low()


def let(call: Call) -> None:
    """`let`: its words are arithmetic, and arithmetic expands once more."""
    for word in call.argv[1:]:
        if call.command is None:
            call.evaluator.expander.count(word)
        if "$(" in word or "`" in word:
            call.shell(': "' + word.replace('"', "") + '"')
    call.low()


def completion(call: Call) -> None:
    """`complete`, `compgen`: words, patterns and functions are expanded or run, now or later."""
    for text in value(call.argv, "-C"):
        call.shell(text)
    for text in value(call.argv, "-W", "-X", "-P", "-S", "-G"):
        if UNKNOWN in text:
            call.opaque("completes with words that cannot be known")
        elif re.search(r"[$`<>]", text):
            call.shell(': "' + re.sub(r'[\\"]', "", text) + '"')
    for name in value(call.argv, "-F"):
        call.shell(name)
    call.low()


def bind(call: Call) -> None:
    """`bind`, `bindkey`: from now on keys mean something else than the model of a line knows."""
    argv = call.argv
    program = argv[0].rpartition("/")[2]
    for text in value(argv, "-x"):
        call.shell(text.partition(":")[2].strip().strip("\"'"))
    if program == "bindkey":
        if argv[1:] not in ([], ["-e"], ["-l"], ["-L"]) and not (
            len(argv) == 3 and argv[2] in _HARMLESS_WIDGETS
        ):
            call.high(_REBINDS)
        call.low()
        return
    valued = ("-m", "-f", "-q", "-u", "-r", "-x")
    for path in value(argv, "-f"):
        call.reads(path)
        call.high(f"reads what keys do from {shown(path)}")
    for text in split(argv, valued)[1]:
        _, colon, does = text.partition(":")
        setting = re.match(r"\s*set\s+([\w-]+)", text)
        if setting:
            if setting[1] in ("editing-mode", "keymap", "comment-begin"):
                call.high(_REBINDS)
        elif not colon or does.strip().strip("\"'") not in _HARMLESS_WIDGETS:
            call.high(_REBINDS)
    call.low()


_REBINDS = "makes keys mean something else"
_HARMLESS_WIDGETS = frozenset(
    wordlist("""history-search-backward history-search-forward menu-complete menu-complete-backward complete
    reverse-search-history forward-search-history history-beginning-search-backward history-beginning-search-forward
    up-line-or-search down-line-or-search up-line-or-beginning-search down-line-or-beginning-search""")
)


def again(call: Call) -> None:
    """`fc`, `r`: runs earlier lines again, perhaps edited."""
    if any(re.match(r"^-\w*l", a) for a in call.argv[1:]):
        call.low()
    else:
        call.opaque("runs earlier lines again")


def history(call: Call) -> None:
    """`history`: what was typed may be forgotten, or written to any file (`-a FILE`, `-w FILE`)."""
    argv = call.argv
    if (
        any(re.match(r"^-[a-z]*[cd]", a) for a in argv[1:])
        or argv[1:2] in (["clear"], ["delete"], ["clear-session"])
        or argv[-1] == "-w"
    ):
        call.high("erases traces of what was done")
    for path in value(argv, "-w", "-a"):
        call.writes(path)
    for path in value(argv, "-r", "-n"):
        call.reads(path)
    if argv[1:2] == ["-p"]:
        call.opaque("looks up earlier lines")
    call.low()


def shadowing(call: Call) -> None:
    """`hash -p`, `enable -f`: a later, harmless name runs something else."""
    if any(re.match(r"^-\w*[pf]", a) for a in call.argv[1:]):
        call.high("makes later commands run something else")
    call.low()
