"""The wall: panes in a mount and process namespace where only what they need exists.

Without it, what runs in a pane is the person: same user, same files, same sockets. Behind it there
are no other processes, no tmux socket, none of Tungsten's own files and nothing of the person's
home but what is shown; everything that is left is read-only, except the project.

Built by bubblewrap where it is there and works, else by util-linux's `unshare` where the kernel
lets unprivileged users make namespaces. See docs/wall.md for what it does not do.
"""

from __future__ import annotations

import functools
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tungsten.errors import TerminalError
from tungsten.programs.foreground import Foreground

Builder = Literal["bwrap", "unshare"]

_SCRIPTS = Path(__file__).with_name("shell")

SECRETS = (
    *(".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".config/gh", ".config/gcloud"),
    *(".config/hub", ".config/op", ".config/rclone", ".config/git/credentials", ".netrc"),
    *(".git-credentials", ".npmrc", ".pypirc", ".cargo/credentials", ".cargo/credentials.toml"),
    *(".gem/credentials", ".password-store", ".vault-token", ".terraform.d", ".mozilla"),
    *(".config/google-chrome", ".config/chromium", ".local/share/keyrings", ".bash_history"),
    *(".zsh_history", ".python_history", ".psql_history", ".node_repl_history", ".lesshst"),
)
"""Places below a home that hold secrets; hidden even where something around them is shown."""

SHOWN = (
    *(".bashrc", ".bash_profile", ".bash_login", ".bash_aliases", ".profile", ".inputrc"),
    *(".zshrc", ".zshenv", ".zprofile", ".gitconfig", ".config/git", ".editorconfig", ".vimrc"),
    *(".vim", ".config/nvim", ".nanorc", ".tool-versions", ".local/bin", ".local/lib"),
    *(".local/pipx", ".local/share/pipx", ".local/share/uv", ".cargo", ".rustup", ".pyenv"),
    *(
        ".nvm",
        ".rbenv",
        ".asdf",
        ".sdkman",
        ".volta",
        ".bun",
        ".deno",
        "go/bin",
        ".local/share/mise",
    ),
)
"""Places below a home that shells and tools need; shown read-only where they exist."""

_EMPTY = ("/tmp", "/var/tmp", "/run", "/dev/shm")  # noqa: S108 - hidden, not used
"""Directories that hold other programs' sockets; empty and private behind the wall."""

_SETTINGS = ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi", "mtrr")
"""Parts of /proc through which its owner, root, changes the kernel; read-only behind the wall.

A root without any capability may still write there, and what `kernel/core_pattern` names is run
outside of every namespace.
"""

_UNSET = (
    *("SSH_AUTH_SOCK", "SSH_AGENT_PID", "GPG_AGENT_INFO", "DBUS_SESSION_BUS_ADDRESS"),
    *("XDG_RUNTIME_DIR", "WAYLAND_DISPLAY", "DISPLAY", "XAUTHORITY", "DOCKER_HOST"),
)
"""Variables that lead to sockets which do not exist behind the wall."""


class NoWall(TerminalError):
    """A wall was asked for and cannot be built; nothing was started without it."""


@dataclass(frozen=True, slots=True)
class Wall:
    """What is behind a wall; made by `around`.

    Attributes:
        builder: what builds it.
        home: the person's home: empty but for what is shown.
        project: the one directory that can be written.
        shown: places shown read-only, below the home.
        hidden: places that do not exist, wherever they are; existing files are empty.
        network: whether the network can be reached.
    """

    builder: Builder
    home: Path
    project: Path
    shown: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()
    network: bool = True

    def enclose(self, argv: Sequence[str], cwd: Path, note: Path | None = None) -> tuple[str, ...]:
        """Say how to start a program behind the wall.

        Args:
            argv: the program.
            cwd: where it starts.
            note: a file, or a directory of files, that only this program gets, moved to where
                it can read and remove it; every mention of it in `argv` follows.

        Raises:
            NoWall: `cwd` does not exist behind it.
        """
        where = cwd.resolve()
        gone = any(where.is_relative_to(each) for each in self._empty())
        if gone and not any(where.is_relative_to(each) for each in (self.project, *self.shown)):
            raise NoWall(f"{cwd} does not exist behind the wall: start in {self.project}.")
        notes = [] if note is None else [note] if note.is_file() else sorted(note.iterdir())
        inside = Path("/tmp")  # noqa: S108 - the wall's own
        moved = {each: inside / each.relative_to(note.parent) for each in notes} if note else {}
        if note is not None:
            argv = [word.replace(str(note), str(inside / note.name)) for word in argv]
        build = self._bwrap if self.builder == "bwrap" else self._unshare
        wrapped = build([*self._places()], cwd, list(moved.values()), argv)
        # The notes are opened here, where they exist, and removed at once.
        lines = [f"exec {fd}<{shlex.quote(str(each))}" for fd, each in enumerate(notes, 10)]
        if note is not None:
            lines.append(f"rm -rf -- {shlex.quote(str(note))}")
        lines.append('exec "$@"')
        return ("bash", "--norc", "--noprofile", "-c", "\n".join(lines), "wall", *wrapped)

    def _empty(self) -> list[Path]:
        places = [Path(path) for path in _EMPTY]
        real = [path for path in places if path.is_dir() and not path.is_symlink()]
        return [*real, self.home] if self.home.is_dir() else real

    def _places(self) -> Iterable[tuple[str, Path]]:
        """What is where: `empty`, `show` (read-only), `write` and `mask` (an empty file)."""
        empty = self._empty()
        yield from (("empty", path) for path in empty)
        resolver = Path("/etc/resolv.conf").resolve()
        shown = [path for path in (*self.shown, _SCRIPTS, resolver) if path.exists()]
        shown = [path for path in shown if any(path.is_relative_to(each) for each in empty)]
        yield from (("show", path) for path in shown)
        yield "write", self.project
        back = (*shown, self.project)
        for path in self.hidden:
            gone = any(path.is_relative_to(each) for each in empty)
            if path.exists() and (not gone or any(path.is_relative_to(each) for each in back)):
                yield ("empty" if path.is_dir() else "mask"), path

    def _bwrap(
        self,
        places: Sequence[tuple[str, Path]],
        cwd: Path,
        notes: Sequence[Path],
        argv: Sequence[str],
    ) -> list[str]:
        command = ["bwrap", "--die-with-parent", "--unshare-pid", "--unshare-ipc"]
        command += ["--cap-drop", "ALL"]
        command += [] if self.network else ["--unshare-net"]
        for name in _UNSET:
            command += ["--unsetenv", name]
        command += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
        for place in (f"/proc/{name}" for name in _SETTINGS):
            if Path(place).exists():
                command += ["--ro-bind", place, place]
        for kind, path in places:
            at = str(path)
            match kind:
                case "empty" if at != "/dev/shm":  # noqa: S108
                    command += ["--tmpfs", at]
                case "show":
                    command += ["--ro-bind", at, at]
                case "write":
                    command += ["--bind", at, at]
                case "mask":
                    command += ["--ro-bind", "/dev/null", at]
        for fd, note in enumerate(notes, 10):
            command += ["--perms", "0600", "--file", str(fd), str(note)]
        return [*command, "--chdir", str(cwd), "--", *argv]

    def _unshare(
        self,
        places: Sequence[tuple[str, Path]],
        cwd: Path,
        notes: Sequence[Path],
        argv: Sequence[str],
    ) -> list[str]:
        command = [*_UNSHARE, *([] if self.network else ["--net"])]
        command += ["env", *(word for name in _UNSET for word in ("-u", name))]
        command += ["bash", "--norc", "--noprofile", str(_SCRIPTS / "wall.sh")]
        sources = [path for kind, path in places if kind in ("show", "write")]
        command += [_base(sources)]
        for kind, path in places:
            command += [kind, str(path)]
        for fd, note in enumerate(notes, 10):
            command += [f"note{fd}", str(note)]
        return [*command, "cwd", str(cwd), "--", *argv]


_UNSHARE = (
    *("unshare", "--user", "--map-current-user", "--keep-caps", "--mount", "--pid", "--ipc"),
    *("--fork", "--kill-child"),
)


def around(
    project: Path,
    *,
    home: Path,
    own: Iterable[Path] = (),
    hide: Iterable[str] = (),
    show: Iterable[str] = (),
    network: bool = True,
    builder: Builder | None = None,
) -> Wall:
    """Plan a wall around a project.

    Args:
        project: the directory that can be written.
        home: the person's home.
        own: Tungsten's own directories, the tmux socket's among them.
        hide: further places to hide, absolute or from `~`.
        show: further places below the home to show, absolute or from `~`.
        network: whether the network can be reached.
        builder: what builds it; the best that works if None.

    Raises:
        NoWall: there is nothing that can build it, or it would hide nothing or everything.
    """
    project, home = project.resolve(), home.resolve()
    if home.is_relative_to(project):
        raise NoWall(
            f"No wall can stand around {project}: it holds your home. Choose a project below it."
        )
    hidden = [_at(home, each) for each in (*SECRETS, *hide)] + [each.resolve() for each in own]
    for place in hidden:
        if project.is_relative_to(place):
            raise NoWall(f"No wall can stand around {project}: {place} is hidden. Choose another.")
    return Wall(
        builder or available(),
        home,
        project,
        tuple(_at(home, each) for each in (*SHOWN, *show)),
        tuple(dict.fromkeys(hidden)),
        network,
    )


def available() -> Builder:
    """Say what can build a wall here; tried once, for real.

    Raises:
        NoWall: nothing can; says what to do.
    """
    faults = []
    for builder in ("bwrap", "unshare"):
        fault = _fault(builder)
        if not fault:
            return "bwrap" if builder == "bwrap" else "unshare"
        faults.append(f"{builder}: {fault}")
    raise NoWall(
        "No wall can be built here: install bubblewrap, or allow unprivileged user namespaces "
        f"({'; '.join(faults)})."
    )


@functools.lru_cache(maxsize=4)
def _fault(builder: str) -> str:
    if shutil.which(builder) is None:
        return "not installed"
    if builder == "bwrap":
        tried = ["bwrap", "--unshare-pid", "--ro-bind", "/", "/", "--dev", "/dev"]
        tried += ["--proc", "/proc", "--tmpfs", "/tmp", "--", "true"]  # noqa: S108
    else:
        script = ["bash", "--norc", "--noprofile", str(_SCRIPTS / "wall.sh")]
        tried = [*_UNSHARE, *script, _base([]), "empty", "/tmp", "cwd", "/", "--", "true"]  # noqa: S108
    try:
        done = subprocess.run(tried, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    said = done.stderr.strip().splitlines()
    return "" if done.returncode == 0 else (said[-1] if said else f"exit {done.returncode}")


def _base(sources: Iterable[Path]) -> str:
    """A directory to build in that nothing is taken from."""
    for place in ("/media", "/mnt", "/srv", "/sys"):
        inside = any(source.is_relative_to(place) for source in sources)
        if Path(place).is_dir() and not inside:
            return place
    raise NoWall("No wall can be built here: there is no free directory among /media, /mnt, /srv.")


def _at(home: Path, place: str) -> Path:
    place = re.sub(r"^~/", "", place)
    return (home / place).resolve()


def as_pane(found: Foreground, pane_pid: int) -> Foreground:
    """Name the pane's own process where its shell behind the wall has the keyboard.

    Whoever asks knows a pane by the process that tmux started, which is the wall's.
    """
    if found.pid in (0, pane_pid) or found.pid != shell_behind(pane_pid):
        return found
    return replace(found, pid=pane_pid)


def shell_behind(pane_pid: int) -> int:
    """The program that a wall was built for, by the pid outside; 0 when it cannot be told."""
    first = _children(pane_pid)
    if len(first) != 1:
        return 0
    if _name(first[0]) != "bwrap":
        return first[0]
    # Process 1 there takes orphans in; the program it was told to start has number 2.
    return next((child for child in _children(first[0]) if _inner_number(child) == 2), 0)


def _children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _inner_number(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8", "replace")
    except OSError:
        return 0
    found = re.search(r"^NSpid:.*?(\d+)$", status, re.MULTILINE)
    return int(found[1]) if found else 0
