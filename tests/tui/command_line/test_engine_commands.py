"""`tungsten ls`, `attach`, `stop` and `kill-engine` at one real engine, from the outside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from agent.engine.client import EngineClient
from agent.engine.singleton import holder
from agent.engine.start import kill
from agent.paths import Paths, find
from agent.protocol.agents import AgentState, Mode
from agent.protocol.commands.agents import CreateAgent, ListSessions
from agent.protocol.events import AgentChanged
from tests.stubs import scenes
from tui import cli as face
from tui.command_line.commands import cli
from tui.command_line.engine_commands import held

Said = tuple[int, str, str]


def test_of_a_demo_only_who_was_spoken_to_is_there_again() -> None:
    of_demo = [
        scenes.EDITOR.model_copy(update={"id": one, "demo": True}) for one in ("fix", "drive")
    ]
    snapshot = scenes.BUSY.model_copy(
        update={"agents": (scenes.EDITOR, *of_demo), "gates": (), "questions": ()}
    )
    assert held(snapshot, set()).startswith(" 1 agent: it is there again")
    assert held(snapshot, {"fix"}).startswith(" 2 agents: they are there again")


@pytest.fixture
def home(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Iterator[Paths]:
    """Where `tungsten` finds everything; nothing of it lives on."""
    monkeypatch.setenv("TUNGSTEN_HOME", str(paths.runtime.parent))
    monkeypatch.setenv("HOME", str(paths.runtime.parent))
    yield find()
    asyncio.run(kill(find(), panes=True))


@pytest.fixture
def tungsten(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def run(*words: str) -> Said:
        status = cli(list(words))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The agents at which the app was to be opened."""
    focused: list[str] = []

    def open_app(*, focus: str = "") -> int:
        focused.append(focus)
        return 0

    monkeypatch.setattr(face, "open_app", open_app)
    return focused


async def _agents(home: Paths, directory: Path, *names: str) -> list[str]:
    client = await EngineClient.connect(home)
    made = []
    for name in names:
        create = CreateAgent(
            name=name, directory=str(directory), command="exec sleep 4321", mode=Mode.STANDARD
        )
        made.append(str((await client.send(create))["agent_id"]))
    waiting = set(made)
    async for line in client.events():
        if isinstance(line.event, AgentChanged) and line.event.agent.state is AgentState.WORKING:
            waiting.discard(line.event.agent.id)
        if not waiting:
            break
    await client.close()
    return made


async def _sessions(home: Paths) -> list[Any]:
    client = await EngineClient.connect(home)
    answer = await client.send(ListSessions())
    await client.close()
    sessions = answer["sessions"]
    assert isinstance(sessions, list)
    return sessions


def _sleepers(home: Paths) -> int:
    return sum(
        each.info["cmdline"][:2] == ["sleep", "4321"] and each.info["cwd"] == str(home.config)
        for each in psutil.process_iter(["cmdline", "cwd"])
        if each.info["cmdline"]
    )


def test_looked_at_stopped_and_ended_from_the_outside(
    home: Paths, tungsten: Callable[..., Said], opened: list[str]
) -> None:
    for words in (["ls"], ["attach"], ["attach", "one"], ["stop", "one"]):
        none = "tungsten: No engine is running: `tungsten` starts one.\n"
        assert tungsten(*words) == (1, "", none)
    # None of them has started one.
    assert holder(home) is None
    assert opened == []

    first, second = asyncio.run(_agents(home, home.config, "one", "two"))
    engine = holder(home)
    status, listed, _ = tungsten("ls", "--json")
    told = {agent["name"]: agent for agent in json.loads(listed)}
    assert (status, list(told)) == (0, ["one", "two"])
    assert told["two"]["id"] == second
    assert [line.split()[:2] for line in tungsten("ls")[1].splitlines()] == [
        ["working", "one"],
        ["working", "two"],
    ]

    for words in (["attach"], ["attach", "two"], ["attach", first]):
        assert tungsten(*words) == (0, "", "")
    assert opened == ["", second, first]
    nobody = "tungsten: no agent is called nobody; see: tungsten ls\n"
    assert tungsten("attach", "nobody") == tungsten("stop", "nobody") == (1, "", nobody)

    assert _sleepers(home) == 2
    assert tungsten("stop", "one") == (0, "one: stopped; its processes are gone\n", "")
    # Not before its processes were gone.
    assert _sleepers(home) == 1
    assert holder(home) == engine

    status, said, _ = tungsten("kill-engine")
    held = "2 agents: they are there again with the next engine."
    assert (status, said) == (0, f"Engine {engine} ended, sessions are kept. {held}\n")
    assert holder(home) is None
    assert _sleepers(home) == 1
    assert {each["name"] for each in asyncio.run(_sessions(home))} == {"one", "two"}
    assert tungsten("kill-engine", "--panes")[0] == 0
    assert _sleepers(home) == 0
