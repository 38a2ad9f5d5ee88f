"""A live pane in the app, from a real tmux: colours, cursor, scrollback, and the keyboard."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from agent.protocol.agents import AgentSummary, PaneSummary
from agent.protocol.commands.panes import HoldKeyboard, PersonTyped
from agent.protocol.snapshot import EngineInfo, Snapshot
from agent.protocol.wire import Wire
from tui.gate.keyboard import KeyboardApp
from tui.terminal import connection
from tui.terminal.pane_view import PaneView
from tungsten.terminal import Terminal

PATIENCE = 15.0


class PaneHost(KeyboardApp[None]):
    CSS = "#frame { border: round white; } #prompt { height: 1; border: none; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", priority=True)]

    def __init__(self, socket: Path) -> None:
        super().__init__()
        self.sent: list[Wire] = []
        engine = EngineInfo(version="0", pid=1, epoch="e", started_at=0, tmux_socket=str(socket))
        self.state = Snapshot(seq=1, engine=engine)

    def compose(self) -> ComposeResult:
        with Vertical(id="frame"):
            yield PaneView(id="pane")
        yield Input(id="prompt")

    @property
    def pane(self) -> PaneView:
        return self.query_one(PaneView)

    @property
    def text(self) -> str:
        rows = self.pane.render_lines(self.pane.size.region)
        return "\n".join(row.text.rstrip() for row in rows)

    def belongs_to(self, agent_id: str, pane_id: str, **fields: Any) -> None:
        agent = AgentSummary(
            id=agent_id,
            name="x",
            directory="/",
            since=0,
            created_at=0,
            panes=(PaneSummary(pane_id=pane_id, **fields),),
        )
        self.state = self.state.model_copy(update={"agents": (agent,)})

    async def engine_send(self, command: Wire) -> dict[str, Any]:
        self.sent.append(command)
        return {}


@pytest.fixture
async def terminal(directory: Path) -> AsyncIterator[Terminal]:
    server = await Terminal.open(directory / "t.sock")
    yield server
    await server.kill_server()
    await server.close()


async def until(pilot: Any, condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, pilot.app.text
        await pilot.pause(0.02)


async def start(terminal: Terminal, command: str) -> str:
    pane = await terminal.new_pane(name="a", cwd=Path("/"), command=command)
    return pane.id


async def test_nothing_to_show(terminal: Terminal, directory: Path) -> None:
    app = PaneHost(directory / "t.sock")
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "No terminal" in app.text
        assert not app.pane.take_keyboard()


async def test_colours_and_cursor(terminal: Terminal, directory: Path) -> None:
    script = r"printf '\033[38;2;10;200;30mgreen\033[0m plain \033[1;41mred\033[0m'; exec cat"
    pane = await start(terminal, script)
    app = PaneHost(directory / "t.sock")
    async with app.run_test() as pilot:
        app.pane.show(pane)
        await until(pilot, lambda: "green plain red" in app.text)
        row = app.pane.render_lines(app.pane.size.region)[0]
        styles = {segment.text.strip(): segment.style for segment in row if segment.style}
        assert styles["green"].color.triplet == (10, 200, 30)
        assert styles["red"].bold
        # ANSI red is the theme's red, as everywhere in the app.
        theme = app.ansi_theme
        assert tuple(styles["red"].bgcolor.triplet) == tuple(theme.ansi_colors[1])
        x = len("green plain red")
        cursor = row.crop(x, x + 1)
        assert next(iter(cursor)).style.bgcolor != next(iter(row.crop(x + 1, x + 2))).style.bgcolor


async def test_a_pane_of_the_persons_own_is_live_at_its_own_size_and_takes_no_keys(
    terminal: Terminal, directory: Path
) -> None:
    pane = await start(terminal, "echo theirs; exec cat")
    before = await terminal.pane(pane).info()
    # As the person's: the app's own server is another.
    app = PaneHost(directory / "none.sock")
    app.belongs_to("a1", f"own:{pane}", socket=str(directory / "t.sock"))
    async with app.run_test(size=(60, 20)) as pilot:
        app.pane.show(f"own:{pane}")
        await until(pilot, lambda: "theirs" in app.text)
        await terminal.pane(pane).send_text("more")
        await until(pilot, lambda: "more" in app.text)
        assert not app.pane.take_keyboard()
        app.pane.take_keyboard_soon()
        await pilot.resize_terminal(50, 15)
        await terminal.pane(pane).send_text(" of it\n")
        await until(pilot, lambda: "more of it" in app.text)
        assert not app.pane.has_keyboard
        assert any("your own tmux" in each.message for each in app._notifications)
        now = await terminal.pane(pane).info()
        assert (now.width, now.height) == (before.width, before.height)
        await terminal.pane(pane).kill()
        await until(pilot, lambda: "Not there any more" in app.text)
    assert app.sent == []


async def test_rows_that_stay_are_the_same_objects(terminal: Terminal, directory: Path) -> None:
    pane = await start(terminal, "echo one; echo two; exec cat")
    app = PaneHost(directory / "t.sock")
    async with app.run_test() as pilot:
        app.pane.show(pane)
        await until(pilot, lambda: "two" in app.text)
        before = app.pane.render_lines(app.pane.size.region)
        await terminal.pane(pane).send_text("three")
        await until(pilot, lambda: "three" in app.text)
        after = app.pane.render_lines(app.pane.size.region)
        assert before[0] is after[0]
        assert before[1] is after[1]
        assert before[2] is not after[2]


async def test_the_pane_takes_the_size_of_the_widget(terminal: Terminal, directory: Path) -> None:
    pane = await start(terminal, "while :; do stty size; read x; done")
    app = PaneHost(directory / "t.sock")
    async with app.run_test(size=(70, 20)) as pilot:
        app.pane.show(pane)
        await until(pilot, lambda: app.text.strip())
        for size in [(90, 30), (40, 12), (101, 33)]:
            await pilot.resize_terminal(*size)
        end = time.monotonic() + PATIENCE
        while True:
            width, height = app.pane.size
            seen = await terminal.pane(pane).info()
            # tmux tells the program a moment after it has resized the pane.
            if (seen.width, seen.height) == (99, 30) and f"{height} {width}" in app.text:
                break
            assert time.monotonic() < end, app.text
            await terminal.pane(pane).send_keys("Enter")
            await pilot.pause(0.1)
        assert (width, height) == (99, 30)


async def test_scrollback(terminal: Terminal, directory: Path) -> None:
    pane = await start(terminal, "seq 1 300; exec cat")
    app = PaneHost(directory / "t.sock")
    async with app.run_test(size=(60, 20)) as pilot:
        app.pane.show(pane)
        await until(pilot, lambda: "300" in app.text)
        app.pane.focus()
        await pilot.press("pageup")
        await until(pilot, lambda: app.pane.lines_back)
        assert "300" not in app.text
        assert "lines back" in str(app.query_one("#frame").border_subtitle)
        await pilot.press("home")
        await until(pilot, lambda: app.text.startswith("1\n2\n3"))
        # New output does not move what is being read.
        await terminal.pane(pane).send_text("more")
        await pilot.pause(0.2)
        assert app.text.startswith("1\n2\n3")
        await pilot.press("end")
        await until(pilot, lambda: "more" in app.text)
        assert app.pane.lines_back == 0


async def test_taking_the_keyboard(terminal: Terminal, directory: Path) -> None:
    pane = await start(terminal, "exec cat -v")
    app = PaneHost(directory / "t.sock")
    async with app.run_test() as pilot:
        app.belongs_to("a1", pane)
        app.pane.show(pane)
        await until(pilot, lambda: app.pane.take_keyboard())
        assert "F12" in str(app.query_one("#frame").border_subtitle)
        assert app.query_one("#frame").has_class("-keyboard")
        assert app.keyboard_holder is app.pane
        # Keys that the app binds, also with priority, belong to the program now.
        await pilot.press(*"hello; echo", "ctrl+q", "up", "enter")
        await until(pilot, lambda: "hello; echo" in app.text.split("\n")[1])
        await pilot.press("f12")
        await pilot.pause()
        assert not app.pane.has_keyboard
        assert app.keyboard_holder is None
        assert not app.query_one("#frame").has_class("-keyboard")
        app.query_one("#prompt").focus()
        await pilot.press(*"mine")
        assert app.query_one(Input).value == "mine"
        told = [command for command in app.sent if isinstance(command, PersonTyped)]
        assert told == [PersonTyped(agent_id="a1", pane_id=pane)]
        holds = [command for command in app.sent if isinstance(command, HoldKeyboard)]
        taken = HoldKeyboard(agent_id="a1", pane_id=pane, on=True)
        assert holds == [taken, taken.model_copy(update={"on": False})]


async def test_the_keyboard_is_taken_once_the_pane_is_seen(
    terminal: Terminal, directory: Path
) -> None:
    first, second = await start(terminal, "exec cat"), await start(terminal, "exec cat")
    app = PaneHost(directory / "t.sock")
    async with app.run_test() as pilot:
        app.query_one("#prompt").focus()
        app.pane.show(first)
        await until(pilot, lambda: app.pane.take_keyboard())
        app.pane.show(second)
        app.pane.take_keyboard_soon()
        assert not app.pane.has_keyboard
        await pilot.press(*"for the second", "enter")
        await until(pilot, lambda: app.pane.has_keyboard)
        await until(pilot, lambda: app.text.count("for the second") == 2)
        app.pane.show(first)
        app.pane.take_keyboard_soon()
        app.pane.give_back()
        app.query_one("#prompt").focus()
        await pilot.press(*"mine")
        assert app.query_one(Input).value == "mine"
        await until(pilot, lambda: app.pane._frame is not None)
        assert not app.pane.has_keyboard


async def test_a_paste_arrives_as_a_paste(terminal: Terminal, directory: Path) -> None:
    from textual.events import Paste

    script = r"stty raw -echo; printf '\033[?2004hready'; exec cat -v"
    pane = await start(terminal, script)
    app = PaneHost(directory / "t.sock")
    async with app.run_test() as pilot:
        app.pane.show(pane)
        await until(pilot, lambda: "ready" in app.text)
        assert app.pane.take_keyboard()
        app.post_message(Paste("two words"))
        await until(pilot, lambda: "^[[200~two words^[[201~" in app.text.replace("\n", ""))


async def test_a_burst_of_typing_arrives_whole(terminal: Terminal, directory: Path) -> None:
    pane = await start(terminal, "stty -echo; echo ready; exec cat")
    app = PaneHost(directory / "t.sock")
    text = "The quick brown fox; jumps over 'the' \"lazy\" dog $HOME #{pane} 100%"
    async with app.run_test(size=(100, 20)) as pilot:
        app.pane.show(pane)
        await until(pilot, lambda: "ready" in app.text)
        assert app.pane.take_keyboard()
        await pilot.press(*text, "enter")
        await until(pilot, lambda: text in app.text)


async def test_a_dead_pane_says_so(terminal: Terminal, directory: Path) -> None:
    pane = await start(terminal, "echo last words; exit 3")
    app = PaneHost(directory / "t.sock")
    async with app.run_test() as pilot:
        app.belongs_to("a1", pane, dead=True, exit_status=3)
        app.pane.show(pane)
        await until(pilot, lambda: "ended with exit status 3" in app.text)
        await until(pilot, lambda: "last words" in app.text)
        assert not app.pane.take_keyboard()


async def test_a_pane_that_is_closed(terminal: Terminal, directory: Path) -> None:
    pane = await start(terminal, "exec cat")
    app = PaneHost(directory / "t.sock")
    async with app.run_test() as pilot:
        app.pane.show(pane)
        await until(pilot, app.pane.take_keyboard)
        await terminal.pane(pane).kill()
        await until(pilot, lambda: "Terminal closed" in app.text)
        assert not app.pane.has_keyboard
        app.pane.show(None)
        assert "No terminal" in app.text


async def test_the_server_ends(terminal: Terminal, directory: Path) -> None:
    pane = await start(terminal, "exec cat")
    app = PaneHost(directory / "t.sock")
    async with app.run_test() as pilot:
        app.pane.show(pane)
        await until(pilot, app.pane.take_keyboard)
        await terminal.kill_server()
        await until(pilot, lambda: "tmux server has ended" in app.text)
        assert not app.pane.has_keyboard


async def test_no_server_at_all(directory: Path) -> None:
    app = PaneHost(directory / "nothing.sock")
    async with app.run_test() as pilot:
        app.pane.show("%1")
        await until(pilot, lambda: "tmux server has ended" in app.text)


async def test_switching_between_panes(terminal: Terminal, directory: Path) -> None:
    first = await start(terminal, "echo this is first; exec cat")
    second = await start(terminal, "echo this is second; exec cat")
    app = PaneHost(directory / "t.sock")
    async with app.run_test() as pilot:
        for _ in range(5):
            app.pane.show(first)
            app.pane.show(second)
        await until(pilot, lambda: "this is second" in app.text)
        app.pane.show(first)
        await until(pilot, lambda: "this is first" in app.text)


async def test_a_hidden_pane_receives_nothing(terminal: Terminal, directory: Path) -> None:
    pane = await start(terminal, "exec cat")
    app = PaneHost(directory / "t.sock")
    async with app.run_test() as pilot:
        app.pane.show(pane)
        await until(pilot, lambda: app.pane._frame is not None)
        app.pane.display = False
        await pilot.pause()
        assert app.pane._stop is None
        await terminal.pane(pane).send_text("while hidden")
        app.pane.display = True
        await until(pilot, lambda: "while hidden" in app.text)


async def test_another_server_takes_the_place_of_one_that_ended(
    terminal: Terminal, directory: Path
) -> None:
    first = await start(terminal, "exec cat")
    app = PaneHost(directory / "t.sock")
    async with app.run_test() as pilot:
        app.pane.show(first)
        await until(pilot, lambda: app.pane._frame is not None)
        await terminal.kill_server()
        await until(pilot, lambda: "tmux server has ended" in app.text)
        again = await Terminal.open(directory / "t.sock")
        try:
            second = await start(again, "echo here again; exec cat")
            app.pane.show(second)
            await until(pilot, lambda: "here again" in app.text)
        finally:
            await again.kill_server()
            await again.close()


async def test_scrolling_while_the_keyboard_is_in_the_pane(
    terminal: Terminal, directory: Path
) -> None:
    pane = await start(terminal, "seq 1 300; exec cat")
    app = PaneHost(directory / "t.sock")
    async with app.run_test(size=(60, 20)) as pilot:
        app.pane.show(pane)
        await until(pilot, lambda: "300" in app.text)
        assert app.pane.take_keyboard()
        await pilot.press("shift+pageup")
        await until(pilot, lambda: app.pane.lines_back)
        assert app.pane.has_keyboard
        await pilot.press("x")
        await until(pilot, lambda: "x" in app.text)
        assert app.pane.lines_back == 0


async def test_a_server_that_does_not_answer_is_told_of_until_it_does(
    terminal: Terminal, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane = await start(terminal, "echo there; exec cat")
    pid = int((await terminal.client.command("display-message", "-p", "#{pid}"))[0])
    told: list[str] = []

    class Telling(PaneHost):
        def on_terminals_silent(self) -> None:
            told.append("silent")

        def on_terminals_answer(self, message: connection.TerminalsAnswer) -> None:
            told.append("ended" if message.ended else "answers")

    app = Telling(directory / "t.sock")
    async with app.run_test() as pilot:
        app.pane.show(pane)
        await until(pilot, lambda: "there" in app.text)
        line = connection.connection(app)
        line.look(app)
        await until(pilot, lambda: line._asking is None and line._later is None)
        assert told == []
        os.kill(pid, signal.SIGSTOP)
        try:
            # Not earlier: a busy machine may well be silent for so long.
            monkeypatch.setattr(connection, "SILENT", 0.2)
            monkeypatch.setattr(connection, "APART", 0.1)
            line.look(app)
            await until(pilot, lambda: told)
            line.look(app)
        finally:
            os.kill(pid, signal.SIGCONT)
        await until(pilot, lambda: len(told) == 2)
        assert told == ["silent", "answers"]
        os.kill(pid, signal.SIGSTOP)
        line.look(app)
        await until(pilot, lambda: told[2:] == ["silent"])
        os.kill(pid, signal.SIGKILL)
        await until(pilot, lambda: "has ended" in app.text)
        await until(pilot, lambda: told[3:] == ["ended"])
