"""One command as a rule sees it: its words, and what a rule can say about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agent.risk.arguments import wordlist
from agent.risk.assessment import Risk
from agent.risk.evaluation.findings import OPAQUE, Feed, shown
from agent.risk.evaluation.made import made_here
from agent.risk.evaluation.names import ORDINARY, shadows
from agent.risk.paths import Place, Zone
from agent.risk.running import CODE, Disturbance, copied, disturbed, known_part, spread, switched
from agent.risk.shell.syntax import UNKNOWN, Command, Script

if TYPE_CHECKING:
    from agent.risk.evaluate import Evaluator


_INTERPRETER = re.compile(
    r"(?:exec\s+|env\s+|nohup\s+)*(?:[\w./-]*/)?"
    r"(?:(?:ba|da|z|k|fi|a|c|tc)?sh|python[\d.]*|perl|ruby|node|php|lua|osascript|busybox|eval)(?:\s+\S|$)"
)
_UNSEEN = (Zone.TEMPORARY, Zone.OUTSIDE, Zone.HOME)
_MAKEFILES = ("makefile", "gnumakefile", "justfile", "taskfile.yml", "taskfile.yaml")
_KNOWN = (Zone.PROJECT, Zone.REGENERABLE)
_LATER = frozenset(wordlist("nohup setsid at batch daemonize coproc watch watchexec entr sleep"))
_HOOKED_PACKAGE = re.compile(r"(?:pre|post)install|[.\"']prepare\b")
RUNS_BY_ITSELF = re.compile(r"\"(?:(?:pre|post)?install|prepare)\"\s*:")


def there(path: str) -> str | None:
    """What a file holds before something is put behind it; None when that cannot be told."""
    from agent.risk.commands.script_files import read_script

    text = read_script(path, {})
    return "" if text is None else text if isinstance(text, str) else None


class Call:
    """One command as a rule sees it: its words, where it stands, and what can be said about it.

    Attributes:
        handed: how many of its last words are the words of a command that it runs.
    """

    __slots__ = (
        "argv", "command", "covered", "depth", "evaluator", "handed", "level", "own", "script",
        "strict", "where",
    )  # fmt: skip

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
        self.level = self.own = Risk.LOW
        self.covered = False
        self.handed = 0

    @property
    def deferred(self) -> bool:
        """Files may be changed between this judgement and the command's own look at them."""
        evaluator = self.evaluator
        return evaluator.deferred or any(
            carrier.rpartition("/")[2] in _LATER for carrier in evaluator.carriers
        )

    @property
    def cwd(self) -> str:
        """Directory the command would run in."""
        return self.evaluator.state.cwd

    def note(self, risk: Risk, reason: str, effect: str = "") -> None:
        """Say something about this command."""
        self.evaluator.note(risk, reason, effect, self)

    def low(self) -> None:
        """It only looks, which is what every command is taken to do until a rule says more."""

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
        words = list(argv)
        if self.argv[-len(words) :] == words:
            self.handed = max(self.handed, len(words))
        self.evaluator.payload(words, self)

    def shell(self, text: str, *, here: bool = False) -> None:
        """A shell runs `text`: take its risk; `here` in this very shell, which remembers."""
        self.evaluator.nested(text, self, here=here)

    def hook(self, text: str) -> None:
        """Another program is told to run `text`: to be told to run a shell is no everyday thing."""
        self.shell(text)
        program = text.strip().partition(" ")[0]
        if "/" in program:
            self.hooked(program)
        if _INTERPRETER.match(text.strip()):
            self.high("has an ordinary program run a shell or an interpreter")

    def hooked(self, program: str, *, only_temporary: bool = False) -> None:
        """Another program is told to run the one at a path, which nobody here may have seen."""
        place = self.place(program)
        zones = _UNSEEN[:1] if only_temporary else _UNSEEN
        if place.zone in zones and not ORDINARY.search(program):
            self.high("has an ordinary program run another one", f"runs {shown(program)}")

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

    def named(self, text: str, place: Place) -> str:
        """A path for a person: as it is written in the project, resolved where it leaves it."""
        evaluator = self.evaluator
        top = evaluator.ground.project or str(evaluator.context.cwd)
        inside = f"{place.path}/".startswith(f"{top}/")
        absolute = text.startswith(("/", "~")) and "/.." not in text
        known = UNKNOWN not in text and UNKNOWN not in place.path
        return shown(place.path if known and not inside and not absolute else text)

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
            self.high("reads credentials or keys", f"reads {self.named(text, place)}")
        elif self.evaluator.of_own(place):
            self.high("reads Tungsten's own files", f"reads {self.named(text, place)}")
        elif place.zone is Zone.DEVICE:
            self.high("reads a raw device", f"reads {shown(text)}")
        elif place.zone is Zone.NETWORK:
            self.high("opens a network connection through the shell")
        elif place.zone in (Zone.HOME, Zone.OUTSIDE):
            self.medium("reads outside of the project", f"reads {shown(text)}")
        return place

    def gathers(self, text: str, *names: str, hidden: bool = True) -> None:
        """The command shows or passes on everything below a directory."""
        root = self.evaluator.followed(self.place(text).path, text) or text
        if self.evaluator.notable(root, names, hidden=hidden):
            self.high("reads everything, credentials and keys too", f"reads all of {shown(text)}")

    def writes(
        self,
        text: str,
        *,
        truncates: bool = False,
        content: str | None = None,
        appends: bool = False,
    ) -> Place:
        """The command creates or replaces a file, or puts something behind what is in it."""
        place = self.place(text)
        target = self.evaluator.followed(place.path, text)
        if target is not None:
            self.writes(target, truncates=truncates, content=content, appends=appends)
        self.evaluator.edit_rule(place, self)
        zone, name = place.zone, self.named(text, place)
        self.evaluator.edits = self.evaluator.edits or zone is Zone.PROJECT
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
        elif truncates and zone is Zone.PROJECT and place.several:
            self.high("empties files in the project by a pattern", f"empties {name}")
        elif truncates and zone is Zone.PROJECT and self.evaluator.only_copy(place):
            self.high("empties a file with work that was not committed", f"empties {name}")
        else:
            self.medium(f"writes {name}", f"writes {name}")
        if content is not None and place.name == "package.json" and RUNS_BY_ITSELF.search(content):
            self.high("plants a package script that runs by itself", f"writes {name}")
        if (
            content is None
            and place.name == "package.json"
            and self.script is not None
            and _HOOKED_PACKAGE.search(self.script.text)
        ):
            self.high("plants a package script that runs by itself", f"writes {name}")
        if UNKNOWN not in place.path:
            files = self.evaluator.files
            if appends:
                before = files[place.path] if place.path in files else there(place.path)
                content = None if before is None or content is None else before + content
            files[place.path] = content
            if self.evaluator.state.homes:
                self.evaluator.settles(place.path, self)
            self.evaluator.same.discard(place.path)
            if place.path.endswith(CODE):
                self.evaluator.writings.append(place.path)
            if self.evaluator.searched and any(
                shadows(place.path, directory) for directory in self.evaluator.searched
            ):
                self.high("writes a program that later commands find by its name", f"writes {name}")
            self.disturbs(place.path, content)
            if place.path in self.evaluator.awaited:
                self._runs_beside(place.path, content)
        else:
            self.disturbs(place.path, None)
        return place

    def _runs_beside(self, path: str, content: str | None) -> None:
        """A part of this very text that runs beside the rest runs a file that is written now."""
        from agent.risk.commands.languages import language_of, run_text

        if content is None or path.rpartition("/")[2].lower() in _MAKEFILES:
            self.high("changes what another part of it is running from", f"changes {shown(path)}")
        else:
            run_text(self, content, language_of(path, content))

    def brings(self, source: str, target: str) -> None:
        """The command puts a file from another machine, or out of a container, at `target`."""
        place = self.place(target)
        if place.zone is Zone.ROOT or target.endswith("/"):
            name = source.rstrip("/").rpartition("/")[2].rpartition(":")[2]
            place = self.place(f"{target.rstrip('/')}/{name}")
        if place.several or UNKNOWN in place.path:
            self.evaluator.fetched.append(known_part(place.path))
            self.scatters(place.path)
        else:
            self.evaluator.files[place.path] = None
            self.disturbs(place.path, None)

    def disturbs(self, path: str, content: str | None, *, replaced: bool = False) -> None:
        """What stands at a path changes: a line that still runs may be running it."""
        context = self.evaluator.context
        if context.running:
            self._disturbances(disturbed(context, path, content, replaced=replaced), path)

    def scatters(self, root: str) -> None:
        """Anything below a directory may change, or become a link."""
        evaluator = self.evaluator
        if not (evaluator.context.running or evaluator.awaited):
            return
        path = self.place(root).path
        self._disturbances(spread(evaluator.context, path), path)
        above = known_part(path)
        if any(above == "/" or f"{file}/".startswith(f"{above}/") for file in evaluator.awaited):
            self.high("may change what another part of it is running from")

    def switches(self, root: str, holds: Callable[[str], str | bool | None]) -> None:
        """The files below a directory become those of another commit; see `running.switched`."""
        evaluator = self.evaluator
        self._disturbances(switched(evaluator.context, root, holds), root)
        for path in [file for file in evaluator.awaited if file.startswith(f"{root}/")]:
            content = holds(path)
            if content is not None:
                self._runs_beside(path, content if isinstance(content, str) else None)

    def renames(self, place: Place, target: str) -> None:
        """What stands at a path, resolved, is from now on what stands, or stood, at a place."""
        evaluator, source = self.evaluator, place.path
        if UNKNOWN in source or UNKNOWN in target:
            return
        if place.zone in _KNOWN and not evaluator.of_agent(source):
            written = evaluator.context.written
            if not written or Path(target) not in written:
                evaluator.same.add(target)
        elif target not in evaluator.files:
            evaluator.files[target] = evaluator.files.get(source)

    def copies(self, source: str, target: str) -> None:
        """What lies below a directory is copied below another; both are resolved."""
        evaluator = self.evaluator
        if UNKNOWN in source or evaluator.came(source):
            self.scatters(target)
        if UNKNOWN in source or UNKNOWN in target:
            return
        evaluator.copies.append((source, target))
        if evaluator.came(source):
            evaluator.fetched.append(target)
        if evaluator.context.running:
            found = copied(evaluator.context, source, target, self._holds)
            self._disturbances(found, target)
        for path in [file for file in evaluator.awaited if file.startswith(f"{target}/")]:
            content = self._holds(source + path[len(target) :])
            if content is not None:
                self._runs_beside(path, content if isinstance(content, str) else None)

    def _holds(self, path: str) -> str | bool | None:
        """What stands at a path, by this text or on the disk; see `read_script`."""
        from agent.risk.commands.script_files import read_script

        files = self.evaluator.files
        if path not in files:
            return read_script(path, self.evaluator.digests)
        content = files[path]
        return False if content is None else content

    def _disturbances(self, found: Iterable[Disturbance], path: str) -> None:
        for each in found:
            self.high(each.reason, f"changes {shown(path)}")
            if each.denied is not None:
                self.evaluator.denies(each.denied, self)

    def _removes(self, place: Place) -> None:
        """Note what is deleted only later: meanwhile something else may come to stand there."""
        evaluator = self.evaluator
        repeated = self.script is not None and bool(self.script.groups)
        path = known_part(place.path)
        if path != "/" and (evaluator.slow or repeated or self.deferred):
            evaluator.removes.add(path)

    def deletes(self, text: str, *, recursive: bool = False) -> Place:
        """The command deletes something."""
        evaluator = self.evaluator
        if evaluator.elsewhere and not text.startswith(("/", "~")):
            there, evaluator.elsewhere = evaluator.elsewhere, ""
            here, evaluator.state.cwd = self.cwd, there
            self.deletes(text, recursive=recursive)
            evaluator.state.cwd, evaluator.elsewhere = here, there
        place = self.place(text)
        # Deleting a link leaves what it leads to, but the directories before it are followed.
        above, _, last = place.path.rpartition("/")
        through = self.evaluator.climbed(text)
        if through is None and above:
            through = self.evaluator.followed(above)
            through = through and f"{through}/{last}"
        if through is not None:
            self.deletes(through, recursive=recursive)
        if recursive or place.several:
            self._removes(place)
        self.evaluator.edit_rule(place, self)
        zone, name = place.zone, self.named(text, place)
        effect = f"deletes {name}"
        if recursive and zone is Zone.PROJECT and self.evaluator.is_file(place):
            recursive = False
        if recursive and self.evaluator.holds_moved(place.path):
            self.high("deletes work that was moved there", effect)
        if zone is Zone.NULL:
            return place
        plain = not (place.startup or place.secret or place.own or place.trace)
        if (recursive or place.several) and plain and made_here(self, place, text):
            self.medium(f"deletes {name}, which the same line makes", effect)
            return place
        if self.deferred and (recursive or place.several):
            parent = self.place(above) if above else place
            if parent.zone in (Zone.REGENERABLE, Zone.TEMPORARY):
                self.high("deletes later, below a directory that may lead elsewhere then", effect)
        if zone is Zone.ROOT:
            ground = self.evaluator.ground
            whose = {ground.home: "your home directory", "/": "the whole system"}
            whose |= {ground.project: "the project"} if ground.project else {}
            path = place.path.removesuffix("/*") or "/"
            what = whose.get(path, "a directory that the project lies in")
            self.high(f"deletes {'everything in ' if path != place.path else ''}{what}", effect)
        elif place.own:
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
        elif zone in (Zone.PROJECT, Zone.GIT):
            self.high("deletes work that cannot be made again", effect)
        else:
            self.high("deletes outside of the project", effect)
        return place


Handler = Callable[[Call], None]
