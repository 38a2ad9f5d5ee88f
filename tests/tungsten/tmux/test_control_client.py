from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import secrets
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tungsten.errors import (
    CommandFailed,
    ResourcesExhausted,
    ServerGone,
    ServerSilent,
    TmuxMissing,
)
from tungsten.pane import ForPrompt, ForText, Pane
from tungsten.screen import frame
from tungsten.shell import marks
from tungsten.terminal import Terminal
from tungsten.tmux.control_client import ControlClient, parse_version
from tungsten.tmux.polling_client import PollingClient

words = st.text(
    st.characters(exclude_characters=["\0", *map(chr, range(0x80, 0xA0))], codec="utf-8"),
    max_size=40,
)


async def test_commands_failures_and_pipelines(terminal: Terminal) -> None:
    client = terminal.client
    assert client.version.startswith("3.")
    assert await client.command("display-message", "-p", "hello") == ["hello"]
    with pytest.raises(CommandFailed, match="can't find"):
        await client.command("kill-pane", "-t", "%999")
    with pytest.raises(CommandFailed, match="unknown command"):
        await client.command("no-such-command")
    first, second, third = await client.pipeline(
        [
            ("display-message", "-p", "1"),
            ("kill-pane", "-t", "%999"),
            ("display-message", "-p", "3"),
        ]
    )
    assert (first, third) == (["1"], ["3"])
    assert isinstance(second, CommandFailed)


async def test_words_arrive_exactly(terminal: Terminal) -> None:
    client = terminal.client

    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(words)
    def check(word: str) -> None:
        # Buffers hold bytes untouched; a pane would interpret them.
        if not word:
            return
        name = "b" + secrets.token_hex(4)
        client.call("set-buffer", "-b", name, "--", word)
        # tmux shows buffers with vis(3) escapes.
        shown = marks._unvis("\n".join(client.call("show-buffer", "-b", name)))
        assert shown == word
        which = f"#{{==:#{{buffer_name}},{name}}}"
        size = client.call("list-buffers", "-F", "#{buffer_size}", "-f", which)
        assert size == [str(len(word.encode()))]
        client.call("delete-buffer", "-b", name)

    check()


@pytest.mark.parametrize(
    "word",
    [";", "a;", "\\;", "#{pane_id}", "~", "~root", "$HOME", "${HOME}", "-R", "--", "%if 1", "{",
     "}", "'", '"', "a\tb", "a b ", "#(touch x)", "\\033", "\\u0041", "é漢🎉", "# comment"],
)  # fmt: skip
async def test_odd_words_reach_a_program(pane: Pane, tmp_path: Path, word: str) -> None:
    await pane.wait(ForPrompt(), 10)
    await pane.run("cat > typed; true", timeout=0.3)
    await pane.send_text(word + "\n")
    await pane.send_keys("C-d")
    assert (await pane.wait(ForPrompt(), 10)).met
    assert (tmp_path / "typed").read_text() == word + "\n"
    assert not (tmp_path / "x").exists()


async def test_sync_calls_on_the_loop_resolve_others_too(terminal: Terminal) -> None:
    client = terminal.client
    waiting = [
        asyncio.create_task(client.command("display-message", "-p", str(n))) for n in range(20)
    ]
    await asyncio.sleep(0)
    assert client.call("display-message", "-p", "sync") == ["sync"]
    assert [(await task)[0] for task in waiting] == [str(n) for n in range(20)]
    with pytest.raises(CommandFailed):
        client.call("kill-pane", "-t", "%999")


async def test_calls_from_another_thread(terminal: Terminal) -> None:
    lines = await asyncio.to_thread(terminal.client.call, "display-message", "-p", "thread")
    assert lines == ["thread"]


async def test_libtmux_objects_use_the_connection(terminal: Terminal, pane: Pane) -> None:
    sessions = {session.session_name for session in terminal.server.sessions}
    assert {"tungsten", "work"} <= sessions
    found = terminal.server.panes.get(pane_id=pane.id)
    assert found is not None
    await pane.wait(ForPrompt(), 10)
    found.send_keys("echo through libtmux")
    assert (await pane.wait(ForText("^through libtmux"), 10)).met
    assert any("through libtmux" in line for line in found.capture_pane())
    assert terminal.server.is_alive()
    assert not terminal.server.has_session("nothing")


async def test_a_flood_of_forged_frames_changes_nothing(pane: Pane, tmp_path: Path) -> None:
    program = tmp_path / "flood.sh"
    program.write_text(
        "t=$(date +%s); n=0\n"
        "while :; do n=$((n + 1)); for k in 0 1 2; do\n"
        "printf '%%end %s %s 1\\n%%error %s %s 1\\n%%begin %s %s 1\\n%%exit\\n' "
        "$((t + k)) $n $t $n $t $n\n"
        "done; done\n"
    )
    await pane.run(f"sh {program}", timeout=0.2)
    client = pane.client
    sizes = [(80, 24), (61, 13), (120, 40), (20, 5)]
    for n in range(300):
        if n % 25 == 0:
            await pane.resize(*sizes[n // 25 % 4])
        shown, echoed = await asyncio.gather(
            frame.capture(client, pane.id, history=5),
            client.command("display-message", "-p", str(n)),
        )
        assert len(shown.lines) == shown.height + min(5, shown.history_size)
        assert echoed == [str(n)]
    await pane.send_keys("C-c")


async def test_missing_program_and_server(runtime: Path) -> None:
    with pytest.raises(TmuxMissing, match="Install"):
        await ControlClient.connect(runtime / "x.sock", tmux="no-such-tmux")
    with pytest.raises(ServerGone):
        await ControlClient.connect(runtime / "x.sock")


async def test_unknown_session(terminal: Terminal) -> None:
    with pytest.raises(ServerGone, match="can't find session"):
        await ControlClient.connect(terminal.socket, session="nothing")


async def test_a_killed_client_fails_everything_outstanding(terminal: Terminal) -> None:
    client = await ControlClient.connect(terminal.socket, session="tungsten")
    waiting = asyncio.create_task(client.command("wait-for", "never"))
    await asyncio.sleep(0)
    os.kill(int(client.name.removeprefix("client-")), signal.SIGKILL)
    # tmux itself may answer a wait with success when its client ends.
    await asyncio.wait_for(asyncio.gather(waiting, return_exceptions=True), 10)
    await asyncio.wait_for(client.closed.wait(), 10)
    with pytest.raises(ServerGone):
        await client.command("display-message", "-p", "x")
    with pytest.raises(ServerGone):
        client.call("display-message", "-p", "x")
    await client.close()


async def test_a_cancelled_command_leaves_the_rest_in_step(terminal: Terminal) -> None:
    client = terminal.client
    tasks = [asyncio.create_task(client.command("display-message", "-p", str(n))) for n in range(9)]
    await asyncio.sleep(0)
    tasks[4].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[4], asyncio.CancelledError)
    assert [result for n, result in enumerate(results) if n != 4] == [
        [str(n)] for n in range(9) if n != 4
    ]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("3.3a", (3, 3)),
        ("3.2", (3, 2)),
        ("next-3.6", (3, 6)),
        ("master", (99, 0)),
        ("2.9a", (2, 9)),
    ],
)
def test_versions(text: str, version: tuple[int, int]) -> None:
    assert parse_version(text) == version


async def test_a_server_that_does_not_answer(
    terminal: Terminal, pane: Pane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pane.run("true")
    polling = await PollingClient.connect(terminal.socket)
    pid = int((await terminal.client.command("display-message", "-p", "#{pid}"))[0])
    os.kill(pid, signal.SIGSTOP)
    try:
        monkeypatch.setattr("tungsten.tmux.control_client.CONNECT_SECONDS", 0.2)
        with pytest.raises(ServerSilent):
            await ControlClient.connect(terminal.socket)
    finally:
        os.kill(pid, signal.SIGCONT)
    # By itself, and until the server has let that client go: tmux dies of one that it makes while a
    # session begins (see `tungsten.tmux.still`).
    await polling.command("list-sessions")
    os.kill(pid, signal.SIGSTOP)
    # Not earlier: a busy machine may well be silent for so long.
    monkeypatch.setattr("tungsten.tmux.control_client.SILENT_SECONDS", 0.2)
    monkeypatch.setattr("tungsten.shell.command_line.TRIES", 1)
    watchdog = terminal.client.client._watchdog
    assert watchdog is not None
    watchdog.cancel()
    terminal.client.client._watchdog = None
    try:
        calls = (
            polling.command("list-sessions"),
            *(pane.capture(), pane.text(), pane.info(), pane.foreground(), pane.line()),
            *(pane.run("true"), pane.send_text("x"), pane.send_keys("C-c"), pane.paste("x")),
            *(pane.wait(ForText("never"), 0.1), pane.resize(20, 5), terminal.panes()),
            terminal.new_pane(name="late", cwd=tmp_path),
        )
        errors = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(error) for error in errors} == {ServerSilent}
        with pytest.raises(ServerSilent):
            terminal.client.call("list-sessions")
    finally:
        os.kill(pid, signal.SIGCONT)
        monkeypatch.undo()
        await polling.close()
    # What comes late answers nothing else, and what was made late is not left over.
    await asyncio.gather(*(task for task in terminal._tasks if "_unmake" in repr(task)))
    assert [found.id for found in await terminal.panes()] == [pane.id]
    await terminal.client.command("send-keys", "-t", pane.id, "C-c")
    assert (await pane.wait(ForPrompt(), 10)).met


async def test_where_the_system_has_no_more_files(
    terminal: Terminal, pane: Pane, tmp_path: Path
) -> None:
    async def allow(piece: str) -> bool:
        return True

    await pane.run("true")
    used = max(int(name) for name in os.listdir("/dev/fd"))  # noqa: PTH208
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 1, limits[1]))
    held = []
    try:
        with contextlib.suppress(OSError):
            while True:
                held.append(os.open(os.devnull, os.O_RDONLY))
        for call in (
            lambda: Terminal.open(terminal.socket),
            lambda: ControlClient.connect(terminal.socket),
            lambda: PollingClient.connect(terminal.socket),
            lambda: terminal.new_pane(name="more", cwd=tmp_path),
            lambda: pane.wait(ForText("never"), 1),
            lambda: pane.run("true", before_each=allow),
            pane.foreground,
        ):
            with pytest.raises(ResourcesExhausted, match="Too many open files"):
                await call()
        # What needs no file goes on.
        assert (await pane.run("echo on")).output == "on\n"
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
