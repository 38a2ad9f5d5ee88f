"""Trees for the tests of snapshots: a repository full of traps, random edits, and photographs."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import stat
import subprocess
from pathlib import Path

Photograph = dict[bytes, tuple[str, int, bytes]]
"""What stands at each path: its kind, mode bits, and content, read without the code under test."""

NAMES = (
    *(b"a", b"b.txt", b"src", b"lib", b"new\nline", b"-rf", b" spaced ", b"caf\xe9", b"\xff\xfe"),
    *(b"\xe2\x98\x83.md", b"it's", b'"quoted"', b"*", b"x.ignored", b"crlf.txt", b".env", b"deep"),
)
CONTENTS = (
    *(b"", b"one\n", b"one\ntwo\n", b"one\r\ntwo\r\n", b"mixed\r\nends\n\r", b"no end"),
    *(
        b"\0\1\2binary\xff",
        b"$Id$\n",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    ),
)


def git(top: Path, *words: str) -> str:
    """Run git as a test's own hand, with its own settings only."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_NAME": "t" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "t@example.org" for who in ("AUTHOR", "COMMITTER")},
    }
    words = ("-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *words)
    done = subprocess.run(
        ["git", "-C", str(top), *words], env=environment, check=True, capture_output=True
    )
    return done.stdout.decode()


def repository(top: Path, *, trap: Path) -> Path:
    """Make a repository with a stash, branches, a submodule, and programs that must never run.

    Args:
        top: where; must not exist.
        trap: a file that comes to be when any program of the repository's settings runs.
    """
    other = top.with_name(f"{top.name}-other")
    other.mkdir(parents=True)
    git(other, "init", "-q")
    (other / "theirs").write_text("theirs\n")
    git(other, "add", ".")
    git(other, "commit", "-qm", "theirs")
    top.mkdir()
    git(top, "init", "-q", "--template=")
    (top / ".git" / "hooks").mkdir()
    (top / ".gitignore").write_text("*.ignored\nnode_modules/\nkept/\n.env\n")
    (top / "src").mkdir()
    (top / "src" / "b.txt").write_bytes(b"one\ntwo\n")
    (top / "crlf.txt").write_bytes(b"one\r\ntwo\r\n")
    (top / "run").write_text("#!/bin/sh\n")
    (top / "run").chmod(0o755)
    (top / "link").symlink_to("src/b.txt")
    git(top, "submodule", "--quiet", "add", str(other), "sub")
    git(top, "add", ".")
    git(top, "commit", "-qm", "first")
    git(top, "branch", "other")
    (top / "src" / "b.txt").write_bytes(b"stashed\n")
    git(top, "stash", "push", "-q")
    (top / "staged").write_text("staged\n")
    git(top, "add", "staged")
    (top / "x.ignored").write_text("ignored\n")
    (top / ".env").write_text("PLACE=here\n")
    (top / "kept").mkdir()
    (top / "kept" / "work").write_text("ignored, and work\n")
    (top / "node_modules").mkdir()
    (top / "node_modules" / "made").write_text("again\n")
    (top / "empty").mkdir()
    # From here on every git that heeds these would tell on itself.
    (top / ".gitattributes").write_text("* text=auto eol=crlf filter=trap diff=trap ident\n")
    hook = top / ".git" / "hooks" / "trap"
    hook.write_text(f"#!/bin/sh\necho run >> '{trap}'\ncat\n")
    hook.chmod(0o755)
    for name in ("post-index-change", "reference-transaction", "pre-commit", "post-checkout"):
        shutil.copy2(hook, hook.with_name(name))
    for setting in ("filter.trap.clean", "filter.trap.smudge", "diff.trap.textconv"):
        git(top, "config", setting, str(hook))
    git(top, "config", "core.fsmonitor", str(hook))
    git(top, "config", "core.autocrlf", "true")
    return top


def copy(source: Path, target: Path) -> Path:
    """Copy a tree with everything in it."""
    shutil.copytree(source, target, symlinks=True)
    return target


def remove(top: Path) -> None:
    """Delete a tree, whatever its modes."""
    for directory, _, _ in os.walk(os.fsencode(top)):
        os.chmod(directory, 0o700)
    shutil.rmtree(os.fsencode(top))


def photograph(top: Path) -> Photograph:
    """Read everything below a directory, its `.git` included."""
    found: Photograph = {}
    root = os.fsencode(top)
    for directory, below, files in os.walk(root):
        for name in (*below, *files):
            full = os.path.join(directory, name)
            status = os.lstat(full)
            mode = stat.S_IMODE(status.st_mode)
            path = os.path.relpath(full, root)
            if stat.S_ISLNK(status.st_mode):
                found[path] = ("link", 0, os.readlink(full))
            elif stat.S_ISDIR(status.st_mode):
                found[path] = ("directory", mode, b"")
            elif stat.S_ISREG(status.st_mode):
                with open(full, "rb") as file:
                    found[path] = ("file", mode, file.read())
            else:
                found[path] = ("special", mode, b"")
    return found


def edit(top: Path, choose: random.Random) -> None:
    """Change something, as a shell command, a program or an editor might."""
    root = os.fsencode(top)
    path = _place(root, choose)
    with contextlib.suppress(OSError):
        match choose.randrange(14):
            case 0 | 1 | 2 | 3:
                _write(path, choose.choice(CONTENTS))
            case 4:
                _write(path, bytes([choose.randrange(256), 0]) * choose.randrange(1_500_000))
            case 5:
                with open(path, "ab") as file:
                    file.write(b"more\n")
            case 6:
                os.unlink(path)
            case 7:
                if not _holds_submodule(root, path):
                    shutil.rmtree(path)
            case 8:
                os.makedirs(path)
            case 9 | 10:
                if not _holds_submodule(root, path):
                    os.rename(path, _place(root, choose))
            case 11:
                _change_mode(path, choose)
            case 12:
                target = choose.choice((b"src/b.txt", b"/nowhere", b"..", b"caf\xe9", b"empty"))
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
                os.symlink(target, path)
            case _:
                _swap(root, path)


def _place(root: bytes, choose: random.Random) -> bytes:
    known = [b"src/b.txt", b"crlf.txt", b"run", b"link", b"staged", b"empty", b"kept/work", b".env"]
    known += [b"x.ignored", b".gitattributes", b".gitignore", b"src", b"kept"]
    if choose.random() < 0.5:
        return os.path.join(root, choose.choice(known))
    parts = choose.choices(NAMES, k=choose.randrange(1, 4))
    return os.path.join(root, *parts)


def _holds_submodule(root: bytes, path: bytes) -> bool:
    return os.path.lexists(os.path.join(path, b"sub")) or path == root


def _write(path: bytes, content: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def _change_mode(path: bytes, choose: random.Random) -> None:
    if not os.path.islink(path):
        least = 0o500 if os.path.isdir(path) else 0o400
        os.chmod(path, choose.randrange(0o10000) | least)


def _swap(root: bytes, path: bytes) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        if not _holds_submodule(root, path):
            shutil.rmtree(path)
            _write(path, b"was a directory\n")
    else:
        os.unlink(path)
        _write(os.path.join(path, b"within", b"was a file"), b"now below\n")
