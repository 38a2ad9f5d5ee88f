from __future__ import annotations

from pathlib import Path

import pytest

from tungsten.pane import ForPrompt, ForText, Pane
from tungsten.programs.foreground import classify


@pytest.mark.parametrize(
    ("arguments", "echo", "canonical", "reading", "kind"),
    [
        (("bash", "-i"), False, False, True, "shell"),
        (("-zsh",), False, False, True, "shell"),
        (("bash", "-i"), True, True, False, "command"),
        (("dash", "-i"), True, True, True, "shell"),
        (("bash", "script"), True, True, True, "reader"),
        (("bash", "script"), False, True, True, "password"),
        (("sudo", "true"), False, True, True, "password"),
        (("sudo", "true"), False, True, False, "command"),
        (("cat",), True, True, True, "reader"),
        (("make",), True, True, False, "command"),
        (("vim", "x"), False, False, True, "editor"),
        (("nano",), False, False, True, "editor"),
        (("less", "x"), False, False, True, "pager"),
        (("ssh", "there"), False, False, True, "ssh"),
        (("ssh", "there"), False, True, True, "password"),
        (("python3.12",), False, False, True, "repl"),
        (("python3", "script.py"), True, True, True, "reader"),
        (("python3",), True, True, False, "command"),
        (("sqlite3", "a.db"), False, False, True, "repl"),
        (("psql", "-h", "there"), False, False, None, "repl"),
        (("psql", "-c", "select 1"), True, True, None, "command"),
    ],
)
def test_what_a_program_does_with_the_keyboard(
    arguments: tuple[str, ...], echo: bool, canonical: bool, reading: bool | None, kind: str
) -> None:
    seen = classify(arguments[0], arguments, echo=echo, canonical=canonical, reading=reading)
    assert seen == kind


async def test_what_is_seen_of_a_real_shell(pane: Pane, tmp_path: Path) -> None:
    await pane.run("true", timeout=20)
    seen = await pane.foreground()
    assert (seen.kind, seen.name, seen.cwd) == ("shell", "bash", str(tmp_path))
    assert seen.pid == (await pane.info()).pid
    await pane.run("sleep 30 | cat", timeout=0.2)
    seen = await pane.foreground()
    assert (seen.kind, seen.name) == ("command", "sleep")
    await pane.send_keys("C-c")
    await pane.wait(ForPrompt(), 10)
    await pane.send_text("exec 3<&0; (echo go; read -r line <&3)\n")
    assert (await pane.wait(ForText("^go$"), 10)).met
