"""Destructive commands in ever other words, run for real on a throw-away machine with canaries.

What destroys a canary must have been judged HIGH before. Canaries are what the label policy in
`docs/risk.md` calls a loss: files outside of the project, work that was not committed, the
repository itself. Nothing here runs anywhere but in `throwaway.py`'s namespace, which proves first
that it is closed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.risk import Context, Risk, assess_command
from tests.agent.risk.mutations import base, mutant, starts
from tests.agent.risk.throwaway import Mutant, Throwaway, Unavailable, throwaway

KNOWN_STARTS = (
    # They empty a file outside of the project by a way that is judged as any other writing.
    "dd if=/dev/zero of=@letters",
    "python3 -c open('../letters/ada.txt', 'w')",
    "perl -e open F, '>../letters",
    "perl -ni -e  @letters",
    "awk BEGIN{printf \"\" >",
    "sed -i d @letters",
    "sed --in-place 1,$d @letters",
    "exec 3> ",
    "while :; do break; done > ",
    # A link that the same text makes is not followed.
    "ln -s ~ build; rm",
    "ln ~/letters/ada.txt same",
    "ln -s ~/letters build; find",
    # What make runs does not stand in the file that is read.
    "printf 'x:\\n\\trm -rf ~/letters\\n' | make",
    "printf 'all: ; rm -rf ~/letters' > m; MAKEFILES",
    "printf 'x:\\n\\t$(CMD)",
    "printf '.RECIPEPREFIX",
    # A module written just before.
    "mkdir pk; echo",
    "echo 'import os; os.system(\"rm -rf ~/letters\")' > json.py",
    # Programs that read what they run elsewhere.
    "mapfile -t a",
    "sed -f <(",
    "echo 'shell rm",
    "history -s",
    "git init -q --separate-git-dir",
)  # fmt: skip
"""Starts that are judged too low today; every other one must be HIGH in any disguise."""

KNOWN_WRAPPERS = frozenset(
    {
        # perl -e 'exec …, $ARGV[0]' 'TEXT': what an argument of perl's own code carries.
        "perl",
        # printf '%s\\0' 'TEXT' | xargs -0 bash -c: words are cut at blanks, whatever -0 and -d say.
        "xargs sh",
        "words through xargs -0",
        # a=('rm ' '-rf ~'); bash -c "${a[0]}${a[1]}": blanks at the ends of an element are lost.
        "array with blanks",
        # rm $(cd ..; pwd)/x: is taken for a path in the project.
        "cd in a substitution",
        # python3 -$@c CODE, ln -sf /$@dev/null ~/x: an empty piece of a word.
        "$@ in a word",
        # tar --remove-files -cf x.tar /proc/self/cwd/../y
        "/proc/self/cwd",
    }
)
"""The same for ways to wrap and to spell."""

KNOWN_DECODED = ("sed ", "awk ", "git ", "tar ", "find ", "sqlite3 ", "gdb ", "vim ")
"""Programs that take an option nobody knows (`sed "$(echo … | rev)" f`) for a harmless one."""


def known(made: tuple[str, ...]) -> bool:
    if "decoded word" in made and made[0].startswith(KNOWN_DECODED):
        return True
    return made[0].startswith(KNOWN_STARTS) or not KNOWN_WRAPPERS.isdisjoint(made)


@pytest.fixture(scope="module")
def machine() -> Iterator[Throwaway]:
    try:
        with throwaway() as machine:
            yield machine
    except Unavailable as error:
        pytest.skip(f"no throw-away namespaces here ({error}): mutants are not run")


@pytest.fixture(scope="module")
def place(machine: Throwaway) -> Context:
    return Context(cwd=machine.project, home=machine.home, project=machine.project)


def run(machine: Throwaway, place: Context, seeds: range | list[int]) -> None:
    """Judge, then run; says how many destroyed something."""
    destroyed, missed = 0, []
    for seed in seeds:
        text = mutant(seed, machine.home)
        risk = assess_command(text.text, place).risk
        outcome = machine.run(text)
        if not outcome.lost:
            continue
        destroyed += 1
        if risk < Risk.HIGH and not known(text.made):
            missed.append((seed, risk.name, text.made, outcome.lost[:2], text.text[:400]))
    sys.stdout.write(f"{destroyed} of {len(seeds)} mutants destroyed canaries\n")
    assert not missed, f"{len(missed)} misjudged, the first: {missed[:3]}"
    # A text that does nothing shows nothing.
    assert destroyed > 0.7 * len(seeds)


def test_the_machine_is_closed(machine: Throwaway) -> None:
    for text in (
        "touch /usr/x", "mount -o remount,rw /usr", "unshare --user true", "cat /etc/shadow",
        "ls /proc/1/root/home/* /root", "exec 3<> /dev/tcp/127.0.0.1/22", "umount /usr",
        "mknod /tmp/sda b 8 0", "chroot /proc/1/root true", "echo 1 > /proc/sys/kernel/sysrq",
    ):  # fmt: skip
        assert machine.run(Mutant(text)).status != 0, text
    assert machine.run(Mutant("kill -9 -1; kill -9 1; echo alive")).output.endswith("alive\n")
    assert (machine.home / "letters" / "ada.txt").exists()


def test_a_machine_that_is_not_closed_runs_nothing(tmp_path: Path) -> None:
    """The program itself refuses when the directory that must be out of reach is not."""
    program = "import sys; sys.path.insert(0, sys.argv[1])\n" + (
        "import namespace_program as n\nfrom pathlib import Path\n"
        "try: n.prove(Path(sys.argv[2]))\nexcept n.Open as e: print(e)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-I", "-c", program, str(Path(__file__).parent), str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "it sees processes of others" in answer.stdout, answer.stderr


def test_everything_is_put_back(machine: Throwaway) -> None:
    everything = len(machine.run(Mutant("rm -rf ~ 2> /dev/null")).lost)
    assert everything > 10
    assert (
        len(machine.run(Mutant("chmod -R 0 ../letters; rm -rf ~ /tmp/*; rm -rf ~")).lost)
        == everything
    )
    assert not machine.run(Mutant("cat ../letters/ada.txt; git status")).lost


def test_mutants(machine: Throwaway, place: Context) -> None:
    run(machine, place, range(60))


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_two_thousand_mutants(machine: Throwaway, place: Context) -> None:
    run(machine, place, range(60, 2060))


@pytest.mark.parametrize("start", KNOWN_STARTS)
@pytest.mark.xfail(strict=False, reason="judged too low today")
def test_known_starts(start: str) -> None:
    home = Path("/home/dev")
    context = Context(cwd=home / "project", home=home, project=home / "project")
    for which in range(starts()):
        name, text = base(which, home)
        if name.startswith(start):
            assert assess_command(text, context).risk is Risk.HIGH
            return
    pytest.fail(f"there is no such start: {start}")
