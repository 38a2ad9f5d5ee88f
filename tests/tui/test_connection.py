"""What the person sees of an engine that can't be reached, differs, dies or is stopped."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from textual.message import Message
from textual.pilot import Pilot

from agent.engine.client import EngineClient
from agent.errors import CommandRefused, EngineUnreachable, EngineVersionDiffers
from agent.paths import Paths
from agent.protocol.agents import AgentState
from agent.protocol.commands.agents import CreateAgent, RenameAgent, SetMode, SetPaused
from agent.protocol.commands.engine import DreamNow, StartDemo
from agent.protocol.commands.gates import TrustDirectory
from agent.protocol.commands.prompts import Compact, Interrupt, SendPrompt
from agent.protocol.events import EngineStopping
from agent.protocol.wire import Wire
from tests.stubs import scenes
from tests.stubs.scripted_engine import ScriptedEngine
from tests.tui.conftest import Cockpit, Open
from tui import connection
from tui.app import TungstenApp
from tui.terminal.connection import TerminalsAnswer, TerminalsSilent

CALM = scenes.BUSY.model_copy(update={"gates": ()})


class Line:
    """A connect function that fails as told before it connects."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls: list[dict[str, Any]] = []

    async def __call__(self, paths: Paths, **options: Any) -> EngineClient:
        self.calls.append(options)
        if self.errors:
            raise self.errors.pop(0)
        return await EngineClient.connect(paths, start=False, **options)


@pytest.mark.parametrize(
    "error",
    [
        EngineUnreachable("The engine does not start: no space left on the disk."),
        EngineVersionDiffers("0.9.0", "0.1.0"),
    ],
)
async def test_no_engine_is_a_state_with_a_way_out(paths: Paths, error: Exception) -> None:
    line = Line(error)
    engine = ScriptedEngine(paths.engine_socket, CALM)
    async with engine:
        app = TungstenApp(paths, connect=line, now=lambda: scenes.NOW, directory=Path("/"))
        async with app.run_test(size=(80, 24)) as pilot:
            cockpit = Cockpit(app, engine, pilot)
            await cockpit.until(lambda: "No engine" in cockpit.screen_text)
            words = str(error).split()
            assert all(word in cockpit.screen_text for word in words)
            await cockpit.until(lambda: "F5 try again" in cockpit.screen_text.split("\n")[-1])
            await cockpit.type("kept")
            await pilot.press("f5")
            await cockpit.until(app.ready.is_set)
            await cockpit.until(lambda: "mend the parser" in cockpit.screen_text)
            assert app.cockpit.prompt.text == "kept"


async def test_the_first_frame_has_the_final_layout(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-only-to-be-there")
    line = Line(EngineUnreachable("never"))
    app = TungstenApp(paths, connect=line, directory=Path("/"))
    async with app.run_test(size=(120, 40)) as pilot:
        cockpit = Cockpit(app, None, pilot)  # type: ignore[arg-type]
        for word in ("Agents", "AutoDream", "Terminal", "›", "quit"):
            assert word in cockpit.screen_text
        before = app.cockpit.arrangement
        await cockpit.until(lambda: "No engine" in cockpit.screen_text)
        assert app.cockpit.arrangement == before


async def test_a_prompt_stays_when_there_is_no_engine(paths: Paths) -> None:
    app = TungstenApp(paths, connect=Line(EngineUnreachable("It is gone.")), directory=Path("/"))
    async with app.run_test(size=(120, 40)) as pilot:
        cockpit = Cockpit(app, None, pilot)  # type: ignore[arg-type]
        await cockpit.until(lambda: "No engine" in cockpit.screen_text)
        await cockpit.type("hello")
        await pilot.press("enter")
        await cockpit.until(lambda: "nothing was sent" in cockpit.screen_text)
        assert app.cockpit.prompt.text == "hello"


async def test_an_engine_that_was_stopped_is_not_started_again(paths: Paths) -> None:
    line = Line()
    engine = ScriptedEngine(paths.engine_socket, CALM)
    async with engine:
        app = TungstenApp(paths, connect=line, now=lambda: scenes.NOW, directory=Path("/"))
        async with app.run_test(size=(120, 40)) as pilot:
            cockpit = Cockpit(app, engine, pilot)
            await cockpit.until(app.ready.is_set)
            engine.publish(EngineStopping(reason="you asked for it"))
            await engine.drop()
            await cockpit.until(lambda: "The engine was stopped" in cockpit.screen_text)
            assert len(line.calls) == 1
            await pilot.press("f5")
            await engine.connected(count=2)
            await cockpit.until(lambda: "mend the parser" in cockpit.screen_text)


async def test_without_an_engine_nothing_looks_live_and_the_next_one_is_taken_up(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LOOK", 0.01)
    engine = ScriptedEngine(paths.engine_socket, scenes.BUSY)
    app = TungstenApp(paths, connect=Line(), now=lambda: scenes.NOW, directory=Path("/"))
    async with app.run_test(size=(120, 40)) as pilot:
        async with engine:
            cockpit = Cockpit(app, engine, pilot)
            await cockpit.until(lambda: app.gates is not None and app.gates.gate is not None)
            engine.publish(EngineStopping(reason="you asked for it"))
            await engine.drop()
            await cockpit.until(lambda: "The engine was stopped" in cockpit.screen_text)
            assert app.gates is not None
            assert app.gates.gate is None
            assert not app.gates.display
            assert {agent.state for agent in app.agents} == {AgentState.UNKNOWN}
            assert "F5 start it again" in cockpit.screen_text.splitlines()[-1]
            # The one that is there still is the one that ended.
            for _ in range(5):
                await pilot.pause(0.02)
            assert app.problem
        paths.engine_socket.unlink(missing_ok=True)
        another = ScriptedEngine(paths.engine_socket, scenes.BUSY)
        async with another:
            cockpit = Cockpit(app, another, pilot)
            await cockpit.until(lambda: app.gates is not None and app.gates.gate is not None)
            assert not app.problem
            assert app.agents[0].state == scenes.BUSY.agents[0].state
            assert another.hellos[-1].resume_after is None


async def test_a_key_is_enough_to_look_for_another_engine(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LOOK", 600.0)
    line = Line(EngineUnreachable("It is gone."))
    app = TungstenApp(paths, connect=line, now=lambda: scenes.NOW, directory=Path("/"))
    async with app.run_test(size=(120, 40)) as pilot:
        cockpit = Cockpit(app, None, pilot)  # type: ignore[arg-type]
        await cockpit.until(lambda: "No engine" in cockpit.screen_text)
        async with ScriptedEngine(paths.engine_socket, CALM):
            await pilot.press("x")
            await cockpit.until(lambda: "mend the parser" in cockpit.screen_text)
            assert app.cockpit.prompt.text == "x"


async def test_a_dialog_says_that_the_engine_is_gone(paths: Paths) -> None:
    async with ScriptedEngine(paths.engine_socket, CALM) as engine:
        app = TungstenApp(paths, connect=Line(), now=lambda: scenes.NOW, directory=Path("/"))
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            cockpit = Cockpit(app, engine, pilot)
            await cockpit.until(app.ready.is_set)
            await pilot.press("f1")
            await cockpit.until(lambda: app.screen is not app.cockpit)
            engine.publish(EngineStopping(reason="you asked for it"))
            await engine.drop()
            await cockpit.until(lambda: "No engine: F5 tries again" in cockpit.screen_text)
            assert not app.cockpit.footer.message
            # Once the dialog is gone the footer says it, and nothing else does.
            await pilot.press("escape")
            await cockpit.until(lambda: app.screen is app.cockpit)
            await cockpit.until(lambda: cockpit.screen_text.count("No engine: F5 tries again") == 1)
            assert "No engine: F5" in app.cockpit.footer.message
            assert not app._notifications


async def test_an_engine_that_ends_at_once_is_not_started_forever(paths: Paths) -> None:
    line = Line()
    async with ScriptedEngine(paths.engine_socket, CALM) as engine:
        app = TungstenApp(paths, connect=line, now=lambda: scenes.NOW, directory=Path("/"))
        async with app.run_test(size=(120, 40)) as pilot:
            cockpit = Cockpit(app, engine, pilot)
            for count in (1, 2, 3):
                await engine.connected(count=count)
                await engine.drop()
            await cockpit.until(lambda: "ends as soon as it starts" in cockpit.screen_text)
            assert len(line.calls) == 3


async def test_another_engine_process_begins_with_a_new_snapshot(open_cockpit: Open) -> None:
    async with open_cockpit(CALM, transcripts={"a1": list(scenes.CONVERSATION)}) as cockpit:
        await cockpit.until(lambda: "off-by-one" in cockpit.screen_text)
        await cockpit.type("half")
        info = cockpit.engine.snapshot.engine.model_copy(update={"epoch": "another"})
        cockpit.engine.snapshot = cockpit.engine.snapshot.model_copy(update={"engine": info})
        await cockpit.engine.drop()
        await cockpit.engine.connected(count=2)
        await cockpit.until(
            lambda: cockpit.app.state is not None and cockpit.app.state.engine.epoch == "another"
        )
        await cockpit.pilot.pause()
        assert "off-by-one" in cockpit.screen_text
        assert cockpit.app.cockpit.prompt.text == "half"
        await cockpit.pilot.press("enter")
        assert (await cockpit.engine.received(SendPrompt)).text == "half"


async def quit_says(pilot: Pilot[None]) -> None:
    await pilot.press("ctrl+q")


async def test_quitting_tells_what_goes_on(open_cockpit: Open) -> None:
    async with open_cockpit(CALM) as cockpit:
        await quit_says(cockpit.pilot)
        await cockpit.pilot.pause()
        assert cockpit.app.return_code == 0
        (message,) = cockpit.app._exit_renderables
        assert message == (
            "1 agent keeps working, 1 waits for you: `tungsten` comes back, "
            "`tungsten kill-engine` ends the engine."
        )


async def test_quitting_tells_the_way_back_to_agents_that_rest(open_cockpit: Open) -> None:
    [first, *_] = CALM.agents
    rests = first.model_copy(update={"state": AgentState.IDLE})
    async with open_cockpit(CALM.model_copy(update={"agents": (rests,)})) as cockpit:
        await quit_says(cockpit.pilot)
        await cockpit.pilot.pause()
        (message,) = cockpit.app._exit_renderables
        assert str(message).startswith("1 agent stays: `tungsten` comes back")
    async with open_cockpit(scenes.EMPTY) as cockpit:
        await quit_says(cockpit.pilot)
        await cockpit.pilot.pause()
        assert not cockpit.app._exit_renderables


@pytest.mark.parametrize(
    ("keys", "sent"),
    [
        (["escape"], Interrupt),
        (["alt+m"], SetMode),
        (["f9"], SetPaused),
        (["f2", "x", "enter"], RenameAgent),
        (["ctrl+n", "ctrl+s"], CreateAgent),
        (["slash", *"trust", "enter", "y"], TrustDirectory),
        (["slash", *"compact", "enter"], Compact),
        (["slash", *"demo", "enter"], StartDemo),
        (["slash", *"dream", "enter"], DreamNow),
    ],
)
async def test_an_engine_that_does_not_answer_holds_nothing_up(
    open_cockpit: Open, keys: list[str], sent: type[Wire]
) -> None:
    answer = asyncio.Event()
    somewhere = tuple(agent.model_copy(update={"directory": "/"}) for agent in CALM.agents)
    async with open_cockpit(CALM.model_copy(update={"agents": somewhere})) as cockpit:
        asked: list[Any] = []

        async def silent(command: Any) -> None:
            asked.append(command)
            await answer.wait()

        cockpit.engine.on(sent, silent)
        try:
            async with asyncio.timeout(30):
                for key in keys:
                    await cockpit.pilot.press(key)
                await cockpit.until(lambda: asked)
                await cockpit.type("typed meanwhile")
                await cockpit.until(lambda: "typed meanwhile" in cockpit.screen_text)
                await cockpit.pilot.press("f1")
                await cockpit.until(lambda: len(cockpit.app.screen_stack) == 2)
        finally:
            answer.set()


async def test_a_prompt_without_an_answer_outlives_the_app(paths: Paths) -> None:
    answer = asyncio.Event()

    asked: list[Any] = []

    async def silent(command: Any) -> None:
        asked.append(command)
        await answer.wait()

    async with ScriptedEngine(paths.engine_socket, CALM) as engine:
        engine.on(SendPrompt, silent)
        app = TungstenApp(paths, connect=Line(), now=lambda: scenes.NOW, directory=Path("/"))
        async with app.run_test(size=(120, 40)) as pilot:
            cockpit = Cockpit(app, engine, pilot)
            await cockpit.until(app.ready.is_set)
            await cockpit.type("mend it")
            await pilot.press("enter")
            await cockpit.until(lambda: asked)
            await cockpit.type("and then")
            # As `kill -9` leaves it, before anything is done in order.
            at_once = json.loads(paths.interface_state.read_text())
            assert [entry[1] for entry in at_once[f"sent:{os.getpid()}"].values()] == ["mend it"]
            await pilot.press("ctrl+q")
        answer.set()
        engine.handlers.pop(SendPrompt)

        def sent() -> list[SendPrompt]:
            return [one for one in engine.commands if isinstance(one, SendPrompt)]

        again = TungstenApp(paths, connect=Line(), now=lambda: scenes.NOW, directory=Path("/"))
        async with again.run_test(size=(120, 40)) as pilot:
            cockpit = Cockpit(again, engine, pilot)
            await cockpit.until(again.ready.is_set)
            assert again.cockpit.prompt.text == "mend it\nand then"
            await cockpit.until(lambda: "never confirmed" in cockpit.screen_text)
            await pilot.press("enter")
            await cockpit.until(lambda: "mend it\nand then" in [c.text for c in sent()])
            await cockpit.until(lambda: not again.memory.get(f"sent:{os.getpid()}"))
            await pilot.press("ctrl+q")
    kept = json.loads(paths.interface_state.read_text())
    assert not {key for key in kept if key.startswith(("sent:", "draft:"))}


async def test_a_prompt_that_waits_for_the_engine_outlives_the_app(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-only-to-be-there")

    async def never(*_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()

    app = TungstenApp(paths, connect=never, directory=Path("/"))
    async with app.run_test(size=(120, 40)) as pilot:
        cockpit = Cockpit(app, None, pilot)  # type: ignore[arg-type]
        await cockpit.type("early")
        await pilot.press("enter")
        await cockpit.until(lambda: "Waiting for the engine" in cockpit.screen_text)
        await pilot.press("ctrl+q")
    again = TungstenApp(paths, connect=never, directory=Path("/"))
    async with again.run_test(size=(120, 40)) as pilot:
        cockpit = Cockpit(again, None, pilot)  # type: ignore[arg-type]
        await cockpit.until(lambda: again.cockpit.prompt.text == "early")


async def test_an_engine_that_hangs_is_said_to_and_taken_back(
    open_cockpit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SILENT", 0.05)
    monkeypatch.setattr(connection, "PROBE", 0.05)
    answer = asyncio.Event()

    async def silent(_: Any) -> None:
        await answer.wait()

    async with open_cockpit(CALM) as cockpit:
        # One command holds up all that come after it, as a stopped process does.
        cockpit.engine.on(SendPrompt, silent)
        await cockpit.type("mend it")
        await cockpit.pilot.press("enter")
        await cockpit.until(lambda: "engine does not answer" in cockpit.screen_text)
        assert "tungsten kill-engine" in cockpit.screen_text
        # What stays once that has been read.
        cockpit.app.cockpit.footer.hush()
        await cockpit.until(lambda: "`tungsten kill-engine` ends it" in cockpit.screen_text)
        answer.set()
        await cockpit.until(lambda: "answers again" in cockpit.screen_text)
        assert "does not answer" not in cockpit.screen_text


async def test_a_command_that_takes_its_time_is_no_engine_that_hangs(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SILENT", 0.01)
    answer = asyncio.Event()
    probed = asyncio.Event()
    said: list[Message] = []

    class Target:
        def post_message(self, message: Message) -> bool:
            said.append(message)
            return True

    class Client:
        async def send(self, command: Any) -> dict[str, Any]:
            if isinstance(command, SendPrompt):
                await answer.wait()
                return {}
            probed.set()
            raise CommandRefused("There is no such agent.")

    line = connection.Connection(Target(), paths)  # type: ignore[arg-type]
    line._client = Client()  # type: ignore[assignment]
    sending = asyncio.create_task(line.send(SendPrompt(agent_id="a1", text="long")))
    await probed.wait()
    answer.set()
    await sending
    assert not any(isinstance(message, connection.EngineSilent) for message in said)


async def test_an_engine_that_hangs_at_the_start_is_said_to(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-only-to-be-there")
    monkeypatch.setattr(connection, "SILENT", 0.05)
    monkeypatch.setattr(connection, "PROBE", 0.05)
    answer = asyncio.Event()

    async def late(paths: Paths, **options: Any) -> EngineClient:
        await answer.wait()
        return await EngineClient.connect(paths, start=False, **options)

    async with ScriptedEngine(paths.engine_socket, CALM) as engine:
        app = TungstenApp(paths, connect=late, now=lambda: scenes.NOW, directory=Path("/"))
        async with app.run_test(size=(80, 24)) as pilot:
            cockpit = Cockpit(app, engine, pilot)
            await cockpit.until(lambda: "engine does not answer" in cockpit.screen_text)
            assert "tungsten kill-engine" in cockpit.screen_text
            # What stays once that has been read.
            app.cockpit.footer.hush()
            await cockpit.until(lambda: "`tungsten kill-engine` ends it" in cockpit.screen_text)
            answer.set()
            await cockpit.until(app.ready.is_set)
            await cockpit.until(lambda: "does not answer" not in cockpit.screen_text)


async def test_terminals_that_stand_still_are_said_to_until_they_go_on(open_cockpit: Open) -> None:
    still = "terminals stand still"
    async with open_cockpit(CALM) as cockpit:
        app = cockpit.app
        app.post_message(TerminalsSilent())
        await cockpit.until(lambda: still in cockpit.screen_text)
        assert "kill-engine --panes" in cockpit.screen_text
        # An engine that hangs as well is what is said first, and takes nothing back.
        app.post_message(connection.EngineSilent())
        await cockpit.until(lambda: still not in cockpit.screen_text)
        app.post_message(connection.EngineAnswers())
        await cockpit.until(lambda: still in cockpit.screen_text)
        app.post_message(TerminalsAnswer(ended=False))
        await cockpit.until(lambda: "The terminals answer again" in cockpit.screen_text)
        assert still not in cockpit.screen_text
