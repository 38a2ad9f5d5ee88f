"""The grid on real panes: live, never resized, typed into where they are, and dead ones say so."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from agent.paths import Paths
from agent.protocol.agents import AgentSummary, PaneSummary
from agent.protocol.commands.panes import HoldKeyboard
from agent.protocol.events import AgentChanged
from tests.stubs import scenes
from tests.stubs.scripted_engine import ScriptedEngine
from tui.app import TungstenApp
from tui.terminal.connection import connection
from tungsten.terminal import Terminal

PATIENCE = 15.0


async def test_real_panes_in_tiles(paths: Paths) -> None:
    terminal = await Terminal.open(paths.runtime / "t.sock")
    try:
        commands = ("seq 50; exec cat", "exec cat", "read -r line; exit 5", "exec cat")
        panes = [
            await terminal.new_pane(name="a", cwd=Path("/"), command=command, width=150, height=40)
            for command in commands
        ]
        agents = tuple(
            scenes.MENDER.model_copy(
                update={
                    "id": f"a{number}",
                    "name": f"agent {number}",
                    "panes": (PaneSummary(pane_id=pane.id),),
                }
            )
            for number, pane in enumerate(panes)
        )
        engine_info = scenes.ENGINE.model_copy(update={"tmux_socket": str(terminal.socket)})
        snapshot = scenes.EMPTY.model_copy(update={"agents": agents, "engine": engine_info})
        async with ScriptedEngine(paths.engine_socket, snapshot) as engine:
            app = TungstenApp(paths, now=lambda: scenes.NOW, directory=Path("/"))
            async with app.run_test(size=(81, 25)) as pilot:
                await app.ready.wait()

                def text() -> str:
                    strips = app.screen._compositor.render_strips()
                    return "\n".join(strip.text.rstrip() for strip in strips)

                async def until(condition: Callable[[], object]) -> None:
                    end = time.monotonic() + PATIENCE
                    while not condition():
                        assert time.monotonic() < end, text()
                        await pilot.pause(0.02)

                async def field(number: int, name: str) -> str:
                    target = panes[number].id
                    lines = await terminal.client.command(
                        "display-message", "-p", "-t", target, name
                    )
                    return lines[0]

                await pilot.press("alt+g")
                # The end of what a pane shows, where its cursor is.
                await until(lambda: "50" in text())
                assert "35" not in text()
                live = await connection(app.screen).view(str(terminal.socket))
                assert _captured(live) == {pane.id for pane in panes}
                # Typed into where it is; a long line takes the view along, and back.
                await pilot.press("2", "t")
                await until(lambda: "you type here" in text())
                assert "F12 back" in text()
                await pilot.press(*"begins", *["minus"] * 60, *"ends")
                await until(lambda: "-ends" in text())
                assert "begins" not in text()
                hold = await engine.received(HoldKeyboard)
                assert (hold.agent_id, hold.pane_id, hold.on) == ("a1", panes[1].id, True)
                await pilot.press("f12", "q")
                await until(lambda: "you type here" not in text())
                assert not (await engine.received(HoldKeyboard, count=2)).on
                # The key behind it was the grid's again.
                await until(lambda: "agent 2" not in text() or "Grid" not in text())
                await pilot.press("alt+g")
                await until(lambda: "begins" in text())
                # One that ends shows its last words and how it ended.
                await panes[2].send_text("bye\n")
                await until(lambda: "Ended" in text())
                ended = _with_pane(
                    agents[2], PaneSummary(pane_id=panes[2].id, dead=True, exit_status=5)
                )
                engine.publish(AgentChanged(agent=ended))
                await until(lambda: "ended 5" in text() and "Ended with exit status 5" in text())
                await pilot.press("3", "t")
                await until(lambda: "takes no keys" in text())
                # What is scrolled back says so; wheel or keys lead on.
                await pilot.press("1", "shift+pageup")
                await until(lambda: "lines back" in text())
                await pilot.press(*["shift+pagedown"] * 4)
                await until(lambda: "lines back" not in text())
                # Nothing of this has changed a size, and what is not seen is not captured.
                sizes = [await field(number, "#{pane_width}x#{pane_height}") for number in range(4)]
                assert sizes == ["150x40"] * 4
                await pilot.press("escape")
                await until(lambda: "Grid" not in text())
                await until(lambda: len(_captured(live)) <= 1)
    finally:
        await terminal.kill_server()
        await terminal.close()


def _captured(live: object) -> set[str]:
    return {pane_id for pane_id, shown in live._shown.items() if shown}  # type: ignore[attr-defined]


def _with_pane(agent: AgentSummary, pane: PaneSummary) -> AgentSummary:
    return agent.model_copy(update={"panes": (pane,)})
