"""Programs of the person's own tmux among the agents, in a real server that stands for theirs."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

import psutil
import pytest

from agent.errors import AgentError
from agent.hook.asking import Call
from agent.protocol.commands.adopt import AdoptPane
from agent.protocol.commands.agents import ArchiveAgent, RenameAgent, ResumeAgent, StopAgent
from agent.protocol.commands.panes import AllowPane, RecordPane, RunAsPerson
from agent.protocol.commands.prompts import Interrupt
from agent.protocol.hosted import ExplainPane
from tests.agent.live.test_allowed_panes import Own
from tungsten.errors import TerminalError

FILES = Path(__file__).parent.parent / "hosted"

LISTED = (
    *(("show-options", scope) for scope in ("-s", "-g", "-gw")),
    *(("show-options", "-t", "0", *scope) for scope in ((), ("-w",), ("-p",))),
    *(("show-hooks", scope) for scope in ("-g", "-gw", "-gp")),
    *(("show-environment", *scope) for scope in (("-g",), ("-t", "0"))),
    ("list-keys",),
    ("list-buffers",),
    ("list-sessions", "-F", "#{session_id} #{session_name} #{session_windows} #{session_group}"),
    ("list-windows", "-a", "-F", "#{window_id} #{window_name} #{window_layout} #{window_active}"),
    ("list-panes", "-a", "-F", "#{pane_id} #{pane_pid} #{pane_width} #{pane_height} #{pane_title}"),
    ("list-panes", "-a", "-F", "#{pane_active} #{pane_pipe} #{pane_in_mode} #{pane_input_off}"),
)


class Desk(Own):
    """The person's tmux with players in it, and a profile that knows them."""

    def __init__(self, house):
        super().__init__(house)
        house.paths.profiles.mkdir()
        shutil.copy(FILES / "player.toml", house.paths.profiles)
        shutil.copy(FILES / "player.py", house.project)
        self.agent_id = ""

    def play(self, name="finish"):
        """Start a player in a pane of its own; gives pane and program."""
        fifo = self.house.root / name
        if not fifo.exists():
            os.mkfifo(fifo)
        # With a name, as tmux gives it another one while the program starts.
        where = ("-n", "play", "-c", str(self.house.project))
        return self.open(*where, sys.executable, "player.py", str(fifo))

    def listed(self):
        """All of the server that nobody may change."""
        return [self.tmux(*argv) for argv in LISTED]

    def clients(self):
        return self.tmux("list-clients", "-F", "#{client_control_mode} #{client_flags}").split("\n")

    async def adopt(self, pane_id, pid, profile="player", **fields):
        command = AdoptPane(
            socket=str(self.socket),
            tmux_id=pane_id,
            pid=pid,
            profile=profile,
            directory=str(self.house.project),
            **fields,
        )
        self.agent_id = (await self.house.carry_out(command))["agent_id"]
        return self.agent_id

    @property
    def summary(self):
        return self.house.summary(self.agent_id)

    async def state(self, state, source="", activity=""):
        return await self.house.until(
            lambda: (
                (found := self.summary).state == state
                and (not source or found.hosted.source == source)
                and activity in found.activity
                and found
            ),
            f"{state} by {source}",
        )

    def finish(self, name="finish"):
        with (self.house.root / name).open("r+b", buffering=0) as fifo:
            fifo.write(b"x")

    async def nobody(self):
        """Return once no client but the person's own is there."""

        async def none():
            return self.clients() == [""]

        await self.house.poll(none)


@pytest.fixture
async def desk(house):
    await house.database.directories.trust(house.project)
    made = Desk(house)
    made.open("-n", "other", "env", "cat")
    server = psutil.Process(int(made.tmux("display-message", "-p", "#{pid}")))
    yield made
    if server.is_running():
        made.tmux("kill-server")
        psutil.wait_procs([server], timeout=20)


async def test_what_is_adopted_is_an_agent_and_its_server_stays_as_it_is(desk):
    house = desk.house
    pane_id, pid = desk.play()
    await desk.shows(pane_id, "PLAYER")
    desk.tmux("set-option", "-g", "@mine", "kept")
    desk.tmux("set-buffer", "-b", "mine", "copied")
    before = desk.listed()

    # Only what the profile knows, in the pane that was seen.
    with pytest.raises(AgentError, match="does not show"):
        await desk.adopt("%0", int(desk.tmux("display-message", "-p", "-t", "%0", "#{pane_pid}")))
    with pytest.raises(AgentError, match="another program by now"):
        await desk.adopt(pane_id, pid + 1)
    await desk.nobody()
    assert house.hub.snapshot().agents == ()

    agent_id = await desk.adopt(pane_id, pid, name="mine")
    await desk.state("idle", "screen")
    assert desk.summary.hosted.adopted
    [shown] = desk.summary.panes
    assert (shown.pane_id, shown.tmux_id, shown.width) == (f"own:{pane_id}", pane_id, 80)
    assert shown.socket == str(desk.socket.resolve())
    assert desk.listed() == before
    for client in desk.clients():
        assert client.startswith("1 ")
        assert "ignore-size" in client
    # It is this agent's alone.
    with pytest.raises(AgentError, match="mine may use pane"):
        await desk.adopt(pane_id, pid, name="second")
    other = await house.agent()
    with pytest.raises(AgentError, match="mine may use pane"):
        await house.carry_out(
            AllowPane(agent_id=other, socket=str(desk.socket), tmux_id=pane_id, pid=pid)
        )
    desk.agent_id = agent_id

    # Prompts are confirmed; what is pasted leaves no buffer behind.
    await house.prompt(agent_id, "first\nin two lines")
    await desk.state("working", "screen")
    assert "* first / in two lines" in desk.screen(pane_id)
    assert desk.listed() == before
    await house.carry_out(Interrupt(agent_id=agent_id))
    await desk.state("idle")
    assert "interrupted" in desk.screen(pane_id)

    # A dialog is in the inbox, and is answered by one key.
    await house.prompt(agent_id, "ask: ls")
    gate = await house.gate()
    assert (gate.pane_id, gate.presses) == (f"own:{pane_id}", "1 (Yes)")
    assert "no key is pressed without you" in str(gate)
    desk.tmux("copy-mode", "-t", pane_id)
    await house.decide(gate)
    again = await house.until(
        lambda: next((g for g in house.hub.snapshot().gates if g.id != gate.id), None), "it anew"
    )
    assert "copy mode" in str(again)
    assert "allowed" not in desk.screen(pane_id)
    with pytest.raises(AgentError, match="asks something"):
        await house.prompt(agent_id, "typed")
    desk.tmux("send-keys", "-X", "-t", pane_id, "cancel")
    await house.decide(again)
    await desk.shows(pane_id, "allowed")
    await desk.state("idle")
    # Answered in the pane, it leaves the inbox.
    await house.prompt(agent_id, "ask: pwd")
    await house.gate()
    desk.types(pane_id, "2")
    await house.until(lambda: not house.hub.snapshot().gates, "the gate's end")
    await desk.state("idle")

    # Keys that would reach other panes, too, are not typed.
    desk.tmux("set-option", "-w", "-t", pane_id, "synchronize-panes", "on")
    with pytest.raises(TerminalError, match="passes its keys on"):
        await house.prompt(agent_id, "to all")
    desk.tmux("set-option", "-w", "-u", "-t", pane_id, "synchronize-panes")
    assert "to all" not in desk.screen(pane_id)
    # Nor is anything started or recorded there.
    with pytest.raises(AgentError, match="run it there"):
        await house.carry_out(RunAsPerson(agent_id=agent_id, command="pwd"))
    with pytest.raises(AgentError, match="not recorded"):
        await house.carry_out(RecordPane(agent_id=agent_id, pane_id=f"own:{pane_id}", on=True))

    # Hooks count that run below that pane, and no others of that server.
    place = house.agents.hooks and house.agents.hooks._place
    if place is None:
        gone = asyncio.get_running_loop().create_future()
        assert await house.agents.answer_hook(Call("claude", b"{}", 1, gone, print)) == b""
        place = house.agents.hooks._place
    assert place(pid) == (house.agents.live.find(agent_id), f"own:{pane_id}")
    assert place(int(desk.tmux("display-message", "-p", "-t", "%0", "#{pane_pid}"))) is None

    await house.carry_out(RenameAgent(agent_id=agent_id, name="other name"))
    explained = (await house.carry_out(ExplainPane(pane=f"own:{pane_id}")))["text"]
    assert f"other name (own:{pane_id}): idle" in explained
    assert "rule: ready" in explained

    # It is let go, and taken up again while it runs.
    await house.carry_out(StopAgent(agent_id=agent_id))
    await desk.nobody()
    assert desk.summary.panes == ()
    assert "let it go" in desk.summary.activity
    with pytest.raises(AgentError, match="not watched any more"):
        await house.prompt(agent_id, "anyone?")
    assert desk.listed() == before
    await house.carry_out(ResumeAgent(agent_id=agent_id))
    await desk.state("idle", "screen")
    await house.carry_out(ArchiveAgent(agent_id=agent_id))
    await desk.nobody()
    assert psutil.pid_exists(pid)
    assert desk.listed() == before


async def test_another_program_in_the_same_pane_is_not_what_was_adopted(desk):
    house = desk.house
    os.mkfifo(house.root / "finish")
    play = f"{sys.executable} player.py {house.root / 'finish'}"
    where = ("-n", "play", "-c", str(house.project))
    pane_id, pid = desk.open(*where, "sh", "-c", f"{play}; {play}; exec cat")
    await desk.shows(pane_id, "PLAYER")
    agent_id = await desk.adopt(pane_id, pid)
    await desk.state("idle", "screen")
    program = house.agents.live.find(agent_id).record.extra["adopted"]["program"]
    assert program != pid
    running = psutil.Process(program)
    await house.carry_out(StopAgent(agent_id=agent_id))
    # As where numbers were given out anew.
    live = house.agents.live.find(agent_id)
    adopted = live.record.extra["adopted"]
    elsewhere = {"program": os.getpid(), "begun": psutil.Process().create_time()}
    for other in ({"begun": 1.0}, {"server": "1 1"}, elsewhere):
        await live.save_extra(adopted={**adopted, **other})
        with pytest.raises(AgentError, match=f"ran in pane {pane_id} is gone"):
            await house.carry_out(ResumeAgent(agent_id=agent_id))
    await live.save_extra(adopted=adopted)
    desk.types(pane_id, "quit", "Enter")
    psutil.wait_procs([running], timeout=20)
    await desk.shows(pane_id, "PLAYER")
    with pytest.raises(AgentError, match=f"ran in pane {pane_id} is gone|Its program has ended"):
        await house.carry_out(ResumeAgent(agent_id=agent_id))
    await desk.nobody()
    # That one is adopted by a yes of its own; its end is seen though its pane lives on.
    await desk.adopt(pane_id, pid)
    await desk.state("idle", "screen")
    await house.prompt(desk.agent_id, "quit")
    await desk.state("unknown", activity="its program has ended")
    await desk.nobody()
    assert psutil.pid_exists(pid)


async def test_what_was_adopted_is_taken_up_by_the_next_engine_or_told_to_be_gone(desk):
    house = desk.house
    first, second, third = (desk.play(name) for name in ("one", "two", "three"))
    agents = []
    for number, (pane_id, pid) in enumerate((first, second, third)):
        await desk.shows(pane_id, "PLAYER")
        agents.append(await desk.adopt(pane_id, pid, name=f"n{number}"))
        await desk.state("idle", "screen")

    # Into another window of another session, and still watched there.
    desk.tmux("join-pane", "-d", "-s", third[0], "-t", "%0")
    desk.finish("three")
    moved = house.agents.live.find(agents[2])

    async def seen():
        return "finished" in str(moved.observer.frame)

    await house.poll(seen)

    await house.shut()
    await desk.nobody()
    running = psutil.Process(second[1])
    desk.tmux("kill-pane", "-t", second[0])
    psutil.wait_procs([running], timeout=20)
    await house.open()
    desk.agent_id = agents[1]
    await desk.state("unknown", activity="gone while Tungsten did not run")
    assert desk.summary.panes == ()
    with pytest.raises(AgentError, match="of your own tmux is gone"):
        await house.carry_out(ResumeAgent(agent_id=agents[1]))
    for agent_id in (agents[0], agents[2]):
        desk.agent_id = agent_id
        await desk.state("idle", "screen")

    # The program ends, and the pane is the person's again.
    desk.agent_id = agents[2]
    await house.prompt(agents[2], "quit")
    await desk.state("unknown", activity="its program has ended")
    # The whole server ends.
    desk.agent_id = agents[0]
    server = psutil.Process(int(desk.tmux("display-message", "-p", "#{pid}")))
    await house.prompt(agents[0], "ask: ls")
    await house.gate()
    desk.tmux("kill-server")
    psutil.wait_procs([server], timeout=20)
    await desk.state("unknown", activity="its program has ended")
    await house.until(lambda: not house.hub.snapshot().gates, "the gate's end")
    assert desk.summary.panes == ()
