"""What snapshots keep comes back byte for byte, and nothing else is touched."""

from __future__ import annotations

import gc
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from agent.isolation.objects import ContentLost, Objects
from agent.isolation.plan import Plan, Span, diff, plan
from agent.isolation.revert import Journal, Left, _change_mode, carry_on, revert
from agent.isolation.tree import Cache, Limits, TreeNotKept, read_tree
from tests.agent.isolation import trees


@pytest.fixture(scope="module")
def template() -> Iterator[tuple[Path, Path]]:
    """A repository to copy, and the file that tells whether a program of its settings ran."""
    directory = Path(tempfile.mkdtemp(prefix="tg-"))
    trap = directory / "trap"
    yield trees.repository(directory / "template", trap=trap), trap
    shutil.rmtree(directory)


class Copy:
    """A copy of the repository, and a store of its own."""

    def __init__(self, template: Path, directory: Path) -> None:
        self.directory = directory
        self.top = trees.copy(template, directory / "tree")
        self.objects = Objects(directory / "objects")
        self.cache = Cache()
        self.reverts = 0

    def keep(self) -> str:
        return read_tree(os.fsencode(self.top), self.objects, self.cache).root

    def plan(self, *spans: Span) -> Plan:
        return plan(self.objects, spans, self.keep())

    def revert(self, found: Plan, *, over: bool = False) -> list[Left]:
        self.reverts += 1
        journal = self.directory / "reverts" / "one.json"
        operations = found.chosen(over=over)
        left = revert(os.fsencode(self.top), "one", operations, self.objects, journal)
        assert not journal.exists()
        return left

    def edit(self, choose: random.Random, times: int) -> None:
        for _ in range(times):
            trees.edit(self.top, choose)


def back_and_forth(template: Path, choose: random.Random) -> None:
    """One random sequence: edits before, steps, edits of others, a revert and its undoing."""
    directory = Path(tempfile.mkdtemp(prefix="tg-"))
    copy = Copy(template, directory)
    try:
        copy.edit(choose, choose.randrange(6))
        before, begin = trees.photograph(copy.top), copy.keep()
        spans = []
        for _ in range(choose.randrange(1, 4)):
            copy.edit(choose, choose.randrange(1, 8))
            end = copy.keep()
            spans.append(Span(begin, end))
            begin = end
        after = trees.photograph(copy.top)
        found = copy.plan(*spans)
        assert not found.conflicts
        assert not found.stays
        diff(copy.objects, found.operations)
        assert copy.revert(found) == []
        assert trees.photograph(copy.top) == before
        undone = copy.plan(Span(end, copy.keep()))
        assert copy.revert(undone) == []
        assert trees.photograph(copy.top) == after
        copy.edit(choose, choose.randrange(1, 5))
        theirs = trees.photograph(copy.top)
        never_over(copy, copy.plan(*spans), before, after, theirs)
    finally:
        trees.remove(directory)


def never_over(
    copy: Copy,
    found: Plan,
    before: trees.Photograph,
    after: trees.Photograph,
    theirs: trees.Photograph,
) -> None:
    """Revert behind the back of somebody who has changed things since, and look at all of it."""
    changed = {path for path in after.keys() | theirs.keys() if after.get(path) != theirs.get(path)}
    copy.revert(found)
    now = trees.photograph(copy.top)
    for path in changed & theirs.keys():
        assert now.get(path) == theirs[path], f"{path!r} was overwritten"
    for path in (before.keys() | now.keys()) - changed:
        near = any(
            path.startswith(other + b"/") or other.startswith(path + b"/") for other in changed
        )
        assert near or now.get(path) == before.get(path), f"{path!r} is not back"


EDITS = st.randoms(use_true_random=False)
FIXED = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


@settings(FIXED, max_examples=10, phases=[Phase.generate], derandomize=True)
@given(choose=EDITS)
def test_random_edits_come_back(template: tuple[Path, Path], choose: random.Random) -> None:
    """A sample of `test_a_thousand_sequences_come_back`."""
    back_and_forth(template[0], choose)
    assert not template[1].exists()


@pytest.mark.soak
@pytest.mark.timeout(3600)
@settings(FIXED, max_examples=1_000)
@given(choose=EDITS)
def test_a_thousand_sequences_come_back(template: tuple[Path, Path], choose: random.Random) -> None:
    """Shell edits, renames, modes, links, untracked and ignored files: all come back."""
    back_and_forth(template[0], choose)
    assert not template[1].exists()


SHELL = r"""
set -e
sed -i s/one/two/ src/b.txt
mv crlf.txt moved.txt
rm link && mkdir link && echo within > link/file
chmod 4711 run
printf 'a\\nb' > "$(printf 'new\nline')"
mkdir -p a/b/c && chmod 700 a/b
ln -s ../nowhere a/dangling
rm -r kept && echo instead > kept
rmdir empty
mkfifo a/pipe
"""


def test_what_a_shell_did_comes_back(template: tuple[Path, Path], short_dir: Path) -> None:
    copy = Copy(template[0], short_dir)
    before, begin = trees.photograph(copy.top), copy.keep()
    script = short_dir / "script"
    script.write_text(SHELL)
    subprocess.run(["sh", str(script)], cwd=copy.top, check=True)
    found = copy.plan(Span(begin, copy.keep()))
    assert [(left.path, left.why) for left in found.stays] == [
        (b"a", "it holds what came later, or was not kept"),
        (b"a/pipe", "it was not kept"),
    ]
    assert copy.revert(found) == []
    now = trees.photograph(copy.top)
    assert now.pop(b"a")[0] == "directory"
    assert now.pop(b"a/pipe")[0] == "special"
    assert now == before


def test_left_alone(template: tuple[Path, Path], short_dir: Path) -> None:
    """What other repositories and installers hold is neither kept nor touched."""
    copy = Copy(template[0], short_dir)
    begin = copy.keep()
    (copy.top / "sub" / "theirs").write_text("changed\n")
    (copy.top / "node_modules" / "made").write_text("anew\n")
    (copy.top / "src" / "b.txt").write_text("changed\n")
    found = copy.plan(Span(begin, copy.keep()))
    assert [each.path for each in found.operations] == [b"src/b.txt"]
    copy.revert(found)
    assert (copy.top / "sub" / "theirs").read_text() == "changed\n"
    assert (copy.top / "node_modules" / "made").read_text() == "anew\n"
    shutil.rmtree(copy.top / "node_modules")
    (stays,) = copy.plan(Span(begin, copy.keep())).stays
    assert stays == Left(
        b"node_modules", "git ignores it and it can be made again: it was not kept"
    )


def test_made_again_but_tracked_is_kept(template: tuple[Path, Path], short_dir: Path) -> None:
    copy = Copy(template[0], short_dir)
    trees.git(copy.top, "config", "--unset", "core.fsmonitor")
    trees.git(copy.top, "-c", "core.hooksPath=/dev/null", "add", "-f", "node_modules/made")
    begin = copy.keep()
    (copy.top / "node_modules" / "made").write_text("anew\n")
    copy.revert(copy.plan(Span(begin, copy.keep())))
    assert (copy.top / "node_modules" / "made").read_text() == "again\n"


def test_directories_that_are_left_alone_by_changed_rules(
    template: tuple[Path, Path], short_dir: Path
) -> None:
    """A directory that git begins to ignore is not taken for one that was deleted."""
    copy = Copy(template[0], short_dir)
    (copy.top / "build").mkdir()
    (copy.top / "build" / "work").write_text("work\n")
    begin = copy.keep()
    with (copy.top / ".gitignore").open("a") as file:
        file.write("build/\n")
    found = copy.plan(Span(begin, copy.keep()))
    assert [each.path for each in found.operations] == [b".gitignore"]
    assert found.stays == ()
    copy.revert(found)
    assert (copy.top / "build" / "work").read_text() == "work\n"


def test_no_link_leads_out(template: tuple[Path, Path], short_dir: Path) -> None:
    """A directory that became a link between look and revert is not followed."""
    copy = Copy(template[0], short_dir)
    begin = copy.keep()
    (copy.top / "src" / "b.txt").write_text("changed\n")
    found = copy.plan(Span(begin, copy.keep()))
    outside = short_dir / "outside"
    outside.mkdir()
    (outside / "b.txt").write_text("changed\n")
    os.rename(copy.top / "src", copy.top / "elsewhere")
    (copy.top / "src").symlink_to(outside)
    (left,) = copy.revert(found)
    assert left.path == b"src/b.txt"
    assert (outside / "b.txt").read_text() == "changed\n"


def test_a_mode_is_never_changed_through_a_link(short_dir: Path) -> None:
    mine, other = short_dir / "mine", short_dir / "other"
    for path in (mine, other):
        path.touch(mode=0o640)

    def is_file(mode: int) -> bool:
        # Right behind the look, a link takes its place.
        mine.rename(short_dir / "was")
        mine.symlink_to(other)
        return stat.S_ISREG(mode)

    directory = os.open(short_dir, os.O_RDONLY)
    try:
        _change_mode(directory, b"mine", 0o4777, is_file)
        _change_mode(directory, b"mine", 0o4777, stat.S_ISREG)
    finally:
        os.close(directory)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (other, short_dir / "was")]
    assert modes == [0o640, 0o4777]


def test_what_changes_between_look_and_revert_is_left(
    template: tuple[Path, Path], short_dir: Path
) -> None:
    copy = Copy(template[0], short_dir)
    begin = copy.keep()
    (copy.top / "src" / "b.txt").write_text("changed\n")
    (copy.top / "run").unlink()
    found = copy.plan(Span(begin, copy.keep()))
    (copy.top / "src" / "b.txt").write_text("saved by a person\n")
    (copy.top / "run").write_text("made by a person\n")
    assert [each.path for each in copy.revert(found)] == [b"run", b"src/b.txt"]
    assert (copy.top / "src" / "b.txt").read_text() == "saved by a person\n"
    assert (copy.top / "run").read_text() == "made by a person\n"


def test_over_what_changed_since_only_when_asked(
    template: tuple[Path, Path], short_dir: Path
) -> None:
    copy = Copy(template[0], short_dir)
    begin = copy.keep()
    (copy.top / "src" / "b.txt").write_text("changed\n")
    end = copy.keep()
    (copy.top / "src" / "b.txt").write_text("saved by a person\n")
    found = copy.plan(Span(begin, end))
    ((conflict, why),) = found.conflicts
    assert (conflict.path, why) == (b"src/b.txt", "it has changed since")
    assert not found.operations
    assert copy.revert(found, over=True) == []
    assert (copy.top / "src" / "b.txt").read_bytes() == b"one\ntwo\n"


def test_the_cache_spares_reading(
    template: tuple[Path, Path], short_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = Copy(template[0], short_dir)
    top = os.fsencode(copy.top)
    assert read_tree(top, copy.objects, copy.cache).read > 5
    assert not copy.cache.known, "what changed just now is read again"
    monkeypatch.setattr("agent.isolation.tree.SETTLED_NS", -(10**18))
    read_tree(top, copy.objects, copy.cache)
    assert read_tree(top, copy.objects, copy.cache).read == 0
    status = (copy.top / "src" / "b.txt").stat()
    (copy.top / "src" / "b.txt").write_bytes(b"ONE\ntwo\n")
    os.utime(copy.top / "src" / "b.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
    again = read_tree(top, copy.objects, copy.cache)
    assert again.read == 1, "its times were set back, and it is read all the same"


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(files=5), "more than 5 files"),
        (Limits(seconds=-1), "took more than"),
        (Limits(new_bytes=-1), "that is new"),
    ],
)
def test_too_large(template: tuple[Path, Path], short_dir: Path, limits: Limits, why: str) -> None:
    copy = Copy(template[0], short_dir)
    with pytest.raises(TreeNotKept, match=why):
        read_tree(os.fsencode(copy.top), copy.objects, copy.cache, limits)


def test_a_git_that_never_answers_is_not_waited_for(short_dir: Path) -> None:
    top = short_dir / "tree"
    (top / "build").mkdir(parents=True)
    trees.git(top, "init", "-q")
    # git reads its patterns from this, and nobody writes to it.
    os.mkfifo(top / ".gitignore")
    with pytest.raises(TreeNotKept, match="took more than"):
        read_tree(os.fsencode(top), Objects(short_dir / "o"), Cache(), Limits(seconds=0.2))
    # A pipe that was left open is told of here, and not in the middle of another test.
    gc.collect()


def test_a_file_that_is_too_large_is_named(template: tuple[Path, Path], short_dir: Path) -> None:
    copy = Copy(template[0], short_dir)
    limits = Limits(largest=1_000)
    (copy.top / "large").write_bytes(b"1" * 2_000)
    begin = read_tree(os.fsencode(copy.top), copy.objects, copy.cache, limits)
    assert begin.not_kept == [b"large"]
    (copy.top / "large").write_bytes(b"2" * 3_000)
    now = read_tree(os.fsencode(copy.top), copy.objects, copy.cache, limits).root
    found = plan(copy.objects, [Span(begin.root, now)], now)
    assert found.operations == ()
    assert found.stays == (Left(b"large", "it was not kept: it is too large, or cannot be read"),)


def test_contents_reach_the_disk_and_one_that_did_not_is_stored_anew(
    short_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = Objects(short_dir / "o")
    large = b"x" * (1 << 20)
    (short_dir / "large").write_bytes(large)
    file = os.open(short_dir / "large", os.O_RDONLY)
    digests = {objects.put(b"one"): b"one", objects.put_file(file)[0]: large}
    flushed: list[str] = []
    real = os.fsync

    def fsync(of: int) -> None:
        flushed.append(Path(os.readlink(f"/proc/self/fd/{of}")).name)
        real(of)

    monkeypatch.setattr(os, "fsync", fsync)
    objects.flush()
    assert sorted(flushed) == sorted(part for each in digests for part in (each[:2], each[2:]))
    flushed.clear()
    objects.flush()
    assert flushed == []
    # What a power failure left empty is there again once the same content is seen.
    for digest, content in digests.items():
        (short_dir / "o" / digest[:2] / digest[2:]).write_bytes(b"")
        with pytest.raises(ContentLost, match="damaged"):
            objects.get(digest)
        os.lseek(file, 0, os.SEEK_SET)
        if content == large:
            objects.put_file(file)
        else:
            objects.put(content)
        assert objects.get(digest) == content
    os.close(file)


def test_a_damaged_content_is_not_put_back(template: tuple[Path, Path], short_dir: Path) -> None:
    copy = Copy(template[0], short_dir)
    begin = copy.keep()
    (copy.top / "src" / "b.txt").write_text("changed\n")
    found = copy.plan(Span(begin, copy.keep()))
    (operation,) = found.operations
    assert operation.wanted is not None
    digest = operation.wanted.digest
    (short_dir / "objects" / digest[:2] / digest[2:]).write_bytes(b"rotten\n")
    (left,) = copy.revert(found)
    assert left.why == "a content of this snapshot is damaged"
    assert (copy.top / "src" / "b.txt").read_text() == "changed\n"
    assert sorted(os.listdir(copy.top / "src")) == ["b.txt"]


KILLED = """
import os, signal, sys
from pathlib import Path
from agent.isolation import revert
from agent.isolation.objects import Objects

left = int(sys.argv[4])
CHANGES = {"rename", "remove", "rmdir", "mkdir", "chmod", "link", "symlink"}

def watch(event, arguments):
    global left
    if event.partition("os.")[2] in CHANGES:
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

plan = revert.Journal.read(Path(sys.argv[2]))
sys.addaudithook(watch)
revert.revert(plan.top, plan.id, plan.operations, Objects(Path(sys.argv[1])), Path(sys.argv[3]))
"""


def killed_and_carried_on(template: Path, choose: random.Random, after: int) -> bool:
    """Kill a revert at its change number `after`; says whether it came so far."""
    directory = Path(tempfile.mkdtemp(prefix="tg-"))
    copy = Copy(template, directory)
    try:
        before, begin = trees.photograph(copy.top), copy.keep()
        copy.edit(choose, 12)
        (copy.top / "src").chmod(0o500) if (copy.top / "src").is_dir() else None
        end, then = copy.keep(), trees.photograph(copy.top)
        found = copy.plan(Span(begin, end))
        given, journal = directory / "plan.json", directory / "journal.json"
        Journal("one", os.fsencode(copy.top), found.operations).write(given)
        words = [str(directory / "objects"), str(given), str(journal), str(after)]
        done = subprocess.run([sys.executable, "-c", KILLED, *words], check=False)
        assert done.returncode in (0, -signal.SIGKILL)
        if not journal.exists():
            # Before it was written down nothing had happened; or it was done.
            assert trees.photograph(copy.top) == (then if done.returncode else before)
        else:
            _, left = carry_on(journal, copy.objects)
            assert left == []
            assert trees.photograph(copy.top) == before
        if trees.photograph(copy.top) == before:
            assert copy.revert(copy.plan(Span(end, copy.keep()))) == []
            assert trees.photograph(copy.top) == then
        return done.returncode != 0
    finally:
        trees.remove(directory)


def test_a_killed_revert_is_carried_on_with(template: tuple[Path, Path]) -> None:
    """A sample of `test_killed_at_every_change`."""
    assert killed_and_carried_on(template[0], random.Random(5), 9)


def test_carried_on_where_all_but_the_journal_was_done(
    template: tuple[Path, Path], short_dir: Path
) -> None:
    """What stood in a directory that is a file again is known to be gone."""
    copy = Copy(template[0], short_dir)
    before, begin = trees.photograph(copy.top), copy.keep()
    (copy.top / "run").unlink()
    (copy.top / "run" / "within").mkdir(parents=True)
    (copy.top / "run" / "within" / "deep").write_text("deep\n")
    found = copy.plan(Span(begin, copy.keep()))
    journal = short_dir / "journal.json"
    Journal("one", os.fsencode(copy.top), found.operations).write(journal)
    shutil.rmtree(copy.top / "run")
    (copy.top / "run").write_text("#!/bin/sh\n")
    (copy.top / "run").chmod(0o755)
    assert carry_on(journal, copy.objects)[1] == []
    assert trees.photograph(copy.top) == before


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(6))
def test_killed_at_every_change(template: tuple[Path, Path], seed: int) -> None:
    after = 0
    while killed_and_carried_on(template[0], random.Random(seed), after):
        after += 1
    assert after > 5
