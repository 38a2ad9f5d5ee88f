"""Walks a scanned script the way bash would and asks what every command in it does.

One `Evaluator` judges one text, with everything nested in it (wrappers, scripts, here-documents).
It follows literal variables, `cd`, aliases and files written on the way, keeps the worst finding,
and spends explicit budgets; past one, the answer is HIGH and says which.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from agent.risk import programs
from agent.risk.arguments import wordlist
from agent.risk.assessment import Context, Risk, Span
from agent.risk.commands.plain_shell import plain_shell
from agent.risk.evaluation.breathing import breathe
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.deception import deception, readable
from agent.risk.evaluation.dispatch import Dispatcher, function_of
from agent.risk.evaluation.findings import (
    MAX_COMMANDS,
    MAX_NESTING,
    MAX_SCANNED,
    MAX_TEXT,
    Finding,
    Found,
    Spent,
    State,
)
from agent.risk.evaluation.settings_homes import reads_own
from agent.risk.evaluation.subscripts import count_index
from agent.risk.evaluation.unread import denied_command, denied_text
from agent.risk.evaluation.variables import indexed
from agent.risk.paths import Zone
from agent.risk.shell.expand import Expander, Variables
from agent.risk.shell.scanner import scan
from agent.risk.shell.syntax import CLOSE, OPEN, UNKNOWN, Command, Group, Script

OTHER_SHELLS = ("zsh", "fish", "nu", "elvish")
"""Shells with words of their own."""


class Evaluator(Dispatcher):
    """Judges one text; see the module."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.expander = Expander(
            self.state.variables,
            self.ground.home,
            lambda: self.state.cwd,
            self._substituted,
            self._indirect,
            self._counting,
            self._loosely,
        )

    def plain(self, text: str) -> str:
        """A text in the words of sh, where the shell that is given it has others."""
        if self.context.foreground not in OTHER_SHELLS:
            return text
        call = self._call(None, scan(""), None, (0, len(text)), 0)
        return plain_shell(call, self.context.foreground, text)

    def run(self, text: str) -> None:
        """Judge a whole text."""
        text = whole = self.plain(text)
        if self.context.forgotten:
            self._plain(Risk.HIGH, "its shell was given more settings than can be kept in mind")
        try:
            if self.state.unfinished:
                self._continued(text)
            if len(text) > MAX_TEXT:
                self._plain(Risk.HIGH, f"the text is longer than {MAX_TEXT} characters")
                cut = text.rfind("\n", 0, 100_000)
                text = text[: cut if cut > 0 else 100_000]
            self.script(text, None, 0, strict=True)
        except Spent as spent:
            self._plain(Risk.HIGH, str(spent))
        else:
            if text is whole:
                return
        if self.rules.deny and self.denied is None:
            self._denied_unread(whole)

    def _denied_unread(self, text: str) -> None:
        """Name the deny rule that concerns what no budget was left for, if one does."""
        command = denied_command(self.rules.deny, self.scripts)
        if command is not None:
            rule, script, found = command
            self.denied = rule.text
            if script is self.scripts[0]:
                self._denied_at(rule.text, found.start, found.end)
            return
        words = denied_text(self.rules.deny, text)
        if words is not None:
            self.denied = words[0].text
            self._denied_at(words[0].text, words[1], words[2])

    def _denied_at(self, rule: str, start: int, end: int) -> None:
        self.denied_spans.append(Span(start, end, f"denied by your rule {rule}"))

    def release(self) -> None:
        """Let go of everything that was read; nothing can be judged any more.

        What was read refers to itself in many places, and would wait for the collector.
        """
        for script in self.scripts:
            while script.steps:
                del script.steps[-1_024:]
            for group in script.groups:
                group.fed_by = group.parent = None
            while script.commands:
                del script.commands[-1_024:]
        self.scripts.clear()
        self.groups.clear()
        self.speaking = None
        self.expander = _NO_EXPANDER

    def remember(self, history: Sequence[str]) -> None:
        """Take the variables, aliases and functions that earlier lines left; judge nothing."""
        from agent.risk.evaluation.past import left

        state, files = left(tuple(history), self.context)
        self.state = state.copy()
        self.state.cwd = str(self.context.cwd)
        self.expander.variables = self.state.variables
        self.files.update(files)
        self.inherited = dict(files)
        self.writings.extend(files)
        if self.state.homes and self.has_own():
            nothing = scan("")
            reads_own(self._call(None, nothing, None, (0, 0), 0), self.own_files())

    def _continued(self, text: str) -> None:
        """Judge a text as the rest of earlier lines that were not complete, too."""
        earlier, self.state.unfinished = self.state.unfinished, ""
        before, whole = (Evaluator(replace(self.context, history=())) for _ in range(2))
        for reading, shell in ((before, earlier), (whole, f"{earlier}\n{text}")):
            reading.tolerant = True
            reading.state = self.state.copy()
            reading.expander.variables = reading.state.variables
            reading.run(shell)
        self._plain(Risk.MEDIUM, "an earlier line was not complete; this may be the rest of it")
        if whole.worst > before.worst or (whole.denied and not before.denied):
            self._plain(whole.worst, "with an earlier line that was not complete it does more")
            self.denied = self.denied or whole.denied
        self.asked = self.asked or whole.asked
        self.allowed = False
        self.state.unfinished = earlier

    def script(self, text: str, owner: Call | None, depth: int, *, strict: bool) -> None:
        """Judge shell text; `owner` is the command that has it run, None for the text itself."""
        if depth > MAX_NESTING:
            raise Spent("commands are wrapped in each other too deeply to be followed")
        self.scanned += len(text) + 16
        if self.scanned > MAX_SCANNED:
            raise Spent("there is too much nested text to be read")
        script = scan(text)
        self.work += script.work
        self.scripts.append(script)
        for group in script.groups:
            # Process substitutions are named by their number, so numbers must not repeat.
            number = group.number = len(self.groups) + 1
            self.groups[number] = (script, group)
        self._loops(script)
        self._walk(script, owner, depth, strict=strict)
        self._parameters(script, owner, depth, strict=strict)
        for reason, at in script.errors:
            if self.tolerant and owner is None:
                break
            where = owner.where if owner else (max(0, at - 1), len(text))
            risk = Risk.HIGH
            self.worst = Risk.HIGH
            self.findings.append(
                Finding(risk, f"it is not complete shell: {reason}", "", *where, depth)
            )
            break
        if script.exhausted:
            raise Spent("it is too deep or too long to be read to the end")

    def _parameters(self, script: Script, owner: Call | None, depth: int, *, strict: bool) -> None:
        """Judge expansions that do more than expand, wherever they stand."""
        for part, start, end in script.parameters:
            call = self._call(None, script, owner, (start, end), depth, strict=strict)
            if part.inner[0].text.startswith("@P"):
                call.high("reads a value as a prompt, which runs what stands in it")
                continue
            values = [value.lstrip(":")[1:] for value in self.expander.joined(part.inner)]
            self.variable(part.text, values, call, exported=True)
        for name, start, end in script.coprocesses:
            self.steering(name, self._call(None, script, owner, (start, end), depth, strict=strict))

    def _indirect(self, name: str) -> None:
        if self.speaking is not None:
            self.speaking.opaque(f"looks up a variable whose name is in {name}, not in the text")

    def _counting(self, name: str) -> None:
        if self.speaking is not None:
            self.speaking.opaque(f"counts with {name}, which may hold text that runs something")

    def _loosely(self) -> None:
        """Something given from outside is counted with: a function may be given anything."""
        if self.speaking is not None and self.speaking.command is not None:
            function = function_of(self.speaking.command.group)
            if function is not None:
                self.state.counters |= {function.function}

    def _multiplies(self, script: Script, group: Group) -> bool:
        """An endless loop that starts something beside itself each time and never waits."""
        inside = script.commands[group.first : group.last]
        names = [command.words[0].text if command.words else None for command in inside[:64]]
        return (
            len(names) > 1
            and names[0] in (":", "true")
            and not {"sleep", "wait", "read", "break", "exit", "return"} & set(names)
            and any(_BESIDE.match(script.text, command.end) for command in inside[:64])
        )

    def _loops(self, script: Script) -> None:
        """Values assigned inside loops and functions may be there before their line is reached."""
        for loop in script.groups:
            if loop.kind == "loop" and self._multiplies(script, loop):
                self._plain(
                    Risk.HIGH, "starts processes without an end", loop.start, loop.start + 1
                )
        for command in script.commands:
            if not command.assigns or command.group is None:
                continue
            group: Group | None = command.group
            hops = 0
            while group is not None and hops < 64:
                if group.kind == "loop" or group.function:
                    for word in command.assigns:
                        self._assign(word, add=True)
                    break
                group = group.parent
                hops += 1

    def _walk(self, script: Script, owner: Call | None, depth: int, *, strict: bool) -> None:
        saved: list[State | None] = []
        before_all, beside, was_beside = self.deferred, _beside(script), self.beside
        for step, item in script.steps:
            if step == OPEN:
                assert isinstance(item, Group)
                isolated = item.kind in ("subshell", "$(", "<(", ">(", "`") or bool(item.function)
                saved.append(self.state if isolated else None)
                if isolated:
                    self.state = self.state.copy()
                    self.expander.variables = self.state.variables
                if item.function and item.kind != "`":
                    sure = item.parent is None and not item.conditional and item.pipe is None
                    self.state.functions[item.function] = sure
                if item.function in programs.SHADOWED and item.kind != "`":
                    where = (item.start, item.start + 1)
                    call = self._call(None, script, owner, where, depth, strict=strict)
                    call.opaque(f"makes {item.function} mean something else from now on")
                if item.kind == "`":
                    call = self._call(None, script, owner, (item.start, item.start + 1), depth)
                    self.script(item.function, call, depth + 1, strict=strict)
            elif step == CLOSE:
                assert isinstance(item, Group)
                before = saved.pop() if saved else None
                if before is not None:
                    before.remotes = self.state.remotes
                    if item.function and item.kind != "`":
                        for name in self.state.functions.keys() - before.functions.keys():
                            before.functions[name] = False
                        before.functions[item.function] = self.state.functions[item.function]
                        before.runners = self.state.runners
                        before.counters = self.state.counters
                        before.homes = self.state.homes
                        before.passing = self.state.passing
                        if self.state.cwd != before.cwd:
                            before.moves[item.function] = self.state.cwd
                    self.state = before
                    self.expander.variables = before.variables
                if item.redirects:
                    where = (item.redirects[0].start, item.redirects[-1].end)
                    call = self._call(None, script, owner, where, depth, strict=strict)
                    self._redirects(item.redirects, call, bare=_says_nothing(script, item))
            else:
                assert isinstance(item, Command)
                self.beside = was_beside or item in beside
                self.deferred = self.deferred or self.beside
                self.command(item, script, owner, depth, strict=strict)
                waits = bool(item.words) and item.words[0].text in _DELAYING
                self.deferred = before_all = before_all or waits
                self.put_off = self.put_off or waits
        self.deferred, self.beside = before_all, was_beside

    def _call(
        self,
        command: Command | None,
        script: Script,
        owner: Call | None,
        where: tuple[int, int],
        depth: int,
        *,
        strict: bool = True,
    ) -> Call:
        return Call(
            self, [], command, script, owner.where if owner else where, depth, strict=strict
        )

    def command(
        self, command: Command, script: Script, owner: Call | None, depth: int, *, strict: bool
    ) -> None:
        """Judge one simple command."""
        self.commands += 1
        if self.commands > MAX_COMMANDS:
            raise Spent(f"there are more than {MAX_COMMANDS} commands")
        if not self.commands & 127:
            breathe()
        if not self.commands & 63 and self.stopwatch.over():
            raise Spent("judging it took too long")
        call = self._call(
            command, script, owner, (command.start, command.end), depth, strict=strict
        )
        self.speaking = call
        self.elsewhere = self.state.left if command.joiner != "&&" else ""
        if command.joiner == "||" and self.came_from:
            self.elsewhere = self.came_from
        self.came_from = ""
        if command.kind == "for":
            self._bind_loop(command)
            if command.group is not None:
                self.steering(command.group.variable, call)
            return
        if command.kind in ("case", "arithmetic", "condition"):
            if command.kind == "condition":
                self._condition(command, call)
            elif command.kind == "case":
                for word in command.words:
                    self.expander.text(word)
            if command.counted is not None:
                self.expander.count(command.counted.text, command.counted.inner)
            self._redirects(command.redirects, call)
            return
        self.several = False
        heads, arguments = self._argv(command)
        several = self.several
        only_assigns = not command.words
        conditional = command.group is not None or command.joiner in ("&&", "||", "|", "|&")
        for word in command.assigns:
            self.assignment(word, call, exported=not only_assigns, add=conditional)
        if only_assigns and not command.redirects:
            return
        content: str | None = None
        bare = only_assigns
        if command.words:
            before = self.state.cwd
            for head in heads:
                call.argv = [*head, *arguments]
                if not call.argv:
                    call.opaque()
                    continue
                self.dispatch(call)
            if command.group is not None and command.words[-1].text is None:
                self.hands_on(command, script, heads)
            if several:
                head = heads[0] if heads else []
                for others in self._others(command):
                    call.argv = [*head, *others]
                    if call.argv:
                        self.dispatch(call)
            if self.state.cwd != before:
                self.came_from = before
            bare = len(call.argv) == 1 and posixpath.basename(call.argv[0]) in _SILENT
            if command.redirects:
                if call.argv[:1] in (["yes"], ["cat"]) and _ENDLESS.fullmatch(" ".join(call.argv)):
                    self._fills(command, call)
                content = self.output(call)
                bare = bare or content == ""
        if command.redirects:
            self._redirects(command.redirects, call, bare=bare, content=content)
        if not command.words:
            self.needs_cover(call)
            if self.tree is not None:
                self.tree.append(Found(depth, "redirect", call.level))

    def _fills(self, command: Command, call: Call) -> None:
        """What never ends is written to a file."""
        for place in self._targets(command.redirects, call):
            if place.zone is not Zone.NULL:
                call.high("fills the disk")

    def _condition(self, command: Command, call: Call) -> None:
        """`[[ … ]]`: some of its operators count, and counting runs what an index holds."""
        fields = [f for word in command.words for way in self.expander.word(word) for f in way]
        if any(f in _COUNTING_OPERATORS for f in fields) and any(indexed(f) for f in fields):
            call.high("an index in it runs a command")
        for at, word in enumerate(command.words):
            if word.text in _COMPARING:
                for operand in command.words[max(at - 1, 0) : at + 2 : 2]:
                    self.expander.count_word(operand)
            elif word.text in ("-v", "-R"):
                for operand in command.words[at + 1 : at + 2]:
                    count_index(self.expander, operand)

    def payload(self, argv: list[str], owner: Call) -> None:
        """A wrapper runs `argv`."""
        if owner.depth + 1 > MAX_NESTING:
            raise Spent("commands are wrapped in each other too deeply to be followed")
        call = Call(
            self,
            argv,
            owner.command,
            owner.script,
            owner.where,
            owner.depth + 1,
            strict=owner.strict,
        )
        if not argv:
            return
        self.carriers.append(owner.argv[0] if owner.argv else "")
        self.covering.append(owner.covered)
        try:
            self.dispatch(call, direct=owner.argv[:1] in (["builtin"], ["time"]))
        finally:
            self.carriers.pop()
            self.covering.pop()
        owner.level = max(owner.level, call.level)

    def nested(self, text: str, owner: Call, *, here: bool = False) -> None:
        """A wrapper has a shell run `text`."""
        if text.strip() == "":
            return
        if text.replace(UNKNOWN, "").strip() == "":
            owner.opaque()
            return
        state = self.state
        if not here:
            self.state = state.copy()
            self.expander.variables = self.state.variables
        worst = self.worst
        self.carriers.append(owner.argv[0] if owner.argv else "")
        self.covering.append(owner.covered)
        try:
            self.script(
                text.replace(UNKNOWN, "$__unknown"), owner, owner.depth + 1, strict=owner.strict
            )
        finally:
            self.carriers.pop()
            self.covering.pop()
            self.state = state
            self.expander.variables = state.variables
        if self.worst > worst:
            owner.level = max(owner.level, self.worst)


def _beside(script: Script) -> set[Command]:
    """The commands of a script that run beside what follows them; functions may be called so."""
    if not script.background and not script.coprocesses:
        return set()
    found = {c for first, last in script.background for c in script.commands[first:last]}
    for group in script.groups:
        if group.function or group.kind == "coproc":
            found.update(script.commands[group.first : group.last])
    return found


_DELAYING = frozenset(wordlist("sleep usleep wait inotifywait"))
_ENDLESS = re.compile(r"(?:yes(?: .*)?|cat /dev/(?:zero|u?random|full))")
_SILENT = frozenset(wordlist(": true false exec break continue exit return shift wait"))


def _says_nothing(script: Script, group: Group) -> bool:
    """Nothing in a group prints anything."""
    inside = script.commands[group.first : min(group.last, group.first + 16)]
    return group.last - group.first <= 16 and all(
        command.kind != "simple" or not command.words or command.words[0].text in _SILENT
        for command in inside
    )


_NO_EXPANDER = Expander(Variables({}), "", str, lambda group: (), lambda name: None)
_BESIDE = re.compile(r"[ \t]*&(?![&>])")
_COMPARING = frozenset(wordlist("-eq -ne -lt -le -gt -ge"))
_COUNTING_OPERATORS = frozenset(wordlist("-v -R -eq -ne -lt -le -gt -ge"))


def evaluate(
    text: str,
    context: Context,
    *,
    tree: bool = False,
    given: Mapping[str, str] | None = None,
) -> Evaluator:
    """Judge a text and hand back the evaluator with everything it found.

    Args:
        text: shell text.
        context: where it would run.
        tree: keep every command found, for a person to read.
        given: files by path, and what they are taken to hold.
    """
    evaluator = Evaluator(context)
    evaluator.tree = [] if tree else None
    odd = deception(text)
    if odd is not None:
        reason, at = odd
        evaluator.worst = Risk.HIGH
        evaluator.findings.append(Finding(Risk.HIGH, reason, "", at, at + 1, 0))
    if context.history:
        evaluator.remember(context.history)
    if given:
        evaluator.files.update(given)
        evaluator.writings.extend(given)
        evaluator.given = frozenset(given)
    evaluator.run(text if odd is None and "\r" not in text else readable(text))
    return evaluator
