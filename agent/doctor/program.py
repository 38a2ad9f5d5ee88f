"""Checks of Tungsten itself: its database, snapshots, engine and hooks."""

from __future__ import annotations

import asyncio
import platform
import stat
from pathlib import Path

from agent.doctor.check import Check, Surroundings
from agent.engine.client import EngineClient
from agent.errors import AgentError, EngineUnreachable, EngineVersionDiffers
from agent.settings import config
from agent.settings.config import ConfigError
from agent.settings.variables import difference
from memory.errors import DatabaseTooNew, StorageError
from memory.inspection import inspect
from tungsten.version import __version__


async def check_database(around: Surroundings) -> Check:
    """Whether the database can be read, by the person alone."""
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


async def check_snapshots(around: Surroundings) -> Check:
    """How much room the snapshots of trees take, and whether a revert was cut short."""
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


async def check_engine(around: Surroundings) -> Check:
    """Whether an engine runs, and is of this version."""
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


async def check_hooks(around: Surroundings) -> Check:
    """Whether the hooks that were installed are in order."""
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
        text = "; ".join(f"{each.agent} ({each.scope}): {each.text}" for each in stale)
        where_to = " --scope project" if stale[0].scope == "project" else ""
        return Check("hooks", "warning", text, f"tungsten hook install {stale[0].agent}{where_to}")
    installed = [f"{each.agent} ({each.scope})" for each in found if each.state == "installed"]
    return Check("hooks", "ok", f"installed: {', '.join(installed)}" if installed else "none")


async def check_python(around: Surroundings) -> Check:
    """Which versions run."""
    return Check("python", "ok", f"{platform.python_version()}, Tungsten {__version__}")
