"""The operating system's keyring, where there is one and the library `keyring` is installed.

Nothing here waits for long: a keyring that is locked asks its person on another screen, or on
none, and an engine must start all the same. So each question is asked in a thread of its own that
is left behind when no answer comes.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.errors import AgentError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "tungsten"
"""What the keyring's own tools list our keys under."""

SECONDS = 3.0
"""How long a keyring may take to answer."""

RECOMMENDED = 1.0
"""Least priority of a backend that keeps secrets as a system's keyring does; files and stand-ins
have less. Source: `keyring.core.recommended`."""

CHOSEN = "PYTHON_KEYRING_BACKEND"
"""Variable by which a person names another backend to the library."""

NONE = ("keyring.backends.null.Keyring", "keyring.backends.fail.Keyring")
"""Backends that a person names there to have none used."""


class KeyringFailed(AgentError):
    """The keyring does not answer, or refuses."""


def may_be_used() -> bool:
    """Whether there may be a keyring, told without loading the library or asking anybody.

    Linux keyrings answer on the session's D-Bus; looking for one without it could start one, or
    wait for it.
    """
    if importlib.util.find_spec("keyring") is None or os.environ.get(CHOSEN) in NONE:
        return False
    if sys.platform != "linux" or os.environ.get(CHOSEN):
        return True
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    return bool(address) or bool(runtime and (Path(runtime) / "bus").is_socket())


def name() -> str:
    """What the keyring is called; empty when there is none to use."""
    if not may_be_used():
        return ""
    try:
        backend = _asked(_backend)
    except KeyringFailed:
        return ""
    return "" if backend is None else str(backend.name)


def keep(account: str, secret: str) -> None:
    """Put a secret into the keyring, in the place of an earlier one.

    Raises:
        KeyringFailed: there is none, or it does not take it.
    """
    _asked(lambda: _found().set_password(SERVICE, account, secret))


def read(account: str) -> str | None:
    """Read a secret; None when the keyring has none.

    Raises:
        KeyringFailed: there is no keyring, or it does not give it.
    """
    if not may_be_used():
        raise KeyringFailed("no keyring can be reached from here")
    secret = _asked(lambda: _found().get_password(SERVICE, account))
    return None if secret is None else str(secret)


def forget(account: str) -> None:
    """Remove a secret, if there is one.

    Raises:
        KeyringFailed: the keyring does not do it.
    """
    from keyring.errors import PasswordDeleteError

    def delete() -> None:
        try:
            _found().delete_password(SERVICE, account)
        except PasswordDeleteError:
            # So backends say that there was none.
            return

    _asked(delete)


def _backend() -> KeyringBackend | None:
    import keyring

    found = keyring.get_keyring()
    return found if found.priority >= RECOMMENDED else None


def _found() -> KeyringBackend:
    backend = _backend()
    if backend is None:
        raise KeyringFailed("there is no keyring of the system")
    return backend


def _asked(question: Callable[[], Any]) -> Any:
    answer: list[Any] = []
    problem: list[BaseException] = []

    def ask() -> None:
        try:
            answer.append(question())
        except BaseException as error:  # noqa: BLE001 - backends raise whatever their libraries do
            problem.append(error)

    thread = threading.Thread(target=ask, name="keyring", daemon=True)
    thread.start()
    thread.join(SECONDS)
    if answer:
        return answer[0]
    if not problem:
        raise KeyringFailed("it does not answer; is it locked?")
    if isinstance(problem[0], KeyringFailed):
        raise problem[0]
    # Never the error's own text: a backend may quote what it was given.
    raise KeyringFailed(f"it refuses ({type(problem[0]).__name__})") from None
