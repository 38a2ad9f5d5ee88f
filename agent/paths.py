"""Where Tungsten keeps its things; `TUNGSTEN_HOME` moves all of them at once."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

MAX_SOCKET_PATH = 100
"""Longest socket path used. sun_path holds 104 bytes on macOS and 108 on Linux (unix(7))."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The directories of one Tungsten, and the files in them that more than one room knows."""

    config: Path
    data: Path
    runtime: Path

    @property
    def config_file(self) -> Path:
        """Settings, TOML, written by the person."""
        return self.config / "config.toml"

    @property
    def profiles(self) -> Path:
        """The person's profiles of agents of other makers, a TOML file each."""
        return self.config / "profiles"

    @property
    def credentials_file(self) -> Path:
        """The model key, JSON, mode 0600."""
        return self.config / "credentials.json"

    @property
    def database(self) -> Path:
        """Sessions, transcripts and the journal."""
        return self.data / "tungsten.db"

    @property
    def log_file(self) -> Path:
        """The engine's log; holds no secrets and no screen text."""
        return self.data / "engine.log"

    @property
    def interface_state(self) -> Path:
        """Drafts and layout of the app."""
        return self.data / "interface.json"

    @property
    def recordings(self) -> Path:
        """Recordings of panes, in a directory for each agent."""
        return self.data / "recordings"

    @property
    def snapshots(self) -> Path:
        """Trees as they were before and after agents' steps, and reverts that go on."""
        return self.data / "snapshots"

    @property
    def panes_closed(self) -> Path:
        """Written when the person ends all panes together with the engine."""
        return self.data / "panes-closed"

    @property
    def engine_socket(self) -> Path:
        """Where the engine listens."""
        return self.runtime / "engine.sock"

    @property
    def engine_lock(self) -> Path:
        """Held by the one engine of this runtime directory."""
        return self.runtime / "engine.lock"

    @property
    def tmux_socket(self) -> Path:
        """The private tmux server."""
        return self.runtime / "tmux.sock"

    def create(self) -> None:
        """Make the directories, readable by their owner only.

        Raises:
            OSError: a directory cannot be made, or the runtime directory belongs to someone else.
        """
        for directory in (self.config, self.data, self.runtime):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = self.runtime.stat()
        if status.st_uid != os.getuid():
            raise PermissionError(f"{self.runtime} belongs to another user")
        if status.st_mode & 0o077:
            self.runtime.chmod(0o700)


def find() -> Paths:
    """Say where this process's Tungsten lives, from the environment alone; makes nothing."""
    home = os.environ.get("TUNGSTEN_HOME")
    if home:
        root = Path(home).expanduser().absolute()
        return Paths(root, root / "data", _short(root / "run"))
    user = Path.home()
    config = _xdg("XDG_CONFIG_HOME", user / ".config") / "tungsten"
    data = _xdg("XDG_DATA_HOME", user / ".local" / "share") / "tungsten"
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and Path(runtime).is_dir():
        return Paths(config, data, _short(Path(runtime) / "tungsten"))
    return Paths(config, data, _short(data / "run"))


def _xdg(name: str, default: Path) -> Path:
    value = os.environ.get(name, "")
    return Path(value) if value.startswith("/") else default


def _short(runtime: Path) -> Path:
    """Replace a directory too deep for a socket by one of our own below the temporary one."""
    if len(os.fsencode(runtime / "engine.sock")) <= MAX_SOCKET_PATH:
        return runtime
    # Imported here: few directories are that deep.
    import hashlib

    name = hashlib.sha256(os.fsencode(runtime)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"tungsten-{os.getuid()}-{name}"
