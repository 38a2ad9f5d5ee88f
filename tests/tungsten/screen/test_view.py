from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tungsten.errors import CommandFailed, ServerGone
from tungsten.pane import ForPrompt, Pane
from tungsten.screen.frame import Frame
from tungsten.screen.view import LiveView
from tungsten.terminal import Terminal
from tungsten.tmux.connection import Connection
from tungsten.tmux.wait_for import WaitChannel
from tungsten.tmux.watch import Watch


class Screen:
    """Collects frames and waits for what they show."""

    def __init__(self) -> None:
        self.frames: list[Frame | None] = []
        self._changed = asyncio.Event()

    def __call__(self, frame: Frame | None) -> None:
        self.frames.append(frame)
        self._changed.set()

    async def until(self, wanted) -> Frame | None:
        async with asyncio.timeout(15):
            while True:
                for frame in self.frames:
                    if wanted(frame):
                        return frame
                self._changed.clear()
                await self._changed.wait()

    async def text(self, text: str) -> Frame | None:
        return await self.until(lambda frame: frame is not None and text in frame.text)


async def test_frames_follow_what_is_typed(terminal: Terminal, pane: Pane) -> None:
    await pane.wait(ForPrompt(), 10)
    view = await LiveView.open(terminal.socket)
    screen = Screen()
    stop = view.show(pane.id, screen)
    await screen.until(lambda frame: frame is not None)
    await view.send_text(pane.id, "echo liv")
    await view.send_keys(pane.id, "e", "Enter")
    frame = await screen.text("\nlive\n")
    assert frame is not None
    assert len(frame.lines) == frame.height
    await view.resize(pane.id, 60, 10)
    await screen.until(lambda frame: frame is not None and (frame.width, frame.height) == (60, 10))
    stop()
    shown = len(screen.frames)
    await pane.run("echo unseen", timeout=10)
    assert len(screen.frames) == shown
    await view.close()
    assert (await pane.run("echo still", timeout=10)).output == "still\n"


async def test_a_title_is_what_a_program_gave_the_pane(pane: Pane) -> None:
    # Until then tmux says the name of the machine, which tells nobody anything.
    assert (await pane.info()).title == (await pane.capture()).title == ""
    await pane.run("printf '\\033]2;two, {words}\\007'", timeout=20)
    assert (await pane.info()).title == (await pane.capture()).title == "two, {words}"


async def test_size_changed_by_another_client_is_shown(terminal: Terminal, pane: Pane) -> None:
    view = await LiveView.open(terminal.socket)
    screen = Screen()
    view.show(pane.id, screen)
    await screen.until(lambda frame: frame is not None)
    await pane.resize(44, 11)
    await screen.until(lambda frame: frame is not None and frame.width == 44)
    await view.close()


async def test_a_busy_pane_gives_a_bounded_number_of_frames(terminal: Terminal, pane: Pane) -> None:
    await pane.wait(ForPrompt(), 10)
    view = await LiveView.open(terminal.socket)
    screen = Screen()
    view.show(pane.id, screen, fps=20)
    result = await pane.run("seq 200000; echo fin''ished", timeout=30)
    await screen.text("finished")
    assert len(screen.frames) <= 20 * result.seconds + 5
    await view.close()


async def test_two_views_of_one_pane_both_see_changes(terminal: Terminal, pane: Pane) -> None:
    await pane.wait(ForPrompt(), 10)
    views = [await LiveView.open(terminal.socket) for _ in range(2)]
    screens = [Screen(), Screen()]
    for view, screen in zip(views, screens, strict=True):
        view.show(pane.id, screen)
        await screen.until(lambda frame: frame is not None)
    for n in range(3):
        await pane.run(f"echo round{n}", timeout=10)
        for screen in screens:
            await screen.text(f"\nround{n}\n")
    for view in views:
        await view.close()


async def test_death_and_end_of_a_pane_are_shown(terminal: Terminal, pane: Pane) -> None:
    await pane.wait(ForPrompt(), 10)
    view = await LiveView.open(terminal.socket)
    screen = Screen()
    view.show(pane.id, screen)
    await pane.send_text("sleep 0.3; kill -9 $$\n")
    await screen.until(lambda frame: frame is not None and frame.dead)
    await pane.kill()
    await screen.until(lambda frame: frame is None)
    missing = Screen()
    view.show("%999", missing)
    await missing.until(lambda frame: frame is None)
    await view.close()


async def test_end_of_the_server_is_told(terminal: Terminal, pane: Pane) -> None:
    view = await LiveView.open(terminal.socket)
    screen = Screen()
    gone = asyncio.Event()
    view.on_gone(gone.set)
    view.show(pane.id, screen)
    await screen.until(lambda frame: frame is not None)
    pid = int((await terminal.client.command("display-message", "-p", "#{pid}"))[0])
    os.kill(pid, signal.SIGKILL)
    await screen.until(lambda frame: frame is None)
    await asyncio.wait_for(gone.wait(), 10)
    assert view.gone.is_set()
    await view.close()


async def test_a_view_killed_leaves_nothing_in_the_server(
    terminal: Terminal, pane: Pane, client_owner: Callable[[str], str]
) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path; from tungsten.screen.view import LiveView\n"
        "async def main():\n"
        "    view = await LiveView.open(Path(sys.argv[1]))\n"
        "    view.show(sys.argv[2], lambda frame: print('frame', flush=True))\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    root = Path(__file__).parents[3]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(terminal.socket), pane.id),
        stdout=subprocess.PIPE,
        cwd=root,
    )
    assert process.stdout is not None
    await asyncio.wait_for(process.stdout.readline(), 15)
    # A second picture: the first needs no watch.
    await pane.send_text("x")
    await asyncio.wait_for(process.stdout.readline(), 15)
    await pane.send_keys("BSpace")
    sessions = await terminal.client.command("list-sessions", "-F", "#{session_name}")
    assert any(name.startswith("tungsten-watch-") for name in sessions)
    process.kill()
    await process.wait()
    # Something to tell the dead: a client that cannot be told must not stay.
    assert (await pane.run("seq 1000; echo fine", timeout=10)).output.endswith("fine\n")
    view = await LiveView.open(terminal.socket)
    screen = Screen()
    view.show(pane.id, screen)
    await screen.until(lambda frame: frame is not None)
    await pane.send_text("echo watch")
    await screen.text("echo watch")
    await pane.send_keys("C-u")
    sessions = await terminal.client.command("list-sessions", "-F", "#{session_name}")
    assert sum(name.startswith("tungsten-watch-") for name in sessions) == 1
    assert len(await terminal.client.command("show-hooks", "-g", "pane-died")) == 2
    pids = await terminal.client.command("list-clients", "-F", "#{client_pid}")
    assert {client_owner(pid) for pid in pids} <= {"", str(os.getpid())}
    assert (await pane.run("echo fine", timeout=10)).output == "fine\n"
    await view.close()


def test_the_view_imports_neither_libtmux_nor_pydantic() -> None:
    program = (
        "import sys, tungsten.screen.view, tungsten.screen.sgr\n"
        "assert not {'libtmux', 'pydantic', 'psutil', 'textual'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[3], check=True)


async def test_the_end_of_the_server_is_told_as_such_whoever_hears_of_it_first(
    terminal: Terminal, pane: Pane, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_args: object, **_named: object) -> Watch:
        raise ServerGone()

    monkeypatch.setattr(Watch, "open", lost)
    view = await LiveView.open(terminal.socket)
    gone: list[bool] = []
    screen = Screen()
    view.show(
        pane.id, lambda frame: (screen(frame), frame is None and gone.append(view.gone.is_set()))
    )
    await screen.until(lambda frame: frame is not None)
    await terminal.kill_server()
    await screen.until(lambda frame: frame is None)
    assert gone == [True]
    await view.close()


async def closed_while_stopped(view: LiveView, terminal: Terminal) -> None:
    server = int((await terminal.client.command("display-message", "-p", "#{pid}"))[0])
    os.kill(server, signal.SIGSTOP)
    try:
        async with asyncio.timeout(30):
            await view.close()
    finally:
        os.kill(server, signal.SIGCONT)


async def test_a_server_that_was_stopped_does_not_hold_up_the_end(
    terminal: Terminal, pane: Pane
) -> None:
    view = await LiveView.open(terminal.socket)
    screen = Screen()
    view.show(pane.id, screen)
    await screen.until(lambda frame: frame is not None)
    # Shown only once the view watches: all of it is attached by then.
    await view.send_text(pane.id, "typed")
    await screen.text("typed")
    await view.send_keys(pane.id, "C-u")
    await closed_while_stopped(view, terminal)
    assert (await pane.run("echo still", timeout=10)).output == "still\n"


async def test_a_server_that_was_stopped_does_not_hold_up_the_end_of_what_hardly_began(
    terminal: Terminal,
) -> None:
    # It is attaching, and no tmux outlives for certain that a client goes then (`still`).
    await closed_while_stopped(await LiveView.open(terminal.socket), terminal)


async def test_who_stops_waiting_for_a_window_leaves_nothing_watched(
    terminal: Terminal, pane: Pane
) -> None:
    watch = await terminal.watch()
    adding = asyncio.create_task(watch.add(pane.window_id, lambda: None))
    # It has sent the link.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    adding.cancel()
    await asyncio.wait({adding})
    listing = ("list-windows", "-t", f"={watch._session}", "-F", "#{window_id}")
    assert pane.window_id not in await terminal.client.command(*listing)
    printed = asyncio.Event()
    await watch.add(pane.window_id, printed.set)
    await pane.send_text("echo more\n")
    await asyncio.wait_for(printed.wait(), 10)


async def test_all_that_wait_for_a_window_hear_that_there_is_none(terminal: Terminal) -> None:
    watch = await terminal.watch()
    adding = [watch.add("@999", lambda: None) for _ in range(2)]
    outcomes = await asyncio.gather(*adding, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [CommandFailed, CommandFailed]


async def test_a_watch_that_was_hardly_begun_leaves_nothing(terminal: Terminal) -> None:
    listing = ("list-sessions", "-F", "#{session_name}")
    before = await terminal.client.command(*listing)
    client = await Connection.connect(terminal.socket)
    made = WaitChannel.open

    async def cancelled(*arguments: Any, **named: Any) -> WaitChannel:
        opening.cancel()
        return await made(*arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WaitChannel, "open", cancelled)
        opening = asyncio.create_task(Watch.open(client, terminal.socket))
        await asyncio.wait({opening})
    assert opening.cancelled()
    assert await terminal.client.command(*listing) == before
    await client.close()
