"""The agents that people already run, as they are published, hosted by a real engine.

Each is installed from its registry, given our hook as a person would, and started in a pane; a
scripted model on this machine has it ask for things. What the policy lets pass must pass silently;
what is HIGH must come to the inbox, and the answer must arrive, whoever gives it; and where the
engine dies while a person is asked, the agent's own prompt must stand.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from agent.client import EngineClient
from agent.errors import CommandRefused
from agent.hook import install as hooks
from agent.hosted.profile_files import SHIPPED, read
from agent.hosted.screen_rules import Frame, ScreenMatch, match
from agent.paths import Paths
from agent.protocol.agents import AgentState, AgentSummary, Mode
from agent.protocol.commands.agents import CreateAgent
from agent.protocol.commands.gates import Decide
from agent.protocol.commands.prompts import SendPrompt
from agent.protocol.events import ActionReported, AgentChanged, GateClosed, GateOpened
from agent.protocol.gates import Gate
from tests.real_agents import programs
from tests.real_agents.endpoint import endpoint
from tests.real_agents.scripted import Scenes, Step, Use

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

AGENTS = ("claude", "codex", "opencode")
REST = (AgentState.IDLE, AgentState.DONE)
PATIENCE = 60.0
"""Seconds for one step of an agent; most of it is for its start on a busy machine."""


def shell(name: str, command: str) -> Use:
    """What the model says to have a command run for which the agent asks."""
    match name:
        case "claude":
            return Use("Bash", {"command": command, "description": "Tend the orchard"})
        case "codex":
            why = {"sandbox_permissions": "require_escalated", "justification": "May I?"}
            return Use("exec_command", {"cmd": command, **why})
        case _:
            return Use("bash", {"command": command, "description": "Tend the orchard"})


class Hosted:
    """A real agent in a pane of a real engine, and a person who looks at both."""

    def __init__(
        self, name: str, client: EngineClient, paths: Paths, project: Path, scenes: Scenes
    ) -> None:
        self.name, self.client, self.paths = name, client, paths
        self.project, self.scenes = project, scenes
        self.agent: AgentSummary | None = None
        self.opened: list[Gate] = []
        self.closed: list[GateClosed] = []
        self.ran: list[ActionReported] = []
        self.times: dict[str, float] = {}
        self._changed = asyncio.Event()
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for line in self.client.events():
            match line.event:
                case AgentChanged(agent=agent):
                    self.agent = agent
                case GateOpened(gate=gate):
                    self.times[gate.id] = time.time()
                    self.opened.append(gate)
                case GateClosed() as closed:
                    self.closed.append(closed)
                case ActionReported() as ran:
                    self.ran.append(ran)
            self._changed.set()

    async def until(self, true: Callable[[], Any], patience: float = PATIENCE) -> Any:
        """Wait for something; the message of a failure is what the pane shows."""
        end = time.monotonic() + patience
        while not (value := true()):
            self._changed.clear()
            if time.monotonic() > end:
                raise AssertionError(f"{self.agent}\n{self.opened}\n{self.screen()[0]}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), 0.2)
        return value

    @property
    def pane(self) -> str:
        assert self.agent is not None
        return self.agent.panes[0].pane_id

    def tmux(self, *words: str) -> str:
        command = ["tmux", "-S", str(self.paths.tmux_socket), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def screen(self) -> tuple[str, ScreenMatch]:
        """What the pane shows, and what the rules say of it."""
        wanted = "#{cursor_x} #{cursor_y} #{pane_width} #{pane_title}"
        head = self.tmux("display-message", "-p", "-t", self.pane, wanted).rstrip("\n")
        x, y, width, title = head.split(" ", 3)
        shown = self.tmux("capture-pane", "-p", "-t", self.pane)
        lines = tuple(line.rstrip() for line in shown.split("\n"))
        frame = Frame(lines, (int(x), int(y)), title, int(width))
        return shown, match(read(SHIPPED / f"{self.name}.toml"), frame)

    def shows(self, kind: str) -> bool:
        return self.screen()[1].kind == kind

    def press(self, *keys: str) -> None:
        """Press keys in the agent's own pane, as the person at it does."""
        for key in keys:
            self.tmux("send-keys", "-t", self.pane, key)

    async def rests(self, patience: float = PATIENCE) -> None:
        """Wait until the agent is at rest, and has also drawn that."""
        await self.until(lambda: self.agent and self.agent.state in REST, patience)
        await self.until(lambda: self.screen()[1].state in REST, patience)
        await self.until(lambda: self.agent and self.agent.state in REST)

    async def ask(self, prompt: str, *steps: Step) -> None:
        """Have the model say steps to a prompt, given as to any other agent."""
        await self.rests()
        assert self.agent is not None
        self.scenes.steps[prompt] = steps
        asked = len(self.scenes.asked)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                await self.client.send(SendPrompt(agent_id=self.agent.id, text=prompt))
                break
            except CommandRefused as refused:
                # Its hook tells that it rests a moment before its screen does; nothing was typed.
                if "takes a prompt" not in str(refused) or time.monotonic() > end:
                    raise AssertionError(f"{refused}\n{self.screen()[0]}") from refused
                await asyncio.sleep(0.2)
        await self.until(lambda: len(self.scenes.asked) > asked)

    async def type(self, prompt: str, *steps: Step) -> None:
        """Have the model say steps to a prompt that is typed in the agent's own pane."""
        self.scenes.steps[prompt] = steps
        self.tmux("send-keys", "-t", self.pane, "-l", prompt)
        await self.until(lambda: prompt in self.screen()[0])
        asked = len(self.scenes.asked)
        self.press("Enter")
        await self.until(lambda: len(self.scenes.asked) > asked)

    async def high(self, prompt: str, command: str, *, typed: bool = False) -> Gate:
        """Have the model ask for something HIGH; gives what is in the inbox for it."""
        known = len(self.opened)
        await (self.type if typed else self.ask)(prompt, shell(self.name, command))
        await self.until(lambda: len(self.opened) > known)
        return self.opened[known]

    def told(self, prompt: str) -> bool:
        """Whether the model has been told what became of the prompt's tool use."""
        return (prompt, 1) in [(text.strip(), said) for text, said in self.scenes.asked]

    async def close(self) -> None:
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)


@pytest.fixture(scope="module", params=AGENTS)
def agent_program(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    name = request.param
    try:
        return name, programs.install(name, tmp_path_factory.mktemp(name))
    except programs.NotInstalled as problem:
        pytest.skip(f"NOT TRIED: {problem}")


def stamped(folder: Path) -> Path:
    """The program that the hooks start, which first notes when it was started."""
    tungsten = Path(sys.executable).parent / "tungsten"
    program = folder / "tungsten"
    program.write_text(
        f"#!/bin/sh\ndate +%s.%N >> {shlex.quote(str(folder / 'asked'))}\n"
        f'exec {shlex.quote(str(tungsten))} "$@"\n'
    )
    program.chmod(0o755)
    return program


def plant(project: Path, remote: Path) -> None:
    """Make a repository, and another one to push to."""
    project.mkdir()
    (project / "README.md").write_text("# Orchard\n")
    subprocess.run(["git", "init", "-q", "--bare", remote], check=True)
    for words in (
        ("init", "-q"),
        ("config", "user.name", "Ada"),
        ("config", "user.email", "ada@example.com"),
        ("remote", "add", "origin", str(remote)),
        ("add", "README.md"),
        ("commit", "-q", "-m", "Plant"),
    ):
        subprocess.run(["git", "-C", project, *words], check=True)


@contextlib.asynccontextmanager
async def hosting(
    name: str, program: Path, paths: Paths, connect: Any, folder: Path
) -> AsyncIterator[Hosted]:
    """Install the hook, host the agent, and wait until it rests."""
    home, project = folder / "agent-home", folder / "orchard"
    home.mkdir()
    plant(project, folder / "remote.git")
    scenes = Scenes()
    async with endpoint(name, scenes) as base_url:
        made = programs.set_up(name, program, home, project, base_url)
        where = hooks.Where(paths, home, project, {}, [str(stamped(folder))])
        hooks.carry_out(where, hooks.installing(where, name, "user"))
        variables = [f"{key}={value}" for key, value in made.variables.items()]
        command = shlex.join(["env", *variables, *made.command])
        client = await connect()
        hosted = Hosted(name, client, paths, project, scenes)
        await client.send(CreateAgent(directory=str(project), command=command, mode=Mode.STANDARD))
        try:
            await hosted.until(lambda: hosted.opened or (hosted.agent and hosted.agent.panes))
            if hosted.opened:
                await client.send(Decide(gate_id=hosted.opened[0].id, decision="approve"))
                await hosted.until(lambda: hosted.agent and hosted.agent.panes)
            if name == "codex":
                # The person alone can say in Codex that a new hook may run.
                await hosted.until(lambda: "Hooks need review" in hosted.screen()[0])
                hosted.press("2")
                await hosted.until(lambda: "› 2. Trust all" in hosted.screen()[0])
                hosted.press("Enter")
            # At its first start it may fetch parts of itself.
            await hosted.rests(4 * PATIENCE)
            hosted.opened.clear()
            yield hosted
        finally:
            await hosted.close()


async def test_asks_and_is_answered(
    agent_program: tuple[str, Path],
    paths: Paths,
    connect: Any,
    short_dir: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, program = agent_program
    async with hosting(name, program, paths, connect, short_dir) as hosted:
        home = short_dir / "agent-home"
        version = programs.version(program, home)
        branches = short_dir / "remote.git" / "refs" / "heads"

        # Harmless: it passes, and nobody is asked.
        await hosted.ask("plant a tree", shell(name, "touch tree.txt"))
        await hosted.until(lambda: hosted.told("plant a tree"))
        assert (hosted.project / "tree.txt").exists()
        assert hosted.opened == []
        assert any(ran.text == "touch tree.txt" for ran in hosted.ran)

        # HIGH: the inbox, and yes.
        gate = await hosted.high("push the first", "git push --force origin HEAD:one")
        assert gate.risk == "HIGH"
        assert "git push --force origin HEAD:one" in gate.text
        asked = [float(line) for line in (short_dir / "asked").read_text().split()]
        late = hosted.times[gate.id] - max(at for at in asked if at < hosted.times[gate.id])
        assert not (branches / "one").exists()
        await hosted.client.send(Decide(gate_id=gate.id, decision="approve"))
        await hosted.until(lambda: (branches / "one").exists())
        await hosted.rests()

        # HIGH: the inbox, and no.
        gate = await hosted.high("push the second", "git push --force origin HEAD:two")
        await hosted.client.send(Decide(gate_id=gate.id, decision="deny", message="keep it"))
        await hosted.until(lambda: any(each.gate_id == gate.id for each in hosted.closed))
        await hosted.rests()
        assert not (branches / "two").exists()

        # HIGH: answered in its own pane; what waits in the inbox is withdrawn.
        gate = await hosted.high("push the third", "git push --force origin HEAD:three")
        await hosted.until(lambda: hosted.shows("permission"))
        await asyncio.sleep(1)
        hosted.press("Escape")
        await hosted.until(lambda: any(each.gate_id == gate.id for each in hosted.closed))
        assert hosted.closed[-1].outcome == "withdrawn"
        await hosted.until(lambda: hosted.screen()[1].state in REST)
        assert not (branches / "three").exists()

        # The engine dies while a person is asked: the agent's own prompt stands.
        gate = await hosted.high("push the fourth", "git push --force origin HEAD:four", typed=True)
        os.kill(hosted.client.welcome.snapshot.engine.pid, signal.SIGKILL)
        await hosted.until(lambda: hosted.shows("permission"))
        assert not (branches / "four").exists()
        with capsys.disabled():
            sys.stdout.write(
                f"\n{name} ({version}): in the inbox {1000 * late:.0f} ms after it asked\n"
            )
