"""A playbook from the command line: play it in the engine, follow it, and leave with a status.

Nothing here decides: the engine denies what needs a person while no person's app is connected, and
asks the person when there is one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json as json_module
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from agent.engine.client import EngineClient
from agent.errors import AgentError
from agent.headless import PAUSED, STOP_SECONDS, Exit, stopped_by_signals
from agent.paths import Paths
from agent.playbook.file import Playbook, PlaybookError, parse, read
from agent.playbook.steps import Screenshot, title_of, verb_of
from agent.protocol.agents import AgentState, AgentSummary, Mode, SessionSummary
from agent.protocol.commands.agents import ArchiveAgent, ListSessions, StopAgent
from agent.protocol.commands.panes import Recordings
from agent.protocol.commands.steps import ExportPlaybook, Play
from agent.protocol.conversation import Block, ToolCall, ToolStatus
from agent.protocol.events import AgentChanged, AgentRemoved, BlockChanged, Event, GateOpened
from tungsten.screen.printable import clean, visible_line

_STEP = re.compile(r"step-(\d+)-")
SHOWN_LINES = 5
SHOWN_CHARACTERS = 160
"""How much of what a step printed is shown to a person; `--json` gives all that was kept."""

_ENDED = frozenset(
    {
        ToolStatus.DONE,
        ToolStatus.FAILED,
        ToolStatus.DENIED,
        ToolStatus.INTERRUPTED,
        ToolStatus.UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asked for on the command line.

    Attributes:
        file: the playbook.
        directory: where it is played.
        mode: how much runs without a person.
        json: whether to print JSON lines.
        record: where recordings go; further panes get a number before the suffix.
        screenshots: the directory where pictures go.
        keep: whether the session and its panes stay.
        wall: whether its panes stand behind a wall; None as the settings say.
    """

    file: Path
    directory: Path
    mode: Mode = Mode.STANDARD
    json: bool = False
    record: Path | None = None
    screenshots: Path | None = None
    keep: bool = False
    wall: bool | None = None


async def run(paths: Paths, wanted: Wanted, *, out: IO[str] | None = None) -> int:
    """Play a playbook and follow it to its end.

    Returns:
        An `Exit`. Cancelling the task stops the playbook first.
    """
    printer = _Printer(out or sys.stdout, wanted.json)
    try:
        source = await asyncio.to_thread(read, wanted.file)
        playbook = parse(source, str(wanted.file))
    except PlaybookError as error:
        printer.faults(error.lines)
        return Exit.USAGE
    problem = _usage_problem(wanted)
    if problem:
        printer.result(Exit.USAGE, problem)
        return Exit.USAGE
    try:
        client = await EngineClient.connect(paths, client="playbook")
    except AgentError as error:
        printer.result(Exit.FAILED, str(error))
        return Exit.FAILED
    if client.welcome.snapshot is not None and client.welcome.snapshot.paused:
        await client.close()
        printer.result(Exit.FAILED, PAUSED)
        return Exit.FAILED
    play = Play(
        directory=str(wanted.directory.absolute()),
        source=source,
        file=str(wanted.file),
        mode=wanted.mode,
        record=wanted.record is not None,
        wall=wanted.wall,
    )
    job = _Job(client, printer, playbook, wanted)
    with stopped_by_signals():
        try:
            status = await job.run(play)
            kept = await job.collect()
        finally:
            await job.clean_up()
    printer.result(status, job.said, agent=job.agent, steps=job.report(), kept=kept)
    return status


def check(file: Path, *, out: IO[str] | None = None) -> int:
    """Say whether a playbook is right, without playing it; gives `Exit.DONE` or `Exit.USAGE`."""
    printer = _Printer(out or sys.stdout, json=False)
    try:
        playbook = parse(read(file), str(file))
    except PlaybookError as error:
        printer.faults(error.lines)
        return Exit.USAGE
    printer.notice(f"{file}: {len(playbook.steps)} steps, all right")
    return Exit.DONE


async def export(paths: Paths, session: str) -> str:
    """Write what a session did as a playbook; `session` is a name or an id.

    Raises:
        AgentError: there is no such session, or several.
    """
    client = await EngineClient.connect(paths, client="command line")
    try:
        listed = (await client.send(ListSessions()))["sessions"]
        sessions = [SessionSummary.model_validate(each) for each in _list(listed)]
        found = [each for each in sessions if session == each.id]
        found = found or [each for each in sessions if session == each.name]
        if not found:
            raise AgentError(f"no session is called {session}; see the app's list of sessions")
        # Of several with one name, the newest: they are listed so.
        answer = await client.send(ExportPlaybook(agent_id=found[0].id))
        return str(answer["source"])
    finally:
        await client.close()


@dataclass(slots=True)
class _Job:
    client: EngineClient
    printer: _Printer
    playbook: Playbook
    wanted: Wanted
    agent_id: str = ""
    agent: AgentSummary | None = None
    said: str = ""
    tools: dict[int, ToolCall] = field(default_factory=dict)

    async def run(self, play: Play) -> Exit:
        sending = asyncio.create_task(self.client.send(play))
        try:
            self.agent_id = str((await asyncio.shield(sending))["agent_id"])
        except AgentError as error:
            self.said = str(error)
            return Exit.FAILED
        except asyncio.CancelledError:
            # What was begun must be known, or it could not be stopped.
            with contextlib.suppress(AgentError, TimeoutError):
                created = await asyncio.wait_for(sending, STOP_SECONDS)
                self.agent_id = str(created["agent_id"])
            raise
        async for line in self.client.events():
            status = self._take(line.event)
            if status is not None:
                return status
        self.said = "the engine ended before the playbook did; its session says how far it came"
        return Exit.FAILED

    def _take(self, event: Event) -> Exit | None:
        match event:
            case AgentChanged(agent=agent) if agent.id == self.agent_id:
                return self._changed(agent)
            case AgentRemoved(agent_id=agent_id) if agent_id == self.agent_id:
                self.said = "the session was removed"
                return Exit.FAILED
            case BlockChanged(agent_id=agent_id, block=block) if agent_id == self.agent_id:
                self._show(block)
            case GateOpened(gate=gate) if gate.agent_id == self.agent_id:
                self.printer.waits(gate.text)
            case _:
                pass
        return None

    def _changed(self, agent: AgentSummary) -> Exit | None:
        if self.agent is None:
            self.printer.started(agent, str(self.wanted.file), len(self.playbook.steps))
        self.agent = agent
        match agent.state:
            case AgentState.DONE:
                self.said = agent.activity
                return Exit.DONE
            case AgentState.FAILED | AgentState.UNKNOWN:
                self.said = agent.activity
                denied = any(tool.status is ToolStatus.DENIED for tool in self.tools.values())
                return Exit.DENIED if denied else Exit.FAILED
            case AgentState.IDLE if agent.activity in ("interrupted", "stopped"):
                self.said = agent.activity
                return Exit.FAILED
            case _:
                return None

    def _show(self, block: Block) -> None:
        tool = block.tool
        place = _STEP.match(tool.tool_use_id) if tool is not None else None
        if tool is None or place is None or tool.status not in _ENDED:
            return
        number = int(place[1])
        first = number not in self.tools
        self.tools[number] = tool
        if first:
            self.printer.step(self._step(number))

    def _step(self, number: int) -> dict[str, Any]:
        step = self.playbook.steps[number - 1]
        fields: dict[str, Any] = {
            "number": number,
            "line": self.playbook.lines[number - 1],
            "step": verb_of(step),
            "title": title_of(step),
            "status": "not played",
        }
        tool = self.tools.get(number)
        if tool is not None:
            fields |= {
                "status": tool.status.value,
                "risk": tool.risk.value if tool.risk else None,
                "decision": tool.decision,
                "reasons": list(tool.reasons),
                "exit_status": tool.exit_status,
                "seconds": tool.seconds,
                "text": tool.result,
            }
        return fields

    def report(self) -> list[dict[str, Any]]:
        """What became of each step, those that were not played among them."""
        return [self._step(number) for number in range(1, len(self.playbook.steps) + 1)]

    async def collect(self) -> list[str]:
        """Bring recordings and pictures to where the person wants them; gives their files."""
        kept: list[str] = []
        if not self.agent_id:
            return kept
        try:
            if self.wanted.record is not None:
                answer = await self.client.send(Recordings(agent_id=self.agent_id))
                for number, made in enumerate(_list(answer["paths"]), 1):
                    kept.append(await _keep(Path(str(made)), _numbered(self.wanted.record, number)))
            if self.wanted.screenshots is not None:
                outputs = self.client.paths.data / "outputs" / self.agent_id
                for number, step in enumerate(self.playbook.steps, 1):
                    tool = self.tools.get(number)
                    if isinstance(step, Screenshot) and tool and tool.status is ToolStatus.DONE:
                        name = f"{step.screenshot}.png"
                        kept.append(await _keep(outputs / name, self.wanted.screenshots / name))
        except (AgentError, OSError) as error:
            self.printer.notice(f"not kept: {error}")
        return kept

    async def clean_up(self) -> None:
        """Take the session off the list, its panes with it; it stays on disk."""
        try:
            if self.agent_id and not self.wanted.keep:
                with contextlib.suppress(AgentError, TimeoutError):
                    async with asyncio.timeout(STOP_SECONDS):
                        await self.client.send(StopAgent(agent_id=self.agent_id))
                        await self.client.send(ArchiveAgent(agent_id=self.agent_id))
        finally:
            await self.client.close()


class _Printer:
    """JSON lines for programs, or plain lines for people."""

    def __init__(self, out: IO[str], json: bool) -> None:
        self._out = out
        self._json = json

    def started(self, agent: AgentSummary, file: str, steps: int) -> None:
        fields = {
            "type": "started",
            "agent": agent.name,
            "agent_id": agent.id,
            "file": file,
            "steps": steps,
            "directory": agent.directory,
            "mode": agent.mode.value,
        }
        self._print(fields, f"{agent.name} plays {file} in {agent.directory}")

    def step(self, fields: dict[str, Any]) -> None:
        title = visible_line(fields["title"])
        line = f"{fields['status']:<11} {fields['number']:>3} {fields['step']}: {title}"
        told = fields["text"].splitlines()[:20]
        if fields["status"] == ToolStatus.DENIED.value:
            # That and by whom is said in the end.
            told = fields["reasons"] or told
        elif fields["status"] == ToolStatus.DONE.value:
            told = printed(fields["text"]) if fields["exit_status"] is not None else []
        line += "".join(f"\n    {each}" for each in told)
        self._print({"type": "step", **fields}, line)

    def waits(self, text: str) -> None:
        line = f"needs a person: {visible_line(text)}"
        self._print({"type": "gate", "text": text}, line)

    def notice(self, text: str) -> None:
        self._print({"type": "notice", "text": text}, text)

    def faults(self, lines: tuple[str, ...]) -> None:
        for line in lines if not self._json else ():
            self._print({}, f"usage: {line}")
        if self._json:
            self.result(Exit.USAGE, "; ".join(lines), faults=list(lines))

    def result(
        self, status: Exit, text: str, *, agent: AgentSummary | None = None, **more: Any
    ) -> None:
        fields = {
            "type": "result",
            "status": status.name.lower(),
            "exit_status": int(status),
            "text": text,
            "agent_id": agent.id if agent is not None else "",
            **more,
        }
        for path in more.get("kept", ()) if not self._json else ():
            self._print({}, f"kept {path}")
        word = {Exit.DENIED: "denied", Exit.USAGE: "usage"}.get(status, status.name.lower())
        said = status is not Exit.DONE and word in text
        self._print(fields, text if said else f"{word}: {text}" if text else word)

    def _print(self, fields: dict[str, Any], line: str) -> None:
        self._out.write((json_module.dumps(fields) if self._json else clean(line)) + "\n")
        self._out.flush()


def printed(result: str) -> list[str]:
    """The end of what a command printed, from a tool's result, whose first line says how it ended.

    Each line is short enough to be read at a glance.
    """
    _, _, text = result.partition("\n")
    lines = [_printable(line).rstrip() for line in text.splitlines() if line.strip()]
    if lines == ["(no output)"]:
        return []
    cut = [
        line if len(line) <= SHOWN_CHARACTERS else f"{line[:SHOWN_CHARACTERS]}…" for line in lines
    ]
    left = len(cut) - SHOWN_LINES
    return [f"… {left} more lines above", *cut[left:]] if left > 0 else cut


def _printable(line: str) -> str:
    """Keep what a program printed from acting on the terminal it is shown in."""
    return "".join(one if one.isprintable() else " " if one == "\t" else "\ufffd" for one in line)


async def _keep(made: Path, wanted: Path) -> str:
    await asyncio.to_thread(shutil.copyfile, made, wanted)
    return str(wanted)


def _numbered(path: Path, number: int) -> Path:
    return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _usage_problem(wanted: Wanted) -> str:
    if not wanted.directory.is_dir():
        return f"There is no directory {wanted.directory}."
    if wanted.record is not None and not wanted.record.absolute().parent.is_dir():
        return f"There is no directory {wanted.record.absolute().parent} to record into."
    if wanted.screenshots is not None:
        try:
            wanted.screenshots.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = error.strerror or error
            return f"{wanted.screenshots} cannot be made for the screenshots ({why}): name another."
    return ""
