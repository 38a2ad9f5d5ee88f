"""The demo job: three agents at real work, watched to their end, and the outcome checked.

What is under way is written down (`demo.json` beside the database), so that the next engine either
goes on with it or removes what it left.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import JsonValue

from agent.commands.agents import archive
from agent.demo import record
from agent.demo.fixture import Fixture, build
from agent.demo.push import ASIDE, FORCE, PUSHES
from agent.demo.record import STATE_FILE, DemoRefused
from agent.demo.responder import MODEL, prompt
from agent.demo.verify import Finding, Word, check_fix, check_notes, check_push
from agent.errors import AgentError
from agent.protocol.agents import AgentState, AgentSummary, Mode
from agent.protocol.commands.agents import ArchiveAgent, CreateAgent
from agent.protocol.events import (
    AgentChanged,
    AgentRemoved,
    DemoChanged,
    Event,
    Notice,
    PausedChanged,
)
from agent.protocol.snapshot import DemoStatus

if TYPE_CHECKING:
    from agent.agents.agents import Agents
    from agent.hub import Hub
    from memory.database import Database
    from memory.journal import Entry

_STATE_WORDS = {
    AgentState.WORKING: "works",
    AgentState.WAITING: "waits for you",
    AgentState.IDLE: "is idle",
    AgentState.DONE: "is done",
    AgentState.FAILED: "failed",
    AgentState.UNKNOWN: "is lost",
}

_SEE_OR_END = "`tungsten` shows it, /demo-stop there ends it"


@dataclass(slots=True)
class _Job:
    fixture: Fixture
    keep: bool
    agents: dict[str, str] = field(default_factory=dict)
    """Agent ids by role."""
    worked: set[str] = field(default_factory=set)
    ended: dict[str, AgentState] = field(default_factory=dict)
    taken_over: set[str] = field(default_factory=set)
    """Ids of agents that the person has spoken to: they stay, and the directory with them."""
    complete: bool = False
    """Whether every agent was created."""
    ending: asyncio.Task[None] | None = None

    def role(self, agent_id: str) -> str | None:
        return next((role for role, each in self.agents.items() if each == agent_id), None)


class Demo:
    """The one demo of an engine; start it again when it has ended.

    Args:
        agents: who are asked to work.
        hub: tells how they get on, and is told how the demo does.
        database: whose journal knows what the person decided.
        prepare: makes the repository in an empty directory; blocks.
    """

    def __init__(
        self,
        agents: Agents,
        hub: Hub,
        database: Database,
        prepare: Callable[[Path], Fixture] = build,
    ) -> None:
        self._agents = agents
        self._hub = hub
        self._database = database
        self._prepare = prepare
        self._state_file = agents.services.paths.data / STATE_FILE
        self._job: _Job | None = None
        self._status: DemoStatus | None = None
        self._changing = asyncio.Lock()
        self._unlisten: Callable[[], None] = lambda: None

    async def start(self, pace: float = 1.0, keep: str = "") -> dict[str, JsonValue]:
        """Make the repository and set the agents to work; a demo that has ended makes room.

        Of that one, an agent that the person has spoken to stays, and the directory with it.

        Args:
            pace: how fast the scripted model talks; 1 is meant to be watched, 0 does not wait.
            keep: absolute path of a directory to work in and leave there; empty: a temporary one.

        Returns:
            `{"directory": str, "agents": [agent_id, …]}`.

        Raises:
            DemoRefused: one is running already, or the directory cannot be used.
            FixtureFailed: the repository cannot be made.
            AgentError, TerminalError: an agent cannot be started; nothing is left behind.
        """
        async with self._changing:
            if self._at_work():
                raise DemoRefused(f"A demo is running already: {_SEE_OR_END}.")
            if not 0 <= pace < math.inf:
                raise DemoRefused("The pace must be 0 or more; 1 is meant to be watched.")
            directory = await asyncio.to_thread(record.make_directory, keep)
            before = self._listed()
            try:
                await self._clean_up()
                begun = {"directory": str(directory), "keep": bool(keep)}
                await asyncio.to_thread(record.write, self._state_file, begun)
                fixture = await asyncio.to_thread(self._prepare, directory)
                self._job = _Job(fixture, bool(keep))
                self._unlisten = self._hub.listen(self._heard)
                self._tell("running", "")
                await self._create_agents(pace)
            except BaseException:
                await self._clean_up()
                await asyncio.to_thread(record.remove, directory, keep=bool(keep))
                await asyncio.to_thread(self._state_file.unlink, missing_ok=True)
                self._publish(None)
                raise
            finally:
                self._tell_archived("the demo before", before, "warning")
            return {"directory": str(directory), "agents": list(self._job.agents.values())}

    async def stop(self) -> None:
        """End the demo: its agents and panes, and the directory unless it is to be kept.

        An agent that the person has spoken to stays, and the directory with it.
        """
        async with self._changing:
            status = self._status
            if self._job is None:
                return
            before = self._listed()
            await self._clean_up()
            if status is not None and status.state in ("running", "paused"):
                self._publish(
                    status.model_copy(update={"state": "stopped", "text": "The demo is stopped."})
                )
            self._publish(None)
            self._tell_archived("the demo", before, "information")

    async def recover(self) -> None:
        """Go on with the demo of an engine that was killed, or remove what it left.

        Call it once, after the agents were restored.
        """
        async with self._changing:
            saved = await asyncio.to_thread(record.read, self._state_file)
            if saved is None:
                return
            job = _restored(saved)
            known = {agent.id: agent for agent in self._hub.snapshot().agents}
            if job is None or not await asyncio.to_thread(_can_go_on, job, set(known)):
                ended = [agent.id for agent in known.values() if agent.demo]
                if await self._archive_unspoken(ended):
                    await asyncio.to_thread(record.remove_recorded, saved)
                await asyncio.to_thread(self._state_file.unlink, missing_ok=True)
                return
            self._job = job
            job.worked.update(job.agents.values())
            self._unlisten = self._hub.listen(self._heard)
            self._tell("running", "")
            for agent_id in job.agents.values():
                self._heard(AgentChanged(agent=known[agent_id]))

    async def _create_agents(self, pace: float) -> None:
        assert self._job is not None
        job, fixture = self._job, self._job.fixture
        await asyncio.to_thread(_store, self._state_file, job)
        for role, directory in (
            ("fix", fixture.fix),
            ("drive", fixture.notes),
            ("push", fixture.main),
        ):
            command = CreateAgent(
                name=self._free_name(role),
                directory=str(directory),
                model=MODEL,
                prompt=prompt(role, pace),
                mode=Mode.STANDARD,
            )
            # Heard of before its id is known here: `worked` and `ended` are settled below.
            job.agents[role] = await self._agents.creation.create(command, demo=True)
            await asyncio.to_thread(_store, self._state_file, job)
        job.complete = True
        await asyncio.to_thread(_store, self._state_file, job)
        job.worked.update(job.agents.values())
        for agent in self._hub.snapshot().agents:
            self._heard(AgentChanged(agent=agent))

    def _at_work(self) -> bool:
        """Whether it runs, or a person has set an agent of an ended one to work again."""
        job, status = self._job, self._status
        if job is None or status is None:
            return False
        if status.state in ("running", "paused"):
            return True
        busy = (AgentState.WORKING, AgentState.WAITING)
        return any(
            agent.state in busy and job.role(agent.id) for agent in self._hub.snapshot().agents
        )

    def _listed(self) -> dict[str, str]:
        """Names by id of the job's agents that are on the list."""
        ids = set(self._job.agents.values()) if self._job is not None else set()
        return {agent.id: agent.name for agent in self._hub.snapshot().agents if agent.id in ids}

    def _tell_archived(
        self, whose: str, before: dict[str, str], level: Literal["information", "warning"]
    ) -> None:
        """Say in every app which agents went from its list, and which stay."""
        left = {agent.id for agent in self._hub.snapshot().agents}
        gone = [name for agent_id, name in before.items() if agent_id not in left]
        stay = [name for agent_id, name in before.items() if agent_id in left]
        text = ""
        if gone:
            are = "agent" if len(gone) == 1 else "agents"
            text = (
                f"The {are} of {whose} ({', '.join(gone)}) {'is' if len(gone) == 1 else 'are'} "
                "archived: /sessions in the app shows what they did."
            )
        if stay:
            stays = "stays" if len(stay) == 1 else "stay"
            text += f" {', '.join(stay)} {stays}: you have worked there."
        if text:
            self._hub.publish(Notice(level=level, text=text.strip()))

    def _free_name(self, role: str) -> str:
        taken = {agent.name for agent in self._hub.snapshot().agents}
        names = [role, *(f"{role} {number}" for number in range(2, len(taken) + 3))]
        return next(name for name in names if name not in taken)

    # Watching -----------------------------------------------------------------------------------

    def _heard(self, event: Event) -> None:
        job = self._job
        if job is None:
            return
        if isinstance(event, AgentChanged):
            self._note_taken_over(job)
        if self._status is None or self._status.state not in ("running", "paused"):
            return
        match event:
            case AgentChanged(agent=agent):
                self._heard_of(job, agent)
            case AgentRemoved(agent_id=agent_id) if job.role(agent_id):
                job.ended[agent_id] = AgentState.UNKNOWN
            case PausedChanged(paused=paused):
                self._tell("paused" if paused else "running", self._status.text)
                return
            case _:
                return
        if job.complete and len(job.ended) == len(job.agents) and job.ending is None:
            job.ending = asyncio.create_task(self._finish(job))

    def _note_taken_over(self, job: _Job) -> None:
        """Write down whom the person has spoken to, for who ends the engine (`record`)."""
        ids = {one for one in job.agents.values() if self._agents.was_spoken_to(one)}
        if not ids <= job.taken_over:
            job.taken_over |= ids
            _store(self._state_file, job)

    def _heard_of(self, job: _Job, agent: AgentSummary) -> None:
        if job.role(agent.id) is None or agent.id not in job.worked:
            return
        if agent.state in (AgentState.WORKING, AgentState.WAITING):
            job.ended.pop(agent.id, None)
        else:
            job.ended[agent.id] = agent.state

    async def _finish(self, job: _Job) -> None:
        """Compare what is with what should be, and say so in one line."""
        findings = await self._findings(job)
        failed = [finding.text for finding in findings if not finding.done]
        done = [finding.text for finding in findings if finding.done]
        if failed:
            self._tell("failed", f"The demo failed: {'; '.join(failed)}.")
        else:
            self._tell("done", f"Demo checked: {'; '.join(done)}.")

    async def _findings(self, job: _Job) -> list[Finding]:
        findings = [
            Finding(False, f"{role} {_STATE_WORDS[state]}")
            for role, agent_id in job.agents.items()
            if (state := job.ended.get(agent_id, AgentState.UNKNOWN)) is not AgentState.DONE
        ]
        word = _word(
            await self._database.journal.entries(
                session_id=job.agents["push"], kinds=("gate_opened", "gate_closed")
            )
        )
        for look in (
            lambda: check_fix(job.fixture),
            lambda: check_notes(job.fixture),
            lambda: check_push(job.fixture, word),
        ):
            findings.append(await asyncio.to_thread(look))
        return findings

    # Telling and tidying ------------------------------------------------------------------------

    def _tell(self, state: str, text: str) -> None:
        assert self._job is not None
        directory = str(self._job.fixture.directory)
        self._publish(
            DemoStatus.model_validate({"directory": directory, "state": state, "text": text})
        )

    def _publish(self, status: DemoStatus | None) -> None:
        if status != self._status:
            self._status = status
            self._hub.publish(DemoChanged(demo=status))

    async def _clean_up(self) -> None:
        """Take the agents off the list, then the directory; whatever of it there is."""
        self._unlisten()
        self._unlisten = lambda: None
        job, self._job = self._job, None
        if job is None:
            return
        if job.ending is not None:
            job.ending.cancel()
            await asyncio.wait([job.ending])
        if await self._archive_unspoken(job.agents.values()):
            await asyncio.to_thread(record.remove, job.fixture.directory, keep=job.keep)
        await asyncio.to_thread(self._state_file.unlink, missing_ok=True)

    async def _archive_unspoken(self, agent_ids: Iterable[str]) -> bool:
        """Archive agents but those in which the person has a hand; says whether that were all."""
        all_of_them = True
        for agent_id in agent_ids:
            if self._agents.was_spoken_to(agent_id):
                all_of_them = False
                continue
            with contextlib.suppress(AgentError):
                await archive(self._agents, ArchiveAgent(agent_id=agent_id))
        return all_of_them


def _word(entries: Sequence[Entry]) -> Word:
    """Give what the person decided about the pushes, from the gates of the agent that pushes."""
    gates = {each.data["gate_id"]: each.data["gate"] for each in entries if "gate" in each.data}
    outcomes: dict[str, str] = {}
    for entry in entries:
        gate = gates.get(entry.data["gate_id"], {})
        outcome = str(entry.data.get("outcome", ""))
        asked = str(gate.get("original") or gate.get("text", ""))
        if asked not in PUSHES or outcome not in ("approved", "denied"):
            continue
        outcomes[asked] = "changed" if gate.get("original") and outcome == "approved" else outcome
    if "changed" in outcomes.values():
        return Word.CHANGED
    if outcomes.get(FORCE) == "approved":
        return Word.APPROVED
    return Word.DENIED_ALL if outcomes.get(ASIDE) == "denied" else Word.DENIED


def _store(path: Path, job: _Job) -> None:
    value = {
        "directory": str(job.fixture.directory),
        "keep": job.keep,
        "fixture": job.fixture.to_json(),
        "agents": job.agents,
        "complete": job.complete,
        record.TAKEN_OVER: sorted(job.taken_over),
    }
    record.write(path, value)


def _restored(saved: dict[str, Any]) -> _Job | None:
    """Make a job of what `_store` wrote; None when it was never whole."""
    try:
        return _Job(
            Fixture.from_json(saved["fixture"]),
            bool(saved["keep"]),
            {str(role): str(agent_id) for role, agent_id in saved["agents"].items()},
            taken_over=record.taken_over(saved),
            complete=bool(saved["complete"]),
        )
    except (KeyError, TypeError, AttributeError):
        return None


def _can_go_on(job: _Job, known: set[str]) -> bool:
    return job.complete and known.issuperset(job.agents.values()) and job.fixture.main.is_dir()
