"""A key is pressed into what was looked at, in one step of the real server, or not at all."""

from __future__ import annotations

import random
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.stubs.dialogs import Dialogs
from tungsten.errors import KeyUnknown, PaneDead, PaneGone
from tungsten.pane import ForExit, Pane
from tungsten.pressing import Standing, plain_lines
from tungsten.terminal import Terminal

ALPHABET = "ab1 .,:;#{}[]()*+?|^$\\\"'`~!@%&=<>/_-é漢»│╭😀\u00a0"
ASKS = "╭─ Bash ─╮\n│ ls -a │\n\n» 1. Yes\n  2. No, and tell it #{why}, {x} 100% ^$\n╰─ Esc ─╯"


@pytest.fixture
async def dialogs(runtime: Path) -> AsyncIterator[Dialogs]:
    made = Dialogs(runtime / "told.sock")
    await made.listen()
    yield made
    await made.close()


@pytest.fixture
async def pane(terminal: Terminal, tmp_path: Path, dialogs: Dialogs) -> Pane:
    made = await terminal.new_pane(name="asks", cwd=tmp_path, command=dialogs.command)
    await dialogs.connected()
    return made


async def looked(pane: Pane, text: str) -> Standing:
    """Give what stands on the screen, once the last line of this does."""
    shown = ""
    while text.split("\n")[-1] not in shown:
        frame = await pane.capture()
        shown = frame.text
    return Standing((await pane.info()).pid, frame)


def with_line(standing: Standing, number: int, line: str) -> Standing:
    lines = standing.frame.lines
    changed = (*lines[:number], line, *lines[number + 1 :])
    return replace(standing, frame=replace(standing.frame, lines=changed))


async def test_what_stands_there_still_is_answered_and_nothing_else(
    pane: Pane, dialogs: Dialogs
) -> None:
    await dialogs.draw("asks", ASKS)
    standing = await looked(pane, ASKS)
    assert await pane.press_if("1", standing)
    await dialogs.until(lambda: dialogs.got == [("31", "asks")])
    for number, line in enumerate(plain_lines(standing.frame)[:7]):
        for changed in (line + "x", line[1:] + "y", f" {line}x"):
            assert not await pane.press_if("1", with_line(standing, number, changed)), line
    # But for what may change.
    some = replace(with_line(standing, 3, "x"), changing=frozenset({3}))
    assert await pane.press_if("1", some)
    frame = standing.frame
    for other in (
        replace(frame, width=frame.width + 1),
        replace(frame, height=frame.height - 1),
        replace(frame, cursor_x=frame.cursor_x + 1),
        replace(frame, alternate=False),
        # The same text, one line further down.
        replace(frame, lines=("", *frame.lines)),
    ):
        assert not await pane.press_if("1", replace(standing, frame=other))
    assert not await pane.press_if("1", replace(standing, pid=standing.pid + 1))
    for key in ("", "12", "1Enter", "Enter Enter", "M-x", "\n", "\x1b", "F1"):
        with pytest.raises(KeyUnknown):
            await pane.press_if(key, standing)
    for key in (";", "~", "Escape"):
        assert await pane.press_if(key, standing)
    await dialogs.until(lambda: len(dialogs.got) == 5)
    assert [byte for byte, _ in dialogs.got] == ["31", "31", "3b", "7e", "1b"]


async def test_any_text_is_compared_as_it_is(pane: Pane, dialogs: Dialogs) -> None:
    rng = random.Random(8)
    for number in range(25):
        lines = ["".join(rng.choices(ALPHABET, k=rng.randint(1, 60))) for _ in range(6)]
        text = "\n".join([*lines, f"end {number}"])
        await dialogs.draw(str(number), text)
        standing = await looked(pane, f"end {number}")
        assert await pane.press_if("y", standing), text
        row = rng.randrange(6)
        if line := plain_lines(standing.frame)[row]:
            column = rng.randrange(len(line))
            other = rng.choice([c for c in ALPHABET if c != line[column] and c not in " \u00a0"])
            changed = with_line(standing, row, f"{line[:column]}{other}{line[column + 1 :]}")
            assert not await pane.press_if("n", changed), (line, changed)
    await dialogs.until(lambda: len(dialogs.got) == 25)
    assert {byte for byte, _ in dialogs.got} == {"79"}


async def test_where_keys_would_go_elsewhere_none_is_pressed(
    terminal: Terminal, pane: Pane, dialogs: Dialogs, tmp_path: Path
) -> None:
    await dialogs.draw("asks", ASKS)
    standing = await looked(pane, ASKS)

    def tmux(*argv: str) -> None:
        subprocess.run(["tmux", "-S", str(terminal.socket), *argv], check=True)

    tmux("copy-mode", "-t", pane.id)
    assert not await pane.press_if("1", standing)
    assert (await pane.info()).in_mode, "somebody is reading back there still"
    tmux("copy-mode", "-q", "-t", pane.id)
    tmux("set-option", "-w", "-t", pane.id, "synchronize-panes", "on")
    assert not await pane.press_if("1", standing)
    tmux("set-option", "-w", "-t", pane.id, "synchronize-panes", "off")
    tmux("select-pane", "-d", "-t", pane.id)
    assert not await pane.press_if("1", standing)
    tmux("select-pane", "-e", "-t", pane.id)
    assert dialogs.got == []
    assert await pane.press_if("1", standing)
    await dialogs.until(lambda: dialogs.got == [("31", "asks")])
    await dialogs.close()
    await pane.wait(ForExit(), 10)
    with pytest.raises(PaneDead):
        await pane.press_if("1", standing)
    await pane.kill()
    with pytest.raises(PaneGone):
        await pane.press_if("1", standing)
