"""The key file: which model provider was chosen, and the secret for it. JSON, mode 0600.

Where there is a keyring of the system, the secret is there and the file says so. Written whole or
not at all: a temporary file beside it is flushed to disk and renamed over it.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from agent.errors import AgentError
from agent.settings import keyring_store
from agent.settings.keyring_store import KeyringFailed

MODE = 0o600
"""Only the owner reads and writes."""

Provider = Literal["none", "anthropic", "endpoint", "demo"]


class CredentialsError(AgentError):
    """The key file cannot be used, or not be written."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What was chosen at first run. The secret is left out of `repr`.

    `notice` is one line for the person when the file had to be mended, and is never stored.
    """

    provider: Provider = "none"
    api_key: str = field(default="", repr=False)
    base_url: str = ""
    model: str = ""
    notice: str = field(default="", compare=False)
    in_keyring: bool = field(default=False, compare=False)
    """Whether the secret is in the system's keyring instead of the file."""


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    provider: Provider = "none"
    api_key: str = ""
    base_url: str = ""
    model: str = ""
    keyring: bool = False


def load(path: Path) -> Credentials:
    """Read the key file; without one, nothing is chosen.

    A file that others could read is closed to them, and `notice` says so.

    Raises:
        CredentialsError: it belongs to someone else, or holds no credentials; or the keyring does
            not give the secret.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return Credentials()
    except OSError as error:
        raise CredentialsError(
            f"{path} cannot be read ({error.strerror}): remove it and give the key again"
        ) from error
    try:
        notice = _mend(path, descriptor)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read()
    finally:
        os.close(descriptor)
    try:
        stored = _Stored.model_validate_json(content)
    except ValidationError as error:
        # The content is a secret, so the reason names the fields and never shows a value.
        where = ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors()) or "JSON"
        raise CredentialsError(
            f"{path} is damaged ({where.strip(', ') or 'not JSON'}): "
            "remove it and give the key again"
        ) from None
    api_key = _from_keyring(path) if stored.keyring else stored.api_key
    return Credentials(
        stored.provider, api_key, stored.base_url, stored.model, notice, stored.keyring
    )


def _from_keyring(path: Path) -> str:
    again = "give the key again: /model in the app"
    try:
        secret = keyring_store.read(str(path))
    except KeyringFailed as error:
        raise CredentialsError(
            f"The key is in the keyring, and {error}: unlock it and start the engine anew "
            f"(tungsten kill-engine), or {again}"
        ) from error
    if not secret:
        raise CredentialsError(f"The keyring has no key for Tungsten any more: {again}")
    return secret


def save(path: Path, credentials: Credentials) -> None:
    """Write the key file, whole or not at all; the secret goes into the keyring where there is one.

    A keyring that does not take it is passed over: the file is as private as it can be.

    Raises:
        CredentialsError: it cannot be written; what was there before is untouched.
    """
    kept = _into_keyring(path, credentials.api_key)
    content = json.dumps(
        {
            "provider": credentials.provider,
            "api_key": "" if kept else credentials.api_key,
            "base_url": credentials.base_url,
            "model": credentials.model,
            **({"keyring": True} if kept else {}),
        },
        ensure_ascii=False,
        indent=2,
    )
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(path, content.encode() + b"\n")
    except OSError as error:
        raise CredentialsError(
            f"{path} cannot be written ({error.strerror}): "
            "check the permissions and free space of its directory"
        ) from error


def _into_keyring(path: Path, secret: str) -> bool:
    if not keyring_store.may_be_used():
        return False
    try:
        if secret:
            keyring_store.keep(str(path), secret)
        else:
            # One that was given before must not outlive the choice that it was for.
            keyring_store.forget(str(path))
    except KeyringFailed:
        return False
    return bool(secret)


def remove(path: Path) -> None:
    """Forget the key; there need not be one.

    Raises:
        CredentialsError: the file cannot be removed.
    """
    _into_keyring(path, "")
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CredentialsError(f"{path} cannot be removed ({error.strerror})") from error


def _mend(path: Path, descriptor: int) -> str:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise CredentialsError(f"{path} is not a file: remove it and give the key again")
    if status.st_uid != os.getuid():
        raise CredentialsError(
            f"{path} belongs to another user: remove it, or take it over with chown"
        )
    mode = stat.S_IMODE(status.st_mode)
    if not mode & 0o077:
        return ""
    try:
        os.fchmod(descriptor, MODE)
    except OSError as error:
        raise CredentialsError(f"{path} can be read by others: run chmod 600 {path}") from error
    return (
        f"{path} could be read by others (mode {mode:04o}); it is 0600 now: "
        "change the key if others use this machine"
    )


def _replace(path: Path, content: bytes) -> None:
    # mkstemp makes its file with mode 0600, so the secret is never open to others.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _flush_directory(path.parent)


def _flush_directory(directory: Path) -> None:
    """Make a rename in `directory` last through a power cut, where the file system can."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
