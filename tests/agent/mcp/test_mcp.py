"""`tungsten mcp` over real stdio, used with the SDK's own client."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.protocol.commands.agents import CreateAgent, ListSessions
from agent.protocol.commands.gates import Decide
from agent.protocol.commands.steps import UseTool
from agent.protocol.events import AgentChanged, AgentRemoved, GateOpened

ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(short_dir):
    directory = short_dir / "project"
    directory.mkdir()
    return directory


@pytest.fixture
def home_paths(short_dir, paths, monkeypatch):
    """The paths that a process with TUNGSTEN_HOME finds."""
    monkeypatch.setenv("TUNGSTEN_HOME", str(short_dir / "tg"))
    from agent.paths import find

    made = find()
    made.create()
    yield made
    from agent.engine.start import kill

    asyncio.run(kill(made, panes=True))


@contextlib.asynccontextmanager
async def connected(paths, project, *options):
    # Imported here: every process that runs tests collects this file, and one or two run it.
    from mcp import ClientSession, StdioServerParameters, stdio_client

    code = "from tui.command_line.commands import cli; import sys; sys.exit(cli(sys.argv[1:]))"
    arguments = ["-c", code, "mcp", "-C", str(project), *options]
    environment = {
        "TUNGSTEN_HOME": os.environ["TUNGSTEN_HOME"],
        "HOME": os.environ["HOME"],
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
    }
    server = StdioServerParameters(command=sys.executable, args=arguments, env=environment)
    async with stdio_client(server) as (reading, writing), ClientSession(reading, writing) as own:
        await own.initialize()
        yield own


def text_of(result):
    return "\n".join(part.text for part in result.content if part.type == "text")


async def test_the_tools_do_real_work(home_paths, project, connect):
    async with connected(home_paths, project, "--mode", "standard", "--name", "other") as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(listed) >= {
            *("terminal_open", "terminal_run", "terminal_type", "terminal_read", "terminal_wait"),
            *("terminal_close", "terminal_panes", "terminal_screenshot", "terminal_result"),
        }
        assert "file_write" not in listed
        assert all(tool.description and tool.input_schema for tool in listed.values())
        ran = await client.call_tool("terminal_run", {"command": "echo hello > made.txt; exit_x"})
        assert ran.structured_content["exit_status"] == 127
        assert not ran.is_error
        assert (project / "made.txt").read_text() == "hello\n"
        opened = await client.call_tool("terminal_open", {})
        second = opened.structured_content["pane_id"]
        panes = text_of(await client.call_tool("terminal_panes", {}))
        assert second in panes
        typed = await client.call_tool(
            "terminal_type", {"pane": second, "keys": ["cat made.txt", "Enter"]}
        )
        assert not typed.is_error, text_of(typed)
        waited = await client.call_tool("terminal_wait", {"pane": second, "text": "hello"})
        assert "there" in text_of(waited)
        assert "hello" in text_of(await client.call_tool("terminal_read", {"pane": second}))
        shot = await client.call_tool("terminal_screenshot", {"pane": second})
        [image] = [part for part in shot.content if part.type == "image"]
        assert image.mime_type == "image/png"
        assert image.data.startswith("iVBOR")
        both = await client.call_tool("terminal_read", {"pane": second, "picture": True})
        assert "hello" in text_of(both)
        assert [part.type for part in both.content] == ["text", "image"]
        await client.call_tool("terminal_close", {"pane": second})
        assert second not in text_of(await client.call_tool("terminal_panes", {}))
        wrong = await client.call_tool("terminal_run", {"comand": "x"})
        assert wrong.is_error
        assert "comand" in text_of(wrong)
        assert (await client.call_tool("file_write", {"path": "x", "content": ""})).is_error
        assert (await client.call_tool("terminal_read", {"pane": "%99"})).is_error


async def test_what_is_high_waits_for_the_person_and_never_hangs(home_paths, project):
    from agent.engine.client import EngineClient

    app = await EngineClient.connect(home_paths)
    async with connected(
        home_paths, project, "--mode", "standard", "--patience", "0.3", "--name", "other"
    ) as client:
        asked = await client.call_tool("terminal_run", {"command": "git push --force"})
        while asked.structured_content["status"] == "running":
            use = {"use_id": asked.structured_content["use_id"], "patience": 0.3}
            asked = await client.call_tool("terminal_result", use)
        assert asked.structured_content["status"] == "gated"
        assert "waits for a person" in text_of(asked)
        assert not asked.is_error
        async for line in app.events():
            if isinstance(line.event, GateOpened):
                gate = line.event.gate
                break
        assert (gate.risk, gate.agent_name) == ("HIGH", "other")
        await app.send(Decide(gate_id=gate.id, decision="deny", message="not today"))
        use = {"use_id": asked.structured_content["use_id"], "patience": 20}
        denied = await client.call_tool("terminal_result", use)
        assert denied.is_error
        assert denied.structured_content["status"] == "denied"
        assert "not today" in text_of(denied)
        unknown = await client.call_tool("terminal_result", {"use_id": "none"})
        assert unknown.is_error
    kinds = set()
    async for line in app.events():
        if isinstance(line.event, AgentChanged):
            kinds.add(line.event.agent.kind)
        if isinstance(line.event, AgentRemoved):
            break
    assert kinds == {"mcp"}
    [session] = (await app.send(ListSessions()))["sessions"]
    assert (session["archived"], session["panes"]) == (True, [])
    await app.close()


async def test_a_killed_program_leaves_neither_session_nor_question(home_paths, project):
    from agent.engine.client import EngineClient

    app = await EngineClient.connect(home_paths)
    program = await EngineClient.connect(home_paths, client="mcp")
    made = await program.send(
        CreateAgent(name="other", directory=str(project), kind="mcp", mode="standard")
    )
    step = UseTool(
        agent_id=str(made["agent_id"]),
        name="terminal_run",
        input={"command": "git push --force"},
        patience=60,
    )
    asking = asyncio.create_task(program.send(step))
    seen = set()
    async for line in app.events():
        seen.add(line.event.type)
        if isinstance(line.event, GateOpened):
            # What is left of a program after kill -9 is the end of its connection.
            await program.close()
        if isinstance(line.event, AgentRemoved):
            break
    assert "gate_closed" in seen
    assert await asyncio.gather(asking, return_exceptions=True)
    [session] = (await app.send(ListSessions()))["sessions"]
    assert (session["archived"], session["panes"]) == (True, [])
    await app.close()


async def test_two_programs_may_share_a_name_and_each_gets_its_own(home_paths, project):
    from agent.engine.client import EngineClient

    app = await EngineClient.connect(home_paths)
    named = CreateAgent(name="other agent", directory=str(project), kind="mcp", mode="standard")
    programs = [await EngineClient.connect(home_paths, client="mcp") for _ in range(3)]
    for program in programs:
        await program.send(named)
    sessions = (await app.send(ListSessions()))["sessions"]
    assert {each["name"] for each in sessions} == {"other agent", "other-agent", "other-agent-2"}
    for program in programs:
        await program.close()
    await app.close()


def test_the_sdk_is_loaded_by_this_command_only():
    code = (
        "import sys, tui.command_line.commands, agent.agents.agents, agent.playbook.headless;"
        "print([name for name in ('mcp', 'mcp_types', 'starlette') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done
