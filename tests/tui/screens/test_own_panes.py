"""The person's own tmux panes in the app, on a real tmux server that stands for theirs."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from textual.pilot import Pilot

from agent.protocol.agents import AgentSummary, AllowedPane, PaneSummary
from agent.protocol.commands.adopt import AdoptPane
from agent.protocol.commands.agents import StopAgent
from agent.protocol.commands.panes import AllowPane, DisallowPane
from agent.protocol.hosted import Hosted
from tui.screens.own_panes import OwnPanesScreen

Tmux = Callable[..., str]


@pytest.fixture
def tmux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tmux]:
    directory = Path(f"/tmp/tg-own-{os.getpid()}")
    directory.mkdir(mode=0o700)
    monkeypatch.setenv("TMUX_TMPDIR", str(directory))
    monkeypatch.delenv("TMUX", raising=False)
    socket = directory / f"tmux-{os.getuid()}" / "default"
    socket.parent.mkdir(mode=0o700)

    def run(*argv: str) -> str:
        done = subprocess.run(
            ["tmux", "-u", "-S", str(socket), "-f", "/dev/null", *argv],
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"},
        )
        return done.stdout.rstrip("\n")

    run("new-session", "-d", "-s", "mine", "-x", "70", "-y", "20", "env", "cat")
    run("new-session", "-d", "-s", "other", "-x", "70", "-y", "20", "env", "cat")
    server = psutil.Process(int(run("display-message", "-p", "#{pid}")))
    run.socket = socket  # type: ignore[attr-defined]
    yield run
    if server.is_running():
        run("kill-server")
        psutil.wait_procs([server], timeout=20)
    for left in sorted(directory.rglob("*"), reverse=True):
        left.unlink() if not left.is_dir() else left.rmdir()
    directory.rmdir()


def text(app: Any) -> str:
    screen = app.screen
    strips = screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips[: screen.size.height])


async def until(pilot: Pilot[None], check: Callable[[], Any]) -> None:
    for _ in range(1000):
        if check():
            return
        await pilot.pause(0.01)
    raise AssertionError(f"that did not happen:\n{text(pilot.app)}")


async def test_they_are_listed_and_the_chosen_one_is_live(
    tmux: Tmux, host: Any, make_agent: Any
) -> None:
    app = host(OwnPanesScreen(make_agent()))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "mine" in text(app) and "other" in text(app))
        tmux("send-keys", "-t", "mine", "hello from me", "Enter")
        await until(pilot, lambda: "hello from me" in text(app))
        await pilot.press("down")
        tmux("send-keys", "-t", "other", "and from there", "Enter")
        await until(pilot, lambda: "and from there" in text(app))
        assert "hello from me" not in text(app)
        tmux("new-session", "-d", "-s", "third", "env", "cat")
        await until(pilot, lambda: "third" in text(app))
        tmux("kill-session", "-t", "third")
        await until(pilot, lambda: "third" not in text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.results == [None])
    assert app.sent == []


@pytest.mark.parametrize("shown", [True, False])
async def test_it_is_left_at_once_where_tmux_hangs(
    tmux: Tmux, host: Any, make_agent: Any, shown: bool
) -> None:
    server = psutil.Process(int(tmux("display-message", "-p", "#{pid}")))
    screen = OwnPanesScreen(make_agent())
    app = host(screen)
    if not shown:
        server.suspend()
    try:
        async with app.run_test(size=(100, 30)) as pilot:
            await pilot.pause(0.1)
            if shown:
                await until(pilot, lambda: "mine" in text(app))
                server.suspend()
            await pilot.press("escape")
            # Gone for good, and with it what waits for that.
            for _ in range(100):
                if not screen.is_running:
                    break
                await asyncio.sleep(0.01)
            assert not screen.is_running
            assert app.results == [None]
            server.resume()
            assert screen._opened is not None
            await asyncio.wait([screen._opened])
    finally:
        server.resume()


async def test_one_key_lets_the_agent_in_and_one_takes_it_back(
    tmux: Tmux, host: Any, make_agent: Any
) -> None:
    agent: AgentSummary = make_agent()
    screen = OwnPanesScreen(agent)
    app = host(screen, agents=(agent,))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "mine" in text(app))
        assert "○" in text(app)
        await pilot.press("r")
        await until(pilot, lambda: "No agent may use" in text(app))
        await pilot.press("a")
        await until(pilot, lambda: app.sent)
        pane_id, pid = tmux("list-panes", "-t", "mine", "-F", "#{pane_id} #{pane_pid}").split()
        [allow] = app.sent
        socket = tmux.socket  # type: ignore[attr-defined]
        assert allow == AllowPane(
            agent_id=agent.id, socket=str(socket), tmux_id=pane_id, pid=int(pid)
        )
        allowed = AllowedPane(
            pane_id=f"own:{pane_id}", socket=str(socket.resolve()), tmux_id=pane_id, pid=int(pid)
        )
        changed = agent.model_copy(update={"allowed_panes": (allowed,)})
        app.state = app.state.model_copy(update={"agents": (changed,)})
        screen.agents_changed()
        await until(pilot, lambda: f"● {agent.name}" in text(app))
        await pilot.press("a")
        await until(pilot, lambda: "may use it already" in text(app))
        await pilot.press("r")
        await until(pilot, lambda: len(app.sent) == 2)
        assert app.sent[1] == DisallowPane(agent_id=agent.id, pane_id=f"own:{pane_id}")


async def test_what_nobody_typed_allows_nothing(tmux: Tmux, host: Any, make_agent: Any) -> None:
    app = host(OwnPanesScreen(make_agent()))
    app.unattended = "Not approved: no tmux client typed this"
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "mine" in text(app))
        await pilot.press("a")
        await until(pilot, lambda: "no tmux client typed this" in text(app))
    assert app.sent == []


async def test_the_pane_of_the_app_itself_is_not_offered(
    tmux: Tmux, host: Any, make_agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane_id = tmux("list-panes", "-t", "mine", "-F", "#{pane_id}")
    monkeypatch.setenv("TMUX", f"{tmux.socket},1,0")  # type: ignore[attr-defined]
    app = host(OwnPanesScreen(make_agent(), own_pane=pane_id))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "could approve itself" in text(app))
        await pilot.press("a")
        await pilot.pause()
    assert app.sent == []


async def test_what_the_engine_refuses_is_said(tmux: Tmux, host: Any, make_agent: Any) -> None:
    app = host(OwnPanesScreen(make_agent()))
    app.refuse = "mender may use pane %0 already: take that back first."
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "mine" in text(app))
        await pilot.press("a")
        await until(pilot, lambda: "take that back first" in text(app))


async def test_without_an_agent_or_a_server_it_says_what_to_do(tmux: Tmux, host: Any) -> None:
    app = host(OwnPanesScreen(None))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "mine" in text(app))
        await pilot.press("a")
        await until(pilot, lambda: "Start an agent first" in text(app))
        server = psutil.Process(int(tmux("display-message", "-p", "#{pid}")))
        tmux("kill-server")
        psutil.wait_procs([server], timeout=20)
        await until(pilot, lambda: "No tmux server of yours" in text(app))


async def test_an_agent_that_runs_there_is_adopted_after_a_yes_and_let_go(
    tmux: Tmux, host: Any, make_agent: Any, tmp_path: Path
) -> None:
    (tmp_path / "cat.toml").write_text(
        'name = "cat"\ntitle = "Tom Cat"\nstart = "cat"\nprocess = { names = ["cat"] }\n'
    )
    agent: AgentSummary = make_agent()
    screen = OwnPanesScreen(None, profiles=tmp_path)
    app = host(screen, agents=(agent,))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "Tom Cat" in text(app))
        await pilot.press("j")
        await until(pilot, lambda: "Adopt Tom Cat in pane %0?" in text(app))
        assert "Nothing of your tmux is changed" in text(app)
        # Neither looking nor Enter is a yes.
        await pilot.press("enter")
        await pilot.press("n")
        await until(pilot, lambda: app.screen is screen)
        assert app.sent == []
        app.unattended = "Not approved: no tmux client typed this"
        await pilot.press("j")
        await until(pilot, lambda: app.screen is not screen)
        await pilot.press("y")
        await until(pilot, lambda: "no tmux client typed this" in text(app))
        assert app.sent == []
        app.unattended = ""
        app.answers["adopt_pane"] = {"agent_id": agent.id}
        await pilot.press("y")
        await until(pilot, lambda: app.sent and app.screen is screen)
        pane_id, pid = tmux("list-panes", "-t", "mine", "-F", "#{pane_id} #{pane_pid}").split()
        [adopt] = app.sent
        socket = tmux.socket  # type: ignore[attr-defined]
        assert isinstance(adopt, AdoptPane)
        assert (adopt.socket, adopt.tmux_id, adopt.pid) == (str(socket), pane_id, int(pid))
        assert (adopt.profile, adopt.directory[:1]) == ("cat", "/")
        await until(pilot, lambda: "is one of your agents now" in text(app))

        shown = PaneSummary(pane_id=f"own:{pane_id}", socket=str(socket.resolve()))
        hosted = Hosted(profile="cat", title="Tom Cat", adopted=True)
        changed = agent.model_copy(update={"panes": (shown,), "hosted": hosted})
        app.state = app.state.model_copy(update={"agents": (changed,)})
        screen.agents_changed()
        await until(pilot, lambda: f"● {agent.name}" in text(app))
        await pilot.press("j")
        await until(pilot, lambda: "has it already" in text(app))
        await pilot.press("r")
        await until(pilot, lambda: len(app.sent) == 2)
        assert app.sent[1] == StopAgent(agent_id=agent.id)
        # What no profile knows is not adopted.
        (tmp_path / "cat.toml").unlink()
        await pilot.press("down", "j")
        await until(pilot, lambda: "No profile knows" in text(app))
        # What was adopted is what the person looks at next.
        await pilot.press("escape")
        await until(pilot, lambda: app.results == [agent.id])
