"""Keys in the system's keyring, and in the file where it does not take or give them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import keyring.core
import pytest

from agent.settings import keyring_store
from agent.settings.credentials import Credentials, CredentialsError, load, remove, save
from tests.agent.settings.file_keyring import Keyring

KEY = "sk-ant-very-secret"
CHOSEN = Credentials("anthropic", KEY)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "credentials.json"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(keyring_store.CHOSEN, "tests.agent.settings.file_keyring.Keyring")
    monkeypatch.setenv("TEST_KEYRING", str(tmp_path / "keyring.json"))
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    monkeypatch.setattr(keyring_store, "SECONDS", 0.2)
    monkeypatch.setattr(Keyring, "mood", "")
    return tmp_path / "keyring.json"


def test_the_key_is_in_the_keyring_and_not_in_the_file(path: Path, store: Path) -> None:
    assert keyring_store.name() == "file keyring Keyring"
    save(path, CHOSEN)
    assert json.loads(store.read_text()) == {f"tungsten {path}": KEY}
    assert KEY not in path.read_text()
    assert load(path) == CHOSEN
    assert load(path).in_keyring
    # Another choice takes its key along; so does no choice.
    save(path, Credentials("demo"))
    assert json.loads(store.read_text()) == {}
    assert not load(path).in_keyring
    save(path, CHOSEN)
    remove(path)
    remove(path)
    assert json.loads(store.read_text()) == {}


@pytest.mark.parametrize("mood", ["silent", "locked"])
def test_one_that_does_not_answer_or_is_locked_holds_nobody(
    path: Path, store: Path, monkeypatch: pytest.MonkeyPatch, mood: str
) -> None:
    save(path, CHOSEN)
    monkeypatch.setattr(Keyring, "mood", mood)
    with pytest.raises(CredentialsError, match="unlock it") as caught:
        load(path)
    assert "no secret" not in str(caught.value)
    # What is given anew goes into the file.
    save(path, CHOSEN)
    assert KEY in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert load(path) == CHOSEN
    assert not load(path).in_keyring
    remove(path)


def test_a_key_that_was_removed_there_is_asked_for(path: Path, store: Path) -> None:
    save(path, CHOSEN)
    store.unlink()
    with pytest.raises(CredentialsError, match="no key for Tungsten any more"):
        load(path)


def test_without_a_session_bus_nobody_is_asked(
    path: Path, store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    save(path, CHOSEN)
    monkeypatch.setattr(sys, "platform", "linux")
    for name in (keyring_store.CHOSEN, "DBUS_SESSION_BUS_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert not keyring_store.may_be_used()
    assert keyring_store.name() == ""
    with pytest.raises(CredentialsError, match="no keyring can be reached"):
        load(path)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    assert keyring_store.may_be_used()
    monkeypatch.setenv(keyring_store.CHOSEN, keyring_store.NONE[0])
    assert not keyring_store.may_be_used()


def test_a_stand_in_for_a_keyring_is_none(
    path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Keyring, "priority", 0.5)
    save(path, CHOSEN)
    assert keyring_store.name() == ""
    assert not store.exists()
    assert KEY in path.read_text()
