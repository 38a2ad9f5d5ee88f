# ruff: noqa: E501 - tables and patterns read better unbroken
"""Rules for what is run from a file or from standard input, at the bytes that are there."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from agent.risk.arguments import wordlist
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.carried import HEADS, carried
from agent.risk.evaluation.findings import MAX_FILE_BYTES, shown
from agent.risk.evaluation.verbs import destroys
from agent.risk.own import OWN_PROGRAMS
from agent.risk.path_patterns import on_disk
from agent.risk.paths import Zone, covers
from agent.risk.running import READ_WHOLE, patterns
from agent.risk.shell.syntax import UNKNOWN

STANDARD_INPUT = ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0", "-")


_NO_LAUNCHERS = frozenset(
    wordlist(
        """awk gawk mawk sed vim vi nvim view ex ed less more man find fd tar zip rsync sort split
        perl python python3 ruby php lua node gdb sqlite3 psql mysql nmap"""
    )
)
"""Programs that are not there to start an interactive shell."""


def from_stdin(call: Call, language: str) -> None:
    """An interpreter that reads its program from standard input."""
    from agent.risk.commands.languages import run_text

    feed = call.feed()
    if feed.kind == "none":
        if language == "shell" and any(
            carrier.rpartition("/")[2] in _NO_LAUNCHERS for carrier in call.evaluator.carriers
        ):
            call.high("opens a shell out of another program")
        call.medium("starts an interactive program")
    elif feed.kind == "text":
        run_text(call, feed.text, language)
    elif feed.kind == "file":
        for path in feed.paths:
            if path in STANDARD_INPUT:
                call.opaque("runs what another program gives it")
            else:
                run_file(call, path, language)
    elif feed.kind == "remote":
        call.high("runs text that comes from another machine", "runs downloaded text")
    else:
        call.high(
            f"runs what {feed.text or 'another command'} prints", "runs text that cannot be known"
        )


def run_file(call: Call, path: str, language: str = "") -> None:
    """A command runs a file: judge its content, at the bytes that are there."""
    from agent.risk.commands.languages import language_of, run_text

    evaluator = call.evaluator
    if path.startswith("/dev/fd/sub:"):
        feed = evaluator.substituted_file(path)
        if feed.kind == "text":
            run_text(call, feed.text, language or "shell")
        elif feed.kind == "remote":
            call.high("runs text that comes from another machine", "runs downloaded text")
        else:
            call.high("runs text that cannot be known")
        return
    if path in STANDARD_INPUT:
        from_stdin(call, language or "shell")
        return
    if re.match(r"^/(?:dev|proc/[^/]+)/fd/\d+$", path):
        call.opaque("runs what a file descriptor brings")
        return
    if re.match(r"^[a-z]+://", path) and not path.startswith("file:"):
        call.high("runs text that comes from another machine", "runs downloaded text")
        return
    place = call.place(path)
    if UNKNOWN in place.path:
        if place.zone is Zone.UNKNOWN:
            call.opaque("runs a file that cannot be known")
        else:
            call.medium(f"runs {shown(path)}")
        evaluator.digests.setdefault(patterns(place.path), "")
        return
    runs_later(call, place.path)
    if place.path in evaluator.files:
        evaluator.digests.setdefault(place.path, "")
        content = evaluator.files[place.path]
        if content is None:
            call.high("runs a file that was just written or fetched", f"runs {shown(path)}")
            return
        key = f"{place.path}\n{content}"
        if key not in evaluator.reading:
            evaluator.reading.add(key)
            run_text(call, content, language or language_of(place.path, content))
            evaluator.reading.discard(key)
        return
    origin = evaluator.copied_from(place.path)
    if origin is not None:
        run_file(call, origin, language)
    if place.own or place.name in OWN_PROGRAMS:
        call.high("runs Tungsten or what controls its terminals", f"runs {shown(path)}")
        return
    if place.zone is Zone.NULL:
        call.low()
        return
    if place.zone in (Zone.DEVICE, Zone.NETWORK):
        call.high("runs text from a device or connection")
        return
    if place.several and (there := matches(call, place.path)):
        evaluator.digests.setdefault(place.path, "")
        for each in there:
            run_file(call, each, language)
        return
    text = read_script(place.path, call.evaluator.digests)
    if isinstance(text, str):
        if place.path in evaluator.reading:
            return
        evaluator.reading.add(place.path)
        strict = call.strict
        written = Path(place.path) in evaluator.context.written or evaluator.came(place.path)
        call.strict = strict and (written or place.zone not in (Zone.PROJECT, Zone.REGENERABLE))
        try:
            run_text(call, text, language or language_of(place.path, text))
        finally:
            call.strict = strict
            evaluator.reading.discard(place.path)
        call.medium(f"runs {shown(path)}")
    elif text is False:
        call.high("runs a file that is too long or not text", f"runs {shown(path)}")
    elif evaluator.came(place.path):
        call.high("runs a file that was just fetched", f"runs {shown(path)}")
    elif place.zone is Zone.TEMPORARY and Path(place.path) in evaluator.context.written:
        call.high("runs a file that cannot be read", f"runs {shown(path)}")
    else:
        call.medium(f"runs {shown(path)}, which is not there to be read")


MAX_MATCHES = 64
"""Files of the disk that a pattern names which are read; those of the agent are read in any case."""


def matches(call: Call, pattern: str) -> list[str]:
    """Files that a pattern names: what the agent wrote, then what is there."""
    if UNKNOWN in pattern:
        return []
    found = [str(path) for path in call.evaluator.context.written if covers(pattern, str(path))]
    return list(
        dict.fromkeys(
            (*found, *(path for path in on_disk(pattern, MAX_MATCHES) if not Path(path).is_dir()))
        )
    )


def runs_later(call: Call, path: str) -> None:
    """A file is run beside what follows or after a delay: the agent may change its own by then."""
    evaluator = call.evaluator
    if evaluator.beside:
        evaluator.awaited.add(path)
    if path in evaluator.given:
        return
    written = path in evaluator.files or Path(path) in evaluator.context.written
    if written and call.deferred and not (path.endswith(READ_WHOLE) and _starts_at_once(call)):
        call.high("runs later what the agent wrote, which may have changed by then")


def _starts_at_once(call: Call) -> bool:
    """Nothing comes before a program in the background, and it is started once."""
    evaluator = call.evaluator
    carriers = {carrier.rpartition("/")[2] for carrier in evaluator.carriers}
    return (
        not (evaluator.put_off or evaluator.waited)
        and carriers <= _AT_ONCE
        and not any(script.groups for script in evaluator.scripts)
    )


_AT_ONCE = frozenset(wordlist("nohup setsid env command exec nice ionice stdbuf time timeout"))
"""Programs that start another one without waiting for anything."""


def read_script(path: str, digests: dict[str, str]) -> str | bool | None:
    """A file's text; None when it is not there, True for a program, False when it can't be judged."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0))
    except (OSError, ValueError):
        digests.setdefault(path, "")
        return None
    try:
        import stat

        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None
        data = os.read(descriptor, MAX_FILE_BYTES + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    digest = hashlib.sha256(data)
    if len(data) > MAX_FILE_BYTES:
        digest.update(f"{status.st_size} {status.st_mtime_ns}".encode())
    digests[path] = digest.hexdigest()
    if data[:4] == b"\x7fELF" or data[:4] in (b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"):
        return True
    if len(data) > MAX_FILE_BYTES or b"\0" in data:
        return False
    return data.decode("utf-8", "replace")


def local_file(call: Call) -> None:
    """A command named by its path: `./t`, `scripts/deploy.sh`."""
    path = call.argv[0]
    place = call.place(path)
    text = read_script(place.path, call.evaluator.digests) if UNKNOWN not in place.path else None
    if text is True:
        evaluator = call.evaluator
        if Path(place.path) in evaluator.context.written or evaluator.came(place.path):
            call.high("runs a program that the agent made, or fetched", f"runs {shown(path)}")
        else:
            call.medium(f"runs the program {shown(path)}")
        return
    run_file(call, path)
    program = path.rpartition("/")[2]
    if text is None and program in HEADS:
        # Whatever the way to it, it may well be the program of that name.
        call.run([program, *call.argv[1:]])
    if len(call.argv) > 1 and "--" in call.argv:
        carried(call, anywhere=False)
    if text is None and (destroyed := destroys(call.argv)):
        call.high("destroys something, by its own words", f"{shown(path)} {shown(destroyed)}")
