"""What was found so far, on which ground and under which rules."""

from __future__ import annotations

import os
import posixpath
import re
import stat
from bisect import bisect_left
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from agent.risk.assessment import Assessment, Context, Risk, Span
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import Finding, Found, State, Stopwatch
from agent.risk.evaluation.made import Made
from agent.risk.evaluation.uncommitted import uncommitted
from agent.risk.links import Links
from agent.risk.path_patterns import on_disk
from agent.risk.paths import Ground, Place, Zone, covers, judge, notable
from agent.risk.rules import match_command, match_denied, match_path
from agent.risk.running import READ_WHOLE, filled, known_part, runs_again
from agent.risk.shell.expand import Expander, Variables
from agent.risk.shell.syntax import UNKNOWN, Group, Script

_FILE_ENDING = re.compile(
    r"(?i)\w\.(?:pyi?|[cm]?[jt]sx?|jsonl?|md|txt|lock|lockb|ya?ml|toml|csv|html?|s?css|sh|go|rs|[ch]|[ch]pp|java"
    r"|rb|php|cfg|ini|xml|svg|png|jpe?g|gif|pdf|log|patch|diff|sum|mod)$|^(?:pnpm|package)-lock\.\w+$"
)


MAX_MADE = 1_000
"""Files that one pattern, or one copied directory, names; with more the whole directory counts."""

MAX_PATTERNS, MAX_STARS = 16, 2
"""Patterns that are looked for on the disk, and how much they may leave open."""

MAX_LOOKED_AT = 64
"""Nested texts that are searched for what starts programs again."""


class Judgement:
    """What was found so far, on which ground and under which rules."""

    expander: Expander

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
        self.asked: str | None = f"your rules: {self.rules.problem}" if self.rules.problem else None
        self.allowed = True
        """No command that needs cover by an allow rule was found without it."""
        self.covered = False
        """Some command is covered by an allow rule."""
        self.covering_rules: dict[str, None] = {}
        """The allow rules that cover something, in the order they were met."""
        self.checks = self.edits = False
        """Some command is a check; some command changes files of the project."""
        self.denied_spans: list[Span] = []
        self.files: dict[str, str | None] = {}
        self.given: frozenset[str] = frozenset()
        """Files that are taken to hold something else than they do, whenever they are read."""
        self.hooked: set[str] = set()
        """Directories above files of hooks, among the first `looked_at` files."""
        self.looked_at = 0
        self.modes: dict[str, int] = {}
        """What stands at paths of the disk, as stat(2) says; 0 is nothing."""
        self.commands = 0
        self.scanned = 0
        self.work = 0
        self.stopwatch = Stopwatch()
        self.speaking: Call | None = None
        self.digests: dict[str, str] = {}
        """Files that were read, with what they held; since something took time, when it did."""
        self.read_at_once: dict[str, str] = {}
        """Those that were read before."""
        self.waited = False
        """A command that may take time has ended."""
        self.copies: list[tuple[str, str]] = []
        """Directories that this text copies, and what the copies are called."""
        self.same: set[str] = set()
        """Files that are copies, or new names, of files that no agent made."""
        self.inherited: dict[str, str | None] = {}
        """Of `files`, what earlier lines left."""
        self.links = Links(self.ground)
        self._places: dict[tuple[str, str], Place] = {}
        self.scripts: list[Script] = []
        self.groups: dict[int, tuple[Script, Group]] = {}
        self.lists: dict[str, list[str]] = {}
        """Names that commands of the text write into files."""
        self.names: dict[tuple[str, str], list[str]] = {}
        """Names that matter in texts that were looked through, by the directory and the text."""
        self.unfolding: set[int] = set()
        self.counted: set[str] = set()
        """Functions that are being looked at for what they print."""
        """Numbers of the substitutions whose output is being told."""
        self.tree: list[Found] | None = None
        """Every command found, with its depth and risk; kept only for who wants to read it."""
        self.reading: set[str] = set()
        self.loaded: set[str] = set()
        """Files of the agent that other code has loaded."""
        self.tolerant = False
        self._moved: set[str] = set()
        self._holding: set[str] = set()
        self._above_files: set[str] = set()
        self._raised = 0
        """How many files are in `_above_files`."""
        self.made: dict[str, Made] = {}
        """What this text makes; see `agent.risk.evaluation.made`."""
        self.doubted: set[str] = set()
        """Of these, where a command may have moved what nobody has told of."""
        self.put_off = False
        """Something waits before what comes next, or runs it again."""
        self.slow = False
        """A command that may take time came before."""
        self.removes: set[str] = set()
        """Directories that are deleted or emptied after such a command."""
        self.restored = False
        self.secret_environment = False
        """A file of secrets was loaded into the environment of what runs now."""
        """This text brought work back that is nowhere else from now on."""
        self.writings: list[str] = []
        """Files of code that this text writes, in that order, each time that it does."""
        self.taken_up: dict[str, int] = {}
        """How many of these a program had taken up when it was judged last."""
        self.searched: set[str] = set()
        """Directories that this text has searched for programs before the system's."""
        self.carriers: list[str] = []
        """Programs that the command being judged is run by, outermost first."""
        self.fetched: list[str] = list(context.fetched)
        """Directories whose contents this text, or an earlier one, took from elsewhere."""
        self.readdressed = False
        """Whether this text changes where git's remotes lead."""
        self.deferred = False
        """The command being judged runs beside what follows, or after a delay."""
        self.beside = False
        """The command being judged runs beside what follows."""
        self.awaited: set[str] = set()
        """Files that such commands run."""
        self.elsewhere = ""
        """Where the command being judged may run too, because a `cd` before it may have failed."""
        self.came_from = ""
        """Where the command before was, when it changed the directory."""
        self.covering: list[bool] = []
        """Whether each of those is covered by an allow rule."""

    def note(self, risk: Risk, reason: str, effect: str, call: Call) -> None:
        """Keep what a command does; see `Finding`."""
        # Compared one by one: this is said of every command, and `max` takes three times as long.
        if risk > call.level:
            call.level = risk
        if risk > call.own:
            call.own = risk
        if risk > self.worst:
            self.worst = risk
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
        reads = {**self.read_at_once, **self.digests}
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
        allowed = (
            self.covered
            and self.allowed
            and worst < Risk.HIGH
            and self.asked is None
            and self.denied is None
        )
        return Assessment(
            worst,
            reasons,
            effect,
            tuple(spans),
            self.denied,
            self.asked,
            allowed,
            tuple((Path(path), digest) for path, digest in sorted(reads.items())),
            self.checks,
            self.edits,
            tuple(self.covering_rules) if allowed else (),
            tuple(sorted(self.removes)),
            self._loaded(),
            *self._made(),
        )

    def ended(self) -> None:
        """Note that a command that may take time has ended: what is read from now on is later."""
        self.waited = True
        self.read_at_once, self.digests = self.digests, {}

    def _loaded(self) -> tuple[str, ...]:
        """What the programs that start at once have read whole, and do not read again."""
        found = [path for path in self.read_at_once if path.endswith(READ_WHOLE)]
        if not found or len(self.scripts) > MAX_LOOKED_AT or any(map(runs_again, self.scripts)):
            return ()
        return tuple(path for path in found if path not in self.digests)

    def _made(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What this text makes or changes, and what it copies of the agent's.

        Returns:
            Files; directories in which it is too much to be named, or whose contents come from
            elsewhere.
        """
        files, before = self.files, self.inherited
        made = {
            path: None
            for path, content in files.items()
            if not (path in before and before[path] is content) and path not in self.same
        }
        below = dict.fromkeys(self.fetched[len(self.context.fetched) :])
        for number, path in enumerate([path for path in made if set(path) & set("*?[")]):
            found: list[str] = []
            if number < MAX_PATTERNS and path.count("*") <= MAX_STARS:
                if self.place(path).zone is Zone.PROJECT:
                    found = on_disk(path, MAX_MADE)
                made.update(dict.fromkeys(found))
            if number >= MAX_PATTERNS or len(found) == MAX_MADE:
                below[known_part(path)] = None
        if self.copies:
            own = sorted({*made, *before, *map(str, self.context.written)})
            for source, target in self.copies:
                first = bisect_left(own, f"{source}/")
                last = bisect_left(own, f"{source}0", first)
                if last - first > MAX_MADE or len(made) > MAX_MADE + len(own):
                    below[target] = None
                else:
                    made |= {target + path[len(source) :]: None for path in own[first:last]}
        whole = (f"{self.ground.project or self.context.cwd}/", f"{self.ground.home}/", "//")
        return (
            tuple(path for path in made if path not in self.given),
            tuple(
                path
                for path in sorted(below)
                if UNKNOWN not in path and not any(top.startswith(f"{path}/") for top in whole)
            ),
        )

    def of_agent(self, path: str) -> bool:
        """An agent wrote or fetched what stands at a path, since a person last looked."""
        written = self.context.written
        return path in self.files or (bool(written) and Path(path) in written) or self.came(path)

    def has_own(self) -> bool:
        """An agent made some file that is known of."""
        return bool(self.files or self.context.written or self.fetched)

    def own_files(self) -> list[str]:
        """Files that an agent wrote, in this text or since a person last looked."""
        return list(dict.fromkeys((*map(str, self.context.written), *self.files)))

    def copied_from(self, path: str) -> str | None:
        """What this text copies to a path with the directory that it lies in, if anything."""
        for source, target in reversed(self.copies):
            if path.startswith(f"{target}/"):
                origin = source + path[len(target) :]
                if origin in self.files or os.path.lexists(origin):
                    return origin
        return None

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

    def moved_to(self, path: str) -> None:
        """Work of a person was moved there: deleting it there loses it."""
        self._moved.add(path)
        for found in filled(self.context, path):
            self._plain(found.risk, found.reason)
        while path and path not in self._holding:
            self._holding.add(path)
            path = path.rpartition("/")[0]

    @property
    def above_files(self) -> set[str]:
        """Files that this text writes, and the directories that they are in."""
        for path in islice(reversed(self.files), max(0, len(self.files) - self._raised)):
            while path and path not in self._above_files:
                self._above_files.add(path)
                path = path.rpartition("/")[0]
        self._raised = len(self.files)
        return self._above_files

    def holds_moved(self, path: str) -> bool:
        """A path is, lies below or holds something that was moved."""
        if path in self._holding:
            return True
        while path and self._moved:
            if path in self._moved:
                return True
            path = path.rpartition("/")[0]
        return False

    def came(self, path: str) -> bool:
        """A path lies below a directory that was fetched or unpacked from what was fetched."""
        return any(f"{path}/".startswith(f"{root}/") for root in self.fetched)

    def is_file(self, place: Place) -> bool:
        """It is one file, on the disk or by an ending that only files have."""
        if place.several:
            return False
        try:
            return stat.S_ISREG(os.lstat(place.path).st_mode)
        except (OSError, ValueError):
            return _FILE_ENDING.search(place.name) is not None

    def only_copy(self, place: Place) -> bool:
        """A file of the project holds work that was not committed."""
        return bool(self.ground.project) and uncommitted(place.path, self.ground.project)

    def of_own(self, place: Place) -> bool:
        """A path, or a pattern that may name one, inside Tungsten's own directories."""
        own = self.ground.own
        return bool(own) and any(
            f"{place.path}/".startswith(f"{o}/") or (place.several and covers(place.path, o))
            for o in own
        )

    def notable(self, root: str, names: Sequence[str], *, hidden: bool = True) -> list[str]:
        """Secrets that a walk below a directory would come upon; see `paths.notable`."""
        path = self.place(root).path
        return notable(path, tuple(names), self.ground, hidden=hidden)

    def _command_rules(self, argv: list[str], call: Call) -> None:
        rules = self.rules
        if rules.deny:
            rule = match_denied(rules.deny, argv)
            if rule is not None:
                self.denies(rule.text, call)
        if rules.ask:
            rule = match_denied(rules.ask, argv)
            if rule is not None:
                self.asked = f"your rule {rule.text}"
        if rules.allow:
            # What a file of the project has run belongs to the command that runs the file.
            rule = match_command(rules.allow, argv)
            call.covered = rule is not None
            if rule is not None:
                self.covering_rules[rule.text] = None
            self.covered = self.covered or call.covered
            call.covered = call.covered or (not call.strict and any(self.covering))

    def needs_cover(self, call: Call) -> None:
        """A command was judged: beyond looking, it must be covered to be allowed.

        What it runs in turn is a command of its own, with its own need.
        """
        if call.own > Risk.LOW and not call.covered:
            self.allowed = False

    def denies(self, text: str, call: Call) -> None:
        """A deny rule matches something that a command does."""
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

    def edit_allowed(self, place: Place) -> bool:
        """An Edit rule of the allow list covers a path."""
        root = self.ground.project or str(self.context.cwd)
        rule = match_path(self.rules.allow, "Edit", place.path, self.ground.home, root)
        if rule is not None:
            self.covering_rules[rule.text] = None
        return rule is not None

    def _path_rule(self, kind: str, place: Place, call: Call) -> None:
        rules = self.rules
        if rules.empty:
            return
        home, root = self.ground.home, self.ground.project or str(self.context.cwd)
        rule = match_path(rules.deny, kind, place.path, home, root)
        if rule is not None:
            self.denies(rule.text, call)
        rule = match_path(rules.ask, kind, place.path, home, root)
        if rule is not None:
            self.asked = f"your rule {rule.text}"
