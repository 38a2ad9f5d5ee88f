from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from agent.settings.credentials import Credentials, CredentialsError, load, remove, save

KEY = "sk-ant-very-secret"
CHOSEN = Credentials("endpoint", KEY, "http://localhost:1", "modèle")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "credentials.json"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_without_a_file_nothing_is_chosen(path: Path) -> None:
    assert load(path) == Credentials()
    remove(path)


def test_what_was_saved_comes_back_and_only_the_owner_reads_it(path: Path) -> None:
    old = os.umask(0)
    try:
        save(path, CHOSEN)
    finally:
        os.umask(old)
    assert (load(path), load(path).notice) == (CHOSEN, "")
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    save(path, replace(CHOSEN, api_key="sk-other"))
    assert load(path).api_key == "sk-other"
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    remove(path)
    assert not path.exists()


def test_the_key_is_never_shown() -> None:
    assert KEY not in repr(CHOSEN)
    assert KEY not in str(CHOSEN)


def test_a_file_open_to_others_is_closed_and_said_so(path: Path) -> None:
    save(path, CHOSEN)
    path.chmod(0o644)
    loaded = load(path)
    assert loaded == CHOSEN
    assert "could be read by others (mode 0644)" in loaded.notice
    assert mode(path) == 0o600
    assert load(path).notice == ""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_file_of_someone_else_is_refused(path: Path) -> None:
    save(path, CHOSEN)
    os.chown(path, 12345, -1)
    with pytest.raises(CredentialsError, match="belongs to another user"):
        load(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"api_key": 7, "provider": "anthropic"}',
        b'{"provider": "sk-ant-very-secret"}',
        b'{"more": "sk-ant-very-secret"}',
        b"\xff\xfe",
        b'"sk-ant-very-secret"',
    ],
)
def test_a_damaged_file_is_one_clear_line_without_its_content(path: Path, content: bytes) -> None:
    save(path, CHOSEN)
    path.write_bytes(content)
    with pytest.raises(CredentialsError, match=r"damaged.*give the key again") as caught:
        load(path)
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_what_is_no_file_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(CredentialsError, match="not a file"):
        load(path)
    with pytest.raises(CredentialsError, match="cannot be written"):
        save(path, CHOSEN)
    with pytest.raises(CredentialsError, match="cannot be removed"):
        remove(path)
    assert list(path.parent.iterdir()) == [path]
    path.rmdir()
    os.mkfifo(path)
    with pytest.raises(CredentialsError, match="not a file"):
        load(path)


def test_an_interrupted_write_leaves_the_old_key(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(path, CHOSEN)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CredentialsError, match="No space left"):
        save(path, replace(CHOSEN, api_key="new"))
    assert load(path) == CHOSEN
    assert [file.name for file in path.parent.iterdir()] == [path.name]
