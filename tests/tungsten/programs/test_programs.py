"""Real programs, driven as a person would; each test skips where its program is missing."""

from __future__ import annotations

import asyncio
import getpass
import hashlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tungsten.errors import PaneDead
from tungsten.pane import ForExit, ForPrompt, ForText, Pane
from tungsten.terminal import Terminal


def missing(*programs: str) -> pytest.MarkDecorator:
    gone = [program for program in programs if shutil.which(program, path=PATH) is None]
    return pytest.mark.skipif(bool(gone), reason=f"not installed: {', '.join(gone)}")


PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


async def start(pane: Pane, command: str, shows: str) -> None:
    """Type a command line and wait for what its program shows."""
    await pane.wait(ForPrompt(), 20)
    await pane.send_text(f"{command}\n")
    assert (await pane.wait(ForText(shows), 20)).met


async def kind(pane: Pane, wanted: str) -> None:
    """Wait until the foreground is of a kind; a program needs a moment to fall asleep."""
    for _ in range(200):
        seen = await pane.foreground()
        if seen.kind == wanted:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(seen)


@missing("vim")
async def test_vim_edits_and_saves(pane: Pane, tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("first\nsecond\n")
    await start(pane, "vim -u NONE -n note.txt", "second")
    await kind(pane, "editor")
    assert (await pane.capture()).alternate
    await pane.send_text("Gothird ä 漢 🎉")
    await pane.send_keys("Escape")
    await pane.wait(ForText("third ä 漢 🎉"), 10)
    await pane.send_text(":wq\n")
    assert (await pane.wait(ForPrompt(), 10)).met
    assert file.read_text() == "first\nsecond\nthird ä 漢 🎉\n"
    assert not (await pane.capture()).alternate


@missing("nano")
async def test_nano(pane: Pane, tmp_path: Path) -> None:
    await start(pane, "nano -I new.txt", "nano")
    await kind(pane, "editor")
    await pane.send_text("hello")
    await pane.send_keys("C-o", "Enter", "C-x")
    assert (await pane.wait(ForPrompt(), 10)).met
    assert (tmp_path / "new.txt").read_text() == "hello\n"


@missing("less")
async def test_less(pane: Pane, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("".join(f"line {n}\n" for n in range(1, 501)))
    await start(pane, "less long.txt", "^line 20$")
    await kind(pane, "pager")
    await pane.send_keys("G")
    assert (await pane.wait(ForText("^line 500$"), 10)).met
    await pane.send_text("?line 77$\n")
    assert (await pane.wait(ForText("^line 77$"), 10)).met
    await pane.send_keys("q")
    assert (await pane.wait(ForPrompt(), 10)).met
    assert (await pane.run("echo back", timeout=10)).output == "back\n"


@pytest.mark.parametrize("program", ["top", "htop"])
async def test_process_lists(pane: Pane, program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"not installed: {program}")
    await start(pane, program, r"PID\s+USER")
    await kind(pane, "command")
    await pane.resize(100, 30)
    shown = await pane.wait(ForText(r"PID\s+USER"), 10)
    assert (shown.frame.width, shown.frame.height) == (100, 30)
    await pane.send_keys("q")
    assert (await pane.wait(ForPrompt(), 10)).met


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with one file, changed in two places."""
    repository = tmp_path / "repository"
    repository.mkdir()
    file = repository / "file"
    file.write_text("".join(f"{n}\n" for n in range(1, 31)))
    git = ["git", "-C", str(repository), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for argv in (["init", "-q"], ["add", "."], ["commit", "-qm", "begin"]):
        subprocess.run([*git, *argv], check=True, env={**os.environ, "HOME": str(tmp_path)})
    lines = file.read_text().splitlines()
    lines[0], lines[-1] = "one", "last"
    file.write_text("\n".join(lines) + "\n")
    return repository


@missing("git")
async def test_git_add_patch(pane: Pane, repository: Path) -> None:
    await pane.run(f"cd {repository}; export GIT_PAGER=cat", timeout=20)
    await start(pane, "git add -p", r"\(1/2\) Stage this hunk")
    await pane.send_text("n\n")
    assert (await pane.wait(ForText(r"\(2/2\) Stage this hunk"), 10)).met
    await pane.send_text("y\n")
    assert (await pane.wait(ForPrompt(), 10)).met
    staged = (await pane.run("git diff --cached", timeout=10)).output
    assert "+last" in staged
    assert "+one" not in staged


async def test_a_password_prompt(pane: Pane, tmp_path: Path) -> None:
    script = tmp_path / "ask"
    script.write_text(
        'read -r -s -p "Password: " secret; echo\n'
        '[ "$secret" = "open sesame" ] && echo granted || { echo denied; exit 1; }\n'
        'read -r -p "Name: " name; echo "hello $name"\n'
    )
    await start(pane, "bash ask", "^Password:$")
    await kind(pane, "password")
    assert not (await pane.foreground()).echo
    await pane.send_text("open sesame\n")
    assert (await pane.wait(ForText("^Name:$"), 10)).met
    await kind(pane, "reader")
    await pane.send_text("ä 漢\n")
    result = await pane.wait(ForText("^hello ä 漢$"), 10)
    assert "sesame" not in result.frame.text
    assert (await pane.wait(ForPrompt(), 10)).met


async def test_a_program_that_crashes(terminal: Terminal, pane: Pane, tmp_path: Path) -> None:
    result = await pane.run("sh -c 'printf half; kill -SEGV $$'", timeout=20)
    assert (result.ended, result.exit_status) == ("prompt", 128 + signal.SIGSEGV)
    assert result.output.startswith("half")
    alone = await terminal.new_pane(name="crash", cwd=tmp_path, command="kill -SEGV $$")
    assert (await alone.wait(ForExit(), 10)).met
    assert (await alone.info()).exit_status == 128 + signal.SIGSEGV
    with pytest.raises(PaneDead):
        await alone.send_text("x")


async def test_a_crash_in_raw_mode_leaves_a_usable_shell(pane: Pane) -> None:
    result = await pane.run("stty raw -echo; sh -c 'kill -KILL $$'", timeout=20)
    assert result.exit_status == 128 + signal.SIGKILL
    # The terminal itself stays raw, as after any such end; lines are drawn as stairs.
    assert "fine" in (await pane.run("echo fine", timeout=10)).output


@missing("python3")
async def test_a_paste_of_a_megabyte_arrives_whole(terminal: Terminal, tmp_path: Path) -> None:
    size = 1_000_000
    text = "".join(f"{n:06} ä漢🎉 x\n" for n in range(size // 20))[: size - 1] + "\n"
    reader = tmp_path / "reader.py"
    reader.write_text(
        "import os, sys, tty\n"
        "tty.setraw(0)\n"
        "os.write(1, b'\\x1b[?2004hready')\n"
        "data = b''\n"
        "while not data.endswith(b'\\x1b[201~'):\n"
        "    data += os.read(0, 65536)\n"
        "open('pasted', 'wb').write(data)\n"
        "os.write(1, b'\\r\\ndone\\r\\n')\n"
    )
    pane = await terminal.new_pane(name="paste", cwd=tmp_path, command="python3 reader.py")
    assert (await pane.wait(ForText("ready"), 20)).met
    await pane.paste(text)
    assert (await pane.wait(ForText("done"), 60)).met
    pasted = (tmp_path / "pasted").read_bytes()
    body = pasted.removeprefix(b"\x1b[200~").removesuffix(b"\x1b[201~").replace(b"\r", b"\n")
    assert hashlib.sha256(body).hexdigest() == hashlib.sha256(text.encode()).hexdigest()


async def test_unicode_both_ways(pane: Pane) -> None:
    text = "ä é ñ 漢字 かな 한글 🎉 👍🏽 👩‍👩‍👧 ❤️ ½ → ✓ العربية"
    # With some of these prompts a wide character does not fit into the rest of its row.
    for length in range(44, 56):
        await pane.run(f"PS1='{'p' * length}# '", timeout=20)
        result = await pane.run(f"printf '%s' '{text}' | sha256sum", timeout=20)
        assert result.output.split()[0] == hashlib.sha256(text.encode()).hexdigest(), length


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


# -- ssh ------------------------------------------------------------------------------------------


@pytest.fixture
def sshd(tmp_path: Path, home: Path, request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """A server on a high port, and the ssh command line that reaches it.

    The parameter, if any, is a directory in `tmp_path` that is all its PATH.
    """
    path = f" PATH={tmp_path}/{request.param}" if hasattr(request, "param") else ""
    server = shutil.which("sshd", path=PATH)
    if server is None or shutil.which("ssh") is None:
        pytest.skip("not installed: sshd, ssh")
    if os.getuid() == 0:
        # Where systemd has not made it; empty, as it should be.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    for key in ("host", "user"):
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / key)]
        subprocess.run(argv, check=True)
    shutil.copy(tmp_path / "user.pub", tmp_path / "authorized")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\n"
        f"AuthorizedKeysFile {tmp_path}/authorized\nStrictModes no\nUsePAM no\n"
        f"PasswordAuthentication no\nPidFile none\nPrintMotd no\nPrintLastLog no\n"
        f"PermitRootLogin yes\nSetEnv HOME={home}{path}\n"
    )
    log = tmp_path / "log"
    with log.open("w") as file:
        argv = [server, "-D", "-e", "-f", str(tmp_path / "sshd_config")]
        process = subprocess.Popen(argv, stderr=file)
    deadline = time.monotonic() + 10
    while "Server listening" not in log.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.skip(f"sshd does not start here: {log.read_text().strip()}")
        time.sleep(0.01)
    yield [
        *("ssh", "-F", "none", "-i", str(tmp_path / "user"), "-p", str(port)),
        *("-o", f"UserKnownHostsFile={tmp_path}/known", "-o", "LogLevel=ERROR"),
        *("-o", "StrictHostKeyChecking=accept-new", "-o", "IdentitiesOnly=yes"),
        f"{getpass.getuser()}@127.0.0.1",
    ]
    process.terminate()
    process.wait(10)


async def test_ssh_with_marks_leaves_no_file_there(
    terminal: Terminal, tmp_path: Path, home: Path, sshd: list[str]
) -> None:
    (home / ".bash_profile").write_text("export FROM_PROFILE=yes\n. ~/.bashrc\n")
    before = names(home)
    pane = await terminal.new_pane(name="far", cwd=tmp_path, width=80, height=24, ssh=sshd)
    result = await pane.run("echo $FROM_PROFILE $FROM_BASHRC; (exit 42)", timeout=30)
    assert (result.ended, result.exit_status, result.output) == ("prompt", 42, "yes yes\n")
    assert (await pane.run("for i in 1 2; do\n  echo $i\ndone", timeout=10)).output == "1\n2\n"
    assert (await pane.run("echo 'open", timeout=10)).ended == "incomplete"
    assert await pane.line() == ""
    await kind(pane, "ssh")
    result = await pane.run("env | grep -c TUNGSTEN_INTEGRATION", timeout=10)
    assert result.output == "0\n"
    assert names(home) == before
    history = (await pane.capture(history=100)).text
    assert pane.shell.nonce not in history
    result = await pane.run("exit 3", timeout=10)
    assert (result.ended, result.exit_status) == ("pane_died", 3)


@pytest.mark.parametrize("sshd", ["few"], indirect=True)
async def test_ssh_where_bash_is_not_found_goes_by_the_prompt(
    terminal: Terminal, tmp_path: Path, home: Path, sshd: list[str]
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    (few / "sh").symlink_to(shutil.which("sh") or "")
    (home / ".profile").write_text("PS1='far:\\w\\$ '\n")
    pane = await terminal.new_pane(name="far", cwd=tmp_path, ssh=sshd)
    result = await pane.run("echo over there", timeout=20, inside=True)
    assert (result.ended, result.exit_status, result.output) == ("prompt", None, "over there\n")


async def test_ssh_that_a_command_started(pane: Pane, home: Path, sshd: list[str]) -> None:
    (home / ".profile").write_text("PS1='far:\\w\\$ '\n")
    await start(pane, shlex.join(sshd), "^far:")
    assert (await pane.wait(ForPrompt(inside=True), 20)).met
    await kind(pane, "ssh")
    assert (await pane.run("echo over there", timeout=20, inside=True)).output == "over there\n"
    assert (await pane.run("cd /; pwd", timeout=20, inside=True)).output == "/\n"
    assert (await pane.run("pwd", timeout=20, inside=True)).output == "/\n"
    result = await pane.run("exit 6", timeout=20, inside=True)
    assert (result.ended, result.exit_status) == ("prompt", 6)
    assert (await pane.run("echo here", timeout=10)).output == "here\n"


# -- PostgreSQL -----------------------------------------------------------------------------------


def _postgres() -> Path | None:
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists()), None)


@pytest.fixture
def postgres(runtime: Path) -> Iterator[Path]:
    """The directory of a server's socket."""
    programs = _postgres()
    if programs is None or shutil.which("psql") is None:
        pytest.skip("not installed: postgresql, psql")
    # The server refuses to run as root.
    user: dict[str, str] = {"user": "nobody"} if os.getuid() == 0 else {}
    data = runtime / "postgres"
    data.mkdir()
    if user:
        runtime.chmod(0o711)
        shutil.chown(data, **user)
    argv = [str(programs / "initdb"), "-D", str(data / "db"), "-U", "me", "-A", "trust", "-N"]
    subprocess.run(argv, check=True, capture_output=True, cwd="/", **user)
    argv = [str(programs / "postgres"), "-D", str(data / "db"), "-k", str(data), "-h", ""]
    argv += ["-c", "fsync=off"]
    with (data / "log").open("w") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, cwd="/", **user)
    while "ready to accept" not in (data / "log").read_text():
        assert process.poll() is None, (data / "log").read_text()
        time.sleep(0.02)
    yield data
    process.send_signal(signal.SIGQUIT)
    process.wait(20)
    runtime.chmod(0o700)


@pytest.mark.timeout(180)
async def test_psql(pane: Pane, postgres: Path) -> None:
    await start(pane, f"PSQL_PAGER= PAGER=cat psql -h {postgres} -U me postgres", "^postgres=#$")
    assert (await pane.wait(ForPrompt(inside=True), 20)).met
    await kind(pane, "repl")
    result = await pane.run("create table t(a int, b text);", timeout=20, inside=True)
    assert result.output == "CREATE TABLE\n"
    await pane.run("insert into t\nvalues (1, 'ä 漢');", timeout=20, inside=True)
    result = await pane.run("\\t on", timeout=20, inside=True)
    result = await pane.run("select a, b\nfrom t;", timeout=20, inside=True)
    assert result.output.split() == ["1", "|", "ä", "漢"]
    result = await pane.run("select wrong;", timeout=20, inside=True)
    assert "ERROR:" in result.output
    result = await pane.run("select 'open", timeout=20, inside=True)
    assert result.ended == "incomplete"
    assert (await pane.run("select 'a' || 'b';", timeout=20, inside=True)).output.split() == ["ab"]
    result = await pane.run("begin; select 1/0;", timeout=20, inside=True)
    assert "division by zero" in result.output
    assert (await pane.run("rollback;", timeout=20, inside=True)).output == "ROLLBACK\n"
    result = await pane.run("\\q", timeout=20, inside=True)
    assert (result.ended, result.exit_status) == ("prompt", 0)
