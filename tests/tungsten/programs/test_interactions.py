"""Scripted interactions with many interactive programs; each must end in the right state.

The whole run, with its count, is marked soak; the default run takes a dozen of them.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tungsten.errors import TerminalError
from tungsten.pane import ForPrompt, ForText, Pane
from tungsten.terminal import Terminal

INTERACTIONS = 300
REQUIRED = 0.99


@dataclass(frozen=True)
class Program:
    """One interactive program and a way to use it; the number makes each use a different one."""

    name: str
    needs: tuple[str, ...]
    drive: Callable[[Pane, Path, int], Awaitable[None]]


def same(seen: object, wanted: object) -> None:
    assert seen == wanted


async def shows(pane: Pane, pattern: str) -> None:
    found = await pane.wait(ForText(pattern), 20)
    assert found.met, f"{pattern!r} is not in\n{found.frame.text}"


async def becomes(pane: Pane, kind: str) -> None:
    """Wait until the program in the foreground is of a kind."""
    for _ in range(500):
        if (await pane.foreground()).kind == kind:
            return
        await asyncio.sleep(0.005)
    raise AssertionError(kind)


async def opened(pane: Pane, command: str) -> None:
    """Start a program that shows a prompt."""
    number = pane.shell.number
    await pane.send_text(f"{command}\n")
    while pane.shell.at_prompt and pane.shell.number == number:
        await pane.shell.changed()
    assert (await pane.wait(ForPrompt(inside=True), 20)).met


async def inside(pane: Pane, text: str, output: str) -> None:
    result = await pane.run(text, timeout=20, inside=True)
    assert (result.ended, result.output) == ("prompt", output)


async def closed(pane: Pane, text: str, status: int = 0) -> None:
    result = await pane.run(text, timeout=20, inside=True)
    assert (result.ended, result.exit_status) == ("prompt", status)


async def bash(pane: Pane, directory: Path, n: int) -> None:
    result = await pane.run(f"echo {n} >f{n}; cat f{n}; (exit {n % 200})", timeout=20)
    same((result.output, result.exit_status), (f"{n}\n", n % 200))


async def nested_bash(pane: Pane, directory: Path, n: int) -> None:
    await opened(pane, "bash --norc --noprofile")
    await inside(pane, f"echo $(({n} + 1))", f"{n + 1}\n")
    await closed(pane, f"exit {n % 100}", n % 100)


async def nested_zsh(pane: Pane, directory: Path, n: int) -> None:
    await opened(pane, "zsh -f")
    await inside(pane, f"echo $(({n} + 1))", f"{n + 1}\n")
    await closed(pane, f"exit {n % 100}", n % 100)


async def nested_dash(pane: Pane, directory: Path, n: int) -> None:
    await opened(pane, "env -u ENV PS1='dash$ ' dash -i")
    await inside(pane, f"for i in 1 2; do\n  echo $(({n} + i))\ndone", f"{n + 1}\n{n + 2}\n")
    await closed(pane, f"exit {n % 100}", n % 100)


async def python(pane: Pane, directory: Path, n: int) -> None:
    await opened(pane, "python3 -q -i -c ''")
    await inside(pane, f"def f(x):\n    return x * 2\nf({n})", f"{n * 2}\n")
    result = await pane.run("1 / 0", timeout=20, inside=True)
    assert "ZeroDivisionError" in result.output
    await closed(pane, f"exit({n % 100})", n % 100)


async def sqlite(pane: Pane, directory: Path, n: int) -> None:
    await opened(pane, f"sqlite3 db{n}")
    await inside(pane, "create table t(a);", "")
    await inside(pane, f"insert into t values ({n}),\n  ({n + 1});", "")
    await inside(pane, "select a from t\norder by a;", f"{n}\n{n + 1}\n")
    await closed(pane, ".quit")


async def vim(pane: Pane, directory: Path, n: int) -> None:
    await pane.send_text(f"vim -u NONE -n vim{n}\n")
    await shows(pane, r"^~$")
    await pane.send_text(f"ihello {n}")
    await pane.send_keys("Escape")
    await shows(pane, f"^hello {n}$")
    await pane.send_text(":wq\n")
    await back(pane)
    same((directory / f"vim{n}").read_text(), f"hello {n}\n")


async def nano(pane: Pane, directory: Path, n: int) -> None:
    await pane.send_text(f"nano -I nano{n}\n")
    await shows(pane, "New File|Read 0 lines")
    await pane.send_text(f"hello {n}")
    await shows(pane, f"^hello {n}$")
    await pane.send_keys("C-o", "Enter", "C-x")
    await back(pane)
    same((directory / f"nano{n}").read_text(), f"hello {n}\n")


async def less(pane: Pane, directory: Path, n: int) -> None:
    (directory / "long").write_text("".join(f"line {k}\n" for k in range(1000)))
    await pane.send_text("less long\n")
    await shows(pane, "^line 9$")
    await pane.send_text(f"/line {n + 100}$\n")
    await shows(pane, f"^line {n + 100}$")
    await pane.send_keys("q")
    await back(pane)


async def htop(pane: Pane, directory: Path, n: int) -> None:
    await pane.send_text("htop\n")
    await shows(pane, r"PID\s+USER")
    await pane.resize(90 + n % 10, 25)
    await pane.send_keys("q")
    await back(pane)
    await pane.resize(80, 24)


async def top(pane: Pane, directory: Path, n: int) -> None:
    # It draws over the screen that an earlier one has left.
    await pane.run("clear", timeout=20)
    await pane.send_text("top\n")
    await shows(pane, r"PID\s+USER")
    await pane.send_keys("q")
    await back(pane)


async def git(pane: Pane, directory: Path, n: int) -> None:
    # The question of an earlier one may stand there.
    await pane.run("clear", timeout=20)
    await pane.run(
        f"git init -q r{n}; cd r{n}; git config user.name x; git config user.email x@example.org; "
        "echo a >f; git add f; git commit -qm a; echo b >f",
        timeout=20,
    )
    await pane.send_text("git add -p\n")
    await shows(pane, "Stage this hunk")
    await pane.send_text("y\n" if n % 2 else "n\n")
    await back(pane)
    result = await pane.run("git diff --cached --quiet; echo $?; cd ..", timeout=20)
    same(result.output, f"{n % 2}\n")


async def password(pane: Pane, directory: Path, n: int) -> None:
    (directory / "ask").write_text('read -r -s -p "Password: " a; echo; [ "$a" = secret ]\n')
    await pane.send_text("bash ask\n")
    await shows(pane, "^Password:$")
    await becomes(pane, "password")
    await pane.send_text("secret\n" if n % 2 else "wrong\n")
    await back(pane)
    result = await pane.run("echo $?", timeout=20)
    same(result.output, "0\n" if n % 2 else "1\n")


async def reader(pane: Pane, directory: Path, n: int) -> None:
    await pane.send_text(f"cat >cat{n}\n")
    await becomes(pane, "reader")
    await pane.send_text(f"ä 漢 {n}\n")
    await pane.send_keys("C-d")
    await back(pane)
    same((directory / f"cat{n}").read_text(), f"ä 漢 {n}\n")


async def interrupted(pane: Pane, directory: Path, n: int) -> None:
    result = await pane.run("sleep 30", timeout=0.05)
    same(result.ended, "timeout")
    await pane.send_keys("C-c")
    await back(pane)
    same((await pane.run("echo $?", timeout=20)).output, "130\n")


async def back(pane: Pane) -> None:
    """Be at the shell's prompt again, after whatever ran there."""
    assert (await pane.wait(ForPrompt(), 20)).met
    assert not (await pane.capture()).alternate


PROGRAMS = (
    Program("bash", (), bash),
    Program("bash inside", (), nested_bash),
    Program("zsh inside", ("zsh",), nested_zsh),
    Program("dash inside", ("dash",), nested_dash),
    Program("python", ("python3",), python),
    Program("sqlite3", ("sqlite3",), sqlite),
    Program("vim", ("vim",), vim),
    Program("nano", ("nano",), nano),
    Program("less", ("less",), less),
    Program("htop", ("htop",), htop),
    Program("top", ("top",), top),
    Program("git add -p", ("git",), git),
    Program("password", (), password),
    Program("cat", (), reader),
    Program("sleep", (), interrupted),
)


def present() -> list[Program]:
    return [p for p in PROGRAMS if all(shutil.which(need) for need in p.needs)]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
async def test_one_interaction(pane: Pane, tmp_path: Path, program: Program) -> None:
    if program not in present():
        pytest.skip(f"not installed: {', '.join(program.needs)}")
    await pane.wait(ForPrompt(), 20)
    for n in (1, 2):
        await program.drive(pane, tmp_path, n)
    assert (await pane.run("echo end", timeout=20)).output == "end\n"


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_three_hundred_interactions(
    terminal: Terminal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    programs = present()
    if len(programs) < 12:
        pytest.skip(f"only {len(programs)} of the programs are installed")
    failed: list[str] = []
    pane = await terminal.new_pane(name="soak", cwd=tmp_path, width=80, height=24)
    for n in range(INTERACTIONS):
        program = programs[n % len(programs)]
        try:
            async with asyncio.timeout(60):
                await pane.wait(ForPrompt(), 20)
                await program.drive(pane, tmp_path, n)
                same((await pane.run("echo end", timeout=20)).output, "end\n")
        except (AssertionError, TerminalError, TimeoutError) as error:
            failed.append(f"{n} {program.name}: {error!r}")
            await pane.kill()
            pane = await terminal.new_pane(name="soak", cwd=tmp_path, width=80, height=24)
    right = INTERACTIONS - len(failed)
    count = f"{right} of {INTERACTIONS} interactions with {len(programs)} programs ended right"
    with capsys.disabled():
        sys.stdout.write("\n".join(["", count, *failed, ""]))
    assert right >= REQUIRED * INTERACTIONS, failed
