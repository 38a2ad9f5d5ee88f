"""The same promises in every shell: zsh and fish with marks and line reports, dash with marks."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tungsten.errors import NotAtPrompt, TerminalError
from tungsten.pane import ForExit, ForPrompt, ForText, Pane
from tungsten.shell import command_line
from tungsten.terminal import Terminal


def missing(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


needs_zsh = missing("zsh")
needs_fish = missing("fish")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / "home"
    directory.mkdir()
    (directory / ".bashrc").write_text("PS1='\\w\\$ '\nexport FROM_BASHRC=yes\n")
    (directory / ".zshenv").write_text("export FROM_ZSHENV=env\n")
    (directory / ".zshrc").write_text("PS1='%~%# '\nexport FROM_ZSHRC=rc\nalias say='echo said'\n")
    fish = directory / ".config" / "fish"
    fish.mkdir(parents=True)
    # Where fish finds it, it does not spend seconds on reading all manuals.
    (directory / ".local" / "share" / "fish" / "generated_completions").mkdir(parents=True)
    (fish / "config.fish").write_text(
        "set -gx FROM_FISH yes\nset -g fish_greeting\n"
        "function fish_prompt\n  echo -n (prompt_pwd)'> '\nend\n"
    )
    return directory


@pytest.fixture
async def zsh(terminal: Terminal, tmp_path: Path) -> Pane:
    return await terminal.new_pane(name="zsh", cwd=tmp_path, width=80, height=24, shell="zsh")


@pytest.fixture
async def fish(terminal: Terminal, tmp_path: Path) -> Pane:
    return await terminal.new_pane(name="fish", cwd=tmp_path, width=80, height=24, shell="fish")


@needs_zsh
@pytest.mark.parametrize(
    ("command", "status", "output"),
    [
        ("true", 0, ""),
        ("false", 1, ""),
        ("echo hi", 0, "hi\n"),
        ("printf 'no newline'", 0, "no newline"),
        ("printf 'trailing  \\n\\n'", 0, "trailing  \n\n"),
        ("(exit 77)", 77, ""),
        ("nonexistent-program", 127, "zsh: command not found: nonexistent-program\n"),
        ("echo 'ä 漢 🎉'", 0, "ä 漢 🎉\n"),
        ("for i in 1 2; do\n  echo $i\ndone", 0, "1\n2\n"),
        ("cat <<END\nhere $((1+1))\nEND", 0, "here 2\n"),
        ("echo a\nfalse\nsh -c 'exit 3'", 3, "a\n"),
        ('echo "hi!!"', 0, "hi!!\n"),
        ("say $FROM_ZSHENV $FROM_ZSHRC $TUNGSTEN_PANE", 0, "said env rc 1\n"),
        ("echo ${+TMUX}${+TUNGSTEN_INTEGRATION}${+ZDOTDIR}", 0, "000\n"),
        ("echo 'https://example.org/?a=b&c=d'", 0, "https://example.org/?a=b&c=d\n"),
        ("seq 200 | tail -1", 0, "200\n"),
    ],
)
async def test_zsh_run(zsh: Pane, command: str, status: int, output: str) -> None:
    result = await zsh.run(command, timeout=20)
    assert (result.ended, result.exit_status, result.output) == ("prompt", status, output)
    assert not result.truncated


@needs_zsh
async def test_zsh_several_lines_are_one_whether_brackets_were_asked_for_or_not(zsh: Pane) -> None:
    async def refuse() -> None:
        raise LookupError

    await zsh.run("unset zle_bracketed_paste", timeout=20)
    with pytest.raises(LookupError):
        await zsh.run("touch one\ntouch two", timeout=10, before_enter=refuse)
    result = await zsh.run("test -e one && echo ran\necho a\nsh -c 'exit 3'", timeout=10)
    assert (result.exit_status, result.output) == (3, "a\n")


@needs_zsh
async def test_zsh_many_commands_are_never_stale(zsh: Pane) -> None:
    for n in range(30):
        result = await zsh.run(f"echo n{n}; (exit {n})", timeout=10)
        assert (result.output, result.exit_status) == (f"n{n}\n", n), result


@needs_zsh
@pytest.mark.parametrize("length", [*range(76, 84), 333])
async def test_zsh_a_command_line_that_just_fills_the_row(zsh: Pane, length: int) -> None:
    command = "printf '\\nab\\n' #".ljust(length - len("$ "), ":")
    await zsh.run("setopt interactive_comments; PS1='$ '", timeout=20)
    assert (await zsh.run(command, timeout=10)).output == "\nab\n"


@needs_fish
async def test_fish_a_command_line_that_just_fills_the_row(
    terminal: Terminal, home: Path, tmp_path: Path
) -> None:
    (home / ".config" / "fish" / "config.fish").write_text(
        "function fish_prompt\n  echo -n '$ '\nend\n"
    )
    fish = await terminal.new_pane(name="fish", cwd=tmp_path, width=80, height=24, shell="fish")
    for length in (79, 80, 81, 160, 161):
        for begin in ("ab", "\\nab"):
            command = f"printf '{begin}\\nc\\n' #".ljust(length - len("$ "), ":")
            result = await fish.run(command, timeout=10)
            assert result.output == begin.replace("\\n", "\n") + "\nc\n", length


@pytest.mark.parametrize(
    "shell", [pytest.param("zsh", marks=needs_zsh), pytest.param("fish", marks=needs_fish)]
)
async def test_a_line_that_does_not_fit_the_screen(
    terminal: Terminal, tmp_path: Path, shell: str
) -> None:
    """Its editor shows only a part of it, or draws it several times."""
    await terminal.client.command("set-option", "-g", "history-limit", "200")
    pane = await terminal.new_pane(name="p", cwd=tmp_path, width=100, height=24, shell=shell)
    asked: list[int] = []

    async def ask() -> None:
        asked.append(len(asked))

    for length in (1100, 1490, 2380, 2405, 5000, 20_000):
        for before_enter in (None, ask):
            command = f"echo {'a' * length} | wc -c; printf '\\n b\\nc'"
            result = await pane.run(command, timeout=20, before_enter=before_enter)
            assert (result.output, result.truncated) == (f"{length + 1}\n\n b\nc", False)
    assert len(asked) == 6
    # From here on the history is full: each line drops another.
    lines = "\n".join(f"echo {number}" for number in range(60))
    for _ in range(3):
        result = await pane.run(lines, timeout=20)
        assert (result.output, result.truncated) == ("".join(f"{n}\n" for n in range(60)), False)


@needs_zsh
@pytest.mark.parametrize("setting", ["zle_bracketed_paste", "zle_highlight"])
@pytest.mark.parametrize("first", ["", "\n"], ids=["text", "blank"])
@pytest.mark.parametrize("last", [0, 1, 2, 3, 8])
async def test_zsh_resize_while_a_command_runs(
    zsh: Pane, tmp_path: Path, last: int, first: str, setting: str
) -> None:
    """The last row of the typed line holds `last` characters, which the output may hold, too.

    Where zsh does not show what was pasted as such, it draws the line only once, so that the
    terminal does not know that an empty row below a full one belongs to it.
    """
    await zsh.run(f"PS1='$ '; unset {setting}", timeout=20)
    # A row of the typed line may begin with any of its words, but never with this one.
    rest = "; echo be''gun; until [ -e go ]; do sleep 0.05; done; echo end"
    text = "word " * 40
    before = "echo; " if first else ""
    text += "w" * ((last - len(f"$ {before}echo {text}{rest}")) % 80)
    command = f"{before}echo {text}{rest}"
    running = asyncio.create_task(zsh.run(command, timeout=20))
    assert (await zsh.wait(ForText("^begun"), 10)).met
    await zsh.resize(50, 12)
    (tmp_path / "go").touch()
    result = await running
    assert result.output == f"{first}{text.rstrip()}\nbegun\nend\n", result


@needs_zsh
async def test_zsh_incomplete_interrupted_and_exit(zsh: Pane) -> None:
    result = await zsh.run("echo 'open", timeout=10)
    assert result.ended == "incomplete"
    assert (await zsh.run("echo fine", timeout=10)).output == "fine\n"
    running = asyncio.create_task(zsh.run("sh -c 'echo started; exec sleep 30'", timeout=20))
    await zsh.wait(ForText("^started"), 10)
    with pytest.raises(NotAtPrompt, match="running"):
        await zsh.run("echo no")
    await zsh.send_keys("C-c")
    result = await running
    assert (result.ended, result.exit_status) == ("interrupted", 130)
    result = await zsh.run("exit 7", timeout=10)
    assert (result.ended, result.exit_status) == ("pane_died", 7)


@needs_zsh
async def test_zsh_reports_its_line_and_keeps_what_a_person_typed(zsh: Pane) -> None:
    await zsh.wait(ForPrompt(), 10)
    assert await zsh.line() == ""
    await zsh.send_text("echo 'half ä")
    assert await zsh.line() == "echo 'half ä"
    with pytest.raises(NotAtPrompt, match="typed"):
        await zsh.run("echo theirs", timeout=10)
    assert await zsh.line() == "echo 'half ä"


@needs_zsh
async def test_zsh_before_enter_may_refuse(zsh: Pane, tmp_path: Path) -> None:
    async def refuse() -> None:
        raise NotAtPrompt(zsh.id, "the caller said so")

    with pytest.raises(NotAtPrompt, match="the caller"):
        await zsh.run("touch refused", timeout=10, before_enter=refuse)
    assert await zsh.line() == ""
    assert not (tmp_path / "refused").exists()


AWKWARD = r"""
setopt ksh_arrays sh_word_split extended_glob prompt_subst no_unset
alias -g C='| cat'
alias printf='echo broken'
bindkey -v
PS1='$(echo sub) %F{green}%~%f
%# '
RPROMPT='%T right'
precmd_functions=()
precmd() { local x=1 }
zle-line-init() { zle -K viins }
zle -N zle-line-init
"""


@needs_zsh
async def test_zsh_with_an_awkward_start_up_file(
    terminal: Terminal, tmp_path: Path, home: Path
) -> None:
    (home / ".zshrc").write_text(AWKWARD)
    pane = await terminal.new_pane(name="zsh", cwd=tmp_path, width=80, height=24, shell="zsh")
    for n in range(3):
        result = await pane.run(f"\\printf 'n{n}\\n'; (exit {n})", timeout=20)
        assert (result.output, result.exit_status) == (f"n{n}\n", n), result
    assert (await pane.run("echo 'open", timeout=10)).ended == "incomplete"
    assert await pane.line() == ""


@needs_zsh
async def test_zsh_zdotdir_set_by_the_person(
    terminal: Terminal, tmp_path: Path, home: Path
) -> None:
    own = home / "dot files"
    own.mkdir()
    (home / ".zshenv").write_text('export ZDOTDIR="$HOME/dot files"\n')
    (own / ".zshrc").write_text("export FROM_OWN=yes\nPS1='own> '\n")
    pane = await terminal.new_pane(name="zsh", cwd=tmp_path, shell="zsh")
    result = await pane.run("echo $FROM_OWN $ZDOTDIR; zsh -c 'echo $ZDOTDIR'", timeout=20)
    assert result.output == f"yes {own}\n{own}\n"
    assert not list(terminal.socket.parent.glob(".*.note"))


@needs_fish
@pytest.mark.parametrize(
    ("command", "status", "output"),
    [
        ("true", 0, ""),
        ("false", 1, ""),
        ("echo hi", 0, "hi\n"),
        ("echo 'ä 漢 🎉'; sh -c 'exit 77'", 77, "ä 漢 🎉\n"),
        ("for i in 1 2\n  echo $i\nend", 0, "1\n2\n"),
        ("echo a; printf 'no end: ⏎ '", 0, "a\nno end: ⏎ "),
        ("echo a\nfalse\nsh -c 'exit 3'", 3, "a\n"),
        ("echo $FROM_FISH $TUNGSTEN_PANE", 0, "yes 1\n"),
    ],
)
async def test_fish_run(fish: Pane, command: str, status: int, output: str) -> None:
    result = await fish.run(command, timeout=20)
    assert (result.ended, result.exit_status, result.output) == ("prompt", status, output)


@needs_fish
async def test_a_fish_prompt_that_shows_nothing(
    terminal: Terminal, home: Path, tmp_path: Path
) -> None:
    (home / ".config" / "fish" / "config.fish").write_text("function fish_prompt\nend\n")
    pane = await terminal.new_pane(name="fish", cwd=tmp_path, shell="fish")
    for command, status in (("echo hi", 0), ("false", 1)):
        assert (await pane.run(command, timeout=10)).exit_status == status


@needs_fish
async def test_fish_incomplete_wrong_and_exit(fish: Pane) -> None:
    result = await fish.run("echo 'open", timeout=10)
    assert result.ended == "incomplete"
    assert (await fish.run("echo )", timeout=10)).ended == "incomplete"
    assert (await fish.run("echo fine", timeout=10)).output == "fine\n"
    await fish.send_text("echo 'half ä")
    assert await fish.line() == "echo 'half ä"
    await fish.send_keys("C-u")
    result = await fish.run("exit 7", timeout=10)
    assert (result.ended, result.exit_status) == ("pane_died", 7)


@needs_fish
async def test_fish_throws_a_line_away_when_it_is_told_to_once(
    fish: Pane, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse() -> None:
        raise LookupError

    # Nothing is pressed again within the time of this test.
    monkeypatch.setattr(command_line, "CLEAR_SECONDS", 1000.0)
    async with asyncio.timeout(60):
        for number in range(10):
            for wrong in ("echo 'open", "echo )", "end", "if true"):
                assert (await fish.run(wrong)).ended == "incomplete"
            with pytest.raises(LookupError):
                await fish.run("echo refused", before_enter=refuse)
            assert (await fish.run(f"echo {number}")).output == f"{number}\n"
            await fish.send_text("echo typed")
            assert await fish.take_back("echo typed")
            assert await fish.line() == ""


async def test_a_shell_that_is_not_there(terminal: Terminal, tmp_path: Path) -> None:
    with pytest.raises(TerminalError, match="not known"):
        await terminal.new_pane(name="x", cwd=tmp_path, shell="nonesuch")
    assert not list(terminal.socket.parent.glob(".*.note"))


async def test_the_shell_of_an_adopted_pane_is_known(
    terminal: Terminal, tmp_path: Path, environment: dict[str, str]
) -> None:
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed")
    pane = await terminal.new_pane(name="zsh", cwd=tmp_path, shell="zsh")
    await pane.run("true", timeout=20)
    other = await Terminal.open(terminal.socket, environment=environment)
    try:
        result = await other.pane(pane.id).run("echo adopted", timeout=10)
        assert result.output == "adopted\n"
        assert other.pane(pane.id).shell.shell.name == "zsh"
    finally:
        await other.close()


@pytest.mark.parametrize(
    "shell",
    [
        pytest.param("zsh", marks=needs_zsh),
        pytest.param("fish", marks=needs_fish),
        pytest.param("dash", marks=missing("dash")),
    ],
)
async def test_what_a_command_begins_and_does_not_end_hides_no_prompt(
    terminal: Terminal, tmp_path: Path, shell: str
) -> None:
    pane = await terminal.new_pane(name="p", cwd=tmp_path, width=80, height=24, shell=shell)
    for begun in (
        *(r"\033Pq#0", r"\033]2;evil", r"\033_x", r"\033[4h\033[?7l\033(0\016"),
        *(r"\033[5;6r", r"one two three\nfour five six\033[A\r"),
    ):
        result = await pane.run(f"printf '{begun}'", timeout=10)
        assert (result.ended, result.exit_status) == ("prompt", 0)
        result = await pane.run("seq 30", timeout=10)
        counted = "".join(f"{number}\n" for number in range(1, 31))
        assert (result.exit_status, result.output) == (0, counted), begun


def kept_by_some_file(directory: Path, text: bytes) -> list[Path]:
    files = [path for path in directory.rglob("*") if path.is_file()]
    return [path for path in files if text in path.read_bytes()]


@pytest.mark.parametrize(
    "shell", ["bash", pytest.param("zsh", marks=needs_zsh), pytest.param("fish", marks=needs_fish)]
)
async def test_what_agents_run_gets_into_no_history_of_the_person(
    terminal: Terminal, tmp_path: Path, home: Path, shell: str
) -> None:
    (home / ".bashrc").write_text("HISTFILE=~/.bash_history\nPROMPT_COMMAND='history -a'\n")
    (home / ".zshrc").write_text("HISTFILE=~/.zsh_history\nSAVEHIST=9\nsetopt incappendhistory\n")
    (home / ".bash_history").write_text("theirs\n")
    pane = await terminal.new_pane(name="kept", cwd=tmp_path, shell=shell)
    await pane.run("echo secret-plan")
    await pane.send_text("exit")
    await pane.send_keys("Enter")
    await pane.wait(ForExit(), 10)
    assert not kept_by_some_file(home, b"secret-plan")
    assert (home / ".bash_history").read_text() == "theirs\n"
