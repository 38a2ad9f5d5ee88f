"""Checks of everything Tungsten needs: what is there, what is not, and what to do about it.

Nothing is changed, made or started. Checks run side by side, each within `CHECK_SECONDS`; then the
model is asked, with the key, as a run would: by one request of a token, free at Anthropic's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import shutil
import stat
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent import config, credentials, models
from agent.client import EngineClient
from agent.config import Config, ConfigError
from agent.credentials import CredentialsError
from agent.errors import AgentError, EngineUnreachable, EngineVersionDiffers
from agent.model.client import ModelClient
from agent.model.endpoint import Endpoint
from agent.model.errors import InvalidRequest, ModelError
from agent.paths import MAX_SOCKET_PATH, Paths
from agent.peer import listener_pid
from agent.variables import difference
from memory.embedder import EmbedderUnavailable
from memory.embedder import check as check_embedder
from memory.errors import DatabaseTooNew, StorageError
from memory.inspection import inspect
from tungsten.control_client import MINIMUM_VERSION, parse_version
from tungsten.version import __version__
from tungsten.wall import NoWall, available

CHECK_SECONDS = 5.0
"""How long any one check may take before it is reported as not answering."""

ANSWER_SECONDS = 2.0
"""How long the tmux server of the panes may take to answer."""

MODEL_SECONDS = 20.0
"""How long a model may take to answer, the loading of its libraries included."""

LEAST_FREE_BYTES = 50 * 1024 * 1024
"""Less free space than this is a problem: a busy day of transcripts needs some 10 MB."""

COMFORTABLE_FREE_BYTES = 500 * 1024 * 1024

LONGEST_ESCAPE = 10
"""Milliseconds of an outer tmux's `escape-time`: its default since 3.5. With more, it takes Esc and
the letter that a person types next for Alt with that letter."""

LEAST_SIZE = (80, 24)
"""Columns and rows at which everything works."""

Status = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `remedy` says what to do and is empty when all is well."""

    name: str
    status: Status
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class _Surroundings:
    paths: Paths
    environment: Mapping[str, str]
    directory: Path


async def examine(
    paths: Paths,
    *,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> list[Check]:
    """Run every check; never fails and never hangs.

    Args:
        paths: whose Tungsten.
        environment: variables to look at, `os.environ` unless given.
        directory: where git is asked for an identity, the working directory unless given.
    """
    around = _Surroundings(
        paths,
        os.environ if environment is None else environment,
        Path() if directory is None else directory,
    )
    checks: dict[str, Callable[[_Surroundings], Awaitable[Check]]] = {
        "tmux": _tmux,
        "wall": _wall,
        "terminal": _terminal,
        "locale": _locale,
        "outer tmux": _outer_tmux,
        "settings": _settings,
        "directories": _directories,
        "runtime directory": _runtime,
        "disk": _disk,
        "database": _database,
        "snapshots": _snapshots,
        "panes": _panes,
        "engine": _engine,
        "hooks": _hooks,
        "git": _git,
        "python": _python,
    }
    found = list(await asyncio.gather(*(_run(name, f(around)) for name, f in checks.items())))
    # Last: loading the model's libraries takes all of a core, and would cost the others their time.
    model = await _run("model", _model(around), MODEL_SECONDS + CHECK_SECONDS)
    found.insert([check.name for check in found].index("settings") + 1, model)
    return found


async def _run(name: str, check: Awaitable[Check], seconds: float | None = None) -> Check:
    seconds = CHECK_SECONDS if seconds is None else seconds
    try:
        return await asyncio.wait_for(check, seconds)
    except TimeoutError:
        return Check(
            name,
            "problem",
            f"no answer within {seconds:g} s",
            "see whether the machine or a network drive is stuck, then try again",
        )
    except OSError as error:
        return Check(
            name,
            "problem",
            f"cannot be checked ({error.strerror or error})",
            f"look at {error.filename}" if error.filename else "try again",
        )


# The terminal ------------------------------------------------------------------------------------


async def _tmux(around: _Surroundings) -> Check:
    program = _tmux_program(around)
    found = shutil.which(program, path=around.environment.get("PATH"))
    if found is None:
        return Check("tmux", "problem", f"{program} is not installed", install("tmux"))
    status, output = await _ask(found, "-V")
    version = output.strip().removeprefix("tmux ").strip()
    if status != 0 or not version:
        return Check("tmux", "problem", f"{found} does not run", install("tmux"))
    least = ".".join(map(str, MINIMUM_VERSION))
    if parse_version(version) < MINIMUM_VERSION:
        text = f"{found} is version {version}, {least} or newer is needed"
        return Check("tmux", "problem", text, install("tmux"))
    return Check("tmux", "ok", f"{version} ({found})")


async def _snapshots(around: _Surroundings) -> Check:
    from agent.isolation.objects import Objects

    try:
        wanted = config.load(around.paths, environment=around.environment).snapshots
    except ConfigError:
        return Check("snapshots", "ok", "see settings")
    place = around.paths.snapshots
    cut_short = sorted((place / "reverts").glob("*.json"))
    if cut_short:
        text = f"a revert was cut short: {cut_short[0]}"
        return Check("snapshots", "warning", text, "start tungsten: it carries on with it")
    size = await asyncio.to_thread(Objects(place / "objects").size)
    told = f"{place}, {size / 1024**2:.0f} of {wanted.megabytes} MB, kept for {wanted.days} days"
    if wanted.mode == "off":
        told = "off: steps cannot be reverted"
    return Check("snapshots", "ok", told)


async def _panes(around: _Surroundings) -> Check:
    path = around.paths.tmux_socket
    server = listener_pid(path)
    if server is None:
        return Check("panes", "ok", "no tmux server runs; it starts when needed")
    # No pipes: tmux hands its descriptors to the server, which would keep them open.
    process = await asyncio.create_subprocess_exec(
        *(_tmux_program(around), "-S", str(path), "list-sessions"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await asyncio.wait_for(process.wait(), ANSWER_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        text = f"the tmux server of the panes (pid {server}) does not answer"
        remedy = f"kill -CONT {server}; if that does not help: tungsten kill-engine --panes"
        return Check("panes", "problem", text, remedy)
    return Check("panes", "ok", "the tmux server answers")


async def _wall(around: _Surroundings) -> Check:
    try:
        builder = await asyncio.to_thread(available)
    except NoWall as error:
        # Its first sentence says what to do: nothing else keeps anybody from working without one.
        text, _, remedy = str(error).partition(": ")
        wanted = _walled(around)
        return Check("wall", "problem" if wanted else "warning", text, remedy)
    return Check("wall", "ok", f"can be built around panes, by {builder}")


def _walled(around: _Surroundings) -> bool:
    try:
        settings = config.load(around.paths, environment=around.environment)
    except ConfigError:
        return False
    return settings.wall.mode == "on"


async def _terminal(around: _Surroundings) -> Check:
    term = around.environment.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        text = f"TERM is {term or 'not set'}, so nothing can be drawn"
        return Check("terminal", "problem", text, "export TERM=xterm-256color")
    size = _size()
    if size is None:
        return Check("terminal", "ok", f"{term}; output is no terminal now, so no size to check")
    columns, rows = size
    text = f"{term}, {columns}×{rows}, {_colours(around.environment)}"
    if columns < LEAST_SIZE[0] or rows < LEAST_SIZE[1]:
        remedy = f"make the window at least {LEAST_SIZE[0]}×{LEAST_SIZE[1]}"
        return Check("terminal", "warning", text, remedy)
    if _colours(around.environment) == "16 colours":
        remedy = "export TERM=xterm-256color, and COLORTERM=truecolor if the terminal can"
        return Check("terminal", "warning", text, remedy)
    return Check("terminal", "ok", text)


async def _locale(around: _Surroundings) -> Check:
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    name = next((name for name in names if around.environment.get(name)), "")
    value = around.environment.get(name, "")
    if value.lower().replace("-", "").endswith("utf8") or (sys.platform == "darwin" and not value):
        return Check("locale", "ok", f"{name}={value}" if name else "UTF-8")
    text = f"{name}={value} is not UTF-8" if name else "no locale is set, so not UTF-8"
    remedy = "export LANG=C.UTF-8" if name != "LC_ALL" else "export LC_ALL=C.UTF-8"
    return Check("locale", "warning", f"{text}: lines and symbols may look wrong", remedy)


async def _outer_tmux(around: _Surroundings) -> Check:
    """What the tmux around the app, if any, lets through; the private server needs nothing."""
    name = "outer tmux"
    socket = around.environment.get("TMUX", "").split(",")[0]
    if not socket:
        return Check(name, "ok", "not inside tmux")
    tmux = shutil.which(_tmux_program(around), path=around.environment.get("PATH"))
    if tmux is None:
        return Check(name, "ok", "inside tmux, which is checked above")
    asked = "#{focus-events}\t#{allow-passthrough}\t#{set-clipboard}\t#{escape-time}"
    status, output = await _ask(tmux, "-S", socket, "display-message", "-p", asked)
    values = output.rstrip("\n").split("\t")
    if status != 0 or len(values) != 4:
        return Check(name, "warning", "inside a tmux that does not answer", "start a new terminal")
    focus, passthrough, clipboard, escape = values
    missing = []
    if focus in ("off", "0"):
        missing.append("set -g focus-events on")
    if passthrough in ("off", "0"):
        missing.append("set -g allow-passthrough on")
    if clipboard in ("off", "0"):
        missing.append("set -g set-clipboard on")
    if escape.isdecimal() and int(escape) > LONGEST_ESCAPE:
        missing.append(f"set -sg escape-time {LONGEST_ESCAPE}")
    if missing:
        text = (
            "it keeps focus changes, notifications, copied text or a letter right behind Esc "
            "from Tungsten"
        )
        return Check(name, "warning", text, f"put into ~/.tmux.conf: {'; '.join(missing)}")
    return Check(name, "ok", "inside tmux, which lets focus, notifications and copies through")


def _tmux_program(around: _Surroundings) -> str:
    try:
        return config.load(around.paths, environment=around.environment).tmux
    except ConfigError:
        return Config().tmux


def _colours(environment: Mapping[str, str]) -> str:
    if environment.get("NO_COLOR"):
        return "no colours (NO_COLOR is set)"
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "true colour"
    term = environment.get("TERM", "")
    if "direct" in term:
        return "true colour"
    return (
        "256 colours" if "256" in term or "kitty" in term or "alacritty" in term else "16 colours"
    )


def _size() -> tuple[int, int] | None:
    for stream in (sys.__stdout__, sys.__stderr__, sys.__stdin__):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            return tuple(os.get_terminal_size(stream.fileno()))  # type: ignore[union-attr, return-value]
    return None


# The model ---------------------------------------------------------------------------------------


async def _settings(around: _Surroundings) -> Check:
    file = around.paths.config_file
    try:
        embedder = config.load(around.paths, environment=around.environment).dream.embedder_path
    except ConfigError as error:
        return Check("settings", "problem", "; ".join(error.lines), f"edit {file}")
    if embedder is not None:
        try:
            await asyncio.to_thread(check_embedder, embedder)
        except EmbedderUnavailable as error:
            remedy = f"until then memories are recalled by their words; or edit {file}"
            return Check("settings", "warning", str(error), remedy)
    return Check("settings", "ok", str(file) if file.exists() else "defaults, there is no file")


async def _model(around: _Surroundings) -> Check:
    try:
        settings = config.load(around.paths, environment=around.environment)
    except ConfigError:
        settings = Config()
    file = around.paths.credentials_file
    # Reading the file would close it to others at once, and a check changes nothing.
    if file.is_file() and file.stat().st_mode & 0o077:
        return Check("model", "warning", f"{file} can be read by others", f"chmod 600 {file}")
    try:
        chosen = credentials.load(file)
    except CredentialsError as error:
        return Check("model", "problem", str(error), "start tungsten and give the key again")
    endpoint = models.first_choice(settings, chosen)
    match endpoint and endpoint.provider:
        case None if chosen.provider == "none":
            remedy = "start tungsten and choose one, or set ANTHROPIC_API_KEY"
            return Check("model", "warning", "none is chosen yet", remedy)
        case None:
            remedy = "start tungsten and choose it again"
            return Check("model", "problem", "the choice lacks its key or address", remedy)
        case "demo":
            text = "the built-in demo model, which is scripted"
            remedy = "for a real one: /model in the app, or set ANTHROPIC_API_KEY"
            return Check("model", "ok", text, remedy)
    assert endpoint is not None
    if not endpoint.model:
        text = f"no model is named for {endpoint.address}"
        return Check("model", "problem", text, "set model in the settings, or TUNGSTEN_MODEL")
    place = "the system's keyring" if chosen.in_keyring else str(file)
    return await _asked(endpoint, _key_from(settings, endpoint, place))


def _key_from(settings: Config, endpoint: Endpoint, place: str) -> str:
    """Where the key comes from, in words; empty when there is none, or only in a header."""
    profile = settings.profiles.get(settings.profile)
    variable = (profile and profile.key_variable) or "ANTHROPIC_API_KEY"
    if endpoint.api_key:
        given = endpoint.api_key == settings.api_key.get_secret_value()
        return f", key from {variable if given else place}"
    return ", key from ANTHROPIC_AUTH_TOKEN" if settings.auth_token.get_secret_value() else ""


async def _asked(endpoint: Endpoint, key: str) -> Check:
    """Ask as a run would, with the key: whoever only listens may still let nobody in."""
    client = ModelClient(endpoint)
    text = f"{endpoint.model} at {endpoint.address}"
    try:
        async with asyncio.timeout(MODEL_SECONDS):
            await client.check()
    except ModelError as error:
        said, _, remedy = str(error).rstrip(".").partition(": ")
        if isinstance(error, InvalidRequest) or not remedy:
            # What follows are the server's own words, and no advice.
            said, remedy = str(error), "see what the server wants; /model changes the choice"
        return Check("model", "problem", said, remedy)
    except TimeoutError:
        said = f"{text} has not answered within {MODEL_SECONDS:g} s"
        return Check("model", "warning", said, "a large model may still be loading: try again")
    finally:
        await client.close()
    return Check("model", "ok", f"{text} answers{key}")


# The machine -------------------------------------------------------------------------------------


async def _directories(around: _Surroundings) -> Check:
    places = {"settings": around.paths.config, "data": around.paths.data}
    for word, directory in places.items():
        existing = _existing(directory)
        if not existing.is_dir():
            text = f"{existing} is not a directory, so {word} cannot be kept in {directory}"
            return Check("directories", "problem", text, f"move {existing} away")
        if not os.access(existing, os.W_OK | os.X_OK):
            text = f"{existing} cannot be written, so {word} cannot be kept in {directory}"
            remedy = "change its owner or mode, or set TUNGSTEN_HOME to another directory"
            return Check("directories", "problem", text, remedy)
        if directory.is_dir() and directory.stat().st_mode & 0o022:
            text = f"others may write to {directory}"
            return Check("directories", "problem", text, f"chmod go-w {directory}")
    return Check("directories", "ok", ", ".join(map(str, places.values())))


async def _runtime(around: _Surroundings) -> Check:
    name = "runtime directory"
    directory = around.paths.runtime
    length = len(os.fsencode(around.paths.engine_socket))
    if length > MAX_SOCKET_PATH:
        text = f"{around.paths.engine_socket} is too long for a socket ({length} bytes)"
        return Check(name, "problem", text, "set TUNGSTEN_HOME to a shorter path")
    if directory.is_symlink() or (directory.exists() and not directory.is_dir()):
        return Check(name, "problem", f"{directory} is not a directory", f"remove {directory}")
    if not directory.exists():
        existing = _existing(directory)
        if os.access(existing, os.W_OK | os.X_OK):
            return Check(name, "ok", f"{directory} will be made when needed")
        text = f"{existing} cannot be written"
        return Check(name, "problem", text, "set TUNGSTEN_HOME to another directory")
    status = directory.stat()
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid != os.getuid():
        text = f"{directory} belongs to another user"
        return Check(name, "problem", text, "set TUNGSTEN_HOME to a directory of yours")
    if mode & 0o077:
        text = f"{directory} is open to others (mode {mode:04o})"
        return Check(name, "warning", text, f"chmod 700 {directory}")
    return Check(name, "ok", f"{directory}, for you alone")


async def _disk(around: _Surroundings) -> Check:
    place = _existing(around.paths.data)
    free = shutil.disk_usage(place).free
    text = f"{free / 1024**3:.1f} GB free at {place}"
    remedy = f"free some space on the disk of {place}"
    if free < LEAST_FREE_BYTES:
        return Check("disk", "problem", text, remedy)
    if free < COMFORTABLE_FREE_BYTES:
        return Check("disk", "warning", text, remedy)
    return Check("disk", "ok", text)


async def _database(around: _Surroundings) -> Check:
    path = around.paths.database
    if not path.exists():
        return Check("database", "ok", f"{path} will be made when needed")
    try:
        await inspect(path)
    except DatabaseTooNew as error:
        remedy = "upgrade Tungsten, or set TUNGSTEN_HOME to another directory"
        return Check("database", "problem", str(error).partition(": ")[0], remedy)
    except StorageError as error:
        text, _, remedy = str(error).partition(": ")
        return Check("database", "problem", text, remedy)
    size = path.stat().st_size / 1024**2
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        text = f"{path} can be read by others (mode {mode:04o})"
        return Check("database", "warning", text, f"chmod 600 {path}")
    return Check("database", "ok", f"{path}, {size:.1f} MB")


async def _engine(around: _Surroundings) -> Check:
    try:
        client = await EngineClient.connect(around.paths, start=False, client="doctor")
    except EngineUnreachable:
        return Check("engine", "ok", "not running; it starts when needed")
    except EngineVersionDiffers as error:
        text, _, remedy = str(error).partition(": ")
        return Check("engine", "problem", text, remedy)
    except AgentError as error:
        return Check("engine", "problem", str(error), "run tungsten kill-engine, then start again")
    version, state = client.welcome.version, client.welcome.snapshot
    await client.close()
    differs = difference(state.engine.environment, around.environment) if state else ""
    if differs and state is not None:
        used = state.setup.problem or f"it uses {state.setup.model} ({state.setup.provider})"
        text, _, remedy = differs.partition(". ")
        return Check("engine", "warning", f"{text}; {used}", remedy)
    return Check("engine", "ok", f"running, version {version}")


async def _hooks(around: _Surroundings) -> Check:
    from agent.hook import install as installer

    where = installer.Where(
        around.paths, Path.home(), around.directory, around.environment, installer.program()
    )
    try:
        found = await asyncio.to_thread(installer.standing, where)
    except AgentError as error:
        return Check("hooks", "problem", str(error), f"look at {where.record}")
    stale = [each for each in found if each.state == "stale"]
    if stale:
        text = "; ".join(f"{each.agent}: {each.text}" for each in stale)
        return Check("hooks", "warning", text, f"tungsten hook install {stale[0].agent}")
    installed = [each.agent for each in found if each.state == "installed"]
    return Check("hooks", "ok", f"installed: {', '.join(installed)}" if installed else "none")


async def _git(around: _Surroundings) -> Check:
    git = shutil.which("git", path=around.environment.get("PATH"))
    if git is None:
        text = "git is not installed, so agents cannot commit"
        return Check("git", "warning", text, install("git"))
    place = str(around.directory)
    answers = [await _ask(git, "-C", place, "config", key) for key in ("user.name", "user.email")]
    name, email = (answer.strip() for _, answer in answers)
    if name and email:
        return Check("git", "ok", f"commits as {name} <{email}>")
    remedy = "git config --global user.name 'You' && git config --global user.email you@example.org"
    return Check("git", "warning", "has no name or e-mail address to commit with", remedy)


async def _python(around: _Surroundings) -> Check:
    return Check("python", "ok", f"{platform.python_version()}, Tungsten {__version__}")


# Parts -------------------------------------------------------------------------------------------

_INSTALLERS = {
    "brew": "brew install {}",
    "apt-get": "sudo apt-get install {}",
    "dnf": "sudo dnf install {}",
    "pacman": "sudo pacman -S {}",
    "zypper": "sudo zypper install {}",
    "apk": "sudo apk add {}",
}


def install(package: str) -> str:
    """The command that installs a package on this machine."""
    for program, command in _INSTALLERS.items():
        if shutil.which(program):
            return command.format(package)
    return f"install {package} with the system's package manager"


def _existing(path: Path) -> Path:
    """The nearest directory or file at or above `path` that is there, or a link to nothing."""
    places = (path, *path.parents)
    return next(place for place in places if place.exists() or place.is_symlink())


async def _ask(*argv: str) -> tuple[int, str]:
    """Run a short program without input; its exit status and output. It ends with the check."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        output, _ = await process.communicate()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    return process.returncode or 0, output.decode(errors="replace")
