"""A real agent in a pane of a real engine, and a person who looks at both and decides."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from agent.engine.client import EngineClient
from agent.errors import CommandRefused
from agent.hook import install as hooks
from agent.hosted.profile_files import SHIPPED, read
from agent.hosted.screen_rules import Frame, ScreenMatch, match
from agent.paths import Paths
from agent.protocol.agents import AgentState, AgentSummary, Mode
from agent.protocol.commands.agents import CreateAgent
from agent.protocol.commands.gates import Decide
from agent.protocol.commands.prompts import SendPrompt
from agent.protocol.events import ActionReported, AgentChanged, GateClosed, GateOpened, Notice
from agent.protocol.gates import Gate
from agent.protocol.hosted import ExplainPane, Spent
from tests.real_agents import programs
from tests.real_agents.endpoint import endpoint
from tests.real_agents.scripted import Say, Scenes, Step, Use

REST = (AgentState.IDLE, AgentState.DONE)

PATIENCE = 120.0
"""Seconds for one step of an agent; most of it is for a busy machine."""

HEEDS_SECONDS = 10.0
"""How long an agent may take to heed a key before a person takes it to be lost."""

ALLOWS = {
    "claude": ("1",),
    "codex": ("y",),
    "opencode": ("Enter",),
    "gemini": ("1",),
    "aider": ("y", "Enter"),
}
"""What allows once in each agent's own dialog."""

REFUSES = {
    "claude": ("Escape",),
    "codex": ("Escape",),
    "opencode": ("Escape",),
    "gemini": ("Escape",),
    "aider": ("n", "Enter"),
}
"""What refuses there."""


def shell(name: str, command: str) -> Step:
    """What the model says to have a command run for which the agent asks."""
    match name:
        case "claude":
            return Use("Bash", {"command": command, "description": "Tend the orchard"})
        case "codex":
            why = {"sandbox_permissions": "require_escalated", "justification": "May I?"}
            return Use("exec_command", {"cmd": command, **why})
        case "gemini":
            given = {"command": command, "description": "Tend the orchard"}
            return Use("run_shell_command", given)
        case "aider":
            return Say(f"Tend the orchard with this:\n\n```bash\n{command}\n```\n")
        case _:
            return Use("bash", {"command": command, "description": "Tend the orchard"})


class Hosted:
    """The agent, and what the person at the engine has seen of it.

    Attributes:
        opened: each gate, and `times` when the person got it.
        said: each state that was told of it, with what it waits for and whose word that is.
        late: seconds from when the agent asked its hook until the person got the gate.
        queued: how much of that the processes of ours waited for a processor.
        dialog: a dialog of it, as the test has seen it.
    """

    def __init__(
        self, name: str, client: EngineClient, paths: Paths, folder: Path, scenes: Scenes
    ) -> None:
        self.name, self.client, self.paths = name, client, paths
        self.project, self.scenes = folder / "orchard", scenes
        self.agent: AgentSummary | None = None
        self.opened: list[Gate] = []
        self.closed: list[GateClosed] = []
        self.ran: list[ActionReported] = []
        self.said: list[tuple[AgentState, str, str]] = []
        self.notices: list[str] = []
        self.late: list[float] = []
        self.queued: list[float] = []
        self.dialog = ""
        self._stamps = folder / "asked"
        self._profile = read(SHIPPED / f"{name}.toml")
        self._changed = asyncio.Event()
        self._engine = psutil.Process(client.welcome.snapshot.engine.pid)
        self._stood = 0.0
        scenes.answering = self._answering
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for line in self.client.events():
            match line.event:
                case AgentChanged(agent=agent):
                    self.agent = agent
                    if agent.hosted is not None:
                        self.said.append((agent.state, agent.hosted.kind, agent.hosted.source))
                case GateOpened(gate=gate):
                    if not gate.replaces:
                        self._measure(time.time())
                    self.opened.append(gate)
                case GateClosed() as closed:
                    self.closed.append(closed)
                case ActionReported() as ran:
                    self.ran.append(ran)
                case Notice(text=text):
                    self.notices.append(text)
            self._changed.set()

    # How late a gate is ---------------------------------------------------------------------------

    def _answering(self) -> None:
        """Note, as the model says what to do, how long we have waited for processors by now."""
        self._stood = self._waited_for_processors()

    def _waited_for_processors(self) -> float:
        return sum(map(stood_in_line, (psutil.Process(), self._engine)))

    def _measure(self, now: float) -> None:
        asked = [line.split() for line in _text(self._stamps).splitlines()]
        waiting = [(float(at), int(pid)) for pid, at in asked if psutil.pid_exists(int(pid))]
        known = waiting or [(float(at), int(pid)) for pid, at in asked[-1:]]
        if known:
            # The one that waits longest: whatever else it tells is over at once.
            at, pid = min(known)
            self.late.append(now - at)
            ours = self._waited_for_processors() - self._stood
            with contextlib.suppress(psutil.NoSuchProcess):
                ours += stood_in_line(psutil.Process(pid))
            self.queued.append(ours)

    def told_late(self) -> str:
        """How late the gates were, in words."""
        each = ", ".join(f"{1000 * late:.0f}" for late in self.late)
        waits = ", ".join(f"{1000 * queued:.0f}" for queued in self.queued)
        return f"in the inbox {each} ms after it asked; of that {waits} ms waiting for a processor"

    # What is seen ---------------------------------------------------------------------------------

    async def until(self, true: Callable[[], Any], patience: float = PATIENCE) -> Any:
        """Wait for something; the message of a failure is all that is known of the agent."""
        end = time.monotonic() + patience
        while not (value := true()):
            self._changed.clear()
            if time.monotonic() > end:
                raise AssertionError(await self.account())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), 0.2)
        return value

    async def account(self) -> str:
        """All that is known of the agent."""
        explained = ""
        with contextlib.suppress(Exception):
            explained = (await self.client.send(ExplainPane(pane=self.pane)))["text"]
        parts = (
            self.agent, self.opened, self.closed, self.said[-12:], self.notices,
            self.scenes.asked, explained, self.screen()[0],
        )  # fmt: skip
        return "\n".join(map(str, parts))

    @property
    def pane(self) -> str:
        assert self.agent is not None
        return self.agent.panes[0].pane_id

    def tmux(self, *words: str) -> str:
        command = ["tmux", "-S", str(self.paths.tmux_socket), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def screen(self) -> tuple[str, ScreenMatch]:
        """What the pane shows, and what the rules say of it."""
        wanted = "#{cursor_x} #{cursor_y} #{cursor_flag} #{pane_width} #{pane_title}"
        head = self.tmux("display-message", "-p", "-t", self.pane, wanted).rstrip("\n")
        x, y, flag, width, title = head.split(" ", 4)
        shown = self.tmux("capture-pane", "-p", "-t", self.pane)
        lines = tuple(line.rstrip() for line in shown.split("\n"))
        frame = Frame(lines, (int(x), int(y)), title, int(width), flag == "1")
        return shown, match(self._profile, frame)

    def shows(self, kind: str) -> bool:
        return self.screen()[1].kind == kind

    def spent(self) -> Spent | None:
        """What it tells of its own use."""
        hosted = self.agent.hosted if self.agent is not None else None
        return hosted.spent if hosted is not None else None

    def is_closed(self, gate: Gate) -> bool:
        return any(each.gate_id == gate.id for each in self.closed)

    async def rests(self, patience: float = PATIENCE) -> None:
        """Wait until the agent is at rest, and has also drawn that."""
        await self.until(lambda: self.agent and self.agent.state in REST, patience)
        await self.until(lambda: self.screen()[1].state in REST, patience)
        await self.until(lambda: self.agent and self.agent.state in REST)

    def hooks(self) -> list[psutil.Process]:
        """The hooks that run now."""
        socket = str(self.paths.engine_socket)
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                words = process.cmdline()
                if "hook" in words and socket in words:
                    found.append(process)
        return found

    # What the person does -------------------------------------------------------------------------

    def press(self, *keys: str) -> None:
        """Press keys in the agent's own pane, as the person at it does."""
        for key in keys:
            self.tmux("send-keys", "-t", self.pane, key)

    async def answer(self, keys: Sequence[str]) -> None:
        """Answer its dialog in its pane, again as long as it stands there.

        Agents drop keys that come while they draw a dialog.
        """
        while self.shows("permission"):
            self.press(*keys)
            with contextlib.suppress(AssertionError):
                await self.until(lambda: not self.shows("permission"), HEEDS_SECONDS)

    async def ask(self, prompt: str, *steps: Step) -> None:
        """Have the model say steps to a prompt, given as to any other agent."""
        await self.rests()
        assert self.agent is not None
        self.scenes.steps[prompt] = steps
        asked = len(self.scenes.asked)
        try:
            await self.client.send(SendPrompt(agent_id=self.agent.id, text=prompt))
        except CommandRefused as refused:
            raise AssertionError(f"{refused}\n{await self.account()}") from refused
        # The first waits for what it fetches of itself: OpenCode takes it, and shows nothing.
        patience = PATIENCE if asked else 4 * PATIENCE
        await self.until(lambda: len(self.scenes.asked) > asked, patience)

    async def high(self, prompt: str, command: str) -> Gate:
        """Have the model ask for something HIGH; gives what is in the inbox for it."""
        known = len(self.opened)
        await self.ask(prompt, shell(self.name, command))
        await self.until(lambda: len(self.opened) > known)
        gate = self.opened[known]
        assert gate.risk == "HIGH"
        assert command in " ".join(gate.text.split())
        return gate

    async def decide(self, gate: Gate, decision: str, message: str = "") -> None:
        await self.client.send(Decide(gate_id=gate.id, decision=decision, message=message))

    def told(self, prompt: str) -> bool:
        """Whether the model has been told what became of the prompt's tool use."""
        return (prompt, 1) in [(text.strip(), said) for text, said in self.scenes.asked]

    async def close(self) -> None:
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def stood_in_line(process: psutil.Process) -> float:
    """Seconds for which a process was ready to run and no processor was free.

    Source: `run_delay`, the second field of Linux's /proc/PID/task/TID/schedstat, nanoseconds.
    """
    total = 0
    for path in Path(f"/proc/{process.pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            total += int(path.read_text().split()[1])
    return total / 1e9


def stamped(folder: Path) -> Path:
    """The program that the hooks start, which first notes when it was started, and who it is."""
    tungsten = Path(sys.executable).parent / "tungsten"
    program = folder / "tungsten"
    program.write_text(
        f"#!/bin/sh\necho $$ $(date +%s.%N) >> {shlex.quote(str(folder / 'asked'))}\n"
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


@contextlib.contextmanager
def _hook(paths: Paths, name: str, home: Path, project: Path, folder: Path) -> Iterator[None]:
    """Put the hook into the agent's settings; afterwards it is taken out, byte for byte."""
    where = hooks.Where(paths, home, project, {}, [str(stamped(folder))])
    change = hooks.installing(where, name, "user")
    hooks.carry_out(where, change)
    yield
    left = change.path.read_bytes()
    for back in hooks.uninstalling(where, name):
        hooks.carry_out(where, back)
    if left == change.after:
        found = change.path.read_bytes() if change.path.exists() else None
        assert found == change.before


@contextlib.asynccontextmanager
async def hosting(
    name: str, program: Path, paths: Paths, connect: Any, folder: Path, *, hooked: bool = True
) -> AsyncIterator[Hosted]:
    """Install the hook, host the agent, and wait until it rests."""
    home, project = folder / "agent-home", folder / "orchard"
    home.mkdir()
    plant(project, folder / "remote.git")
    scenes = Scenes()
    async with contextlib.AsyncExitStack() as stack:
        base_url = await stack.enter_async_context(endpoint(name, scenes))
        made = programs.set_up(name, program, home, project, base_url)
        if hooked:
            stack.enter_context(_hook(paths, name, home, project, folder))
        variables = [f"{key}={value}" for key, value in made.variables.items()]
        command = shlex.join(["env", *variables, *made.command])
        client = await connect()
        hosted = Hosted(name, client, paths, folder, scenes)
        stack.push_async_callback(hosted.close)
        await client.send(CreateAgent(directory=str(project), command=command, mode=Mode.STANDARD))
        await hosted.until(lambda: hosted.opened or (hosted.agent and hosted.agent.panes))
        if hosted.opened:
            await hosted.decide(hosted.opened[0], "approve")
            await hosted.until(lambda: hosted.agent and hosted.agent.panes)
        if name == "codex" and hooked:
            # The person alone can say in Codex that a new hook may run.
            await hosted.until(lambda: "Hooks need review" in hosted.screen()[0])
            hosted.press("2")
            await hosted.until(lambda: "› 2. Trust all" in hosted.screen()[0])
            hosted.press("Enter")
        # At its first start it may fetch parts of itself.
        await hosted.rests(4 * PATIENCE)
        for known in (hosted.opened, hosted.closed, hosted.said, hosted.late, hosted.queued):
            known.clear()
        yield hosted
