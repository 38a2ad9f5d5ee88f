"""The first moments: little is loaded, no key is lost, and the last pane is live at once."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key, Paste
from textual.pilot import Pilot

from agent.errors import AgentError
from agent.paths import Paths
from agent.protocol.agents import PaneSummary
from tui.app import TungstenApp
from tui.first_start import CHOOSING, without_model
from tui.screens.first_run import FirstRunScreen
from tui.unknown import remembered_pane
from tungsten.screen.view import LiveView
from tungsten.terminal import Terminal

ROOT = Path(__file__).parents[2]
LATER = {
    "agent.protocol",
    "aiosqlite",
    "anthropic",
    "email",
    "importlib.metadata",
    "libtmux",
    "markdown_it",
    "pydantic",
    "textual.pilot",
    "tui.gate.dialog",
    "tungsten.screen.view",
}


@pytest.mark.parametrize(
    ("modules", "never"),
    [
        ("tui.cli, tui.app", LATER),
        ("tui.cli", {"textual", "asyncio", "agent.paths"}),
        (
            "tui.requests, tui.reception, tui.connection",
            {"agent.protocol.client_lines", "markdown_it", "anthropic", "libtmux"},
        ),
    ],
)
def test_what_comes_later_is_not_loaded_yet(modules: str, never: set[str]) -> None:
    code = f"import json, sys, {modules}; print(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert never.intersection(json.loads(done.stdout)) == set()


def test_the_app_needs_neither_a_parser_of_programs_nor_openssl() -> None:
    code = """import json, sys
from tui.no_plugins import without_parser, without_plugins, without_tls
without_tls()
without_parser()
import tui.app
without_plugins()
import tui.reception, tui.requests, tui.connection
print(json.dumps([name for name in sys.modules if name.startswith(("tree_sitter.", "_ssl"))]))
print(json.dumps([name for name in ("_hashlib", "hmac", "ssl") if name in sys.modules]))
# Whoever needs them finds them.
import hmac, ssl, secrets
assert hmac.compare_digest("a", "a") and secrets.compare_digest("a", "a")
assert hmac.new(b"k", b"m", "sha256").digest() and ssl.create_default_context()"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert [json.loads(line) for line in done.stdout.splitlines()] == [[], []]


async def never(*_: Any, **__: Any) -> Any:
    """Stand for an engine that has not answered yet."""
    await asyncio.Event().wait()


class Hasty(TungstenApp):
    """Somebody types and pastes before there is anything to see."""

    CSS_PATH = str(ROOT / "tui" / "app.tcss")

    def on_load(self) -> None:
        for event in (Key("h", "h"), Key("a", "a"), Paste("ste"), Key("exclamation_mark", "!")):
            self.post_message(event)


async def test_what_is_typed_before_the_first_frame_is_kept(paths: Paths) -> None:
    app = Hasty(paths, connect=never)
    async with app.run_test() as pilot:
        await until(pilot, app, lambda: app.cockpit.prompt.text == "haste!")


@pytest.fixture
async def terminal(paths: Paths) -> AsyncIterator[Terminal]:
    server = await Terminal.open(paths.tmux_socket)
    yield server
    await server.kill_server()
    await server.close()


async def remember(paths: Paths, terminal: Terminal, server: str = "") -> None:
    pane = await terminal.new_pane(name="a", cwd=Path("/"), command="echo still here; exec cat")
    view = await LiveView.open(paths.tmux_socket)
    kept = {"pane": [pane.id, "title", server or view.server]}
    await view.close()
    paths.interface_state.write_text(json.dumps(kept))


async def test_the_last_pane_is_live_before_the_engine_answers(
    paths: Paths, terminal: Terminal
) -> None:
    await remember(paths, terminal)
    app = TungstenApp(paths, connect=never)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, app, lambda: "still here" in screen_text(app))
        assert not app.known
        # Whose pane it is, only the engine knows: until then nobody types into it.
        await pilot.press("ctrl+t", "x")
        assert app.keyboard_holder is None


async def test_a_pane_of_another_server_is_not_taken_for_the_last_one(
    paths: Paths, terminal: Terminal
) -> None:
    await remember(paths, terminal, server="1 1")
    app = TungstenApp(paths, connect=never)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, app, lambda: app.connection is not None)
        assert app.cockpit.terminal.pane is None
        assert "still here" not in screen_text(app)


@pytest.mark.parametrize("kept", [None, [], ["%1"], ["1", "t", "s"], {"a": 1}, ["%1", 2, "s"]])
async def test_nonsense_in_the_file_is_no_pane(
    paths: Paths, terminal: Terminal, kept: object
) -> None:
    paths.interface_state.write_text(json.dumps({"pane": kept}))
    app = TungstenApp(paths, connect=never)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, app, lambda: app.connection is not None)
        assert app.cockpit.terminal.pane is None


def screen_text(app: TungstenApp) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def until(pilot: Pilot[None], app: TungstenApp, check: Any) -> None:
    for _ in range(600):
        if check():
            return
        await pilot.pause(0.01)
    raise AssertionError(screen_text(app))


@pytest.fixture
def no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CHOOSING:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_choice")
async def test_without_a_model_the_choice_of_one_is_the_first_thing(paths: Paths) -> None:
    app = Hasty(paths, connect=never)
    async with app.run_test() as pilot:
        # Before any engine has answered; and what was typed meanwhile has chosen nothing.
        assert isinstance(app.screen, FirstRunScreen)
        await until(pilot, app, lambda: app.cockpit.prompt.text == "haste!")
        await pilot.press("1", "2", "enter")
        assert app.cockpit.prompt.text == "haste!12"
        assert app.screen.form == "choices"
        assert not app.known
        await pilot.press("escape")
        assert app.screen is app.cockpit
        assert app.cockpit.prompt.text == "haste!12"


@pytest.mark.usefixtures("no_choice")
def test_what_is_on_the_disk_says_whether_there_is_a_model(paths: Paths) -> None:
    assert without_model(paths, {})
    for name in CHOOSING:
        assert not without_model(paths, {name: "x"})
    paths.config_file.write_text('mode = "plan"\n')
    assert without_model(paths, {})
    paths.config_file.write_text('base_url = "http://localhost:1"\n')
    assert not without_model(paths, {})
    paths.config_file.unlink()
    for there in (paths.credentials_file, paths.engine_socket):
        there.touch()
        assert not without_model(paths, {})
        there.unlink()


@pytest.mark.usefixtures("no_choice")
async def test_why_there_is_no_engine_is_seen(paths: Paths) -> None:
    async def refused(*_: Any, **__: Any) -> Any:
        raise AgentError("config.toml:2: no such setting")

    app = TungstenApp(paths, connect=refused)
    async with app.run_test() as pilot:
        await until(pilot, app, lambda: "config.toml:2" in screen_text(app))
        assert app.screen is app.cockpit


@pytest.mark.timeout(20)
def test_a_pipe_in_the_settings_place_holds_nobody_up(paths: Paths) -> None:
    os.mkfifo(paths.config_file)
    assert not without_model(paths, {})


def test_a_remembered_pane_answers_what_any_other_does() -> None:
    kept = remembered_pane(["%7", "tests", "a server"])
    assert kept is not None
    known = PaneSummary(pane_id="%7", title="tests")
    for name in (*PaneSummary.model_fields, "tmux_id"):
        assert getattr(kept.summary, name) == getattr(known, name)
