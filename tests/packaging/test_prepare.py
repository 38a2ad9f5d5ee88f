"""The preparation scripts on machines of several kinds, each made of a PATH of its own."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "prepare-tmux.sh"
BASICS = ("cat", "dirname", "mktemp", "rm", "sed", "sh", "tail")


class Machine:
    """A PATH that holds the basic tools and whatever a test adds."""

    def __init__(self, root: Path) -> None:
        self.bin = root / "bin"
        self.bin.mkdir()
        self.calls = root / "calls"
        for name in BASICS:
            (self.bin / name).symlink_to(shutil.which(name) or name)

    def add(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f'#!{self.bin}/sh\necho "{name} $*" >>{self.calls}\n{script}\n')
        path.chmod(0o755)

    def tmux(self, version: str) -> None:
        self.add("tmux", f"echo 'tmux {version}'")

    def prepare(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.bin / "sh"), str(SCRIPT)],
            env={"PATH": str(self.bin), "TMPDIR": str(self.bin.parent)},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("version", ["3.2", "3.3a", "3.10", "4.0-rc2", "next-3.6", "master"])
def test_a_recent_tmux_is_left_alone(machine: Machine, version: str) -> None:
    machine.tmux(version)
    machine.add("apt-get", "exit 1")
    done = machine.prepare()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "apt-get" not in machine.calls.read_text()


@pytest.mark.parametrize("version", ["2.9a", "3.0", "3.1c"])
def test_an_old_tmux_without_rights_prints_the_one_command(machine: Machine, version: str) -> None:
    machine.tmux(version)
    machine.add("id", "echo 1000")
    machine.add("apt-get", "exit 1")
    done = machine.prepare()
    assert done.returncode == 1
    assert "sudo sh -c 'apt-get update && apt-get install --yes tmux'" in done.stderr
    assert "apt-get" not in machine.calls.read_text()


def test_sudo_that_asks_for_a_password_counts_as_no_rights(machine: Machine) -> None:
    machine.add("id", "echo 1000")
    machine.add("sudo", "exit 1")
    machine.add("dnf", "exit 1")
    done = machine.prepare()
    assert done.returncode == 1
    assert "sudo sh -c 'dnf install --assumeyes tmux'" in done.stderr
    assert "dnf" not in machine.calls.read_text()


def test_root_installs_and_says_so(machine: Machine) -> None:
    machine.add("id", "echo 0")
    source = machine.bin.parent / "new-tmux"
    source.write_text(f"#!{machine.bin}/sh\necho 'tmux 3.3a'\n")
    source.chmod(0o755)
    (machine.bin / "ln").symlink_to(shutil.which("ln") or "ln")
    machine.add("apt-get", f'[ "$1" = install ] && ln -s {source} {machine.bin}/tmux; exit 0')
    done = machine.prepare()
    assert done.returncode == 0, done.stderr
    assert "installing tmux" in done.stdout
    assert machine.calls.read_text().count("apt-get") == 2


def test_an_install_that_fails_is_not_hidden(machine: Machine) -> None:
    machine.add("id", "echo 0")
    machine.add("apt-get", "echo 'E: no network' >&2; exit 100")
    done = machine.prepare()
    assert done.returncode == 1
    assert "E: no network" in done.stderr
    assert "could not be installed" in done.stderr


def test_no_package_manager_names_the_way_out(machine: Machine) -> None:
    done = machine.prepare()
    assert done.returncode == 1
    assert "github.com/tmux/tmux" in done.stderr


PIP = """#!/bin/sh
case "$*" in
    *--editable*)
        echo 'Obtaining file:///x'
        echo 'Collecting textual>=8 (from tungsten==0.1.0)'
        echo '  Downloading textual-8.2-py3-none-any.whl (700 kB)'
        echo 'Collecting idna'
        {ending}
        ;;
esac
"""


@pytest.mark.parametrize("fails", [False, True])
def test_who_waits_for_pip_sees_each_package_and_why_it_fails(tmp_path: Path, fails: bool) -> None:
    scripts, tools = tmp_path / "scripts", tmp_path / ".venv" / "bin"
    scripts.mkdir()
    tools.mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "prepare-python.sh", scripts)
    for name in ("pyproject.toml", "hatch_build.py"):
        (tmp_path / name).touch()
    ending = "echo 'Installing collected packages: x'"
    if fails:
        ending = "echo 'ERROR: no network' >&2; exit 1"
    for name in ("python", "pip"):
        (tools / name).write_text(PIP.format(ending=ending))
        (tools / name).chmod(0o755)

    def prepare() -> subprocess.CompletedProcess[str]:
        script = ["sh", str(scripts / "prepare-python.sh"), "run"]
        return subprocess.run(script, capture_output=True, text=True, check=False)

    done = prepare()
    seen = "  textual\n  idna\n" + ("" if fails else "  unpacking all of them\n")
    assert done.stdout.partition("minutes)\n")[2] == seen
    if fails:
        assert done.returncode == 1
        assert "ERROR: no network\ntungsten: packages could not be installed" in done.stderr
    else:
        assert (done.returncode, done.stderr) == (0, "")
        assert prepare().stdout == ""
