"""Our hook is put into settings and taken out while the program is killed, or the disk is full."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.hook import install
from agent.hook.install import standing
from agent.hook.settings_change import NotInstalled
from tests.agent.hook.test_install import place, put, take_out, tree

STEPS = (
    *((os, "fsync"), (tempfile, "mkstemp")),
    *((Path, name) for name in ("mkdir", "replace", "rmdir", "unlink")),
)
"""What changes a disk, or tells that it is changed."""

SETTINGS = {
    # The lists that are empty are taken out with the hooks: only its bytes tell what was there.
    "claude": b'{ "hooks":{"Stop" : []} ,\r\n\t"a":1}',
    "aider": b"# mine\nmodel: x",
    "opencode": None,
}


def killed_at(step: int, act: Callable[[], object]) -> bool:
    """Do something in a process of its own that is killed before a step; whether it came there."""
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    left = step

    def counted(real: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given, **named)

        return call

    with contextlib.suppress(BaseException):
        for place_of, name in STEPS:
            setattr(place_of, name, counted(getattr(place_of, name)))
        act()
        os._exit(0)
    os._exit(1)


@pytest.mark.parametrize(
    ("agent", "act"),
    [
        ("claude", "install"),
        ("claude", "install another"),
        ("claude", "uninstall"),
        ("aider", "install another"),
        ("opencode", "install"),
        ("opencode", "uninstall"),
    ],
)
def test_killed_at_any_step_nothing_is_lost(
    tmp_path: Path, agent: str, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    for step in range(100):
        root = tmp_path / str(step)
        root.mkdir()
        where, other = place(root), place(root, "new bin")
        where.home.mkdir()
        file = where.file(agent, "user")
        settings = SETTINGS[agent]
        if settings is not None:
            write(file, settings)
        before = tree(where.home)
        if act != "install":
            put(where, agent)
        known = [content(file)]
        doing = {
            "install": lambda where=where: put(where, agent),
            "install another": lambda other=other: put(other, agent),
            "uninstall": lambda where=where: take_out(where),
        }[act]
        killed = killed_at(step, doing)
        now = content(file)
        if killed and now not in known:
            # It was replaced whole, by what would have come of it.
            assert act != "uninstall" or now == settings
            assert act == "uninstall" or b"tungsten" in (now or b"")
        if step % 2:
            # What was cut short is begun anew.
            put(where, agent)
        take_out(where)
        assert tree(where.home) == before, step
        assert not where.record.exists()
        if {path.name for path in where.paths.data.glob("*")} - {"hooks.lock"}:
            # Killed before anything was kept, so that there was nothing to take out.
            put(where, agent)
            take_out(where)
            assert {path.name for path in where.paths.data.glob("*")} == {"hooks.lock"}
            assert tree(where.home) == before, step
        if not killed:
            break
    assert step >= 5


def write(file: Path, data: bytes) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(data)


def content(file: Path) -> bytes | None:
    return file.read_bytes() if file.exists() else None


@contextlib.contextmanager
def no_file_larger(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("agent", SETTINGS)
def test_what_cannot_be_written_leaves_all_as_it_was(
    tmp_path: Path, agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = place(tmp_path)
    where.home.mkdir()
    file = where.file(agent, "user")
    if (settings := SETTINGS[agent]) is not None:
        write(file, settings)
    before = tree(where.home)
    with no_file_larger(8), pytest.raises(NotInstalled, match=r"cannot be changed \(File too"):
        put(where, agent)
    assert tree(where.home) == before

    # The record still fits onto the disk, the settings do not.
    def full(path: Path, *given: Any) -> None:
        if path != where.record:
            path.parent.mkdir(parents=True, exist_ok=True)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(path, *given)

    replace = install.replace
    with monkeypatch.context() as patch:
        patch.setattr(install, "replace", full)
        with pytest.raises(NotInstalled, match=r"cannot be changed \(No space left"):
            put(where, agent)
    assert tree(where.home) == before
    assert not where.record.exists()
    assert {each.state for each in standing(where)} == {"none"}

    put(where, agent)
    installed = tree(where.home)
    if settings is not None:
        with no_file_larger(8), pytest.raises(NotInstalled, match="File too large"):
            take_out(where)
        assert tree(where.home) == installed
    take_out(where)
    assert tree(where.home) == before
