"""Finds the rule for a command by its name."""

from __future__ import annotations

import re
import shlex
from functools import lru_cache
from pathlib import Path

from agent.risk import programs
from agent.risk.arguments import wordlist
from agent.risk.assessment import Risk
from agent.risk.commands.any_settings import settings_of_agent
from agent.risk.commands.named_settings import NAMED_SETTINGS, named_settings
from agent.risk.commands.own_code import TAKES_UP, takes_up
from agent.risk.commands.runner_files import runs_from
from agent.risk.commands.scattering import INSTALLS, SCATTERS, scattered
from agent.risk.commands.side_effects import EMPTIES, LOADS, empties, loads
from agent.risk.commands.telltales import TELLTALES, telltales
from agent.risk.commands.unpacking import UNPACKS, unpacked
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.environments import (
    LOADERS,
    SENDERS,
    loads_secrets,
    sends_environment,
)
from agent.risk.evaluation.file_options import named_files
from agent.risk.evaluation.findings import MAX_MEANINGS, Found, quote, shown
from agent.risk.evaluation.made import SETS_UP, passes, sets_up
from agent.risk.evaluation.name_lists import NAME_LISTS, listed_files
from agent.risk.evaluation.named_secrets import names_secrets
from agent.risk.evaluation.names import (
    LOADER,
    ORDINARY,
    OTHER_NAMES,
    PLAIN_NAME,
    UNRESOLVED,
    known_programs,
    versionless,
)
from agent.risk.evaluation.outputs import Outputs
from agent.risk.evaluation.subscripts import COUNTING, count_names
from agent.risk.evaluation.unlisted import simple
from agent.risk.evaluation.variables import indexed
from agent.risk.programs.checks import is_check, is_edit
from agent.risk.programs.files import FILE_OPTIONS
from agent.risk.programs.runners import RUNNERS
from agent.risk.running import AT_ONCE
from agent.risk.shell.syntax import UNKNOWN, Command, Group, Script


class Dispatcher(Outputs):
    """Finds the rule for a command by its name."""

    def dispatch(self, call: Call, *, direct: bool = True) -> None:
        """Find the rule for a command and apply it.

        Args:
            call: the command.
            direct: the shell itself runs it, so its functions apply; what a wrapper runs is
                always a program.
        """
        argv = call.argv
        name = argv[0]
        begun = len(self.findings)
        if self.rules.deny or self.rules.ask or self.rules.allow:
            self._command_rules(argv, call)
        self.checks = self.checks or is_check(argv)
        self.edits = self.edits or is_edit(argv)
        self._judge(name, call, direct=direct)
        if len(argv) > 1 and call.level < Risk.HIGH:
            names_secrets(call, argv)
        if not self.waited and name not in AT_ONCE:
            self.ended()
        self.needs_cover(call)
        if self.tree is not None and len(self.tree) < 5_000:
            text = self._typed(argv, call)
            if len(text) > 120 or UNKNOWN in text or "\n" in text:
                text = " ".join(shown(a) for a in argv)[:200]
            why = (one.reason for one in self.findings[begun:] if one.depth == call.depth)
            joiner = call.command.joiner if call.command is not None and direct else ""
            self.tree.append(Found(call.depth, text, call.level, tuple(dict.fromkeys(why)), joiner))

    def _typed(self, argv: list[str], call: Call) -> str:
        """The words for a person: with their own quotes, where only these tell them apart."""
        text = " ".join(argv)
        if len(text) > 120 or not any(" " in word or not word for word in argv):
            return text
        if call.command is not None and call.script is not None:
            typed = call.script.text[call.command.start : call.command.end].strip()
            try:
                if shlex.split(typed) == argv:
                    return typed
            except ValueError:
                pass
        return shlex.join(argv)

    def _judge(self, name: str, call: Call, *, direct: bool) -> None:
        from agent.risk.commands.table import HANDLERS

        if name not in self.state.functions and name not in self.state.aliases:
            passes(call, name)
        plain = _plainly(name)
        if plain is None and not PLAIN_NAME.fullmatch(name) and name not in ("[", "[["):
            if UNKNOWN in name or name.startswith("$__unknown"):
                if name != UNKNOWN or not _runs_arguments(call):
                    call.opaque()
                return
            if name == "":
                call.opaque("the command's name is empty")
                return
            if name[0] == "=" and len(name) > 1 and name[1].isalpha():
                # zsh runs the program of that name; bash finds none.
                call.run([name[1:], *call.argv[1:]])
                return
            if not name.isascii() or UNRESOLVED.search(name):
                call.opaque("the command's name is deceptive or cannot be resolved")
                return
        if (name in self.state.aliases or name in self.state.functions) and self._renamed(
            name, call, direct=direct
        ):
            return
        program = name[name.rfind("/") + 1 :]
        if plain is None:
            if program.startswith("ld") and LOADER.fullmatch(program):
                call.high("has the system's loader run a program")
                return
            if "/.." in name and ORDINARY.search(resolved := call.place(name).path):
                name = resolved
            if "/" in name and (
                not ORDINARY.search(name)
                or program not in known_programs()
                or self._own(name, call)
            ):
                if program in RUNNERS and self.has_own():
                    runs_from(call, program)
                HANDLERS["@file"](call)
                return
        for directory in self.searched:
            if "/" not in name and self._own(found := f"{directory}/{name}", call):
                call.argv = [found, *call.argv[1:]]
                HANDLERS["@file"](call)
                return
        if program in COUNTING:
            if any(indexed(word) for word in call.argv[1:]):
                call.high("an index in it runs a command")
            count_names(call, program)
        key = plain or OTHER_NAMES.get(program) or versionless(program)
        handler = HANDLERS.get(key)
        if call.argv[-1] in _ASKS and (
            (len(call.argv) == 2 and handler is not None and call.argv[1][:2] == "--")
            or _only_asks(key, call.argv)
        ):
            call.low()
            return
        if key in _BESIDES or program in _BESIDES:
            self._besides(call, key, program)
        if handler is not None:
            loads = key in LOADERS and not self.secret_environment and loads_secrets(call, key)
            self.secret_environment = self.secret_environment or loads
            handler(call)
            if self.secret_environment and key in SENDERS:
                sends_environment(call)
            if loads:
                self.secret_environment = False
            return
        if program.startswith("git-") and program not in known_programs():
            call.argv = ["git", program[4:], *call.argv[1:]]
            HANDLERS["git"](call)
            return
        if key not in _TOLD_OTHERWISE and self.has_own():
            settings_of_agent(call, call.argv)
        simple(call, key)

    def _besides(self, call: Call, key: str, program: str) -> None:
        """What tables say of a program, whatever the rule for it says."""
        if key in FILE_OPTIONS or program in FILE_OPTIONS:
            named_files(call, program if program in FILE_OPTIONS else key)
        if key in NAME_LISTS and len(call.argv) > 1:
            listed_files(call, key)
        if key in EMPTIES and len(call.argv) > 1:
            empties(call, key)
        if key in SETS_UP:
            sets_up(call, key)
        if key in TAKES_UP and (self.files or self.context.written):
            takes_up(call, key)
        if (program in RUNNERS or key in RUNNERS) and self.has_own():
            runs_from(call, program if program in RUNNERS else key)
        if key in NAMED_SETTINGS and self.has_own():
            named_settings(call, key)
        if key in LOADS:
            loads(call, key)
        if key in TELLTALES and len(call.argv) > 1:
            telltales(call, key)
        if (key in UNPACKS or program in UNPACKS) and len(call.argv) > 1:
            unpacked(call, key if key in UNPACKS else program)
        if (key in SCATTERS or key in INSTALLS) and (self.context.running or self.awaited):
            scattered(call, key)

    def _own(self, name: str, call: Call) -> bool:
        """An ordinary program's path, where the agent has put something of its own."""
        path = call.place(name).path
        return path in self.files or Path(path) in self.context.written

    def hands_on(self, command: Command, script: Script, heads: list[list[str]]) -> None:
        """Note that a function hands its arguments on to a program: `f() { sed "$@"; }`."""
        last = command.words[-1]
        if not _WHOLE.fullmatch(script.text[last.start : last.end]):
            return
        group = function_of(command.group)
        before = [word.text for word in command.words[1:-1]]
        if (
            group is None
            or not heads
            or None in before
            or any(UNKNOWN in word for word in heads[0])
        ):
            return
        words = (*heads[0], *(word for word in before if word is not None))
        known = self.state.passing.get(group.function, ())
        if words not in known and len(known) < MAX_MEANINGS:
            self.state.passing[group.function] = (*known, words)

    def _renamed(self, name: str, call: Call, *, direct: bool) -> bool:
        r"""Judge what an alias or a function makes of a name; True when it is sure to apply.

        An alias works from the next line on and only in interactive shells, a definition may not
        have been reached, and `\name` passes both by: unless all that is out of the question,
        the program of that name is judged as well.
        """
        state = self.state
        known = "/" in name or (name in known_programs() and not _plain_word(name, call))
        quoted = call.command is None or not call.command.words or call.command.words[0].quoted
        if name in state.aliases:
            texts = state.aliases.pop(name)
            arguments = " ".join(quote(a) for a in call.argv[1:])
            try:
                for text in texts:
                    if UNKNOWN in text:
                        call.opaque("what an alias stands for cannot be known")
                    else:
                        call.shell(f"{text} {arguments}", here=True)
            finally:
                for text in texts:
                    state.name(name, text)
            return name in state.settled and direct and not known and not quoted
        if call.command is not None and _inside(call, name):
            call.high("a function calls itself: a fork bomb, or a loop without an end")
        if name in state.counters and call.command is not None:
            for word in call.command.words[1:]:
                self.expander.count("", word.parts)
        for words in state.passing.get(name, ()):
            call.run([*words, *call.argv[1:]])
        runner = name in state.runners
        if runner and len(call.argv) > 1:
            # It may take some of its arguments for itself and run the rest.
            for at in range(1, min(len(call.argv), 5)):
                if call.argv[at][:1] != "-":
                    call.run(call.argv[at:])
        for argument in call.argv[1:]:
            if runner:
                pass
            elif argument[:1] in ("-", "+", ":") and len(argument) > 1:
                call.opaque("what a function does with an option cannot be known")
            else:
                self.steering(argument, call)
                call.reads(argument)
        state.cwd = state.moves.get(name, state.cwd)
        call.low()
        return state.functions[name] and direct and not known


_TOLD_OTHERWISE = programs.LOW_PROGRAMS | NAMED_SETTINGS.keys()
"""Programs that run nothing, or whose settings are read by tables of their own."""

_BESIDES = frozenset(
    [*FILE_OPTIONS, *NAME_LISTS, *EMPTIES, *SETS_UP, *TAKES_UP, *RUNNERS, *NAMED_SETTINGS, *LOADS]
) | frozenset([*SCATTERS, *INSTALLS, *UNPACKS, *TELLTALES])
"""Programs of which some table says more than their rule."""


@lru_cache(maxsize=2_048)
def _plainly(name: str) -> str | None:
    """The rule for a name that is one plain word; None where more must be asked."""
    if not PLAIN_NAME.fullmatch(name) or "/" in name or LOADER.fullmatch(name):
        return None
    return OTHER_NAMES.get(name) or versionless(name)


_ASKS = frozenset(["--help", "-h", "-help", "--version"])


def _only_asks(program: str, argv: list[str]) -> bool:
    """`tool noun verb --help`: a tool with subcommands says what they do, and does nothing."""
    return (
        2 < len(argv) < 6
        and argv[-1] != "--version"
        and (argv[-1] != "-help" or program in _ONE_DASH)
        and program not in _RUNS_SCRIPTS
        and (
            program in programs.SUBCOMMANDS
            or program in programs.SHARED_PROGRAMS
            or program in _WITH_VERBS
        )
        and all(_VERB.fullmatch(word) is not None for word in argv[1:-1])
        and _HANDING_ON.isdisjoint(argv[1:-1])
    )


_ONE_DASH = frozenset(wordlist("terraform tofu vault consul nomad packer boundary waypoint"))
_VERB = re.compile(r"[a-z][a-z0-9-]*")
_WITH_VERBS = frozenset(
    wordlist("git docker docker-compose kubectl aws gcloud az gh terraform tofu ansible")
)
_RUNS_SCRIPTS = frozenset(
    wordlist(
        """npm yarn pnpm bun deno composer rake rails artisan mix service redis-cli psql pdm hatch
        poetry pixi nix devbox conda mamba doppler"""
    )
)
"""Programs whose verbs may be names of scripts, or to which `-h` names a host."""
_HANDING_ON = frozenset(
    wordlist("run exec x shell foreach bisect ssh enter attach start create tool with do")
)


_POSITIONAL = re.compile(r"\$(?:[1-9@*]|\{[1-9@*!][^}]*\})")
_WHOLE = re.compile(r"\"?\$(?:[@*]|\{[@*]\})\"?")


def _plain_word(name: str, call: Call) -> bool:
    """A program of that name is rare, and scripts call their own functions so: `step`, `pass`."""
    if call.script is not None and "unset" in call.script.text:
        return False
    return name in _PLAIN_WORDS or (
        name in programs.SHARED_PROGRAMS and name not in programs.SUBCOMMANDS and len(name) > 3
    )


_PLAIN_WORDS = frozenset(
    wordlist(
        """pass write format step stop wall trust log talk batch import cancel super please really
        stress eject bridge responder pro up now ship title info warn error section banner header"""
    )
)


def function_of(group: Group | None) -> Group | None:
    """The function in whose body something stands."""
    hops = 0
    while group is not None and not group.function and hops < 64:
        group = group.parent
        hops += 1
    return None if group is None or not group.function or group.kind == "`" else group


def _runs_arguments(call: Call) -> bool:
    """A command is the arguments of the function in whose body it stands, and notes it.

    They are judged where the function is called. That holds only when nothing else of the command
    is unknown, and the body does nothing else with them than to run or to show them.
    """
    command, script = call.command, call.script
    if command is None or script is None:
        return False
    texts = [script.text[word.start : word.end] for word in command.words]
    if not any(_WHOLE.fullmatch(text) for text in texts) or any(
        word.text is None and not _WHOLE.fullmatch(text)
        for word, text in zip(command.words, texts, strict=True)
    ):
        return False
    group = function_of(command.group)
    if group is None:
        return False
    if any(text[:1] != '"' for text in texts if _WHOLE.fullmatch(text)) and (
        "IFS" in script.text or call.evaluator.state.variables.get("IFS") is not None
    ):
        # Words that no quotes hold together come apart at other signs.
        return False
    known = (call.evaluator.state.runners, group.function)
    for other in script.commands[group.first : group.last or len(script.commands)][:128]:
        words = other.words
        shows = bool(words) and words[0].text in (
            "echo",
            "printf",
            "log",
            "info",
            "warn",
            "local",
            "test",
            "[",
        )
        for word in [*words, *other.assigns]:
            text = script.text[word.start : word.end]
            counts = not other.words and text.partition("=")[0] in _COUNTERS
            if not shows and not counts and _POSITIONAL.search(text) and not _WHOLE.fullmatch(text):
                return False
        if (
            words
            and any(_WHOLE.fullmatch(script.text[w.start : w.end]) for w in words)
            and not shows
        ):
            heads = [script.text[w.start : w.end] for w in words]
            if not _WHOLE.fullmatch(heads[0]) and heads[0] not in _CARRYING:
                return False
    runners, function = known
    call.evaluator.state.runners = runners | {function}
    return True


_COUNTERS = frozenset(wordlist("n max tries retries attempts count delay timeout limit i"))
_CARRYING = frozenset(wordlist("timeout nice nohup time command env stdbuf exec setsid"))


def _inside(call: Call, name: str) -> bool:
    """A command calls the function in whose body it stands, and goes on beside it or again.

    To call itself is no fault, as a walk over directories does; to do it beside itself, in a
    pipeline with itself, or under a name that is none, is a fork bomb.
    """
    command, script = call.command, call.script
    if command is None or script is None:
        return False
    group: Group | None = command.group
    hops = 0
    while group is not None and hops < 64:
        if group.function == name:
            inside = script.commands[group.first : min(group.last, group.first + 64)]
            calls = [c for c in inside if c.words and c.words[0].text == name]
            return (
                not name.isidentifier()
                or any(_BESIDE.match(script.text, c.end) for c in calls)
                or (len(calls) > 1 and any(c.pipe is not None for c in calls))
            )
        group = group.parent
        hops += 1
    return False


_BESIDE = re.compile(r"[ \t]*&(?![&>])")
