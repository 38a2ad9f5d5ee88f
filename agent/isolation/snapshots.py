"""Snapshots of the trees in which agents work: one before each step that may change one, one after.

Every action passes `agent.steps.perform`, which wraps it in `TreeSnapshots.around`; who judges
actions elsewhere uses `begin` and `end`. A snapshot never keeps an action from happening: the gate
has decided by then. Where a tree cannot be kept that is said once, and the step cannot be reverted.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from agent.actions import AllowDialog, CallTool, PatchFiles, RunCommand, TypeKeys, WriteFile
from agent.errors import AgentError
from agent.files import git
from agent.hub import Hub
from agent.isolation.objects import Objects
from agent.isolation.plan import Span, changed_by
from agent.isolation.tree import (
    Cache,
    Change,
    Limits,
    Scan,
    TreeNotKept,
    digests,
    entry_at,
    read_tree,
)
from agent.paths import Paths
from agent.protocol.agents import Mode
from agent.protocol.events import Notice
from agent.risk import Risk
from agent.settings.settings import Snapshots
from agent.steps.steps import Elsewhere, Progress, Step
from memory.database import Database
from memory.directories import git_top_level
from memory.errors import StorageError
from memory.tree_steps import Kind, TreeStep

log = logging.getLogger("agent.snapshots")

MOST_TREES = 8
"""Trees whose files' digests are held in memory."""

PATIENCE = 10
"""A tree that could not be kept is tried again after so many times as long as the try took."""

LEAST_PATIENCE = 60.0
"""The shortest such time, in seconds."""

SWEPT_PART = 8
"""The store is looked through when it has grown by this part of its room."""


_MAY_CHANGE = (RunCommand, TypeKeys, WriteFile, PatchFiles, CallTool, AllowDialog)
"""Actions that may change files; of the last two nobody knows what they do."""


class Acting(Protocol):
    """Whose step it is."""

    id: str
    directory: Path

    @property
    def name(self) -> str:
        """What the person calls it."""

    @property
    def mode(self) -> Mode:
        """In standard its directory counts as trusted: that is how it got there."""

    @property
    def closing(self) -> bool:
        """Whether the engine is about to end; what goes on in panes then outlives it."""


@dataclass(slots=True)
class _Tree:
    top: Path
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    cache: Cache = field(default_factory=Cache)
    not_before: float = 0.0
    """When it is tried again, on the monotonic clock."""
    said: str = ""
    """What the person was told of why it cannot be kept."""


@dataclass(slots=True, eq=False)
class Begun:
    """A step that goes on; what `TreeSnapshots.end` is given."""

    agent: Acting
    kind: Kind = "step"
    tool_use_id: str = ""
    numbers: dict[Path, int] = field(default_factory=dict)
    before: dict[Path, str] = field(default_factory=dict)
    only: bytes = b""


@dataclass(frozen=True, slots=True)
class Work:
    """What a step did: to which files of which tree and repository, and when."""

    kind: Kind
    repository: Path
    top: Path
    files: Sequence[bytes]
    at: float


Changed = Callable[[str, Work, str, int], None]
"""Told of an agent's id, what a step of it did, its tool use, and how many paths that changed."""


class TreeSnapshots:
    """Keeps trees for all agents of an engine, in one store.

    Args:
        database: where the steps are written down.
        hub: where the person is told what cannot be kept.
        settings: whether, how much and how long.
        paths: where the store is.
        clock: seconds since the epoch.
        home: the person's; a tree with all of it is nobody's project and is not kept.
    """

    def __init__(
        self,
        database: Database,
        hub: Hub,
        settings: Snapshots,
        paths: Paths,
        clock: Callable[[], float],
        home: Path,
    ) -> None:
        self._home = home
        self._database = database
        self._hub = hub
        self._settings = settings
        self._own = frozenset(map(os.fsencode, (paths.data, paths.config, paths.runtime)))
        self._clock = clock
        self.objects = Objects(paths.snapshots / "objects")
        self.journals = paths.snapshots / "reverts"
        self.changed: Changed = lambda agent_id, work, use, count: None
        self._trees: dict[Path, _Tree] = {}
        self._users = 0
        self._sweeping = asyncio.Lock()
        self._swept = 0
        self._elsewhere: dict[str, Begun] = {}
        """The last step of each agent that another program does, until its end is known."""
        self._settling: set[asyncio.Task[None]] = set()
        self.going_on: set[Begun] = set()
        """Steps that have begun and not ended."""

    # Around a step ------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def around(
        self,
        agent: Acting,
        step: Step,
        *,
        risk: Risk,
        tool_use_id: str,
        cwd: str,
        progress: Progress,
    ) -> AsyncIterator[None]:
        """Keep the trees that a step may change, as they are before it and after it.

        Args:
            agent: whose step it is.
            step: what it does.
            risk: as it was judged; what is LOW changes nothing.
            tool_use_id: under which the step is found again.
            cwd: where it happens; may be empty.
            progress: told `changed`, how many paths the step has changed, where any.
        """
        begun = None
        try:
            begun = await self.begin(agent, step, risk=risk, tool_use_id=tool_use_id, cwd=cwd)
        except Exception:
            # Whatever is wrong with a tree: the gate has decided that the step may happen.
            log.exception("no snapshot before a step of %s", agent.id)
        try:
            yield
        finally:
            if begun is not None and isinstance(step.how, Elsewhere):
                # It was only let through: another program does it from now on, in its own time.
                self.going_on.discard(begun)
                self._elsewhere[agent.id] = begun
            elif begun is not None:
                # Also of a step that was interrupted: it may have done half of what it meant to.
                ending = asyncio.ensure_future(self.end(begun))
                try:
                    count = await asyncio.shield(ending)
                except asyncio.CancelledError:
                    await asyncio.wait({ending})
                    raise
                if count:
                    progress({"changed": count})

    async def begin(
        self, agent: Acting, step: Step, *, risk: Risk, tool_use_id: str, cwd: str
    ) -> Begun | None:
        """Keep the trees that a step may change; None where there is none to keep."""
        action = step.action
        if not isinstance(action, _MAY_CHANGE) or risk is Risk.LOW:
            return None
        places = [agent.directory]
        if isinstance(action, WriteFile):
            places = [action.path.parent]
        elif isinstance(action, PatchFiles):
            places = [Path(path).parent for path in (*action.paths, *action.removed)]
        elif cwd:
            places.append(Path(cwd))
        if isinstance(step.how, Elsewhere):
            await self.settle(agent.id)
        begun = Begun(agent, tool_use_id=tool_use_id)
        try:
            for top in await asyncio.to_thread(_tops, places):
                if not await self._is_kept(agent, top):
                    continue
                if isinstance(action, WriteFile):
                    begun.only = os.fsencode(action.path.relative_to(top))
                await self._begin(begun, top, tool_use_id, step.title)
        except BaseException:
            await self._take_back(begun)
            raise
        return begun if begun.numbers else None

    async def _is_kept(self, agent: Acting, top: Path) -> bool:
        if self._settings.mode == "off" or self._home.is_relative_to(top):
            return False
        if agent.mode is Mode.STANDARD and agent.directory.is_relative_to(top):
            return True
        try:
            return await self._database.directories.is_trusted(top)
        except StorageError:
            return False

    async def begin_revert(self, agent: Acting, top: Path, tool_use_id: str, title: str) -> Begun:
        """Keep a tree before steps in it are reverted, so that this can be undone.

        Raises:
            TreeNotKept: it cannot be kept now; says why.
        """
        begun = Begun(agent, "revert")
        await self._begin(begun, top, tool_use_id, title)
        if not begun.numbers:
            raise TreeNotKept(f"{top} cannot be kept now: {self._tree(top).said}")
        return begun

    async def _begin(self, begun: Begun, top: Path, tool_use_id: str, title: str) -> None:
        scan = await self.keep(top, insist=begun.kind == "revert")
        if scan is None:
            return
        self.going_on.add(begun)
        head, repository = await asyncio.to_thread(_head, top)
        try:
            begun.numbers[top] = await self._database.tree_steps.begin(
                agent_id=begun.agent.id,
                tool_use_id=tool_use_id,
                kind=begun.kind,
                title=title,
                top=top,
                repository=repository,
                only=begun.only,
                before=scan.root,
                head=head,
            )
            begun.before[top] = scan.root
        except StorageError as error:
            log.warning("a step's tree was not written down: %s", error)
        if not begun.numbers:
            self.going_on.discard(begun)

    async def _take_back(self, begun: Begun) -> None:
        """Forget a step that did not begin after all."""
        self.going_on.discard(begun)
        for number in begun.numbers.values():
            with contextlib.suppress(StorageError):
                await self._database.tree_steps.end(number, after="", head="", paths=())

    async def end(self, begun: Begun) -> int:
        """Keep the trees as a step has left them; gives how many paths it changed.

        Where the engine ends and the step goes on, its end stays unknown.
        """
        self.going_on.add(begun)
        try:
            return 0 if begun.agent.closing else await self._end(begun)
        finally:
            self.going_on.discard(begun)
            await self._sweep_if_grown()

    async def settle(self, agent_id: str) -> None:
        """End what an agent's own program was let do: it is over, or the next begins."""
        begun = self._elsewhere.pop(agent_id, None)
        if begun is not None:
            await self.end(begun)

    def settle_soon(self, agent_id: str) -> None:
        """As `settle`, without waiting for it."""
        self._beside(self.settle(agent_id))

    def _beside(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def close(self) -> None:
        """Wait until what was begun to be written down is."""
        if self._settling:
            await asyncio.wait(self._settling)

    async def _end(self, begun: Begun) -> int:
        count = 0
        for top, number in begun.numbers.items():
            scan = await self.keep(top)
            if scan is None:
                continue
            steps = self._database.tree_steps
            try:
                step = await steps.numbered(number)
                beside = [] if step is None else await steps.beside(step)
                arguments = (begun, top, scan.root, beside)
                found = await asyncio.to_thread(self._own_changes, *arguments)
                head, repository = await asyncio.to_thread(_head, top)
                paths = [each.path for each in found]
                await steps.end(number, after=scan.root, head=head, paths=paths)
            except (StorageError, AgentError) as error:
                log.warning("what a step changed was not written down: %s", error)
                continue
            count += len(found)
            files = [each.path for each in found if "d" not in _kinds(each)]
            if found:
                work = Work(begun.kind, repository, top, files, self._clock())
                self.changed(begun.agent.id, work, begun.tool_use_id, count)
        return count

    def _own_changes(
        self, begun: Begun, top: Path, after: str, beside: Sequence[TreeStep]
    ) -> list[Change]:
        """What a step changed, without what another's step that ended meanwhile left so."""
        span = Span(begun.before[top], after, begun.only)
        found = changed_by(self.objects, span)
        if begun.kind == "revert":
            return found
        for other in beside:
            if not other.after or begun.only:
                continue
            theirs = set(other.paths)
            found = [
                each
                for each in found
                if each.path not in theirs
                or entry_at(self.objects, other.after, each.path) != each.after
            ]
        return found

    # Trees --------------------------------------------------------------------------------------

    async def keep(self, top: Path, *, insist: bool = False) -> Scan | None:
        """Keep a tree as it is now; None where it cannot be, which is said once.

        Args:
            top: its top directory.
            insist: try also where it failed a short while ago.
        """
        tree = self._tree(top)
        if not insist and time.monotonic() < tree.not_before:
            return None
        async with self._use(), tree.lock:
            begun = time.monotonic()
            try:
                scan = await self._read(tree)
            except (AgentError, OSError) as error:
                took = time.monotonic() - begun
                tree.not_before = time.monotonic() + max(LEAST_PATIENCE, took * PATIENCE)
                self._say(tree, error)
                return None
        tree.said, tree.not_before = "", 0.0
        # No step waits for the disk.
        self._beside(asyncio.to_thread(self.objects.flush))
        return scan

    async def _read(self, tree: _Tree) -> Scan:
        """Read a tree in a thread, and never leave that behind: the store would change under it."""
        ended = threading.Event()
        arguments = (os.fsencode(tree.top), self.objects, tree.cache, self._limits, self._own)
        reading = asyncio.ensure_future(asyncio.to_thread(read_tree, *arguments, ended.is_set))
        try:
            return await asyncio.shield(reading)
        except asyncio.CancelledError:
            ended.set()
            await asyncio.wait({reading})
            raise

    def _tree(self, top: Path) -> _Tree:
        tree = self._trees.pop(top, None) or _Tree(top)
        self._trees[top] = tree
        while len(self._trees) > MOST_TREES:
            self._trees.pop(next(iter(self._trees)))
        return tree

    def _say(self, tree: _Tree, error: Exception) -> None:
        why = (
            str(error) if isinstance(error, AgentError) else f"{error.__class__.__name__}: {error}"
        )
        if tree.said != why:
            tree.said = why
            text = f"Steps in {tree.top} cannot be reverted: {' '.join(why.split())}."
            self._hub.publish(
                Notice(level="warning", text=f"{text} See [snapshots] in config.toml")
            )

    @property
    def _limits(self) -> Limits:
        wanted = self._settings
        return Limits(
            files=wanted.files,
            largest=wanted.file_megabytes << 20,
            new_bytes=wanted.megabytes << 20,
            seconds=wanted.seconds,
        )

    @contextlib.asynccontextmanager
    async def _use(self) -> AsyncIterator[None]:
        """Use the store; nothing is swept out of it meanwhile."""
        async with self._sweeping:
            self._users += 1
        try:
            yield
        finally:
            self._users -= 1

    # Room ---------------------------------------------------------------------------------------

    async def _sweep_if_grown(self) -> None:
        grown = self.objects.added - self._swept
        if grown > (self._settings.megabytes << 20) // SWEPT_PART:
            await self.sweep()

    async def sweep(self) -> None:
        """Forget steps that are too old, then the oldest until what is kept has room.

        Does nothing while a tree is being read or steps go on: a later one sweeps.
        """
        async with self._sweeping:
            if self._users or self.going_on:
                return
            self._swept = self.objects.added
            steps, settings = self._database.tree_steps, self._settings
            try:
                await steps.forget_before(self._clock() - settings.days * 86_400)
                await self._keep_only(await steps.roots())
                while await asyncio.to_thread(self.objects.size) > settings.megabytes << 20:
                    if not await steps.forget_oldest(1 / SWEPT_PART):
                        break
                    await self._keep_only(await steps.roots())
            except (StorageError, OSError) as error:
                log.warning("the snapshots were not swept: %s", error)

    async def _keep_only(self, roots: set[str]) -> None:
        def sweep() -> None:
            seen: set[str] = set()
            for root in roots:
                digests(self.objects, root, seen)
            self.objects.keep_only(seen)

        await asyncio.to_thread(sweep)


def _kinds(change: Change) -> set[str]:
    return {side.kind for side in (change.before, change.after) if side is not None}


def _tops(places: list[Path]) -> list[Path]:
    """The working trees around some places, each once; a link in a place leads to its tree."""
    found = (git_top_level(place.resolve()) for place in places)
    return list(dict.fromkeys(top for top in found if top is not None))


def _head(top: Path) -> tuple[str, Path]:
    """What HEAD of a tree says, a branch with its commit, and what its repository shares."""
    repository = git.common_directory(top) or top
    head = git.head(top) or ""
    if head.startswith(git.BRANCHES):
        name = head.removeprefix("ref: ")
        with contextlib.suppress(OSError):
            return f"{name} {(repository / name).read_text()[:64].strip()}", repository
        return name, repository
    return head, repository
