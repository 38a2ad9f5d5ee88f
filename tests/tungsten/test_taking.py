"""How bash takes a line as one message: whole or not at all, and only where it is meant for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tungsten.errors import NotAtPrompt
from tungsten.pane import ForPrompt, ForText, Pane
from tungsten.shell import marks
from tungsten.terminal import Terminal

LINES = [
    ":",
    "  two blanks before; and a semicolon after;",
    "echo 'a\tb' \"$HOME\" `pwd` $((1+2)) \\\\ !! {a,b} ~ #",
    "for i in 1 2\ndo\n\techo $i\ndone\n",
    "cat <<'EOF'\n\n tab\there; \u00e9\u6f22\U0001f600\nEOF",
    "echo " + "0123456789" * 900,
    "\u00e9" * 300,
]


class Refused(Exception):
    pass


async def put(pane: Pane, line: str) -> str | None:
    """Type a line with a verdict against it; gives what stood there when it was asked."""
    stood: list[str | None] = []

    async def refuse() -> None:
        stood.append(await pane.shell.line())
        raise Refused

    with pytest.raises(Refused):
        await pane.run(line, timeout=10, before_enter=refuse)
    return stood[0]


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
async def test_lines_arrive_as_they_were_sent(pane: Pane, locale: str) -> None:
    await pane.run(f"export LC_ALL={locale}", timeout=10)
    for line in LINES:
        assert await put(pane, line) == line.rstrip("\n")


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
@pytest.mark.parametrize("mode", ["emacs", "vi"])
async def test_lines_run_as_they_were_sent(
    pane: Pane, tmp_path: Path, locale: str, mode: str
) -> None:
    await pane.run(f"export LC_ALL={locale}; set -o {mode}", timeout=10)
    text = " \u00e9\u6f22; \\\\n\ttab\n  second" + "x" * 500
    result = await pane.run(f"printf %s '{text}' >got; (exit 7)", timeout=10)
    assert (result.ended, result.exit_status) == ("prompt", 7)
    assert (tmp_path / "got").read_text() == text


async def test_what_the_line_before_left_is_not_touched(pane: Pane) -> None:
    await pane.run("echo one two", timeout=10)
    assert (await pane.run("echo $_ $?", timeout=10)).output == "two 0\n"
    await pane.run("(exit 5)", timeout=10)
    assert (await pane.run("echo $?", timeout=10)).output == "5\n"


@pytest.mark.parametrize("options", ["set -eu", "set -u; shopt -u promptvars", "set -T"])
async def test_strict_shells(pane: Pane, options: str) -> None:
    await pane.run(options, timeout=10)
    assert await put(pane, "echo refused") == "echo refused"
    assert (await pane.run("echo fine", timeout=10)).output == "fine\n"
    assert (await pane.run("echo again", timeout=10)).output == "again\n"


async def test_a_message_cut_short_runs_nothing(pane: Pane, tmp_path: Path) -> None:
    await pane.wait(ForPrompt(), 10)
    whole = marks.take(pane.shell.nonce, pane.shell.number, "0a", "run", "touch cut; touch whole")
    await pane.send_text(whole[:-9])
    assert (await pane.run("echo fine", timeout=30)).output == "fine\n"
    await pane.send_text(whole[:-9])
    await pane.send_keys("C-c")
    assert (await pane.run("echo fine", timeout=30)).output == "fine\n"
    await pane.send_text(whole.replace("; touch", "; tooch")[3:-1])
    await pane.wait(ForText("tooch"), 10)
    await pane.send_keys("C-u")
    assert (await pane.run("ls", timeout=30)).output == "home\n"


async def test_a_message_for_another_prompt_runs_nothing(pane: Pane, tmp_path: Path) -> None:
    await pane.run(":", timeout=10)
    number = pane.shell.number
    for late in (
        marks.take(pane.shell.nonce, number - 1, "0a", "run", "touch late"),
        marks.take(pane.shell.nonce, number, "0b", "same", "touch late"),
        marks.take("0" * 32, number, "0b", "run", "touch late"),
        marks.take(pane.shell.nonce, number, "0c", "run", "touch late").replace(",10,10,", ",9,9,"),
    ):
        await pane.send_text(late)
        assert await pane.line() == ""
    await pane.send_text("read -e x\n")
    await pane.send_text(marks.take(pane.shell.nonce, number, "0d", "run", "touch late") + "\n")
    await pane.wait(ForPrompt(), 10)
    await pane.send_text("echo 'open\n")
    await pane.wait(ForText("^>$"), 10)
    await pane.send_text(marks.take(pane.shell.nonce, pane.shell.number, "0e", "run", "touch late"))
    await pane.shell.clear()
    assert (await pane.run("ls", timeout=10)).output == "home\n"


async def test_somebody_runs_another_line_meanwhile(pane: Pane, tmp_path: Path) -> None:
    async def meddle() -> None:
        await pane.send_keys("C-u")
        await pane.send_text("touch mine\n")
        async with asyncio.timeout(10):
            while not (tmp_path / "mine").exists():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    with pytest.raises(NotAtPrompt, match="ran or left"):
        await pane.run("touch judged", timeout=10, before_enter=meddle)
    assert not (tmp_path / "judged").exists()


async def test_a_shell_that_takes_no_lines(
    terminal: Terminal, pane: Pane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that an earlier version started goes on as it was: paste, report, Enter."""
    parse = marks.parse_mark

    def earlier(window_name: str, nonce: str) -> marks.Mark | None:
        mark = parse(window_name, nonce)
        return None if mark is None else replace(mark, taken=None)

    monkeypatch.setattr(marks, "parse_mark", earlier)
    pane.shell.takes = False
    assert await put(pane, "echo refused") == "echo refused"
    result = await pane.run("printf 'a\\nb\\n'; (exit 3)", timeout=10)
    assert (result.output, result.exit_status) == ("a\nb\n", 3)


async def test_a_program_that_names_its_window_hides_no_start(pane: Pane) -> None:
    result = await pane.run("printf '\\ekmine\\e\\\\'; sleep 0.2; echo done; (exit 4)", timeout=10)
    assert (result.ended, result.exit_status, result.output) == ("prompt", 4, "done\n")
    assert (await pane.run("echo fine", timeout=10)).output == "fine\n"
