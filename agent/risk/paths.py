"""Where a path leads and what stands there: judged resolved, against the pane's real directory."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from agent.risk.path_patterns import (
    EXAMPLES_HOME,
    EXAMPLES_SYSTEM,
    HARMLESS,
    KEY_NAME,
    NOT_SECRET,
    NOTABLE_STARTS,
    OTHER_HOME,
    OWN,
    OWN_IN_PROJECT,
    REGENERABLE_DIRECTORIES,
    REGENERABLE_ENDINGS,
    REGENERABLE_NAME,
    SECRET_HOME,
    SECRET_SYSTEM,
    STARTUP_ANYWHERE,
    STARTUP_ENDINGS,
    STARTUP_HOME,
    STARTUP_SYSTEM,
    TEMPORARY,
    TRACE,
    TRACE_SYSTEM,
)
from agent.risk.shell.syntax import UNKNOWN


class Zone(Enum):
    """What kind of place a path is."""

    NULL = "a harmless device"
    DEVICE = "a device"
    NETWORK = "a network connection"
    SYSTEM = "the system"
    ROOT = "the project or something above it"
    GIT = "the repository's own data"
    REGENERABLE = "something that can be made again"
    TEMPORARY = "a temporary file"
    PROJECT = "the project"
    HOME = "the home directory"
    OUTSIDE = "outside of the project"
    UNKNOWN = "a path that cannot be known"


class Place(NamedTuple):
    """A judged path.

    Attributes:
        path: resolved, absolute unless nothing could be known.
        zone: what kind of place.
        secret: reading it gives away credentials or keys.
        startup: what stands there runs later without being asked for (rc files, hooks, cron, CI).
        own: it belongs to Tungsten or to a tmux server.
        several: a pattern, more than one file may match.
        name: last component.
    """

    path: str
    zone: Zone
    secret: bool = False
    startup: bool = False
    own: bool = False
    several: bool = False
    trace: bool = False

    @property
    def name(self) -> str:
        """Last component."""
        return posixpath.basename(self.path)


class Ground(NamedTuple):
    """Where a path is judged from; all absolute, without a trailing slash."""

    home: str
    project: str
    own: tuple[str, ...] = ()


_PROCESS = re.compile(r"^/proc/(?:self|thread-self|\$\$|\$PPID|\d+)/(cwd|root)(?=/|$)")
"""Other names of the directory a process is in, and of the root of all."""


def resolve(text: str, cwd: str, home: str) -> str:
    """Make a path absolute and free of `.` and `..`, without looking at the disk."""
    first = text[:1]
    if first == "/":
        if text.startswith("/proc/"):
            text = _PROCESS.sub(lambda m: cwd if m[1] == "cwd" else "", text, count=1) or "/"
    elif first == "~":
        if text[1:2] == "+" and text[2:3] in ("", "/"):
            text = cwd + text[2:]
        elif text[1:2] in ("", "/"):
            text = home + text[1:]
    if text[:1] != "/":
        text = f"{cwd}/{text}"
    path = posixpath.normpath(text)
    return path[1:] if path.startswith("//") else path


MAX_PATH = 4_096
"""Characters of the longest path that Linux knows."""


def judge(text: str, cwd: str, ground: Ground) -> Place:
    """Judge a path as a program started in `cwd` would resolve it.

    Args:
        text: dequoted; may hold `UNKNOWN` and glob patterns.
        cwd: absolute, or holding `UNKNOWN` when a `cd` could not be followed.
        ground: home, project and Tungsten's own directories.
    """
    if text.startswith("file://"):
        text = text[7:]
    path = resolve(text, cwd, ground.home)
    if len(path) > MAX_PATH:
        path = path[: path.rfind("/", 0, MAX_PATH) + 1] + UNKNOWN
    unknown_at = path.find(UNKNOWN)
    if unknown_at >= 0:
        return _partly(path, unknown_at, ground)
    if "*" in path or "?" in path or "[" in path:
        return _pattern(path, ground)
    return _place(path, ground)


def _place(path: str, ground: Ground, *, several: bool = False) -> Place:
    home, project, owned = ground
    in_home = path == home or path.startswith(home + "/")
    below_home = path[len(home) :] if in_home else ""
    zone = _zone(path, ground, in_home=in_home)
    if zone is Zone.NULL:
        return Place(path, zone, several=several, trace=_is_trace(path, below_home))
    in_project = project != "" and (path + "/").startswith(project + "/")
    named_freely = in_project and (
        not below_home.startswith("/.")
        if in_home
        else "/." not in project and not project.startswith(TEMPORARY)
    )
    own = False
    if "tungsten" in path or "tmux" in path:
        if named_freely:
            own = OWN_IN_PROJECT.search(path) is not None
        else:
            own = OWN.search(below_home if in_home else path) is not None
    if owned and not own:
        own = any(
            path == o
            or path.startswith(o + "/")
            or (not (in_home and named_freely) and o.startswith(path.rstrip("/") + "/"))
            for o in owned
        )
    dotted = "/." in path
    # Below home, what is notable starts with a dot, with Library or with bin.
    notable_home = below_home[:2] in NOTABLE_STARTS
    secret = (
        KEY_NAME.match(path, path.rfind("/") + 1) is not None
        or (notable_home and SECRET_HOME.match(below_home) is not None)
        or (dotted and "/.cargo/credentials" in path.lower())
    )
    if secret and NOT_SECRET.search(path):
        secret = False
    if not in_home and not secret:
        other = OTHER_HOME.match(path)
        if other is not None:
            # Under sudo, or in a container, the project may lie in a home that is not `$HOME`.
            whole = project == other[0] and (several or path == project)
            secret = (other[0] == "/root" and (whole or not in_project)) or (
                SECRET_HOME.match(path[other.end() :]) is not None
                and NOT_SECRET.search(path) is None
            )
        else:
            secret = SECRET_SYSTEM.match(path) is not None
    startup = (
        dotted or "/site-packages/" in path or path.endswith(STARTUP_ENDINGS)
    ) and STARTUP_ANYWHERE.search(path) is not None
    if not startup:
        if below_home:
            startup = notable_home and STARTUP_HOME.match(below_home) is not None
        else:
            startup = STARTUP_SYSTEM.match(path) is not None
    return Place(path, zone, secret, startup, own, several, _is_trace(path, below_home))


def _is_trace(path: str, below_home: str) -> bool:
    if not below_home:
        return TRACE_SYSTEM.match(path) is not None
    return ("/." in below_home or below_home.endswith("fish_history")) and TRACE.search(
        below_home
    ) is not None


def _zone(path: str, ground: Ground, *, in_home: bool) -> Zone:
    home, project = ground.home, ground.project
    if path.startswith("/dev/"):
        if path.startswith(("/dev/tcp/", "/dev/udp/")):
            return Zone.NETWORK
        return Zone.NULL if HARMLESS.match(path) else Zone.DEVICE
    if project and path.startswith(project + "/"):
        inner = path[len(project) + 1 :]
        components = inner.split("/")
        if ".git" in components:
            return Zone.GIT
        if inner.endswith(REGENERABLE_ENDINGS) or "vendor/bundle/" in inner + "/":
            return Zone.REGENERABLE
        if not REGENERABLE_DIRECTORIES.isdisjoint(components) or any(map(_regenerable, components)):
            return Zone.REGENERABLE
        return Zone.PROJECT
    if path == "/" or home == path or home.startswith(path + "/"):
        return Zone.ROOT
    if project and (path == project or project.startswith(path + "/")):
        return Zone.ROOT
    # A home may be in there, and what a person keeps at home is not temporary.
    if path.startswith(TEMPORARY) and not in_home:
        return Zone.TEMPORARY
    if in_home:
        inner = path[len(home) + 1 :]
        if inner.startswith((".cache/", ".npm/_", "Library/Caches/", ".cargo/registry/")):
            return Zone.REGENERABLE
        return Zone.HOME
    if path.startswith(("/home/", "/Users/")):
        return Zone.OUTSIDE
    if path.startswith(("/mnt/", "/media/", "/srv/", "/data/", "/Volumes/", "/workspace")):
        return Zone.OUTSIDE
    return Zone.SYSTEM


@lru_cache(maxsize=4096)
def _regenerable(component: str) -> bool:
    return REGENERABLE_NAME.fullmatch(component) is not None


_GLOB = re.compile(r"[*?\[]")


def _pattern(path: str, ground: Ground) -> Place:
    """A glob: the place of its fixed part, with everything notable that it could match."""
    match = _GLOB.search(path)
    first = match.start() if match else len(path)
    fixed = path[:first]
    parent = path[: path.rfind("/", 0, first)] or "/"
    last = path[path.rfind("/") + 1 :]
    base = _place(path, ground, several=True)
    zone = base.zone
    if (
        parent == "/"
        or (
            parent != ground.project
            and _zone(parent, ground, in_home=parent.startswith(ground.home)) is Zone.ROOT
        )
        or (
            parent == ground.project and last in ("*", "**", "?*", ".*", ".[!.]*", ".??*", "{*,.*}")
        )
    ):
        zone = Zone.ROOT
    elif zone is Zone.PROJECT and _zone(parent, ground, in_home=True) is Zone.REGENERABLE:
        zone = Zone.REGENERABLE
    elif parent in ("/tmp", "/var/tmp") and last in ("*", "?*", ".*", "**"):  # noqa: S108
        zone = Zone.SYSTEM
    secret, startup, own, trace = base.secret, base.startup, base.own, base.trace
    # All examples at home start with a dot: a pattern that is already past it names none of them.
    home = f"{ground.home}/"
    reaches = not fixed.startswith(home) or fixed[len(home) : len(home) + 1] in ("", ".")
    if not secret or not startup:
        for example in EXAMPLES_HOME if reaches else ():
            full = f"{ground.home}/{example}"
            # `~/*` matches no dot file; only a pattern that names the dot can reach one.
            if (
                full.startswith(fixed)
                and fnmatch.fnmatchcase(full, path)
                and ("/." in path[len(ground.home) :] or not path.startswith(ground.home))
            ):
                place = _place(full, ground)
                secret, startup = secret or place.secret, startup or place.startup
                own, trace = own or place.own, trace or place.trace
        for full in EXAMPLES_SYSTEM:
            if full.startswith(fixed) and fnmatch.fnmatchcase(full, path):
                zone, secret = Zone.SYSTEM, secret or full != "/etc/passwd"
    return Place(path, zone, secret, startup, own, True, trace)


def covers(pattern: str, path: str) -> bool:
    """A glob may name `path` or something below it."""
    pieces, names = pattern.split("/"), path.split("/")
    if len(pieces) < len(names) and "**" not in pieces:
        return False
    for piece, name in zip(pieces, names, strict=False):
        if piece == "**":
            return True
        if name.startswith(".") and piece[:1] in ("*", "?", "["):
            return False
        if not fnmatch.fnmatchcase(name, piece):
            return False
    return True


def notable(root: str, names: tuple[str, ...], ground: Ground, *, hidden: bool = True) -> list[str]:
    """Credentials, and files of Tungsten's own, that a walk below a directory would come upon.

    Args:
        root: resolved directory.
        names: patterns that the last component must match; empty for every file.
        ground: where home and Tungsten's own directories are.
        hidden: the walk enters directories whose name starts with a dot.
    """
    base = root.rstrip("/") + "/"
    found: list[str] = []
    for path in _kept(ground):
        if not path.startswith(base) or (not hidden and "/." in path[len(base) - 1 :]):
            continue
        name = posixpath.basename(path)
        if names and not any(fnmatch.fnmatchcase(name, pattern) for pattern in names):
            continue
        found.append(path)
    return found


@lru_cache(maxsize=16)
def _kept(ground: Ground) -> tuple[str, ...]:
    """Where credentials and Tungsten's own files usually are."""
    own = tuple(f"{own}/{name}" for own in ground.own for name in _OWN_FILES)
    homes = [ground.home]
    if OTHER_HOME.fullmatch(ground.project):
        homes.append(ground.project)
    examples = (f"{home}/{example}" for home in homes for example in EXAMPLES_HOME)
    return (
        *(
            path
            for path in examples
            if _place(path, ground).secret or path.startswith(tuple(f"{o}/" for o in ground.own))
        ),
        *own,
    )


_OWN_FILES = ("tungsten.db", "credentials.json", "config.toml")


def _partly(path: str, at: int, ground: Ground) -> Place:
    """A path with an unknown piece: what stands before it may be enough."""
    known = path[:at]
    slash = known.rfind("/")
    parent = known[:slash] if slash > 0 else "/"
    rest = path[at:].replace(UNKNOWN, "x")
    marked = _place(posixpath.normpath(known + rest), ground, several=True)
    inside = _place(parent, ground).zone if parent != "/" else Zone.UNKNOWN
    if inside in (Zone.REGENERABLE, Zone.TEMPORARY) or parent in ("/tmp", "/var/tmp"):  # noqa: S108
        zone = Zone.TEMPORARY
    elif any(c in REGENERABLE_DIRECTORIES for c in rest.split("/")[1:]):
        zone = Zone.REGENERABLE
    elif (inside is Zone.PROJECT or parent == ground.project) and slash < at - 1:
        zone = marked.zone
    else:
        zone = Zone.UNKNOWN
    if _place(parent, ground).secret or _place(parent, ground).startup:
        marked = _place(parent + "/x", ground)
    return Place(path, zone, marked.secret, marked.startup, marked.own, True, marked.trace)
