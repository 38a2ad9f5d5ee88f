"""`tungsten demo --headless`: the demo without a screen, each action told as it ends.

Exit status: 0 when the job was done, also when the force push was denied and the agent found
another way; 1 when it was not, for whatever reason.
"""

from __future__ import annotations

import asyncio
import contextlib
import json as json_module
import sys
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent
from typing import Literal

from agent.engine.client import EngineClient
from agent.engine.start import kill
from agent.errors import AgentError, CommandRefused, EngineUnreachable
from agent.headless import PAUSED, action_fields, stopped_by_signals
from agent.paths import Paths
from agent.protocol.commands.engine import StartDemo, StopDemo
from agent.protocol.commands.gates import Answer, Decide
from agent.protocol.events import (
    ActionReported,
    DemoChanged,
    Event,
    GateOpened,
    Notice,
    QuestionAsked,
)
from agent.protocol.gates import Gate
from tungsten.screen.printable import clean, visible, visible_line

Decision = Literal["approve", "deny", "ask", "nobody"]

STOP_SECONDS = 20.0
RECONNECTS = 5
NOBODY = "No person is present to approve this."


async def run(
    paths: Paths,
    *,
    json: bool = False,
    pace: float = 1.0,
    keep: str = "",
    decision: Decision = "ask",
) -> int:
    """Run the demo to its end and tell every action on standard output.

    Args:
        paths: whose engine; one is started when none runs, and ended again afterwards.
        json: one JSON object a line (`agent`, `what`, `risk`, `decision`, `outcome`, …) instead of
            text.
        pace: how fast the scripted model talks; 0 does not wait.
        keep: directory to leave the repository in; empty: temporary.
        decision: what the person has said beforehand to the HIGH action; `ask` asks at the
            terminal; `nobody`, and `ask` without a terminal, denies as no person is there.

    Returns:
        0 done, 1 failed. What was wrong is on standard error.
    """
    try:
        client, started = await _connect(paths)
    except AgentError as error:
        _say(str(error))
        return 1
    show = _Show(client, json, decision)
    with stopped_by_signals():
        try:
            where = str(Path(keep).expanduser().absolute()) if keep else ""  # noqa: ASYNC240
            await show.begin(StartDemo(pace=pace, keep=where))
            done, text = await show.follow()
        except AgentError as error:
            done, text = False, str(error)
        finally:
            await show.stop()
            if started:
                await _end_engine(paths)
    _say(text)
    return 0 if done else 1


async def _connect(paths: Paths) -> tuple[EngineClient, bool]:
    """Connect; also says whether the engine had to be started."""
    try:
        return await EngineClient.connect(paths, start=False, client="headless"), False
    except EngineUnreachable:
        return await EngineClient.connect(paths, client="headless"), True


async def _end_engine(paths: Paths) -> None:
    """End the engine, unless somebody set it to other work meanwhile."""
    with contextlib.suppress(AgentError):
        if not await _has_agents(paths):
            await kill(paths, panes=True)


async def _has_agents(paths: Paths) -> bool:
    try:
        client = await EngineClient.connect(paths, start=False, client="headless")
    except EngineUnreachable:
        return False
    await client.close()
    snapshot = client.welcome.snapshot
    if snapshot is None:
        return True
    # Once the demo is over, an agent of one is there because a person has spoken to it.
    return any(not agent.demo or snapshot.demo is None for agent in snapshot.agents)


@dataclass(slots=True)
class _Show:
    client: EngineClient
    json: bool
    decision: Decision
    agents: set[str] = field(default_factory=set)
    _decided: set[str] = field(default_factory=set)
    _ours: bool = False

    async def begin(self, command: StartDemo) -> None:
        snapshot = self.client.welcome.snapshot
        if snapshot is not None and snapshot.paused:
            raise CommandRefused(PAUSED)
        self._ours = True
        try:
            begun = await self.client.send(command)
        except CommandRefused:
            # If a demo runs, it is somebody else's.
            self._ours = False
            raise
        agents = begun["agents"]
        self.agents.update(map(str, agents if isinstance(agents, list) else []))

    async def stop(self) -> None:
        """End the demo and the connection."""
        try:
            if self._ours:
                with contextlib.suppress(AgentError, TimeoutError):
                    async with asyncio.timeout(STOP_SECONDS):
                        await self.client.send(StopDemo())
        finally:
            await self.client.close()

    async def follow(self) -> tuple[bool, str]:
        """Watch until the demo has ended; gives whether it was done, and the one line."""
        for _ in range(RECONNECTS):
            async for line in self.client.events():
                ended = await self._take(line.event)
                if ended is not None:
                    return ended
            await self.client.close()
            self.client = await self.client.again()
            snapshot = self.client.welcome.snapshot
            if snapshot is None:
                continue
            for gate in snapshot.gates:
                await self._decide(gate)
            ended = await self._take(DemoChanged(demo=snapshot.demo))
            if ended is not None:
                return ended
        return False, "The engine ended again and again."

    async def _take(self, event: Event) -> tuple[bool, str] | None:
        match event:
            case ActionReported(agent_id=agent_id) if agent_id in self.agents:
                self._print(event)
            case GateOpened(gate=gate):
                await self._decide(gate)
            case QuestionAsked(question=question) if question.agent_id in self.agents:
                with contextlib.suppress(CommandRefused):
                    await self.client.send(Answer(question_id=question.id, text=NOBODY))
            case Notice(level="error" | "warning", text=text):
                _say(text)
            case DemoChanged(demo=None):
                return False, "The demo was stopped."
            case DemoChanged(demo=demo) if demo is not None:
                if demo.state in ("done", "failed", "stopped"):
                    return demo.state == "done", demo.text
            case _:
                pass
        return None

    async def _decide(self, gate: Gate) -> None:
        if gate.agent_id not in self.agents or gate.id in self._decided:
            return
        self._decided.add(gate.id)
        approve = self.decision == "approve"
        by: Literal["person", "nobody"] = "person"
        if self.decision == "ask" and sys.stdin is not None and sys.stdin.isatty():
            approve = await _asked(gate)
        elif self.decision in ("ask", "nobody"):
            by = "nobody"
        command = Decide(
            gate_id=gate.id,
            decision="approve" if approve else "deny",
            message=NOBODY if by == "nobody" else "",
            by=by,
        )
        # Somebody at another front end may have been faster.
        with contextlib.suppress(CommandRefused):
            await self.client.send(command)

    def _print(self, event: ActionReported) -> None:
        if event.outcome == "started":
            return
        if self.json:
            line = json_module.dumps(action_fields(event))
        else:
            what = visible_line(event.text)
            line = f"{event.agent_name:6} {event.risk.value:6} {event.decision:8} "
            line += f"{event.outcome:7} {event.action}: {what}"
            if event.by == "nobody":
                line += "  (nobody was there to ask)"
        sys.stdout.write(clean(line) + "\n")
        sys.stdout.flush()


async def _asked(gate: Gate) -> bool:
    """Ask at the terminal; only `approve`, written out, approves."""
    reasons = visible_line("; ".join(gate.reasons))
    _say(f"\n{gate.agent_name} wants to do this ({gate.risk.value}: {reasons}):")
    _say(f"\n{indent(visible(gate.text), ' ' * 4, lambda line: True)}")
    _say("\nWrite approve to let it happen, anything else denies:")
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[str] = loop.create_future()

    def readable() -> None:
        if not answered.done():
            answered.set_result(sys.stdin.readline())

    loop.add_reader(sys.stdin, readable)
    try:
        return (await answered).strip().lower() == "approve"
    finally:
        loop.remove_reader(sys.stdin)


def _say(text: str) -> None:
    print(clean(text), file=sys.stderr, flush=True)  # noqa: T201
