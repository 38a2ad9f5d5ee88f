"""Hooks against a real engine: real hook processes, from within a real pane and beside it."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent.engine.client import EngineClient
from agent.paths import Paths
from agent.protocol.agents import AgentState, Mode
from agent.protocol.commands.agents import CreateAgent, SetMode
from agent.protocol.commands.explain import ExplainGate
from agent.protocol.commands.gates import Decide
from agent.protocol.commands.prompts import ReadTranscript
from agent.protocol.events import ActionReported, AgentChanged, GateClosed, GateOpened
from agent.protocol.gates import Gate

ROOT = Path(__file__).parents[3]
STUB = ROOT / "tests" / "stubs" / "hooked_agent.py"
WAIT = 60.0

ALLOWED = {"hookEventName": "PermissionRequest", "decision": {"behavior": "allow"}}
ALLOW = {"hookSpecificOutput": ALLOWED}


class Session:
    """A hosted agent, and its test's view of the engine."""

    def __init__(self, client: EngineClient, paths: Paths, project: Path, mailbox: Path) -> None:
        self.client, self.paths, self.project, self.mailbox = client, paths, project, mailbox
        self.events = client.events()
        self.seen: list[Any] = []

    async def until(self, wanted: Callable[[Any], bool]) -> Any:
        async with asyncio.timeout(WAIT):
            async for line in self.events:
                self.seen.append(line.event)
                if wanted(line.event):
                    return line.event
        raise AssertionError("the engine ended")

    async def gate(self) -> Gate:
        return (await self.until(lambda event: isinstance(event, GateOpened))).gate

    async def closed(self) -> GateClosed:
        return await self.until(lambda event: isinstance(event, GateClosed))

    def argv(self, agent: str) -> list[str]:
        socket = str(self.paths.engine_socket)
        return [sys.executable, "-m", "tui.cli", "hook", agent, "--socket", socket]

    def said(self, tool: str, event: str = "PermissionRequest", **given: Any) -> str:
        return json.dumps(
            {
                "session_id": "s1",
                "transcript_path": "/nowhere",
                "cwd": str(self.project),
                "permission_mode": "default",
                "hook_event_name": event,
                "tool_name": tool,
                "tool_input": given,
            }
        )

    async def start(self, agent: str, stdin: str) -> tuple[asyncio.StreamReader, Any]:
        reader, writer = await asyncio.open_unix_connection(str(self.mailbox))
        writer.write(json.dumps({"argv": self.argv(agent), "stdin": stdin}).encode() + b"\n")
        await writer.drain()
        return reader, writer

    async def result(self, started: tuple[asyncio.StreamReader, Any]) -> dict[str, Any] | None:
        async with asyncio.timeout(WAIT):
            answer = json.loads(await started[0].readline())
        started[1].close()
        assert answer["status"] == 0
        return json.loads(answer["stdout"]) if answer["stdout"] else None

    async def hook(self, agent: str, stdin: str) -> dict[str, Any] | None:
        return await self.result(await self.start(agent, stdin))

    async def decide(self, gate: Gate, decision: str, message: str = "") -> None:
        await self.client.send(Decide(gate_id=gate.id, decision=decision, message=message))


async def hosted(client: EngineClient, paths: Paths, short_dir: Path) -> Session:
    project = short_dir / "project"
    project.mkdir()
    (project / "a.txt").write_text("one\n")
    mailbox = short_dir / "mailbox"
    session = Session(client, paths, project, mailbox)
    command = shlex.join([sys.executable, str(STUB), str(mailbox)])
    await client.send(
        CreateAgent(directory=str(project), command=f"cd {ROOT} && {command}", mode=Mode.STANDARD)
    )

    def settled(event: Any) -> bool:
        return isinstance(event, GateOpened) or (
            isinstance(event, AgentChanged) and event.agent.state is AgentState.WORKING
        )

    event = await session.until(settled)
    if isinstance(event, GateOpened):
        await session.decide(event.gate, "approve")
        await session.until(lambda e: settled(e) and isinstance(e, AgentChanged))
    async with asyncio.timeout(WAIT):
        while not mailbox.exists():  # noqa: ASYNC110 - a program of its own makes it
            await asyncio.sleep(0.02)
    return session


async def test_questions_of_hooks_pass_the_gate(paths: Paths, connect, short_dir: Path) -> None:
    client = await connect()
    session = await hosted(client, paths, short_dir)
    agent_id = next(e.agent.id for e in session.seen if isinstance(e, AgentChanged))

    # Harmless: at once, silently, and in the journal.
    before = len(session.seen)
    assert await session.hook("claude", session.said("Bash", command="ls -la")) == ALLOW
    ran = await session.until(lambda e: isinstance(e, ActionReported) and e.outcome == "ok")
    assert (ran.text, ran.by, ran.risk) == ("ls -la", "policy", "LOW")
    new = str(session.project / "new.txt")
    written = session.said("Write", file_path=new, content="x\n")
    assert await session.hook("claude", written) == ALLOW
    assert await session.hook("codex", session.said("Bash", command="mkdir sub")) == ALLOW
    assert not any(isinstance(e, GateOpened) for e in session.seen[before:])

    # HIGH: a person approves, exactly as for every other agent.
    started = await session.start("claude", session.said("Bash", command="rm -rf ~/work"))
    gate = await session.gate()
    assert (gate.text, gate.risk, gate.action) == ("rm -rf ~/work", "HIGH", "run_command")
    assert (gate.cwd, gate.pane_id is not None) == (str(session.project), True)
    assert "rm" in str(await client.send(ExplainGate(gate_id=gate.id)))
    await session.decide(gate, "approve")
    assert await session.result(started) == ALLOW
    assert (await session.closed()).outcome == "approved"

    # HIGH: a person changes the command first: it is judged anew, shown, and run in its place.
    given = {"command": "rm -rf ~/work", "timeout": 5, "description": "Clean up"}
    started = await session.start("claude", session.said("Bash", **given))
    gate = await session.gate()
    assert (gate.risk, gate.fixed) == ("HIGH", "")
    await client.send(Decide(gate_id=gate.id, decision="approve", edited="rm -rf ./build"))
    changed = await session.gate()
    assert (changed.text, changed.risk, changed.original) == (
        "rm -rf ./build",
        "MEDIUM",
        "rm -rf ~/work",
    )
    await session.decide(changed, "approve")
    decision = {"behavior": "allow", "updatedInput": given | {"command": "rm -rf ./build"}}
    answer = (await session.result(started) or {})["hookSpecificOutput"]
    assert answer == {"hookEventName": "PermissionRequest", "decision": decision}
    await session.until(lambda e: isinstance(e, ActionReported) and e.text == "rm -rf ./build")
    # The model is told of it once, when its agent says what came of it.
    done = session.said("Bash", "PostToolUse", **given)
    told = (await session.hook("claude", done) or {})["hookSpecificOutput"]
    assert told["hookEventName"] == "PostToolUse"
    assert "ran in its place is:\nrm -rf ./build\n\nYours was:\nrm -rf ~/work" in str(
        told["additionalContext"]
    )
    assert await session.hook("claude", done) is None
    # One that is answered in the pane meanwhile is withdrawn like any other.
    started = await session.start("claude", session.said("Bash", command="sudo reboot"))
    gate = await session.gate()
    await client.send(Decide(gate_id=gate.id, decision="approve", edited="sudo halt"))
    changed = await session.gate()
    started[1].close()
    closed = await session.until(lambda e: isinstance(e, GateClosed) and e.gate_id == changed.id)
    assert (closed.outcome, closed.text) == ("withdrawn", "answered in its own pane")

    # HIGH: a person denies, with a word to the agent.
    started = await session.start("claude", session.said("mcp__db__drop", table="users"))
    gate = await session.gate()
    assert gate.action == "call_tool"
    assert "users" in gate.text
    await session.decide(gate, "deny", "use a copy")
    answer = (await session.result(started) or {})["hookSpecificOutput"]["decision"]
    assert answer["behavior"] == "deny"
    assert "use a copy" in answer["message"]

    # The person answers in the pane: first the hook is ended, then the agent only tells of it.
    started = await session.start("claude", session.said("Bash", command="sudo reboot"))
    gate = await session.gate()
    started[1].close()
    closed = await session.closed()
    assert (closed.outcome, closed.text) == ("withdrawn", "answered in its own pane")
    dangerous = session.said("Bash", command="sudo halt")
    started = await session.start("claude", dangerous)
    await session.gate()
    other = dangerous.replace("PermissionRequest", "PostToolUse").replace("halt", "ls")
    assert await session.hook("claude", other) is None
    done = dangerous.replace("PermissionRequest", "PostToolUse")
    assert await session.hook("claude", done) is None
    assert (await session.closed()).text == "answered in its own pane"
    assert await session.result(started) is None

    # Codex's screen is let go soon; the agent's own prompt stands.
    started = await session.start("codex", session.said("Bash", command="sudo reboot"))
    gate = await session.gate()
    assert gate.fixed == "Codex runs a command only as it asked"
    assert await session.result(started) is None
    assert "own pane" in (await session.closed()).text

    # What is not understood, and what nobody hosts, gets no answer; nor may a hook decide.
    assert await session.hook("claude", "{") is None
    assert await session.hook("claude", "[1]") is None
    assert await session.hook("claude", session.said("AskUserQuestion", questions=[])) is None
    beside = await asyncio.create_subprocess_exec(
        *session.argv("claude"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    said = session.said("Bash", command="ls").encode()
    assert (await beside.communicate(said), beside.returncode) == ((b"", None), 0)

    # Plan mode refuses, as it does anywhere.
    await client.send(SetMode(agent_id=agent_id, mode=Mode.PLAN))
    answer = await session.hook("claude", session.said("Bash", command="touch a"))
    assert (answer or {})["hookSpecificOutput"]["decision"]["behavior"] == "deny"
    await client.send(SetMode(agent_id=agent_id, mode=Mode.STANDARD))

    page = await client.send(ReadTranscript(agent_id=agent_id))
    assert "rm -rf ~/work" in json.dumps(page)

    # The engine is killed while a person is asked: nothing is printed, and the next one says so.
    started = await session.start("claude", session.said("Bash", command="sudo reboot"))
    await session.gate()
    os.kill(client.welcome.snapshot.engine.pid, signal.SIGKILL)
    assert await session.result(started) is None
    again = await connect()
    assert again.welcome.snapshot.gates == ()
    # And without any engine, nothing either.
    assert len(again.welcome.snapshot.agents) == 1
