"""Lines run inside programs that carry no marks: REPLs, plain shells, database shells, ssh."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tungsten.errors import NotAtPrompt
from tungsten.pane import ForBell, ForPrompt, ForText, Pane
from tungsten.programs import prompts
from tungsten.programs.dialogue import spot
from tungsten.programs.foreground import Foreground
from tungsten.screen.frame import Frame
from tungsten.terminal import Terminal


def missing(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


async def start(pane: Pane, command: str) -> None:
    await pane.wait(ForPrompt(), 20)
    number = pane.shell.number
    await pane.send_text(f"{command}\n")
    while pane.shell.at_prompt and pane.shell.number == number:
        await pane.shell.changed()
    assert (await pane.wait(ForPrompt(inside=True), 20)).met


@pytest.fixture
async def python(pane: Pane) -> Pane:
    await start(pane, "python3 -q -i -c ''")
    return pane


BLOCK = '''def f(x):
    a = x + 1

    return a
for i in range(2):
    print(f(i))
print("""one

two""")'''


@missing("python3")
@pytest.mark.parametrize(
    ("code", "output"),
    [
        ("1 + 1", "2\n"),
        ("x = 5", ""),
        ("print('no newline', end='')", "no newline"),
        ("print('ä 漢 🎉')", "ä 漢 🎉\n"),
        ("print('>>> ')", ">>> \n"),
        (BLOCK, "1\n2\none\n\ntwo\n"),
        ("if True:\n\tprint('tab')\nelse:\n\tprint('no')\nprint('after')", "tab\nafter\n"),
        ("print('x' * 300)", "x" * 300 + "\n"),
        ("for i in range(100): print(i)\n", "".join(f"{n}\n" for n in range(100))),
        ("import time; print('>>> ', end='', flush=True); time.sleep(0.2); print('b')", ">>> b\n"),
    ],
)
async def test_python(python: Pane, code: str, output: str) -> None:
    result = await python.run(code, timeout=20, inside=True)
    assert (result.ended, result.exit_status) == ("prompt", None)
    assert result.output == output
    assert (await python.run("'fine'", timeout=10, inside=True)).output == "'fine'\n"


@missing("python3")
async def test_python_errors_settle(python: Pane) -> None:
    result = await python.run("1 / 0", timeout=20, inside=True)
    assert result.ended == "prompt"
    assert result.output.endswith("ZeroDivisionError: division by zero\n")
    result = await python.run("def wrong(:", timeout=10, inside=True)
    assert "SyntaxError" in result.output
    result = await python.run("print((1,", timeout=10, inside=True)
    assert result.ended == "incomplete"
    assert (await python.run("2 + 2", timeout=10, inside=True)).output == "4\n"
    result = await python.run("import time; time.sleep(30)", timeout=0.3, inside=True)
    assert result.ended == "timeout"
    with pytest.raises(NotAtPrompt, match="running"):
        await python.run("1", inside=True)
    await python.send_keys("C-c")
    assert (await python.wait(ForPrompt(inside=True), 10)).met
    assert (await python.run("3", timeout=10, inside=True)).output == "3\n"


@missing("python3")
async def test_what_follows_the_end_of_a_repl_is_not_given_to_the_shell(
    python: Pane, tmp_path: Path
) -> None:
    result = await python.run("exit(4)\ntouch escaped", timeout=20, inside=True)
    assert (result.ended, result.exit_status) == ("prompt", 4)
    assert (await python.run("echo $?", timeout=10, inside=True)).output == "4\n"
    assert not (tmp_path / "escaped").exists()


@missing("python3")
async def test_only_who_asks_gets_inside(python: Pane) -> None:
    with pytest.raises(NotAtPrompt, match="running"):
        await python.run("1 + 1", timeout=5)


@missing("python3")
async def test_the_callers_verdict_counts_inside_too(python: Pane) -> None:
    seen = []

    async def refuse() -> None:
        seen.append(spot(await python.capture()).before)
        raise PermissionError

    with pytest.raises(PermissionError):
        await python.run("open('refused', 'w')", timeout=10, before_enter=refuse, inside=True)
    assert seen == [">>> open('refused', 'w')"]

    async def meddle() -> None:
        await python.send_text("#")
        await python.wait(ForText("#$"), 10)

    with pytest.raises(NotAtPrompt, match="changed"):
        await python.run("open('judged', 'w')", timeout=10, before_enter=meddle, inside=True)
    result = await python.run("import os; os.listdir()", timeout=10, inside=True)
    assert result.output == "['home']\n"


@missing("sqlite3")
async def test_sqlite(pane: Pane) -> None:
    await start(pane, "sqlite3 a.db")
    assert (await pane.run("create table t(a, b);", timeout=10, inside=True)).output == ""
    await pane.run("insert into t values (1, 'one'),\n  (2, 'ä 漢');", timeout=10, inside=True)
    result = await pane.run("select a, b\nfrom t\norder by a;", timeout=10, inside=True)
    assert (result.ended, result.output) == ("prompt", "1|one\n2|ä 漢\n")
    result = await pane.run("select missing from t;", timeout=10, inside=True)
    assert "no such column" in result.output
    result = await pane.run("select 'open", timeout=10, inside=True)
    assert result.ended == "incomplete"
    with pytest.raises(NotAtPrompt, match="rest of an input"):
        await pane.run("select 1;", inside=True)
    await pane.send_text("';\n")
    assert (await pane.wait(ForPrompt(inside=True), 10)).met
    result = await pane.run(".quit", timeout=10, inside=True)
    # It remembers that there were errors.
    assert (result.ended, result.exit_status) == ("prompt", 1)
    assert (await pane.run("echo shell", timeout=10)).output == "shell\n"


@pytest.mark.parametrize("shell", ["dash", "sh"])
async def test_plain_shells(terminal: Terminal, tmp_path: Path, home: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (home / "env").write_text("alias say='echo said'\nPS1='plain$ '\n")
    pane = await terminal.new_pane(
        name="sh",
        cwd=tmp_path,
        width=80,
        height=24,
        shell=shell,
        environment={"ENV": str(home / "env")},
    )
    for command, status, output in [
        ("true", 0, ""),
        ("false", 1, ""),
        ("say hi", 0, "said hi\n"),
        ("echo 'ä 漢 🎉'", 0, "ä 漢 🎉\n"),
        ("(exit 77)", 77, ""),
        ("for i in 1 2; do\n  echo $i\ndone", 0, "1\n2\n"),
        ("echo a\nfalse\n(exit 3)", 3, "a\n"),
        ("cat <<END\nhere $((1+1))\nEND", 0, "here 2\n"),
        ("printf 'no newline'", 0, "no newline"),
        ('echo "$ENV"', 0, f"{home}/env\n"),
    ]:
        result = await pane.run(command, timeout=20)
        assert (result.ended, result.exit_status, result.output) == ("prompt", status, output)
    result = await pane.run("echo 'open", timeout=10)
    assert result.ended == "incomplete"
    result = await pane.run("sleep 30", timeout=0.2)
    assert result.ended == "timeout"
    with pytest.raises(NotAtPrompt, match="running"):
        await pane.run("echo no")
    await pane.send_keys("C-c")
    assert (await pane.wait(ForPrompt(inside=True), 10)).met
    result = await pane.run("exit 7", timeout=10)
    assert (result.ended, result.exit_status) == ("pane_died", 7)


async def test_a_shell_inside_the_shell(pane: Pane) -> None:
    await start(pane, "bash --norc --noprofile")
    assert (await pane.run("echo in; cd /", timeout=10, inside=True)).output == "in\n"
    assert (await pane.run("pwd", timeout=10, inside=True)).output == "/\n"
    result = await pane.run("exit 5", timeout=10, inside=True)
    assert (result.ended, result.exit_status) == ("prompt", 5)


async def test_bell(pane: Pane) -> None:
    await pane.wait(ForPrompt(), 10)
    assert not (await pane.wait(ForBell(), 0.2)).met
    waiting = asyncio.create_task(pane.wait(ForBell(), 10))
    await asyncio.sleep(0)
    assert (await pane.run("echo quiet; sleep 0.1", timeout=10)).exit_status == 0
    assert not waiting.done()
    await pane.run("printf 'ring\\a\\n'", timeout=10)
    assert (await waiting).met
    waiting = asyncio.create_task(pane.wait(ForBell(), 10))
    await pane.run("exit", timeout=10)
    assert (await waiting).ended == "pane_died"


def test_lines_for_python() -> None:
    python = prompts.PROGRAMS["python"]
    assert prompts.lines_of("a = 1", python) == ["a = 1"]
    assert prompts.lines_of("if a:\n    b\n\n    c\nd", python) == [
        "if a:",
        "    b",
        "    c",
        "",
        "d",
    ]
    assert prompts.lines_of("@d\ndef f(): pass", python) == ["@d", "def f(): pass", ""]
    assert prompts.lines_of('s = """a\n\nb"""', python) == ['s = """a', "", 'b"""']
    assert prompts.lines_of("broken(\nx", python) == ["broken(", "x"]
    assert prompts.lines_of("a\n\nb", prompts.PROGRAMS["psql"]) == ["a", "", "b"]


@pytest.mark.parametrize(
    ("name", "kind", "text", "place"),
    [
        ("python3.12", "repl", ">>> ", "first"),
        ("python3", "repl", "... ", "more"),
        ("python3", "repl", ">>> x", None),
        ("sqlite3", "repl", "sqlite> ", "first"),
        ("sqlite3", "repl", "   ...> ", "more"),
        ("psql", "repl", "post=# ", "first"),
        ("psql", "repl", "post=> ", "first"),
        ("psql", "repl", "post-> ", "more"),
        ("psql", "repl", "post'# ", "more"),
        ("psql", "repl", "post=*> ", "first"),
        ("ssh", "ssh", "me@there:~$ ", "first"),
        ("ssh", "ssh", "Password: ", None),
        ("ssh", "ssh", "", None),
        ("dash", "shell", "> ", "more"),
        ("cat", "command", "$ ", None),
        ("nonesuch-repl", "repl", "nonesuch 1) ", "first"),
    ],
)
def test_prompts(name: str, kind, text: str, place: str | None) -> None:
    found = prompts.of(Foreground(1, name, kind), text)
    assert (None if found is None else found.place(text)) == place


def test_the_spot_counts_cells() -> None:
    frame = Frame(("a", "\x1b[1m漢字> \x1b[0m  x "), 20, 2, 6, 1, True, False, False, False, 7, "")
    assert (spot(frame).row, spot(frame).before, spot(frame).after) == (8, "漢字> ", "x")
