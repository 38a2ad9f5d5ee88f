"""Agents in panes of the person's own tmux server: only the allowed one, only through the gate."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import psutil
import pytest

from agent.errors import AgentError
from agent.panes.allowed_panes import NotAllowed
from agent.protocol.commands.agents import ArchiveAgent
from agent.protocol.commands.panes import AllowPane, DisallowPane
from agent.protocol.commands.steps import ExportPlaybook
from tungsten.adopted.adopt import OwnServer


def use(name, **tool_input):
    return {"type": "tool_use", "name": name, "input": tool_input}


class Own:
    """A tmux server that stands for the person's own."""

    def __init__(self, house):
        self.house = house
        self.socket = house.root / "own.sock"

    def tmux(self, *argv):
        done = subprocess.run(
            ["tmux", "-u", "-S", str(self.socket), "-f", "/dev/null", *argv],
            capture_output=True,
            text=True,
            check=True,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(self.house.home),
                "LC_ALL": "C.UTF-8",
                "PS1": "mine> ",
                "HISTFILE": "/dev/null",
            },
        )
        return done.stdout.rstrip("\n")

    def open(self, *program):
        """Open one more pane; gives its id and its program's."""
        told = ("-P", "-F", "#{pane_id} #{pane_pid}", "-x", "80", "-y", "24")
        pane_id, pid = self.tmux("new-session", "-d", *told, *program).split()
        return pane_id, int(pid)

    def end_inner(self, socket):
        subprocess.run(["tmux", "-S", str(socket), "kill-server"], check=True)

    def screen(self, pane_id):
        return self.tmux("capture-pane", "-p", "-t", pane_id)

    def types(self, pane_id, *keys):
        self.tmux("send-keys", "-t", pane_id, *keys)

    async def shows(self, pane_id, text):
        async def there():
            return text in self.screen(pane_id)

        await self.house.poll(there)

    async def watched(self):
        """Whether someone follows a pane: with a client beside the one that asks."""
        return len(self.tmux("list-clients").split("\n")) > 1

    async def allow(self, agent_id, pane_id, pid):
        command = AllowPane(agent_id=agent_id, socket=str(self.socket), tmux_id=pane_id, pid=pid)
        return (await self.house.carry_out(command))["pane_id"]


@pytest.fixture
def own(house):
    server = Own(house)
    server.shell = server.open("env", "bash", "--norc", "--noprofile")
    yield server
    pid = int(server.tmux("display-message", "-p", "#{pid}"))
    process = psutil.Process(pid)
    server.tmux("kill-server")
    psutil.wait_procs([process], timeout=20)


def told(house, request=-1):
    """All that the model was told in a request, as text."""
    return str(house.script.requests[request]["messages"])


async def test_what_is_allowed_is_read_typed_into_and_the_rest_stays_out_of_reach(house, own):
    pane_id, pid = own.shell
    await own.shows(pane_id, "mine>")
    other, _ = own.open("env", "cat")
    own.types(other, "nobody else may see this")
    await own.shows(other, "nobody else")
    agent_id = await house.agent()
    name = await own.allow(agent_id, pane_id, pid)
    assert name == f"own:{pane_id}"
    [shown] = house.summary(agent_id).allowed_panes
    assert (shown.pane_id, shown.tmux_id, shown.pid) == (name, pane_id, pid)
    assert shown.socket == str(own.socket.resolve())
    own.types(pane_id, "echo from the person", "Enter")
    house.script.then(use("terminal_read", pane=name)).then(
        use("terminal_read", pane=f"own:{other}"),
        use("terminal_read", pane=other),
    ).then(use("terminal_run", pane=name, command="true")).then("seen")
    await own.shows(pane_id, "\nfrom the person")
    await house.prompt(agent_id, "look")
    await house.rest(agent_id)
    assert f"own:{pane_id} (bash in" in told(house, 0)
    [read] = house.results(1)
    assert "from the person" in str(read)
    # The bare number is that of a pane of the agent's own, if of any.
    [refused, _] = house.results(2)
    assert refused["is_error"]
    assert "is not one of your panes" in str(refused)
    [ran] = house.results(3)
    assert ran["is_error"]
    assert "is the person's own" in str(ran)
    assert "nobody else may see" not in told(house)


async def test_what_is_typed_passes_the_gate(house, own):
    pane_id, pid = own.shell
    await own.shows(pane_id, "mine>")
    agent_id = await house.agent()
    name = await own.allow(agent_id, pane_id, pid)
    house.script.then(use("terminal_type", pane=name, keys=["echo ty''ped", "Enter"])).then("typed")
    await house.prompt(agent_id, "type")
    gate = await house.gate()
    assert (gate.risk, gate.pane_id, gate.foreground) == ("HIGH", name, "bash")
    assert "ty" not in own.screen(pane_id)
    await house.decide(gate)
    await house.rest(agent_id)
    assert "\ntyped" in own.screen(pane_id)
    assert "\\ntyped" in str(house.results())
    exported = await house.carry_out(ExportPlaybook(agent_id=agent_id))
    assert "person's own tmux" in exported["source"]
    assert "steps: []" in exported["source"]


async def test_an_approval_is_for_what_stood_there(house, own):
    pane_id, pid = own.shell
    await own.shows(pane_id, "mine>")
    agent_id = await house.agent()
    name = await own.allow(agent_id, pane_id, pid)
    house.script.then(use("terminal_type", pane=name, keys=["echo ty''ped", "Enter"])).then("no")
    await house.prompt(agent_id, "type")
    gate = await house.gate()
    own.types(pane_id, "rm -rf precious; ")
    await own.shows(pane_id, "precious")
    await house.decide(gate)
    again = await house.until(
        lambda: next((g for g in house.hub.snapshot().gates if g.id != gate.id), None)
    )
    await house.decide(again, "deny")
    await house.rest(agent_id)
    assert own.screen(pane_id).rstrip().endswith("rm -rf precious;")


async def test_taken_back_it_is_out_of_reach_at_once(house, own):
    pane_id, pid = own.shell
    agent_id = await house.agent()
    name = await own.allow(agent_id, pane_id, pid)
    await house.carry_out(DisallowPane(agent_id=agent_id, pane_id=name))
    assert house.summary(agent_id).allowed_panes == ()
    house.script.then(use("terminal_read", pane=name)).then("no")
    await house.prompt(agent_id, "look")
    await house.rest(agent_id)
    assert "is not one of your panes" in str(house.results())
    assert "is taken back" in told(house, 0)
    with pytest.raises(NotAllowed):
        await house.carry_out(DisallowPane(agent_id=agent_id, pane_id=name))
    assert house.agents.services.allowed_panes.pids == frozenset()


async def test_a_wait_in_it_ends_with_the_permission(house, own):
    pane_id, pid = own.shell
    agent_id = await house.agent()
    name = await own.allow(agent_id, pane_id, pid)
    house.script.then(use("terminal_wait", pane=name, text="appears")).then("there")
    await house.prompt(agent_id, "wait")
    await house.state(agent_id, "working")
    own.types(pane_id, "echo app''ears", "Enter")
    await house.rest(agent_id)
    assert "'appears': there" in str(house.results())
    house.script.then(use("terminal_wait", pane=name, prompt=True)).then(
        use("terminal_wait", pane=name, idle=0.2)
    ).then("quiet")
    await house.prompt(agent_id, "wait again")
    await house.rest(agent_id)
    assert "the shell prompt: there" in str(house.results(-2))
    assert "quiet: there" in str(house.results())
    house.script.then(use("terminal_wait", pane=name, exit=True, timeout=30)).then("gone")
    await house.prompt(agent_id, "wait for its end")
    await house.state(agent_id, "working")
    other = own.open("env", "cat")
    own.types(pane_id, "exit", "Enter")
    await house.rest(agent_id)
    assert house.results()[0]["is_error"]
    name = await own.allow(agent_id, *other)
    house.script.then(use("terminal_wait", pane=name, exit=True, timeout=30)).then("taken back")
    await house.prompt(agent_id, "wait for that one's end")
    await house.poll(own.watched)
    await house.carry_out(DisallowPane(agent_id=agent_id, pane_id=name))
    await house.rest(agent_id)
    assert "was not allowed" in str(house.results())


async def test_the_end_of_its_program_takes_it_back(house, own):
    pane_id, pid = own.open("env", "cat")
    agent_id = await house.agent()
    name = await own.allow(agent_id, pane_id, pid)
    own.tmux("respawn-pane", "-k", "-t", pane_id, "env", "cat")
    await house.until(lambda: house.summary(agent_id).allowed_panes == ())
    house.script.then(use("terminal_read", pane=name)).then("no")
    await house.prompt(agent_id, "look")
    await house.rest(agent_id)
    assert "is not one of your panes" in str(house.results())
    assert f"own pane {name} has ended" in told(house, 0)
    with pytest.raises(NotAllowed, match="another program"):
        await own.allow(agent_id, pane_id, pid)


async def test_nothing_is_typed_where_a_person_reads_back(house, own):
    pane_id, pid = own.open("env", "cat")
    agent_id = await house.agent()
    name = await own.allow(agent_id, pane_id, pid)
    own.tmux("copy-mode", "-t", pane_id)
    house.script.then(use("terminal_type", pane=name, keys=["q"])).then("no")
    await house.prompt(agent_id, "type")
    state = await house.state(agent_id, "waiting", "done")
    if state.state == "waiting":
        await house.decide(await house.gate())
    await house.rest(agent_id)
    assert "copy mode" in str(house.results())
    assert own.tmux("display-message", "-p", "-t", pane_id, "#{pane_in_mode}") == "1"


async def test_one_pane_is_for_one_agent_and_goes_with_it(house, own):
    pane_id, pid = own.shell
    first, second = await house.agent(), await house.agent()
    await own.allow(first, pane_id, pid)
    with pytest.raises(NotAllowed, match="take that back first"):
        await own.allow(second, pane_id, pid)
    await house.carry_out(ArchiveAgent(agent_id=first))
    assert psutil.pid_exists(pid)
    await own.allow(second, pane_id, pid)
    await house.carry_out(ArchiveAgent(agent_id=second))
    assert psutil.pid_exists(pid)


async def test_a_restart_begins_with_none_and_says_so(house, own):
    agent_id = await house.agent()
    name = await own.allow(agent_id, *own.shell)
    await house.again()
    assert house.summary(agent_id).allowed_panes == ()
    house.script.then(use("terminal_read", pane=name)).then("no")
    await house.prompt(agent_id, "look")
    await house.rest(agent_id)
    assert "is not one of your panes" in str(house.results())
    assert "not yours to use any more" in told(house, 0)


async def test_panes_of_agents_and_panes_with_a_front_end_are_not_allowed(house, own):
    agent_id = await house.agent()
    terminal = await house.open_terminal()
    info = await terminal.pane(house.summary(agent_id).panes[0].pane_id).info()
    command = AllowPane(
        agent_id=agent_id, socket=str(house.paths.tmux_socket), tmux_id=info.id, pid=info.pid
    )
    with pytest.raises(NotAllowed, match="panes of agents"):
        await house.carry_out(command)
    program = f"{sys.executable} -c 'import time; print(1, flush=True); time.sleep(1000)' & wait"
    pane_id, pid = own.open("sh", "-c", program)

    async def children():
        return psutil.Process(pid).children()

    [front_end] = await house.poll(children)
    house.agents.services.allowed_panes.deciders = lambda: frozenset({os.getpid(), front_end.pid})
    with pytest.raises(NotAllowed, match="Tungsten itself runs"):
        await own.allow(agent_id, pane_id, pid)
    house.agents.services.allowed_panes.deciders = lambda: frozenset({os.getpid()})
    await own.allow(agent_id, pane_id, pid)


async def test_another_multiplexer_in_it_is_not_typed_into(house, own):
    inner = house.root / "inner.sock"
    pane_id, pid = own.open("env", "-u", "TMUX", "tmux", "-S", str(inner), "-f", "/dev/null", "new")
    try:
        agent_id = await house.agent()
        await own.shows(pane_id, "[0]")
        name = await own.allow(agent_id, pane_id, pid)
        house.script.then(use("terminal_type", pane=name, keys=["A"])).then("no")
        await house.prompt(agent_id, "type")
        await house.rest(agent_id)
        assert "shows further panes" in str(house.results())
        assert house.gates_seen() == []
    finally:
        own.end_inner(inner)


async def test_no_server_there_is_one_line(house):
    agent_id = await house.agent()
    command = AllowPane(
        agent_id=agent_id, socket=str(house.root / "none.sock"), tmux_id="%0", pid=1
    )
    with pytest.raises(AgentError, match="No tmux server answers"):
        await house.carry_out(command)


async def test_looking_from_outside_stays_possible(house, own):
    agent_id = await house.agent()
    await own.allow(agent_id, *own.shell)
    server = await OwnServer.connect(own.socket)
    assert (await server.capture(own.shell[0])).height == 24
    await server.close()
    await asyncio.sleep(0)
