"""Our hook in the settings of other agents: put in, shown before, taken out byte for byte.

Before a file is changed, its bytes are kept in `hooks.json` in Tungsten's data directory, so that
taking the hook out gives them back, also where there was no file. What the person has changed since
is theirs: then our entries alone are taken out. Files are replaced whole, a link stays a link.
"""

from __future__ import annotations

import base64
import contextlib
import difflib
import fcntl
import hashlib
import json
import os
import shlex
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from agent.files.replaced_file import replace, sweep
from agent.hook import settings_change
from agent.hook.adapters import ADAPTERS
from agent.hook.settings_change import NotInstalled
from agent.paths import Paths
from memory.directories import git_top_level

Scope = Literal["user", "project"]

MAX_BYTES = 4 * 1024 * 1024
"""Largest settings file that is changed."""

TRUSTED_BY_PERSON = frozenset({"codex"})
"""Agents that run a new hook only once the person has said in them that it may."""

FIRST_START = {
    "opencode": "fetches its own library for plugins from npm's registry when it starts next, and "
    "may show nothing for a minute"
}
"""What the person is told of an agent's next start; read from OpenCode 1.18.33."""


@dataclass(frozen=True, slots=True)
class Where:
    """Whose settings are meant: what `tungsten hook` reads from its surroundings.

    Attributes:
        paths: whose Tungsten.
        home: the person's home directory.
        directory: where they are, for a project's settings.
        environment: variables that move settings.
        program: the command that agents start, without `hook` and what follows.
    """

    paths: Paths
    home: Path
    directory: Path
    environment: Mapping[str, str]
    program: Sequence[str]

    def file(self, agent: str, scope: Scope) -> Path:
        """The settings file of an agent, as it is named."""
        if scope == "project":
            top = git_top_level(self.directory) or self.directory
            return top / _PROJECT[agent]
        variable, default, name = _USER[agent]
        moved = self.environment.get(variable, "") if variable else ""
        if moved.startswith("/"):
            return Path(moved) / ("opencode" if agent == "opencode" else "") / name
        return self.home / default / name

    def command(self, agent: str) -> list[str]:
        """What an agent is to start."""
        socket = str(self.paths.engine_socket)
        return [*self.program, "hook", agent, "--socket", socket]

    @property
    def record(self) -> Path:
        """Where the bytes of changed files are kept."""
        return self.paths.data / "hooks.json"


_USER = {
    "claude": ("CLAUDE_CONFIG_DIR", ".claude", "settings.json"),
    "codex": ("CODEX_HOME", ".codex", "hooks.json"),
    "opencode": ("XDG_CONFIG_HOME", ".config/opencode", "plugins/tungsten.js"),
    "gemini": ("", ".gemini", "settings.json"),
    "aider": ("", "", ".aider.conf.yml"),
}
"""The variable that moves a person's settings, where they are else, and the file there."""

_PROJECT = {
    "claude": ".claude/settings.local.json",
    "codex": ".codex/hooks.json",
    "opencode": ".opencode/plugins/tungsten.js",
    "gemini": ".gemini/settings.json",
    "aider": ".aider.conf.yml",
}


def program() -> list[str]:
    """The command by which this program is started from anywhere, whole."""
    started = Path(sys.argv[0])
    if started.name == "tungsten" and started.exists():
        return [str(started.absolute())]
    found = shutil.which("tungsten")
    # -P: an agent starts it where it works, and a package of the same name there is not this one.
    return [found] if found else [sys.executable, "-P", "-m", "tui.cli"]


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that was changed: its bytes before, base64, None where there was none.

    `after` is the SHA-256 of what we made of it; `made` are directories that were made for it.
    `also` is the SHA-256 of what we had made of it until then: where we were killed before the file
    was replaced, it is still that. `real` is the file that `path` led to then, the same where it is
    no link.
    """

    agent: str
    scope: str
    path: str
    before: str | None
    after: str
    made: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    real: str = ""

    @property
    def shown(self) -> Path:
        """The file as it is named, or as it is where that name leads elsewhere by now."""
        named = Path(self.path)
        return named if self.real in ("", _leads_to(named)) else Path(self.real)

    @property
    def original(self) -> bytes | None:
        """The bytes before."""
        return None if self.before is None else base64.b64decode(self.before)

    def is_ours(self, data: bytes) -> bool:
        """Whether a file's bytes are just what we made of it."""
        return _sha(data) in (self.after, *self.also)


@dataclass(frozen=True, slots=True)
class Change:
    """What would be done to one file; `after` is None where it is deleted."""

    agent: str
    scope: str
    path: Path
    before: bytes | None
    after: bytes | None
    note: str = ""
    key: str = ""
    """What the file is known by: where its name led to when the hook was put in."""
    kept: Kept | None = None
    """What is known afterwards of a file with our hook in it."""

    @property
    def changes(self) -> bool:
        """Whether anything is to be done at all."""
        return self.before != self.after

    def diff(self) -> str:
        """The change as a unified diff."""
        texts = [(each or b"").decode("utf-8", "replace") for each in (self.before, self.after)]
        before, after = (text.splitlines(keepends=True) for text in texts)
        names = [
            "/dev/null" if each is None else str(self.path) for each in (self.before, self.after)
        ]
        lines = difflib.unified_diff(before, after, names[0], names[1])
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in lines
        )


def installing(where: Where, agent: str, scope: Scope) -> Change:
    """Say what putting the hook into an agent's settings would do; does nothing.

    Raises:
        NotInstalled: it cannot be put in; says why.
    """
    path = where.file(agent, scope)
    found = _read(path)
    key = str(_real(path))
    known = _kept(where).get(key)
    base = found
    also: tuple[str, ...] = ()
    if known is not None and found is not None and known.is_ours(found):
        # Ours, unchanged: what was there before stays what is given back.
        base, also = known.original, (_sha(found),)
    elif agent == "opencode" and found is not None:
        raise NotInstalled(f"{path} is there already and is not ours as it is: move it away first.")
    try:
        if base is not None and agent != "opencode":
            base = settings_change.without_hook(agent, _text(base)).encode()
        command = where.command(agent)
        text = settings_change.with_hook(
            agent, "" if base is None else _text(base), command, shlex.join(command)
        )
    except NotInstalled as error:
        raise NotInstalled(f"{path} {error}.") from error
    after = text.encode()
    before = None if base is None else base64.b64encode(base).decode()
    made = known.made if known is not None else tuple(map(str, _missing(_real(path))))
    kept = Kept(agent, scope, str(path), before, _sha(after), made, also, key)
    return Change(agent, scope, path, found, after, key=key, kept=kept)


def uninstalling(
    where: Where, agent: str | None = None, scope: Scope | None = None
) -> list[Change]:
    """Say what taking the hooks out would do; does nothing.

    Args:
        where: whose settings.
        agent: out of this one's alone.
        scope: out of the person's, or those of the project where they are, alone.

    Raises:
        NotInstalled: a file that was changed since is not understood; says which.
    """
    changes = []
    for key, kept in _kept(where).items():
        if agent not in (None, kept.agent) or scope not in (None, kept.scope):
            continue
        if scope == "project" and str(where.file(kept.agent, scope)) != kept.path:
            continue
        path, note = kept.shown, ""
        found, after = _read(path), kept.original
        if found is not None and found != after and not kept.is_ours(found):
            note = "it was changed since: only what Tungsten had put in is taken out"
            try:
                after = settings_change.without_hook(kept.agent, _text(found)).encode()
            except NotInstalled as error:
                raise NotInstalled(f"{path} {error}.") from error
            if kept.agent == "opencode":
                note = "it was changed since, and is left: delete it if you do not need it"
        elif found is None:
            note, after = "it is not there any more", None
        changes.append(Change(kept.agent, kept.scope, path, found, after, note, key))
    return changes


def recorded(paths: Paths, agent: str) -> bool:
    """Whether the hook was put into any settings of an agent; False where that cannot be read."""
    try:
        kept = _kept(Where(paths, Path(), Path(), {}, ()))
    except NotInstalled:
        return False
    return any(each.agent == agent for each in kept.values())


def carry_out(where: Where, change: Change) -> None:
    """Do what was shown.

    Raises:
        NotInstalled: the file is another one by now, or cannot be written; it is as it was.
    """
    with _alone(where):
        _carry_out(where, change)


@contextlib.contextmanager
def _alone(where: Where) -> Iterator[None]:
    """Let no other program of ours change settings meanwhile: each writes the whole record."""
    lock = where.record.with_suffix(".lock")
    try:
        lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise NotInstalled(f"{lock} cannot be made ({error.strerror}).") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _carry_out(where: Where, change: Change) -> None:
    if _read(change.path) != change.before:
        raise NotInstalled(f"{change.path} has changed meanwhile: look at it, then try again.")
    known = _kept(where)
    before = known.get(change.key)
    sweep(_real(change.path))
    sweep(where.record)
    try:
        if change.kept is not None:
            # Before the file: whatever happens, its bytes are known.
            _keep(where, known | {change.key: change.kept})
        if change.changes:
            _write(change.path, change.after)
        if change.kept is None:
            if change.after is None and before is not None:
                _remove(before.made)
            known.pop(change.key, None)
            _keep(where, known)
    except (OSError, NotInstalled) as error:
        if change.kept is not None:
            _undo(where, change, known)
        if isinstance(error, NotInstalled):
            raise
        reason = error.strerror or str(error)
        raise NotInstalled(f"{change.path} cannot be changed ({reason}).") from error


def _undo(where: Where, change: Change, known: Mapping[str, Kept]) -> None:
    """Keep what was kept before, where a file could not be written; quiet if that fails, too.

    Nothing is lost then: of a file that holds its own bytes, nothing is taken out.
    """
    with contextlib.suppress(OSError, NotInstalled):
        if _read(change.path) == change.before:
            _keep(where, known)
            if change.key not in known and change.kept is not None:
                _remove(change.kept.made)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one agent's settings stand; `text` says more."""

    agent: str
    scope: str
    path: Path
    state: Literal["installed", "stale", "none"]
    text: str


def standing(where: Where) -> list[Standing]:
    """How the settings of all agents stand; never fails."""
    kept = {str(each.shown): each for each in _kept(where).values()}
    places = {
        (agent, scope): where.file(agent, scope)
        for agent in ADAPTERS
        for scope in ("user", "project")
    }
    seen = {str(path): (agent, scope) for (agent, scope), path in places.items()}
    others = {path: (each.agent, each.scope) for path, each in kept.items()}
    return [
        _stands(where, agent, scope, Path(path), kept.get(path))
        for path, (agent, scope) in {**others, **seen}.items()
        if scope == "user" or path in kept
    ]


def _stands(where: Where, agent: str, scope: str, path: Path, kept: Kept | None) -> Standing:
    try:
        found = _read(path)
        commands = [] if found is None else settings_change.commands(agent, _text(found))
    except NotInstalled as error:
        state: Literal["stale", "none"] = "none" if kept is None else "stale"
        return Standing(agent, scope, path, state, str(error))
    if not commands:
        gone = kept is not None
        text = "was taken out by hand: install it again, or uninstall" if gone else "not installed"
        return Standing(agent, scope, path, "stale" if gone else "none", text)
    wanted = where.command(agent)
    expected = " ".join(wanted) if agent == "opencode" else shlex.join(wanted)
    hooks = settings_change.JSON_HOOKS.get(agent)
    if any(each != expected for each in commands):
        return Standing(agent, scope, path, "stale", "starts another Tungsten than this one")
    if shutil.which(wanted[0]) is None:
        return Standing(agent, scope, path, "stale", f"{wanted[0]} is not there any more")
    if hooks is not None and len(commands) != len(hooks):
        return Standing(agent, scope, path, "stale", "is not whole")
    return Standing(agent, scope, path, "installed", "installed")


# Files -------------------------------------------------------------------------------------------


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotInstalled("is not UTF-8: mend it first") from error


def _real(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:
        raise NotInstalled(f"{path} leads nowhere: mend the link first.") from error


def _leads_to(path: Path) -> str:
    with contextlib.suppress(NotInstalled):
        return str(_real(path))
    return str(path)


def _read(path: Path) -> bytes | None:
    """A settings file's bytes, None where there is none."""
    real = _real(path)
    try:
        about = real.stat()
        if not stat.S_ISREG(about.st_mode):
            raise NotInstalled(f"{path} is no file.")
        if about.st_size > MAX_BYTES:
            raise NotInstalled(f"{path} is too large for settings.")
        return real.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise NotInstalled(f"{path} cannot be read ({error.strerror}).") from error


def _missing(path: Path) -> list[Path]:
    """The directories above a file that are not there, innermost first."""
    return [each for each in path.parents if not each.exists()]


def _write(path: Path, data: bytes | None) -> None:
    """Replace a file by other bytes, or delete it."""
    real = _real(path)
    mode = stat.S_IMODE(real.stat().st_mode) if real.exists() else 0o600
    if not mode & stat.S_IWUSR:
        raise NotInstalled(f"{path} is read-only: chmod u+w it, then try again.")
    if data is None:
        real.unlink()
    else:
        replace(real, data, mode)


def _remove(made: Sequence[str]) -> None:
    """Remove directories that were made for a file, as far as nothing else lives there by now."""
    for each in made:
        try:
            Path(each).rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            break


def _kept(where: Where) -> dict[str, Kept]:
    try:
        rows = json.loads(where.record.read_text("utf-8"))
        lists = ("made", "also")
        found = [
            Kept(**{**row, **{name: tuple(row.get(name, ())) for name in lists}}) for row in rows
        ]
        return {each.real or _leads_to(Path(each.path)): each for each in found}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError) as error:
        text = f"{where.record} cannot be read: what it keeps of your settings is not touched."
        raise NotInstalled(text) from error


def _keep(where: Where, known: Mapping[str, Kept]) -> None:
    where.record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if known:
        rows = json.dumps([asdict(each) for each in known.values()], indent=1)
        _write(where.record, rows.encode())
    else:
        where.record.unlink(missing_ok=True)
