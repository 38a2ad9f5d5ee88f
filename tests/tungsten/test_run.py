from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tungsten.errors import (
    DirectoryMissing,
    NotAtPrompt,
    PaneDead,
    PaneGone,
    ServerGone,
    TextNotTypable,
)
from tungsten.pane import ForExit, ForIdle, ForPrompt, ForText, Pane
from tungsten.programs.cursor_line import CursorLine
from tungsten.terminal import PaneClosed, PaneDied, ServerEnded, Terminal


@pytest.mark.parametrize(
    ("command", "status", "output"),
    [
        ("true", 0, ""),
        ("false", 1, ""),
        ("echo hi", 0, "hi\n"),
        ("printf 'no newline'", 0, "no newline"),
        ("printf 'trailing  \\n\\n'", 0, "trailing  \n\n"),
        ("(exit 77)", 77, ""),
        ("nonexistent-program", 127, "bash: nonexistent-program: command not found\n"),
        ("echo 'ä 漢 🎉'", 0, "ä 漢 🎉\n"),
        ("echo one; echo two", 0, "one\ntwo\n"),
        ("for i in 1 2; do\n  echo $i\ndone", 0, "1\n2\n"),
        ("cat <<END\nhere $((1+1))\nEND", 0, "here 2\n"),
        ("echo a\nfalse\nsh -c 'exit 3'", 3, "a\n"),
        ("echo 'tab\there'", 0, "tab     here\n"),
        ('echo "hi!!"', 0, "hi!!\n"),
        ("echo $FROM_BASHRC $TUNGSTEN_PANE", 0, "yes 1\n"),
        ("# only a comment", 0, ""),
        ("set -u; echo $?", 0, "0\n"),
        ("seq 200 | tail -1", 0, "200\n"),
        ("kill -9 $BASHPID & wait $!", 137, None),
    ],
)
async def test_run_reports_status_and_exact_output(
    pane: Pane, command: str, status: int, output: str | None
) -> None:
    result = await pane.run(command, timeout=20)
    assert result.ended == "prompt"
    assert result.exit_status == status
    if output is not None:
        assert result.output == output
        assert not result.truncated


async def test_output_longer_than_screen_and_history(pane: Pane) -> None:
    result = await pane.run("seq 3000", timeout=20)
    assert result.output == "".join(f"{n}\n" for n in range(1, 3001))
    result = await pane.run("seq 60000", timeout=30)
    assert result.truncated
    assert result.output.endswith("59999\n60000\n")


async def test_output_is_found_when_the_history_is_full(pane: Pane) -> None:
    await pane.run("seq 60000", timeout=30)
    for count in (3, 4000, 60000):
        result = await pane.run(f"seq {count}", timeout=30)
        lines = result.output.splitlines()
        assert lines == [str(n) for n in range(count - len(lines) + 1, count + 1)]
        assert result.truncated == (len(lines) < count)
        assert len(lines) >= min(count, 9000)


async def test_long_lines_come_back_unbroken(pane: Pane) -> None:
    text = "x" * 333
    result = await pane.run(f"echo {text}", timeout=10)
    assert result.output == text + "\n"


@pytest.mark.parametrize("length", range(72, 84))
async def test_a_command_line_that_just_fills_the_row(pane: Pane, length: int) -> None:
    command = "printf '\\nab\\n' ;".ljust(length - len("$ "), ":")
    await pane.run("PS1='$ '", timeout=10)
    assert (await pane.run("true", timeout=10)).output == ""
    result = await pane.run(command, timeout=10)
    assert result.output.startswith("\nab\n"), result


@pytest.mark.parametrize("length", range(62, 74))
async def test_a_tab_at_the_end_of_the_row(terminal: Terminal, length: int) -> None:
    pane = await terminal.new_pane(name="work", cwd=Path("/"), width=80, height=24)
    await pane.run(f"PS1='{'p' * (length - 2)}$ '", timeout=10)
    result = await pane.run("echo 'tab\there'", timeout=10)
    assert result.output == "tab     here\n"


async def test_many_commands_in_sequence_never_show_a_stale_screen(pane: Pane) -> None:
    for n in range(40):
        result = await pane.run(f"echo n{n}; (exit {n})", timeout=10)
        assert (result.output, result.exit_status) == (f"n{n}\n", n), result
        assert result.frame.text.splitlines()[-1].endswith(("$", "#"))


async def test_syntax_error(pane: Pane) -> None:
    result = await pane.run("if then; fi", timeout=10)
    assert (result.ended, result.exit_status) == ("prompt", 2)
    assert "syntax error" in result.output


@pytest.mark.parametrize("command", ["echo 'open", "if true; then", "cat <<END", "echo a \\"])
async def test_incomplete_command_is_reported_and_cancelled(
    pane: Pane, tmp_path: Path, command: str
) -> None:
    result = await pane.run(command, timeout=10)
    assert result.ended == "incomplete"
    assert result.exit_status is None
    assert (await pane.run("echo fine", timeout=10)).output == "fine\n"


async def test_timeout_leaves_the_command_running(pane: Pane) -> None:
    result = await pane.run("echo early; sleep 30", timeout=0.4)
    assert result.ended == "timeout"
    assert result.output.startswith("early\n")
    with pytest.raises(NotAtPrompt, match="running"):
        await pane.run("echo no", timeout=5)
    await pane.send_keys("C-c")
    assert (await pane.wait(ForPrompt(), 10)).met
    assert (await pane.run("echo $?", timeout=10)).output == "130\n"


async def test_what_ended_while_this_process_stood_still_is_known_to_have_ended(
    pane: Pane, terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def window_name() -> str:
        argv = [
            "tmux",
            "-S",
            str(terminal.socket),
            "list-panes",
            "-a",
            "-f",
            f"#{{==:#D,{pane.id}}}",
        ]
        return subprocess.run(
            [*argv, "-F", "#{window_name}"], capture_output=True, text=True, check=True
        ).stdout

    command = "echo began; while [ ! -e go ]; do sleep 0.02; done; echo all; (exit 3)"
    running = asyncio.create_task(pane.run(command, timeout=500))
    await pane.wait(ForText("^began"), 10)
    waiting = asyncio.create_task(pane.wait(ForText("^all"), 500))
    prompt = asyncio.create_task(pane.wait(ForPrompt(), 500))
    never = asyncio.create_task(pane.wait(ForText("^never"), 500))
    await pane.text()
    # From here on this loop does nothing, as if its process were stopped.
    before = window_name()
    (tmp_path / "go").touch()
    while window_name() == before:
        time.sleep(0.02)  # noqa: ASYNC251
    loop = asyncio.get_running_loop()
    now = loop.time
    monkeypatch.setattr(loop, "time", lambda: now() + 1_000)
    result = await running
    assert (result.ended, result.exit_status, result.output) == ("prompt", 3, "began\nall\n")
    assert [(await task).ended for task in (waiting, prompt, never)] == ["met", "met", "timeout"]


async def test_interrupted_command(pane: Pane) -> None:
    # One process: bash itself may lose a Ctrl-C between two.
    running = asyncio.create_task(pane.run("sh -c 'echo started; exec sleep 30'", timeout=20))
    await pane.wait(ForText("^started"), 10)
    await pane.send_keys("C-c")
    result = await running
    assert (result.ended, result.exit_status) == ("interrupted", 130)


async def test_exit_kills_the_pane(terminal: Terminal, pane: Pane) -> None:
    events: list[object] = []
    terminal.subscribe(events.append)
    result = await pane.run("exit 7", timeout=10)
    assert (result.ended, result.exit_status) == ("pane_died", 7)
    assert PaneDied(pane.id, 7) in events
    assert (await pane.info()).dead
    assert (await pane.info()).exit_status == 7
    assert (await pane.capture()).dead
    for attempt in (pane.run("echo x"), pane.send_text("x"), pane.send_keys("a"), pane.paste("y")):
        with pytest.raises(PaneDead):
            await attempt
    await pane.kill()
    with pytest.raises(PaneGone):
        await pane.info()
    with pytest.raises(PaneGone):
        await pane.capture()
    assert PaneClosed(pane.id) in events


async def test_exec_and_signal_death(pane: Pane) -> None:
    result = await pane.run("exec sh -c 'kill -TERM $$'", timeout=10)
    assert (result.ended, result.exit_status) == ("pane_died", 128 + signal.SIGTERM)


async def test_before_enter_runs_with_the_line_typed(pane: Pane) -> None:
    seen = []

    async def look() -> None:
        # readline draws its line anew after it was asked for it; the row may end anywhere in it.
        found = await pane.wait(ForText("\n?".join("echo checked") + "$"), 10)
        seen.append(found.frame.text)

    assert (await pane.run("echo checked", timeout=10, before_enter=look)).output == "checked\n"
    # The prompt names the directory and may be longer than the row.
    assert seen[0].replace("\n", "").endswith("echo checked")


async def test_before_enter_may_refuse_and_nothing_runs(pane: Pane, tmp_path: Path) -> None:
    class RefusedError(Exception):
        pass

    async def refuse() -> None:
        raise RefusedError

    with pytest.raises(RefusedError):
        await pane.run("touch refused\ntouch refused2", timeout=10, before_enter=refuse)
    result = await pane.run("ls", timeout=10)
    assert result.output == "home\n"
    assert not (tmp_path / "refused").exists()


async def test_cancelled_before_enter_runs_nothing(pane: Pane, tmp_path: Path) -> None:
    waiting = asyncio.Event()

    async def hold() -> None:
        waiting.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(pane.run("touch cancelled", before_enter=hold))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await pane.run("echo fine", timeout=10)).output == "fine\n"
    assert not (tmp_path / "cancelled").exists()


async def test_a_persons_half_typed_line_is_kept(pane: Pane) -> None:
    await pane.wait(ForPrompt(), 10)
    await pane.send_text("echo mine")
    await pane.wait(ForText("echo mine"), 10)
    with pytest.raises(NotAtPrompt, match="typed"):
        await pane.run("echo theirs", timeout=10)
    assert (await pane.capture()).text.endswith("echo mine")


async def test_somebody_types_while_the_caller_decides(pane: Pane, tmp_path: Path) -> None:
    async def meddle() -> None:
        await pane.send_text("; touch meddled")

    with pytest.raises(NotAtPrompt, match="changed"):
        await pane.run("echo judged", timeout=10, before_enter=meddle)
    assert (await pane.run("echo $?", timeout=10)).output == "130\n"
    assert not (tmp_path / "meddled").exists()


@pytest.mark.parametrize("command", ["echo \x1b[201~; rm", "a\x03b", "a\rb", "x\x00y"])
async def test_control_characters_are_refused(pane: Pane, command: str) -> None:
    with pytest.raises(TextNotTypable):
        await pane.run(command)


async def test_forged_marks_do_not_end_a_command(pane: Pane) -> None:
    forged = "printf '\\ek%s;P;99;0;\\e\\\\' 0123456789abcdef ''; sleep 0.3; (exit 9)"
    result = await pane.run(forged, timeout=10)
    assert (result.ended, result.exit_status) == ("prompt", 9)
    assert result.seconds > 0.2


@pytest.mark.parametrize(
    "begun",
    [
        *(
            r"\033Pq#0",
            r"\033]2;evil",
            r"\033_x",
            r"\033^x",
            r"\033kname",
            r"\033[1;2",
            r"\342\202",
        ),
        r"\033[4h\033[?7l\033(0\016",
        r"\033[5;6r",
        r"one two three\nfour five six\033[A\r",
    ],
    ids=[
        *("picture", "title", "application", "privacy", "name", "sequence", "character", "modes"),
        *("region", "above"),
    ],
)
async def test_what_a_command_begins_and_does_not_end_hides_no_prompt(
    pane: Pane, begun: str
) -> None:
    result = await pane.run(f"printf '{begun}'", timeout=10)
    assert (result.ended, result.exit_status) == ("prompt", 0)
    result = await pane.run("seq 30; false", timeout=10)
    assert (result.ended, result.exit_status) == ("prompt", 1)
    assert result.output == "".join(f"{number}\n" for number in range(1, 31))


async def test_user_prompt_of_two_lines_with_colours(pane: Pane) -> None:
    await pane.run("PS1='\\n\\[\\e[1;32m\\]top \\w\\[\\e[0m\\]\\n$(echo sub) > '", timeout=10)
    assert (await pane.run("echo one", timeout=10)).output == "one\n"
    assert (await pane.run("printf x", timeout=10)).output == "x"


@pytest.mark.parametrize(
    "prompt",
    [
        "PS1='$(true)\\w\\$ '",
        "PS1='`exit 9`> '",
        "PS1='$? $(date) > '",
        "PROMPT_COMMAND='PS1=\"\\$(true) > \"'",
        "PROMPT_COMMAND=('PS1=\"\\$(true)> \"' false)",
        "set -u; unset PS0 PS2; PS1='$(true)> '",
    ],
)
async def test_what_a_prompt_runs_leaves_the_exit_status_alone(
    terminal: Terminal, home: Path, tmp_path: Path, prompt: str
) -> None:
    (home / ".bashrc").write_text(f"{prompt}\n")
    pane = await terminal.new_pane(name="work", cwd=tmp_path)
    for command, status in (("false", 1), ("true", 0), ("sh -c 'exit 7'", 7), ("echo hi", 0)):
        result = await pane.run(command, timeout=10)
        assert (result.exit_status, result.output) == (status, "hi\n" if "hi" in command else "")


async def test_a_plain_shells_prompt_leaves_the_exit_status_alone(
    terminal: Terminal, home: Path, tmp_path: Path
) -> None:
    (home / "env").write_text("PS1='$(true)$ '\n")
    environment = {"ENV": str(home / "env")}
    pane = await terminal.new_pane(name="work", cwd=tmp_path, shell="sh", environment=environment)
    for command, status in (("false", 1), ("true", 0), ("sh -c 'exit 7'", 7)):
        assert (await pane.run(command, timeout=10)).exit_status == status


async def test_clear_inside_a_command(pane: Pane) -> None:
    await pane.run("seq 100", timeout=10)
    result = await pane.run("clear; echo after", timeout=10)
    assert result.output.endswith("after\n")
    assert (await pane.run("echo next", timeout=10)).output == "next\n"


async def test_resize_while_a_command_runs(pane: Pane) -> None:
    text = "word " * 40
    running = asyncio.create_task(pane.run(f"echo {text}; sleep 0.5; echo end", timeout=10))
    await pane.wait(ForText("^word word"), 10)
    await pane.resize(50, 12)
    result = await running
    assert result.output == text.rstrip() + "\nend\n"
    assert (result.frame.width, result.frame.height) == (50, 12)


async def test_full_screen_program(pane: Pane) -> None:
    program = "printf '\\033[?1049h'; read -r -n 1; printf '\\033[?1049l'"
    result = await pane.run(program, timeout=0.6)
    assert result.ended == "timeout"
    assert result.frame.alternate
    await pane.send_keys("q")
    assert (await pane.wait(ForPrompt(), 10)).met


async def test_an_alternate_screen_that_was_left_on(pane: Pane) -> None:
    await pane.run("seq 50", timeout=10)
    assert (await pane.run("printf '\\033[?1049h'", timeout=10)).frame.alternate
    for command, output in (("echo hi", "hi\n"), ("echo hi", "hi\n"), ("true", "")):
        result = await pane.run(command, timeout=10)
        assert (result.exit_status, result.output, result.truncated) == (0, output, False)
    # It keeps no history: what scrolled off is gone, and that is said.
    result = await pane.run("seq 100", timeout=10)
    assert result.truncated
    assert result.output.endswith("\n99\n100\n")
    assert "$ " not in result.output
    result = await pane.run("echo hi; printf '\\033[?1049l'; seq 3", timeout=10)
    assert (result.exit_status, result.output, result.truncated) == (0, "", True)
    assert (await pane.run("echo hi", timeout=10)).output == "hi\n"


async def test_run_leaves_copy_mode_first(terminal: Terminal, pane: Pane) -> None:
    await pane.run("true", timeout=10)
    await terminal.client.command("copy-mode", "-t", pane.id)
    assert (await pane.capture()).in_mode
    assert (await pane.run("echo out", timeout=10)).output == "out\n"


async def test_waits(pane: Pane) -> None:
    await pane.wait(ForPrompt(), 10)
    await pane.send_text("sleep 0.2; echo re''ady; sleep 0.2; exit 4\n")
    found = await pane.wait(ForText(r"^re\w+"), 10)
    assert found.met
    assert found.match == "ready"
    assert (await pane.wait(ForExit(), 10)).met
    assert (await pane.wait(ForIdle(0.05), 10)).met
    missing = await pane.wait(ForText("never"), 0.2)
    assert (missing.met, missing.ended) == (False, "pane_died")


async def test_idle_waits_for_silence(pane: Pane) -> None:
    await pane.wait(ForPrompt(), 10)
    await pane.send_text("for i in 1 2 3 4 5; do echo $i; sleep 0.1; done\n")
    result = await pane.wait(ForIdle(0.35), 10)
    assert result.met
    assert "\n5\n" in result.frame.text


async def test_kill_server_resolves_everything(terminal: Terminal, pane: Pane) -> None:
    events: list[object] = []
    terminal.subscribe(events.append)
    await pane.run("true", timeout=10)
    waiting = [
        asyncio.create_task(pane.run("sleep 30")),
        asyncio.create_task(pane.wait(ForText("never"), 30)),
    ]
    await pane.wait(ForText("sleep 30"), 10)
    pid = int((await terminal.client.command("display-message", "-p", "#{pid}"))[0])
    os.kill(pid, signal.SIGKILL)
    for task in waiting:
        with pytest.raises(ServerGone):
            await asyncio.wait_for(task, 10)
    for attempt in (pane.info(), pane.capture(), pane.send_text("x"), pane.run("x")):
        with pytest.raises(ServerGone):
            await attempt
    assert ServerEnded() in events


async def test_missing_directory(terminal: Terminal, tmp_path: Path) -> None:
    with pytest.raises(DirectoryMissing):
        await terminal.new_pane(name="x", cwd=tmp_path / "nowhere")


async def test_the_line_being_edited_can_be_asked_for(terminal: Terminal, pane: Pane) -> None:
    await pane.wait(ForPrompt(), 10)
    assert await pane.line() == ""
    await pane.send_text("echo 'half ä")
    assert await pane.line() == "echo 'half ä"
    assert await pane.cursor_line() == CursorLine("echo 'half ä", "reported")
    await pane.send_keys("C-u")
    assert await pane.line() == ""
    await pane.run("sleep 30", timeout=0.1)
    assert await pane.line() is None
    await pane.send_text("ahead")
    await pane.wait(ForText("ahead"), 10)
    assert await pane.cursor_line() == CursorLine("ahead", "on the screen")
    other = await terminal.new_pane(name="other", cwd=Path("/"), command="sleep 30")
    assert await other.line() is None


async def test_an_error_of_our_own_before_enter_clears_the_line_too(pane: Pane) -> None:
    async def refuse() -> None:
        raise NotAtPrompt(pane.id, "the caller said so")

    with pytest.raises(NotAtPrompt, match="the caller"):
        await pane.run("touch refused", timeout=10, before_enter=refuse)
    assert await pane.line() == ""
