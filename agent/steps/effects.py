"""What actions do, once they may: the effects on panes and files.

Called by `agent.steps.perform` alone. Each effect first awaits `check`, which uses the decision up
and raises when anything changed since, so that nothing happens without one.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path

from agent.actions import (
    ClosePane,
    MessageWorker,
    OpenPane,
    ReadFile,
    ReadScreen,
    Remember,
    RemoveWorktree,
    RunCommand,
    SearchMemory,
    StartWorker,
    StopWorker,
    TypeKeys,
    WriteFile,
)
from agent.agents.workers import Workers
from agent.errors import AgentError
from agent.files.shared_files import FileLocks, Seen
from agent.panes.panes import FULL, TMUX_SECONDS, Panes
from agent.panes.pictures import draw
from agent.risk.keys import canonical, is_key
from agent.risk.line_editor import may_submit
from agent.steps.pieces import CHANGED, Pieces
from agent.steps.steps import (
    Effect,
    Elsewhere,
    Lines,
    Look,
    Matches,
    Names,
    NotRun,
    Picture,
    Run,
    Step,
    Wait,
)
from agent.tools import files
from agent.tools.placing import FileChanged
from agent.tools.terminal import passage_text, run_text, screen_text
from tungsten.errors import TerminalError
from tungsten.pane import ForIdle

REST_SECONDS = 0.25
"""A screen that was quiet for so long after typing counts as at rest."""

REST_TIMEOUT = 3.0
"""Longest wait for that rest."""

Check = Callable[[], Awaitable[None]]

Submit = Callable[[str], Awaitable[None]]
"""Told the line that a shell is about to be given, whole; raises when it must not be."""

Typed = Callable[[str, str], Awaitable[None]]
"""Told a pane and the line that keys are about to give its shell, once that may happen."""

MemoryEffects = Callable[[Remember | SearchMemory], Awaitable[Effect]]
"""Saves a memory or looks some up."""

_LINE_END = re.compile(r"\r\n|[\r\n]")
_PIECES = re.compile(r"(\r\n|[\r\n]|\x0f|\x1b[^\[O]|\x18[\s\S])")
"""What a text is sent in: line ends, C-o, and what follows Escape or C-x, come by themselves."""

_SUBMITTING = frozenset({"Enter", "C-o"})


class Effects:
    """Effects on one agent's panes and on files; `written` gathers the files that agents wrote."""

    def __init__(
        self,
        panes: Panes,
        written: set[Path],
        asks: Callable[[Path], bool],
        typed: Typed,
        *,
        workers: Workers,
        seen: Seen,
        locks: FileLocks,
        memory: MemoryEffects,
    ) -> None:
        self._workers = workers
        self._seen = seen
        self._locks = locks
        self._panes = panes
        self._memory = memory
        self._written = written
        self._asks = asks
        self._typed = typed

    async def carry_out(
        self, step: Step, check: Check, submit: Submit, pieces: Pieces | None = None
    ) -> Effect:
        """Do what a step says; `submit` is asked about each line that typed keys give a shell.

        `pieces` is asked about each piece of a command line, where the shell can do that.

        Raises:
            AgentError, TerminalError, OSError: it did not work, or not wholly.
            BaseException: whatever `check` raises; nothing was done then.
        """
        match step.action, step.how:
            case action, Elsewhere(tell=tell):
                await check()
                if isinstance(action, WriteFile):
                    self._written.add(action.path)
                return await tell()
            case RunCommand(pane_id="", command=command), _:
                await check()
                pane_id = await self._panes.open(command=command)
                return Effect(f"it runs in pane {pane_id}", pane_id=pane_id)
            case RunCommand() as action, Run() as how:
                return await self._run(action, how, check, pieces)
            case TypeKeys() as action, _:
                return await self._type(action, check, submit)
            case ReadScreen(pane_id=pane_id), Look(history=history, above=above) if above:
                await check()
                passage = await self._panes.passage(pane_id, above=above, count=history)
                more = above + history > passage.size >= FULL
                return Effect(passage_text(pane_id, passage, more=more), pane_id=pane_id)
            case ReadScreen(pane_id=pane_id), Look(history=history, remark=remark):
                await check()
                pane = await self._panes.seen(pane_id)
                frame = await pane.capture(history=history)
                text = screen_text(pane_id, frame)
                return Effect(f"{remark}\n{text}" if remark else text, pane_id=pane_id)
            case ReadScreen(pane_id=pane_id), Picture(path=path, history=history):
                await check()
                frame = await (await self._panes.seen(pane_id)).capture(history=history)
                width, height = await asyncio.to_thread(draw, frame, path)
                text = f"picture of {pane_id}, {width}×{height}\n{screen_text(pane_id, frame)}"
                return Effect(text, pane_id=pane_id, picture=path)
            case ReadScreen(pane_id=pane_id), Wait() as how:
                await check()
                return await self._wait(pane_id, how)
            case OpenPane(cwd=cwd), _:
                await check()
                pane_id = await self._panes.open(cwd)
                return Effect(f"pane {pane_id} is open in {cwd}", pane_id=pane_id)
            case ClosePane(pane_id=pane_id), _:
                await check()
                await self._panes.close(pane_id)
                return Effect(f"pane {pane_id} is closed")
            case ReadFile(path=path), Lines() as how:
                await check()
                # Before it is read: what changes meanwhile has then not been read.
                known = await asyncio.to_thread(files.fingerprint, path)
                text = await asyncio.to_thread(files.read_lines, path, how)
                if known is not None:
                    self._seen.note(path, known)
                return Effect(text)
            case ReadFile(path=path), Names():
                await check()
                return Effect(await asyncio.to_thread(files.list_names, path))
            case ReadFile(path=path), Matches() as how:
                await check()
                return Effect(await files.search(path, how, hidden=self._hidden(path)))
            case WriteFile() as action, _:
                async with self._locks.of(action.path):
                    await check()
                    return await self._write(action)
            case StartWorker() as action, _:
                await check()
                return await self._workers.start(action)
            case MessageWorker() as action, _:
                await check()
                return await self._workers.message(action)
            case StopWorker() as action, _:
                await check()
                return await self._workers.stop(action)
            case RemoveWorktree() as action, _:
                await check()
                return await self._workers.remove_worktree(action)
            case (Remember() | SearchMemory()) as action, _:
                await check()
                return await self._memory(action)
            case _:
                raise NotRun(f"there is no way to do {step.action.kind}")

    async def _run(
        self, action: RunCommand, how: Run, check: Check, pieces: Pieces | None
    ) -> Effect:
        own = self._panes.own(action.pane_id)
        if own.lock.locked():
            raise NotRun(f"pane {action.pane_id} is busy with another command")
        async with own.lock:
            pane = await self._panes.tmux(action.pane_id)

            async def checked() -> None:
                await check()
                own.remember(action.command)

            result = await pane.run(
                action.command,
                timeout=how.timeout,
                before_enter=checked,
                before_each=None if pieces is None else pieces.allow,
                unasked=True,
            )
        text = run_text(action.pane_id, result, how.timeout)
        if result.refused is not None and pieces is not None:
            text = f"{_refused(result.refused, pieces.why)}\n{text}"
        return Effect(
            text,
            ok=result.ended in ("prompt", "timeout")
            and result.exit_status in (0, None)
            and result.refused is None,
            exit_status=result.exit_status,
            pane_id=action.pane_id,
        )

    async def _type(self, action: TypeKeys, check: Check, submit: Submit) -> Effect:
        own = self._panes.own(action.pane_id)
        pane = await self._panes.seen(action.pane_id)
        await check()
        prefix = ""
        for item in _one_by_one(action.keys):
            submits = is_key(item) and canonical(item) in _SUBMITTING
            if (submits or _may_submit(prefix, item)) and (await pane.foreground()).pid == own.pid:
                line = await pane.line()
                if line is not None:
                    await submit(line)
                    await self._typed(action.pane_id, line)
            prefix = "" if prefix else _prefix(item)
            if is_key(item):
                await pane.send_keys(item)
                own.unsent = not submits and canonical(item) != "C-c"
            else:
                await pane.send_text(item)
                own.unsent = True
        await pane.wait(ForIdle(REST_SECONDS), REST_TIMEOUT)
        return Effect(screen_text(action.pane_id, await pane.capture()), pane_id=action.pane_id)

    def _hidden(self, searched: Path) -> Callable[[str], bool]:
        """Files that a search may not show: reading them needs leave, having searched them is none.

        A file that is searched by its own name was judged by it.
        """
        known: dict[str, bool] = {}

        def hidden(file: str) -> bool:
            if file not in known:
                # By the name under which it was opened, through no link; and where that leads now.
                known[file] = Path(file) != searched and self._asks(Path(file))
            return known[file]

        return hidden

    async def _wait(self, pane_id: str, how: Wait) -> Effect:
        pane = await self._panes.seen(pane_id)
        result = await pane.wait(how.until, how.timeout)
        first = (
            f"{how.described}: there"
            if result.met
            else f"{how.described}: not within {how.timeout:g} s"
        )
        return Effect(
            f"{first}\n{screen_text(pane_id, result.frame)}", pane_id=pane_id, met=result.met
        )

    async def _write(self, action: WriteFile) -> Effect:
        # Before it is in place: another agent may run it the moment that it is.
        self._written.add(action.path)
        # Not cancellable half-way: either nothing happened, or the file is in place and recorded.
        work = asyncio.ensure_future(asyncio.to_thread(files.write, action))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait({work})
            self._seen.note(action.path, files.sha256(action.content.encode()))
            raise
        except FileChanged as change:
            raise NotRun(f"{change}; read it again") from change
        self._seen.note(action.path, files.sha256(action.content.encode()))
        lines = action.diff.splitlines()
        added = sum(line.startswith("+") and not line.startswith("+++") for line in lines)
        removed = sum(line.startswith("-") and not line.startswith("---") for line in lines)
        word = "changed" if action.before else "created"
        return Effect(f"{word} {action.path} (+{added} -{removed} lines)")

    async def stop_command(self, step: Step) -> None:
        """Interrupt what a cancelled step left running, as Ctrl-C would."""
        if isinstance(step.action, RunCommand) and step.action.pane_id in self._panes:
            # A tmux server that was stopped must not keep an agent from being interrupted.
            with contextlib.suppress(AgentError, TerminalError, TimeoutError):
                async with asyncio.timeout(TMUX_SECONDS):
                    pane = await self._panes.tmux(step.action.pane_id)
                    if (await pane.foreground()).kind != "shell":
                        await pane.send_keys("C-c")


def _refused(piece: str, why: str) -> str:
    line = " ".join(piece.split())
    if why.startswith(CHANGED):
        return (
            f"stopped before `{line}`: {why}. It and all after it did not run; look at what has "
            "changed, and terminal_run it by itself."
        )
    reason = f" ({why})" if why else ""
    return (
        f"stopped before `{line}`: it does not stand in what was approved and needs a decision of "
        f"its own{reason}. It and all after it did not run; terminal_run it by itself."
    )


def _one_by_one(keys: Iterable[str]) -> Iterator[str]:
    """Keys with the line ends inside their texts taken out as keys of their own."""
    for item in keys:
        if is_key(item):
            yield item
            continue
        for piece in _PIECES.split(item):
            if piece:
                yield "Enter" if _LINE_END.fullmatch(piece) else piece


def _prefix(item: str) -> str:
    """The first half of a key of two, where an item is one."""
    name = canonical(item) if is_key(item) else {"\x1b": "Escape", "\x18": "C-x"}.get(item[-1:], "")
    return name if name in ("Escape", "C-x") else ""


def _may_submit(prefix: str, item: str) -> bool:
    """What comes after `prefix` may have a line editor submit its line, or run something of it."""
    if is_key(item):
        name = canonical(item)
    elif item[:1] in "\x1b\x18\x0f" and item:
        if item == "\x0f":
            return True
        prefix, item = ("Escape" if item[0] == "\x1b" else "C-x"), item[1:]
        if not item or item[0] in "[O":
            return False
        name = _control(item[0])
    elif prefix:
        name = _control(item[0])
    else:
        return False
    if prefix == "Escape":
        name = canonical("M-" + name)
        return name in _SUBMITTING or may_submit(name)
    return may_submit(name, after_prefix=prefix == "C-x") and name not in _PREFIXES


def _control(character: str) -> str:
    """The name of the key that sends a character."""
    if character == "\x7f":
        return "BSpace"
    return character if character >= " " else canonical("C-" + chr(ord(character) + 96))


_PREFIXES = frozenset({"Escape", "C-c"})
"""Keys that submit nothing themselves, beside those of the line editor."""
