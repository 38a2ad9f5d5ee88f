"""Asking before each piece of a line, in a real bash."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tungsten.errors import CannotAsk
from tungsten.pane import ForPrompt, Pane
from tungsten.shell.pieces import Pieces
from tungsten.terminal import Terminal


class Judge:
    """Allows every piece but those that hold a word; keeps what it was asked."""

    def __init__(self, word: str = "touch") -> None:
        self.asked: list[str] = []
        self._word = word

    async def __call__(self, piece: str) -> bool:
        self.asked.append(piece)
        return self._word not in piece


async def test_every_piece_is_asked_about(pane: Pane) -> None:
    judge = Judge()
    line = "x=$(echo a; echo b); f() { printf '%s\\n' $1; }; f $x | cat; cat <<E\n$(f here)\nE"
    result = await pane.run(line, timeout=20, before_each=judge)
    assert (result.output, result.exit_status, result.refused) == ("a\nhere\n", 0, None)
    for piece in ("echo a", "echo b", "f $x", "printf '%s\\n' $1", "cat", "f here"):
        assert piece in judge.asked


@pytest.mark.parametrize(
    "line",
    [
        "touch made",
        "echo one; touch made; touch made",
        "x=$(touch made)",
        "x=$(cat <(touch made)); echo $x",
        "f() { touch made; }; f; touch made",
        "cat <<E\n$(touch made)\nE",
        "echo one | touch made | cat; touch made",
        "echo one | { cat; touch made; }; touch made",
        "(cd /tmp; touch made)",
        "{ touch made; } & wait; touch made",
        "if touch made; then touch made; fi || touch made",
        "while true; do touch made; done; touch made",
        "for i in touch; do $i made; done",
        "eval 'touch made'; touch made",
        "y=1; [[ -n touch ]] && ((y++)); builtin . /dev/stdin <<< 'touch made'",
        "trap 'touch made' EXIT; (exit); touch made",
        "! touch made",
        "time touch made",
        "touch made >made",
    ],
)
async def test_a_refused_piece_and_all_after_it_do_not_run(
    pane: Pane, tmp_path: Path, line: str
) -> None:
    result = await pane.run(line, timeout=30, before_each=Judge())
    assert result.ended in ("prompt", "interrupted")
    assert result.refused is not None
    assert "touch" in result.refused
    result = await pane.run("ls; echo $-", timeout=10)
    assert result.output.startswith("home\n")
    assert "T" not in result.output


async def test_what_the_shell_says_stays_as_it_was(pane: Pane) -> None:
    judge = Judge()
    await pane.run("echo 1 2; (exit 3)", timeout=10)
    lines = {
        "echo $?": "3\n",
        "echo a b; echo $_": "a b\nb\n",
        "(exit 2) | (exit 4) | true; echo ${PIPESTATUS[@]}": "2 4 0\n",
        "false || echo no; ! true; echo $?": "no\n1\n",
        "f() { return 7; }; f; echo $?": "7\n",
        "x=$(exit 5); echo $?": "5\n",
        "(set -e; false; echo never); echo $?": "1\n",
        "exec 5>&1; echo five >&5; exec 5>&-": "five\n",
        "echo in | { read -r x; echo $x; }": "in\n",
        "trap 'echo bye' EXIT; trap -p EXIT; trap - EXIT": "trap -- 'echo bye' EXIT\n",
    }
    for line, output in lines.items():
        assert (await pane.run(line, timeout=20, before_each=judge)).output == output, line
    result = await pane.run("(exit 9)", timeout=10, before_each=judge)
    assert (result.exit_status, result.ended) == (9, "prompt")
    result = await pane.run("trap -p; shopt extdebug; echo $_", timeout=10)
    assert result.output.split() == ["extdebug", "off", "extdebug"]


async def test_strict_shells_live_on(pane: Pane) -> None:
    await pane.run(
        "set -eu -o pipefail; PROMPT_COMMAND=('x=1' \"${PROMPT_COMMAND[@]}\")", timeout=10
    )
    judge = Judge()
    for _ in range(2):
        result = await pane.run("echo one; touch made; echo two", timeout=20, before_each=judge)
        assert (result.output, result.refused) == ("one\n", "touch made")
    result = await pane.run("echo $x; false", timeout=20, before_each=judge)
    assert (result.ended, result.output) == ("pane_died", "1\n")
    assert not [piece for piece in judge.asked if "x=1" in piece]


@pytest.mark.parametrize(
    "piece", ["trap - DEBUG", "shopt -u extdebug", "set -x +T", "unset -f __tungsten_refuses"]
)
async def test_a_line_may_not_take_the_questions_away(
    pane: Pane, tmp_path: Path, piece: str
) -> None:
    judge = Judge()
    result = await pane.run(f"{piece}; touch made", timeout=20, before_each=judge)
    assert result.refused == piece
    assert not (tmp_path / "made").exists()


async def test_where_nobody_can_ask(terminal: Terminal, pane: Pane, tmp_path: Path) -> None:
    for trap in ("DEBUG", "ERR", "RETURN"):
        await pane.run(f"trap ': mine' {trap}", timeout=10)
        with pytest.raises(CannotAsk, match="traps of its own"):
            await pane.run("touch made", timeout=20, before_each=Judge("none"))
        assert await pane.line() == ""
        result = await pane.run(f"trap -p {trap}; trap - {trap}", timeout=10)
        assert result.output == f"trap -- ': mine' {trap}\n"
    plain = await terminal.new_pane(name="plain", cwd=tmp_path, shell="sh")
    with pytest.raises(CannotAsk):
        await plain.run("touch made", timeout=20, before_each=Judge("none"))
    assert not (tmp_path / "made").exists()


async def test_what_the_judge_raises_passes_through(pane: Pane, tmp_path: Path) -> None:
    async def judge(piece: str) -> bool:
        raise LookupError(piece)

    with pytest.raises(LookupError, match="touch made"):
        await pane.run("touch made; touch made", timeout=20, before_each=judge)
    assert (await pane.run("ls", timeout=10)).output == "home\n"


async def test_an_interrupt_while_the_judge_thinks(pane: Pane) -> None:
    asked = asyncio.Event()

    async def judge(piece: str) -> bool:
        asked.set()
        await asyncio.Event().wait()
        return True

    for line in ("touch made; touch made", "x=$(touch made)", "while :; do (touch made); done"):
        asked.clear()
        running = asyncio.create_task(pane.run(line, timeout=20, before_each=judge))
        await asyncio.wait_for(asked.wait(), 10)
        while not running.done():
            # One that comes right before the shell begins to wait is heard only after it.
            await pane.send_keys("C-c")
            await asyncio.wait({running}, timeout=0.5)
        assert running.result().ended == "interrupted"
    result = await pane.run("ls", timeout=10, before_each=Judge())
    assert result.output == "home\n"


async def test_a_cancelled_run_runs_nothing_more(pane: Pane) -> None:
    asked = asyncio.Event()

    async def judge(piece: str) -> bool:
        asked.set()
        await asyncio.Event().wait()
        return True

    running = asyncio.create_task(
        pane.run("echo one | touch made; touch made", timeout=20, before_each=judge)
    )
    await asyncio.wait_for(asked.wait(), 10)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await pane.wait(ForPrompt(), 10)).met
    assert (await pane.run("ls", timeout=10)).output == "home\n"


async def test_what_runs_on_after_the_wait_is_asked_about(pane: Pane, tmp_path: Path) -> None:
    judge = Judge()
    result = await pane.run("sleep 0.5; echo two; touch made", timeout=0.2, before_each=judge)
    assert result.ended == "timeout"
    assert (await pane.wait(ForPrompt(), 10)).met
    assert judge.asked == ["sleep 0.5", "echo two", "touch made"]
    result = await pane.run("{ sleep 0.3; touch made; } & :", timeout=10, before_each=judge)
    assert (await pane.run("wait; ls", timeout=10)).output.endswith("home\n")


DRIVER = """
import asyncio, os, sys
from pathlib import Path
from tungsten.terminal import Terminal

async def main():
    terminal = await Terminal.open(Path(sys.argv[1]))
    pane = terminal.pane(sys.argv[2])

    async def judge(piece):
        if "touch" in piece:
            print("asked", flush=True)
            await asyncio.Event().wait()
        return True

    await pane.run(sys.argv[3], before_each=judge)

asyncio.run(main())
"""


@pytest.mark.parametrize(
    "line", ["touch made; touch made", "echo one | touch made | cat", "x=$(touch made) | cat"]
)
async def test_nothing_runs_when_the_asking_process_dies(
    terminal: Terminal, pane: Pane, tmp_path: Path, line: str
) -> None:
    await pane.wait(ForPrompt(), 10)
    driver = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", DRIVER, str(terminal.socket), pane.id, line],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert driver.stdout is not None
    assert await asyncio.to_thread(driver.stdout.readline) == b"asked\n"
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    driver.stdout.close()
    assert (await pane.wait(ForPrompt(), 10)).met
    assert (await pane.run("ls; echo alive", timeout=10)).output == "home\nalive\n"
    result = await pane.run("echo again", timeout=10, before_each=Judge())
    assert (result.output, result.refused) == ("again\n", None)


async def readable(descriptor: int) -> None:
    """Wait until there is something to read."""
    loop = asyncio.get_running_loop()
    there = asyncio.Event()
    loop.add_reader(descriptor, there.set)
    try:
        async with asyncio.timeout(20):
            await there.wait()
    finally:
        loop.remove_reader(descriptor)


async def test_who_is_killed_before_it_hears_the_answer_gives_its_turn_on(tmp_path: Path) -> None:
    async def judge(piece: str) -> bool:
        return True

    async def interrupt() -> None:
        raise AssertionError("nothing loops")

    pieces = Pieces(tmp_path, interrupt)
    line = pieces.begin(judge)
    descriptors = {
        name: os.open(pieces.directory / name, os.O_RDWR | os.O_NONBLOCK)
        for name in ("ask", "turn", "verdict")
    }
    try:
        assert os.read(descriptors["turn"], 8) == b"t"
        asker = await asyncio.create_subprocess_exec("sleep", "1000")
        os.write(descriptors["ask"], f"{line.name};{asker.pid};touch x\0".encode())
        # It is answered, and does not read.
        await readable(descriptors["verdict"])
        asker.kill()
        await readable(descriptors["turn"])
        await asker.wait()
        assert os.read(descriptors["turn"], 8) == b"t"
        with pytest.raises(BlockingIOError):
            os.read(descriptors["verdict"], 8)
    finally:
        line.close()
        pieces.close()
        for descriptor in descriptors.values():
            os.close(descriptor)
