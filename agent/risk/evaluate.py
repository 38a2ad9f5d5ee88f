"""Walks a scanned script the way bash would and asks what every command in it does.

One `Evaluator` judges one text, with everything nested in it (wrappers, scripts, here-documents).
It follows literal variables, `cd`, aliases and files written on the way, keeps the worst finding,
and spends explicit budgets; past one, the answer is HIGH and says which.
"""

from __future__ import annotations

import posixpath
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent.risk import programs
from agent.risk.arguments import wordlist
from agent.risk.assessment import Assessment, Context, Risk, Span
from agent.risk.paths import Ground, Links, Place, Zone, covers, judge, notable
from agent.risk.rules import match_command, match_denied, match_path
from agent.risk.shell.expand import Expander, Variables
from agent.risk.shell.scanner import scan
from agent.risk.shell.syntax import (
    CLOSE,
    OPEN,
    QUOTED,
    UNKNOWN,
    Command,
    Group,
    Redirect,
    Script,
    Word,
    ansi_c,
)

MAX_TEXT = 1_500_000
"""Characters of one text that are read; more is HIGH."""
MAX_SCANNED = 4_000_000
"""Characters read in all, with everything nested."""
MAX_COMMANDS = 60_000
MAX_NESTING = 24
"""How deep wrappers may carry wrappers."""
MAX_SECONDS = 0.8
"""Processor time one judgement may take (seconds of this thread)."""
MAX_FILE_BYTES = 262_144
"""Bytes of a script that are read; a longer one cannot be judged."""

OPAQUE = "what runs cannot be known from the text"


@dataclass(slots=True)
class Finding:
    """One thing a command does."""

    risk: Risk
    reason: str
    effect: str
    start: int
    end: int
    depth: int
    command: str = ""


@dataclass(slots=True)
class Feed:
    """What a command reads on standard input: `none`, `text`, `unknown`, `remote`, `file`."""

    kind: str
    text: str = ""
    paths: tuple[str, ...] = ()


class Spent(Exception):
    """A budget is used up; the message says which."""


@dataclass(slots=True)
class State:
    """What a shell would remember: variables, directory, aliases, functions."""

    variables: Variables
    cwd: str
    aliases: dict[str, str] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)
    moves: dict[str, str] = field(default_factory=dict)
    """Functions that change the directory, and where they lead."""

    def copy(self) -> State:
        """What a subshell starts with."""
        return State(
            self.variables.copy(),
            self.cwd,
            dict(self.aliases),
            set(self.functions),
            dict(self.moves),
        )


class Call:
    """One command as a rule sees it: its words, where it stands, and what can be said about it."""

    __slots__ = ("argv", "command", "depth", "evaluator", "level", "script", "strict", "where")

    def __init__(
        self,
        evaluator: Evaluator,
        argv: list[str],
        command: Command | None,
        script: Script | None,
        where: tuple[int, int],
        depth: int,
        *,
        strict: bool,
    ) -> None:
        self.evaluator = evaluator
        self.argv = argv
        self.command = command
        self.script = script
        self.where = where
        self.depth = depth
        self.strict = strict
        self.level = Risk.LOW

    @property
    def cwd(self) -> str:
        """Directory the command would run in."""
        return self.evaluator.state.cwd

    def note(self, risk: Risk, reason: str, effect: str = "") -> None:
        """Say something about this command."""
        self.evaluator.note(risk, reason, effect, self)

    def low(self) -> None:
        """It only looks."""
        self.note(Risk.LOW, f"{self.argv[0] if self.argv else 'it'} only looks")

    def medium(self, reason: str, effect: str = "") -> None:
        """It changes something that can be mended."""
        self.note(Risk.MEDIUM, reason, effect)

    def high(self, reason: str, effect: str = "") -> None:
        """A person must look."""
        self.note(Risk.HIGH, reason, effect)

    def opaque(self, reason: str = OPAQUE) -> None:
        """Unresolvable: HIGH, or MEDIUM inside a script that a person had time to see."""
        self.note(Risk.HIGH if self.strict else Risk.MEDIUM, reason)

    def run(self, argv: Sequence[str]) -> None:
        """The command runs another one: take its risk."""
        self.evaluator.payload(list(argv), self)

    def shell(self, text: str, *, here: bool = False) -> None:
        """A shell runs `text`: take its risk; `here` in this very shell, which remembers."""
        self.evaluator.nested(text, self, here=here)

    def place(self, text: str) -> Place:
        """Judge a path."""
        return self.evaluator.place(text)

    def places(self, text: str) -> tuple[Place, ...]:
        """Judge a path as it is written, and where symbolic links on the disk lead from it."""
        place = self.place(text)
        target = self.evaluator.followed(place.path, text)
        return (place,) if target is None else (place, self.place(target))

    def entries(self, text: str) -> tuple[Place, ...]:
        """Like `places`, for what acts on the link itself: only the directories are followed."""
        place = self.place(text)
        above, _, last = place.path.rpartition("/")
        through = self.evaluator.followed(above) if above else None
        return (place,) if through is None else (place, self.place(f"{through}/{last}"))

    def feed(self) -> Feed:
        """What standard input brings."""
        return self.evaluator.feed(self)

    def reads(self, text: str) -> Place:
        """The command shows or passes on a file."""
        place = self.place(text)
        target = self.evaluator.followed(place.path, text)
        if target is not None:
            self.reads(target)
        self.evaluator.read_rule(place, self)
        if place.secret:
            self.high("reads credentials or keys", f"reads {shown(text)}")
        elif self.evaluator.of_own(place):
            self.high("reads Tungsten's own files", f"reads {shown(text)}")
        elif place.zone is Zone.DEVICE:
            self.high("reads a raw device", f"reads {shown(text)}")
        elif place.zone is Zone.NETWORK:
            self.high("opens a network connection through the shell")
        return place

    def gathers(self, text: str, *names: str, hidden: bool = True) -> None:
        """The command shows or passes on everything below a directory."""
        root = self.evaluator.followed(self.place(text).path, text) or text
        if self.evaluator.notable(root, names, hidden=hidden):
            self.high("reads everything, credentials and keys too", f"reads all of {shown(text)}")

    def writes(self, text: str, *, truncates: bool = False, content: str | None = None) -> Place:
        """The command creates or replaces a file."""
        place = self.place(text)
        target = self.evaluator.followed(place.path, text)
        if target is not None:
            self.writes(target, truncates=truncates, content=content)
        self.evaluator.edit_rule(place, self)
        zone, name = place.zone, shown(text)
        if place.own:
            self.high("changes Tungsten's own files or a tmux server's", f"writes {name}")
        elif zone is Zone.NULL:
            return place
        elif zone is Zone.DEVICE:
            self.high("writes over a device", f"writes to {name}")
        elif zone is Zone.NETWORK:
            self.high("opens a network connection through the shell", f"connects to {name}")
        elif place.trace:
            self.high("erases traces of what was done", f"writes {name}")
        elif place.startup:
            self.high("plants something that runs later", f"writes {name}")
        elif zone in (Zone.SYSTEM, Zone.ROOT):
            self.high("writes outside of the project, into the system", f"writes {name}")
        elif zone is Zone.GIT and place.name not in ("exclude", "COMMIT_EDITMSG", "index.lock"):
            self.high("changes the repository's own data", f"writes {name}")
        elif place.secret and zone not in (Zone.PROJECT, Zone.TEMPORARY, Zone.REGENERABLE):
            self.high("replaces credentials or keys", f"writes {name}")
        elif zone is Zone.OUTSIDE:
            self.high("writes outside of the project", f"writes {name}")
        elif zone is Zone.UNKNOWN:
            self.opaque("writes to a path that cannot be known")
        elif zone is Zone.HOME and truncates:
            self.high("empties a file outside of the project", f"empties {name}")
        else:
            self.medium(f"writes {name}", f"writes {name}")
        if UNKNOWN not in place.path:
            self.evaluator.files[place.path] = content
        return place

    def deletes(self, text: str, *, recursive: bool = False) -> Place:
        """The command deletes something."""
        place = self.place(text)
        # Deleting a link leaves what it leads to, but the directories before it are followed.
        above, _, last = place.path.rpartition("/")
        through = self.evaluator.climbed(text)
        if through is None and above:
            through = self.evaluator.followed(above)
            through = through and f"{through}/{last}"
        if through is not None:
            self.deletes(through, recursive=recursive)
        self.evaluator.edit_rule(place, self)
        zone, name = place.zone, shown(text)
        effect = f"deletes {name}"
        if zone is Zone.NULL:
            return place
        if place.own:
            self.high("deletes Tungsten's own files or a tmux server's", effect)
        elif place.trace:
            self.high("erases traces of what was done", effect)
        elif zone in (Zone.REGENERABLE, Zone.TEMPORARY) and not place.startup:
            self.medium(f"deletes {name}, which can be made again", effect)
        elif zone is Zone.PROJECT and not recursive and not place.startup and not place.secret:
            if place.several:
                self.high("deletes files in the project by a pattern", effect)
            else:
                self.medium(f"deletes {name}", effect)
        elif zone is Zone.UNKNOWN:
            self.opaque("deletes a path that cannot be known")
        elif zone is Zone.GIT and place.name.endswith(".lock"):
            self.medium(f"deletes {name}", effect)
        elif zone is Zone.ROOT:
            self.high("deletes the project or something above it", effect)
        elif zone in (Zone.PROJECT, Zone.GIT):
            self.high("deletes work that cannot be made again", effect)
        else:
            self.high("deletes outside of the project", effect)
        return place


Handler = Callable[[Call], None]


def shown(text: str) -> str:
    """Text for a person: unknown pieces as `…`, one line, bounded."""
    text = text.replace(UNKNOWN, "…").replace("\n", " ")
    return text if len(text) <= 120 else text[:117] + "…"


class Evaluator:
    """Judges one text; see the module."""

    def __init__(self, context: Context) -> None:
        self.context = context
        home = str(context.home)
        project = str(context.project) if context.project is not None else ""
        self.ground = Ground(home, project, tuple(str(path) for path in context.own))
        self.rules = context.rules
        self.state = State(Variables({"HOME": (home,), "TMPDIR": ("/tmp",)}), str(context.cwd))  # noqa: S108
        self.state.variables.set("USER", (posixpath.basename(home),), add=False)
        self.findings: list[Finding] = []
        self.worst = Risk.LOW
        self.denied: str | None = None
        self.asked: str | None = self.rules.problem or None
        self.allowed = True
        self.denied_spans: list[Span] = []
        self.files: dict[str, str | None] = {}
        self.commands = 0
        self.scanned = 0
        self.work = 0
        self.deadline = time.thread_time() + MAX_SECONDS
        self.expander = Expander(
            self.state.variables, home, lambda: self.state.cwd, self._substituted, self._indirect
        )
        self.speaking: Call | None = None
        self.digests: dict[str, str] = {}
        self.links = Links(self.ground)
        self._places: dict[tuple[str, str], Place] = {}
        self.scripts: list[Script] = []
        self.groups: dict[int, tuple[Script, Group]] = {}
        self.tree: list[tuple[int, str, Risk]] = []
        self.reading: set[str] = set()
        self.tolerant = False

    # findings -----------------------------------------------------------------------------------

    def note(self, risk: Risk, reason: str, effect: str, call: Call) -> None:
        """Keep what a command does; see `Finding`."""
        call.level = max(call.level, risk)
        self.worst = max(self.worst, risk)
        if risk > Risk.LOW and len(self.findings) < 2_000:
            start, end = call.where
            self.findings.append(Finding(risk, reason, effect, start, end, call.depth))

    def _plain(self, risk: Risk, reason: str, start: int = 0, end: int = 0) -> None:
        self.worst = max(self.worst, risk)
        if end > start or start:
            self.findings.append(Finding(risk, reason, "", start, end, 0))
        else:
            self.findings.append(Finding(risk, reason, "", 0, 0, 0))

    def assessment(self) -> Assessment:
        """The whole answer."""
        worst = self.worst
        chosen = [f for f in self.findings if f.risk == worst]
        others = [f for f in self.findings if f.risk < worst and f.risk > Risk.LOW]
        reasons = tuple(dict.fromkeys(f.reason for f in chosen + others))[:12]
        effects = tuple(dict.fromkeys(f.effect for f in chosen if f.effect))
        effect = ""
        if effects:
            effect = "; ".join(effects[:4])
            if len(effects) > 4:
                effect += f"; and {len(effects) - 4} more"
        elif reasons:
            effect = reasons[0]
        spans: list[Span] = list(self.denied_spans)
        if worst is Risk.HIGH:
            seen = set()
            for finding in chosen:
                key = (finding.start, finding.end)
                if finding.end > finding.start and key not in seen and len(spans) < 50:
                    seen.add(key)
                    spans.append(Span(finding.start, finding.end, finding.reason))
        if self.denied is not None:
            reasons = (f"denied by your rule {self.denied}", *reasons)
        elif self.asked is not None:
            reasons = (f"asks because of {self.asked}", *reasons)
        allowed = bool(self.rules.allow) and self.allowed and self.commands > 0
        return Assessment(
            worst,
            reasons,
            effect,
            tuple(spans),
            self.denied,
            self.asked,
            allowed and worst < Risk.HIGH and self.asked is None and self.denied is None,
            tuple((Path(path), digest) for path, digest in sorted(self.digests.items())),
        )

    def place(self, text: str) -> Place:
        """Judge a path, from the directory where the shell is."""
        cwd = self.state.cwd
        place = self._places.get((text, cwd))
        if place is None:
            place = self._places[text, cwd] = judge(text, cwd, self.ground)
        return place

    def climbed(self, text: str) -> str | None:
        """Where a path with `..` leads when the system takes them after the links."""
        return self.links.climbed(text, self.state.cwd)

    def followed(self, path: str, text: str = "") -> str | None:
        """Where symbolic links lead from a path; None when there are none on the way.

        Args:
            path: resolved.
            text: how it was written, when its `..` are to be taken after the links.
        """
        return self.climbed(text) or self.links.followed(path)

    def of_own(self, place: Place) -> bool:
        """A path, or a pattern that may name one, inside Tungsten's own directories."""
        return any(
            f"{place.path}/".startswith(f"{o}/") or (place.several and covers(place.path, o))
            for o in self.ground.own
        )

    def notable(self, root: str, names: Sequence[str], *, hidden: bool = True) -> list[str]:
        """Secrets that a walk below a directory would come upon; see `paths.notable`."""
        path = self.place(root).path
        return notable(path, tuple(names), self.ground, hidden=hidden)

    # rules --------------------------------------------------------------------------------------

    def _command_rules(self, argv: list[str], call: Call) -> None:
        rules = self.rules
        if rules.deny:
            rule = match_denied(rules.deny, argv)
            if rule is not None:
                self._deny(rule.text, call)
        if rules.ask:
            rule = match_denied(rules.ask, argv)
            if rule is not None:
                self.asked = f"your rule {rule.text}"
        if rules.allow and match_command(rules.allow, argv) is None:
            self.allowed = False

    def _deny(self, text: str, call: Call) -> None:
        if self.denied is None:
            self.denied = text
        if len(self.denied_spans) < 20:
            self.denied_spans.append(Span(*call.where, f"denied by your rule {text}"))

    def read_rule(self, place: Place, call: Call) -> None:
        """Apply Read rules to a path."""
        self._path_rule("Read", place, call)

    def edit_rule(self, place: Place, call: Call) -> None:
        """Apply Edit rules to a path."""
        self._path_rule("Edit", place, call)

    def _path_rule(self, kind: str, place: Place, call: Call) -> None:
        rules = self.rules
        if rules.empty:
            return
        home, root = self.ground.home, self.ground.project or str(self.context.cwd)
        rule = match_path(rules.deny, kind, place.path, home, root)
        if rule is not None:
            self._deny(rule.text, call)
        rule = match_path(rules.ask, kind, place.path, home, root)
        if rule is not None:
            self.asked = f"your rule {rule.text}"

    # scripts ------------------------------------------------------------------------------------

    def run(self, text: str) -> None:
        """Judge a whole text."""
        try:
            if len(text) > MAX_TEXT:
                self._plain(Risk.HIGH, f"the text is longer than {MAX_TEXT} characters")
                cut = text.rfind("\n", 0, 100_000)
                text = text[: cut if cut > 0 else 100_000]
            self.script(text, None, 0, strict=True)
        except Spent as spent:
            self._plain(Risk.HIGH, str(spent))

    def remember(self, history: Sequence[str]) -> None:
        """Take the variables, aliases and functions that earlier lines left; judge nothing."""
        earlier = evaluate("\n".join(history[-200:]), replace(self.context, history=()))
        self.state = earlier.state
        self.state.cwd = str(self.context.cwd)
        self.expander.variables = self.state.variables
        self.files.update(earlier.files)

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

    def steering(self, name: str, call: Call) -> None:
        """A variable takes a value that is not seen: some make later commands run another thing."""
        if steers(name):
            call.high(f"{name} makes later commands run or trust something else")

    def _loops(self, script: Script) -> None:
        """Values assigned inside loops and functions may be there before their line is reached."""
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
        for step, item in script.steps:
            if step == OPEN:
                assert isinstance(item, Group)
                isolated = item.kind in ("subshell", "$(", "<(", ">(", "`") or bool(item.function)
                saved.append(self.state if isolated else None)
                if isolated:
                    self.state = self.state.copy()
                    self.expander.variables = self.state.variables
                if item.function:
                    self.state.functions.add(item.function)
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
                    if item.function and item.kind != "`":
                        before.functions |= self.state.functions
                        before.functions.add(item.function)
                        if self.state.cwd != before.cwd:
                            before.moves[item.function] = self.state.cwd
                    self.state = before
                    self.expander.variables = before.variables
                if item.redirects:
                    where = (item.redirects[0].start, item.redirects[-1].end)
                    call = self._call(None, script, owner, where, depth, strict=strict)
                    for redirect in item.redirects:
                        self._redirect(redirect, call, bare=False, content=None)
            else:
                assert isinstance(item, Command)
                self.command(item, script, owner, depth, strict=strict)

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
        if not self.commands & 63 and time.thread_time() > self.deadline:
            raise Spent("judging it took too long")
        call = self._call(
            command, script, owner, (command.start, command.end), depth, strict=strict
        )
        self.speaking = call
        if command.kind == "for":
            self._bind_loop(command)
            if command.group is not None:
                self.steering(command.group.variable, call)
            return
        if command.kind in ("case", "arithmetic", "condition"):
            if command.kind == "condition":
                self._condition(command, call)
            for redirect in command.redirects:
                self._redirect(redirect, call, bare=False, content=None)
            return
        heads, arguments = self._argv(command)
        only_assigns = not command.words
        conditional = command.group is not None or command.joiner in ("&&", "||", "|", "|&")
        for word in command.assigns:
            self.assignment(word, call, exported=not only_assigns, add=conditional)
        if only_assigns and not command.redirects:
            return
        content: str | None = None
        bare = only_assigns
        if command.words:
            for head in heads:
                call.argv = [*head, *arguments]
                if not call.argv:
                    call.opaque()
                    continue
                self.dispatch(call)
            bare = len(call.argv) == 1 and posixpath.basename(call.argv[0]) in (":", "true")
            if command.redirects:
                content = self.output(call)
        for redirect in command.redirects:
            self._redirect(redirect, call, bare=bare, content=content)
        if not command.words:
            self.tree.append((depth, "redirect", call.level))

    def _condition(self, command: Command, call: Call) -> None:
        """`[[ … ]]`: some of its operators count, and counting runs what an index holds."""
        fields = [f for word in command.words for way in self.expander.word(word) for f in way]
        if any(f in _COUNTING_OPERATORS for f in fields) and any(indexed(f) for f in fields):
            call.high("an index in it runs a command")

    def _argv(self, command: Command) -> tuple[list[list[str]], list[str]]:
        """The possible first words, and all the others."""
        words = command.words
        if not words:
            return [], []
        expander = self.expander
        ways = expander.word(words[0])
        arguments: list[str] = []
        for word in words[1:]:
            text = word.text
            if text is not None and "{" not in text:
                arguments.append(text)
                continue
            for way in expander.word(word):
                arguments.extend(way)
        # An empty expansion leaves the command position to the next word.
        ways = [way for way in ways if way] or [[]]
        return ways, arguments

    def _bind_loop(self, command: Command) -> None:
        group = command.group
        if group is None or not group.variable:
            return
        values: list[str] = []
        for word in command.words:
            for way in self.expander.word(word):
                values.extend(way)
        self.state.variables.set(group.variable, tuple(dict.fromkeys(values)), add=False)

    def _assign(self, word: Word, *, add: bool) -> tuple[str, tuple[str, ...]]:
        values = self.expander.text(word)
        name = ""
        found: list[str] = []
        for value in values:
            name, _, rest = value.partition("=")
            if name.endswith("+"):
                name = name[:-1]
                earlier = self.state.variables.get(name.partition("[")[0]) or ("",)
                found.extend(e + rest for e in earlier)
                found.extend(f"{e} {rest}" for e in earlier if "(" in (word.text or "("))
            else:
                found.append(rest)
        name = name.partition("[")[0]
        self.state.variables.set(name, tuple(dict.fromkeys(found)), add=add)
        return name, tuple(found)

    def assignment(self, word: Word, call: Call, *, exported: bool, add: bool) -> None:
        """Judge `NAME=value`, before a command or alone."""
        name, values = self._assign(word, add=add)
        self.variable(name, values, call, exported=exported)

    def variable(self, name: str, values: Sequence[str], call: Call, *, exported: bool) -> None:
        """Judge a variable being set: some make later commands run something else."""
        if name == "PATH":
            for value in values:
                self._search_path(value, call)
            return
        if name in ("PS1", "PS2", "PS4"):
            if any(re.search(r"\$\(|`|\0", value) for value in values):
                call.high(f"{name} makes later prompts run something")
            return
        if name == "PWD" or (name in ("HOME", "TMPDIR") and not exported):
            call.high(f"{name} makes paths of later commands mean something else")
            return
        if any(indexed(value) for value in values):
            call.high("holds an index that runs a command where it is counted with")
        if name in programs.COMMAND_VARIABLES:
            for value in values:
                if value == UNKNOWN:
                    call.opaque(f"{name} makes other programs run something unknown")
                elif value:
                    call.shell(value)
                    program = value.split()[0] if value.split() else ""
                    if "/" in program and not _ORDINARY.search(program):
                        call.high(f"{name} makes other programs run {shown(program)}")
            return
        if name == "NODE_OPTIONS":
            for value in values:
                if re.search(r"-r\b|--require|--import|--loader|--inspect|\0", value):
                    call.high(f"{name} makes later commands run something else")
            return
        if name == "PYTHONPATH" or name == "NODE_PATH":
            for value in values:
                for piece in value.split(":"):
                    place = call.place(piece or ".")
                    if place.zone in (Zone.TEMPORARY, Zone.SYSTEM, Zone.OUTSIDE):
                        call.high(f"{name} makes later commands load code from elsewhere")
            return
        if name in ("HOME", "TMPDIR", "XDG_CONFIG_HOME") and exported:
            return
        if name.startswith(("TUNGSTEN_", "GIT_CONFIG_KEY", "GIT_CONFIG_VALUE", "BASH_FUNC_")) or (
            name in programs.INJECTING_VARIABLES
        ):
            harmless = {"", "0"} if name.startswith("HIST") is False else set()
            if name in (
                "HISTCONTROL",
                "GOFLAGS",
                "MAVEN_OPTS",
                "GRADLE_OPTS",
                "BUNDLE_GEMFILE",
                "CLASSPATH",
                "JAVA_TOOL_OPTIONS",
                "GEM_HOME",
                "GEM_PATH",
                "HISTSIZE",
                "HISTFILESIZE",
                "PS4",
                "DOCKER_HOST",
                "XDG_CONFIG_HOME",
                "HOME",
                "GOPROXY",
            ):
                risky = any(
                    re.search(r"agent|toolexec|/tmp|://|exec|\$\(|`|ignore|^0$|^unset$|\0", v)
                    for v in values
                )
                if name == "GOPROXY":
                    risky = not all(
                        re.fullmatch(r"(?:direct|off|https://proxy\.golang\.org|,)*", v)
                        for v in values
                    )
                if not risky:
                    return
            if (
                all(value in harmless for value in values)
                and name != "NODE_TLS_REJECT_UNAUTHORIZED"
            ):
                return
            if name.startswith("HIST"):
                call.high("erases traces of what was done")
                return
            call.high(f"{name} makes later commands run or trust something else")

    def _search_path(self, value: str, call: Call) -> None:
        if not _KEEPS_PATH.search(value):
            call.high("PATH makes later commands run something else")
        for piece in value.split(":"):
            if piece in (UNKNOWN, "$PATH"):
                continue
            place = call.place(piece or ".")
            if (
                place.zone in (Zone.TEMPORARY, Zone.ROOT, Zone.OUTSIDE)
                or piece in ("", ".")
                or place.path in ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108
                or (
                    place.zone in (Zone.PROJECT, Zone.REGENERABLE)
                    and not re.search(
                        r"(?:^|/)s?bin$|\.bin$|scripts$|tools$|target/(?:debug|release)$",
                        place.path,
                    )
                )
            ):
                call.high("PATH makes later commands run something else")

    # redirects and pipes ------------------------------------------------------------------------

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
                call.writes(value, truncates=bare and not appends, content=content)

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
                call = Call(self, argv, command, script, (0, 0), 0, strict=True)
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
                known = self.files.get(call.place(operand).path)
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
            for redirect in last.redirects:
                if redirect.operator == "<" and redirect.target is not None:
                    return (UNKNOWN,)
            return (UNKNOWN,)
        heads, arguments = self._argv(last)
        found: list[str] = []
        for head in heads:
            argv = [*head, *arguments]
            call = Call(self, argv, last, script, (0, 0), 0, strict=True)
            hint = _hint(argv, self.state.cwd, self.ground.project)
            if hint is not None and not last.piped:
                found.append(hint)
                continue
            paths = _listed(argv, self)
            if paths and not last.piped:
                found.extend(paths)
                continue
            text = self.output(call)
            found.append(UNKNOWN if text is None else text.rstrip("\n"))
        return tuple(found) or (UNKNOWN,)

    # dispatch -----------------------------------------------------------------------------------

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
        self.dispatch(call)
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
        try:
            self.script(
                text.replace(UNKNOWN, "$__unknown"), owner, owner.depth + 1, strict=owner.strict
            )
        finally:
            self.state = state
            self.expander.variables = state.variables
        if self.worst > worst:
            owner.level = max(owner.level, self.worst)

    def dispatch(self, call: Call) -> None:
        """Find the rule for a command and apply it."""
        argv = call.argv
        name = argv[0]
        if self.rules.deny or self.rules.ask or self.rules.allow:
            self._command_rules(argv, call)
        self._judge(name, call)
        if len(self.tree) < 5_000:
            self.tree.append((call.depth, " ".join(shown(a) for a in argv)[:200], call.level))

    def _judge(self, name: str, call: Call) -> None:
        from agent.risk.commands.table import HANDLERS

        if not _PLAIN_NAME.fullmatch(name) and name not in ("[", "[["):
            if UNKNOWN in name or name.startswith("$__unknown"):
                call.opaque()
                return
            if name == "":
                call.opaque("the command's name is empty")
                return
            if not name.isascii() or _UNRESOLVED.search(name):
                call.opaque("the command's name is deceptive or cannot be resolved")
                return
        if name in self.state.aliases:
            value = self.state.aliases[name]
            self.state.aliases.pop(name)
            call.shell(value + " " + " ".join(quote(a) for a in call.argv[1:]), here=True)
            self.state.aliases[name] = value
            return
        if name in self.state.functions:
            if call.command is not None and _inside(call.command.group, name):
                call.high("a function calls itself: a fork bomb, or a loop without an end")
            for argument in call.argv[1:]:
                if argument[:1] in ("-", "+", ":") and len(argument) > 1:
                    call.opaque("what a function does with an option cannot be known")
                else:
                    self.steering(argument, call)
                    call.reads(argument)
            self.state.cwd = self.state.moves.get(name, self.state.cwd)
            call.low()
            return
        program = name[name.rfind("/") + 1 :]
        if program.startswith("ld") and _LOADER.fullmatch(program):
            call.high("has the system's loader run a program")
            return
        if "/" in name and (not _ORDINARY.search(name) or program not in _known()):
            HANDLERS["@file"](call)
            return
        if program in _COUNTING and any(indexed(word) for word in call.argv[1:]):
            call.high("an index in it runs a command")
        key = _ALIASES.get(program) or _versionless(program)
        handler = HANDLERS.get(key)
        if handler is not None:
            handler(call)
            return
        simple(call, key)


def _inside(group: Group | None, name: str) -> bool:
    """A command stands in the body of the function `name`, and in a pipeline there."""
    hops = 0
    while group is not None and hops < 64:
        if group.function == name:
            return name == ":" or not name.isidentifier()
        group = group.parent
        hops += 1
    return False


_INDEX_PIECE = re.compile(r"(?<=\w)\[|\]|\$\(|`|@P\}")


def indexed(text: str) -> bool:
    """An array index with a command in it; bash runs it wherever it takes a word for a number."""
    if "[" not in text or not ("$(" in text or "`" in text or "@P" in text):
        return False
    depth = 0
    for piece in _INDEX_PIECE.findall(text):
        if piece == "[":
            depth += 1
        elif piece == "]":
            depth = max(0, depth - 1)
        elif depth:
            return True
    return False


def steers(name: str) -> bool:
    """A variable that decides what later commands run, trust or remember."""
    return (
        name in _STEERING
        or name in programs.INJECTING_VARIABLES
        or name in programs.COMMAND_VARIABLES
        or name.startswith(_STEERING_PREFIXES)
    )


_STEERING = frozenset(["PATH", "PS1", "PS2", "PS4", "PWD", "HOME", "NODE_OPTIONS", "PYTHONPATH"])
_STEERING_PREFIXES = ("TUNGSTEN_", "GIT_CONFIG_KEY", "GIT_CONFIG_VALUE", "BASH_FUNC_")
_COUNTING = frozenset(
    wordlist(
        """let test [ printf read unset wait mapfile readarray getopts declare typeset local
        export readonly"""
    )
)
_COUNTING_OPERATORS = frozenset(wordlist("-v -R -eq -ne -lt -le -gt -ge"))
_KEEPS_PATH = re.compile(r"\0|\$PATH|(?:^|:)/(?:usr/(?:local/)?|opt/homebrew/)?s?bin(?::|$)")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_./+\-]+")
_UNRESOLVED = re.compile(r"[*?\\\[\s\x1c-\x1f]")
_LOADER = re.compile(r"ld(?:-linux|-musl)?[\w-]*\.so(?:\.\d+)*")
_ORDINARY = re.compile(
    r"^(?:/usr(?:/local)?|/opt/homebrew|/opt/local|/snap)?/s?bin/[^/]+$|(?:^|/)\.?venv/bin/[^/]+$"
    r"|(?:^|/)node_modules/\.bin/[^/]+$|(?:^|/)vendor/bin/[^/]+$|^(?:\./)?bin/(?:rails|rake|bundle|setup|rspec)$"
    r"|^\./(?:gradlew|mvnw|manage\.py|artisan|configure)$|(?:^|/)\.tox/\w+/bin/[^/]+$"
    r"|/\.(?:cargo|local|pyenv/shims|rbenv/shims|bun|deno)/bin/[^/]+$"
)
_ALIASES = {
    "python3": "python", "python2": "python", "pypy": "python", "pypy3": "python", "pip3": "pip",
    "nodejs": "node", "gawk": "awk", "mawk": "awk", "nawk": "awk", "gsed": "sed", "gmake": "make",
    "grm": "rm", "gmv": "mv", "gcp": "cp", "gfind": "find", "gxargs": "xargs", "gdd": "dd",
    "gtar": "tar", "bsdtar": "tar", "vi": "vim", "nvim": "vim", "view": "vim", "ex": "vim",
    "rvim": "vim", "gvim": "vim", "mvim": "vim", "vimdiff": "vim", "bunx": "npx", "pnpx": "npx",
    "podman": "docker", "nerdctl": "docker", "gchmod": "chmod", "gchown": "chown",
    "mariadb": "mysql", "dash": "sh", "ash": "sh", "bash": "sh", "zsh": "sh", "ksh": "sh",
    "mksh": "sh", "fish": "sh", "rbash": "sh", "yash": "sh", "elvish": "sh", "csh": "sh",
    "tcsh": "sh", "nu": "sh", "pwsh": "sh", "oksh": "sh", "lksh": "sh", "posh": "sh",
    "netcat": "nc", "ncat": "nc", "gtimeout": "timeout", "unlink": "rm", "grmdir": "rmdir",
    "command.com": "sh", "docker-compose-v1": "docker-compose", "task": "make", "just": "make",
    "unbuffer": "nohup", "batcat": "bat", "fdfind": "fd", "sqlite": "sqlite3", "litecli": "sqlite3",
    "pgcli": "psql", "mycli": "mysql", "rscript": "R", "Rscript": "R", "luajit": "lua",
    "perl5": "perl", "jruby": "ruby", "php8": "php", "tsx": "node", "ts-node": "node",
    "micromamba": "conda", "mamba": "conda", "shred-f": "shred", "pico": "nano", "hexdump": "xxd",
    "gln": "ln", "ginstall": "install", "mongo": "mongosh", "gtruncate": "truncate",
    "killall5": "killall", "skill": "pkill", "rename.ul": "rename", "gtee": "tee",
    "egrep": "grep", "fgrep": "grep", "zsh5": "sh", "python-config": "echo", "opentofu": "tofu",
}  # fmt: skip
_VERSION = re.compile(r"(?<=[a-z])-?\d+(?:\.\d+)*$")


def _versionless(program: str) -> str:
    """`python3.12` and `gcc-13` are judged as `python` and `gcc`."""
    if program[-1:].isdigit() and program not in programs.LOW_PROGRAMS:
        bare = _VERSION.sub("", program)
        if bare != program and bare in _known():
            return _ALIASES.get(bare, bare)
    return program


_KNOWN: set[str] = set()


def _known() -> set[str]:
    if not _KNOWN:
        from agent.risk.commands.table import HANDLERS

        _KNOWN.update(HANDLERS, programs.LOW_PROGRAMS, programs.MEDIUM_PROGRAMS)
        _KNOWN.update(programs.HIGH_PROGRAMS, programs.SUBCOMMANDS, _ALIASES)
        _KNOWN.update(["manage.py"])
    return _KNOWN


def quote(text: str) -> str:
    """Quote for the shell; unknown pieces stay unknown."""
    if UNKNOWN in text:
        return "$__unknown"
    return "'" + text.replace("'", "'\\''") + "'"


def simple(call: Call, program: str) -> None:
    """Apply the tables to a program without a rule of its own."""
    argv = call.argv
    reason = programs.HIGH_PROGRAMS.get(program)
    if reason is not None:
        if len(argv) == 2 and argv[1] in ("--version", "--help", "-V"):
            call.low()
        else:
            call.high(f"{program}: {reason}")
        return
    if program.startswith(("mkfs.", "fsck.")):
        call.high(f"{program}: writes over a disk or its partitions")
        return
    table = programs.SUBCOMMANDS.get(program)
    if table is not None:
        subcommand(call, program, table)
    elif program in programs.LOW_PROGRAMS:
        call.low()
    elif program in programs.MEDIUM_PROGRAMS:
        call.medium(f"{program} builds, runs or changes something in the project")
        carried(call, anywhere=False)
    elif len(argv) == 2 and argv[1] in ("--version", "--help"):
        call.low()
    else:
        call.medium(f"no rule knows {shown(program)}")
        carried(call, anywhere=True)
    if program in programs.READERS:
        for argument in argv[1:]:
            if not argument.startswith("-"):
                call.reads(argument)


_HEADS = frozenset(
    wordlist(
        """sudo doas su sh bash zsh dash ksh fish eval rm dd mkfs shred chmod chown curl wget nc
        tmux kill pkill killall python python3 perl ruby node php osascript ssh scp env xargs"""
    )
)
_RUN_OPTIONS = frozenset(
    wordlist(
        """-c -x -s -e -r --exec --cmd --command --run --shell --script --execute --hook --on-change
        --pre --post --before --after --then --callback --eval"""
    )
)


def carried(call: Call, *, anywhere: bool) -> None:
    """A program whose rule does not say that it runs others may do so all the same.

    What follows `--` is tried as a command, and the value of an option that sounds like one as
    shell text; for a program that no rule knows, any word that names a dangerous program too.
    """
    argv = call.argv
    for at in range(1, min(len(argv), 64)):
        word, before = argv[at], argv[at - 1]
        name = posixpath.basename(word)
        if (before == "--" and name in _known()) or (
            name in _HEADS and (anywhere or before in _RUN_OPTIONS)
        ):
            call.run(argv[at:])
            return
        if before in _RUN_OPTIONS and " " in word and UNKNOWN not in word:
            head = word.lstrip("!@ ").split()
            if head and posixpath.basename(head[0]) in _known():
                call.shell(word.lstrip("!@ "))


def subcommand(call: Call, program: str, table: dict[str, tuple[int, str]]) -> None:
    """Apply a table of subcommands; the longest that matches counts, a HIGH option always."""
    argv = call.argv
    valued = programs.OPTION_VALUES.get(program, frozenset())
    words: list[str] = []
    skip = False
    level, reason = 0, ""
    for argument in argv[1:]:
        if skip:
            skip = False
            continue
        if argument.startswith("-"):
            entry = table.get(argument.partition("=")[0])
            if entry is not None and entry[0] > level:
                level, reason = entry
            skip = argument in valued
            continue
        words.append(argument)
    if program in _CASELESS:
        words = [word.lower() for word in words]
    matched = ""
    for size in (3, 2, 1):
        entry = table.get(" ".join(words[:size])) if len(words) >= size else None
        if entry is not None:
            matched = " ".join(words[:size])
            if entry[0] > level:
                level, reason = entry
            break
    for key, entry in table.items():
        if entry[0] == Risk.HIGH and " -" in key:
            command, _, option = key.partition(" -")
            if (
                words
                and words[0] == command.split()[0]
                and any(a.partition("=")[0] == "-" + option for a in argv)
            ):
                level, reason = entry
    for word in words[1:]:
        entry = table.get(word)
        loose = ":" in word or program == "service"
        if entry is not None and entry[0] == Risk.HIGH and loose:
            level, reason = entry
    dangerous = any(entry[0] == Risk.HIGH for entry in table.values())
    if dangerous and words and UNKNOWN in words[0]:
        call.opaque(f"which subcommand of {program} runs cannot be known")
        return
    if level == 0:
        level, reason = table.get("default", (0, ""))
    if level == 0 and any(
        a in ("--version", "--help", "-h", "-V", "version", "help") for a in argv[1:3]
    ):
        level = 1
    words_shown = shown(" ".join([program, matched or " ".join(words[:2])]).strip())
    if level == Risk.HIGH:
        call.high(f"{words_shown}: {reason}")
    elif level == Risk.LOW:
        call.low()
    else:
        call.medium(f"{words_shown} changes something" if level else f"no rule knows {words_shown}")
        carried(call, anywhere=False)


_CASELESS = frozenset(["redis-cli"])


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
        return "7"
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


_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
    "|(?<![\u2600-\u27bf\ufe0f\u20e3\U0001f000-\U0001faff])\u200d"
)
_CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def deception(text: str) -> tuple[str, int] | None:
    """Name characters that make text look like another one, and where the first stands."""
    if text.isascii() and text.isprintable():
        return None
    found = _INVISIBLE.search(text)
    if found:
        return "holds invisible or direction-changing characters", found.start()
    found = _CONTROL.search(text)
    if found:
        return "holds raw control characters", found.start()
    bare = re.search("\r(?!\n)", text)
    if bare:
        return "holds a carriage return, which runs what stands before it", bare.start()
    return None


def evaluate(text: str, context: Context) -> Evaluator:
    """Judge a text and hand back the evaluator with everything it found."""
    evaluator = Evaluator(context)
    odd = deception(text)
    clean = text
    if odd is not None:
        reason, at = odd
        evaluator.worst = Risk.HIGH
        evaluator.findings.append(Finding(Risk.HIGH, reason, "", at, at + 1, 0))
        clean = text.replace("\0", " ")
        clean = _INVISIBLE.sub("", clean) if len(clean) < MAX_TEXT else clean
        if len(clean) != len(text):
            clean = text.replace("\0", " ")
    if "\r" in clean:
        clean = clean.replace("\r", "\n")
    if context.history:
        evaluator.remember(context.history)
    evaluator.run(clean)
    return evaluator


__all__ = [
    "QUOTED", "UNKNOWN", "Call", "Evaluator", "Feed", "Finding", "Handler", "Path", "Spent",
    "deception", "evaluate", "quote", "shown", "simple", "subcommand",
]  # fmt: skip
