"""`kill -9` of the engine, at any write and at any instant: the next one goes on.

Nothing that was written is lost, nothing happens twice, no decision is asked for again, and what
has no recorded outcome is told to the model as unknown.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.engine.client import EngineClient
from agent.errors import AgentError, EngineGone
from agent.model.local_server.faults import Fault
from agent.model.local_server.responder import ResponderMessage
from agent.model.local_server.server import LocalMessagesServer
from agent.protocol.agents import AgentState, Mode
from agent.protocol.commands.agents import ArchiveAgent, CreateAgent
from agent.protocol.commands.gates import Answer, Decide
from agent.protocol.commands.panes import RunAsPerson
from agent.protocol.commands.prompts import Compact, ReadTranscript, SendPrompt
from agent.protocol.events import AgentChanged, BlockChanged, GateOpened, QuestionAsked
from memory.database import Database

PROGRAM = Path(__file__).with_name("killed_engines.py")
ROOT = Path(__file__).parents[3]
KEY = "sk-test-0123456789"
MODEL = "tungsten-demo"

PUSH = "git push -f origin main; echo x >> pushed"
STEPS = [
    [("terminal_run", {"command": "echo first >> log; cat log"})],
    [("terminal_run", {"command": "echo never >> never"})],
    [
        ("file_read", {"path": "log"}),
        ("file_list", {"path": "."}),
        ("file_write", {"path": "made.txt", "content": "made\n"}),
    ],
    [("terminal_run", {"command": PUSH})],
    [("ask_person", {"question": "Was that all?"})],
]
TRUNCATED = 1
"""The step whose tool input never comes whole."""

FINAL = "All done."
TALK = "Only talk."
SUMMARY = "They only talked."
MOST_ENGINES = 20
RESTED = (AgentState.DONE, AgentState.FAILED, AgentState.UNKNOWN)


class Model:
    """Takes one step after another; where it stands is read from the conversation."""

    def __init__(self):
        self.server = LocalMessagesServer(
            self, api_key=KEY, record=True, bind_thinking=True, faults=None
        )
        self.server.on_body = self.look

    def look(self, body):
        if steps_of(json.loads(body)) == TRUNCATED and TALK.encode() not in body:
            self.server.faults.add(Fault("truncated_input"))

    async def respond(self, request):
        last = str(request["messages"][-1]["content"][-1])
        if "taken out of your context" in last:
            return ResponderMessage([{"type": "text", "text": SUMMARY}])
        if TALK in str(request["messages"]):
            return ResponderMessage([{"type": "text", "text": FINAL}])
        number = steps_of(request)
        if number >= len(STEPS):
            return ResponderMessage([{"type": "text", "text": FINAL}])
        uses = [
            {"type": "tool_use", "id": f"toolu_{number}_{place}", "name": name, "input": given}
            for place, (name, given) in enumerate(STEPS[number])
        ]
        thought = {"type": "thinking", "thinking": f"Step {number}.", "signature": ""}
        return ResponderMessage([thought, {"type": "text", "text": f"step {number}"}, *uses])


def steps_of(request):
    return sum(message["role"] == "assistant" for message in request["messages"])


@dataclass
class Engines:
    """Engines of one Tungsten, one after another, and a person at a front end of each."""

    paths: object
    program: asyncio.subprocess.Process
    model: Model
    notes: Path
    pid: int | None = None
    client: EngineClient | None = None
    decided: set[str] = field(default_factory=set)
    """Gates and questions whose decision an engine has confirmed."""
    asked: list[str] = field(default_factory=list)
    """Gates and questions, each as often as it was opened anew."""
    created: bool = False
    prompted: bool = False
    """Whether an engine has confirmed that there is an agent, and that it knows what to do."""
    started: int = 0
    """Engines of this life."""

    async def start(self, kill):
        """Start an engine that dies at a write, and connect; gives whether it answered."""
        await self.leave()
        self.started += 1
        arguments = [
            word
            for name, path in (
                ("--config", self.paths.config),
                ("--data", self.paths.data),
                ("--runtime", self.paths.runtime),
            )
            for word in (name, str(path))
        ]
        self.notes.touch()
        order = {"arguments": arguments, "kill": kill, "path": str(self.notes)}
        self.program.stdin.write(json.dumps(order).encode() + b"\n")
        self.pid, said = json.loads(await self.program.stdout.readline())
        if said != "ready":
            # It died before it could answer.
            assert said == "", said
            return False
        try:
            self.client = await EngineClient.connect(self.paths, start=False)
        except AgentError:
            return False
        return True

    async def leave(self):
        if self.client is not None:
            await self.client.close()
            self.client = None

    def kill(self):
        """Kill the engine at this very moment."""
        os.kill(self.pid, signal.SIGKILL)

    async def follow(self, agent_id):
        """Decide and answer until the agent rests; False when the engine died before that."""
        snapshot = self.client.welcome.snapshot
        for gate in snapshot.gates:
            if not await self.decide(gate.id, Decide(gate_id=gate.id, decision="approve")):
                return False
        for question in snapshot.questions:
            answer = Answer(question_id=question.id, text="yes")
            if not await self.decide(question.id, answer):
                return False
        states = {agent.id: agent.state for agent in snapshot.agents}
        if states.get(agent_id) in RESTED and self.prompted:
            return True
        async for line in self.client.events():
            match line.event:
                case GateOpened(gate=gate):
                    command = Decide(gate_id=gate.id, decision="approve")
                    if not await self.decide(gate.id, command):
                        return False
                case QuestionAsked(question=question):
                    command = Answer(question_id=question.id, text="yes")
                    if not await self.decide(question.id, command):
                        return False
                case AgentChanged(agent=agent) if agent.id == agent_id:
                    if agent.state in RESTED and self.prompted:
                        return True
        return False

    async def decide(self, name, command):
        if name in self.decided:
            return True
        self.asked.append(name)
        try:
            await self.client.send(command)
        except EngineGone:
            self.asked.remove(name)
            return False
        self.decided.add(name)
        return True

    # One life ---------------------------------------------------------------------------------

    async def life(self, project, *kills, delay=None):
        """Have one task done by as many engines as it takes; gives what became of it.

        Args:
            project: where it is done.
            kills: the writes at which the first engines die, one after another.
            delay: seconds after the prompt was sent until the first is killed, if it is.
        """
        self.decided.clear()
        self.asked.clear()
        self.created = self.prompted = False
        self.started = 0
        self.notes.unlink(missing_ok=True)
        left = iter(kills)
        while not await self.engine(project, next(left, 0), delay):
            delay = None
            assert self.started < MOST_ENGINES
        return await self.examined(project)

    async def engine(self, project, kill, delay):
        """Go on with the next engine, as the person whose app reconnects.

        Returns:
            Whether the agent came to rest before the engine died.
        """
        if not await self.start(kill):
            return False
        killing = None
        try:
            agents = self.client.welcome.snapshot.agents
            if agents:
                agent_id = agents[0].id
            else:
                # What was confirmed is there.
                assert not self.created
                create = CreateAgent(directory=str(project), mode=Mode.STANDARD)
                agent_id = str((await self.client.send(create))["agent_id"])
            self.created = True
            async with await Database.open(self.paths.database) as database:
                rows = await database.sessions.rows(agent_id)
            if not rows:
                assert not self.prompted
                if delay is not None:
                    killing = asyncio.get_running_loop().call_later(delay, self.kill)
                await self.client.send(SendPrompt(agent_id=agent_id, text="Do it."))
            self.prompted = True
            return await self.follow(agent_id)
        except EngineGone:
            return False
        finally:
            if killing is not None:
                killing.cancel()

    async def errand(self, project, fatal, *, program):
        """Have a person's own command or program run by an engine that is killed.

        Returns:
            Whether it was confirmed, whether its gate was decided, how it is shown, what happened
            outside, and how many writes all that took.
        """
        self.decided.clear()
        self.notes.unlink(missing_ok=True)
        confirmed = False
        agent_id = ""
        for kill in (fatal, 0):
            if not await self.start(kill):
                continue
            try:
                agents = self.client.welcome.snapshot.agents
                create = CreateAgent(
                    directory=str(project), mode=Mode.STANDARD, command=PUSH if program else ""
                )
                agent_id = (
                    agents[0].id if agents else str((await self.client.send(create))["agent_id"])
                )
                if kill == fatal and not (program or confirmed):
                    await self.client.send(RunAsPerson(agent_id=agent_id, command=PUSH))
                confirmed = confirmed or kill == fatal
                block = await self.shown(agent_id)
            except EngineGone:
                continue
        writes = len(self.notes.read_text().splitlines())
        log = project / "pushed"
        if program and block and block["status"] == "done":
            # Shown as soon as it runs.
            async with asyncio.timeout(20):
                while not log.exists():  # noqa: ASYNC110 - nothing tells of it
                    await asyncio.sleep(0.01)
        await self.client.send(ArchiveAgent(agent_id=agent_id))
        pushed = log.read_text().split() if log.exists() else []
        return confirmed, bool(self.decided), block, pushed, writes

    async def compacted(self, project, *kills):
        """Have a conversation compacted by engines that are killed, and go on with it.

        Returns:
            What became of it, and how many writes the first engine made.
        """
        self.notes.unlink(missing_ok=True)
        assert await self.start(0)
        create = CreateAgent(directory=str(project), mode=Mode.STANDARD)
        agent_id = str((await self.client.send(create))["agent_id"])
        await self.client.send(SendPrompt(agent_id=agent_id, text=TALK))
        assert await self.worked(agent_id)
        before = len(self.notes.read_text().splitlines())
        for kill in kills:
            if await self.start(kill):
                try:
                    await self.client.send(Compact(agent_id=agent_id))
                    await self.worked(agent_id)
                except EngineGone:
                    continue
        writes = len(self.notes.read_text().splitlines()) - before
        assert await self.start(0)
        await self.client.send(SendPrompt(agent_id=agent_id, text="Go on."))
        assert await self.worked(agent_id)
        page = await self.client.send(ReadTranscript(agent_id=agent_id))
        found = await self.examined(project)
        async with await Database.open(self.paths.database) as database:
            rows = await database.sessions.rows(agent_id)
        found["compactions"] = sum('"type":"compacted"' in row.payload for row in rows)
        found["told"] = sum(block["text"].startswith("Compacted") for block in page["blocks"])
        found["sent"] = str(self.model.server.received[-1])
        return found, writes

    async def worked(self, agent_id):
        """Wait until the agent has begun something and rests; False when the engine died."""
        begun = False
        async for line in self.client.events():
            match line.event:
                case AgentChanged(agent=agent) if agent.id == agent_id:
                    if begun and agent.state in RESTED:
                        return True
                    begun = begun or agent.state is AgentState.WORKING
        return False

    async def shown(self, agent_id):
        """The person's command once it has an end; None where nobody knows of one."""
        for gate in self.client.welcome.snapshot.gates:
            await self.decide(gate.id, Decide(gate_id=gate.id, decision="approve"))
        while True:
            answer = await self.client.send(ReadTranscript(agent_id=agent_id))
            tools = [block["tool"] for block in answer["blocks"] if block["tool"]]
            if not tools or tools[-1]["status"] not in ("preparing", "gated", "running"):
                assert len(tools) <= 1
                return tools[-1] if tools else None
            async for line in self.client.events():
                if isinstance(line.event, GateOpened):
                    gate = line.event.gate
                    await self.decide(gate.id, Decide(gate_id=gate.id, decision="approve"))
                if isinstance(line.event, BlockChanged):
                    break
            else:
                raise EngineGone("It died.")

    async def examined(self, project):
        """Look what is in the database and in yet another engine, and what happened outside."""
        engines = self.started
        written = [tuple(json.loads(line)) for line in self.notes.read_text().splitlines()]
        assert await self.start(0)
        [agent] = self.client.welcome.snapshot.agents
        async with await Database.open(self.paths.database) as database:
            await database.sessions.verify(agent.id)
            await database.journal.verify()
            rows = await database.sessions.rows(agent.id)
            entries = await database.journal.entries()
            there = {("row", row.session_id, row.seq, row.prefix_sha256) for row in rows}
            there |= {("entry", entry.seq, entry.chain) for entry in entries}
            messages = [json.loads(row.payload) for row in rows if row.role != "event"]
            found = {
                "state": agent.state,
                "activity": agent.activity,
                "engines": engines,
                "writes": len(written),
                "lost": [each for each in written if each[0] != "write" and each not in there],
                "unfinished": await database.journal.unfinished_actions(),
                "gates": await database.journal.open_gates(),
                "asked": list(self.asked),
                "refused": list(self.model.server.refused),
                "roles": [message["role"] for message in messages],
                "results": {
                    block["tool_use_id"]: block["content"]
                    for message in messages
                    for block in message["content"]
                    if block["type"] == "tool_result"
                },
            }
        for name in ("log", "pushed", "made.txt", "never"):
            path = project / name
            found[name] = path.read_text().split() if path.exists() else []
        # So that the next one has only its own to bring back.
        await self.client.send(ArchiveAgent(agent_id=agent.id))
        await self.leave()
        return found


@pytest.fixture
async def engines(paths, short_dir):
    model = Model()
    await model.server.start()
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, str(PROGRAM)),
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "ANTHROPIC_BASE_URL": model.server.base_url,
            "ANTHROPIC_API_KEY": KEY,
            "TUNGSTEN_MODEL": MODEL,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    made = Engines(paths, program, model, short_dir / "notes")
    try:
        yield made
    finally:
        await made.leave()
        program.stdin.close()
        await program.wait()
        await model.server.close()


def check(found):
    """What must hold wherever it was killed."""
    assert found["state"] == "done", found
    assert found["activity"] == FINAL, found
    for name in ("lost", "unfinished", "gates", "refused", "never"):
        assert not found[name], (name, found)
    # The same conversation as without any kill: nothing is said or told twice.
    assert found["roles"] == ["user", "assistant"] * (1 + len(STEPS)), found
    results = found["results"]
    assert set(results) == {
        f"toolu_{number}_{place}" for number, uses in enumerate(STEPS) for place in range(len(uses))
    }
    # In other words where it is known only that it must not run, and no longer why.
    assert re.search(r"nothing.* was run", results[f"toolu_{TRUNCATED}_0"]), found
    assert "yes" in results["toolu_4_0"]
    for effect, use in (("log", "0_0"), ("made.txt", "2_2"), ("pushed", "3_0")):
        assert len(found[effect]) <= 1, (effect, found)
        if "outcome unknown" not in results[f"toolu_{use}"]:
            assert len(found[effect]) == 1, (effect, found)
    # One gate and one question; whoever has decided is not asked again.
    assert len(found["asked"]) <= 2, found


def check_errand(confirmed, decided, block, pushed):
    """A confirmed command is shown with what became of it, and that is what became of it."""
    assert len(pushed) <= 1
    if block is None:
        assert not confirmed
        assert not decided
        assert not pushed
        return
    assert block["status"] in ("done", "unknown", "interrupted"), block
    if block["status"] == "done":
        assert pushed == ["x"]
    if block["status"] == "interrupted":
        assert "nothing was done" in block["result"]
        assert pushed == []
        # Whoever has decided is not told that it came to nothing.
        assert not decided


def check_compacted(found, kills):
    """It was done or not done, the person knows which, and the conversation goes on."""
    for name in ("lost", "unfinished", "refused"):
        assert not found[name], (name, found)
    assert (found["state"], found["activity"]) == ("done", FINAL), found
    assert found["compactions"] <= kills
    assert found["told"] == found["compactions"], found
    roles = ["user", "assistant", *["user"] * found["compactions"], "user", "assistant"]
    assert found["roles"] == roles, (found["roles"], found["sent"])
    assert TALK in found["sent"]
    assert (SUMMARY in found["sent"]) == bool(found["compactions"]), found


def project_of(short_dir, number):
    directory = short_dir / f"project-{number}"
    directory.mkdir()
    return directory


async def test_engines_killed_at_some_writes_and_an_instant(engines, short_dir):
    # In one, for it takes long until the program that makes engines is there.
    for kills in (("-assistant",), ("action_ended", 3, -2), ("-gate_closed",)):
        found = await engines.life(project_of(short_dir, kills[0]), *kills)
        check(found)
        assert found["engines"] == 1 + len(kills)
    check(await engines.life(project_of(short_dir, 0), delay=0.2))
    for kill, program in (("gate_opened", False), ("-gate_closed", True)):
        directory = project_of(short_dir, f"{kill}-{program}")
        *found, _ = await engines.errand(directory, kill, program=program)
        check_errand(*found)
    found, _ = await engines.compacted(project_of(short_dir, "compacted"), "-all event")
    check_compacted(found, 1)
    assert found["compactions"] == 1


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_engines_killed_at_every_write_of_a_compaction(engines, short_dir):
    found, writes = await engines.compacted(project_of(short_dir, 0), 0)
    check_compacted(found, 1)
    assert found["compactions"] == 1
    for number in range(1, writes + 1):
        for sign in (1, -1):
            directory = project_of(short_dir, sign * number)
            found, _ = await engines.compacted(directory, sign * number)
            check_compacted(found, 1)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("program", [False, True])
async def test_what_a_person_runs_survives_engines_killed_at_every_write(
    engines, short_dir, program
):
    *found, writes = await engines.errand(project_of(short_dir, 0), 0, program=program)
    check_errand(*found)
    for number in range(1, writes + 1):
        for sign in (1, -1):
            directory = project_of(short_dir, sign * number)
            *found, _ = await engines.errand(directory, sign * number, program=program)
            check_errand(*found)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_engines_killed_at_every_write(engines, short_dir):
    whole = await engines.life(project_of(short_dir, 0))
    check(whole)
    for number in range(1, whole["writes"] + 1):
        for sign in (1, -1):
            found = await engines.life(project_of(short_dir, sign * number), sign * number)
            check(found)
            # Of the very last write nobody waits for the end.
            assert found["engines"] == 2 or number == whole["writes"]


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_engines_killed_at_two_hundred_instants(engines, short_dir):
    chance = random.Random(5)
    for number in range(200):
        delay = chance.uniform(0, 0.8)
        check(await engines.life(project_of(short_dir, number), delay=delay))


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_engines_killed_again_and_again_while_they_go_on(engines, short_dir):
    chance = random.Random(6)
    for number in range(60):
        kills = [chance.choice((1, -1)) * chance.randint(1, 20) for _ in range(6)]
        check(await engines.life(project_of(short_dir, number), *kills))
