"""How each shell is started with our integration, so that the person's own files still apply.

A secret for the marks reaches the shell through a private note that the shell removes as it reads
it; neither its command line nor its environment ever shows it.
"""

from __future__ import annotations

import base64
import os
import secrets
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from tungsten.errors import DirectoryUnwritable, TerminalError, writing_into

Name = Literal["bash", "zsh", "fish", "sh", "dash"]

_SCRIPTS = Path(__file__).parent

_ZSH = 'if [ -n "${ZDOTDIR+x}" ]; then export TUNGSTEN_ZDOTDIR="$ZDOTDIR"; fi\n'
_ZSH += 'export ZDOTDIR="$1"; exec "$2" -i'
_SH = 'if [ -n "${ENV+x}" ]; then export TUNGSTEN_ENV="$ENV"; fi\n'
_SH += 'export ENV="$1"; exec "$2" -i'


@dataclass(frozen=True, slots=True)
class Shell:
    """What an integrated shell can do.

    Attributes:
        name: its program.
        reports: whether it says what stands on its line; else the screen must tell.
        enter: the keys that run the line.
        literal_enter: whether these keys are bytes rather than one of tmux's names.
        breaks: whether its editor itself begins a new row where a long line goes on, so that
            the terminal does not know that the two belong together. It marks where output begins
            when it is asked to (`OUTPUT_MARK`).
        cancel: bytes that throw its line away, empty if Ctrl-C does so at any time: fish loses one
            that comes while its functions run.
        omitted: what it writes, with blanks to the end of the row, where output ended within one.
    """

    name: Name
    reports: bool = True
    enter: str = "Enter"
    literal_enter: bool = False
    breaks: bool = False
    cancel: str = ""
    omitted: str = ""


LINE_ACCEPT = "\x1b[27;9;7478~"
"""The keys that make zsh and fish run their line as it is; Enter itself may be rebound."""

OUTPUT_MARK = "\x1b[27;9;7481~"
"""Keys that make zsh and fish leave a mark below the line that they run next (`marks.begins`)."""

LINE_CANCEL = "\x1b[27;9;7479~"
"""The keys that make fish throw its line away."""

SHELLS: dict[str, Shell] = {
    "bash": Shell("bash"),
    "zsh": Shell("zsh", enter=LINE_ACCEPT, literal_enter=True, breaks=True),
    "fish": Shell(
        "fish",
        enter=LINE_ACCEPT,
        literal_enter=True,
        breaks=True,
        cancel=LINE_CANCEL,
        omitted="⏎",
    ),
    "sh": Shell("sh", reports=False),
    "dash": Shell("dash", reports=False),
}


@dataclass(frozen=True, slots=True)
class Start:
    """How to start one shell.

    Attributes:
        argv: the program and its arguments.
        note: what the shell removes as it starts; to be removed if it never does.
    """

    argv: tuple[str, ...]
    note: Path

    def forget(self) -> None:
        """Remove the note."""
        forget(self.note)


def prepare(name: str, nonce: str, directory: Path) -> Start:
    """Write the note for one shell and say how to start it.

    Args:
        name: the shell's program: one of `Name`.
        nonce: the secret that its marks carry.
        directory: a private directory for the note.

    Raises:
        DirectoryUnwritable: the note cannot be written.
        TerminalError: there is no such shell, or it cannot be integrated.
    """
    if name not in get_args(Name):
        known = ", ".join(get_args(Name))
        raise TerminalError(f"The shell {name!r} is not known. Choose one of {known}.")
    program = shutil.which(name)
    if program is None:
        raise TerminalError(f"The program {name!r} was not found. Install it, or choose bash.")
    note = directory / f".{secrets.token_hex(8)}.note"
    try:
        with writing_into(directory):
            _write_note(note, name, nonce)
    except DirectoryUnwritable:
        forget(note)
        raise
    if name == "zsh":
        return Start(("sh", "-c", _ZSH, "sh", str(note), program), note)
    integration = ("env", f"TUNGSTEN_INTEGRATION={note}")
    if name == "bash":
        return Start((*integration, program, "--rcfile", str(_SCRIPTS / "bash.sh"), "-i"), note)
    if name == "fish":
        source = f"source {_quoted(_SCRIPTS / 'fish.sh')}"
        return Start((*integration, program, "-i", "-C", source), note)
    script = str(_SCRIPTS / "sh.sh")
    return Start((*integration, "sh", "-c", _SH, "sh", script, program), note)


ASK = "tungsten;ask"
"""What a remote shell that was started by `remote` calls its window until it is told its nonce."""

_REMOTE = """\
infocmp "$TERM" >/dev/null 2>&1 || export TERM=xterm-256color
if command -v bash >/dev/null 2>&1 && command -v base64 >/dev/null 2>&1; then
  TUNGSTEN_INTEGRATION=ask exec bash -c 'exec bash --rcfile <(printf %s "$1" | base64 -d) -i' _ {0}
fi
exec "${{SHELL:-sh}}" -l
"""


def remote(ssh: Sequence[str]) -> tuple[str, ...]:
    """Say how to start bash with our integration on another machine.

    The integration travels in the command line and is read from a pipe: no file is left there. The
    nonce is not in it; the shell asks for it through the terminal (`ASK`). Without bash there, it
    is the person's login shell, and prompts must tell where it is.

    Args:
        ssh: the program, its options and the destination, such as `("ssh", "-p", "22", "host")`.
    """
    script = base64.b64encode((_SCRIPTS / "bash.sh").read_bytes()).decode()
    command = f"sh -c {shlex.quote(_REMOTE.format(script))}"
    return (ssh[0], "-t", *ssh[1:], command)


def forget(note: Path) -> None:
    """Remove a note that no shell read; quiet if it is gone."""
    if note.is_dir():
        shutil.rmtree(note, ignore_errors=True)
    else:
        note.unlink(missing_ok=True)


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))


def _write_note(note: Path, name: str, nonce: str) -> None:
    if name != "zsh":
        _write_private(note, f"{nonce}\n")
        return
    note.mkdir(mode=0o700)
    _write_private(note / "nonce", f"{nonce}\n")
    script = _quoted(_SCRIPTS / "zsh.sh")
    for file in (".zshenv", ".zshrc"):
        _write_private(note / file, f". {script}\n")


def _write_private(path: Path, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)
