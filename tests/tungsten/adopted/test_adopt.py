"""A real tmux server that stands for the person's own, with options and hooks of its own."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tungsten.adopted.adopt import OwnServer, default_socket
from tungsten.adopted.adopted_pane import AdoptedPane
from tungsten.errors import (
    PaneDead,
    PaneGone,
    PaneInCopyMode,
    PaneNotAllowed,
    ServerGone,
    TerminalError,
)
from tungsten.pressing import Standing
from tungsten.programs.osc import Osc, plain
from tungsten.screen.frame import Frame
from tungsten.tmux import still

Tmux = Callable[..., str]


@pytest.fixture
def socket(runtime: Path) -> Path:
    return runtime / "own.sock"


@pytest.fixture
def tmux(socket: Path, home: Path) -> Iterator[Tmux]:
    def run(*argv: str) -> str:
        done = subprocess.run(
            ["tmux", "-u", "-S", str(socket), "-f", "/dev/null", *argv],
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": "/usr/bin:/bin", "HOME": str(home), "LC_ALL": "C.UTF-8"},
        )
        return done.stdout.rstrip("\n")

    run("new-session", "-d", "-s", "work", "-x", "80", "-y", "24", "env", "cat")
    run("new-session", "-d", "-s", "play it", "-x", "70", "-y", "20", "env", "cat")
    run("set-option", "-g", "@mine", "kept")
    run("set-hook", "-g", "alert-activity[3]", "display-message hello")
    yield run
    run("kill-server")


@pytest.fixture
async def own(tmux: Tmux, socket: Path) -> AsyncIterator[OwnServer]:
    server = await OwnServer.connect(socket)
    yield server
    await server.close()


def state(tmux: Tmux) -> str:
    """All that a person could notice to be different."""
    return "\n".join(
        tmux(*argv)
        for argv in (
            ("list-sessions", "-F", "#{session_name} #{session_windows}"),
            ("list-windows", "-a", "-F", "#{window_id} #{window_width} #{window_height}"),
            ("show-options", "-g"),
            ("show-options", "-s"),
            ("show-hooks", "-g"),
            ("list-buffers",),
        )
    )


class Screens:
    def __init__(self) -> None:
        self.shown: list[Frame | None] = []
        self._changed = asyncio.Event()

    def __call__(self, frame: Frame | None) -> None:
        self.shown.append(frame)
        self._changed.set()

    async def until(self, wanted: Callable[[Frame | None], bool]) -> None:
        async with asyncio.timeout(15):
            while not any(wanted(frame) for frame in self.shown):
                self._changed.clear()
                await self._changed.wait()


def reads(text: str) -> Callable[[Frame | None], bool]:
    return lambda frame: frame is not None and text in frame.text


async def test_panes_are_listed_with_where_they_are(own: OwnServer, tmux: Tmux) -> None:
    # As words, not as a line for a shell, which would be the pane's program for a moment.
    tmux("split-window", "-t", "work", "env", "cat")
    panes = await own.panes()
    async with asyncio.timeout(20):
        # `env` takes a moment to become what it starts.
        while {pane.current_command for pane in panes} != {"cat"}:
            panes = await own.panes()
    assert sorted(pane.session for pane in panes) == ["play it", "work", "work"]
    assert next(pane for pane in panes if pane.session == "play it").width == 70
    assert await own.allowed() == frozenset()


async def test_watching_follows_and_changes_nothing(own: OwnServer, tmux: Tmux) -> None:
    before = state(tmux)
    screens = Screens()
    stop = own.watch("%0", screens, fps=60)
    await screens.until(lambda frame: frame is not None)
    assert state(tmux) == before
    tmux("send-keys", "-t", "%0", "from the person", "Enter")
    await screens.until(reads("from the person"))
    tmux("resize-window", "-t", "%0", "-x", "50", "-y", "10")
    await screens.until(lambda frame: frame is not None and frame.width == 50)
    stop()
    tmux("resize-window", "-t", "%0", "-x", "80", "-y", "24")
    tmux("set-option", "-u", "-w", "-t", "%0", "window-size")
    await own.close()
    assert state(tmux) == before


async def test_a_pane_is_driven_only_when_it_was_allowed(own: OwnServer, tmux: Tmux) -> None:
    for drive in (own.send_text, own.send_keys, own.paste):
        with pytest.raises(PaneNotAllowed) as caught:
            await drive("%0", "x")
        assert "Allow this pane first" in str(caught.value)
    await own.allow("%0")
    with pytest.raises(PaneNotAllowed):
        await own.send_text("%1", "x")
    await own.send_text("%0", "typed ")
    await own.paste("%0", "pasted")
    await own.send_keys("%0", "Enter")
    screens = Screens()
    stop = own.watch("%0", screens)
    await screens.until(reads("typed pasted\ntyped pasted"))
    stop()
    assert await own.allowed() == frozenset({"%0"})
    own.disallow("%0")
    with pytest.raises(PaneNotAllowed):
        await own.send_text("%0", "x")
    assert "x" not in (await own.capture("%1")).text


async def test_one_key_goes_into_what_was_seen_in_an_allowed_pane_or_nowhere(
    own: OwnServer, tmux: Tmux
) -> None:
    before = state(tmux)
    pid = int(tmux("display-message", "-p", "-t", "%0", "#{pane_pid}"))
    pane = AdoptedPane(own, "%0")
    standing = Standing(pid, await own.capture("%0"))
    for press in (pane.press_if("1", standing), own.press_if("%0", "1", standing)):
        with pytest.raises(PaneNotAllowed):
            await press
    await own.allow("%0")
    tmux("copy-mode", "-t", "%0")
    assert not await pane.press_if("1", standing)
    with pytest.raises(PaneInCopyMode):
        await pane.paste("x")
    tmux("send-keys", "-X", "-t", "%0", "cancel")
    tmux("set-option", "-w", "-t", "%0", "synchronize-panes", "on")
    assert not await pane.press_if("1", standing)
    with pytest.raises(TerminalError, match="synchronize-panes"):
        await pane.paste("x")
    tmux("set-option", "-w", "-u", "-t", "%0", "synchronize-panes")
    assert not await pane.press_if("1", replace(standing, pid=pid + 1))
    assert await pane.press_if("1", standing)
    screens = Screens()
    stop = own.watch("%0", screens)
    await screens.until(reads("1"))
    # Another one who saw the same comes second.
    second = AdoptedPane(own, "%0")
    assert not await second.press_if("1", standing)
    assert (await pane.capture_plain()).text.strip() == "1"
    own.disallow("%0")
    with pytest.raises(PaneNotAllowed):
        await pane.press_if("2", Standing(pid, await own.capture("%0")))
    stop()
    assert state(tmux) == before


async def test_what_a_pane_prints_is_heard_wherever_it_moves(own: OwnServer, tmux: Tmux) -> None:
    tmux("new-window", "-d", "-t", "work", "env", "cat")
    told: list[str] = []
    news, gone = asyncio.Event(), asyncio.Event()

    def heard(commands: Sequence[Osc]) -> None:
        told.extend(plain(each.text) for each in commands)
        news.set()

    async def until(title: str) -> None:
        async with asyncio.timeout(15):
            while title not in told:
                await news.wait()
                news.clear()

    own.listen("%0", heard, gone.set)
    async with asyncio.timeout(15):
        await news.wait()
    # As a program does it: what is typed comes back, its escapes as they are.
    tty = tmux("display-message", "-p", "-t", "%0", "#{pane_tty}")
    say = f"printf '\\033]0;%s\\007' TITLE > {tty}"
    tmux("run-shell", say.replace("TITLE", "one"))
    await until("one")
    tmux("join-pane", "-d", "-s", "%0", "-t", "%1")
    session = await own.session_of("%0")
    attached = "#{client_control_mode} #{session_id} #{client_readonly}"
    async with asyncio.timeout(15):
        while f"1 {session} 1" not in tmux("list-clients", "-F", attached):
            await news.wait()
            news.clear()
    tmux("run-shell", say.replace("TITLE", "two"))
    await until("two")
    assert not gone.is_set()
    tmux("kill-pane", "-t", "%0")
    async with asyncio.timeout(15):
        await gone.wait()


async def test_what_was_allowed_is_the_program_not_the_place(own: OwnServer, tmux: Tmux) -> None:
    await own.allow("%0")
    tmux("respawn-pane", "-k", "-t", "%0", "cat")
    with pytest.raises(PaneNotAllowed):
        await own.send_text("%0", "x")
    assert await own.allowed() == frozenset()


async def test_what_was_allowed_ends_with_the_server(
    own: OwnServer, tmux: Tmux, socket: Path
) -> None:
    await own.allow("%0")
    server = psutil.Process(int(tmux("display-message", "-p", "#{pid}")))
    tmux("kill-server")
    psutil.wait_procs([server], timeout=20)
    with pytest.raises(ServerGone):
        await own.send_text("%0", "x")
    tmux("new-session", "-d", "-s", "again", "cat")
    assert [pane.id for pane in await own.panes()] == ["%0"]
    with pytest.raises(PaneNotAllowed):
        await own.send_text("%0", "x")


async def test_a_session_that_ends_takes_only_itself_along(
    own: OwnServer, tmux: Tmux, socket: Path
) -> None:
    tmux("new-session", "-d", "-s", "third", "cat")
    (third,) = [pane.id for pane in await own.panes() if pane.session == "third"]
    screens, others = Screens(), Screens()
    own.watch(third, screens)
    own.watch("%0", others)
    await screens.until(lambda frame: frame is not None)
    await others.until(lambda frame: frame is not None)
    # tmux may crash when a session ends just while a control client attaches.
    async with still.turn(socket):
        tmux("kill-session", "-t", "third")
    await screens.until(lambda frame: frame is None)
    async with still.turn(socket):
        tmux("kill-session", "-t", "play it")
    tmux("send-keys", "-t", "%0", "still", "Enter")
    await others.until(reads("still"))
    assert [pane.id for pane in await own.panes()] == ["%0"]
    with pytest.raises(PaneGone):
        await own.allow(third)
    with pytest.raises(PaneGone):
        await own.capture(third)


async def test_a_window_that_moves_is_still_watched(own: OwnServer, tmux: Tmux) -> None:
    tmux("new-window", "-t", "work", "cat")
    screens = Screens()
    own.watch("%0", screens)
    await screens.until(lambda frame: frame is not None)
    tmux("move-window", "-s", "work:0", "-t", "play it:7")
    tmux("send-keys", "-t", "%0", "moved", "Enter")
    await screens.until(reads("moved"))


async def test_a_watcher_hears_of_the_end_of_the_server(own: OwnServer, tmux: Tmux) -> None:
    screens = Screens()
    own.watch("%0", screens)
    await screens.until(lambda frame: frame is not None)
    tmux("kill-server")
    await screens.until(lambda frame: frame is None)
    tmux("new-session", "-d", "cat")


async def test_a_dead_pane_is_not_typed_into(own: OwnServer, tmux: Tmux) -> None:
    tmux("set-option", "-p", "-t", "%0", "remain-on-exit", "on")
    await own.allow("%0")
    tmux("send-keys", "-t", "%0", "C-d")
    screens = Screens()
    own.watch("%0", screens)
    await screens.until(lambda frame: frame is not None and frame.dead)
    with pytest.raises(PaneDead):
        await own.send_text("%0", "x")


async def test_no_server_says_so(runtime: Path) -> None:
    with pytest.raises(ServerGone):
        await OwnServer.connect(runtime / "none.sock")


def test_the_persons_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMUX", "/tmp/tmux-7/odd,123,0")
    assert default_socket() == Path("/tmp/tmux-7/odd")
    monkeypatch.delenv("TMUX")
    monkeypatch.setenv("TMUX_TMPDIR", "/var/tmp")
    assert str(default_socket()).startswith("/var/tmp/tmux-")
