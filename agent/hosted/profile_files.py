"""The profiles there are: those that are shipped, and the person's own, read when they change."""

from __future__ import annotations

import functools
import os
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from agent.errors import AgentError
from agent.hosted.profile import Profile
from agent.settings.config import ConfigError, line_of, read_table, validate

SHIPPED = Path(__file__).parent / "profiles"
"""Where the shipped ones are."""

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_ENDS = frozenset({"&&", "||", ";", "&", "|"})
_STARTERS = frozenset(
    {"env", "exec", "command", "nohup", "npx", "bunx", "pnpx", "uvx", "pipx", "run", "dlx"}
)
"""Programs that start the one named behind them."""

_INTERPRETER = re.compile(r"(node|bun|deno|python[\d.]*|tsx|sh|bash)")
_SUFFIX = re.compile(r"\.(js|mjs|cjs|ts|py|exe)$")


class ProfileUnknown(AgentError):
    """There is no profile of that name."""


@dataclass(frozen=True, slots=True)
class Profiles:
    """All profiles by name, and what is wrong with files that hold none.

    Attributes:
        by_name: those that can be used.
        files: where each of them was read from.
        faults: one line for each fault: file, line, what is expected.
    """

    by_name: Mapping[str, Profile]
    files: Mapping[str, Path] = field(default_factory=dict)
    faults: tuple[str, ...] = ()

    def get(self, name: str) -> Profile:
        """Give one by its name.

        Raises:
            ProfileUnknown: there is none; names those there are.
        """
        try:
            return self.by_name[name]
        except KeyError:
            known = ", ".join(self.by_name) or "none"
            raise ProfileUnknown(
                f'There is no profile "{name}"; known are {known} (tungsten profiles).'
            ) from None

    def absent(self) -> frozenset[str]:
        """Names of those whose program is not on the `PATH`; looks at the disk."""
        return frozenset(name for name, each in self.by_name.items() if is_absent(each.start))

    def recognise(self, command: str) -> Profile | None:
        """Find the profile of the program that a command line starts, None if there is none."""
        try:
            words = shlex.split(command, comments=True)
        except ValueError:
            return None
        while (end := next((at for at, word in enumerate(words) if word in _ENDS), -1)) >= 0:
            # Of `cd there && claude`, the last.
            if words[end] not in ("&&", ";"):
                return None
            words = words[end + 1 :]
        return self.of_process(words)

    def of_process(self, words: Sequence[str]) -> Profile | None:
        """Find the profile of a running program by its arguments, as ps(1) shows them."""
        rest, started = _started(words)
        if not rest:
            return None
        programs = set(map(_program, started))
        for profile in self.by_name.values():
            process = profile.process
            if programs & set(process.names) or any(
                re.search(pattern, word) for pattern in process.arguments for word in rest[:3]
            ):
                return profile
        return None


def load(own: Path) -> Profiles:
    """Read all profiles.

    A person's file that cannot be used takes nothing away: its faults are told, and the shipped
    profile of that name stays in force.

    Args:
        own: the directory of the person's; there need not be one.
    """
    by_name: dict[str, Profile] = {}
    files: dict[str, Path] = {}
    faults: list[str] = []
    for directory in (SHIPPED, own):
        for path in sorted(directory.glob("*.toml")):
            try:
                profile = _read_shipped(path) if directory == SHIPPED else read(path)
            except ConfigError as error:
                faults += error.lines
                continue
            by_name[profile.name] = profile
            files[profile.name] = path
    # The person's first: what they have written recognises before what is shipped.
    names = sorted(by_name, key=lambda name: files[name].parent == SHIPPED)
    return Profiles({name: by_name[name] for name in names}, files, tuple(faults))


def read(path: Path) -> Profile:
    """Read one profile.

    Raises:
        ConfigError: it cannot be read or used; says file, line and what is expected.
    """
    text, values = read_table(path)
    shown = _shown(path)
    validate(Profile, values, text, shown)
    profile = Profile.model_validate(values)
    if profile.name != path.stem:
        raise ConfigError(
            [
                f'{shown}:{line_of(text, ("name",))}: name must be "{path.stem}", as the file is '
                f'called (found "{profile.name}")'
            ]
        )
    seen: set[str] = set()
    for number, rule in enumerate(profile.rules):
        if rule.name in seen:
            line = line_of(text, ("rules", number, "name"))
            raise ConfigError(
                [f'{shown}:{line}: rules.{number}.name "{rule.name}" is there twice: rename one']
            )
        seen.add(rule.name)
    return profile


@functools.cache
def _read_shipped(path: Path) -> Profile:
    """What belongs to the program does not change while it runs."""
    return read(path)


class ProfileFiles:
    """The profiles in force, read again when a file of the person's changes.

    Args:
        own: the directory of the person's.
    """

    def __init__(self, own: Path) -> None:
        self._own = own
        self._stamp: tuple[object, ...] | None = None
        self._known = Profiles({})

    def now(self) -> Profiles:
        """Give the profiles as the files are now."""
        try:
            status = {path.name: path.stat() for path in sorted(self._own.glob("*.toml"))}
        except OSError:
            # One of them went away just now.
            return load(self._own)
        stamp = tuple((name, each.st_mtime_ns, each.st_size) for name, each in status.items())
        if stamp != self._stamp:
            self._known, self._stamp = load(self._own), stamp
        return self._known


@functools.cache
def profile_files(own: Path) -> ProfileFiles:
    """The profiles in force where the person's are in the directory `own`."""
    return ProfileFiles(own)


def runs(profile: Profile, words: Sequence[str]) -> bool:
    """Whether a running program is a profile's own, by its arguments; False where that is not told.

    Only the program counts, and the script that it interprets: what else it was given may be no
    more than the name of a file that another program shows.
    """
    _, started = _started(words)
    process = profile.process
    return any(
        _program(word) in process.names
        or any(re.search(pattern, word) for pattern in process.arguments)
        for word in started
    )


def _started(words: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """A command line without what only starts it; and of it the program, and a script it runs."""
    at = 0
    while at < len(words) and (
        _ASSIGNMENT.match(words[at])
        or PurePath(words[at]).name in _STARTERS
        or (at and words[at].startswith("-"))
    ):
        at += 1
    rest = words[at:]
    started = list(rest[:1])
    if rest and _INTERPRETER.fullmatch(PurePath(rest[0]).name):
        started += [word for word in rest[1:] if not word.startswith("-")][:1]
    return rest, started


def is_absent(start: str) -> bool:
    """Whether a command line starts one program, and that is not there; looks at the disk."""
    try:
        words = shlex.split(start, comments=True)
    except ValueError:
        return False
    _, started = _started(words)
    if not started or not _ENDS.isdisjoint(words):
        return False
    return shutil.which(os.path.expanduser(started[0])) is None  # noqa: PTH111 - no path yet


def _program(word: str) -> str:
    name = PurePath(word).name
    # `npx @openai/codex@latest`, `aider.py`
    return _SUFFIX.sub("", name.split("@")[0] or name)


def _shown(path: Path) -> str:
    try:
        return f"~/{path.relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return str(path)
