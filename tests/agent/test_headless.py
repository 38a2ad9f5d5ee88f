"""One task without a screen, through a real engine, real panes and a scripted model."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from agent import headless
from agent.demo import headless as demo
from agent.engine.client import EngineClient
from agent.engine.singleton import holder
from agent.headless import Exit
from agent.model.local_server.faults import Faults
from agent.model.local_server.models import ServedModel
from agent.model.local_server.responder import ResponderMessage
from agent.model.local_server.server import LocalMessagesServer
from agent.paths import Paths
from agent.playbook import headless as player
from agent.protocol.commands.agents import ListSessions, SetPaused
from agent.protocol.events import AgentRemoved
from agent.protocol.usage import Budget
from memory.database import Database
from tests.agent.conftest import Begin

KEY = "sk-test-0123456789"
MODEL = "tungsten-demo"
ROOT = Path(__file__).parents[2]


class Script:
    """A model that makes one move after another: text ends the turn, a dict is a tool's input."""

    def __init__(self, *moves: tuple[str, dict[str, Any]] | str) -> None:
        self.moves = moves
        self.asked: list[dict[str, Any]] = []
        self.held = asyncio.Event()
        self.held.set()

    async def respond(self, request: dict[str, Any]) -> ResponderMessage:
        self.asked.append(request)
        await self.held.wait()
        # How far the conversation is, is read from it: a model has no memory of its own.
        done = sum(message["role"] == "assistant" for message in request["messages"])
        move = self.moves[min(done, len(self.moves) - 1)]
        if isinstance(move, str):
            return ResponderMessage([{"type": "text", "text": move}])
        name, given = move
        return ResponderMessage([{"type": "tool_use", "name": name, "input": given}])

    def results(self) -> str:
        return json.dumps([message["content"] for message in self.asked[-1]["messages"]])


Serve = Callable[[Script], Any]


@pytest.fixture
async def serve_alone(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Serve]:
    """Serves a script, and lets whoever needs an engine start its process."""
    servers = []

    async def serving(script: Script) -> None:
        models: Sequence[ServedModel] = [ServedModel(MODEL)]
        server = LocalMessagesServer(script, api_key=KEY, faults=Faults(), models=models)
        await server.start()
        servers.append(server)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        monkeypatch.setenv("TUNGSTEN_MODEL", MODEL)

    yield serving
    for server in servers:
        await server.close()


@pytest.fixture
async def serve(serve_alone: Serve, begin_engine: Begin) -> Serve:
    """Serves a script, and has an engine that knows of it."""

    async def serving(script: Script) -> None:
        await serve_alone(script)
        await begin_engine()

    return serving


@pytest.fixture
def project(short_dir: Path) -> Path:
    directory = short_dir / "project"
    directory.mkdir()
    return directory


async def lines(paths: Paths, project: Path, **more: Any) -> tuple[int, list[dict[str, Any]]]:
    out = io.StringIO()
    status = await headless.run(paths, "Do it.", directory=project, json=True, out=out, **more)
    return status, [json.loads(line) for line in out.getvalue().splitlines()]


async def test_a_job_that_is_done(paths: Paths, project: Path, serve: Serve) -> None:
    script = Script(
        ("terminal_run", {"command": "echo hello > made.txt", "why": "to make it"}), "All done."
    )
    await serve(script)
    status, said = await lines(paths, project)
    assert status == Exit.DONE, said
    assert (project / "made.txt").read_text() == "hello\n"
    assert (said[0]["type"], said[0]["mode"]) == ("started", "standard")
    actions = [line for line in said if line["type"] == "action"]
    assert {(line["decision"], line["by"]) for line in actions} == {("ran", "policy")}
    assert actions[-1]["what"] == "echo hello > made.txt"
    assert actions[-1]["outcome"] == "ok"
    assert actions[-1]["risk"] in {"LOW", "MEDIUM"}
    assert said[-1]["type"] == "result"
    assert (said[-1]["status"], said[-1]["exit_status"]) == ("done", 0)
    assert said[-1]["text"] == "All done."
    client = await EngineClient.connect(paths, start=False)
    assert client.welcome.snapshot is not None
    assert client.welcome.snapshot.agents == ()
    sessions = (await client.send(ListSessions()))["sessions"]
    assert len(sessions) == 1
    await client.close()


async def test_a_finish_on_a_failed_check_is_the_result(
    paths: Paths, project: Path, serve: Serve
) -> None:
    (project / "Makefile").write_text("check:\n\t@exit 1\n")
    await serve(Script(("terminal_run", {"command": "make -s check"}), "All done.", "Truly."))
    status, said = await lines(paths, project)
    assert status == Exit.DONE, said
    assert "The last check failed" in said[-1]["text"]
    assert "`make -s check` (exit status 2)" in said[-1]["text"]


async def test_high_is_denied_at_once_and_told(paths: Paths, project: Path, serve: Serve) -> None:
    script = Script(("terminal_run", {"command": "sudo rm -rf /opt/x"}), "I did without it.")
    await serve(script)
    status, said = await lines(paths, project)
    assert status == Exit.DENIED, said
    denied = [line for line in said if line["type"] == "action" and line["risk"] == "HIGH"]
    assert denied[-1]["decision"] == "denied"
    assert denied[-1]["outcome"] == "not run"
    assert denied[-1]["by"] == "nobody"
    assert "No person is present" in script.results()
    assert "denied by the person" not in script.results()
    async with await Database.open(paths.database) as database:
        [closed] = await database.journal.entries(kinds=("gate_closed",))
    assert (closed.data["outcome"], closed.data["by"]) == ("denied", "nobody")


class Crew:
    """A coordinator that starts one worker, which tries what needs a person, and asks one."""

    def __init__(self) -> None:
        self.reports: list[str] = []

    async def respond(self, request: dict[str, Any]) -> ResponderMessage:
        said = sum(message["role"] == "assistant" for message in request["messages"])
        if "Do it." in str(request["messages"][0]):
            brief = {"name": "helper", "brief": "Clean up.", "risk": "high"}
            moves: list[Any] = [
                ("worker_start", brief),
                ("worker_wait", {}),
                ("worker_report", {"worker": "helper"}),
                "All done.",
            ]
            self.reports = [str(request["messages"][-1]["content"])]
        else:
            moves = [
                ("terminal_run", {"command": "sudo rm -rf /opt/x"}),
                ("ask_person", {"question": "Really?"}),
                "I did without it.",
            ]
        move = moves[said]
        if isinstance(move, str):
            return ResponderMessage([{"type": "text", "text": move}])
        name, given = move
        return ResponderMessage([{"type": "tool_use", "name": name, "input": given}])


async def test_what_a_worker_needs_a_person_for_is_denied_too(
    paths: Paths, project: Path, serve: Serve
) -> None:
    crew = Crew()
    await serve(crew)  # type: ignore[arg-type]
    status, said = await lines(paths, project)
    assert status == Exit.DENIED, said
    [denied] = [line for line in said if line.get("decision") == "denied"]
    assert denied["agent"] == "helper"
    assert [line["text"] for line in said if line["type"] == "question"] == ["Really?"]
    assert "I did without it." in crew.reports[0]
    client = await EngineClient.connect(paths, start=False)
    assert client.welcome.snapshot is not None
    assert client.welcome.snapshot.agents == (), "the worker goes with its coordinator"
    await client.close()
    out = io.StringIO()
    await headless.run(paths, "Do it.", directory=project, out=out)
    lines_of = out.getvalue().splitlines()
    [told] = [line for line in lines_of if line.startswith("helper: [HIGH denied] run_command")]
    assert told.endswith(f"({'; '.join(denied['reasons'])})")


HOSTILE = "\x1b]52;c;cm0gLXJmIC8=\x07\x1b[2J\x9b?1003h\x1b]0;root\x07"
"""The clipboard, the screen, the mouse and the title."""


async def test_nothing_that_is_printed_commands_the_terminal(
    paths: Paths, project: Path, serve: Serve
) -> None:
    command = f"printf %s '{HOSTILE}' > made"
    await serve(Script(("terminal_run", {"command": command}), f"All {HOSTILE}done."))
    plain = io.StringIO()
    await headless.run(paths, "Do it.", directory=project, out=plain)
    assert "All ·?1003hdone." in plain.getvalue()
    # What the agent did is seen to its last character.
    assert "^[]52;c;cm0gLXJmIC8=^G^[[2J‹U+009B›?1003h" in plain.getvalue()
    assert all(line.isprintable() for line in plain.getvalue().split("\n"))
    in_json = io.StringIO()
    await headless.run(paths, "Do it.", directory=project, json=True, out=in_json)
    said = [json.loads(line) for line in in_json.getvalue().splitlines()]
    assert said[-1]["text"] == f"All {HOSTILE}done."
    assert in_json.getvalue().isascii()


async def test_a_question_is_answered_with_nobody(
    paths: Paths, project: Path, serve: Serve
) -> None:
    script = Script(("ask_person", {"question": "Red or blue?"}), "Then blue.")
    await serve(script)
    status, said = await lines(paths, project)
    assert status == Exit.DONE, said
    assert [line["text"] for line in said if line["type"] == "question"] == ["Red or blue?"]
    assert "No person is present" in script.results()


async def test_a_model_that_cannot_be_asked_is_a_failure_in_one_line(
    paths: Paths,
    project: Path,
    serve_alone: Serve,
    begin_engine: Begin,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await serve_alone(Script("never"))
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-wrong-key")
    await begin_engine()
    status, said = await lines(paths, project)
    assert status == Exit.FAILED
    assert "key" in said[-1]["text"].lower()
    assert "sk-wrong" not in json.dumps(said)


async def test_without_any_model_it_says_how_to_get_one(
    paths: Paths, project: Path, begin_engine: Begin
) -> None:
    await begin_engine()
    status, said = await lines(paths, project)
    assert status == Exit.FAILED
    assert "No model is set up" in said[-1]["text"]


async def test_while_all_agents_are_held_nothing_is_begun_that_would_wait(
    paths: Paths, project: Path, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    script = Script("never")
    await serve(script)
    client = await EngineClient.connect(paths)
    await client.send(SetPaused(paused=True))
    status, said = await asyncio.wait_for(lines(paths, project), 30)
    assert status == Exit.FAILED
    assert "/pause" in said[-1]["text"]
    playbook = project / "play.yaml"
    playbook.write_text("steps:\n- run: echo hi\n")
    played = player.run(paths, player.Wanted(playbook, project))
    assert await asyncio.wait_for(played, 30) == Exit.FAILED
    assert "/pause" in capsys.readouterr().out
    assert await asyncio.wait_for(demo.run(paths, pace=0), 30) == Exit.FAILED
    assert "/pause" in capsys.readouterr().err
    assert (await client.send(ListSessions()))["sessions"] == []
    await client.close()


async def test_an_engine_with_another_model_is_not_taken_for_ones_own(
    paths: Paths, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await lines(paths, project))[0] == Exit.FAILED
    monkeypatch.setenv("TUNGSTEN_MODEL", "another")
    status, said = await lines(paths, project)
    assert status == Exit.FAILED
    assert "TUNGSTEN_MODEL differs" in said[-1]["text"]


async def test_an_endpoint_that_is_not_there_is_one_clear_line(
    paths: Paths, project: Path, begin_engine: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("TUNGSTEN_MODEL", "m")
    await begin_engine()
    out = io.StringIO()
    assert await headless.run(paths, "Do it.", directory=project, out=out) == Exit.FAILED
    said = out.getvalue().splitlines()
    assert said[-1] == "failed: Nothing listens at 127.0.0.1:9: start the model server."
    assert all("trying again" in line for line in said[1:-1])


@pytest.mark.parametrize(("task", "directory"), [(" ", "."), ("x", "missing")])
async def test_bad_usage_starts_nothing(
    paths: Paths, project: Path, task: str, directory: str
) -> None:
    out = io.StringIO()
    status = await headless.run(paths, task, directory=project / directory, out=out)
    assert status == Exit.USAGE
    assert out.getvalue().startswith("usage: ")
    assert holder(paths) is None


async def test_a_budget_that_cannot_be_kept_stops_it_before_anything_is_paid(
    paths: Paths, project: Path, serve: Serve
) -> None:
    script = Script("never reached")
    await serve(script)
    status, said = await lines(paths, project, budget=Budget(dollars=1))
    assert status == Exit.BUDGET, said
    assert "no known price" in said[-1]["text"]
    assert said[-1]["text"].endswith(", or leave --budget away.")
    assert not script.asked


async def test_a_spent_budget_stops_it_before_the_next_request(
    paths: Paths, project: Path, serve: Serve
) -> None:
    script = Script(*[("terminal_run", {"command": "echo again >> made.txt"})] * 5, "never")
    await serve(script)
    status, said = await lines(paths, project, budget=Budget(requests=2))
    assert status == Exit.BUDGET, said
    assert len(script.asked) == 2
    assert (project / "made.txt").read_text() == "again\nagain\n"
    assert (said[-1]["status"], said[-1]["exit_status"]) == ("budget", 4)
    assert said[-1]["text"] == (
        "This agent's budget, 2 requests, is spent (2 made): --requests 4 allows more."
    )
    assert "/budget" not in json.dumps(said)
    assert said[-1]["usage"]["requests"] == 2


async def test_the_engine_may_die_midway(paths: Paths, project: Path, serve_alone: Serve) -> None:
    script = Script(("terminal_run", {"command": "echo one >> made.txt"}), "Done after all.")
    await serve_alone(script)
    script.held.clear()
    running = asyncio.create_task(lines(paths, project))
    while not script.asked:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    first = holder(paths)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    script.held.set()
    status, said = await asyncio.wait_for(running, 30)
    assert status == Exit.DONE, said
    assert said[-1]["text"] == "Done after all."
    assert (project / "made.txt").read_text() == "one\n"
    assert holder(paths) != first


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda n: n.name
)
async def test_whatever_ends_it_stops_the_agent(
    paths: Paths, project: Path, serve: Serve, number: signal.Signals
) -> None:
    await serve(Script(("terminal_run", {"command": "sleep 1000"}), "never"))
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from agent import headless\n"
        "from agent.paths import Paths\n"
        "paths = Paths(*map(Path, sys.argv[1:4]))\n"
        "asyncio.run(headless.run(paths, 'x', directory=Path(sys.argv[4]), json=True))\n"
    )
    where = [str(paths.config), str(paths.data), str(paths.runtime), str(project)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, *where),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
    )
    watching = await EngineClient.connect(paths)
    assert process.stdout is not None
    async for line in process.stdout:
        if b'"sleep 1000"' in line:
            break
    process.send_signal(number)
    await process.communicate()
    async with asyncio.timeout(30):
        async for told in watching.events():
            if isinstance(told.event, AgentRemoved):
                break
    await watching.close()
    client = await EngineClient.connect(paths, start=False)
    assert client.welcome.snapshot is not None
    assert client.welcome.snapshot.agents == ()
    await client.close()


async def test_a_hangup_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with headless.stopped_by_signals():
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0)
    finally:
        signal.signal(signal.SIGHUP, before)
