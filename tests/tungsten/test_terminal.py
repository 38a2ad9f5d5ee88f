from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest

from tungsten.errors import PaneDead, PaneGone, SocketUnsafe, TmuxMissing
from tungsten.pane import ForExit, ForPrompt, ForText, Pane
from tungsten.terminal import OPTION, PaneDied, Terminal
from tungsten.tmux.environment import is_secret, scrub


async def test_environment_of_panes_is_scrubbed(
    runtime: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    terminal = await Terminal.open(
        runtime / "tmux.sock",
        environment={
            **environment,
            "ANTHROPIC_API_KEY": "secret",
            "GITHUB_TOKEN": "secret",
            "AWS_PROFILE": "secret",
            "MY_DB_PASSWORD": "secret",
            "TUNGSTEN_HOME": "secret",
            "TMUX": "/tmp/outer,1,2",
            "KEPT": "yes",
        },
    )
    shell = await terminal.new_pane(name="shell", cwd=tmp_path)
    printed = (await shell.run("env", timeout=10)).output
    program = await terminal.new_pane(name="program", cwd=tmp_path, command="env; sleep 30")
    shown = (await program.wait(ForText("KEPT=yes"), 10)).frame.text
    await terminal.kill_server()
    for text in (printed, shown):
        assert "secret" not in text
        assert "TMUX=" not in text
        assert "TMUX_PANE" not in text
        assert "TUNGSTEN_INTEGRATION" not in text
        assert "TUNGSTEN_PANE=1" in text
        assert "KEPT=yes" in text
        assert "TERM=tmux-256color" in text or "TERM=screen-256color" in text


@pytest.mark.parametrize(
    "name",
    ["X_API_KEY", "apikey", "GH_TOKEN", "NPM_TOKEN", "DB_PASSWORD", "SECRET_KEY", "CLIENT_SECRET"],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)
    assert name not in scrub({name: "x"})


@pytest.mark.parametrize("name", ["PATH", "TOKENIZERS_PARALLELISM", "KEYBOARD", "SSH_AUTH_SOCK"])
def test_names_of_other_things(name: str) -> None:
    assert scrub({name: "x"})[name] == "x"


async def test_panes_survive_and_are_adopted(
    runtime: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    socket = runtime / "tmux.sock"
    first = await Terminal.open(socket, environment=environment)
    pane = await first.new_pane(name="work", cwd=tmp_path)
    await pane.run("X=kept", timeout=10)
    busy = await first.new_pane(name="busy", cwd=tmp_path)
    await busy.run("sleep 0.5; echo late", timeout=0.1)
    await first.close()

    second = await Terminal.open(socket, environment=environment)
    assert {info.session for info in await second.panes()} == {"work", "busy"}
    again = second.pane(pane.id)
    assert (await again.run("echo $X", timeout=10)).output == "kept\n"
    assert (await second.pane(busy.id).wait(ForPrompt(), 10)).met
    assert (await second.pane(busy.id).run("echo $?", timeout=10)).output == "0\n"
    await second.kill_server()


async def test_the_server_outlives_a_killed_process(
    runtime: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path; from tungsten.terminal import Terminal\n"
        "async def main():\n"
        "    terminal = await Terminal.open(Path(sys.argv[1]))\n"
        "    pane = await terminal.new_pane(name='left', cwd=Path('/'))\n"
        "    await pane.run('Y=still', timeout=10)\n"
        "    print(pane.id, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    socket = runtime / "tmux.sock"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(socket)),
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env=environment,
        start_new_session=True,
    )
    assert process.stdout is not None
    pane_id = (await asyncio.wait_for(process.stdout.readline(), 20)).decode().strip()
    os.killpg(process.pid, 9)
    await process.wait()
    terminal = await Terminal.open(socket, environment=environment)
    assert (await terminal.pane(pane_id).run("echo $Y", timeout=10)).output == "still\n"
    await terminal.kill_server()


async def test_two_opened_at_once_share_one_server(
    runtime: Path, environment: dict[str, str]
) -> None:
    socket = runtime / "tmux.sock"
    both = await asyncio.gather(*(Terminal.open(socket, environment=environment) for _ in range(2)))
    pids = [await each.client.command("display-message", "-p", "#{pid}") for each in both]
    assert pids[0] == pids[1]
    await both[0].close()
    await both[1].kill_server()


async def test_reopened_right_after_it_was_killed(
    runtime: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    for _ in range(4):
        terminal = await Terminal.open(runtime / "tmux.sock", environment=environment)
        pane = await terminal.new_pane(name="x", cwd=tmp_path)
        assert (await pane.run("echo up", timeout=10)).output == "up\n"
        await terminal.kill_server()


@pytest.mark.parametrize(
    "name",
    ["", "a.b:c", "#(touch pwned)", "with space", "-t", "=x", "é漢", "tungsten", "x" * 300,
     "%1", "@1", "$0", "a\nb", "#{pane_id}"],
)  # fmt: skip
async def test_odd_names(terminal: Terminal, tmp_path: Path, name: str) -> None:
    pane = await terminal.new_pane(name=name, cwd=tmp_path)
    twin = await terminal.new_pane(name=name, cwd=tmp_path)
    assert pane.id != twin.id
    assert (await pane.info()).session != (await twin.info()).session
    assert (await pane.run("ls", timeout=10)).output == "home\n"


@pytest.mark.parametrize("name", ["#(touch pwned)", "a b", "#{pane_id}", "%H", "'\"$x;", "é"])
async def test_odd_directories(terminal: Terminal, tmp_path: Path, name: str) -> None:
    directory = tmp_path / name
    directory.mkdir()
    pane = await terminal.new_pane(name="odd", cwd=directory)
    assert (await pane.run("pwd", timeout=10)).output == f"{directory}\n"
    assert (await pane.info()).current_path == str(directory)


async def test_socket_directory_open_to_others_is_refused(runtime: Path) -> None:
    directory = runtime / "open"
    directory.mkdir(mode=0o755)
    directory.chmod(0o755)
    with pytest.raises(SocketUnsafe, match="chmod 700"):
        await Terminal.open(directory / "tmux.sock")


async def test_no_tmux(runtime: Path) -> None:
    with pytest.raises(TmuxMissing):
        await Terminal.open(runtime / "tmux.sock", tmux="no-such-tmux")


async def test_a_persons_own_configuration_is_not_read(
    runtime: Path, environment: dict[str, str], home: Path, tmp_path: Path
) -> None:
    (home / ".tmux.conf").write_text("set -g status on\nset -g history-limit 1\n")
    terminal = await Terminal.open(runtime / "tmux.sock", environment=environment)
    options = await terminal.client.command("show-options", "-g")
    assert "status off" in options
    assert "history-limit 50000" in options
    await terminal.kill_server()


async def test_a_start_up_file_that_would_start_tmux(
    terminal: Terminal, home: Path, tmp_path: Path
) -> None:
    (home / ".bashrc").write_text('[ -z "$TMUX" ] && exec sh -c "echo nested; sleep 9"\nPS1="> "\n')
    pane = await terminal.new_pane(name="x", cwd=tmp_path)
    assert (await pane.run("echo $TMUX", timeout=10)).output == "\n"


async def test_a_command_pane_dies_with_its_status(terminal: Terminal, tmp_path: Path) -> None:
    pane = await terminal.new_pane(name="x", cwd=tmp_path, command="echo bye; sleep 0.3; exit 5")
    # Dead it is a moment before its status is known; and what a program prints as it ends, tmux
    # may not read any more.
    assert (await pane.wait(ForExit(), 10)).met
    info = await pane.info()
    assert (info.dead, info.exit_status) == (True, 5)
    assert "bye" in (await pane.capture()).text


async def test_nothing_is_left_beside_the_socket(terminal: Terminal, pane: Pane) -> None:
    await pane.run("true", timeout=10)
    assert [path.name for path in terminal.socket.parent.iterdir()] == ["tmux.sock"]


async def test_a_pane_closed_before_its_shell_started_leaves_no_note(
    runtime: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    socket = runtime / "tmux.sock"
    terminal = await Terminal.open(socket, environment=environment)
    pane = await terminal.new_pane(name="x", cwd=tmp_path)
    await pane.kill()
    await terminal.close()
    for entry in os.scandir(runtime):
        if entry.name.endswith(".note"):
            os.utime(entry.path, (0, 0))
    terminal = await Terminal.open(socket, environment=environment)
    assert os.listdir(runtime) == ["tmux.sock"]  # noqa: PTH208
    await terminal.kill_server()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
async def test_clients_of_a_killed_process_are_ended(
    runtime: Path, environment: dict[str, str], client_owner: Callable[[str], str]
) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path\n"
        "from tungsten.tmux import orphans; orphans.bound = lambda argv: argv\n"
        "from tungsten.terminal import Terminal\n"
        "async def main():\n"
        "    terminal = await Terminal.open(Path(sys.argv[1]))\n"
        "    pane = await terminal.new_pane(name='x', cwd=Path('/'))\n"
        "    await pane.run('true', timeout=10)\n"
        "    await pane.send_text('while :; do echo; false; done\\n')\n"
        "    print('up', flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    socket = runtime / "tmux.sock"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(socket)),
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env=environment,
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 20) == b"up\n"
    process.kill()
    await process.wait()
    # Panes that speak to nobody: tmux cannot write to the clients that were left.
    other = await asyncio.create_subprocess_exec(
        *("tmux", "-S", str(socket), "new-session", "-d", "-s", "more", "true")
    )
    await other.wait()
    terminal = await Terminal.open(socket, environment=environment)
    pids = await terminal.client.command("list-clients", "-F", "#{client_pid}")
    assert {client_owner(pid) for pid in pids} <= {"", str(os.getpid())}
    await terminal.kill_server()


async def test_a_pane_that_tmux_has_not_been_told_of_yet_is_not_gone(
    terminal: Terminal, tmp_path: Path
) -> None:
    pane = await terminal.new_pane(name="new", cwd=tmp_path)
    told: list[object] = []
    terminal.subscribe(told.append)
    # As between making a pane and writing down that it is ours.
    await terminal.client.command("set-option", "-pu", "-t", pane.id, OPTION)
    await terminal.panes()
    assert told == []
    assert not (await pane.info()).dead
    pane.shell.check()


async def test_two_on_one_server_are_both_told_of_deaths(
    terminal: Terminal, environment: dict[str, str], tmp_path: Path
) -> None:
    gone = f"wait-for -S tungsten-{2**22 + 1}-gone"
    await terminal.client.command("set-hook", "-g", "pane-died[7]", gone)
    other = await Terminal.open(terminal.socket, environment=environment)
    # It hears of ends from tmux alone: as another process does, and systems that follow none.
    other._follow = lambda pane_id, pid: None  # type: ignore[method-assign]
    hooks = await terminal.client.command("show-hooks", "-g", "pane-died")
    assert len(hooks) == 2, "what a process left that is gone is removed"
    told: list[object] = []
    both = asyncio.Event()

    def tell(event: object) -> None:
        told.append(event)
        if len(told) == 2:
            both.set()

    terminal.subscribe(tell)
    other.subscribe(tell)
    pane = await terminal.new_pane(name="short", cwd=tmp_path, command="read line; exit 3")
    with contextlib.suppress(PaneDead):
        # Said when the program ended before it could be asked whether the key arrived.
        await pane.send_keys("Enter")
    # tmux before 3.5 may miss an end: who follows the process has it look, and so all are told.
    await asyncio.wait_for(both.wait(), 60)
    assert told == [PaneDied(pane.id, 3)] * 2
    await other.close()
    assert len(await terminal.client.command("show-hooks", "-g", "pane-died")) == 1


async def test_a_server_that_was_stopped_does_not_hold_up_the_end(
    runtime: Path, environment: dict[str, str]
) -> None:
    terminal = await Terminal.open(runtime / "tmux.sock", environment=environment)
    other = await Terminal.open(runtime / "tmux.sock")
    await other.watch()
    server = int((await terminal.client.command("display-message", "-p", "#{pid}"))[0])
    os.kill(server, signal.SIGSTOP)
    try:
        await asyncio.wait_for(other.close(), 30)
    finally:
        os.kill(server, signal.SIGCONT)
    await terminal.kill_server()


async def test_the_plain_text_of_a_screen_is_that_of_its_picture(
    terminal: Terminal, pane: Pane
) -> None:
    await pane.run("printf '\\e[31mred\\e[44m on blue \\e[0m\\n\\n  kept \\u00e9 \\U1F600 \\n'")
    text = await pane.text()
    assert text == (await pane.capture()).text
    assert "red on blue\n\n  kept é 😀\n" in text
    await pane.kill()
    with pytest.raises(PaneGone):
        await pane.text()


async def test_a_server_that_was_stopped_is_ended_all_the_same(
    runtime: Path, environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tungsten.terminal.END_SECONDS", 0.5)
    terminal = await Terminal.open(runtime / "tmux.sock", environment=environment)
    pane = await terminal.new_pane(name="x", cwd=tmp_path, command="exec sleep 1000")
    pids = [terminal._server_pid, (await pane.info()).pid]
    os.kill(terminal._server_pid, signal.SIGSTOP)
    await asyncio.wait_for(terminal.kill_server(), 30)
    _, alive = psutil.wait_procs([psutil.Process(p) for p in pids if psutil.pid_exists(p)], 20)
    assert alive == []
    again = await Terminal.open(runtime / "tmux.sock", environment=environment)
    assert await again.panes() == ()
    await again.kill_server()


class Stepwise(Awaitable[Any]):
    """Awaits a coroutine, and calls `stops` whenever that waits, and when it has ended."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], stops: Callable[[], None]) -> None:
        self.coroutine, self.stops = coroutine, stops

    def __await__(self) -> Generator[Any, Any, Any]:
        go_on = partial(self.coroutine.send, None)
        while True:
            try:
                awaited = go_on()
            except StopIteration as end:
                return end.value
            finally:
                self.stops()
            try:
                go_on = partial(self.coroutine.send, (yield awaited))
            except Exception as error:  # noqa: BLE001 - it is the coroutine's to handle
                go_on = partial(self.coroutine.throw, error)


async def test_a_new_pane_that_nobody_waits_for_is_closed_again(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = terminal._make_pane
    stop = last = 0

    def stops() -> None:
        nonlocal stop
        stop += 1
        if stop == last:
            opening.cancel()

    async def stepwise(*wanted: Any) -> Any:
        return await Stepwise(make(*wanted), stops)

    monkeypatch.setattr(terminal, "_make_pane", stepwise)
    # Before it is begun, at each point where it waits, and when it is there and nobody knows.
    for last in count():
        stop = 0
        opening = asyncio.create_task(terminal.new_pane(name="late", cwd=tmp_path))
        if not last:
            opening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await opening
        await asyncio.gather(*(task for task in terminal._tasks if "_unmade" in repr(task)))
        listed = await terminal.client.command("list-panes", "-a", "-F", "#{session_name}")
        if not opening.cancelled():
            break
        assert "late" not in listed
    # It was cancelled everywhere, and nobody cancelled this one.
    assert (stop, "late" in listed) == (last - 1, True)
    assert stop > 1
