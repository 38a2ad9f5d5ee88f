"""What commands print and what they read, as far as the text itself tells."""

from __future__ import annotations

import base64
import json
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

from agent.risk import programs
from agent.risk.arguments import wordlist
from agent.risk.assessment import Risk
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import Feed
from agent.risk.evaluation.name_lists import (
    PRINTING,
    names_fed,
    names_printed,
    note_list,
    text_at,
)
from agent.risk.evaluation.numeric import prints_numbers
from agent.risk.evaluation.variables import VariableJudge
from agent.risk.paths import Place, resolve
from agent.risk.shell.numbers import number
from agent.risk.shell.syntax import (
    QUOTED,
    UNKNOWN,
    Command,
    Group,
    Redirect,
    Script,
    Word,
    ansi_c,
)

if TYPE_CHECKING:
    from agent.risk.evaluate import Evaluator


MAX_OTHERS = 12
"""Further readings of one command's arguments that are tried."""


_DESCRIPTOR = re.compile(r'"?\$\{?(\w+)(?:\[[01]\])?\}?"?-?')


def _heads(script: Script) -> list[str]:
    return [command.words[0].text or "" for command in script.commands if command.words]


def _only_passes_on(command: Command) -> bool:
    """What such a command is given or prints is no command to it."""
    if not command.words:
        return True
    name = command.words[0].text
    return (name in programs.LOW_PROGRAMS and name != "dc") or name in _PASSING_ON


_PASSING_ON = frozenset(wordlist("exec cat head tail read echo printf sleep wait kill"))


class Outputs(VariableJudge):
    """Tells what commands print and read, as far as the text itself tells."""

    several = False
    """Some argument of a command had more than one value since this was last cleared."""

    def _argv(self, command: Command) -> tuple[list[list[str]], list[str]]:
        """The possible first words, and all the others."""
        words = command.words
        if not words:
            return [], []
        plain: list[str] = []
        for word in words:
            text = word.text
            if text is None:
                parts = word.parts
                if len(parts) != 1 or parts[0].kind != QUOTED:
                    break
                text = parts[0].text
            elif "{" in text:
                break
            plain.append(text)
        else:
            if plain[0]:
                return [plain[:1]], plain[1:]
        expander = self.expander
        ways = expander.word(words[0])
        arguments: list[str] = []
        for word in words[1:]:
            text = word.text
            if text is not None and "{" not in text:
                arguments.append(text)
                continue
            found = expander.word(word)
            self.several = self.several or len(found) > 1
            for way in found:
                arguments.extend(way)
        # An empty expansion leaves the command position to the next word.
        ways = [way for way in ways if way] or [[]]
        return ways, arguments

    def _others(self, command: Command) -> list[list[str]]:
        """The arguments once more for each further value that one of the words may have.

        `_argv` puts all values of a word one behind the other, as they are in a loop over files;
        what a shell is given after `-c` is one of them.
        """
        words = command.words[1:]
        ways = [
            [[word.text]]
            if word.text is not None and "{" not in word.text
            else self.expander.word(word)
            for word in words
        ]
        found: list[list[str]] = []
        if all(len(way) <= 1 for way in ways):
            return found
        for at, way in enumerate(ways):
            for fields in way if len(way) > 1 else ():
                argument: list[str] = []
                for other, each in enumerate(ways):
                    argument.extend(fields if other == at else each[0] if each else [])
                found.append(argument)
                if len(found) == MAX_OTHERS:
                    return found
        return found

    def _redirects(
        self,
        redirects: list[Redirect],
        call: Call,
        *,
        bare: bool = False,
        content: str | None = None,
    ) -> None:
        """Judge redirections; a rule for a command does not cover what its output is written to."""
        own, call.own = call.own, Risk.LOW
        for redirect in redirects:
            self._redirect(redirect, call, bare=bare, content=content)
        if call.own > Risk.LOW and call.strict:
            covered = [self.edit_allowed(place) for place in self._targets(redirects, call)]
            self.allowed = self.allowed and all(covered)
        call.own = max(own, call.own)

    def _targets(self, redirects: list[Redirect], call: Call) -> list[Place]:
        """The files that redirections write."""
        found = []
        for redirect in redirects:
            if redirect.target is not None and ">" in redirect.operator:
                for value in self.expander.text(redirect.target):
                    if not value.rstrip("-").isdigit() and value not in ("-", "/dev/null"):
                        found.append(call.place(value))
        return found

    def _redirect(self, redirect: Redirect, call: Call, *, bare: bool, content: str | None) -> None:
        operator = redirect.operator
        if operator in ("<<", "<<-", "<<<"):
            if redirect.body is not None:
                self.expander.joined(redirect.body)
            elif redirect.target is not None:
                self.expander.text(redirect.target)
            return
        if redirect.target is None:
            return
        if operator in ("<&", ">&") and self._own_descriptor(redirect.target, call):
            return
        for value in self.expander.text(redirect.target):
            if operator in ("<&", ">&") and (value.rstrip("-").isdigit() or value == "-"):
                continue
            if operator == "<":
                call.reads(value)
            elif operator == "<&":
                call.opaque("reads from a file descriptor that cannot be known")
            elif operator == "<>":
                call.reads(value)
                call.writes(value)
            else:
                if value.startswith("/dev/fd/sub:"):
                    continue
                appends = operator in (">>", "&>>")
                if content and call.argv and posixpath.basename(call.argv[0]) != "printf":
                    # `output` leaves out the end of the last line.
                    content = content if content.endswith("\n") else f"{content}\n"
                call.writes(value, truncates=bare and not appends, content=content, appends=appends)
                if call.argv:
                    note_list(cast("Evaluator", self), call, value, content)

    def _own_descriptor(self, target: Word, call: Call) -> bool:
        """A descriptor that the text itself opened: of a coprocess, or `exec {name}> file`."""
        script = call.script
        if script is None:
            return False
        match = _DESCRIPTOR.fullmatch(script.text[target.start : target.end])
        if match is None:
            return False
        name = match[1]
        taken = [coprocess[0] for coprocess in script.coprocesses]
        if name == "COPROC":
            taken += ["COPROC"] if "coproc" in script.text else []
        return (
            (name in taken or f"{{{name}}}" in script.text)
            and self.state.variables.get(name) is None
            and not self.state.aliases
            and all(_only_passes_on(command) for command in script.commands)
            and self.state.functions.keys().isdisjoint(_heads(script))
        )

    def feed(self, call: Call) -> Feed:
        """What standard input of a call's command brings."""
        command, script = call.command, call.script
        if command is None or script is None:
            return Feed("none")
        found = self._redirected(command.redirects)
        if found is not None:
            return found
        if command.pipe is not None:
            return self._produced(script, command.pipe, command.depth)
        group = command.group
        hops = 0
        while group is not None and hops < 200:
            found = self._redirected(group.redirects)
            if found is not None:
                return found
            if group.kind == ">(" and group.fed_by is not None:
                index = (
                    script.commands.index(group.fed_by) if group.fed_by in script.commands else 0
                )
                return self._produced(script, (index, index + 1), group.fed_by.depth)
            if group.pipe is not None:
                return self._produced(script, group.pipe, group.depth)
            if group.fed_by is not None and group.fed_by.pipe is not None:
                return self._produced(script, group.fed_by.pipe, group.fed_by.depth)
            group = group.parent
            hops += 1
        return Feed("none")

    def _redirected(self, redirects: list[Redirect]) -> Feed | None:
        for redirect in reversed(redirects):
            operator = redirect.operator
            if redirect.fd not in ("", "0"):
                continue
            if operator in ("<<", "<<-"):
                if redirect.body is None:
                    return Feed("unknown")
                return Feed("text", "\n".join(self.expander.joined(redirect.body)))
            if redirect.target is None:
                continue
            values = self.expander.text(redirect.target)
            if operator == "<<<":
                return Feed("text", "\n".join(values))
            if operator == "<":
                for value in values:
                    if value.startswith("/dev/fd/sub:"):
                        return self.substituted_file(value)
                return Feed("file", paths=values)
            if operator in ("<&", "<>"):
                return Feed("unknown")
        return None

    def substituted_file(self, name: str) -> Feed:
        """What `<( … )` brings, by its name."""
        number = name.rpartition(":")[2]
        entry = self.groups.get(int(number)) if number.isdigit() else None
        if entry is None:
            return Feed("unknown")
        script, group = entry
        return self._produced(script, (group.first, group.last), group.depth + 1)

    def _produced(self, script: Script, span: tuple[int, int], depth: int) -> Feed:
        """What a stage of a pipeline prints."""
        pieces: list[str] = []
        first, last = span
        for command in script.commands[first : min(last, first + 64)]:
            if command.depth != depth or command.kind != "simple":
                continue
            heads, arguments = self._argv(command)
            for head in heads:
                argv = [*head, *arguments]
                call = Call(cast("Evaluator", self), argv, command, script, (0, 0), 0, strict=True)
                name = posixpath.basename(argv[0]) if argv else ""
                if name in ("cd", "true", ":", "set", "export", "sleep", "read", ""):
                    continue
                text = self.output(call)
                if text is None:
                    remote = name in ("curl", "wget", "nc", "http", "fetch", "aria2c", "lynx")
                    return Feed("remote" if remote else "unknown", text=name)
                pieces.append(text)
        if last - first > 64:
            return Feed("unknown")
        return Feed("text", "\n".join(pieces))

    def output(self, call: Call) -> str | None:
        """What a command prints, when its text alone tells; None when it doesn't."""
        argv = call.argv
        if not argv:
            return None
        name = posixpath.basename(argv[0])
        if name == "echo":
            rest = argv[1:]
            escapes = False
            while rest and re.fullmatch(r"-[neE]+", rest[0]):
                escapes = escapes or "e" in rest[0]
                rest = rest[1:]
            text = " ".join(rest)
            return ansi_c(text) if escapes else text
        if name == "printf" and len(argv) > 1:
            rest = argv[1:]
            if rest[0] == "--":
                rest = rest[1:]
            if not rest or rest[0].startswith("-v"):
                return ""
            return _printf(rest)
        if name == "cat" and all(a == "-" or not a.startswith("-") for a in argv[1:]):
            operands = [a for a in argv[1:] if a != "-"]
            if not operands:
                feed = self.feed(call)
                return feed.text if feed.kind == "text" else None
            pieces = []
            for operand in operands:
                place = call.place(operand)
                known = "" if place.path == "/dev/null" else self.files.get(place.path)
                if known is None:
                    return None
                pieces.append(known)
            return "".join(pieces)
        if name == "pwd":
            return call.cwd
        if name in ("yes",) and len(argv) > 1:
            return argv[1]
        if name == "tee":
            feed = self.feed(call)
            return feed.text if feed.kind == "text" else None
        return None

    def _substituted(self, group: Group) -> tuple[str, ...]:
        """Possible outputs of a command substitution."""
        if group.number in self.unfolding:
            # What would be its own input, in text that only looks like shell.
            return (UNKNOWN,)
        self.unfolding.add(group.number)
        try:
            return self._outputs(group)
        finally:
            self.unfolding.discard(group.number)

    def _outputs(self, group: Group) -> tuple[str, ...]:
        entry = self.groups.get(group.number)
        if entry is None or group.kind == "`":
            return (UNKNOWN,)
        script = entry[0]
        inside = [
            c
            for c in script.commands[group.first : min(group.last, group.first + 8)]
            if c.depth == group.depth + 1 and c.kind == "simple" and (c.words or c.redirects)
        ]
        if not inside or group.last - group.first > 8:
            return (UNKNOWN,)
        last = inside[-1]
        if not last.words:
            return tuple(self._names_within(inside))
        heads, arguments = self._argv(last)
        found: list[str] = []
        for head in heads:
            argv = [*head, *arguments]
            call = Call(cast("Evaluator", self), argv, last, script, (0, 0), 0, strict=True)
            if argv == ["pwd"] and len(inside) > 1:
                found.append(self._entered(inside[:-1]))
                continue
            hint = _hint(argv, self.state.cwd, self.ground.project)
            if hint is not None and not last.piped:
                found.append(hint)
                continue
            paths = _listed(argv, cast("Evaluator", self))
            if paths and not last.piped:
                found.extend(paths)
                continue
            text = self.output(call)
            version = None if text is not None else self._version(argv, call)
            if version is not None:
                found.append(version)
            elif text is None and (
                number(self._stages(inside, argv)) or self._calculated(argv, last)
            ):
                found.append("7")
            elif text is None:
                # What was hidden is judged; that it was hidden stays: it may be anything, too.
                clear = decoded(argv, self.feed(call))
                found.extend([] if clear is None else [clear.rstrip("\n")])
                found.extend(self._names_within(inside))
            else:
                found.append(text.rstrip("\n"))
        return tuple(found) or (UNKNOWN,)

    def _version(self, argv: list[str], call: Call) -> str | None:
        """The version that a command prints: Python's own, or what a manifest says now.

        Where there is no manifest nothing is printed, unless the line itself may make one.
        """
        if len(argv) == 3 and _PYTHON_VERSION.fullmatch(" ".join(argv)):
            return "7.7.7"
        if argv[:3] != ["jq", "-r", ".version"] or len(argv) != 4:
            return None
        path = call.place(argv[3]).path
        owned = path in self.files or Path(path) in self.context.written
        if owned or posixpath.basename(path) != "package.json":
            return None
        text = text_at(cast("Evaluator", self), path)
        if not text:
            return "" if self.worst is Risk.LOW and not Path(path).exists() else None
        try:
            manifest = json.loads(text)
        except (ValueError, RecursionError):
            return None
        version = manifest.get("version") if isinstance(manifest, dict) else None
        told = isinstance(version, str) and _VERSION.fullmatch(version)
        return str(version) if told else None

    def _names_within(self, commands: list[Command]) -> list[str]:
        """What commands print of their files: something unknown, with the names that matter."""
        evaluator = cast("Evaluator", self)
        found: list[str] = []
        for command in commands:
            heads, arguments = self._argv(command) if command.words else ([[]], [])
            argv = [*(heads[0] if heads else []), *arguments]
            found += names_printed(evaluator, [argv])
            if not argv or posixpath.basename(argv[0]) in PRINTING:
                found += names_fed(evaluator, self._redirected(command.redirects) or Feed("none"))
        if not found:
            return [UNKNOWN]
        names = " ".join(dict.fromkeys(found))
        # In quotes only a text that is one name alone can be a path.
        return [UNKNOWN, names] if self._alone(argv, commands) else [f"{UNKNOWN} {names}"]

    def _alone(self, argv: list[str], commands: list[Command]) -> bool:
        """The one file that a command prints holds nothing but one word."""
        fed = self._redirected(commands[-1].redirects) or Feed("none")
        paths = [word for word in argv[1:] if word[:1] != "-"] or list(fed.paths)
        evaluator = cast("Evaluator", self)
        return len(paths) == 1 and len(text_at(evaluator, paths[0]).split()) == 1

    def _calculated(self, argv: list[str], command: Command) -> bool:
        """A function of the text that prints numbers, when it is given no other text."""
        name = argv[0] if argv else ""
        if name not in self.state.functions:
            return False
        given = [word.parts for word in command.words[1:]]
        return not any(map(self.expander.doubted, given)) and prints_numbers(self, name)

    def _stages(self, commands: list[Command], last: list[str]) -> list[list[str]]:
        """The words of a pipeline's commands, the last one's as they are given."""
        stages = []
        for command in commands[:-1]:
            heads, arguments = self._argv(command)
            stages.append([*(heads[0] if heads else []), *arguments])
        return [*stages, last]

    def _entered(self, commands: list[Command]) -> str:
        """Where the shell is after some commands, as far as they are plain `cd`."""
        cwd = self.state.cwd
        for command in commands:
            heads, arguments = self._argv(command)
            argv = [*(heads[0] if heads else []), *arguments]
            if argv[:1] == ["cd"] and len(argv) == 2:
                cwd = resolve(argv[1], cwd, self.ground.home)
        return cwd


_VERSION = re.compile(r"\d+(?:\.\d+)*(?:[-+][\w.+-]*)?")
_PYTHON_VERSION = re.compile(
    r"python3? -c import sys; ?print\((?:\*?sys\.version_info(?:\[:?\d\]|\.\w+)?(?:, ?)?)+\)"
)


def decoded(argv: list[str], feed: Feed) -> str | None:
    """What a plain decoder makes of a known text: `base64 -d`, `rev`, `xxd -r -p`, `tr`."""
    if feed.kind != "text":
        return None
    name = posixpath.basename(argv[0]) if argv else ""
    options = "".join(a[1:] for a in argv[1:] if re.fullmatch(r"-[a-zA-Z]+", a))
    try:
        if name == "rev":
            return "\n".join(line[::-1] for line in feed.text.splitlines())
        if name in ("base64", "base32") and ("d" in options.lower() or "--decode" in argv):
            decode = base64.b64decode if name == "base64" else base64.b32decode
            return decode(feed.text.replace("\n", "")).decode()
        if name in ("xxd", "basenc") and "r" in options and "p" in options:
            return bytes.fromhex(feed.text).decode()
        if name == "tr" and len(argv) == 3:
            old, new = _range(argv[1]), _range(argv[2])
            return feed.text.translate(
                str.maketrans(old, new[: len(old)].ljust(len(old), new[-1:]))
            )
    except ValueError:
        return None
    return None


def _range(text: str) -> str:
    """`a-z` written out, as `tr` takes it."""
    return re.sub(
        r"(.)-(.)",
        lambda m: "".join(map(chr, range(ord(m[1]), min(ord(m[2]), ord(m[1]) + 255) + 1))),
        text,
    )


def _printf(arguments: list[str]) -> str | None:
    """What `printf` prints, for `%s`, `%b`, `%d`, `%%`, `%c`, `%x` and `%o`."""
    template, values = ansi_c(arguments[0]), list(arguments[1:])
    pieces: list[str] = []
    first = True
    while first or values:
        if not first and len(pieces) > 200:
            return None
        first = False
        took = False
        at = 0
        for match in re.finditer(r"%[-+ 0#]*\d*(?:\.\d+)?([sbdcxoXqiu%])", template):
            pieces.append(template[at : match.start()])
            at = match.end()
            letter = match[1]
            if letter == "%":
                pieces.append("%")
                continue
            value = values.pop(0) if values else ""
            took = True
            if letter in "xXo":
                value = format(int(value), letter) if value.isdigit() else value
            pieces.append(ansi_c(value) if letter == "b" else value)
        pieces.append(template[at:])
        if not took:
            break
    return "".join(pieces)


def _hint(argv: list[str], cwd: str, project: str) -> str | None:
    """What a few commands print, near enough to judge a path."""
    name = posixpath.basename(argv[0]) if argv else ""
    if name == "mktemp":
        named = [a for a in argv[1:] if not a.startswith("-")]
        if named and ("/" in named[-1]):
            return named[-1]
        return "/tmp/mktemp.x"  # noqa: S108
    if name == "pwd":
        return cwd
    if name == "git" and argv[1:2] == ["rev-parse"] and "--show-toplevel" in argv:
        return project or cwd
    if name in ("date", "nproc", "wc", "id") or (name == "git" and argv[1:2] == ["rev-parse"]):
        # A file's name that is not known may come with the number.
        return None if name in ("date", "wc") and UNKNOWN in "".join(argv) else "7"
    if name in ("dirname", "realpath", "readlink") and len(argv) > 1 and UNKNOWN not in argv[-1]:
        if name == "dirname":
            return posixpath.dirname(argv[-1]) or "."
        return argv[-1]
    if name == "basename" and len(argv) > 1 and UNKNOWN not in argv[1]:
        text = posixpath.basename(argv[1])
        return text.removesuffix(argv[2]) if len(argv) > 2 else text
    if name in ("which", "command") and len(argv) > 1 and UNKNOWN not in argv[-1]:
        return argv[-1]
    if name in ("uname", "whoami", "hostname", "arch"):
        return "x"
    return None


def _listed(argv: list[str], evaluator: Evaluator) -> list[str]:
    """Paths that stand for what a search prints; empty when it is not a search."""
    from agent.risk.commands.searching import listed

    return [path for path in listed(argv, evaluator) if path != UNKNOWN]
