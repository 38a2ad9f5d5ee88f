from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tungsten.errors import PaneDead, PaneGone, TextNotTypable
from tungsten.keys import LINE_BYTES
from tungsten.pane import ForPrompt, ForText, Pane
from tungsten.programs.foreground import Foreground
from tungsten.terminal import Terminal


async def start(pane: Pane, command: str, shown: str) -> None:
    await pane.wait(ForPrompt(), 10)
    await pane.send_text(command + "\n")
    found = await pane.wait(ForText(shown), 10)
    assert found.met, found.frame.text


async def eventually(pane: Pane, kind: str) -> Foreground:
    """A program needs a moment between what it shows and when it reads."""
    async with asyncio.timeout(8):
        while (found := await pane.foreground()).kind != kind:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return found


async def test_a_megabyte_is_pasted_whole(pane: Pane, tmp_path: Path) -> None:
    text = "".join(f"line {n:06} äöü\n" for n in range(60_000))
    expected = (text.replace("\n", "\r") + "x" * 20_000).encode()
    assert len(expected) > 1_000_000
    await start(
        pane,
        f"stty raw -echo; echo ra''w$'\\r'; head -c {len(expected)} > got; stty sane; echo re''ady",
        "^raw",
    )
    await pane.paste(text)
    await pane.paste("x" * 20_000)
    assert (await pane.wait(ForText("^ready"), 30)).met
    assert (tmp_path / "got").read_bytes() == expected


async def test_a_line_that_the_terminal_would_cut_is_refused(pane: Pane, tmp_path: Path) -> None:
    longest = "ä" * (LINE_BYTES // 2) + "x" * (LINE_BYTES % 2)
    await start(pane, "cat > got; echo re''ady", "cat")
    await eventually(pane, "reader")
    for send in (pane.send_text, pane.paste):
        with pytest.raises(TextNotTypable, match=r"system drops all beyond"):
            await send(f"first\n{longest}y\nlast\n")
        await send(f"{longest}\n" * 3)
    await pane.send_keys("C-d")
    assert (await pane.wait(ForText("^ready"), 10)).met
    assert (tmp_path / "got").read_text() == f"{longest}\n" * 6
    # A shell's line editor takes any.
    assert (await pane.run(f"echo {longest * 3} | wc -m", timeout=20)).output.strip().isdecimal()


async def test_text_is_typed_exactly(pane: Pane, tmp_path: Path) -> None:
    every = "".join(map(chr, range(1, 127)))
    pieces = [
        every,
        "a;",
        ";",
        "\\;",
        "#{pane_id} #(touch no) $HOME ~ 'x' \"y\" %1",
        "é漢😀",
        "-l",
        "{ } \\",
    ]
    wanted = "".join(pieces).replace("\n", "\r").encode()
    await start(
        pane,
        f"stty raw -echo; echo ra''w$'\\r'; head -c {len(wanted)} > got; stty sane; echo re''ady",
        "^raw",
    )
    for piece in pieces:
        await pane.send_text(piece)
    assert (await pane.wait(ForText("^ready"), 30)).met
    assert (tmp_path / "got").read_bytes() == wanted


async def test_a_paste_cannot_end_its_own_bracket(pane: Pane, tmp_path: Path) -> None:
    await pane.wait(ForPrompt(), 10)
    await pane.paste("echo a\x1b[201~\ntouch escaped\n")
    await pane.wait(ForText("touch escaped"), 10)
    assert not (tmp_path / "escaped").exists()
    await pane.send_keys("C-c")
    assert (await pane.run("ls", timeout=10)).output == "home\n"


async def test_keys_by_name_and_flags_as_text(pane: Pane, tmp_path: Path) -> None:
    await start(pane, "cat > typed", "cat")
    await pane.send_keys("-R", "Space", "-l", "Enter", "C-d")
    assert (await pane.wait(ForPrompt(), 10)).met
    assert (tmp_path / "typed").read_text() == "-R -l\n"


async def test_nothing_typed_is_nothing(pane: Pane) -> None:
    await pane.send_text("")
    await pane.paste("")
    await pane.send_keys()
    with pytest.raises(TextNotTypable):
        await pane.send_text("a\0b")
    with pytest.raises(TextNotTypable):
        await pane.paste("a\0b")


async def test_pasting_into_dead_and_missing_panes(terminal: Terminal, pane: Pane) -> None:
    await pane.run("exit 2", timeout=10)
    for _ in range(3):
        with pytest.raises(PaneDead, match="status 2"):
            await pane.paste("x" * 40_000)
    gone = terminal.pane("%999")
    for attempt in (gone.paste("x"), gone.send_text("x"), gone.send_keys("x"), gone.run("x")):
        with pytest.raises(PaneGone):
            await attempt
    for attempt in (gone.info(), gone.capture(), gone.foreground(), gone.resize(10, 10)):
        with pytest.raises(PaneGone):
            await attempt
    await gone.kill()
    assert await terminal.client.command("list-buffers") == []


async def test_copy_mode_is_left_before_typing(terminal: Terminal, pane: Pane) -> None:
    await pane.wait(ForPrompt(), 10)
    await terminal.client.command("copy-mode", "-t", pane.id)
    await pane.send_text("echo ty''ped\n")
    assert (await pane.wait(ForText("^typed"), 10)).met


async def test_foreground_shell_and_commands(pane: Pane) -> None:
    await pane.wait(ForPrompt(), 10)
    found = await eventually(pane, "shell")
    assert found.name == "bash"
    assert Path(found.cwd).name
    await start(pane, "echo go; sleep 30", "^go")
    # Until `sleep` is there it is bash that the key would reach, which goes on waiting for it.
    while (await eventually(pane, "command")).name != "sleep":
        pass
    await pane.send_keys("C-c")
    assert (await pane.wait(ForPrompt(), 10)).met
    await pane.send_text("exit\n")
    await eventually(pane, "dead")


@pytest.mark.parametrize(
    ("command", "shown", "kind", "leave"),
    [
        ("cat", "cat", "reader", "C-d"),
        ("read -s -p pass: x", "pass:", "password", "Enter"),
        ("read -p name: x", "name:", "reader", "Enter"),
        ("python3 -q", ">>>", "repl", "C-d"),
        ("python3 -c 'input(\"ask\")'", "ask$", "reader", "Enter"),
        ("python3 -c 'import getpass; getpass.getpass()'", "Password", "password", "Enter"),
        ("seq 300 | less", "^20", "pager", "q"),
        ("vi -u NONE new", "~", "editor", None),
        ("bash --norc", "bash-", "shell", "C-d"),
        ("sh -c 'while :; do :; done'", "done", "command", "C-c"),
        ("sh -c 'python3 -q; :'", ">>>", "repl", "C-d"),
        ("sh -c 'read -r x; :'", "read", "reader", "Enter"),
    ],
)
async def test_foreground_kinds(
    pane: Pane, command: str, shown: str, kind: str, leave: str | None
) -> None:
    for program in (part.split()[0] for part in command.split(" | ")):
        if program != "read" and shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    await pane.run("unset PYTHONSTARTUP; PS1='$ '", timeout=10)
    await start(pane, command, shown)
    found = await eventually(pane, kind)
    assert (await pane.cursor_line()).confidence != "reported"
    if kind == "repl":
        await pane.send_text("x = 'a  b")
        await pane.wait(ForText("a  b"), 10)
        line = await pane.cursor_line()
        assert (line.text, line.confidence) == ("x = 'a  b", "behind a prompt")
        await pane.send_keys("BSpace", *["C-u"])
    assert (
        found.echo == (kind not in ("password", "repl", "editor", "pager", "shell")) or found.echo
    )
    if leave is None:
        await pane.send_text("\x1b:q!\n")
    else:
        await pane.send_keys(leave)
    assert (await pane.wait(ForPrompt(), 10)).met
    assert (await pane.run("echo back", timeout=10)).output == "back\n"


async def test_vim_edits_and_saves_a_file(pane: Pane, tmp_path: Path) -> None:
    if shutil.which("vi") is None:
        pytest.skip("vi is not installed")
    await pane.run("PS1='$ '", timeout=10)
    await start(pane, "vi -u NONE note.txt", "note.txt")
    await eventually(pane, "editor")
    await pane.send_text("ihello from here")
    await pane.send_keys("Escape")
    await pane.send_text(":wq\n")
    assert (await pane.wait(ForPrompt(), 10)).met
    assert (tmp_path / "note.txt").read_text() == "hello from here\n"
